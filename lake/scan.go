package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/sync/errgroup"

	"alignctl/internal/disk"
	"alignctl/internal/progress"
	"alignctl/lake/iceberg"
)

// batchRows is how many rows of a file are in memory at once.
const batchRows = 64 << 10

// parallelRows is the length from which a run of rows is hashed column by
// column in parallel.
const parallelRows = 4 << 10

// scopeState is what a table holds in one scope: the digest of its rows, and
// the files that they are in.
type scopeState struct {
	rows    int64
	columns []string // hex sha256 of each column, in schema order
	files   []storedFile
	// foreign: another engine wrote some of the files; meta.snapshots doesn't
	// know them.
	foreign bool
	// tail continues the digest when rows follow; nil when it isn't at hand.
	tail *scopeScan
}

// A storedFile is a data file with the digest of its bytes.
type storedFile struct {
	iceberg.DataFile
	sha256 string // hex; "" unless the run at work wrote the file
}

func (s *scopeState) sameRows(other *scopeState) bool {
	return s.rows == other.rows && (s.rows == 0 || slices.Equal(s.columns, other.columns))
}

// A scopeScan reads the rows of one scope in key order, from files that are
// each in key order, and checks and digests them. Rows of later files may
// follow as long as their keys do.
type scopeScan struct {
	disk   disk.FS
	table  string
	fields []iceberg.Field
	key    []int // positions of the key's columns among fields
	// required are the positions of the columns that are never null.
	required []int
	// lenient leaves rules about keys and nulls aside: another engine wrote the
	// rows, and keeps no such rules.
	lenient bool

	hashes []*columnHash
	rows   int64
	last   []arrow.Array // the last row's key, arrays of one value
}

func newScopeScan(on disk.FS, spec Spec, fields []iceberg.Field) *scopeScan {
	s := &scopeScan{disk: on, table: spec.Name, fields: fields, hashes: newColumnHashes(len(fields))}
	for _, name := range spec.Key {
		s.key = append(s.key, slices.IndexFunc(fields, func(f iceberg.Field) bool { return f.Name == name }))
	}
	for i, c := range spec.Columns {
		if c.Required || slices.Contains(spec.Key, c.Name) {
			s.required = append(s.required, i)
		}
	}
	return s
}

// errUnordered says that rows aren't in key order.
var errUnordered = errors.New("rows aren't in key order")

// errInterleaved says that a file's rows don't all follow those already read.
var errInterleaved = fmt.Errorf("keys interleave: %w", errUnordered)

// A keyError says that rows break the rules about keys, which the lake keeps and
// other engines don't.
type keyError struct {
	text string
	kind error // errUnordered, or nil
}

// Error says which rows.
func (e *keyError) Error() string { return e.text }

// Unwrap gives the kind of the error.
func (e *keyError) Unwrap() error { return e.kind }

// add reads the files together, merging by key.
func (s *scopeScan) add(ctx context.Context, files []iceberg.DataFile) (err error) {
	task := progress.Start(ctx, "check and digest "+s.table, totalRows(files), "rows")
	defer task.Done()
	m := &merge{}
	defer func() { err = errors.Join(err, m.close()) }()
	for _, f := range files {
		if err := m.open(ctx, s, f.Path); err != nil {
			return err
		}
	}
	rows, ok, err := m.next()
	for ok && err == nil {
		task.Add(int64(rows.to - rows.from))
		var taken errgroup.Group // while the next rows are read
		taken.Go(func() error { return s.take(rows) })
		following, more, readErr := m.next()
		err = cmp.Or(taken.Wait(), readErr)
		rows, ok = following, more
	}
	return err
}

func totalRows(files []iceberg.DataFile) (n int64) {
	for _, f := range files {
		n += f.Rows
	}
	return n
}

// A span is a run of rows of one batch, columns in schema order.
type span struct {
	columns  []arrow.Array
	from, to int
}

// take checks and digests a run of rows.
func (s *scopeScan) take(rows span) error {
	if s.last != nil && !s.lenient {
		switch order := s.compare(s.last, 0, s.keyOf(rows), rows.from); {
		case order == 0:
			return s.duplicate(rows, rows.from)
		case order > 0:
			return fmt.Errorf("read %s: %w", s.table, errInterleaved)
		}
	}
	var work errgroup.Group
	if rows.to-rows.from < parallelRows {
		work.SetLimit(1)
	}
	work.Go(func() error { return s.check(rows) })
	for i, column := range rows.columns {
		work.Go(func() error { return s.hashes[i].add(column, rows.from, rows.to) })
	}
	if err := work.Wait(); err != nil {
		return err
	}
	s.rows += int64(rows.to - rows.from)
	s.last = nil
	for _, k := range s.keyOf(rows) {
		s.last = append(s.last, array.NewSlice(k, int64(rows.to-1), int64(rows.to)))
	}
	return nil
}

func (s *scopeScan) keyOf(rows span) []arrow.Array {
	key := make([]arrow.Array, len(s.key))
	for i, at := range s.key {
		key[i] = rows.columns[at]
	}
	return key
}

// check sees that required columns hold no null and keys grow.
func (s *scopeScan) check(rows span) error {
	if s.lenient {
		return nil
	}
	for _, at := range s.required {
		if rows.columns[at].NullN() == 0 {
			continue
		}
		for i := rows.from; i < rows.to; i++ {
			if rows.columns[at].IsNull(i) {
				return fmt.Errorf("write %s: column %q is null in row (%s): it is required",
					s.table, s.fields[at].Name, s.describe(rows, i))
			}
		}
	}
	key := varying(s.keyOf(rows), rows.from, rows.to)
	for i := rows.from + 1; i < rows.to; i++ {
		switch order := s.compare(key, i-1, key, i); {
		case order == 0:
			return s.duplicate(rows, i)
		case order > 0:
			return &keyError{fmt.Sprintf("read %s: rows aren't in key order at (%s)", s.table, s.describe(rows, i)), errUnordered}
		}
	}
	return nil
}

func (s *scopeScan) duplicate(rows span, i int) error {
	return &keyError{fmt.Sprintf("write %s: two rows have the key (%s)", s.table, s.describe(rows, i)), nil}
}

// describe prints a row's key for a message.
func (s *scopeScan) describe(rows span, i int) string {
	parts := make([]string, len(s.key))
	for k, at := range s.key {
		value := rows.columns[at].ValueStr(i)
		if text, ok := rows.columns[at].(*array.String); ok && text.IsValid(i) {
			value = strconv.Quote(text.Value(i))
		}
		parts[k] = s.fields[at].Name + " " + value
	}
	return strings.Join(parts, ", ")
}

// compare orders two keys as DuckDB's ORDER BY does: strings by bytes.
func (s *scopeScan) compare(a []arrow.Array, i int, b []arrow.Array, j int) int {
	for k := range a {
		if order := compareValue(a[k], i, b[k], j); order != 0 {
			return order
		}
	}
	return 0
}

// state is the scope's state after the rows read so far.
func (s *scopeScan) state(files []storedFile) *scopeState {
	columns := make([]string, len(s.hashes))
	for i, h := range s.hashes {
		columns[i] = h.hex()
	}
	return &scopeState{rows: s.rows, columns: columns, files: files, tail: s}
}

// fileOf reads a file for its size and digest.
func fileOf(on disk.FS, path string) (iceberg.File, error) {
	f, err := on.Open(path)
	if err != nil {
		return iceberg.File{}, err
	}
	return digestFile(path, f)
}

// digestFile reads what a file holds, and closes it.
func digestFile(path string, in io.ReadCloser) (iceberg.File, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	return iceberg.File{Path: path, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, errors.Join(err, in.Close())
}

// openParquet reads one of the lake's own files as record batches.
func openParquet(ctx context.Context, on disk.FS, path string) (*file.Reader, pqarrow.RecordReader, error) {
	in, err := on.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read file %q: %w", path, err)
	}
	reader, err := file.NewParquetReader(in) // closes it
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read file %q: %w", path, err), in.Close())
	}
	arrowReader, err := pqarrow.NewFileReader(reader,
		pqarrow.ArrowReadProperties{Parallel: true, BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read file %q: %w", path, err), reader.Close())
	}
	batches, err := arrowReader.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read file %q: %w", path, err), reader.Close())
	}
	return reader, batches, nil
}
