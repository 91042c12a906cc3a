package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"alignctl/internal/disk"
	"alignctl/internal/failpoint"
	"alignctl/lake/iceberg"
)

// SpecOf derives a spec's Columns from a struct whose fields are tagged
// `parquet:"name,id(N)"` (with "optional" on a pointer for a column that may be
// null), `doc:"..."` and `unit:"..."`. It panics on a field that no column type
// holds: a mistake in the program.
func SpecOf[T any](s Spec) Spec {
	s.Columns = nil
	row := reflect.TypeFor[T]()
	for i := range row.NumField() {
		f := row.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		t, err := typeOfGo(f.Type, f.Tag)
		if err != nil || name == "" {
			panic(fmt.Sprintf("spec of %s: field %s.%s: no column: %v", s.Name, row, f.Name, err))
		}
		s.Columns = append(s.Columns, Column{Name: name, Type: t, Required: f.Type.Kind() != reflect.Pointer,
			Unit: f.Tag.Get("unit"), Doc: f.Tag.Get("doc")})
	}
	return s
}

// typeOfGo is the column type of a Go type.
func typeOfGo(t reflect.Type, tag reflect.StructTag) (Type, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time](), strings.Contains(tag.Get("parquet"), "timestamp("):
		return Timestamp, nil
	case t.Kind() == reflect.Slice:
		elem, err := typeOfGo(t.Elem(), "")
		return List(elem), err
	case t.Kind() == reflect.Struct:
		return structOfGo(t)
	}
	scalar, ok := map[reflect.Kind]Type{reflect.String: String, reflect.Bool: Bool, reflect.Int32: Int,
		reflect.Int64: Long, reflect.Float64: Double}[t.Kind()]
	if !ok {
		return Type{}, fmt.Errorf("go type %s", t)
	}
	return scalar, nil
}

func structOfGo(t reflect.Type) (Type, error) {
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		member, err := typeOfGo(f.Type, f.Tag)
		if err != nil {
			return Type{}, err
		}
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		fields = append(fields, Field{Name: name, Type: member})
	}
	return Struct(fields...), nil
}

// WriteRows adds rows born in Go to a scope, whose other rows stay: the steps
// of a training run arrive in batches. T's parquet tags name the spec's columns
// in order. The keys must be new in the scope.
func WriteRows[T any](ctx context.Context, r *Run, spec Spec, scope string, rows []T) (Pin, error) {
	s, err := r.open(ctx, spec)
	if err != nil {
		return Pin{}, err
	}
	if len(rows) == 0 {
		return currentPin(s.table), checkScope(spec, scope)
	}
	folded := s.foldable(scope)
	old, err := rowsOf[T](ctx, r, s, folded)
	if err != nil {
		return Pin{}, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	s, file, err := writeGo(ctx, r, spec, scope, append(old, rows...))
	if err != nil {
		return Pin{}, err
	}
	if err := r.add(ctx, s, scope, addition{file, folded}); err != nil {
		return Pin{}, err
	}
	return currentPin(s.table), nil
}

// foldFiles is how many small files of a scope make the next addition write
// their rows again, in one file with its own: else a training run that publishes
// its steps a thousand times would leave a thousand files to each query.
// foldBytes is the size from which a file stays.
const (
	foldFiles = 32
	foldBytes = 1 << 20
)

// foldable are the published small files of a scope, once there are enough.
func (s *staged) foldable(scope string) (small []storedFile) {
	if _, changed := s.changes[scope]; changed || s.evolved || s.base.Evolved() {
		return nil
	}
	for _, f := range s.inBase(scope).files {
		if f.Bytes < foldBytes && allOurs([]storedFile{f}) {
			small = append(small, f)
		}
	}
	if len(small) < foldFiles {
		return nil
	}
	return small
}

// rowsOf reads the rows of small files.
func rowsOf[T any](ctx context.Context, r *Run, s *staged, files []storedFile) (rows []T, err error) {
	for _, f := range files {
		part, err := readRows[T](ctx, rowReader{lake: r.lake, fields: s.fields}, f.DataFile)
		if err != nil {
			return nil, err
		}
		rows = append(rows, part...)
	}
	return rows, nil
}

// An addition is a new file of a scope, and the files whose rows it takes over.
type addition struct {
	file   iceberg.File
	folded []storedFile
}

// ReplaceRows makes a scope hold exactly the given rows, as Write does with a
// query's: the one row of a run, whose status changes.
func ReplaceRows[T any](ctx context.Context, r *Run, spec Spec, scope string, rows []T) (Pin, error) {
	s, file, err := writeGo(ctx, r, spec, scope, rows)
	if err != nil {
		return Pin{}, err
	}
	return r.replace(ctx, s, scope, file)
}

// writeGo writes rows to a new data file.
func writeGo[T any](ctx context.Context, r *Run, spec Spec, scope string, rows []T) (
	s *staged, file iceberg.File, err error) {
	if s, err = r.open(ctx, spec); err != nil {
		return nil, file, err
	}
	if err := checkScope(spec, scope); err != nil {
		return nil, file, err
	}
	path, err := r.newFile(s.base)
	if err != nil {
		return nil, file, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	if file, err = writeParquet(r.lake.disk, path, s.shape(), rows); err != nil {
		return nil, file, errors.Join(fmt.Errorf("write %s: %w", spec.Name, err), r.lake.disk.Remove(path))
	}
	return s, file, nil
}

// add adds the rows of a new file to a scope.
func (r *Run) add(ctx context.Context, s *staged, scope string, a addition) error {
	next, err := s.extend(ctx, r, scope, a)
	if err != nil {
		return errors.Join(err, r.lake.disk.Remove(a.file.Path))
	}
	c := &change{state: next, folded: a.folded}
	if before, had := s.changes[scope]; had {
		c.replace, c.folded, c.added = before.replace, before.folded, slices.Clone(before.added)
	}
	c.added = append(c.added, next.files[len(next.files)-1])
	if err := r.apply(ctx, s, scope, c); err != nil {
		return errors.Join(err, r.lake.disk.Remove(a.file.Path))
	}
	return nil
}

// extend is the state of a scope with one more file: the digest goes on where
// it was when the new keys follow the old ones; else the scope is read again.
func (s *staged) extend(ctx context.Context, r *Run, scope string, a addition) (*scopeState, error) {
	failpoint.Hit("lake.write.file-written")
	file, err := s.store(ctx, a.file)
	if err != nil {
		return nil, err
	}
	if file.Scope != scope {
		return nil, fmt.Errorf("write %s: rows of scope %q in a write of scope %q", s.spec.Name, file.Scope, scope)
	}
	now := s.now(scope)
	files := append(filesWithout(now.files, a.folded), file)
	if !allOurs(now.files) {
		return s.extendSorted(ctx, r, files)
	}
	scan, unread := now.tail, files[len(files)-1:]
	if scan == nil || len(a.folded) > 0 {
		scan, unread = newScopeScan(r.lake.disk, s.spec, s.fields), files
	}
	reader := r.reader(r.base)
	err = reader.add(ctx, scan, s.spec, unread)
	if errors.Is(err, errInterleaved) {
		scan = newScopeScan(r.lake.disk, s.spec, s.fields)
		err = reader.add(ctx, scan, s.spec, files)
	}
	now.tail = nil // it has gone on, with the new state or into an error
	if err != nil {
		return nil, err
	}
	return scan.state(files), nil
}

// filesWithout are the files that aren't among others.
func filesWithout(files, others []storedFile) []storedFile {
	return slices.DeleteFunc(slices.Clone(files), func(f storedFile) bool {
		return slices.ContainsFunc(others, func(o storedFile) bool { return o.Path == f.Path })
	})
}

// extendSorted is extend for a scope in which another engine wrote too: the
// rules about keys hold within the new file, which is the last.
func (s *staged) extendSorted(ctx context.Context, r *Run, files []storedFile) (*scopeState, error) {
	added := files[len(files)-1].DataFile
	if err := newScopeScan(r.lake.disk, s.spec, s.fields).add(ctx, []iceberg.DataFile{added}); err != nil {
		return nil, err
	}
	return r.reader(r.base).read(ctx, s.spec, s.base, s.fields, files)
}

// A shape is what a file of a table looks like.
type shape struct {
	spec   Spec
	fields []iceberg.Field
}

// writeParquet writes rows, in key order, to a new file.
func writeParquet[T any](on disk.FS, path string, as shape, rows []T) (iceberg.File, error) {
	sorted, err := sortRows(as.spec, rows)
	if err != nil {
		return iceberg.File{}, err
	}
	options, err := retag[T](as.spec, as.fields)
	if err != nil {
		return iceberg.File{}, err
	}
	out, err := on.Create(path)
	if err != nil {
		return iceberg.File{}, err
	}
	sum := &digesting{out: out, sum: sha256.New()}
	writer := parquet.NewGenericWriter[T](sum, append(options, parquet.Compression(&parquet.Zstd))...)
	_, err = writer.Write(sorted)
	err = errors.Join(err, writer.Close(), out.Close())
	return iceberg.File{Path: path, Bytes: sum.bytes, SHA256: hex.EncodeToString(sum.sum.Sum(nil))}, err
}

// digesting counts and digests what is written through it.
type digesting struct {
	out   io.Writer
	sum   hash.Hash
	bytes int64
}

// Write writes and digests.
func (d *digesting) Write(content []byte) (int, error) {
	n, err := d.out.Write(content)
	d.sum.Write(content[:n])
	d.bytes += int64(n)
	return n, err
}

// retag gives parquet-go the table's ids, and timestamps without a zone (which
// Iceberg tells apart from those with one), whatever T's tags say: their names
// and types must be the spec's, in order.
func retag[T any](spec Spec, fields []iceberg.Field) ([]parquet.WriterOption, error) {
	row := reflect.TypeFor[T]()
	have := SpecOf[T](Spec{Name: spec.Name}).Columns
	same := slices.EqualFunc(have, spec.Columns, func(a, b Column) bool {
		return a.Name == b.Name && a.Type.SQL() == b.Type.SQL()
	})
	if !same {
		return nil, fmt.Errorf("row type %s gives %s, the table has %s", row, columnNames(have), columnNames(spec.Columns))
	}
	var options []parquet.WriterOption
	addTags(row, nil, fields, func(tag reflect.StructTag, path []string) {
		options = append(options, parquet.StructTag(tag, path...))
	})
	return options, nil
}

// addTags calls add with the tag of each member of a struct, and of what is
// nested in it, as parquet-go names the path to it.
func addTags(row reflect.Type, path []string, fields []iceberg.Field, add func(reflect.StructTag, []string)) {
	for i, field := range fields {
		member := row.Field(i)
		at := append(slices.Clone(path), member.Name)
		tag, t := fmt.Sprintf("%s,id(%d)", field.Name, field.ID), member.Type
		if t.Kind() == reflect.Pointer {
			tag, t = tag+",optional", t.Elem()
		}
		if field.Type == "timestamp" {
			tag += ",timestamp(microsecond:local)"
		}
		if field.Type != "list" {
			add(reflect.StructTag(fmt.Sprintf(`parquet:%q`, tag)), at)
			if field.Type == "struct" {
				addTags(t, append(slices.Clone(path), field.Name), field.Fields, add)
			}
			continue
		}
		element := field.Fields[0]
		add(reflect.StructTag(fmt.Sprintf(`parquet:"%s,list" parquet-element:",id(%d)"`, tag, element.ID)), at)
		if element.Type == "struct" {
			addTags(t.Elem(), append(slices.Clone(path), field.Name, "list", "element"), element.Fields, add)
		}
	}
}

// sortRows is a copy of rows in key order.
func sortRows[T any](spec Spec, rows []T) ([]T, error) {
	var key []int
	for _, name := range spec.Key {
		at := slices.IndexFunc(spec.Columns, func(c Column) bool { return c.Name == name })
		if at >= reflect.TypeFor[T]().NumField() || reflect.TypeFor[T]().Field(at).Type.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("key column %q may not be optional", name)
		}
		key = append(key, at)
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b T) int {
		x, y := reflect.ValueOf(a), reflect.ValueOf(b)
		for _, at := range key {
			if order := compareGo(x.Field(at), y.Field(at)); order != 0 {
				return order
			}
		}
		return 0
	})
	return sorted, nil
}

// compareGo orders two values of a key column's Go type.
func compareGo(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return cmp.Compare(a.String(), b.String())
	case reflect.Bool:
		return cmp.Compare(boolByte(a.Bool()), boolByte(b.Bool()))
	case reflect.Struct: // time.Time: see typeOfGo
		return a.Interface().(time.Time).Compare(b.Interface().(time.Time))
	}
	return cmp.Compare(a.Int(), b.Int())
}
