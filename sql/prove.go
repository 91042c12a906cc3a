package sql

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A proof builds a data set a second time, as differently as the same inputs
// allow: by one thread, from rows in the opposite order. Rows that depend on
// which of several comes first, or on the order in which doubles are added, come
// out otherwise.
type proof struct {
	*builder
	view   *View
	recipe Recipe
	pins   lake.Pins // that the builds read
	digest string    // of the whole table after the first build
	rows   string    // the table after the first build, a query
	run    *lake.Run // of the second build; never published
}

// proves says whether the data set at hand is to be proved: the one that was
// asked for, not those that it reads.
func (b *builder) proves() bool { return b.opts.Prove && len(b.path) < 2 }

// provePublished proves what the table of a data set holds.
func (b *builder) provePublished(ctx context.Context, p proof, table lake.Pin) (err error) {
	p.builder, p.digest = b, table.Digest
	if p.run, err = b.lake.Begin(ctx, b.opts.runInfo(p.recipe, p.pins, nil)); err != nil {
		return err
	}
	defer p.run.Close()
	name, err := p.run.Session().ViewAt(ctx, table.Table, strconv.FormatInt(table.Snapshot, 10))
	if err != nil {
		return err
	}
	p.rows = "from " + name
	return p.check(ctx)
}

// proveStaged proves what a run has staged and not yet published.
func (b *builder) proveStaged(ctx context.Context, p proof, staged *lake.Run) (err error) {
	p.builder = b
	if p.rows, err = staged.Staged(ctx, p.view.Name); err != nil {
		return err
	}
	if p.run, err = b.lake.Begin(ctx, staged.Info()); err != nil {
		return err
	}
	defer p.run.Close()
	return p.check(ctx)
}

func (p proof) check(ctx context.Context) error {
	task := progress.Start(ctx, "build "+p.view.Name+" again", 0, "rows")
	defer task.Done()
	if err := p.prepare(ctx, p.run, p.recipe, p.pins); err != nil {
		return err
	}
	if err := p.reverse(ctx); err != nil {
		return fmt.Errorf("put the inputs into another order: %w", err)
	}
	again, err := p.view.stage(ctx, p.run, p.view.scopeIn(p.recipe.Params))
	if err != nil {
		return fmt.Errorf("build again: %w", err)
	}
	if again.Digest == p.digest {
		return nil
	}
	return p.differ(ctx)
}

// reverse puts the rows of each input, and the templates, into the opposite
// order, and leaves the session one thread.
func (p proof) reverse(ctx context.Context) error {
	s := p.run.Session()
	const copied = `create temp table %s as select * exclude (alignctl_row) from
		(select *, row_number() over () as alignctl_row from %s) order by alignctl_row desc`
	for i, table := range slices.Sorted(maps.Keys(p.recipe.Inputs)) {
		reversed := fmt.Sprintf("alignctl_reversed_%d", i)
		if err := s.Exec(ctx, fmt.Sprintf(copied, reversed, duck.Ident(table))); err != nil {
			return err
		}
		shown := fmt.Sprintf("create or replace view %s as from temp.%s", duck.Ident(table), reversed)
		if err := s.Exec(ctx, shown); err != nil {
			return err
		}
	}
	if err := s.Exec(ctx, "create or replace temp table templates as from templates order by id desc"); err != nil {
		return err
	}
	return s.Exec(ctx, "set threads = 1")
}

// differences has a row for each value that the two builds don't share, behind
// the key of its row.
const differences = `create temp view alignctl_differences as
	select %[1]s, unnest(differing, recursive := true) from (
		select %[2]s, list_filter([
			case when first.%[3]s is null or again.%[3]s is null then {'column_name': '(row)',
				'first_build': if(first.%[3]s is null, 'absent', 'there'),
				'second_build': if(again.%[3]s is null, 'absent', 'there')} end%[4]s
		], lambda value: value is not null) as differing
		from alignctl_first as first full join %[5]s as again on %[6]s
	)`

// differ says in which columns the builds differ, and shows the first values.
func (p proof) differ(ctx context.Context) error {
	s := p.run.Session()
	if err := s.Exec(ctx, "create temp view alignctl_first as "+p.rows); err != nil {
		return fmt.Errorf("compare builds: %w", err)
	}
	columns, err := s.Describe(ctx, p.rows)
	if err != nil {
		return fmt.Errorf("compare builds: %w", err)
	}
	if err := s.Exec(ctx, p.compare(columns)); err != nil {
		return fmt.Errorf("compare builds: %w", err)
	}
	const which = `select coalesce(string_agg(distinct column_name, ', ' order by column_name), 'the number of rows')
		from alignctl_differences`
	names, err := scalar(ctx, s, which)
	if err != nil {
		return fmt.Errorf("compare builds: %w", err)
	}
	err = p.run.Audit(ctx, "same-rows-built-twice", "from alignctl_differences order by all")
	engine, cure := "", ""
	if p.elsewhere(p.view) != nil {
		engine, cure = " by DuckDB,", "; or its SQL doesn't mean the same on both engines"
	}
	return p.view.at(p.view.Query, fmt.Errorf("built again%s by one thread, from the inputs' rows in the opposite order, "+
		"it is not the same in %s: leave no ties in each ORDER BY, and add whole numbers or decimals, not doubles%s: %w",
		engine, names, cure, err))
}

// compare is the view of what differs, by the key.
func (p proof) compare(columns []duck.Column) string {
	key, both, same, values := make([]string, len(p.view.Key)), []string{}, []string{}, ""
	for i, k := range p.view.Key {
		key[i] = duck.Name(k)
		both = append(both, fmt.Sprintf("coalesce(first.%[1]s, again.%[1]s) as %[1]s", key[i]))
		same = append(same, fmt.Sprintf("first.%[1]s = again.%[1]s", key[i]))
	}
	for _, c := range columns {
		if slices.Contains(p.view.Key, c.Name) {
			continue
		}
		values += fmt.Sprintf(`,
			case when first.%[2]s = again.%[2]s and first.%[1]s is distinct from again.%[1]s then {'column_name': %[3]s,
				'first_build': first.%[1]s::varchar, 'second_build': again.%[1]s::varchar} end`,
			duck.Name(c.Name), key[0], duck.Literal(c.Name))
	}
	return fmt.Sprintf(differences, strings.Join(key, ", "), strings.Join(both, ", "), key[0], values,
		duck.Ident(p.view.Name), strings.Join(same, " and "))
}
