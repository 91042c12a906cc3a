package sql

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
)

func TestParseType(t *testing.T) {
	message := lake.Struct(lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "my, (text) ", Type: lake.String})
	for text, want := range map[string]lake.Type{
		"VARCHAR":     lake.String,
		"BIGINT[]":    lake.List(lake.Long),
		"INTEGER[][]": lake.List(lake.List(lake.Int)),
		`STRUCT("role" VARCHAR, "my, (text) " VARCHAR)[]`: lake.List(message),
		`STRUCT(a DOUBLE[], b STRUCT(c BOOLEAN))`: lake.Struct(lake.Field{Name: "a", Type: lake.List(lake.Double)},
			lake.Field{Name: "b", Type: lake.Struct(lake.Field{Name: "c", Type: lake.Bool})}),
	} {
		got, rest, ok := parseType(text)
		if diff := cmp.Diff(want, got); diff != "" || rest != "" || !ok {
			t.Errorf("%s: rest %q, %v %s", text, rest, ok, diff)
		}
	}
	for _, text := range []string{
		"HUGEINT", "DECIMAL(2,1)", "VARCHAR[3]", "STRUCT(a BLOB)", "STRUCT(a", "", "STRUCT(a VARCHAR;",
	} {
		if _, rest, ok := parseType(text); ok && rest == "" {
			t.Errorf("%q was accepted", text)
		}
	}
}
