package sql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
)

// strengths makes core.strength hold so many English cues with a response each.
func (w *world) strengths(cues int) {
	w.table("core.strength", []string{"language", "population", "cue", "response"}, fmt.Sprintf(`
		SELECT 'en' AS language, 'all' AS population, 'cue' || c AS cue, 'word' AS response, 3::BIGINT AS n1, 3::BIGINT AS n123
		FROM range(%d) AS cues(c)`, cues))
}

// builds builds a data set and compares it, and its inputs before it, with what
// is wanted: each as its name, [scope], rows and whether it was built.
func (w *world) builds(name string, o BuildOptions, want ...string) Built {
	w.t.Helper()
	built, err := w.catalogue.Build(w.ctx, w.lake, name, o)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, b := range append(built.Inputs, built) {
		state := "new"
		if b.Reused {
			state = "unchanged"
		}
		got = append(got, fmt.Sprintf("%s %d %s", named(b.Table, b.Scope), b.Rows, state))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("build %s %v: %s", name, o.Set, diff)
	}
	return built
}

// refuses sees that a build fails with a message.
func (w *world) refuses(name string, o BuildOptions, want string) {
	w.t.Helper()
	if _, err := w.catalogue.Build(w.ctx, w.lake, name, o); err == nil || !strings.Contains(err.Error(), want) {
		w.t.Errorf("build %s %v:\ngot  %v\nwant %s", name, o.Set, err, want)
	}
}

func set(settings ...string) BuildOptions {
	o := BuildOptions{Set: map[string]string{}}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		o.Set[name] = value
	}
	return o
}

const (
	heldCues = `-- view: data.held
-- doc: A cue that isn't for training.
-- key: language, cue
-- licence: open
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: part string test dev|test "of which part"
SELECT language, cue, split FROM core.split WHERE split = getvariable('part')
-- audit: none-for-training "no cue is both"
SELECT a.cue FROM data.held a JOIN core.split b USING (language, cue) WHERE b.split = 'train'
`
	heldCount = `-- view: data.held_count
-- doc: How many there are.
-- key: split
-- licence: open
-- param: recipe string cue-70-20-10 "recipe in core.split"
SELECT h.split, count(*) AS n
FROM data.held h
JOIN core.split s USING (language, cue)
GROUP BY h.split
`
)

func heldWorld(t *testing.T) *world {
	w := newWorld(t, workspace(t, map[string]string{"views/held.sql": heldCues, "views/held_count.sql": heldCount}))
	w.strengths(30)
	return w
}

// What a data set reads is built before it: what is missing by its defaults,
// what is out of date as it was built last, and the rest not at all.
func TestBuildMakesWhatItReads(t *testing.T) {
	w := heldWorld(t)
	w.builds("held_count", set(), "core.split [cue-70-20-10] 30 new", "data.held 3 new", "data.held_count 1 new")
	w.builds("held_count", set(), "core.split [cue-70-20-10] 30 unchanged", "data.held 3 unchanged", "data.held_count 1 unchanged")
	w.builds("held", set("part=dev"), "core.split [cue-70-20-10] 30 unchanged", "data.held 6 new")
	w.builds("split", set("train=50", "dev=0", "test=50"), "core.split [cue-70-20-10] 30 new")
	w.refuses("held_count", set(), `held_count.sql:7: build data.held: the view gives no rows`)
	w.builds("split", set("train=50", "dev=10", "test=40", "seed=3"), "core.split [cue-70-20-10] 30 new")
	w.builds("held_count", set(), "core.split [cue-70-20-10] 30 unchanged", "data.held 3 new", "data.held_count 1 new")
	w.strengths(40)
	w.builds("held_count", set(), "core.split [cue-70-20-10] 40 new", "data.held 4 new", "data.held_count 1 new")
	w.builds("split", set("train=50", "dev=10", "test=40", "seed=3"), "core.split [cue-70-20-10] 40 unchanged")
}

// A data set sees, and depends on, the recipe that it asks for and no other.
func TestBuildReadsOneRecipe(t *testing.T) {
	w := heldWorld(t)
	first := w.builds("held", set(), "core.split [cue-70-20-10] 30 new", "data.held 3 new")
	w.refuses("held", set("recipe=even"),
		`held.sql:7: build core.split: the lake has no recipe "even": run alignctl data build --set recipe=even ... core.split`)
	w.builds("split", set("recipe=even", "train=1", "dev=1", "test=1"), "core.split [even] 30 new")
	again := w.builds("held", set(), "core.split [cue-70-20-10] 30 unchanged", "data.held 3 unchanged")
	if again.Pin != first.Pin || again.Run != first.Run {
		t.Errorf("after another recipe came: %+v, want %+v", again, first)
	}
	even := w.builds("held", set("recipe=even"), "core.split [even] 30 unchanged", "data.held 10 new")
	lineage, err := w.lake.Lineage(w.ctx, even.Run)
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, n := range lineage.Nodes {
		if n.Table != nil {
			read = append(read, named(n.Table.Table, n.Table.Scope))
		}
	}
	if diff := cmp.Diff([]string{"core.strength", "core.split [even]", "data.held"}, read); diff != "" {
		t.Errorf("lineage: %s", diff)
	}
}

// Two recipes of one table are both out of date.
func TestBuildBringsEachScopeUpToDate(t *testing.T) {
	w := heldWorld(t)
	w.builds("split", set("recipe=even", "train=1", "dev=1", "test=1"), "core.split [even] 30 new")
	w.builds("held", set("recipe=even"), "core.split [even] 30 unchanged", "data.held 10 new")
	w.builds("held_count", set(), "core.split [cue-70-20-10] 30 new", "core.split [even] 30 unchanged", "data.held 10 unchanged",
		"data.held_count 1 new")
	w.strengths(40)
	w.builds("held_count", set(), "core.split [cue-70-20-10] 40 new", "core.split [even] 40 new", "data.held 13 new",
		"data.held_count 1 new")
}

// The audits of a data set are asked of the recipe that it saw, then and later.
func TestAuditSeesOneScope(t *testing.T) {
	w := heldWorld(t)
	w.builds("held", set(), "core.split [cue-70-20-10] 30 new", "data.held 3 new")
	w.builds("split", set("recipe=all", "train=1", "dev=0", "test=0"), "core.split [all] 30 new")
	for _, name := range []string{"held", "split"} {
		findings, err := w.catalogue.Audit(w.ctx, w.lake, name, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if !f.Report && len(f.Rows) > 0 {
				t.Errorf("%s: audit %s finds %v", name, f.Name, f.Rows)
			}
		}
	}
	made, err := w.catalogue.Made(w.ctx, w.lake, "split", "")
	if err != nil || made.Scope != "all" {
		t.Errorf("made: %+v, %v", made, err)
	}
}

// At a version, nothing but the data set itself is built.
func TestBuildAtMakesNothingElse(t *testing.T) {
	w := heldWorld(t)
	before := w.builds("split", set("recipe=even", "train=1", "dev=1", "test=1"), "core.split [even] 30 new").Run
	at := BuildOptions{At: before}
	w.refuses("held", at, "held.sql reads core.split [cue-70-20-10], which is not built: run alignctl data build core.split")
	at.Set = map[string]string{"recipe": "even"}
	w.builds("held", at, "data.held 10 new")
	w.strengths(40)
	w.builds("held", at, "data.held 10 unchanged")
	w.builds("held", set("recipe=even"), "core.split [even] 40 new", "data.held 13 new")
}

// What no build made is read as it is: a split that somebody else laid down.
func TestBuildKeepsWhatNoBuildMade(t *testing.T) {
	w := heldWorld(t)
	w.builds("split", set(), "core.split [cue-70-20-10] 30 new")
	w.table("core.split", []string{"recipe", "language", "cue"}, `
		SELECT 'published' AS recipe, 'en' AS language, 'cue1' AS cue, 'cue1' AS cue_group, 1 AS stratum, 0::BIGINT AS seed, 'test' AS split`)
	w.builds("held", set("recipe=published"), "data.held 1 new")
}

func TestBuildRefusesCircles(t *testing.T) {
	w := newWorld(t, workspace(t, map[string]string{"views/held_count.sql": heldCount,
		"views/held.sql": strings.Replace(heldCues, "FROM core.split WHERE", "FROM core.split\nJOIN data.held_count USING (split) WHERE", 1)}))
	w.strengths(30)
	_, err := w.catalogue.Build(w.ctx, w.lake, "held", BuildOptions{})
	var parse *ParseError
	if !errors.As(err, &parse) || !strings.HasSuffix(parse.File, "held_count.sql") || parse.Line != 7 ||
		parse.Msg != "data sets read each other: data.held reads data.held_count reads data.held" {
		t.Errorf("got %v", err)
	}
}

// A lake of an earlier alignctl has core.split by language.
func TestBuildSaysHowToReplaceAnOldTable(t *testing.T) {
	w := heldWorld(t)
	run, err := w.lake.Begin(w.ctx, lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	spec := lake.Spec{Name: "core.split", Doc: "a split", Key: []string{"language", "cue"}, Scope: "language", Licence: lake.OpenData,
		Columns: []lake.Column{{Name: "language", Type: lake.String, Required: true}, {Name: "cue", Type: lake.String, Required: true}}}
	if _, err := run.Write(w.ctx, spec, "en", "select 'en' as language, 'cue1' as cue"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(w.ctx, lake.Done); err != nil {
		t.Fatal(err)
	}
	w.refuses("held", set(), `the lake's table has the scope column "language", this alignctl writes "recipe": `+
		"take the table out (alignctl data rm core.split), then make it again")
}

// The scope column must hold what the build was told to replace.
func TestBuildOfAScopeWritesNoOther(t *testing.T) {
	const text = `-- view: data.parts
-- doc: A part.
-- key: part, cue
-- scope: part
-- licence: open
-- param: part string one "the part"
SELECT getvariable('part') AS part, cue FROM core.strength
`
	for _, test := range []struct{ old, new, want string }{
		{"getvariable('part') AS", "'two' AS", `rows of scope "two" in a write of scope "one"`},
		{"getvariable('part') AS", "1 AS", `parts.sql:7: scope column "part" is INTEGER, want VARCHAR`},
		{"FROM core.strength", "FROM core.strength WHERE getvariable('part') <> 'one'", "the view gives no rows"},
	} {
		w := newWorld(t, workspace(t, map[string]string{"views/parts.sql": strings.Replace(text, test.old, test.new, 1)}))
		w.strengths(3)
		w.refuses("parts", set(), test.want)
		if strings.Contains(test.want, "no rows") {
			w.builds("parts", set("part=two"), "data.parts [two] 3 new")
			w.refuses("parts", set(), test.want)
		}
	}
}
