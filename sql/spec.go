package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// spec declares the table of a view: names and types as the session derives
// them from the query, the rest from the header.
func (v *View) spec(ctx context.Context, s *lake.Session) (lake.Spec, error) {
	spec := lake.Spec{Name: v.Name, Doc: v.Doc, Key: v.Key, Scope: v.Scope, Licence: v.Licence}
	rows, err := s.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+v.Query.SQL+"\n)")
	if err != nil {
		return spec, v.at(v.Query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, typeName string
		if err := rows.Scan(&name, &typeName); err != nil {
			return spec, fmt.Errorf("%s: read columns: %w", v.File, err)
		}
		column, err := v.column(name, typeName)
		if err != nil {
			return spec, v.at(v.Query, err)
		}
		spec.Columns = append(spec.Columns, column)
	}
	if err := rows.Err(); err != nil {
		return spec, fmt.Errorf("%s: read columns: %w", v.File, err)
	}
	return spec, v.checkColumns(spec)
}

func (v *View) column(name, typeName string) (lake.Column, error) {
	t, rest, ok := parseType(typeName)
	if !ok || rest != "" {
		return lake.Column{}, fmt.Errorf("column %q has type %s, which a table of the lake can't hold: "+
			"cast it to VARCHAR, BOOLEAN, INTEGER, BIGINT, DOUBLE, TIMESTAMP, a list or a struct", name, typeName)
	}
	column := lake.Column{Name: name, Type: t, Required: slices.Contains(v.Key, name)}
	at := slices.IndexFunc(v.Columns, func(c Column) bool { return c.Name == name })
	if at >= 0 {
		c := v.Columns[at]
		column.Unit, column.Doc, column.Required = c.Unit, c.Doc, !c.Null
	}
	return column, nil
}

// checkColumns finds header entries without a column in the query.
func (v *View) checkColumns(spec lake.Spec) error {
	names := make([]string, len(spec.Columns))
	for i, c := range spec.Columns {
		names[i] = c.Name
	}
	for _, c := range v.Columns {
		if !slices.Contains(names, c.Name) {
			return &ParseError{File: v.File, Line: c.line,
				Msg: fmt.Sprintf("column %q is not in the query%s", c.Name, nearest.Hint(c.Name, names))}
		}
	}
	for _, k := range v.Key {
		if !slices.Contains(names, k) {
			return fmt.Errorf("%s:%d: key column %q is not in the query%s", v.File, v.Query.Line, k, nearest.Hint(k, names))
		}
	}
	if at := slices.Index(names, v.Scope); at >= 0 && spec.Columns[at].Type.Kind != lake.KindString {
		return &ParseError{File: v.File, Line: v.Query.Line,
			Msg: fmt.Sprintf("scope column %q is %s, want VARCHAR", v.Scope, spec.Columns[at].Type.SQL())}
	}
	return nil
}

// parseType reads DuckDB's name of a type, as DESCRIBE prints it, and gives the
// text after it: STRUCT("role" VARCHAR, content VARCHAR)[].
func parseType(text string) (t lake.Type, rest string, ok bool) {
	if inner, isStruct := strings.CutPrefix(text, "STRUCT("); isStruct {
		t, rest, ok = parseStruct(inner)
	} else {
		t, rest, ok = parseScalar(text)
	}
	for ok && strings.HasPrefix(rest, "[]") {
		t, rest = lake.List(t), rest[2:]
	}
	return t, rest, ok
}

func parseScalar(text string) (t lake.Type, rest string, ok bool) {
	end := strings.IndexAny(text, "[,)")
	if end < 0 {
		end = len(text)
	}
	for _, scalar := range []lake.Type{lake.String, lake.Bool, lake.Int, lake.Long, lake.Double, lake.Timestamp} {
		if text[:end] == scalar.SQL() {
			return scalar, text[end:], true
		}
	}
	return lake.Type{}, text, false
}

// parseStruct reads the fields of a struct and its closing bracket.
func parseStruct(text string) (t lake.Type, rest string, ok bool) {
	var members []lake.Field
	for {
		name, after, ok := parseFieldName(text)
		if !ok {
			return t, text, false
		}
		member, after, ok := parseType(after)
		if !ok {
			return t, text, false
		}
		members = append(members, lake.Field{Name: name, Type: member})
		if closed, isClosed := strings.CutPrefix(after, ")"); isClosed {
			return lake.Struct(members...), closed, true
		}
		if text, ok = strings.CutPrefix(after, ", "); !ok {
			return t, after, false
		}
	}
}

// parseFieldName reads a plain or quoted name and the blank after it. A name
// with a quote inside is not accepted.
func parseFieldName(text string) (name, rest string, ok bool) {
	if quoted, isQuoted := strings.CutPrefix(text, `"`); isQuoted {
		name, rest, ok = strings.Cut(quoted, `" `)
		return name, rest, ok && !strings.Contains(name, `"`)
	}
	return strings.Cut(text, " ")
}
