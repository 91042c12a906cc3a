package lake

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWriteRefuses(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	const good = "select 'en' as language, 'a' as word, 1 as n, 0.5::double as share"
	for name, c := range map[string]struct{ scope, query, want string }{
		"key twice":         {"en", good + " union all " + good, `two rows have the key (language "en", word "a")`},
		"null key":          {"en", "select 'en' as language, null::varchar as word, 1 as n, 0::double as share", `column "word" is null`},
		"column missing":    {"en", "select 'en' as language, 'a' as word, 1 as n", `no column "share"`},
		"column unknown":    {"en", "select 'en' as language, 'a' as word, 1 as n, 0::double as share, 1 as x", `column "x"`},
		"wrong type":        {"en", "select 'en' as language, 'a' as word, 'b' as n, 0::double as share", `column "n" is VARCHAR in the query, the table has BIGINT`},
		"scope mismatch":    {"zh", good, `rows of scope "en" in a write of scope "zh"`},
		"two scopes":        {"en", good + " union all select 'zh', 'a', 1, 0.5", "more than one value"},
		"no scope":          {"", good, "scope"},
		"sql error":         {"en", "select nothing", "nothing"},
		"out of range":      {"en", "select 'en' as language, 'a' as word, 1::hugeint as n, 0::double as share", "HUGEINT"},
		"runs into nothing": {"en", "select language, word, n, share from core.word", "core.word"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.Write(t.Context(), wordSpec(), c.scope, c.query)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(l.Dir(), "warehouse/core.db/word/data/*")); len(left) > 0 {
		t.Errorf("files left behind: %v", left)
	}
}

// TestWritePresorted promises key order for rows that are in it, and for rows
// that aren't: what the table holds is the same either way.
func TestWritePresorted(t *testing.T) {
	const wide = 70_000 // rows, more than one batch
	ordered := "select language, 'w' || lpad(n::varchar, 6, '0') as word, n, share from (" + words("en", wide) + ") order by n"
	for name, query := range map[string]string{
		"in order":                   ordered,
		"in order within a batch":    "select * from (" + ordered + ") order by n < 65536, n",
		"out of order":               words("en", 30),
		"out of order, many batches": words("en", wide),
	} {
		t.Run(name, func(t *testing.T) {
			sorted, presorted := wordSpec(), wordSpec()
			presorted.Presorted = true
			want := write(t, begin(t, newLake(t)), sorted, "en", query)
			got := write(t, begin(t, newLake(t)), presorted, "en", query)
			if got.Digest != want.Digest || got.Rows != want.Rows {
				t.Errorf("%d rows %s, sorted by Write %d rows %s", got.Rows, got.Digest, want.Rows, want.Digest)
			}
		})
	}
	spec := wordSpec()
	spec.Presorted = true
	twice := words("en", 3) + " union all " + words("en", 3)
	_, err := begin(t, newLake(t)).Write(t.Context(), spec, "en", twice)
	if err == nil || !strings.Contains(err.Error(), `two rows have the key (language "en", word "w0")`) {
		t.Errorf("a key twice: %v", err)
	}
}

func TestWriteReplacesOneScope(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, wordSpec(), "zh", words("zh", 4))
	publish(t, r, Done)
	next := begin(t, l)
	write(t, next, wordSpec(), "en", words("en", 2))
	publish(t, next, Done)
	const count = "select language l, count(*) n from core.word group by all order by all"
	if got := rowsAt(t, l, "", count); got != "{'l': en, 'n': 2} {'l': zh, 'n': 4}" {
		t.Errorf("now: %s", got)
	}
	if got := rowsAt(t, l, r.ID(), count); got != "{'l': en, 'n': 3} {'l': zh, 'n': 4}" {
		t.Errorf("after the first run: %s", got)
	}
	gone := begin(t, l)
	write(t, gone, wordSpec(), "zh", words("zh", 0))
	publish(t, gone, Done)
	if got := rowsAt(t, l, "", count); got != "{'l': en, 'n': 2}" {
		t.Errorf("without zh: %s", got)
	}
}

func TestWriteBackToWhatTheLakeHolds(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	old := write(t, first, wordSpec(), "en", words("en", 3))
	publish(t, first, Done)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 9))
	write(t, r, wordSpec(), "zh", words("zh", 1))
	write(t, r, wordSpec(), "zh", words("zh", 0))
	if pin := write(t, r, wordSpec(), "en", words("en", 3)); pin != old {
		t.Errorf("pin %v, want %v", pin, old)
	}
	if p := publish(t, r, Done); len(p.Outputs) != 0 || len(p.Unchanged) != 1 {
		t.Errorf("published %+v", p)
	}
}

func TestWriteOfNoRows(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	pin := write(t, r, exampleSpec(), "", exampleQuery+" where i > 5")
	publish(t, r, Done)
	if pin.Rows != 0 || rowsAt(t, l, "", "select count(*) n, count(messages) m from data.example") != "{'n': 0, 'm': 0}" {
		t.Errorf("pin %v", pin)
	}
	again := begin(t, l)
	write(t, again, exampleSpec(), "", exampleQuery)
	publish(t, again, Done)
	if got := rowsAt(t, l, "", "select count(*) n from data.example"); got != "{'n': 3}" {
		t.Errorf("then: %s", got)
	}
}

// step is a row of a table that grows in batches, as train.steps does.
type step struct {
	RunID  string     `parquet:"run_id,id(1)"`
	Step   int64      `parquet:"step,id(2)" unit:"count"`
	Value  *float64   `parquet:"value,optional,id(3)"`
	At     time.Time  `parquet:"at,id(4),timestamp(microsecond)"`
	Ended  *time.Time `parquet:"ended,id(5),timestamp(microsecond)"`
	Tokens []int32    `parquet:"tokens,id(6),list"`
	Parts  []part     `parquet:"parts,id(7),list"`
}

type part struct {
	Name string    `parquet:"name"`
	List []float64 `parquet:"list,list"`
}

func stepSpec() Spec {
	return SpecOf[step](Spec{Name: "train.step", Key: []string{"run_id", "step"}, Scope: "run_id", Licence: OpenData})
}

func steps(from, to int64) []step {
	var rows []step
	for i := to - 1; i >= from; i-- { // any order will do
		value, at := float64(i)/3, time.Date(2026, 11, 25, 7, 0, int(i), 123456000, time.UTC)
		row := step{RunID: "a", Step: i, At: at, Tokens: []int32{int32(i), 7}, Parts: []part{{"p", []float64{value}}, {}}}
		if i%2 == 0 {
			row.Value, row.Ended = &value, &at
		}
		rows = append(rows, row)
	}
	return rows
}

func addSteps(t *testing.T, r *Run, rows []step) Pin {
	t.Helper()
	pin, err := WriteRows(t.Context(), r, stepSpec(), "a", rows)
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

// Rows that come in batches, over several publishes and runs, in any order,
// have the digest of the same rows written at once.
func TestWriteRowsInBatches(t *testing.T) {
	whole := addSteps(t, begin(t, newLake(t)), steps(0, 60))
	l := newLake(t)
	r := begin(t, l)
	addSteps(t, r, steps(0, 10))
	addSteps(t, r, steps(10, 20))
	publish(t, r, Running)
	addSteps(t, r, steps(20, 30))
	publish(t, r, Running)
	if got := text(t, r.Session(), "select count(*) n, count(value) v from train.step"); got != "{'n': 30, 'v': 15}" {
		t.Errorf("the run's session shows %s", got)
	}
	addSteps(t, r, steps(40, 60))
	publish(t, r, Done)
	late := begin(t, l)
	if pin := addSteps(t, late, steps(30, 40)); pin.Digest != whole.Digest || pin.Rows != whole.Rows {
		t.Errorf("in batches %v, at once %v", pin, whole)
	}
	publish(t, late, Done)
	if got := rowsAt(t, l, "", "select count(*) n, sum(len(tokens))::int t, max(\"at\") m, min(parts[1].list[1]) p from train.step"); got !=
		"{'n': 60, 't': 120, 'm': '2026-11-25 07:00:59.123456', 'p': 0.0}" {
		t.Errorf("rows: %s", got)
	}
	if got := rowsAt(t, l, "", "select count(*) n, count(distinct run_id) ids, count(ended_at) e from meta.runs"); got !=
		"{'n': 2, 'ids': 2, 'e': 2}" {
		t.Errorf("meta.runs: %s", got)
	}
}

func TestWriteRowsRefuses(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	addSteps(t, r, steps(0, 10))
	if _, err := WriteRows(t.Context(), r, stepSpec(), "a", steps(9, 12)); err == nil ||
		!strings.Contains(err.Error(), `two rows have the key (run_id "a", step 9)`) {
		t.Errorf("a key twice: %v", err)
	}
	if _, err := WriteRows(t.Context(), r, stepSpec(), "a", []part{{}}); err == nil {
		t.Error("rows of another type were taken")
	}
	addSteps(t, r, steps(10, 12))
	publish(t, r, Done)
	if got := rowsAt(t, l, "", "select count(*) n from train.step"); got != "{'n': 12}" {
		t.Errorf("rows: %s", got)
	}
}

func TestReplaceRows(t *testing.T) {
	l := newLake(t)
	for _, rows := range [][]step{nil, steps(0, 1), nil, steps(3, 6)} {
		r := begin(t, l)
		if _, err := WriteRows(t.Context(), r, stepSpec(), "a", []step{}); err != nil {
			t.Fatal(err)
		}
		if _, err := ReplaceRows(t.Context(), r, stepSpec(), "a", rows); err != nil {
			t.Fatal(err)
		}
		publish(t, r, Done)
	}
	if got := rowsAt(t, l, "", "select list(step order by step) s from train.step"); got != "{'s': [3, 4, 5]}" {
		t.Errorf("rows: %s", got)
	}
}

func TestAuditThatFailsPublishesNothing(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	if err := r.Audit(t.Context(), "words are short", "select word from core.word where length(word) > 9"); err != nil {
		t.Errorf("an audit that holds: %v", err)
	}
	err := r.Audit(t.Context(), "n is positive", "select word, n from core.word where n < 1")
	var failure *AuditError
	if !errors.As(err, &failure) || failure.Rows[0][1] != "0" || !strings.Contains(err.Error(), "word=w0") {
		t.Errorf("an audit that fails: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if tables, err := l.Tables(t.Context()); err != nil || len(tables) > 0 {
		t.Errorf("the lake holds %v, %v", tables, err)
	}
	if left, _ := filepath.Glob(filepath.Join(l.Dir(), "warehouse/*/*/data/*")); len(left) > 0 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	l, err := initHere(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 100))
	publish(t, r, Done)
	if v, err := l.Verify(t.Context(), VerifyOptions{}); err != nil || v.Files == 0 || v.Unrecorded != 0 {
		t.Fatalf("a whole lake: %+v, %v", v, err)
	}
	files, _ := filepath.Glob(filepath.Join(l.Dir(), "warehouse/core.db/word/data/*"))
	changed, err := content(l.disk, files[0])
	if err != nil {
		t.Fatal(err)
	}
	changed[len(changed)/3] ^= 1
	if err := rewrite(l.disk, files[0], changed); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Verify(t.Context(), VerifyOptions{}); !errors.Is(err, ErrDamaged) ||
		!strings.Contains(err.Error(), files[0]) || !strings.Contains(err.Error(), "core.word@") {
		t.Errorf("one bit changed: %v", err)
	}
	if err := l.disk.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file is gone: %v", err)
	}
}

// Many small additions to a scope leave few files, every row, and the digest of
// the same rows written at once; earlier versions stay.
func TestSmallFilesAreFolded(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	var runs []string
	const publishes = foldFiles*2 + 5
	for i := range int64(publishes) {
		addSteps(t, r, steps(i, i+1))
		publish(t, r, Done)
		r.Close()
		runs = append(runs, r.ID())
		r = begin(t, l)
	}
	_, table := tableNow(t, l, "train.step")
	if files, _, err := currentFiles(table); err != nil || len(files) > foldFiles {
		t.Errorf("%d files, %v", len(files), err)
	}
	whole := addSteps(t, begin(t, newLake(t)), steps(0, publishes))
	if pin := currentPin(table); pin.Digest != whole.Digest || pin.Rows != publishes {
		t.Errorf("the lake holds %+v, want %+v", pin, whole)
	}
	for _, n := range []int{1, foldFiles, foldFiles + 1, publishes} {
		if got := rowsAt(t, l, runs[n-1], "select count(*) n from train.step"); got != fmt.Sprintf("{'n': %d}", n) {
			t.Errorf("after %d publishes: %s", n, got)
		}
	}
}
