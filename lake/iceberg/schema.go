package iceberg

import (
	"errors"
	"fmt"
	"strings"

	icebergo "github.com/apache/iceberg-go"
)

// A Field is a column, or a part of one, with the id by which every engine
// finds it in a file.
type Field struct {
	ID   int
	Name string
	Doc  string
	// Type is an Iceberg primitive ("string", "boolean", "int", "long",
	// "double", "timestamp"), "list" or "struct"; of another engine's table also
	// "map" or one of Iceberg's other primitives.
	Type string
	// Fields are the members of a struct, the one element of a list, or the key
	// and the value of a map.
	Fields []Field
}

// ErrUnsupported says that a table is whole, but uses a feature of Iceberg that
// the lake doesn't read.
var ErrUnsupported = errors.New("not supported")

// primitives are the scalar types that the lake writes.
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

// foreign are the scalar types that other engines write and the lake reads,
// without their parameters.
var foreign = map[string]bool{"date": true, "time": true, "timestamptz": true, "float": true, "binary": true,
	"fixed": true, "uuid": true, "decimal": true}

// fieldsOf reads a table's schema back. ErrUnsupported when SQL can't name or
// hold its columns.
func fieldsOf(members []icebergo.NestedField) ([]Field, error) {
	out, names := make([]Field, len(members)), map[string]string{}
	for i, m := range members {
		folded := strings.ToLower(m.Name)
		if other, twice := names[folded]; twice {
			return nil, fmt.Errorf("columns %q and %q differ in case only: %w", other, m.Name, ErrUnsupported)
		}
		names[folded] = m.Name
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
	case *icebergo.MapType:
		field.Type = "map"
		field.Fields, err = fieldsOf([]icebergo.NestedField{{ID: t.KeyID, Name: "key", Type: t.KeyType},
			{ID: t.ValueID, Name: "value", Type: t.ValueType}})
	default:
		name, _, _ := strings.Cut(strings.ReplaceAll(field.Type, "[", "("), "(")
		if _, ours := primitives[name]; !ours && !foreign[name] {
			err = fmt.Errorf("column %q has type %s: %w", m.Name, field.Type, ErrUnsupported)
		}
	}
	return field, err
}
