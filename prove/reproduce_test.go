package prove

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/lake"
	"alignctl/sql"
)

// A world is a lake, and the workspace whose views it is built by.
type world struct {
	*testing.T
	lake *lake.Lake
	dir  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	l, err := lake.Init(t.Context(), filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Check(context.Background()); err != nil {
			t.Errorf("check after the test: %v", err)
		}
		l.Close()
	})
	return &world{t, l, dir}
}

// file writes a raw file whose records give cue and R1; everybody answers alike.
func (w *world) file(name string, records ...string) string {
	w.Helper()
	var b strings.Builder
	b.WriteString(`"","id","participantID","age","gender","nativeLanguage","country","education","created_at","cue","R1","R2","R3"` + "\n")
	for i, record := range records {
		cue, response, _ := strings.Cut(record, " ")
		fmt.Fprintf(&b, "\"%d\",%d,%d,30,\"Fe\",\"Canada\",\"Canada\",NA,2012-01-01 10:00:00,\"%s\",\"%s\",NA,NA\n", i+1, i+1, i+1, cue, response)
	}
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func (w *world) load(o swow.Options) (run string) {
	w.Helper()
	plan, err := swow.Prepare(w.Context(), w.lake, o)
	if err != nil {
		w.Fatal(err)
	}
	report, err := plan.Load(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return report.Run
}

// view makes data.own the result of a query of cue and response.
func (w *world) view(query string) {
	w.Helper()
	w.views(map[string]string{"own": "-- view: data.own\n-- doc: An associate.\n-- key: cue, response\n-- licence: open\n" + query + "\n"})
}

// views writes view files, by name.
func (w *world) views(texts map[string]string) {
	w.Helper()
	if err := os.MkdirAll(filepath.Join(w.dir, "views"), 0o700); err != nil {
		w.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(w.dir, "views", name+".sql"), []byte(text), 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) catalogue() *sql.Catalogue {
	w.Helper()
	c, err := sql.LoadCatalogue(w.dir)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) build(name string, o sql.BuildOptions) sql.Built {
	w.Helper()
	built, err := w.catalogue().Build(w.Context(), w.lake, name, o)
	if err != nil {
		w.Fatal(err)
	}
	return built
}

// proves compares the links of a proof, each as kind, name, [scope] and verdict.
func (w *world) proves(of string, want ...string) *Proof {
	w.Helper()
	proof, err := Reproduce(w.Context(), w.lake, of, Options{Catalogue: w.catalogue()})
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, l := range proof.Links {
		line := fmt.Sprintf("%s %s [%s] %s", l.Kind, filepath.Base(l.Name), l.Scope, l.Verdict)
		if l.Verdict == Failed || l.Verdict == NotRebuilt {
			line += ": " + l.Reason
		}
		got = append(got, strings.Replace(line, "[] ", "", 1))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("proof of %s: %s", of, diff)
	}
	return proof
}

const strengths = "SELECT cue, response FROM core.strength WHERE population = 'all'"

// Of a language, every source that has rows of it is loaded again, with the
// files that --append kept; other languages, and what was replaced since, not.
func TestReproduceOnlyWhatTheChainNeeds(t *testing.T) {
	w := newWorld(t)
	w.load(swow.Options{Language: "en", Files: []string{w.file("old.csv", "tea old")}})
	w.load(swow.Options{Language: "zh", Files: []string{w.file("zh.csv", "茶 杯")}})
	w.load(swow.Options{Language: "en", Source: "mine", Files: []string{w.file("mine.csv", "tea cup", "sea blue")}})
	w.load(swow.Options{Language: "en", Files: []string{w.file("first.csv", "tea hot")}})
	last := w.load(swow.Options{Language: "en", Append: true, Files: []string{w.file("second.csv", "tea cup", "sun hot")}})
	chain := []string{
		"file mine.csv [mine] same", "table raw.swow [mine] same",
		"file first.csv [swow-en] same", "table raw.swow [swow-en] same",
		"file second.csv [swow-en] same", "table raw.swow [swow-en] same",
	}
	w.proves(last, append(chain, "table core.association [en] same", "table core.cue_stats [en] same",
		"table core.participant [en] same", "table core.removed [en] same", "table core.response_stats [en] same",
		"table core.strength [en] same")...)
	w.proves("core.strength", append(append([]string{"file zh.csv [swow-zh] same", "table raw.swow [swow-zh] same",
		"table core.strength [zh] same"}, chain...), "table core.strength [en] same")...)
}

// What a load goes by besides its raw files is part of it: lists by their files,
// a pack and populations by the run's record.
func TestReproduceGoesByTheSameListsAndPack(t *testing.T) {
	w := newWorld(t)
	pack, err := swow.ParseLanguage("code: xx\nsource: swow-xx\nself_answers: drop\npopulations: [{name: all}]\n")
	if err != nil {
		t.Fatal(err)
	}
	spelling := filepath.Join(w.dir, "spelling.tsv")
	if err := os.WriteFile(spelling, []byte("hott\thot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.load(swow.Options{Pack: pack, Files: []string{w.file("xx.csv", "tea tea", "tea hott")}, Lists: swow.Lists{Spelling: spelling},
		Populations: []swow.Population{{Name: "old", Where: "age >= 30"}}})
	w.proves("core.strength", "file xx.csv [swow-xx] same", "file spelling.tsv [swow-xx] same", "table raw.swow [swow-xx] same",
		"table core.strength [xx] same")
	if err := os.Remove(spelling); err != nil {
		t.Fatal(err)
	}
	proof, err := Reproduce(w.Context(), w.lake, "core.strength", Options{Catalogue: w.catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	if last := proof.Links[len(proof.Links)-1]; last.Verdict != Failed || !strings.Contains(last.Reason, "list spelling") {
		t.Errorf("without the list: %+v", last)
	}
}

// Of two files one is gone: its rows are the lake's, the other's are loaded, and
// both count once, though the gone one was loaded twice.
func TestReproduceWhenOneFileIsGone(t *testing.T) {
	w := newWorld(t)
	first, second := w.file("first.csv", "tea hot"), w.file("second.csv", "tea cup")
	w.load(swow.Options{Language: "en", Files: []string{first, second}})
	w.load(swow.Options{Language: "en", Append: true, Files: []string{first, w.file("third.csv", "sea blue")}})
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	w.proves("core.strength",
		"file first.csv [swow-en] gone", "file second.csv [swow-en] same", "table raw.swow [swow-en] same",
		"file first.csv [swow-en] gone", "file third.csv [swow-en] same", "table raw.swow [swow-en] same",
		"table core.strength [en] same")
}

// Ready-made strengths and those of a raw file stand in one scope, which each of
// three runs wrote; a table whose file is gone comes from the lake.
func TestReproduceStrengthTables(t *testing.T) {
	w := newWorld(t)
	table := filepath.Join(w.dir, "R1.csv")
	if err := os.WriteFile(table, []byte("cue,response,R1,N,R1.Strength\ntea,pot,2,2,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.load(swow.Options{Language: "en", Files: []string{w.file("a.csv", "tea hot")}})
	plan, err := swow.PrepareStrengths(t.Context(), w.lake, swow.StrengthOptions{Language: "en", Source: "club", Files: []string{table}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.proves("core.strength", "file a.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"file R1.csv [club] same", "table raw.strength [club] same", "table core.strength [en] same")
	w.load(swow.Options{Language: "en", Files: []string{w.file("b.csv", "sea blue")}})
	if err := os.Remove(table); err != nil {
		t.Fatal(err)
	}
	w.proves("core.strength", "file a.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"file R1.csv [club] gone", "table raw.strength [club] same",
		"file b.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same")
}

// Files that were read in a named encoding, with bad records set aside, are so
// again.
func TestReproduceGoesByTheSameCheck(t *testing.T) {
	w := newWorld(t)
	rejects, err := etl.CreateRejects(filepath.Join(w.dir, "bad.csv"))
	if err != nil {
		t.Fatal(err)
	}
	check := etl.CheckOptions{Encoding: "iso-8859-1", Rejects: rejects}
	latin := w.file("latin.csv", "caf\xe9 cup", " nobody", "tea hot")
	w.load(swow.Options{Language: "en", Files: []string{latin}, CheckOptions: check})
	table := w.text("R1.csv", "cue,response,R1,N,R1.Strength\ncaf\xe9,pot,2,2,1\ntea,pot,2,2,.5\n")
	plan, err := swow.PrepareStrengths(t.Context(), w.lake, swow.StrengthOptions{Language: "en", Source: "club",
		Files: []string{table}, CheckOptions: check})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(t.Context()); err != nil || rejects.Count() != 2 {
		t.Fatal(rejects.Count(), err)
	}
	if err := rejects.Close(); err != nil {
		t.Fatal(err)
	}
	w.proves("core.strength", "file latin.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"file R1.csv [club] same", "table raw.strength [club] same", "table core.strength [en] same")
}

// A data set that was built from an older version is proved at that version.
func TestReproduceAtPins(t *testing.T) {
	w := newWorld(t)
	w.view(strengths)
	file := w.file("a.csv", "tea hot")
	first := w.load(swow.Options{Language: "en", Files: []string{file}})
	w.load(swow.Options{Language: "en", Append: true, Files: []string{w.file("b.csv", "tea cup")}})
	w.build("own", sql.BuildOptions{})
	old := w.build("own", sql.BuildOptions{At: first})
	if old.Rows != 1 {
		t.Fatalf("%d rows at the first run, want 1", old.Rows)
	}
	w.proves("data.own", "file a.csv [swow-en] same", "table raw.swow [swow-en] same",
		"table core.strength [en] same", "recipe data.own same", "table data.own same")
}

// Both versions of a table, one of them read after the other was made, are made
// again in one scratch lake.
func TestReproduceTwoVersions(t *testing.T) {
	w := newWorld(t)
	w.view("SELECT cue, response FROM core.strength WHERE population = 'all' UNION SELECT cue, cue FROM data.older")
	older := "-- view: data.older\n-- doc: An associate.\n-- key: cue, response\n-- licence: open\n" + strengths + "\n"
	if err := os.WriteFile(filepath.Join(w.dir, "views", "older.sql"), []byte(older), 0o600); err != nil {
		t.Fatal(err)
	}
	first := w.load(swow.Options{Language: "en", Files: []string{w.file("a.csv", "tea hot")}})
	w.load(swow.Options{Language: "en", Files: []string{w.file("b.csv", "sea blue")}})
	built := w.build("older", sql.BuildOptions{At: first})
	w.build("own", sql.BuildOptions{At: built.Run}) // else data.older would be brought up to date
	w.proves("data.own", "file a.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"file b.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"recipe data.older same", "table data.older same", "recipe data.own same", "table data.own same")
}

// What nothing makes again is copied from the lake for what can be.
func TestReproduceFromWhatCantBeRebuilt(t *testing.T) {
	w := newWorld(t)
	spec := lake.Spec{Name: "eval.answer", Doc: "an answer", Key: []string{"run_id", "cue"}, Scope: "run_id",
		Licence: lake.OpenData, Columns: []lake.Column{{Name: "run_id", Type: lake.String, Required: true},
			{Name: "cue", Type: lake.String, Required: true}, {Name: "response", Type: lake.String}}}
	run, err := w.lake.Begin(t.Context(), lake.RunInfo{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for _, scope := range []string{"r1", "r2"} {
		query := "select '" + scope + "' as run_id, 'tea' as cue, '" + scope + "' as response"
		if _, err := run.Write(t.Context(), spec, scope, query); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	w.view("SELECT cue, response FROM eval.answer")
	w.build("own", sql.BuildOptions{})
	w.proves("data.own", "table eval.answer [r1] not rebuilt: evaluation", "table eval.answer [r2] not rebuilt: evaluation",
		"recipe data.own same", "table data.own same")
}

// A data set is made again from the one recipe of core.split that it saw,
// whatever others stood beside it.
func TestReproduceOneScopeOfAnInput(t *testing.T) {
	w := newWorld(t)
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf("cue%d r%d", i, i))
	}
	w.load(swow.Options{Language: "en", Files: []string{w.file("en.csv", records...)}})
	const head = "-- view: data.%s\n-- doc: A cue.\n-- key: cue\n-- licence: open\n-- param: recipe string %s \"recipe in core.split\"\n"
	w.views(map[string]string{
		"other": fmt.Sprintf(head, "other", "b") + "SELECT cue, split FROM core.split\n",
		"own":   fmt.Sprintf(head, "own", "a") + "SELECT cue, s.split, o.split AS other FROM core.split s JOIN data.other o USING (cue)\n",
	})
	for seed, recipe := range []string{"c", "b", "a"} {
		w.build("split", sql.BuildOptions{Set: map[string]string{"recipe": recipe, "seed": fmt.Sprint(seed)}})
	}
	w.build("other", sql.BuildOptions{})
	w.build("own", sql.BuildOptions{})
	w.proves("data.own", "file en.csv [swow-en] same", "table raw.swow [swow-en] same", "table core.strength [en] same",
		"recipe core.split same", "table core.split [b] same", "recipe core.split same", "table core.split [a] same",
		"recipe data.other same", "table data.other same", "recipe data.own same", "table data.own same")
}

// The issue's own proof: every link of the real data set is the same, and after
// one response in the file is changed, the first table that differs is named,
// with the row.
func TestReproduceRealData(t *testing.T) {
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with swow_en/ to reproduce a real data set")
	}
	text, err := os.ReadFile(filepath.Join(data, "swow_en", "SWOW-EN.R100.reconstructed_993cues.csv"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	path := filepath.Join(w.dir, "swow.csv")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	w.load(swow.Options{Language: "en", Files: []string{path}})
	w.build("sft_ranked", sql.BuildOptions{})
	w.proves("data.sft_ranked", "file swow.csv [swow-en] same", "table raw.swow [swow-en] same",
		"table core.strength [en] same", "recipe core.split same", "table core.split [cue-70-20-10] same",
		"recipe data.sft_ranked same", "table data.sft_ranked same")

	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[4999] = append(lines[4999][:bytes.LastIndexByte(lines[4999], ',')], []byte(",\"zyzzyva\"\n")...)
	if err := os.WriteFile(path, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	proof := w.proves("data.sft_ranked", "file swow.csv [swow-en] differs", "table raw.swow [swow-en] differs",
		"table core.strength [en] differs", "recipe core.split same", "table core.split [cue-70-20-10] same",
		"recipe data.sft_ranked same", "table data.sft_ranked differs")
	first := proof.First
	if first == nil || first.Table != "raw.swow" || first.Added+first.Removed != 0 || first.Changed != 1 {
		t.Fatalf("difference %+v, want one changed row of raw.swow", first)
	}
	if c := first.Cells[0]; len(first.Cells) != 1 ||
		!strings.HasSuffix(c.Key, "line=5000") || c.Column != "r3" || c.Rebuilt != "zyzzyva" {
		t.Errorf("cells %+v, want r3 of line 5000", first.Cells)
	}
}
