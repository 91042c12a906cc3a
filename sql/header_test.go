package sql

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// header is a whole view file, whose lines the tests change.
const header = `-- view: data.pairs
-- doc: One pair,
--   strong ones only.
-- key: cue, response
-- licence: open
-- param: least int 10 1..1000 "people, at least"
-- column: cue "the cue"
-- column: people unit=count null "people"

SELECT cue, response, n123 AS people
FROM core.strength -- a comment
WHERE n123 >= getvariable('least');

-- audit: no-blank "a response is there"
SELECT cue FROM data.pairs WHERE response = ''
`

func TestParseView(t *testing.T) {
	v, err := ParseView("views/pairs.sql", header)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{v.Name, v.Doc, v.Key, string(v.Licence), v.Query.Line, v.Audits[0].Query.Line, len(v.Audits)}
	want := []any{"data.pairs", "One pair, strong ones only.", []string{"cue", "response"}, "open", 10, 15, 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(v.Query.SQL, "getvariable('least')") {
		t.Errorf("query ends in %q, want neither semicolon nor blank lines", v.Query.SQL)
	}
	if c := v.Columns[1]; c.Name != "people" || c.Unit != "count" || !c.Null || c.Doc != "people" {
		t.Errorf("column %+v", c)
	}
	if p := v.Params[0]; p.Name != "least" || p.Type != ParamInt || p.Default != "10" || p.Doc != "people, at least" {
		t.Errorf("param %+v", p)
	}
}

func TestParseViewErrors(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown entry", "-- licence:", "-- license:", `pairs.sql:5: unknown entry "license"; did you mean "licence"?`},
		{"plain comment", "-- key: cue, response", "-- by cue", "pairs.sql:4: not a header entry"},
		{"no key", "-- key: cue, response\n", "", "pairs.sql:1: the header has no key: entry"},
		{"key repeated", "cue, response\n", "cue, cue\n", `pairs.sql:4: key: column "cue" is repeated`},
		{"second doc", "-- key:", "-- doc: more\n-- key:", "pairs.sql:4: second doc: entry"},
		{"empty", "-- licence: open", "-- licence:", "pairs.sql:5: licence: is empty"},
		{"engine", "-- licence", "-- engines: duckdb, polars\n-- licence", `pairs.sql:5: engines: "polars" is repeated or not one of duckdb, spark`},
		{"no duckdb", "-- licence", "-- engines: spark\n-- licence", "pairs.sql:5: engines: every view runs on duckdb, too: duckdb, spark"},
		{"licence", ": open", ": free", `pairs.sql:5: licence "free": want open or no-redistribution`},
		{"file name", "data.pairs\n-- doc", "data.other\n-- doc",
			`pairs.sql:1: view "data.other" stands in pairs.sql: call the file other.sql`},
		{"schema", "data.pairs\n-- doc", "meta.pairs\n-- doc", `pairs.sql:1: view "meta.pairs": want "data."`},
		{"optional", "-- licence", "-- optional: core.lemma(form)\n-- licence", "only a view that stands in every session may lack a table"},
		{"scope no param", "-- licence", "-- scope: cue\n-- licence", `pairs.sql:5: scope "cue": want a param of this name`},
		{"scope param type", "-- licence", "-- scope: least\n-- licence", `pairs.sql:5: scope "least": the param is int, want string`},
		{"scope not first", "-- licence: open", "-- scope: response\n-- licence: open\n-- param: response string a",
			`pairs.sql:5: scope "response": want it as the first column of the key, not "cue"`},
		{"second scope", "-- licence", "-- scope: cue\n-- scope: cue\n-- licence", "pairs.sql:6: second scope: entry"},
		{"optional form", "-- licence", "-- optional: core.lemma\n-- licence", `pairs.sql:5: optional: "core.lemma": want a table`},
		{"param type", "int 10", "integer 10", `pairs.sql:6: param: "least": unknown type "integer"`},
		{"param default", "int 10", "int 0", `default of parameter "least": "0" is not a whole number in 1..1000`},
		{"param range", "1..1000", "1-1000", `range "1-1000", want LOW..HIGH`},
		{"open quote", `"people, at least"`, `"people`, `quote " is not closed`},
		{"text after doc", `"the cue"`, `"the" cue`, `pairs.sql:7: column: text after the doc: "cue"`},
		{"column word", "unit=count null", "count", `pairs.sql:8: column: "people": unknown word "count"`},
		{"column twice", "-- column: people unit=count null", "-- column: cue",
			`pairs.sql:8: column "cue" is declared twice`},
		{"null key", `-- column: cue "`, `-- column: cue null "`, `pairs.sql:7: key column "cue" can't be null`},
		{"late entry", "FROM core", "-- param: x int 1\nFROM core", "pairs.sql:11: param: stands after the query began"},
		{"audit name", "no-blank \"", "No Blank \"", `pairs.sql:14: audit "No Blank`},
		{"audit empty", "SELECT cue FROM data.pairs WHERE response = ''", "", `pairs.sql:14: audit "no-blank" has no query`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(header, test.old, test.new, 1)
			if text == header {
				t.Fatalf("%q is not in the header", test.old)
			}
			_, err := ParseView("views/pairs.sql", text)
			var parse *ParseError
			if !errors.As(err, &parse) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant a ParseError with %s", err, test.want)
			}
		})
	}
}

// A view under core is built when it has a parameter; else it stands in every
// session, and nothing would audit it.
func TestParseViewUnderCore(t *testing.T) {
	core := strings.ReplaceAll(header, "data.pairs", "core.pairs")
	if v, err := ParseView("views/pairs.sql", core); err != nil || v.live() {
		t.Errorf("with a param: %v", err)
	}
	const param = "-- param: least int 10 1..1000 \"people, at least\"\n"
	_, err := ParseView("views/pairs.sql", strings.Replace(core, param, "", 1))
	if want := "pairs.sql:14: a view under core or eval without params and scope stands in every session"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestParseViewNeedsQuery(t *testing.T) {
	head, _, _ := strings.Cut(header, "\nSELECT")
	if _, err := ParseView("pairs.sql", head); err == nil || !strings.Contains(err.Error(), "no query after the header") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseView(f *testing.F) {
	f.Add(header)
	f.Add("-- view: data.pairs\r\n--   \n-- param: x string 'a b' a|b \"")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseView("pairs.sql", text)
		var parse *ParseError
		switch {
		case err == nil && (v.Query.SQL == "" || len(v.Key) == 0):
			t.Errorf("accepted %+v", v)
		case err != nil && (!errors.As(err, &parse) || parse.Line < 1 || parse.Line > 1+strings.Count(text, "\n")+1):
			t.Errorf("error without a line of the file: %v", err)
		}
	})
}

func TestValues(t *testing.T) {
	view := &View{Name: "data.x", Params: []Param{
		mustParam(t, "copies", "int", "4", "1..100"),
		mustParam(t, "share", "double", "0.7", "0..1"),
		mustParam(t, "language", "string", "both", "both|en|zh"),
		mustParam(t, "strict", "bool", "false"),
	}}
	for _, test := range []struct {
		set  map[string]string
		want any // the values, or the error's text
	}{
		{nil, map[string]any{"copies": int64(4), "share": 0.7, "language": "both", "strict": false}},
		{map[string]string{"copies": "9", "strict": "true"},
			map[string]any{"copies": int64(9), "share": 0.7, "language": "both", "strict": true}},
		{map[string]string{"copies": "0"}, `parameter "copies": "0" is not a whole number in 1..100`},
		{map[string]string{"copies": "2.5"}, `parameter "copies": "2.5" is not a whole number`},
		{map[string]string{"share": "1.01"}, `parameter "share": "1.01" is not a number in 0..1`},
		{map[string]string{"share": "NaN"}, `parameter "share": "NaN" is not a number`},
		{map[string]string{"language": "de"}, `parameter "language": "de" is not one of both, en, zh`},
		{map[string]string{"strict": "yes"}, `parameter "strict": "yes" is not true or false`},
		{map[string]string{"copis": "2"}, `no parameter "copis"; did you mean "copies"?`},
	} {
		got, err := view.values(test.set)
		if text, isError := test.want.(string); isError {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v: got %v, want %s", test.set, err, text)
			}
			continue
		}
		if diff := cmp.Diff(test.want, any(got)); diff != "" || err != nil {
			t.Errorf("%v: %v %s", test.set, err, diff)
		}
	}
}

func mustParam(t *testing.T, words ...string) Param {
	t.Helper()
	p, err := parseParam(words, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}
