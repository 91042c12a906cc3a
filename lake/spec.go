package lake

import (
	"fmt"
	"strings"

	"alignctl/lake/duck"
)

// Licence says whether rows of a table may leave the lake in an export.
type Licence string

// The licence classes of a table.
const (
	OpenData         Licence = "open"
	NoRedistribution Licence = "no-redistribution"
)

// OpenLicences are licences of raw files, as etl records them, under which
// anybody may pass their rows on: those that ask no more than to be named and
// kept.
func OpenLicences() []string {
	return []string{"Apache-2.0", "MIT", "CC0-1.0", "CC-BY-4.0", "CC BY 4.0", "CC-BY-SA-4.0", "CC BY-SA 4.0", "ODbL-1.0", "public domain"}
}

// A Spec declares a table once: what a row is, its columns, its key. The
// package that writes a table owns its Spec; the Iceberg schema, the column
// docs and docs/tables.md are made from it.
type Spec struct {
	Name    string // schema-qualified, as in SQL: "core.strength"
	Doc     string // what one row is
	Columns []Column
	// Key names the columns that identify a row. Rows are stored and digested
	// in key order.
	Key []string
	// Scope is the column whose value a run replaces as a whole (a source, a
	// language, a run id); it is the first column of Key. Empty: a run
	// replaces the whole table.
	Scope   string
	Licence Licence
	// Order is how Write sorts rows, where fewer columns than Key give key order
	// already: a column that holds one value needs no sorting. The rows are
	// checked all the same. Nil: by Key.
	Order []string `json:"-"`
	// Presorted says that the query gives its rows in key order by itself, so
	// that Write need not sort them: some rows of a table in its order, or of a
	// file in its own. Where that turns out wrong, Write sorts after all.
	Presorted bool `json:"-"`
}

// A Column is one column of a Spec.
type Column struct {
	Name     string
	Type     Type
	Required bool   // never NULL
	Unit     string // "", "1" for a share, "count", "token", "second", ...
	Doc      string
}

// A Kind is the outermost constructor of a Type.
type Kind int

// The kinds that DuckDB, Iceberg and Spark all hold without loss.
const (
	KindString Kind = iota
	KindBool
	KindInt  // 32 bit
	KindLong // 64 bit
	KindDouble
	KindTimestamp // microseconds, UTC
	KindList
	KindStruct
	// KindOther is a type of another engine's column, which the lake reads and
	// doesn't write.
	KindOther
)

// A Type is a column type of the lake.
type Type struct {
	Kind   Kind
	Elem   *Type   // of a list
	Fields []Field // of a struct
	Name   string  // of KindOther, in SQL
}

// A Field is a member of a struct Type.
type Field struct {
	Name string
	Type Type
}

// The scalar types.
var (
	String    = Type{Kind: KindString}
	Bool      = Type{Kind: KindBool}
	Int       = Type{Kind: KindInt}
	Long      = Type{Kind: KindLong}
	Double    = Type{Kind: KindDouble}
	Timestamp = Type{Kind: KindTimestamp}
)

// List is the type of a list of elem.
func List(elem Type) Type { return Type{Kind: KindList, Elem: &elem} }

// Struct is the type of a record with the given fields.
func Struct(fields ...Field) Type { return Type{Kind: KindStruct, Fields: fields} }

// SQL is the type's name in DuckDB.
func (t Type) SQL() string {
	switch t.Kind {
	case KindString:
		return "VARCHAR"
	case KindBool:
		return "BOOLEAN"
	case KindInt:
		return "INTEGER"
	case KindLong:
		return "BIGINT"
	case KindDouble:
		return "DOUBLE"
	case KindTimestamp:
		return "TIMESTAMP"
	case KindList:
		return t.Elem.SQL() + "[]"
	case KindOther:
		return t.Name
	}
	fields := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = duck.Name(f.Name) + " " + f.Type.SQL()
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")"
}

// keyKinds are the kinds that a key column may have: those with one order on
// every engine.
var keyKinds = map[Kind]bool{KindString: true, KindBool: true, KindInt: true, KindLong: true, KindTimestamp: true}

// check sees that a spec is whole: a writer's mistake, found at its first use.
func (s Spec) check() error {
	kinds := map[string]Kind{}
	for _, c := range s.Columns {
		if _, twice := kinds[c.Name]; twice {
			return fmt.Errorf("spec of %s: column %q is declared twice", s.Name, c.Name)
		}
		kinds[c.Name] = c.Type.Kind
	}
	if len(s.Key) == 0 || strings.Count(s.Name, ".") != 1 {
		return fmt.Errorf("spec of %q: a name schema.table and a key are needed", s.Name)
	}
	for _, name := range s.Key {
		if kind, ok := kinds[name]; !ok || !keyKinds[kind] {
			return fmt.Errorf("spec of %s: key column %q is missing, or of a kind that has no order", s.Name, name)
		}
	}
	if s.Scope != "" && (s.Key[0] != s.Scope || kinds[s.Scope] != KindString) {
		return fmt.Errorf("spec of %s: scope %q must be a string and the first column of the key", s.Name, s.Scope)
	}
	return nil
}
