package sql

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"alignctl/lake"
)

// A View is what a view file declares: a data set, which a build writes, or a
// view that stands in each session over the tables of its version.
type View struct {
	File     string // for messages: where the view was read from
	Name     string // the table that a build writes: "data.sft_ranked"; or "core.norm_lookup"
	Doc      string // what one row is
	Key      []string
	Scope    string // the parameter and column whose value a build replaces; "": it replaces the table
	Licence  lake.Licence
	Engines  []string  // that give the same rows, as the header says; nil: DuckDB
	Optional *Optional // of a view that isn't built
	Params   []Param
	Columns  []Column
	Query    Statement
	Audits   []Audit
	Waivers  []Waiver
}

// An Optional is a table that the lake may lack; the view then reads no rows.
type Optional struct {
	Table   string
	Columns []string // those that the query names, all of them text
}

// live reports whether the view isn't built but stands in each session.
func (v *View) live() bool { return v.ours() && len(v.Params) == 0 && v.Scope == "" }

// ours reports whether a view of this name can only come with alignctl.
func (v *View) ours() bool {
	return strings.HasPrefix(v.Name, "core.") || strings.HasPrefix(v.Name, "eval.")
}

// scopeIn is the scope that a build with these parameters replaces.
func (v *View) scopeIn(params map[string]any) string {
	scope, _ := params[v.Scope].(string)
	return scope
}

// param finds a parameter that the view has.
func (v *View) param(name string) Param {
	return v.Params[slices.IndexFunc(v.Params, func(p Param) bool { return p.Name == name })]
}

// A Column is what a view's header says of one of its columns.
type Column struct {
	Name string
	Unit string
	Null bool // may hold NULL
	Doc  string
	line int
}

// An Audit is a query over the built rows that must return none.
type Audit struct {
	Name  string
	Doc   string
	Query Statement
}

// A Waiver lifts a standing audit where a parameter has a value: what a study
// did, for those who want it again.
type Waiver struct{ Audit, Param, Value string }

// A Statement is one query of a view file.
type Statement struct {
	SQL  string
	Line int // of the file, 1-based, at which SQL starts
}

// A ParseError is a fault in a view file, at a line of it.
type ParseError struct {
	File string
	Line int // 1-based
	Msg  string
}

// Error is file:line: message.
func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// lineMark is how DuckDB, or another engine, tells the line of a statement in
// which a fault lies.
var lineMark = regexp.MustCompile(`(?mi)^LINE ([0-9]+):`)

// at adds the place in the view's file to the error of one of its statements:
// the line that the engine names, else the statement's first.
func (v *View) at(s Statement, err error) error {
	line := s.Line
	if m := lineMark.FindStringSubmatch(err.Error()); m != nil {
		if within, convErr := strconv.Atoi(m[1]); convErr == nil {
			line += within - 1
		}
	}
	return fmt.Errorf("%s:%d: %w", v.File, line, err)
}
