package interop

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
)

// table t of case 18: cue, response, r1.
var evolving = lake.Spec{Name: "raw.t", Doc: "responses", Key: []string{"cue"}, Licence: lake.OpenData,
	Columns: []lake.Column{
		{Name: "cue", Type: lake.String, Required: true},
		{Name: "response", Type: lake.String},
		{Name: "r1", Type: lake.Int},
		{Name: "parts", Type: lake.List(lake.Struct(lake.Field{Name: "name", Type: lake.String}))},
	}}

const evolvingRows = `select * from (values ('sky', 'cloud', 2, [{'name': 'a'}]), ('sea', 'blue', 3, [{'name': 'b'}]))
	t(cue, response, r1, parts)`

func pyIcebergEvolves(t *testing.T, e *engine) {
	evolves(t, e, func(t *testing.T) {
		do(t, e, "rename", args{"table": "raw.t", "column": []string{"r1"}, "to": "freq"})
		do(t, e, "rename", args{"table": "raw.t", "column": []string{"parts", "element", "name"}, "to": "label"})
		do(t, e, "add", args{"table": "raw.t", "column": "lang", "kind": "string"})
	}, func(t *testing.T) {
		do(t, e, "append", args{"table": "raw.t", "rows": []args{
			{"cue": "sun", "response": "hot", "freq": 7, "lang": "en", "parts": []args{{"label": "c"}}}}})
	})
}

func sparkEvolves(t *testing.T, e *engine) {
	run := func(t *testing.T, statements ...string) {
		for _, sql := range statements {
			do(t, e, "query", args{"sql": sql})
		}
	}
	evolves(t, e, func(t *testing.T) {
		run(t, "alter table align.raw.t rename column r1 to freq",
			"alter table align.raw.t rename column parts.element.name to label",
			"alter table align.raw.t add column lang string")
	}, func(t *testing.T) {
		run(t, `insert into align.raw.t (cue, response, freq, lang, parts)
			values ('sun', 'hot', 7, 'en', array(named_struct('label', 'c')))`)
	})
}

// evolves sees that alignctl and the engine read a table under its new names
// now, and under its old names at the old snapshot, never as nulls.
func evolves(t *testing.T, e *engine, rename, appendSun func(t *testing.T)) {
	l := newLake(t)
	p := publish(t, l, write{spec: evolving, query: evolvingRows})
	old := snapshot(p.Outputs[0])
	before := rowsAt(t, l, "raw.t", "")
	do(t, e, "open", args{"lake": l.Dir()})
	rename(t)
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("check after the rename: %v", err)
	}
	e.sameRows(t, l, "raw.t", "", nil)
	appendSun(t)
	e.sameRows(t, l, "raw.t", "", nil)
	e.sameRows(t, l, "raw.t", old, args{"snapshot": old})
	want := []string{
		`{"cue":"sea","freq":3,"lang":null,"parts":[{"label":"b"}],"response":"blue"}`,
		`{"cue":"sky","freq":2,"lang":null,"parts":[{"label":"a"}],"response":"cloud"}`,
		`{"cue":"sun","freq":7,"lang":"en","parts":[{"label":"c"}],"response":"hot"}`}
	if diff := cmp.Diff(want, rowsAt(t, l, "raw.t", "")); diff != "" {
		t.Errorf("now: %s", diff)
	}
	if got := rowsAt(t, l, "raw.t", old); !slices.Equal(got, before) {
		t.Errorf("at the old snapshot: %v, want %v", got, before)
	}
}

// alignctlGoesOn: after another engine changed the columns, a run that writes
// the table as before is refused and moves nothing; once they are as they were,
// it goes on.
func alignctlGoesOn(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{spec: word, scope: "en", query: english}, write{spec: word, scope: "zh", query: chinese})
	do(t, e, "open", args{"lake": l.Dir()})
	do(t, e, "rename", args{"table": "core.word", "column": []string{"n"}, "to": "freq"})
	r, err := l.Begin(t.Context(), lake.RunInfo{Command: "load", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Write(t.Context(), word, "zh", chinese+" where n = 1"); err == nil || !strings.Contains(err.Error(), "freq") {
		t.Errorf("a write of columns that another engine renamed: %v", err)
	}
	do(t, e, "rename", args{"table": "core.word", "column": []string{"freq"}, "to": "n"})
	publish(t, l, write{spec: word, scope: "zh", query: chinese + " where n = 1"})
	e.sameRows(t, l, "core.word", "", nil)
	if got := rowsAt(t, l, "core.word", ""); len(got) != 5 || !strings.Contains(got[0], `"n":`) {
		t.Errorf("rows: %v", got)
	}
}
