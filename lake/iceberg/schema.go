package iceberg

import (
	"fmt"

	icebergo "github.com/apache/iceberg-go"
)

// A Field is a column, or a part of one, with the id by which every engine
// finds it in a file.
type Field struct {
	ID   int
	Name string
	Doc  string
	// Type is an Iceberg primitive ("string", "boolean", "int", "long",
	// "double", "timestamp"), "list" or "struct".
	Type string
	// Fields are the members of a struct, or the one element of a list.
	Fields []Field
}

// primitives are the scalar types that the lake uses.
var primitives = map[string]icebergo.Type{
	"string":    icebergo.PrimitiveTypes.String,
	"boolean":   icebergo.PrimitiveTypes.Bool,
	"int":       icebergo.PrimitiveTypes.Int32,
	"long":      icebergo.PrimitiveTypes.Int64,
	"double":    icebergo.PrimitiveTypes.Float64,
	"timestamp": icebergo.PrimitiveTypes.Timestamp,
}

// schemaOf is the Iceberg schema of the fields. Every field is optional there:
// DuckDB marks no Parquet column as required, and iceberg-go refuses such a
// file for a required field. The lake checks required columns when it writes.
func schemaOf(fields []Field) *icebergo.Schema {
	return icebergo.NewSchema(0, nested(fields)...)
}

func nested(fields []Field) []icebergo.NestedField {
	out := make([]icebergo.NestedField, len(fields))
	for i, f := range fields {
		out[i] = icebergo.NestedField{ID: f.ID, Name: f.Name, Doc: f.Doc, Type: typeOf(f)}
	}
	return out
}

func typeOf(f Field) icebergo.Type {
	switch f.Type {
	case "list":
		return &icebergo.ListType{ElementID: f.Fields[0].ID, Element: typeOf(f.Fields[0])}
	case "struct":
		return &icebergo.StructType{FieldList: nested(f.Fields)}
	}
	return primitives[f.Type]
}

// fieldsOf reads a table's schema back. A type that the lake doesn't write
// (another engine's) is an error.
func fieldsOf(members []icebergo.NestedField) ([]Field, error) {
	out := make([]Field, len(members))
	for i, m := range members {
		field, err := fieldOf(m)
		if err != nil {
			return nil, err
		}
		out[i] = field
	}
	return out, nil
}

func fieldOf(m icebergo.NestedField) (Field, error) {
	field := Field{ID: m.ID, Name: m.Name, Doc: m.Doc, Type: m.Type.String()}
	var err error
	switch t := m.Type.(type) {
	case *icebergo.ListType:
		field.Type = "list"
		field.Fields, err = fieldsOf([]icebergo.NestedField{{ID: t.ElementID, Name: "element", Type: t.Element}})
	case *icebergo.StructType:
		field.Type = "struct"
		field.Fields, err = fieldsOf(t.FieldList)
	default:
		if _, known := primitives[field.Type]; !known {
			err = fmt.Errorf("column %q has type %s, which the lake doesn't read", m.Name, field.Type)
		}
	}
	return field, err
}
