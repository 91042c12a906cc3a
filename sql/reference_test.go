package sql

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testTables() []string { return []string{"core.strength", "core.cue", "meta.runs"} }

// marked rewrites each reference to <table|version>.
func marked(text string) (rewriting, error) {
	found, err := references(text, testTables())
	if err != nil {
		return rewriting{}, err
	}
	swaps := make([]swap, len(found))
	for i, r := range found {
		swaps[i] = swap{r.start, r.end, "<" + r.table + "|" + r.version + ">"}
	}
	return rewrite(Statement{SQL: text}, swaps), nil
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"from core.strength@paper-v1 s join core.cue@123 using (cue)": "from <core.strength|paper-v1> s join <core.cue|123> using (cue)",
		`from core.strength@"2026-11-25T06:50:51Z";`:                  `from <core.strength|2026-11-25T06:50:51Z>;`,
		"from core.strength@'a''b'":                                   "from <core.strength|a'b>",
		"from Core.\"strength\"@v1,core.cue@论文-2":                     "from <core.strength|v1>,<core.cue|论文-2>",
		"from core.strength@v1.2_b-c--comment":                        "from <core.strength|v1.2_b-c>--comment",
		"from core.strength@2026-11-25.":                              "from <core.strength|2026-11-25>.",
		"(from core.strength@v1)":                                     "(from <core.strength|v1>)",
		"from core.strength@v1/* c */":                                "from <core.strength|v1>/* c */",
		"select @ -5, @x from core.strength":                          "select @ -5, @x from core.strength",
		"select a.b@c, strength@v1":                                   "select a.b@c, strength@v1",
		"from core.strength @v1":                                      "from core.strength @v1",
		"from memory.core.strength@v1":                                "from memory.core.strength@v1",
		"select 'core.strength@v1', \"core.strength@v1\"":             "select 'core.strength@v1', \"core.strength@v1\"",
		"select $$core.strength@v1$$, $a$ $$ core.cue@1 $a$":          "select $$core.strength@v1$$, $a$ $$ core.cue@1 $a$",
		"-- core.strength@v1\nfrom core.cue@1":                        "-- core.strength@v1\nfrom <core.cue|1>",
		"/* core.strength@v1 /* */ core.strength@v1 */ from core.cue": "/* core.strength@v1 /* */ core.strength@v1 */ from core.cue",
		`select e'\' core.strength@v1', core.cue@2`:                   `select e'\' core.strength@v1', <core.cue|2>`,
	} {
		got, err := marked(text)
		if err != nil || got.sql != want {
			t.Errorf("%s\n gave %s, %v\n want %s", text, got.sql, err, want)
		}
	}
}

func TestReferenceFaults(t *testing.T) {
	for text, want := range map[string]string{
		"from core.strenght@v1":             `no table "core.strenght" in the lake; did you mean "core.strength"?`,
		"from core.cue@ v1":                 "must follow the @ directly",
		"from core.cue@-v1":                 "must follow the @ directly",
		`from core.cue@""`:                  "must follow the @ directly",
		`from core.cue@"open`:               "must follow the @ directly",
		"from core.cue@2026-11-25T06:50:51": "in quotes",
	} {
		if _, err := marked(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	r, err := marked("from core.cue@1, core.strength@v2 where x")
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"from", ", ", " where", "x"} {
		if got, want := r.origin(strings.Index(r.sql, piece)), strings.Index(r.original.SQL, piece); got != want {
			t.Errorf("%q: %d, want %d", piece, got, want)
		}
	}
	if got, want := r.origin(strings.Index(r.sql, "strength")), strings.Index(r.original.SQL, "core.strength"); got != want {
		t.Errorf("inside: %d, want %d", got, want)
	}
}

func TestStatements(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  []Statement
		after string
	}{
		{"select 1; select\n2;", []Statement{{"select 1", 1}, {"select\n2", 1}}, ""},
		{"\n\n-- a;\nselect ';' ; ;\n  select 2", []Statement{{"-- a;\nselect ';'", 3}}, "select 2"},
		{".tables\nselect 1\n.5;\n  .mode csv\n.read x", []Statement{{".tables", 1}, {"select 1\n.5", 2},
			{".mode csv", 4}, {".read x", 5}}, ""},
		{"select 'open; ", nil, "select 'open;"},
		{"select $$;$$, $1; /* ; */", []Statement{{"select $$;$$, $1", 1}}, ""},
		{"", nil, ""},
		{"select 1; /* open ;", []Statement{{"select 1", 1}}, "/* open ;"},
	} {
		got, rest := Statements(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || rest.SQL != c.after {
			t.Errorf("%q: rest %q, %s", c.text, rest.SQL, diff)
		}
	}
}

func TestOne(t *testing.T) {
	for text, ok := range map[string]bool{
		"select 1": true, "select 1;": true, "\nselect 1 ; -- done": true, "select 1; /* */ ;": true,
		"": false, " -- nothing": false, "select 1; select 2": false, "select 1; select 2;": false, ";": false,
	} {
		if s, err := One(text); (err == nil) != ok {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

// Tokens tile any text, and the text without references stays as it is.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"select 'a''b', \"c\", $x$ ; $x$ -- d\n/* /* */ */ from core.cue@1 @ -5", "e'\\'", "$1$a$", "\xff@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for at := 0; at < len(text); {
			token := nextToken(text, at)
			if token.start != at || token.end <= at || token.end > len(text) {
				t.Fatalf("token %+v at %d of %q", token, at, text)
			}
			at = token.end
		}
		statements, rest := Statements(text)
		at := 0
		for _, s := range append(statements, rest) {
			next := strings.Index(text[at:], s.SQL)
			if next < 0 {
				t.Fatalf("statement %q isn't in the rest of %q", s.SQL, text)
			}
			at += next + len(s.SQL)
		}
		r, err := marked(text)
		if err != nil {
			return
		}
		back := r.sql
		for i := len(r.edits) - 1; i >= 0; i-- {
			e := r.edits[i]
			back = back[:e.newStart] + text[e.start:e.end] + back[e.newEnd:]
		}
		if back != text {
			t.Errorf("rewritten %q to %q, back %q", text, r.sql, back)
		}
		for at := range len(r.sql) + 1 {
			if origin := r.origin(at); origin < 0 || origin > len(text) {
				t.Errorf("place %d of %q comes from %d of %q", at, r.sql, origin, text)
			}
		}
	})
}
