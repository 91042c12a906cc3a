package etl

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// Held is what a source holds of one file now.
type Held struct {
	Group  string // such as the language of its rows
	FileID string
	Rows   int64
}

// Stays reports whether the file is kept as it is when others are loaded: where
// they are appended, unless it is one of them.
func (h Held) Stays(files []*Checked, appended bool) bool {
	return appended && !slices.ContainsFunc(files, func(f *Checked) bool { return f.FileID() == h.FileID })
}

// Replaced counts the rows of what a source holds that leave when files are
// loaded, and those that stay.
func Replaced(held []Held, files []*Checked, appended bool) (leave, stay int64) {
	for _, h := range held {
		if h.Stays(files, appended) {
			stay += h.Rows
		} else {
			leave += h.Rows
		}
	}
	return leave, stay
}

// Holding lists the files of a source as its raw table has them now. The
// table has the columns source and file_id, and group names a third.
func Holding(ctx context.Context, l *lake.Lake, table, group, source string) (files []Held, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	pin, exists := pins[table]
	if !exists {
		return nil, nil
	}
	session, err := l.Session(ctx, lake.Pins{table: pin}, lake.SessionOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	rows, err := session.Query(ctx, fmt.Sprintf(`select %[1]s, file_id, count(*) from %[2]s where source = %[3]s
		group by %[1]s, file_id order by %[1]s, file_id`, duck.Name(group), table, duck.Literal(source)))
	if err != nil {
		return nil, fmt.Errorf("look up source %q: %w", source, err)
	}
	defer rows.Close()
	for rows.Next() {
		var h Held
		if err := rows.Scan(&h.Group, &h.FileID, &h.Rows); err != nil {
			return nil, err
		}
		files = append(files, h)
	}
	return files, rows.Err()
}

// CheckAll checks files that make up a source. No two may have the same bytes.
func CheckAll(ctx context.Context, paths []string, layouts []Layout, o CheckOptions) (files []*Checked, err error) {
	seen := map[string]string{}
	for _, path := range paths {
		f, err := Check(ctx, path, layouts, o)
		if err != nil {
			return nil, err
		}
		if twin, twice := seen[f.SHA256]; twice {
			return nil, &ParseError{File: path, Reason: "has the same content as " + twin, Cure: "give one of them"}
		}
		seen[f.SHA256] = path
		files = append(files, f)
	}
	return files, nil
}
