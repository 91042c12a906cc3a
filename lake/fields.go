package lake

import (
	"fmt"
	"strings"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// kindNames are the kinds by their Iceberg names.
var kindNames = map[Kind]string{KindString: "string", KindBool: "boolean", KindInt: "int", KindLong: "long",
	KindDouble: "double", KindTimestamp: "timestamp", KindList: "list", KindStruct: "struct"}

var kindOf = map[string]Kind{"string": KindString, "boolean": KindBool, "int": KindInt, "long": KindLong,
	"double": KindDouble, "timestamp": KindTimestamp, "list": KindList, "struct": KindStruct}

// fieldsOf numbers the columns of a spec: the columns 1..n in their order, then
// what is nested in them, depth first.
func fieldsOf(columns []Column) []iceberg.Field {
	next := len(columns) + 1
	fields := make([]iceberg.Field, len(columns))
	for i, c := range columns {
		fields[i] = iceberg.Field{ID: i + 1, Name: c.Name, Doc: columnDoc(c), Type: kindNames[c.Type.Kind]}
		fields[i].Fields = nestedFields(c.Type, &next)
	}
	return fields
}

// columnDoc is what other engines show about a column.
func columnDoc(c Column) string {
	if c.Unit == "" {
		return c.Doc
	}
	return c.Doc + " [" + c.Unit + "]"
}

func nestedFields(t Type, next *int) []iceberg.Field {
	members := t.Fields
	if t.Kind == KindList {
		members = []Field{{Name: "element", Type: *t.Elem}}
	}
	fields := make([]iceberg.Field, len(members))
	for i, m := range members {
		fields[i] = iceberg.Field{ID: *next, Name: m.Name, Type: kindNames[m.Type.Kind]}
		*next++
		fields[i].Fields = nestedFields(m.Type, next)
	}
	return fields
}

// columnsOf is the other way: the columns of a table as its metadata has them.
func columnsOf(fields []iceberg.Field) []Column {
	columns := make([]Column, len(fields))
	for i, f := range fields {
		columns[i] = Column{Name: f.Name, Type: typeOf(f), Doc: f.Doc}
	}
	return columns
}

func typeOf(f iceberg.Field) Type {
	kind, ours := kindOf[f.Type]
	if !ours {
		return Type{Kind: KindOther, Name: foreignSQL(f)}
	}
	t := Type{Kind: kind}
	if t.Kind == KindList {
		elem := typeOf(f.Fields[0])
		t.Elem = &elem
		return t
	}
	for _, member := range f.Fields {
		t.Fields = append(t.Fields, Field{Name: member.Name, Type: typeOf(member)})
	}
	return t
}

// foreignSQL is the DuckDB type of a column that another engine made.
func foreignSQL(f iceberg.Field) string {
	switch {
	case f.Type == "map":
		return "MAP(" + typeOf(f.Fields[0]).SQL() + ", " + typeOf(f.Fields[1]).SQL() + ")"
	case f.Type == "timestamptz":
		return "TIMESTAMP WITH TIME ZONE"
	case f.Type == "binary", strings.HasPrefix(f.Type, "fixed"):
		return "BLOB"
	}
	return strings.ToUpper(f.Type) // DATE, TIME, FLOAT, UUID, DECIMAL(p, s)
}

// fieldIDs is the value of FIELD_IDS in a COPY of the fields.
func fieldIDs(fields []iceberg.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = duck.Name(f.Name) + ": " + fieldID(f)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func fieldID(f iceberg.Field) string {
	switch f.Type {
	case "list":
		return fmt.Sprintf("{__duckdb_field_id: %d, element: %s}", f.ID, fieldID(f.Fields[0]))
	case "struct":
		return fmt.Sprintf("{__duckdb_field_id: %d, %s", f.ID, strings.TrimPrefix(fieldIDs(f.Fields), "{"))
	}
	return fmt.Sprint(f.ID)
}

// readFiles is a SELECT of the fields from Parquet files, which finds columns
// by id, so that a renamed column is followed; without files it gives no row.
func readFiles(fields []iceberg.Field, files []iceberg.DataFile) string {
	if len(files) == 0 {
		return noRows(fields)
	}
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: null}",
			f.ID, duck.Literal(f.Name), duck.Literal(typeOf(f).SQL()))
	}
	return fmt.Sprintf("select %s from read_parquet([%s], schema = map {%s})",
		duck.Names(fieldNames(fields)), paths(files), strings.Join(columns, ", "))
}

// readByName is readFiles for files whose columns have the fields' names and
// types. DuckDB reads them a third faster so.
func readByName(fields []iceberg.Field, files []iceberg.DataFile) string {
	if len(files) == 0 {
		return noRows(fields)
	}
	return fmt.Sprintf("select %s from read_parquet([%s])", duck.Names(fieldNames(fields)), paths(files))
}

func noRows(fields []iceberg.Field) string {
	nulls := make([]string, len(fields))
	for i, f := range fields {
		nulls[i] = fmt.Sprintf("null::%s as %s", typeOf(f).SQL(), duck.Name(f.Name))
	}
	return "select " + strings.Join(nulls, ", ") + " limit 0"
}

func fieldNames(fields []iceberg.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// paths is a list of files in SQL.
func paths(files []iceberg.DataFile) string {
	literals := make([]string, len(files))
	for i, f := range files {
		literals[i] = duck.Literal(f.Path)
	}
	return strings.Join(literals, ", ")
}
