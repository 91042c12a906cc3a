package iceberg

import (
	"context"
	"fmt"
	"sync"
)

// A catalog may be far away, and a command reads many files, of each of which it
// wants the record first. What is recorded of a file that something points at
// never changes, so each record is asked for once; and those that are wanted
// while a statement is on its way come together with the next one.

// A memory is what a process knows of the records.
type memory struct {
	mu    sync.Mutex
	files map[string]File // by path; without a sha256: nothing is recorded
	next  *question       // that more can be added to

	turn sync.Mutex // of the question that is asked
}

// A question is of files of which nothing was known.
type question struct {
	paths []string
	done  chan struct{}
	err   error // once done
}

// know keeps what is recorded of files.
func (m *memory) know(files []File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string]File{}
	}
	for _, f := range files {
		m.files[f.Path] = f
	}
}

// known are the records of files, and the files of which nothing is known yet.
func (m *memory) known(paths []string) (records map[string]File, others []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	records = make(map[string]File, len(paths))
	for _, path := range paths {
		f, known := m.files[path]
		switch {
		case !known:
			others = append(others, path)
		case f.SHA256 != "":
			records[path] = f
		}
	}
	return records, others
}

// Records is what is recorded about files, by path, without those of which nothing
// is.
func (c *Catalog) Records(ctx context.Context, paths []string) (map[string]File, error) {
	records, others := c.memory.known(paths)
	if len(others) == 0 {
		return records, nil
	}
	if err := c.ask(ctx, others); err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	records, _ = c.memory.known(paths)
	return records, nil
}

// Record is what is recorded about one file; ok is false when nothing is.
func (c *Catalog) Record(ctx context.Context, path string) (f File, ok bool, err error) {
	files, err := c.Records(ctx, []string{path})
	f, ok = files[path]
	return f, ok, err
}

// ask asks for records, in the next statement.
func (c *Catalog) ask(ctx context.Context, paths []string) error {
	m := &c.memory
	m.mu.Lock()
	q := m.next
	if q == nil {
		q = &question{done: make(chan struct{})}
		m.next = q
		go c.answer(context.WithoutCancel(ctx), q) // others may wait for it, too
	}
	q.paths = append(q.paths, paths...)
	m.mu.Unlock()
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer asks the catalog once no other question is on its way.
func (c *Catalog) answer(ctx context.Context, q *question) {
	m := &c.memory
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	m.next = nil
	m.mu.Unlock()
	q.err = c.remind(ctx, q.paths)
	close(q.done)
}

// remind reads the records of files into memory.
func (c *Catalog) remind(ctx context.Context, paths []string) error {
	found, err := c.recordsOf(ctx, c.db.query, paths)
	if err != nil {
		return err
	}
	files := make([]File, len(paths))
	for i, path := range paths {
		r := found[c.relative(path)]
		if r.Broken {
			return c.unread(fmt.Errorf("the record of file %q isn't what was written", path))
		}
		files[i] = File{Path: path, Bytes: r.Bytes, SHA256: r.SHA256}
	}
	c.memory.know(files)
	return nil
}
