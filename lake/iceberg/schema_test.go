package iceberg

import (
	"errors"
	"testing"

	icebergo "github.com/apache/iceberg-go"
)

func TestFieldsOfAnotherEngine(t *testing.T) {
	column := func(id int, name string, kind icebergo.Type) icebergo.NestedField {
		return icebergo.NestedField{ID: id, Name: name, Type: kind}
	}
	fields, err := fieldsOf([]icebergo.NestedField{
		column(1, "day", icebergo.PrimitiveTypes.Date),
		column(2, "price", icebergo.DecimalTypeOf(9, 2)),
		column(3, "code", icebergo.FixedTypeOf(3)),
		column(4, "m", &icebergo.MapType{KeyID: 5, KeyType: icebergo.PrimitiveTypes.String, ValueID: 6,
			ValueType: icebergo.PrimitiveTypes.UUID}),
	})
	if err != nil || fields[1].Type != "decimal(9, 2)" || fields[3].Fields[1].Type != "uuid" || fields[3].Fields[1].ID != 6 {
		t.Errorf("fields %+v, %v", fields, err)
	}
	for name, members := range map[string][]icebergo.NestedField{
		"a type of format 3": {column(1, "a", icebergo.PrimitiveTypes.TimestampNs)},
		"names alike":        {column(1, "id", icebergo.PrimitiveTypes.Int64), column(2, "ID", icebergo.PrimitiveTypes.Int64)},
	} {
		if fields, err := fieldsOf(members); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %+v, %v", name, fields, err)
		}
	}
}
