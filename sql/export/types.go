package export

import (
	"fmt"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// scalarWords are the scalar types in the words of a codebook.
var scalarWords = map[lake.Kind]string{lake.KindString: "text", lake.KindBool: "true or false", lake.KindInt: "integer",
	lake.KindLong: "integer", lake.KindDouble: "number", lake.KindTimestamp: "time (UTC)"}

// typeWords is a type in the words of a codebook.
func typeWords(t lake.Type) string {
	switch t.Kind {
	case lake.KindList:
		return "list of " + typeWords(*t.Elem)
	case lake.KindStruct:
		members := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			members[i] = f.Name + ": " + typeWords(f.Type)
		}
		return "{" + strings.Join(members, ", ") + "}"
	case lake.KindOther:
		return t.Name
	}
	return scalarWords[t.Kind]
}

func holdsDouble(t lake.Type) bool {
	switch t.Kind {
	case lake.KindDouble:
		return true
	case lake.KindList:
		return holdsDouble(*t.Elem)
	}
	for _, f := range t.Fields {
		if holdsDouble(f.Type) {
			return true
		}
	}
	return false
}

// finite is a value of a type in SQL, with NULL for the numbers that a text can't
// hold: NaN and the infinities, which DuckDB would write into JSON bare. Depth
// names the variables of lists in lists.
func finite(t lake.Type, value string, depth int) string {
	switch {
	case !holdsDouble(t):
		return value
	case t.Kind == lake.KindDouble:
		return "CASE WHEN isfinite(" + value + ") THEN " + value + " END"
	case t.Kind == lake.KindList:
		item := fmt.Sprintf("item%d", depth)
		return "list_transform(" + value + ", lambda " + item + ": " + finite(*t.Elem, item, depth+1) + ")"
	}
	members := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		members[i] = duck.Name(f.Name) + " := " + finite(f.Type, value+"."+duck.Name(f.Name), depth)
	}
	return "CASE WHEN " + value + " IS NOT NULL THEN struct_pack(" + strings.Join(members, ", ") + ") END"
}
