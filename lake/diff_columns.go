package lake

import (
	"slices"

	"alignctl/lake/iceberg"
)

// A ColumnDiff is a column of either version of a table.
type ColumnDiff struct {
	Before, After string // its name in each version; "": the version lacks it
	TypeBefore    Type
	TypeAfter     Type
	Key           bool // part of the key that rows were matched by
	// Compared says that both versions have the column, in types whose values
	// can be equal.
	Compared bool
	Equal    int64 // common rows whose values are equal

	a, b int // where it is among the fields of each version, or -1
}

// Name is the column's name in the newer version that has it.
func (c ColumnDiff) Name() string {
	if c.After != "" {
		return c.After
	}
	return c.Before
}

// Change says in a word or two what became of the column: "added", "removed",
// "renamed", "retyped", "renamed and retyped", or "" when it is as it was.
func (c ColumnDiff) Change() string {
	renamed, retyped := c.Before != c.After, c.TypeBefore.SQL() != c.TypeAfter.SQL()
	switch {
	case c.Before == "":
		return "added"
	case c.After == "":
		return "removed"
	case renamed && retyped:
		return "renamed and retyped"
	case renamed:
		return "renamed"
	case retyped:
		return "retyped"
	}
	return ""
}

// pairColumns matches the columns of two versions, those of one table by their
// field ids, and, where that leaves some, by their names: those of b in their
// order, then those that only a has.
func pairColumns(a, b *tableVersion) []ColumnDiff {
	partner := partners(a, b)
	var columns []ColumnDiff
	paired := map[int]bool{}
	for j, f := range b.fields {
		c := ColumnDiff{After: f.Name, TypeAfter: typeOf(f), a: partner[j], b: j}
		if i := c.a; i >= 0 {
			paired[i] = true
			c.Before, c.TypeBefore = a.fields[i].Name, typeOf(a.fields[i])
			c.Compared = comparableTypes(c.TypeBefore, c.TypeAfter)
		}
		columns = append(columns, c)
	}
	for i, f := range a.fields {
		if !paired[i] {
			columns = append(columns, ColumnDiff{Before: f.Name, TypeBefore: typeOf(f), a: i, b: -1})
		}
	}
	return columns
}

// partners finds, for each column of b, where it is among those of a, or -1.
func partners(a, b *tableVersion) []int {
	partner, taken := make([]int, len(b.fields)), map[int]bool{}
	match := func(j int, same func(iceberg.Field) bool) {
		if i := slices.IndexFunc(a.fields, same); i >= 0 && partner[j] < 0 && !taken[i] {
			partner[j], taken[i] = i, true
		}
	}
	for j := range partner {
		partner[j] = -1
		if a.lake == b.lake && a.pin.Table == b.pin.Table {
			match(j, func(f iceberg.Field) bool { return f.ID == b.fields[j].ID })
		}
	}
	for j := range partner {
		match(j, func(f iceberg.Field) bool { return f.Name == b.fields[j].Name })
	}
	return partner
}

// comparableTypes says whether values of two types can be equal: Iceberg lets an int
// become a long, and its values stay.
func comparableTypes(a, b Type) bool {
	whole := func(t Type) bool { return t.Kind == KindInt || t.Kind == KindLong }
	return a.SQL() == b.SQL() || whole(a) && whole(b)
}

// wider is the type of the two that holds the values of both.
func (c ColumnDiff) wider() Type {
	if c.TypeBefore.Kind == KindLong {
		return c.TypeBefore
	}
	return c.TypeAfter
}

// markKey finds the key by which rows of the two versions are matched: the
// positions of its columns; nil when the versions have no key in common.
func markKey(columns []ColumnDiff, a, b *tableVersion) (key []int) {
	if len(a.spec.Key) == 0 || len(a.spec.Key) != len(b.spec.Key) {
		return nil
	}
	for k := range a.spec.Key {
		at := slices.IndexFunc(columns, func(c ColumnDiff) bool {
			return c.Compared && c.Before == a.spec.Key[k] && c.After == b.spec.Key[k]
		})
		if at < 0 {
			return nil
		}
		key = append(key, at)
	}
	for _, at := range key {
		columns[at].Key = true
	}
	return key
}
