package sql

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// translated gives a query as another engine takes it.
func translated(t *testing.T, query string) translation {
	t.Helper()
	a, err := newAnalyser(t.Context(), newWorld(t, "").open(SessionOptions{}).session, "views/v.sql")
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.statement(t.Context(), Statement{SQL: query, Line: 1})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return translate(Statement{SQL: query}, found.named,
		map[string]any{"n": int64(-5), "share": 0.1, "cue": `it's \n` + "\n", "all": true})
}

func TestTranslate(t *testing.T) {
	for query, want := range map[string]string{
		"select cue from core.strength":                             "select cue from core_strength as strength",
		"select s.cue from Core.\"strength\" s, core.cue as c":      "select s.cue from core_strength s, core_cue as c",
		"select strength.cue from core.strength where 1=1":          "select strength.cue from core_strength as strength where 1=1",
		"select core.strength from core.cue as core":                "select core.strength from core_cue as core",
		"select core.strength.cue from core.strength":               "select core.strength.cue from core_strength as strength",
		"select 'core.strength', \"core.strength\" from core.t x":   "select 'core.strength', \"core.strength\" from core_t x",
		"select 1 -- core.strength getvariable('n')\nfrom core.t x": "select 1 -- core.strength getvariable('n')\nfrom core_t x",
		"select /* from core.t */ 1 from core.t x":                  "select /* from core.t */ 1 from core_t x",
		"select 1 from core /**/ .\n t\n x":                         "select 1 from core_t\n\n x",
		"with core_t as (from core.t x) from core_t, core.t y":      "with core_t as (from core_t_ x) from core_t, core_t_ y",
		"select 1 from core.t x where a in (select b from core.t)":  "select 1 from core_t x where a in (select b from core_t as t)",
		"select getvariable('n'), getVariable ( 'share' )":          "select cast('-5' as bigint), cast('0.1' as double)",
		"select getvariable(\n'cue'), getvariable('all') as b":      "select ('it''s ' || chr(92) || 'n' || chr(10) || '')\n, true as b",
		"select getvariable('no'), 'getvariable(''n'')', 1 as n":    "select getvariable('no'), 'getvariable(''n'')', 1 as n",
		"select 'it''s', 'a''\\b' from core.词 as \"core.t\"":        "select 'it''s', ('a''' || chr(92) || 'b') from core_词 as \"core.t\"",
	} {
		if diff := cmp.Diff(want, translated(t, query).sql); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	want := map[string]string{"core.t": "core_t", "core.u": "core_u"}
	if diff := cmp.Diff(want, translated(t, "from core.t a, core.t b, core.u c").views); diff != "" {
		t.Error(diff)
	}
}

// A second is DuckDB as another engine: views by names without a schema, and no
// variables.
type second struct {
	run     *lake.Run
	written *[]string
}

func (s second) Name() string { return "spark 0" }

func (s second) Open(_ context.Context, run *lake.Run) (Engine, error) {
	return second{run, s.written}, nil
}

func (s second) Show(ctx context.Context, name, table, where string) error {
	return s.run.Session().Exec(ctx, "create temp view "+name+" as from "+duck.Ident(table)+" where "+where)
}

func (s second) Write(ctx context.Context, spec lake.Spec, scope, query string) (lake.Pin, error) {
	*s.written = append(*s.written, spec.Name)
	if strings.Contains(query, "reject me") {
		return lake.Pin{}, fmt.Errorf("Spark: [NO]\n\nline 2: reject me")
	}
	return s.run.Write(ctx, spec, scope, query)
}

func (s second) Close() error { return nil }

// portable adds to a view file that its query runs elsewhere, too.
func portable(view string) string {
	return strings.Replace(view, "-- licence:", "-- engines: duckdb, spark\n-- licence:", 1)
}

// portableWorld has data.held_count for another engine, and data.held not.
func portableWorld(t *testing.T) (*world, BuildOptions, *[]string) {
	w := newWorld(t, workspace(t, map[string]string{"views/held.sql": heldCues, "views/held_count.sql": portable(heldCount)}))
	w.strengths(30)
	written := new([]string)
	return w, BuildOptions{Engine: second{written: written}}, written
}

// The engine runs what says that it may, and leaves recipe and rows as they are.
func TestBuildOnAnotherEngine(t *testing.T) {
	w, there, written := portableWorld(t)
	w.refuses("held", there, `its header doesn't say that its SQL means the same on spark`)
	first := w.builds("held_count", there, "core.split [cue-70-20-10] 30 new", "data.held 3 new", "data.held_count 1 new")
	if diff := cmp.Diff([]string{"data.held_count"}, *written); diff != "" {
		t.Error(diff)
	}
	again := w.builds("held_count", set(), "core.split [cue-70-20-10] 30 unchanged", "data.held 3 unchanged", "data.held_count 1 unchanged")
	if again.Run != first.Run || again.Recipe.Digest != first.Recipe.Digest {
		t.Errorf("on DuckDB it is another: %+v, want %+v", again, first)
	}
	const engines = "select json_extract_string(config, '$.engine') from meta.runs where config like '%held_count\"%'"
	if names, err := texts(w.ctx, w.open(SessionOptions{}).session, engines); err != nil || len(names) != 1 || names[0] != "spark 0" {
		t.Errorf("recorded %v: %v", names, err)
	}
	w.builds("split", set("train=60", "test=20"), "core.split [cue-70-20-10] 30 new")
	there.Prove = true
	w.builds("held_count", there, "core.split [cue-70-20-10] 30 unchanged", "data.held 6 new", "data.held_count 1 new")
	if len(*written) != 2 {
		t.Errorf("the proof isn't DuckDB's: %v", *written)
	}
}

func TestAnotherEngineRejects(t *testing.T) {
	bad := strings.Replace(portable(heldCount), "AS n\n", "AS n\n/* reject me */", 1)
	w := newWorld(t, workspace(t, map[string]string{"views/held.sql": heldCues, "views/held_count.sql": bad}))
	w.strengths(30)
	w.refuses("held_count", BuildOptions{Engine: second{written: new([]string)}}, "views/held_count.sql:8: Spark: [NO]")
}
