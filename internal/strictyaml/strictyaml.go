// Package strictyaml decodes YAML files in which every key must be known: a
// slip of the hand is an error with its place and the nearest known key, never
// a setting without effect.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"alignctl/internal/nearest"
)

// MaxSize is the largest file that is decoded, in bytes.
const MaxSize = 1 << 20

// An Error says where a file is at fault: file:line:column.
type Error struct {
	File         string
	Line, Column int // 1-based; 0 where the file as a whole is at fault
	Message      string
}

// Error is one line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Decode reads the one document of a file's content into a pointer; file names
// it in errors, which are *[Error].
func Decode(file string, content []byte, into any) (err error) {
	defer func() {
		if r := recover(); r != nil { // the library does on a few files with tags that have no value
			err = &Error{File: file, Message: fmt.Sprintf("can't be read as YAML (%v): leave out tags and anchors", r)}
		}
	}()
	if len(content) > MaxSize {
		return &Error{File: file, Message: fmt.Sprintf("file of %d bytes is larger than %d", len(content), MaxSize)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	err = decoder.Decode(into)
	if err == io.EOF {
		return &Error{File: file, Message: "file is empty"}
	}
	if err != nil {
		return located(file, err, reflect.TypeOf(into))
	}
	if err := decoder.Decode(new(any)); err != io.EOF {
		return &Error{File: file, Message: "more than one YAML document: keep one"}
	}
	return nil
}

// located gives a fault of the library its place.
func located(file string, err error, into reflect.Type) error {
	var fault yaml.Error
	if !errors.As(err, &fault) || fault.GetToken() == nil {
		return &Error{File: file, Message: err.Error()}
	}
	at := fault.GetToken()
	e := &Error{File: file, Message: fault.GetMessage(), Line: at.Position.Line, Column: at.Position.Column}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		e.Message = fmt.Sprintf("unknown key %q%s", at.Value, nearest.Hint(at.Value, keys(into)))
	}
	return e
}

// keys lists the keys of a type and of the types in it, sorted.
func keys(t reflect.Type) []string {
	var names []string
	for _, t := range structs(t, nil) {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// structs adds the structs of a type to those that were seen.
func structs(t reflect.Type, seen []reflect.Type) []reflect.Type {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return structs(t.Elem(), seen)
	case reflect.Struct:
		if slices.Contains(seen, t) {
			return seen
		}
		seen = append(seen, t)
		for i := range t.NumField() {
			seen = structs(t.Field(i).Type, seen)
		}
	}
	return seen
}
