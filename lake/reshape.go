package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// DuckDB finds columns by id, but what is nested in them by name, and finds
// nothing in a file without ids. Where that isn't enough, a file is read under
// the names in its own footer, and what it holds is put where the ids belong.

// propNames is the table property that gives ids to files that have none, which
// another engine took in as they were.
const propNames = "schema.name-mapping.default"

// plainName is a name that every engine writes into a file as it is.
var plainName = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

func plainNames(fields []iceberg.Field) bool {
	return !slices.ContainsFunc(fields, func(f iceberg.Field) bool { return !plainName.MatchString(f.Name) })
}

// needsFooters says whether a table's files can't be read by columns' ids or
// names alone.
func needsFooters(table *iceberg.Table, fields []iceberg.Field) bool {
	_, named := table.Properties()[propNames]
	return named || table.Reshaped() || slices.ContainsFunc(fields, func(f iceberg.Field) bool { return !plainWithin(f) })
}

func plainWithin(f iceberg.Field) bool {
	return plainNames(f.Fields) &&
		!slices.ContainsFunc(f.Fields, func(member iceberg.Field) bool { return !plainWithin(member) })
}

// readByFooter is a SELECT of the fields from files of any shape; columns has
// what each file's footer says.
func readByFooter(fields []iceberg.Field, files []iceberg.DataFile, columns map[string][]iceberg.Field) string {
	var shapes []string
	alike := map[string][]iceberg.DataFile{}
	for _, f := range files {
		shape := fmt.Sprint(columns[f.Path])
		if alike[shape] == nil {
			shapes = append(shapes, shape)
		}
		alike[shape] = append(alike[shape], f)
	}
	selects := make([]string, len(shapes))
	for i, shape := range shapes {
		selects[i] = readAlike(fields, alike[shape], columns[alike[shape][0].Path])
	}
	return strings.Join(selects, " union all ")
}

// readAlike is a SELECT of the fields from files that have the same columns.
func readAlike(fields []iceberg.Field, files []iceberg.DataFile, columns []iceberg.Field) string {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = fromFile(f, columns) + " as " + duck.Name(f.Name)
	}
	return fmt.Sprintf("select %s from read_parquet([%s])", strings.Join(values, ", "), paths(files))
}

// fromFile is the expression that gives a field out of a file's columns.
func fromFile(field iceberg.Field, columns []iceberg.Field) string {
	column, ok := fieldByID(columns, field.ID)
	if !ok {
		return "null::" + typeOf(field).SQL()
	}
	return reshape(duck.Name(column.Name), field, column, 0) + "::" + typeOf(field).SQL()
}

// reshape is the expression that puts the members of a stored value where the
// field has them.
func reshape(value string, field, stored iceberg.Field, depth int) string {
	switch {
	case sameNames(field.Fields, stored.Fields) || field.Type == "map":
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
		members[i] = duck.Name(f.Name) + " := " + member
	}
	return fmt.Sprintf("case when %s is not null then struct_pack(%s) end", value, strings.Join(members, ", "))
}

func sameNames(a, b []iceberg.Field) bool {
	return slices.EqualFunc(a, b, func(x, y iceberg.Field) bool {
		return x.ID == y.ID && (x.Name == y.Name || x.Name == "element") && sameNames(x.Fields, y.Fields)
	})
}

func fieldByID(fields []iceberg.Field, id int) (iceberg.Field, bool) {
	at := slices.IndexFunc(fields, func(f iceberg.Field) bool { return f.ID == id })
	if at < 0 {
		return iceberg.Field{}, false
	}
	return fields[at], true
}

// A footerPart is a line of a Parquet footer's schema, in the order of a walk
// from the root.
type footerPart struct {
	iceberg.Field
	children int
}

// footers are the columns of each file, by path.
func (s *Session) footers(ctx context.Context, table *iceberg.Table, files []iceberg.DataFile) (
	map[string][]iceberg.Field, error) {
	parts, err := s.footerParts(ctx, files)
	if err != nil {
		return nil, damaged(fmt.Errorf("read footers of %s: %w", table.Name(), err))
	}
	var names []nameMapping
	if text, ok := table.Properties()[propNames]; ok {
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return nil, fmt.Errorf("read property %s of table %s: %w", propNames, table.Name(), err)
		}
	}
	columns := map[string][]iceberg.Field{}
	for path, parts := range parts {
		root, _, err := footerField(parts)
		if err != nil {
			return nil, damaged(fmt.Errorf("read file %q: %w", path, err))
		}
		columns[path] = root.Fields
		if !slices.ContainsFunc(root.Fields, func(f iceberg.Field) bool { return f.ID != 0 }) {
			giveIDs(root.Fields, names)
		}
	}
	return columns, nil
}

func (s *Session) footerParts(ctx context.Context, files []iceberg.DataFile) (map[string][]footerPart, error) {
	rows, err := s.Query(ctx, `select file_name, name, coalesce(num_children, 0), coalesce(field_id, 0),
		case when converted_type = 'LIST' or starts_with(logical_type, 'List') then 'list' else coalesce(duckdb_type, '') end
		from parquet_schema([`+paths(files)+`]) order by file_name, column_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parts := map[string][]footerPart{}
	for rows.Next() {
		var path string
		var part footerPart
		if err := rows.Scan(&path, &part.Name, &part.children, &part.ID, &part.Type); err != nil {
			return nil, err
		}
		parts[path] = append(parts[path], part)
	}
	return parts, rows.Err()
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

// A nameMapping gives an id to the columns of these names.
type nameMapping struct {
	ID     int           `json:"field-id"`
	Names  []string      `json:"names"`
	Fields []nameMapping `json:"fields"`
}

// giveIDs sets the ids of a file's fields from their names.
func giveIDs(fields []iceberg.Field, names []nameMapping) {
	for i := range fields {
		for _, n := range names {
			if slices.Contains(n.Names, fields[i].Name) {
				fields[i].ID = n.ID
				giveIDs(fields[i].Fields, n.Fields)
			}
		}
	}
}
