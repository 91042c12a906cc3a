package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"alignctl/lake"
	"alignctl/sql"
)

// A keeper keeps the lake of a folder open for requests. While the folder has
// none, because it was moved or removed, lake.ErrNoLake is the answer; when one
// is there again, that is opened.
type keeper struct {
	folder  string
	options poolOptions

	mu  sync.Mutex
	now *opened // nil: none
}

// opened is a lake that requests are at work on.
type opened struct {
	lake     *lake.Lake
	sessions *pool
	file     os.FileInfo    // of what makes the folder a lake: another one is another lake
	visits   sync.WaitGroup // requests at work
}

// enter gives the lake as long as the request needs it, which then leaves.
func (k *keeper) enter(ctx context.Context) (*opened, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	file, err := os.Stat(filepath.Join(k.folder, lake.DescriptionFile))
	if k.now != nil && (err != nil || !os.SameFile(file, k.now.file)) {
		go k.now.close()
		k.now = nil
	}
	if k.now == nil {
		l, err := lake.Open(ctx, k.folder)
		if err != nil {
			return nil, err
		}
		k.now = &opened{lake: l, sessions: newPool(l, k.options), file: file}
	}
	k.now.visits.Add(1)
	return k.now, nil
}

// warm has a session wait for the first request.
func (k *keeper) warm(ctx context.Context) error {
	o, err := k.enter(ctx)
	if err != nil {
		return err
	}
	defer o.leave()
	now, err := o.lake.At(ctx, "")
	if err != nil {
		return err
	}
	return o.sessions.with(ctx, now, func(*sql.Session) error { return nil })
}

func (o *opened) leave() { o.visits.Done() }

// gone says whether the lake went away meanwhile, which explains other errors.
func (k *keeper) gone() bool {
	_, err := os.Stat(filepath.Join(k.folder, lake.DescriptionFile))
	return errors.Is(err, os.ErrNotExist)
}

// close waits for the requests that are at work, and closes the lake.
func (o *opened) close() error {
	o.visits.Wait()
	return errors.Join(o.sessions.close(), o.lake.Close())
}

// close closes the lake.
func (k *keeper) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now == nil {
		return nil
	}
	now := k.now
	k.now = nil
	return now.close()
}
