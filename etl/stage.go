package etl

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"alignctl/lake/duck"
)

// Line is the SQL of a staged record's line in its file, 1-based. Rows keep
// the file's order, a record is one line (Check sees to that), and the header
// is line 1.
const Line = "rowid + 2"

// Stage loads a checked file into the temporary table name of e's session,
// which it replaces: the layout's named columns, by their kinds. It fails unless DuckDB reads
// exactly the records that Check counted, in the file that Check saw.
func Stage(ctx context.Context, e Engine, name string, f *Checked) error {
	query, err := stageQuery(name, f)
	if err != nil {
		return err
	}
	if err := e.Exec(ctx, query); err != nil {
		return fmt.Errorf("load raw file %q: %w", f.Path, err)
	}
	var rows int64
	if err := Scan(ctx, e, "select count(*) from "+name, &rows); err != nil {
		return fmt.Errorf("count rows of raw file %q: %w", f.Path, err)
	}
	if err := f.unmoved(); err != nil {
		return err
	}
	if rows != f.Rows {
		return &ParseError{File: f.Path,
			Reason: fmt.Sprintf("DuckDB read %d records where the check counted %d", rows, f.Rows),
			Cure:   "please report it, with the lines around the difference"}
	}
	return nil
}

// stageQuery is the load as SQL. Nothing is sniffed: the columns stand in the
// file's order, and an unquoted NA is NULL while a quoted one is the word.
func stageQuery(name string, f *Checked) (string, error) {
	path, err := filepath.Abs(f.Path)
	if err != nil {
		return "", fmt.Errorf("find raw file %q: %w", f.Path, err)
	}
	raw, typed := make([]string, len(f.Columns)), []string{}
	for i, c := range f.Columns {
		source := fmt.Sprintf("c%d", i)
		raw[i] = "'" + source + "': 'VARCHAR'"
		if c.Name != "" {
			typed = append(typed, c.value(source)+" as "+c.Name)
		}
	}
	return fmt.Sprintf(`create or replace temp table %s as
select %s
from read_csv(%s, auto_detect = false, header = true, strict_mode = true, delim = ',', quote = '"', escape = '"',
  nullstr = 'NA', allow_quoted_nulls = false, compression = 'none', hive_partitioning = false,
  max_line_size = %d, columns = {%s})`,
		name, strings.Join(typed, ", "), duck.Literal(escapeGlob(path)), MaxLine, strings.Join(raw, ", ")), nil
}

// value is the SQL that turns the raw text in source into the column's kind.
func (c Column) value(source string) string {
	if c.Kind == Text {
		return source
	}
	return fmt.Sprintf("nullif(nullif(%s, ''), 'NA')::%s", source, c.Kind.sql())
}

// escapeGlob makes DuckDB take a path by the letter: a bracket holds each
// character that would otherwise match others.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}
