package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/lake/duck"
)

// Copy writes the rows of a version of a table to one file in the folder tmp,
// for sessions that are asked often ([SessionOptions].Copies). Each file of a
// table costs every query a fraction of a millisecond, and a table of runs has
// one for each run. Whoever asks for the copy removes it; gc does in time, unless
// it is touched now and then.
func (l *Lake) Copy(ctx context.Context, pin Pin) (path string, err error) {
	s, err := l.Session(ctx, Pins{pin.Table: pin}, SessionOptions{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	path = l.scratch()
	if err := s.db.CopyParquet(ctx, "from "+duck.Ident(pin.Table), path, "snappy"); err != nil {
		return "", fmt.Errorf("copy table %s: %w", pin.Table, errors.Join(err, remove(path)))
	}
	return path, nil
}

// Copyable says whether a copy holds what the table holds: a column of another
// engine's may be of a type that changes on the way.
func (d TableDetail) Copyable() bool {
	return !d.Renamed && !slices.ContainsFunc(d.Spec.Columns, func(c Column) bool { return c.Type.has(KindOther) })
}

// has says whether a type is of a kind, or has it in it.
func (t Type) has(kind Kind) bool {
	return t.Kind == kind || t.Elem != nil && t.Elem.has(kind) ||
		slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.has(kind) })
}
