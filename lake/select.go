package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"alignctl/lake/iceberg"
)

// ScopeQuery is a SELECT of what a scope of a table ("": all of it) held at a
// snapshot. It names files, so that any session on this machine runs it, also
// one of another lake, unless it is read-only; a session of this lake keeps the
// files meanwhile. When the snapshot has expired, they may still be there for a
// later one.
func (l *Lake) ScopeQuery(ctx context.Context, table string, snapshot int64, scope string) (query string, err error) {
	err = l.withHistory(ctx, func(h *history) error {
		query, err = h.scopeQuery(ctx, table, snapshot, scope)
		return err
	})
	return query, err
}

func (h *history) scopeQuery(ctx context.Context, name string, snapshot int64, scope string) (query string, err error) {
	table, err := h.now.table(ctx, name)
	if err != nil {
		return "", err
	}
	if table == nil {
		return "", h.lake.noTable(name, Pins{})
	}
	fields, err := table.Fields(snapshot)
	if err != nil {
		return "", err
	}
	if _, ok := table.Snapshot(snapshot); !ok {
		files := h.recordedFiles(name, snapshot, scope)
		if len(files) == 0 {
			return "", h.lake.missingSnapshot(ctx, h.now, Pin{Table: name, Snapshot: snapshot})
		}
		return readFiles(fields, files), nil
	}
	files, err := table.Files(snapshot)
	if err != nil {
		return "", damaged(err)
	}
	if scope != "" {
		files = byScope(files)[scope]
	}
	s, err := h.lake.openSession(ctx, SessionOptions{Threads: 1}, Holder{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.readTable(ctx, table, fields, files)
}

// recordedFiles are the files of a scope at a snapshot that is gone, if they are
// still there. A record names the files that were added; those before it count
// until the set is the one recorded.
func (h *history) recordedFiles(table string, snapshot int64, scope string) []iceberg.DataFile {
	var files []iceberg.DataFile
	fileSet := ""
	for _, row := range slices.Backward(h.made[table]) {
		if row.Snapshot == snapshot && row.Scope == scope {
			fileSet = row.FileSet
		}
		if fileSet == "" || row.Scope != scope {
			continue
		}
		for _, f := range row.Files {
			files = append(files, iceberg.DataFile{Path: filepath.Join(h.lake.warehouse(), f.Path)})
		}
		if fileSetOf(h.lake.warehouse(), storedFiles(files)) != fileSet {
			continue
		}
		missing := func(f iceberg.DataFile) bool { _, err := h.lake.disk.Stat(f.Path); return err != nil }
		if slices.ContainsFunc(files, missing) {
			return nil
		}
		return files
	}
	return nil
}

// Scopes is what each scope of a table holds at a snapshot, by name: its rows,
// digest, and the run that made it.
func (l *Lake) Scopes(ctx context.Context, table string, snapshot int64) (scopes []TableNode, err error) {
	err = l.withHistory(ctx, func(h *history) error {
		scopes, err = h.scopes(ctx, table, snapshot)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read scopes of %s: %w", Pin{Table: table, Snapshot: snapshot}, err)
	}
	return scopes, nil
}

func (h *history) scopes(ctx context.Context, table string, snapshot int64) (scopes []TableNode, err error) {
	found, known, err := h.holdings(ctx, inputRow{Table: table, Snapshot: snapshot})
	if err == nil && !known {
		err = errors.New("nobody recorded this snapshot")
	}
	for _, scope := range slices.Sorted(maps.Keys(found)) {
		held := found[scope]
		if held.Digest, err = h.digest(ctx, held); err != nil {
			return nil, err
		}
		scopes = append(scopes, held.TableNode)
	}
	return scopes, err
}
