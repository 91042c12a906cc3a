package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"alignctl/internal/disk"
	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// explain says of a file that a reader missed why it isn't there: its folder isn't
// mounted any more; it was collected, while the reader was out of touch, whose
// lease is lost then, or by way of another copy of the catalog; or it is lost.
func (l *Lake) explain(ctx context.Context, held lease, err error) error {
	if !l.misses(err) || errors.Is(err, disk.ErrUnreachable) {
		return l.unlessOld(ctx, err)
	}
	if away := l.reach(); away != nil {
		return away
	}
	key := held.key()
	if key != "" && errors.Is(l.catalog.KeepLease(context.WithoutCancel(ctx), key), iceberg.ErrLeaseLost) {
		return fmt.Errorf("%w: run the command again", iceberg.ErrLeaseLost)
	}
	return l.unlessOld(ctx, fmt.Errorf("%w; alignctl lake verify says which files to bring back", damaged(err)))
}

// misses says whether an error is about a file of the warehouse that isn't there.
// DuckDB, which opens files itself, says so in words.
func (l *Lake) misses(err error) bool {
	below := l.warehouse() + "/"
	var file *fs.PathError
	var fault *duck.QueryError
	switch {
	case errors.As(err, &fault) && fault.Kind == "IO":
		return strings.Contains(fault.Message, below)
	case errors.As(err, &file):
		return errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(file.Path, below)
	}
	return errors.Is(err, fs.ErrNotExist) // an object
}
