package duck

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestFaultHasAPlace(t *testing.T) {
	db := open(t)
	for query, want := range map[string]string{
		"select '词语', nope from range(3)": "Binder Error: Referenced column \"nope\" not found in FROM clause!\n" +
			"Candidate bindings: \"range\"\n\nLINE 1: select '词语', nope from range(3)\n                       ^",
		"select 1,\n\t2 frm x":     "Parser Error: syntax error at or near \"x\"\n\nLINE 2:  2 frm x\n               ^",
		"select * from nosuch.tbl": "LINE 1: select * from nosuch.tbl\n                      ^",
		"select 'abc'::int":        "LINE 1: select 'abc'::int\n                    ^",
		"select " + strings.Repeat("1, ", 100) + "nope" + strings.Repeat(", 1", 100): "LINE 1: ...1, 1, 1, ",
	} {
		_, err := db.Query(t.Context(), query)
		var fault *QueryError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %q", query, err, want)
			continue
		}
	}
	_, err := db.Describe(t.Context(), "select 1,\n nope")
	var fault *QueryError
	if !errors.As(err, &fault) || fault.Query != "select 1,\n nope" || fault.Offset != 11 || fault.Line() != 2 {
		t.Errorf("described: %+v", fault)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := db.Query(ctx, "select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 11"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query that took too long: %v", err)
	}
}
