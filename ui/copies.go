package ui

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"alignctl/lake"
)

const (
	// manyFiles is how many files a table has that is worth a copy.
	manyFiles = 32
	// largeTable is how many bytes a table has that isn't.
	largeTable = 64 << 20
)

// copies are copies of tables that have many small files, as those of runs do, a
// file each: a page asks a dozen queries, and each would open all of them.
type copies struct {
	lake *lake.Lake

	mu    sync.Mutex
	files map[string]*copied // by pin
}

// A copied is the copy of a version of a table.
type copied struct {
	path  string
	until time.Time // when it may go; zero: it is of the current version
}

// of gives the copies for a version of the lake, and makes those that are
// missing. Without room or right to make one, the table's own files do.
func (c *copies) of(ctx context.Context, now lake.Pins) (paths map[string]string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tables, err := c.lake.Details(ctx)
	if err != nil {
		return nil, err
	}
	paths = map[string]string{}
	for _, t := range tables {
		key := t.Pin.String()
		if t.Files < manyFiles || t.Bytes > largeTable || !t.Copyable() || now[t.Table].String() != key {
			continue
		}
		if c.files[key] == nil {
			path, err := c.lake.Copy(ctx, t.Pin)
			if ctx.Err() != nil {
				return nil, errors.Join(err, ctx.Err())
			}
			if err != nil {
				continue
			}
			c.files[key] = &copied{path: path}
		}
		paths[key] = c.files[key].path
	}
	c.outdate(paths)
	return paths, nil
}

// outdate lets the copies of other versions go, as soon as the requests that see
// those may be over.
func (c *copies) outdate(current map[string]string) {
	for key, file := range c.files {
		if _, ok := current[key]; !ok && file.until.IsZero() {
			file.until = time.Now().Add(2 * look)
		}
	}
}

// tidy removes what may go, and touches the rest, lest gc takes it for a dead
// process's; whole is false when one is missing all the same.
func (c *copies) tidy() (whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole = true
	now := time.Now()
	for key, file := range c.files {
		if file.until.IsZero() || file.until.After(now) {
			if os.Chtimes(file.path, now, now) == nil {
				continue
			}
			whole = false
		}
		_ = os.Remove(file.path) // else gc does
		delete(c.files, key)
	}
	return whole
}

// close removes all copies.
func (c *copies) close() (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, file := range c.files {
		if gone := os.Remove(file.path); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
