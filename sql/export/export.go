package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"alignctl/internal/atomicfile"
	"alignctl/internal/nearest"
	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// Options say how a data set leaves the lake.
type Options struct {
	Layout  string   // the name of one of Layouts
	Format  string   // of its files: jsonl, parquet or csv; "": the layout's first
	Style   string   // of supervised examples; "": the layout's first
	At      string   // the version, as [lake.Lake.Pin] takes it; "" is now
	Splits  []string // that are written; nil: all
	Rights  bool     // whoever exports has the rights to rows that may not be passed on
	Version string   // of alignctl, for the card
	// Session has threads and memory; any give the same files.
	Session lake.SessionOptions
}

// ErrNoRights says that rows may not be passed on, and nobody said that they
// have the rights all the same.
var ErrNoRights = errors.New("its view says no-redistribution")

// Write exports a table of the lake ("data." may be left out) into a new or an
// empty folder, which has its name only when it is whole, and gives its card.
// Rows under a no-redistribution licence are ErrNoRights without Rights.
func Write(ctx context.Context, l *lake.Lake, name, folder string, o Options) (*Card, error) {
	if !strings.Contains(name, ".") {
		name = "data." + name
	}
	card, err := write(ctx, l, name, folder, o)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", name, err)
	}
	return card, nil
}

func write(ctx context.Context, l *lake.Lake, name, folder string, o Options) (*Card, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	x, err := plan(ctx, l, name, o)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.CheckVacant(folder); err != nil {
		return nil, err
	}
	if x.session, err = l.Session(ctx, lake.Pins{name: x.table.Pin}, x.sessionOptions(o)); err != nil {
		return nil, err
	}
	err = atomicfile.WriteDir(folder, func(fresh string) error { return x.fill(ctx, fresh) })
	return x.card, errors.Join(err, x.session.Close())
}

// An export is one on its way out.
type export struct {
	table   lake.TableDetail
	layout  Layout
	format  string
	fields  []field
	splits  []string // to write; nil: all
	session *lake.Session
	card    *Card
}

// plan works out all that can be refused before a row is read.
func plan(ctx context.Context, l *lake.Lake, name string, o Options) (*export, error) {
	layout, err := o.pick()
	if err != nil {
		return nil, err
	}
	x := &export{layout: layout, format: cmp.Or(o.Format, layout.Formats[0]), splits: o.Splits}
	if x.table, err = l.Table(ctx, name, o.At); err != nil {
		return nil, unlessBuilt(ctx, l, name, err)
	}
	style := o.Style
	if style == "" && layout.Styles != nil {
		style = layout.Styles[0]
	}
	if x.fields, err = layout.fields(x.table.Spec, style); err != nil {
		return nil, err
	}
	for i, f := range x.fields {
		x.fields[i] = f.in(x.format, x.column(f.column).Type)
	}
	x.card, err = newCard(ctx, l, x, o)
	return x, err
}

// unlessBuilt says of a data set that isn't in the lake how to have it; another
// error stays.
func unlessBuilt(ctx context.Context, l *lake.Lake, name string, err error) error {
	now, atErr := l.At(ctx, "")
	if _, built := now[name]; atErr != nil || built || !strings.HasPrefix(name, "data.") {
		return err
	}
	return fmt.Errorf("it is not built: run alignctl data build %s%s", name,
		nearest.Hint(name, slices.Sorted(maps.Keys(now))))
}

// column finds a column of the table.
func (x *export) column(name string) lake.Column {
	columns := x.table.Spec.Columns
	return columns[slices.IndexFunc(columns, func(c lake.Column) bool { return c.Name == name })]
}

// sessionOptions gives Parquet files one thread: the bounds of their row groups
// depend on how many there are.
func (x *export) sessionOptions(o Options) lake.SessionOptions {
	if x.format == "parquet" {
		o.Session.Threads = 1
	}
	return o.Session
}

// fill writes the files.
func (x *export) fill(ctx context.Context, folder string) error {
	if err := errors.Join(x.findSplits(ctx), x.findLanguages(ctx)); err != nil {
		return err
	}
	for i := range x.card.Splits {
		if err := x.writeSplit(ctx, folder, &x.card.Splits[i]); err != nil {
			return err
		}
	}
	for _, more := range x.companions() {
		if err := x.card.add(folder, more.name, more.content); err != nil {
			return err
		}
	}
	return x.card.write(folder)
}

// standard are the splits of a data set that has some; one without rows gets no
// file, as loaders can't tell the columns of an empty one.
var standard = []string{"train", "dev", "test"}

// whole is the split of a table without splits.
const whole = "data"

// splitName is a name that all loaders take for a split, and that is a file's.
var splitName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// findSplits counts the rows of each split: the standard ones first, others by
// name.
func (x *export) findSplits(ctx context.Context) error {
	if !x.has("split") {
		x.card.Splits = []Split{{Name: whole, Rows: x.card.Rows}}
		return x.selectSplits()
	}
	counts, err := x.countSplits(ctx)
	if err != nil {
		return err
	}
	for _, name := range standard {
		x.card.Splits = append(x.card.Splits, Split{Name: name})
	}
	for _, counted := range counts {
		if at := slices.Index(standard, counted.Name); at >= 0 {
			x.card.Splits[at] = counted
			continue
		}
		if !splitName.MatchString(counted.Name) {
			return fmt.Errorf("split %q can't name a file: use letters, digits and _", counted.Name)
		}
		x.card.Splits = append(x.card.Splits, counted)
	}
	return x.selectSplits()
}

// selectSplits keeps those that were asked for.
func (x *export) selectSplits() error {
	if x.splits == nil {
		return nil
	}
	all := x.card.Splits
	x.card.Splits = nil
	for _, name := range x.splits {
		at := slices.IndexFunc(all, func(s Split) bool { return s.Name == name })
		if at < 0 {
			return fmt.Errorf("it has no split %q", name)
		}
		x.card.Splits = append(x.card.Splits, all[at])
	}
	return nil
}

// has says whether the table has a text column of this name.
func (x *export) has(column string) bool {
	return slices.ContainsFunc(x.table.Spec.Columns, func(c lake.Column) bool {
		return c.Name == column && c.Type.Kind == lake.KindString
	})
}

func (x *export) countSplits(ctx context.Context) (counts []Split, err error) {
	query := "SELECT coalesce(split, ''), count(*) FROM " + duck.Ident(x.card.DataSet) + " GROUP BY ALL ORDER BY ALL"
	var s Split
	err = x.each(ctx, query, func() { counts = append(counts, s) }, &s.Name, &s.Rows)
	return counts, err
}

// findLanguages lists the languages of the rows, for the card.
func (x *export) findLanguages(ctx context.Context) error {
	if !x.has("language") {
		return nil
	}
	var language string
	return x.each(ctx, "SELECT DISTINCT language FROM "+duck.Ident(x.card.DataSet)+" WHERE language <> '' ORDER BY ALL",
		func() { x.card.Languages = append(x.card.Languages, language) }, &language)
}

// each reads the rows of a query into values, and calls do after each one.
func (x *export) each(ctx context.Context, query string, do func(), values ...any) error {
	rows, err := x.session.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return err
		}
		do()
	}
	return rows.Err()
}

// copying are the options of COPY for each format. JSON is written with its
// members in the order of the fields, and a row group always has this size.
var copying = map[string]string{
	"jsonl":   "FORMAT json",
	"parquet": "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880",
	"csv":     `FORMAT csv, HEADER true, QUOTE '"', ESCAPE '"', NEW_LINE '\r\n'`,
}

// writeSplit writes the file of a split that has rows.
func (x *export) writeSplit(ctx context.Context, folder string, s *Split) error {
	if s.Rows == 0 {
		return nil
	}
	s.File = s.Name + "." + x.format
	path := filepath.Join(folder, s.File)
	task := progress.Start(ctx, "export "+x.card.DataSet+" "+s.Name, 0, "bytes")
	defer task.Done()
	stop := follow(task, path)
	err := x.session.Exec(ctx, fmt.Sprintf("COPY (%s) TO %s (%s)", x.query(s.Name), duck.Literal(path), copying[x.format]))
	stop()
	if err != nil {
		return fmt.Errorf("write %s: %w", s.File, err)
	}
	if err := atomicfile.Sync(path); err != nil {
		return err
	}
	return x.card.list(folder, s.File, s.Rows)
}

// query gives the rows of a split in the layout, in key order.
func (x *export) query(split string) string {
	list := make([]string, len(x.fields))
	for i, f := range x.fields {
		list[i] = f.sql()
	}
	where, order := "", make([]string, len(x.table.Spec.Key))
	if x.has("split") {
		where = " WHERE example.split = " + duck.Literal(split)
	}
	for i, column := range x.table.Spec.Key {
		order[i] = "example." + duck.Name(column)
	}
	if len(order) == 0 { // another engine's table
		order = []string{"ALL"}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM " + duck.Ident(x.card.DataSet) + " AS example" + where +
		" ORDER BY " + strings.Join(order, ", ")
}

// snapshot is the table's version in decimal.
func (x *export) snapshot() string { return strconv.FormatInt(x.table.Snapshot, 10) }

// command is the command line that exports the same into a folder AGAIN.
func (x *export) command(o Options) string {
	words := []string{"alignctl data export --for", x.layout.Name, "--file", x.format, "--at", x.snapshot()}
	if o.Style != "" {
		words = append(words, "--style", o.Style)
	}
	if o.Splits != nil {
		words = append(words, "--splits", strings.Join(o.Splits, ","))
	}
	if x.table.Spec.Licence == lake.NoRedistribution {
		words = append(words, "--i-have-the-rights")
	}
	return strings.Join(append(words, "--out", "AGAIN", x.table.Table), " ")
}
