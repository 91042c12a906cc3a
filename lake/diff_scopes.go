package lake

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/disk"
	"alignctl/internal/progress"
	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// A comparison is of two versions of a table, scope by scope.
type comparison struct {
	a, b    *tableVersion
	key     []int // among the diff's columns; nil: rows are compared as wholes
	samples int
	diff    *Diff
}

func newComparison(a, b *tableVersion, o DiffOptions) *comparison {
	columns := pairColumns(a, b)
	key := markKey(columns, a, b)
	return &comparison{a: a, b: b, key: key, samples: o.Samples,
		diff: &Diff{A: a.pin, B: b.pin, Columns: columns, WholeRows: key == nil}}
}

func (c *comparison) compare(ctx context.Context) error {
	if c.a.pin.Digest != "" && c.a.pin.Digest == c.b.pin.Digest {
		c.known(c.a.pin.Rows)
		return nil
	}
	if !c.byScope() {
		c.a.files, c.b.files = together(c.a.files), together(c.b.files)
		c.a.records, c.b.records = nil, nil
	}
	scopes := maps.Clone(c.a.files)
	maps.Copy(scopes, c.b.files)
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		if err := c.scope(ctx, scope); err != nil {
			return err
		}
	}
	return nil
}

// known counts rows that are the same without being read.
func (c *comparison) known(rows int64) {
	t := newTally(len(c.diff.Columns), 0)
	t.meet(rows)
	t.addTo(c.diff)
}

// byScope says whether rows of one key are in one scope in both versions.
func (c *comparison) byScope() bool {
	if c.key == nil || (c.a.spec.Scope == "") != (c.b.spec.Scope == "") {
		return false
	}
	return c.a.spec.Scope == "" || c.a.spec.Scope == c.a.spec.Key[0] && c.b.spec.Scope == c.b.spec.Key[0]
}

func together(files map[string][]iceberg.DataFile) map[string][]iceberg.DataFile {
	var all []iceberg.DataFile
	for _, scope := range slices.Sorted(maps.Keys(files)) {
		all = append(all, files[scope]...)
	}
	return map[string][]iceberg.DataFile{"": all}
}

// scope compares one scope. A file of both versions has the same rows in both,
// which cancel out even where another engine wrote a key twice.
func (c *comparison) scope(ctx context.Context, scope string) error {
	if c.sameDigests(scope) {
		c.known(totalRows(c.a.files[scope]))
		return nil
	}
	a, b, shared := c.a.files[scope], c.b.files[scope], int64(0)
	if c.a.lake == c.b.lake && every(c.diff.Columns, c.sameField) {
		a, shared = without(a, c.b.files[scope])
		b, _ = without(b, c.a.files[scope])
	}
	c.known(shared)
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	t, err := c.read(ctx, scope, a, b, false)
	if errors.Is(err, errDisorder) {
		t, err = c.read(ctx, scope, a, b, true)
	}
	if err != nil {
		return err
	}
	t.addTo(c.diff)
	c.diff.Read += totalRows(a) + totalRows(b)
	return nil
}

// sameField says whether both versions find a column, if they share it, in the
// same place of a file.
func (c *comparison) sameField(d ColumnDiff) bool {
	return !d.Compared || c.a.fields[d.a].ID == c.b.fields[d.b].ID
}

// sameDigests says whether the recorded digests of a scope are equal in both
// versions, column by column.
func (c *comparison) sameDigests(scope string) bool {
	unchanged := func(d ColumnDiff) bool { return d.Change() == "" && d.a == d.b }
	known := func(v *tableVersion) bool { return v.records[scope].sameColumns(v.fields) }
	if len(c.a.files[scope]) == 0 || !every(c.diff.Columns, unchanged) || !known(c.a) || !known(c.b) {
		return false
	}
	before, okA := c.a.recorded(scope)
	after, okB := c.b.recorded(scope)
	return okA && okB && before.sameRows(after)
}

func every[T any](list []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !holds(v) })
}

// without is the files that aren't among others, and how many rows the rest has.
func without(files, others []iceberg.DataFile) (left []iceberg.DataFile, shared int64) {
	for _, f := range files {
		if slices.ContainsFunc(others, func(o iceberg.DataFile) bool { return o.Path == f.Path }) {
			shared += f.Rows
			continue
		}
		left = append(left, f)
	}
	return left, shared
}

// read joins the rows of a scope. Sort says that the files aren't in key order
// after all.
func (c *comparison) read(ctx context.Context, scope string, a, b []iceberg.DataFile, sort bool) (*tally, error) {
	inA, err := c.input(ctx, c.a, scope, a, sort)
	if err != nil {
		return nil, err
	}
	inB, err := c.input(ctx, c.b, scope, b, sort)
	if err != nil {
		return nil, err
	}
	return c.join(ctx, inA, inB)
}

// join compares the rows of two inputs.
func (c *comparison) join(ctx context.Context, inA, inB input) (*tally, error) {
	task := progress.Start(ctx, "compare "+c.b.pin.Table, totalRows(inA.files)+totalRows(inB.files), "rows")
	defer task.Done()
	work, ctx := errgroup.WithContext(ctx)
	j := &join{columns: c.diff.Columns, whole: c.key == nil, tally: newTally(len(c.diff.Columns), c.samples)}
	j.a = feed{in: inA.stream(ctx, work, task), keyAt: inA.key, columns: c.positions(columnInA)}
	j.b = feed{in: inB.stream(ctx, work, task), keyAt: inB.key, columns: c.positions(columnInB)}
	work.Go(j.run)
	return j.tally, work.Wait()
}

func columnInA(c ColumnDiff) int { return c.a }
func columnInB(c ColumnDiff) int { return c.b }

func (c *comparison) positions(of func(ColumnDiff) int) []int {
	out := make([]int, len(c.diff.Columns))
	for i, column := range c.diff.Columns {
		out[i] = of(column)
	}
	return out
}

// An input is the files of one version, ready to be read in key order.
type input struct {
	disk   disk.FS
	table  string
	files  []iceberg.DataFile
	fields []iceberg.Field
	key    []int // among fields
	sorted bool  // one file, in which a key may come more than once
}

// openFiles is how many files are read side by side; more are sorted into one.
const openFiles = 64

// input prepares files of a version. Those that a run of ours recorded are in
// key order, each key once; others are sorted first.
func (c *comparison) input(ctx context.Context, v *tableVersion, scope string, files []iceberg.DataFile, sort bool) (
	input, error) {
	in := input{disk: v.lake.disk, table: v.pin.Table, files: files, fields: v.fields}
	of := columnInA
	if v == c.b {
		of = columnInB
	}
	for _, at := range c.key {
		in.key = append(in.key, of(c.diff.Columns[at]))
	}
	if _, ours := v.recorded(scope); len(files) == 0 || ours && c.key != nil && !sort && len(files) <= openFiles {
		return in, nil
	}
	var whole []string
	if c.key == nil {
		for _, column := range c.diff.Columns {
			if column.Compared {
				whole = append(whole, duck.Name(v.fields[of(column)].Name)+"::"+column.wider().SQL())
			}
		}
		in.key = []int{len(v.fields)}
	}
	file, fields, err := v.sorted(ctx, files, in.key, whole)
	in.files, in.fields, in.sorted = []iceberg.DataFile{file}, fields, true
	return in, err
}

// stream starts to read in the background.
func (in input) stream(ctx context.Context, work *errgroup.Group, task progress.Task) <-chan piece {
	scan := &scopeScan{disk: in.disk, table: in.table, fields: in.fields, key: in.key}
	var cut cutter = &strictCutter{scan: scan}
	if in.sorted {
		cut = &groupCutter{scan: scan}
	}
	return stream(ctx, scan, cut, in.files, task, work)
}
