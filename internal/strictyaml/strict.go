package strictyaml

import (
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"alignctl/internal/nearest"
)

// strict reports a key that no field of a type takes, by place and nearest
// name. What the YAML library says about such a key names no other.
func (d *Document) strict(node ast.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if anchor, ok := node.(*ast.AnchorNode); ok {
		return d.strict(anchor.Value, t)
	}
	if decodesItself(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return d.strictStruct(node, t)
	case reflect.Map:
		return d.strictPairs(node, func(*ast.MappingValueNode) (reflect.Type, error) { return t.Elem(), nil })
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			return nil
		}
		for _, item := range list.Values {
			if err := d.strict(item, t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) strictStruct(node ast.Node, t reflect.Type) error {
	fields, names := map[string]reflect.Type{}, []string{}
	for _, field := range Fields(t) {
		fields[field.Key] = field.Type
		names = append(names, field.Key)
	}
	return d.strictPairs(node, func(pair *ast.MappingValueNode) (reflect.Type, error) {
		if pair.Key.IsMergeKey() {
			return t, nil
		}
		field, known := fields[keyName(pair)]
		if !known {
			return nil, d.errorAt(pair.Key, "unknown key %q%s", keyName(pair), nearest.Hint(keyName(pair), names))
		}
		return field, nil
	})
}

// strictPairs looks at the values of a mapping; another node, which doesn't fit
// the type, is for the decoder to report.
func (d *Document) strictPairs(node ast.Node, typeOf func(*ast.MappingValueNode) (reflect.Type, error)) error {
	pairs, _ := mapping(node)
	for _, pair := range pairs {
		t, err := typeOf(pair)
		if err == nil {
			err = d.strict(pair.Value, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A Field is a field of a struct under the name that a file gives it.
type Field struct {
	reflect.StructField
	Key string
}

// Fields lists the fields that the YAML library sees; those of an inlined
// struct stand among its parent's.
func Fields(t reflect.Type) (fields []Field) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case options == "inline":
			fields = append(fields, Fields(f.Type)...)
		case name == "":
			fields = append(fields, Field{f, strings.ToLower(f.Name)})
		default:
			fields = append(fields, Field{f, name})
		}
	}
	return fields
}

// decodesItself reports whether a type reads its YAML by a method.
func decodesItself(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[yaml.InterfaceUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[yaml.BytesUnmarshaler]())
}
