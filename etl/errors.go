package etl

import (
	"fmt"
	"strings"
)

// A ParseError says where a raw file breaks its contract, and what mends it.
type ParseError struct {
	File   string
	Line   int64  // 1-based; 0 when the file as a whole is at fault
	Column int    // 1-based, in bytes; 0 when the line as a whole is at fault
	Reason string // what is wrong
	Cure   string // what to do about it
}

// Error is one line: file:line:column: what is wrong; what to do.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ":%d", e.Column)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	if e.Cure != "" {
		fmt.Fprintf(&b, "; %s", e.Cure)
	}
	return b.String()
}

// A fault is a ParseError that doesn't know its file and line yet.
type fault struct {
	column int // 1-based byte in the line, 0 for the line as a whole
	reason string
	cure   string
}

// Error lets a fault travel as an error inside a pass.
func (f *fault) Error() string { return f.reason }

func (f *fault) at(file string, line int64) *ParseError {
	return &ParseError{File: file, Line: line, Column: f.column, Reason: f.reason, Cure: f.cure}
}
