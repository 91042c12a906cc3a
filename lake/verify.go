package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/disk"
	"alignctl/internal/progress"
	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// VerifyOptions say how much is read.
type VerifyOptions struct {
	// Deep also reads every row of every snapshot and computes its digest anew.
	Deep bool
}

// A Verified counts what was verified.
type Verified struct {
	Tables, Snapshots int
	Files             int
	Bytes             int64
	// Unrecorded are files that another engine wrote: there is no digest to hold
	// their bytes against.
	Unrecorded int
	// Digests counts the snapshots whose digest was computed anew.
	Digests int
}

// A Damage is something in the lake that isn't as it was recorded.
type Damage struct {
	Table    string // or ""
	Snapshot int64  // or 0
	File     string // or ""
	Problem  string
}

// Error names table, snapshot and file.
func (d *Damage) Error() string {
	where := d.Table
	if d.Snapshot != 0 {
		where = fmt.Sprintf("%s@%d", d.Table, d.Snapshot)
	}
	if d.File != "" {
		where = strings.TrimPrefix(fmt.Sprintf("%s: file %q", where, d.File), ": ")
	}
	return fmt.Sprintf("%s: %s: %s", ErrDamaged, where, d.Problem)
}

// Is makes a Damage an ErrDamaged.
func (d *Damage) Is(target error) bool { return target == ErrDamaged }

// Verify reads every file that any snapshot needs, and compares bytes, numbers
// of rows and, when deep, digests with what was recorded, after the quick Check.
// All that it finds comes back in one error, each part a *Damage.
func (l *Lake) Verify(ctx context.Context, o VerifyOptions) (v Verified, err error) {
	err = l.reading(ctx, func(now *version) error {
		s, err := l.openSession(ctx, SessionOptions{}, Holder{})
		if err != nil {
			return err
		}
		c, err := newChecker(l, s, now)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		c.structure(ctx)
		if err := c.bytes(ctx, &v); err != nil {
			return errors.Join(err, s.Close())
		}
		c.rows(ctx)
		if o.Deep {
			c.deep(ctx, &v)
		}
		v.Tables = len(c.tables)
		return errors.Join(append(c.found, ctx.Err(), s.Close())...)
	})
	return v, err
}

// readers is how many files are read at once: as many as keep a disk busy
// while digests are computed.
const readers = 4

// bytes compares every file with the digest that the catalog recorded.
func (c *checker) bytes(ctx context.Context, v *Verified) error {
	recorded, err := c.lake.catalog.Recorded(ctx)
	if err != nil {
		return err
	}
	c.unreached(recorded)
	for path, r := range recorded {
		if r.Broken {
			c.noteCatalog(c.lake.tableOf(path), fmt.Sprintf("its record of file %q isn't what was written", path))
		}
	}
	total := int64(0)
	for _, f := range c.files {
		total += f.size
		v.Bytes += f.size
		if recorded[f.path].SHA256 == "" {
			v.Unrecorded++
		}
	}
	v.Files = len(c.files)
	task := progress.Start(ctx, "verify", total, "bytes")
	defer task.Done()
	var work errgroup.Group
	work.SetLimit(readers)
	for _, f := range c.files {
		work.Go(func() error {
			if ctx.Err() == nil {
				c.verify(f, recorded[f.path])
			}
			task.Add(f.size)
			return nil
		})
	}
	return work.Wait()
}

// unreached adds the files that are recorded as in use and that no table was
// found to point at: where a file that points at others is damaged, this finds
// which one it is.
func (c *checker) unreached(recorded map[string]iceberg.Recorded) {
	reached := map[string]bool{}
	for _, f := range c.files {
		reached[f.path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(recorded)) {
		if !reached[path] && recorded[path].Retired.IsZero() {
			c.reached(reachedFile{table: c.lake.tableOf(path), path: path})
		}
	}
}

// tableOf is the table in whose folder a file is.
func (l *Lake) tableOf(path string) string {
	below := strings.TrimPrefix(path, l.warehouse()+"/")
	schema, rest, _ := strings.Cut(below, ".db/")
	name, _, _ := strings.Cut(rest, "/")
	return schema + "." + name
}

// verify notes whether a file's bytes are as recorded.
func (c *checker) verify(f reachedFile, want iceberg.Recorded) {
	damage := Damage{Table: f.table, Snapshot: f.snapshot, File: f.path}
	problem, err := c.sameBytes(f.path, want)
	switch {
	case err != nil:
		c.fail(damage, err)
	case problem != "":
		damage.Problem = problem
		c.note(&damage)
	case want.SHA256 != "" && !want.Broken:
		c.mu.Lock()
		c.verified[f.path] = true
		c.mu.Unlock()
	}
}

// sameBytes reads a file, and what copy of it is here, and says what differs
// from its record.
func (c *checker) sameBytes(path string, want iceberg.Recorded) (problem string, err error) {
	in, err := c.lake.disk.Stored(path)
	if err != nil {
		return "", err
	}
	got, err := digestFile(path, in)
	switch {
	case err != nil:
		return "", err
	case want.SHA256 == "", want.Broken:
		return "", nil
	case got.Bytes != want.Bytes:
		return fmt.Sprintf("it has %d bytes, %d were recorded", got.Bytes, want.Bytes), nil
	case got.SHA256 != want.SHA256:
		return fmt.Sprintf("its bytes have sha256 %s, recorded is %s", got.SHA256, want.SHA256), nil
	case c.lake.disk.Local():
		return "", nil
	}
	if copied, err := fileOf(disk.OS{}, path); err == nil && copied.SHA256 != want.SHA256 {
		return "its copy on this machine has other bytes; the file itself is whole: remove the copy", nil
	}
	return "", nil
}

// rows compares the rows that each data file says it has with its manifest.
func (c *checker) rows(ctx context.Context) {
	task := progress.Start(ctx, "count rows", int64(len(c.files)), "files")
	defer task.Done()
	for _, f := range c.files {
		task.Add(1)
		if !f.data || ctx.Err() != nil {
			continue
		}
		n, err := c.session.db.Count(ctx, "select num_rows from parquet_file_metadata("+duck.Literal(f.path)+")")
		damage := Damage{Table: f.table, Snapshot: f.snapshot, File: f.path}
		switch {
		case err != nil:
			c.fail(damage, err)
		case n != f.rows:
			damage.Problem = fmt.Sprintf("it has %d rows, its manifest says %d", n, f.rows)
			c.note(&damage)
		}
	}
}

// deep computes the digest of every snapshot that has one.
func (c *checker) deep(ctx context.Context, v *Verified) {
	for _, name := range c.names() {
		table := c.tables[name]
		if isMeta(name) {
			continue
		}
		states := map[string]*scopeState{} // by columns and files: snapshots share scopes
		snapshots := table.Snapshots()
		task := progress.Start(ctx, "digest "+name, int64(len(snapshots)), "snapshots")
		for _, s := range snapshots {
			task.Add(1)
			want := s.Summary[summaryDigest]
			if want == "" || ctx.Err() != nil {
				continue
			}
			v.Digests++
			got, err := c.digestOf(ctx, table, s, states)
			switch {
			case err != nil:
				c.fail(Damage{Table: name, Snapshot: s.ID}, err)
			case got != want:
				c.note(&Damage{Table: name, Snapshot: s.ID, Problem: fmt.Sprintf("its rows have the digest %s, recorded is %s",
					got, want)})
			}
		}
		task.Done()
	}
}

// digestOf reads a snapshot's rows and computes its digest.
func (c *checker) digestOf(ctx context.Context, table *iceberg.Table, s iceberg.Snapshot,
	states map[string]*scopeState) (string, error) {
	spec, fields, err := specAt(table, s.ID)
	if err != nil {
		return "", err
	}
	files, err := table.Files(s.ID)
	if err != nil {
		return "", err
	}
	scopes := map[string]*scopeState{}
	for scope, part := range byScope(files) {
		key := fmt.Sprint(scope, fields, fileSetOf(c.lake.warehouse(), storedFiles(part)))
		if states[key] == nil {
			if states[key], err = c.read(ctx, spec, table, fields, storedFiles(part)); err != nil {
				return "", err
			}
		}
		scopes[scope] = states[key]
	}
	return tableDigest(fields, scopes), nil
}
