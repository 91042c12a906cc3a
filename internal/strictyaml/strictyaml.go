// Package strictyaml decodes YAML files in which every key must be known: a
// slip of the hand is an error with its place and the nearest known key, never
// a setting without effect.
package strictyaml

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
func Decode(file string, content []byte, into any) error {
	d, err := Parse(file, content)
	if err != nil {
		return err
	}
	if d.Empty() {
		return &Error{File: file, Message: "file is empty"}
	}
	return d.Decode(into)
}

// A Document is a file whose YAML has been parsed.
type Document struct {
	file string
	root ast.Node // nil: there is nothing in it
}

// Parse parses the one document of a file's content; file names it in errors.
func Parse(file string, content []byte) (_ *Document, err error) {
	defer rescue(file, &err)
	if len(content) > MaxSize {
		return nil, &Error{File: file, Message: fmt.Sprintf("file of %d bytes is larger than %d", len(content), MaxSize)}
	}
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, located(file, err)
	}
	d := &Document{file: file}
	switch {
	case len(parsed.Docs) > 1:
		return nil, &Error{File: file, Message: "more than one YAML document: keep one"}
	case len(parsed.Docs) == 1 && parsed.Docs[0].Body != nil && parsed.Docs[0].Body.Type() != ast.CommentType:
		d.root = parsed.Docs[0].Body
	}
	return d, nil
}

// rescue makes an error of a panic of the library, which a few files with tags
// that have no value bring about.
func rescue(file string, err *error) {
	if r := recover(); r != nil {
		*err = &Error{File: file, Message: fmt.Sprintf("can't be read as YAML (%v): leave out tags and anchors", r)}
	}
}

// Empty reports whether there is nothing in the document.
func (d *Document) Empty() bool { return d.root == nil }

// Decode reads what stands at some keys, the whole document by none, into a
// pointer. Where the document hasn't all of the keys, the value stays as it is.
func (d *Document) Decode(into any, keys ...string) (err error) {
	defer rescue(d.file, &err)
	node := d.root
	if len(keys) > 0 {
		if node = nil; d.Has(keys...) {
			node = d.pair(keys).Value
		}
	}
	if node == nil {
		return nil
	}
	if err := d.strict(node, reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	if err := yaml.NodeToValue(node, into, yaml.Strict()); err != nil {
		return located(d.file, err)
	}
	return nil
}

// located gives a fault of the library its place.
func located(file string, err error) error {
	var fault yaml.Error
	if !errors.As(err, &fault) || fault.GetToken() == nil {
		return &Error{File: file, Message: err.Error()}
	}
	at := fault.GetToken().Position
	return &Error{File: file, Message: fault.GetMessage(), Line: at.Line, Column: at.Column}
}

// errorAt is an error about a place in the document.
func (d *Document) errorAt(node ast.Node, format string, args ...any) error {
	at := node.GetToken().Position
	return &Error{File: d.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)}
}
