package etl

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"alignctl/lake/duck"
)

// Stage loads a checked file into the temporary table name of e's session,
// which it replaces: the layout's named columns, by their kinds. It fails
// unless DuckDB reads exactly the records that Check counted, in the file that
// Check saw. A file that DuckDB can't read as it stands (see odd) is read
// through a temporary copy in plain form.
func Stage(ctx context.Context, e Session, name string, f *Checked) (err error) {
	from, leave, err := f.readable(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	if err := e.Exec(ctx, from.query(name)); err != nil {
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

// odd reports whether DuckDB can't read the file as it stands.
func (c *Checked) odd() bool {
	return c.Encoding != utf8Name || c.LineEnd == "CR" || c.Rejected > 0 || c.trails
}

// readable gives a form of the file that DuckDB reads; leave lets go of it.
func (c *Checked) readable(ctx context.Context) (_ *csvFile, leave func() error, err error) {
	if c.odd() {
		return c.copy(ctx)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("find raw file %q: %w", c.Path, err)
	}
	f := &csvFile{path: path, syntax: c.contract.syntax, header: !c.contract.layout.Headerless, missing: c.contract.layout.Missing}
	for i, column := range c.Columns {
		f.columns = append(f.columns, csvColumn{column, c.direct(i), c.contract.layout.DecimalComma})
	}
	return f, func() error { return nil }, nil
}

// direct reports whether DuckDB turns the cells of a column into its kind by
// itself.
func (c *Checked) direct(i int) bool {
	k := c.Columns[i].Kind
	return k == Text || !c.contract.indirect[i] && !(c.contract.layout.DecimalComma && (k == Float || k == Code))
}

// A csvFile is a file as DuckDB is told to read it.
type csvFile struct {
	path    string
	syntax  syntax
	header  bool
	missing []string // texts that are NULL where they have no quotes
	columns []csvColumn
}

// A csvColumn is a column of a csvFile.
type csvColumn struct {
	Column
	direct       bool // DuckDB converts the cells by itself
	decimalComma bool
}

// nothing is a text that no checked file holds: it has a control character.
const nothing = "\x01"

// query is the load as SQL. Nothing is sniffed: the columns stand in the
// file's order with their types.
func (f *csvFile) query(table string) string {
	raw, typed := make([]string, len(f.columns)), []string{}
	for i, c := range f.columns {
		source := fmt.Sprintf("c%d", i)
		raw[i] = "'" + source + "': '" + c.raw() + "'"
		if c.Name != "" {
			typed = append(typed, c.value(source, f.missing)+" as "+duck.Name(c.Name))
		}
	}
	quote := `quote = '"', escape = '"'`
	if f.syntax.unquoted {
		quote = "quote = '', escape = ''"
	}
	return fmt.Sprintf(`create or replace temp table %s as
select %s
from read_csv(%s, auto_detect = false, header = %t, strict_mode = true, delim = %s, %s,
  nullstr = %s, allow_quoted_nulls = false, compression = 'none', hive_partitioning = false,
  max_line_size = %d, columns = {%s})`,
		table, strings.Join(typed, ", "), duck.Literal(escapeGlob(f.path)), f.header,
		duck.Literal(string(f.syntax.delimiter)), quote, texts(f.missing), MaxLine, strings.Join(raw, ", "))
}

// texts is a list of texts in SQL; none is a text that doesn't occur.
func texts(list []string) string {
	if len(list) == 0 {
		list = []string{nothing}
	}
	literals := make([]string, len(list))
	for i, text := range list {
		literals[i] = duck.Literal(text)
	}
	return "[" + strings.Join(literals, ", ") + "]"
}

// raw is the type by which DuckDB reads the cells.
func (c csvColumn) raw() string {
	if c.direct && c.Name != "" {
		return c.Kind.sql()
	}
	return "VARCHAR"
}

// value is the SQL that turns a raw column into its kind.
func (c csvColumn) value(source string, missing []string) string {
	if c.Kind == Text || c.direct {
		return source
	}
	text := source
	if c.decimalComma {
		text = "replace(" + text + ", ',', '.')"
	}
	return fmt.Sprintf("case when %s not in ('', %s) then %s::%s end", source,
		strings.Trim(texts(missing), "[]"), text, c.Kind.sql())
}

// escapeGlob makes DuckDB take a path by the letter: a bracket holds each
// character that would otherwise match others.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}
