package sql

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Statements finds as many statements as DuckDB's parser, in any text that parses.
func TestStatementsLaw(t *testing.T) {
	s := newWorld(t, "").open(SessionOptions{})
	pieces := []string{"select 1", "select", " ", "\n", ";", ";", "'a;b'", "'it''s'", `"c;d"`, "e'\\';'", "e'x''y'", "$$;$$", "$t$ $$ ; $t$",
		"-- ;\n", "/* ; */", "/* /* ; */ ; */", " as x", ", 2", "from range(1)", "date'2020-01-01'", "x'AB'", "$1", "词", "@ -5", "a$b", "1e5", "'"}
	parsed := 0
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces"), " ")
		answer, err := scalar(t.Context(), s.session, "select json_serialize_sql(?::VARCHAR)::VARCHAR", text)
		if err != nil {
			t.Fatal(err)
		}
		var tree parseTree
		if err := json.Unmarshal([]byte(answer), &tree); err != nil {
			t.Fatal(err)
		}
		if tree.Error {
			return
		}
		parsed++
		statements, rest := Statements(text)
		if rest.SQL != "" {
			statements = append(statements, rest)
		}
		if len(statements) != len(tree.Statements) {
			t.Errorf("%q: %d statements, DuckDB finds %d", text, len(statements), len(tree.Statements))
		}
	})
	t.Logf("%d texts parsed", parsed)
	if parsed == 0 {
		t.Error("no text parsed")
	}
}
