package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// DuckDB finds columns by id, but what is nested in them by name. So where a
// table's nested members were renamed, each file is read under the names that
// its footer has, and the members are then put where their ids belong.

// readReshaped is readFiles for such a table; shapes has each file's columns.
func readReshaped(fields []iceberg.Field, files []iceberg.DataFile, shapes map[string][]iceberg.Field) string {
	var selects []string
	for len(files) > 0 {
		columns := storedColumns(fields, shapes[files[0].Path])
		alike, others := splitFiles(files, func(f iceberg.DataFile) bool {
			return slices.EqualFunc(columns, storedColumns(fields, shapes[f.Path]), sameShape)
		})
		members := make([]string, len(fields))
		for i, f := range fields {
			members[i] = reshape(duck.Ident(f.Name), f, columns[i], 0) + " as " + duck.Ident(f.Name)
		}
		selects = append(selects, fmt.Sprintf("select %s from (%s)", strings.Join(members, ", "), readFiles(columns, alike)))
		files = others
	}
	return strings.Join(selects, " union all ")
}

func splitFiles(files []iceberg.DataFile, alike func(iceberg.DataFile) bool) (yes, no []iceberg.DataFile) {
	for _, f := range files {
		if alike(f) {
			yes = append(yes, f)
		} else {
			no = append(no, f)
		}
	}
	return yes, no
}

func sameShape(a, b iceberg.Field) bool {
	return a.ID == b.ID && a.Name == b.Name && slices.EqualFunc(a.Fields, b.Fields, sameShape)
}

// storedColumns are the fields as a file of the given columns holds them.
func storedColumns(fields, columns []iceberg.Field) []iceberg.Field {
	out := slices.Clone(fields)
	for i, f := range fields {
		if column, ok := fieldByID(columns, f.ID); ok {
			out[i] = storedAs(f, column)
			out[i].Name = f.Name // DuckDB renames what is outermost
		}
	}
	return out
}

// storedAs is a field under a file's names, without the members that the file
// lacks.
func storedAs(field, column iceberg.Field) iceberg.Field {
	out := iceberg.Field{ID: field.ID, Name: column.Name, Type: field.Type}
	for _, member := range field.Fields {
		if stored, ok := fieldByID(column.Fields, member.ID); ok {
			out.Fields = append(out.Fields, storedAs(member, stored))
		}
	}
	return out
}

func fieldByID(fields []iceberg.Field, id int) (iceberg.Field, bool) {
	at := slices.IndexFunc(fields, func(f iceberg.Field) bool { return f.ID == id })
	if at < 0 {
		return iceberg.Field{}, false
	}
	return fields[at], true
}

// reshape is the expression that makes a field of a value stored in another
// shape.
func reshape(value string, field, stored iceberg.Field, depth int) string {
	switch {
	case sameShape(iceberg.Field{Fields: field.Fields}, iceberg.Field{Fields: stored.Fields}):
		return value
	case field.Type == "list":
		element := fmt.Sprintf("e%d", depth)
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", value, element,
			reshape(element, field.Fields[0], stored.Fields[0], depth+1))
	}
	members := make([]string, len(field.Fields))
	for i, f := range field.Fields {
		member := "null::" + typeOf(f).SQL()
		if s, ok := fieldByID(stored.Fields, f.ID); ok {
			member = reshape(fmt.Sprintf("struct_extract(%s, %s)", value, duck.Literal(s.Name)), f, s, depth)
		}
		members[i] = duck.Ident(f.Name) + " := " + member
	}
	return fmt.Sprintf("case when %s is not null then struct_pack(%s) end", value, strings.Join(members, ", "))
}

// A footerPart is a line of a Parquet footer's schema, in the order of a walk
// from the root.
type footerPart struct {
	iceberg.Field
	children int
}

// shapes are the columns of each file, by path, as the footers have them.
func (s *Session) shapes(ctx context.Context, files []iceberg.DataFile) (map[string][]iceberg.Field, error) {
	rows, err := s.Query(ctx, `select file_name, name, coalesce(num_children, 0), coalesce(field_id, 0),
		coalesce(converted_type = 'LIST', false) or starts_with(coalesce(logical_type, ''), 'List')
		from parquet_schema([`+paths(files)+`]) order by file_name, column_id`)
	if err != nil {
		return nil, damaged(err)
	}
	defer rows.Close()
	parts := map[string][]footerPart{}
	for rows.Next() {
		var path string
		var part footerPart
		var list bool
		if err := rows.Scan(&path, &part.Name, &part.children, &part.ID, &list); err != nil {
			return nil, err
		}
		if list {
			part.Type = "list"
		}
		parts[path] = append(parts[path], part)
	}
	shapes := map[string][]iceberg.Field{}
	for path, parts := range parts {
		root, _, err := footerField(parts)
		if err != nil {
			return nil, damaged(fmt.Errorf("read file %q: %w", path, err))
		}
		shapes[path] = root.Fields
	}
	return shapes, damaged(rows.Err())
}

// footerField takes one field, with what is nested in it, off the parts.
func footerField(parts []footerPart) (iceberg.Field, []footerPart, error) {
	if len(parts) == 0 {
		return iceberg.Field{}, nil, errors.New("its schema ends early")
	}
	field, children, rest := parts[0].Field, parts[0].children, parts[1:]
	for range children {
		member, after, err := footerField(rest)
		if err != nil {
			return field, nil, err
		}
		field.Fields, rest = append(field.Fields, member), after
	}
	if field.Type == "list" && len(field.Fields) == 1 && len(field.Fields[0].Fields) == 1 {
		field.Fields = field.Fields[0].Fields // past the repeated group, which has no id
	}
	return field, rest, nil
}
