package workspace

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Setting is a value that commands go by, with where it comes from.
type Setting struct {
	Key   string // in the file: etl.swow.swow-en.language
	Value string
	Line  int // of the file; 0 where the file doesn't set it
}

// Settings lists the settings of a section as it was decoded: in the order of
// the type's fields, entries by name.
func (f *File) Settings(section string, decoded any) []Setting {
	w := &walk{file: f}
	w.value([]string{section}, reflect.Indirect(reflect.ValueOf(decoded)))
	return w.list
}

// A walk lists the settings of a value.
type walk struct {
	file *File
	list []Setting
}

func (w *walk) value(keys []string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range fieldsOf(v.Type()) {
			w.value(append(slices.Clone(keys), field.name), v.FieldByName(field.Name))
		}
	case reflect.Map:
		for _, name := range slices.SortedFunc(maps.Keys(indexed(v)), strings.Compare) {
			w.value(append(slices.Clone(keys), name), v.MapIndex(reflect.ValueOf(name)))
		}
	default:
		s := Setting{Key: strings.Join(keys, "."), Value: textOf(v)}
		if pair := w.file.find(keys); pair != nil {
			s.Line = pair.Key.GetToken().Position.Line
		}
		w.list = append(w.list, s)
	}
}

// indexed are the entries of a map whose keys are texts.
func indexed(v reflect.Value) map[string]bool {
	names := map[string]bool{}
	for _, key := range v.MapKeys() {
		names[key.String()] = true
	}
	return names
}

// textOf shows a value: texts as they are, lists by commas, the rest as JSON.
func textOf(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Slice && v.Len() == 0:
		return ""
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = v.Index(i).String()
		}
		return strings.Join(parts, ", ")
	case v.Kind() == reflect.Slice:
		return JSON(v.Interface())
	}
	return fmt.Sprint(v.Interface())
}

// JSON shows a value that came from the file, on one line, with < and & as they
// are.
func JSON(value any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// find is the pair at the end of some keys; nil where the file hasn't all of
// them.
func (f *File) find(keys []string) *ast.MappingValueNode {
	path := f.follow(keys)
	if len(path) < len(keys) {
		return nil
	}
	return path[len(path)-1]
}

// follow gives the pairs at some keys, as far as the file has them.
func (f *File) follow(keys []string) (path []*ast.MappingValueNode) {
	if f == nil {
		return nil
	}
	children := f.sections
	for _, key := range keys {
		pair, ok := children[key]
		if !ok {
			break
		}
		path, children = append(path, pair), map[string]*ast.MappingValueNode{}
		pairs, _ := mapping(pair.Value)
		for _, child := range pairs {
			children[keyName(child)] = child
		}
	}
	return path
}
