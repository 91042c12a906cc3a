package prove

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Difference says how a scope that was made again differs from the one that
// the lake recorded, row by row, by the table's key.
type Difference struct {
	Table, Scope            string
	Added, Removed, Changed int64
	Cells                   []Cell   // of the first rows that differ
	Columns                 []string // that only one of the two has, or of another type
	Unknown                 string   // why the rows can't be compared
}

// A Cell is a value that differs. A row that is added or removed has one cell,
// whose column is "" and whose value is the row.
type Cell struct {
	Change            string // added, removed or changed
	Key               string // of the row
	Column            string
	Recorded, Rebuilt string
}

// sampleRows is how many rows of each change a Difference shows.
const sampleRows = 5

// difference compares a scope of the lake with its rebuilt version. In the
// latter, ids of changed files count as those of the files that they were.
func (p *prover) difference(ctx context.Context, n *lake.TableNode, rebuilt lake.TableNode, fileIDs map[string]string) (
	_ *Difference, err error) {
	task := progress.Start(ctx, "compare "+key(n), n.Rows, "rows")
	defer task.Done()
	d := &Difference{Table: n.Table, Scope: n.Scope}
	session, err := p.scratch.lake.Session(ctx, nil, lake.SessionOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	spec, err := p.lake.Declared(ctx, n.Table)
	if err != nil {
		return nil, err
	}
	c := comparison{session: session, difference: d}
	if c.recorded, err = p.lake.ScopeQuery(ctx, n.Table, n.Snapshot, n.Scope); err != nil {
		return nil, err
	}
	c.rebuilt = "select * from (" + c.recorded + ") limit 0"
	if rebuilt.Snapshot != 0 {
		if c.rebuilt, err = p.scratch.lake.ScopeQuery(ctx, n.Table, rebuilt.Snapshot, n.Scope); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(spec.Columns, func(c lake.Column) bool { return c.Name == "file_id" }) {
		c.rebuilt = renamed(c.rebuilt, fileIDs)
	}
	if err := c.run(ctx, spec.Key); err != nil {
		return nil, fmt.Errorf("compare %s: %w", key(n), err)
	}
	return d, nil
}

// renamed gives rows of changed files the ids that the files had.
func renamed(query string, fileIDs map[string]string) string {
	if len(fileIDs) == 0 {
		return query
	}
	var cases strings.Builder
	for now, then := range fileIDs {
		fmt.Fprintf(&cases, " when %s then %s", duck.Literal(now), duck.Literal(then))
	}
	return "select * replace (case file_id" + cases.String() + " else file_id end as file_id) from (" + query + ")"
}

// A comparison sets the rows of two queries side by side.
type comparison struct {
	session           *lake.Session
	recorded, rebuilt string
	difference        *Difference

	key, values []string // columns that both have
}

func (c *comparison) run(ctx context.Context, key []string) error {
	if err := c.columns(ctx, key); err != nil {
		return err
	}
	for _, view := range []struct{ name, query string }{{"recorded", c.recorded}, {"rebuilt", c.rebuilt}} {
		if err := c.session.Exec(ctx, "create temp view "+view.name+" as "+view.query); err != nil {
			return err
		}
	}
	if len(c.key) < len(key) {
		return nil // rows can't be told apart: the columns are the difference
	}
	if err := c.count(ctx); err != nil {
		return err
	}
	for _, sample := range []string{c.changedCells(), c.wholeRows("removed", "recorded", "rebuilt"),
		c.wholeRows("added", "rebuilt", "recorded")} {
		if err := c.sample(ctx, sample); err != nil {
			return err
		}
	}
	return nil
}

// columns finds what both queries have, and notes what only one has.
func (c *comparison) columns(ctx context.Context, key []string) error {
	recorded, err := c.describe(ctx, c.recorded)
	if err != nil {
		return err
	}
	rebuilt, err := c.describe(ctx, c.rebuilt)
	if err != nil {
		return err
	}
	for _, column := range recorded {
		name, _, _ := strings.Cut(column, " ")
		switch {
		case !slices.Contains(rebuilt, column):
			c.difference.Columns = append(c.difference.Columns, column+" (recorded)")
		case slices.Contains(key, name):
			c.key = append(c.key, name)
		default:
			c.values = append(c.values, name)
		}
	}
	for _, column := range rebuilt {
		if !slices.Contains(recorded, column) {
			c.difference.Columns = append(c.difference.Columns, column+" (rebuilt)")
		}
	}
	return nil
}

// describe lists a query's columns, each with its type.
func (c *comparison) describe(ctx context.Context, query string) (columns []string, err error) {
	err = eachRow(ctx, c.session, "select column_name || ' ' || column_type from (describe "+query+")",
		func(rows *sql.Rows) error {
			var column string
			err := rows.Scan(&column)
			columns = append(columns, column)
			return err
		})
	return columns, err
}

// differ is a condition: some value of a row that both have isn't the same.
func (c *comparison) differ() string {
	conditions := []string{"false"}
	for _, v := range c.values {
		conditions = append(conditions, fmt.Sprintf("a.%[1]s is distinct from b.%[1]s", duck.Name(v)))
	}
	return strings.Join(conditions, " or ")
}

func (c *comparison) count(ctx context.Context) error {
	query := fmt.Sprintf(`select count(*) filter (a.%[1]s is null), count(*) filter (b.%[1]s is null),
			count(*) filter (a.%[1]s is not null and b.%[1]s is not null and (%[2]s))
		from recorded a full join rebuilt b using (%[3]s)`, duck.Name(c.key[0]), c.differ(), duck.Names(c.key))
	return eachRow(ctx, c.session, query, func(rows *sql.Rows) error {
		return rows.Scan(&c.difference.Added, &c.difference.Removed, &c.difference.Changed)
	})
}

func (c *comparison) sample(ctx context.Context, query string) error {
	return eachRow(ctx, c.session, query, func(rows *sql.Rows) error {
		var cell Cell
		err := rows.Scan(&cell.Change, &cell.Key, &cell.Column, &cell.Recorded, &cell.Rebuilt)
		c.difference.Cells = append(c.difference.Cells, cell)
		return err
	})
}

// keyText is a row's key as text: name=value, ...
func (c *comparison) keyText(row string) string {
	parts := make([]string, len(c.key))
	for i, k := range c.key {
		parts[i] = fmt.Sprintf("%s || %s.%s::varchar", duck.Literal(k+"="), row, duck.Name(k))
	}
	return "concat_ws(', ', " + strings.Join(parts, ", ") + ")"
}

// ordered is the key of a row, to sort by.
func (c *comparison) ordered(row string) string {
	parts := make([]string, len(c.key))
	for i, k := range c.key {
		parts[i] = row + "." + duck.Name(k)
	}
	return strings.Join(parts, ", ")
}

// changedCells selects the values that differ in the first rows that both have.
func (c *comparison) changedCells() string {
	cells := make([]string, len(c.values))
	for i, v := range c.values {
		cells[i] = fmt.Sprintf("{'column': %s, 'a': a.%[2]s::varchar, 'b': b.%[2]s::varchar}", duck.Literal(v), duck.Name(v))
	}
	if len(cells) == 0 {
		return "select '', '', '', '', '' limit 0"
	}
	return fmt.Sprintf(`with changed as (
			select row_number() over (order by %[1]s) as place, %[2]s as key, [%[3]s] as cells
			from recorded a join rebuilt b using (%[4]s) where %[5]s order by place limit %[6]d)
		select 'changed', key, cell.column, coalesce(cell.a, 'NULL'), coalesce(cell.b, 'NULL')
		from (select place, key, unnest(cells) as cell from changed)
		where cell.a is distinct from cell.b order by place, cell.column`,
		c.ordered("a"), c.keyText("a"), strings.Join(cells, ", "), duck.Names(c.key), c.differ(), sampleRows)
}

// wholeRows selects the first rows that only one side has.
func (c *comparison) wholeRows(change, has, lacks string) string {
	row, recorded, rebuilt := "to_json(a)::varchar", "''", "''"
	if has == "recorded" {
		recorded = row
	} else {
		rebuilt = row
	}
	return fmt.Sprintf("select '%s', %s, '', %s, %s from %s a anti join %s b using (%s) order by %s limit %d",
		change, c.keyText("a"), recorded, rebuilt, has, lacks, duck.Names(c.key), c.ordered("a"), sampleRows)
}
