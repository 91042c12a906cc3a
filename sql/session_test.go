package sql

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// twoVersions is a lake whose core.strength had 2 rows, then 5, and since then
// there is core.split.
func twoVersions(t *testing.T) (w *world, first string) {
	w = newWorld(t, "")
	key := []string{"language", "cue", "response"}
	query := "SELECT 'en' AS language, 'cue' || i AS cue, 'r' AS response, i AS n123 FROM range(%d) t(i)"
	w.table("core.strength", key, fmt.Sprintf(query, 2))
	pins, err := w.lake.At(w.ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	w.table("core.strength", key, fmt.Sprintf(query, 5))
	w.table("core.split", key[:2], "SELECT 'en' AS language, 'cue1' AS cue, 'train' AS split")
	return w, strconv.FormatInt(pins["core.strength"].Snapshot, 10)
}

func (w *world) open(o SessionOptions) *Session {
	w.t.Helper()
	s, err := Open(w.ctx, w.lake, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

// values are the values of a query's first row.
func values(t *testing.T, s *Session, query string) ([]any, error) {
	t.Helper()
	statement, err := One(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(t.Context(), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	if !rows.Next() {
		t.Fatalf("%s: no row, %v", query, rows.Err())
	}
	return row, rows.Scan(into...)
}

func TestTwoVersionsInOneQuery(t *testing.T) {
	w, first := twoVersions(t)
	s := w.open(SessionOptions{})
	run, err := values(t, s, "select run_id from meta.outputs order by publish limit 1")
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{first, `"` + first + `"`, run[0].(string)} {
		for range 2 { // the second time the view is there
			got, err := values(t, s, `select count(*), count(strength.n123), (select count(*) from core.strength)
				from core.strength t left join core.strength@`+ref+` using (cue)`)
			if err != nil || fmt.Sprint(got) != "[5 2 5]" {
				t.Errorf("%s: %v, %v", ref, got, err)
			}
		}
	}
	got, err := values(t, s, "select column_name from (describe core.strength@"+first+")")
	if err != nil || got[0] != "language" {
		t.Errorf("describe: %v, %v", got, err)
	}
}

// A fault's place is that in the text that the user wrote, whatever ran.
func TestFaultsPointAtTheText(t *testing.T) {
	w, first := twoVersions(t)
	s := w.open(SessionOptions{})
	for _, c := range []struct{ query, at, message string }{
		{"select 1 as x,\n  nosuch from core.strength@" + first, "nosuch from", "Binder"},
		{"from core.strength@" + first + " s join core.split@" + w.run1() + " t using (cue) where 词 = nope", "词", "Binder"},
		{"select * from core.strength@" + first + " where x = = 2", "= 2", "syntax error"},
		{"select 1 where", "", "syntax error at end of input"},
		{"select 'abc'::int from core.strength@" + first, "::int", "Could not convert"},
		{"select * from core.strenght", "core.strenght", `did you mean "core.strength"`},
		{"select * from strength", "strength", `did you mean "core.strength"`},
		{"select * from core.strenght@" + first, "core.strenght", `did you mean "core.strength"`},
		{"select * from core.strength@nosuch", "core.strength@", "last runs: "},
		{"select nosuch(1)", "nosuch", "Scalar Function"},
	} {
		_, err := s.Query(w.ctx, Statement{SQL: c.query, Line: 7})
		var fault *duck.QueryError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v, want %q", c.query, err, c.message)
			continue
		}
		if fault.Query != c.query || fault.Offset < 0 || !strings.HasPrefix(c.query[fault.Offset:], c.at) {
			t.Errorf("%s: fault at %d of %q", c.query, fault.Offset, fault.Query)
			continue
		}
		if want := 7 + strings.Count(c.query[:fault.Offset], "\n"); fault.Line() != want ||
			!strings.Contains(err.Error(), fmt.Sprintf("LINE %d: ", want)) {
			t.Errorf("%s: line %d, want %d: %v", c.query, fault.Line(), want, err)
		}
	}
}

// run1 is the id of the lake's last run.
func (w *world) run1() string {
	w.t.Helper()
	id, err := w.query("select run_id from meta.runs order by started_at desc limit 1")
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(id)
}

func TestTagInAQuery(t *testing.T) {
	w, first := twoVersions(t)
	pin, err := w.lake.Pin(w.ctx, "core.strength", first)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.lake.Tag(w.ctx, "paper-v1", lake.Pins{"core.strength": pin}, false, lake.RunInfo{}); err != nil {
		t.Fatal(err)
	}
	s := w.open(SessionOptions{})
	got, err := values(t, s, "select count(*) from core.strength@paper-v1 old join core.strength using (cue)")
	if err != nil || got[0] != int64(2) {
		t.Errorf("at the tag: %v, %v", got, err)
	}
	if _, err := values(t, s, "from core.strength@paper-v2"); err == nil || !strings.Contains(err.Error(), "; tags: paper-v1") {
		t.Errorf("at no tag: %v", err)
	}
	if _, err := values(t, s, "from core.split@paper-v1"); err == nil || !strings.Contains(err.Error(), `no table "core.split" then`) {
		t.Errorf("a table of later: %v", err)
	}
}

func TestOldSessionSaysWhatCameLater(t *testing.T) {
	w, _ := twoVersions(t)
	run, err := w.query("select run_id from meta.outputs order by publish limit 1")
	if err != nil {
		t.Fatal(err)
	}
	s := w.open(SessionOptions{At: strings.TrimSpace(run)})
	if got, err := values(t, s, "select count(*) from core.strength"); err != nil || got[0] != int64(2) {
		t.Errorf("rows then: %v, %v", got, err)
	}
	if _, err := values(t, s, "select * from core.split"); err == nil || !strings.Contains(err.Error(), "it came later") {
		t.Errorf("a table of later: %v", err)
	}
	if _, err := Open(w.ctx, w.lake, SessionOptions{At: "nosuch"}); err == nil || !strings.Contains(err.Error(), "last runs") {
		t.Errorf("no such version: %v", err)
	}
}

func TestSessionOnlyReads(t *testing.T) {
	w, _ := twoVersions(t)
	for _, external := range []bool{false, true} {
		s := w.open(SessionOptions{External: external})
		for _, query := range []string{
			"delete from core.strength", "create table core.mine as select 1", "insert into core.strength select 1",
			"drop view core.strength", "copy (select 1) to 'x.csv'", "attach 'x.db'", "set threads = 1", "load icu",
			"export database 'x'", "update core.strength set n123 = 1", "explain analyze copy (select 1) to 'x.csv'",
			"checkpoint", "pragma database_size", "call pragma_version()",
		} {
			if got, err := values(t, s, query); err == nil {
				t.Errorf("%s was run: %v", query, got)
			}
		}
	}
}

func TestValuesOfEveryType(t *testing.T) {
	s := newWorld(t, "").open(SessionOptions{})
	for expression, want := range map[string]any{
		"1":                                     int32(1),
		"1.50::decimal(10,2)":                   json.Number("1.50"),
		"sum(1)":                                json.Number("1"),
		"'-5'::bignum":                          json.Number("-5"),
		"'a'":                                   "a",
		"null":                                  nil,
		"date '2020-01-02'":                     "2020-01-02",
		"time '01:02:03.5'":                     "01:02:03.5",
		"'01:02:03+02'::timetz":                 "01:02:03+02",
		"'a'::enum('a', 'b')":                   "a",
		"'0101'::bit":                           "0101",
		"'\\xAA\\x41'::blob":                    `\xAAA`,
		"1::variant":                            "1",
		"row(1, 'x')":                           "(1, x)",
		"union_value(k := 1)":                   "1",
		"'infinity'::timestamp":                 "infinity",
		"map{'w': 2}":                           json.RawMessage(`{"w":2}`),
		"[1, null]":                             json.RawMessage(`[1,null]`),
		"{'b': 1, 'a': [true]}":                 json.RawMessage(`{"b":1,"a":[true]}`),
		"'{\"b\": 1}'::json":                    json.RawMessage(`{"b": 1}`),
		"[date '2020-01-02']":                   json.RawMessage(`["2020-01-02"]`),
		"[1.5::decimal(9,1)][1]":                json.Number("1.5"),
		"interval '1 month 2 days 3.5 seconds'": "1 month 2 days 00:00:03.5",
		"'0197ac2f-0000-7000-8000-000000000000'::uuid":     "0197ac2f-0000-7000-8000-000000000000",
		"timestamp_ns '2020-01-01 00:00:00.123456789'":     "2020-01-01 00:00:00.123456789",
		"170141183460469231731687303715884105727::hugeint": json.Number("170141183460469231731687303715884105727"),
	} {
		got, err := values(t, s, "select "+expression+` as "a.b"`)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if fmt.Sprintf("%T %s", got[0], got[0]) != fmt.Sprintf("%T %s", want, want) {
			t.Errorf("%s: %T %s, want %T %s", expression, got[0], got[0], want, want)
		}
	}
}

// The text of a value is made by DuckDB around the query; order and names stay.
func TestNamesAndOrderStay(t *testing.T) {
	s := newWorld(t, "").open(SessionOptions{})
	rows, err := s.Query(t.Context(), Statement{SQL: `select i::hugeint as "a.b", [i] as "x""y", i as "x""y" from range(300000) t(i) order by i desc -- end`})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || strings.Join(columns, "|") != `a.b|x"y|x"y` {
		t.Errorf("columns %q, %v", columns, err)
	}
	for want := int64(299999); rows.Next(); want-- {
		var huge, list any
		var got int64
		if err := rows.Scan(&huge, &list, &got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("row %d where %d is due", got, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}
