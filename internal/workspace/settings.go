package workspace

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"alignctl/internal/strictyaml"
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
		for _, field := range strictyaml.Fields(v.Type()) {
			w.value(append(slices.Clone(keys), field.Key), v.FieldByName(field.Name))
		}
	case reflect.Map:
		for _, name := range slices.SortedFunc(maps.Keys(indexed(v)), strings.Compare) {
			w.value(append(slices.Clone(keys), name), v.MapIndex(reflect.ValueOf(name)))
		}
	default:
		s := Setting{Key: strings.Join(keys, "."), Value: textOf(v)}
		if w.file.document.Has(keys...) {
			s.Line, _ = w.file.document.Place(keys...)
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
