package sql

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// A splitCase is an input of core.split and its parameters.
type splitCase struct {
	cues    []string // of one language; several may be spellings of one group
	weights [3]int64
	seed    int64
	strata  int64
}

func drawSplit(t *rapid.T) splitCase {
	c := splitCase{seed: rapid.Int64Range(-5, 5).Draw(t, "seed"), strata: rapid.Int64Range(1, 6).Draw(t, "strata"),
		cues: rapid.SliceOfNDistinct(rapid.StringMatching(`[a-cA-C]{1,3} ?`), 1, 40, rapid.ID[string]).Draw(t, "cues")}
	for i := range c.weights {
		c.weights[i] = rapid.Int64Range(0, 100).Draw(t, "weight")
	}
	if c.weights == [3]int64{} {
		c.weights[0] = 1
	}
	return c
}

// A splitRow is a row of core.split.
type splitRow struct {
	cue, group, split string
	stratum           int
}

// run gives what the view's query makes of the case. Every cue is asked of two
// populations, and is a response to some cues, more often the later it stands in
// the alphabet.
func (c splitCase) run(t *rapid.T, db *duck.DB, order string) (rows []splitRow) {
	view := builtinView("core.split")
	values := make([]string, len(c.cues))
	for i, cue := range c.cues {
		values[i] = "(" + duck.Literal(cue) + ")"
	}
	statements := []string{"create or replace table core.strength as select 'en' as language, population, c.cue, r.cue as response, " +
		"1::bigint as n1, ascii(r.cue)::bigint as n123 from (values " + strings.Join(values, ", ") + ") c(cue), (values " +
		strings.Join(values, ", ") + ") r(cue), (values ('all'), ('us')) p(population) order by md5(" + order + "|| c.cue || r.cue)"}
	for name, value := range map[string]int64{"train": c.weights[0], "dev": c.weights[1], "test": c.weights[2],
		"seed": c.seed, "strata": c.strata} {
		statements = append(statements, fmt.Sprintf("set variable %s = %d::bigint", name, value))
	}
	for _, statement := range append(statements, "set variable recipe = 'r'") {
		if err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	found, err := db.Query(t.Context(), "select cue, cue_group, split, stratum from ("+view.Query.SQL+"\n) order by cue")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var row splitRow
		if err := found.Scan(&row.cue, &row.group, &row.split, &row.stratum); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func builtinView(name string) *View {
	c, err := LoadCatalogue("")
	if err != nil {
		panic(err)
	}
	v, err := c.View(name)
	if err != nil {
		panic(err)
	}
	return v
}

// sizes divides n groups by the largest remainder.
func (c splitCase) sizes(n int64) (sizes [3]int64) {
	total, left := c.weights[0]+c.weights[1]+c.weights[2], n
	order := []int{0, 1, 2}
	for i, w := range c.weights {
		sizes[i] = n * w / total
		left -= sizes[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(n*c.weights[b]%total - n*c.weights[a]%total) })
	for _, i := range order[:left] {
		sizes[i]++
	}
	return sizes
}

// Every cue has one row and the groups one side; strata are of nearly equal
// size, and each is cut in the order of md5 by the largest remainder. The order
// of rows decides nothing.
func TestCueSplitLaw(t *testing.T) {
	db, err := duck.Open(t.Context(), duck.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(t.Context(), "create schema core"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawSplit(t)
		rows := c.run(t, db, "'one'")
		if again := c.run(t, db, "'two'"); !slices.Equal(rows, again) {
			t.Fatalf("another order of rows: %v, then %v", rows, again)
		}
		if len(rows) != len(c.cues) {
			t.Fatalf("%d cues, %d rows", len(c.cues), len(rows))
		}
		sides, strata := sidesOf(t, rows), map[int][]string{}
		for group, side := range sides {
			strata[side.stratum] = append(strata[side.stratum], group)
		}
		for _, groups := range strata {
			c.checkStratum(t, sides, groups)
		}
	})
}

// sidesOf gives each group the row of one of its cues, of which all agree.
func sidesOf(t *rapid.T, rows []splitRow) map[string]splitRow {
	sides := map[string]splitRow{}
	for _, row := range rows {
		if row.group != strings.ToLower(strings.TrimSpace(row.cue)) {
			t.Fatalf("group of %+v", row)
		}
		side, known := sides[row.group]
		if known && (side.split != row.split || side.stratum != row.stratum) {
			t.Fatalf("%+v stands beside %+v", row, side)
		}
		sides[row.group] = row
	}
	return sides
}

// checkStratum sees that the groups are as many as those of the other strata, and
// that, drawn by md5, they are cut where they should be.
func (c splitCase) checkStratum(t *rapid.T, sides map[string]splitRow, groups []string) {
	if least := len(sides) / int(c.strata); len(groups) < least || len(groups) > least+1 {
		t.Fatalf("a stratum has %d of %d groups", len(groups), len(sides))
	}
	draw := func(group string) string { return fmt.Sprintf("%x", md5.Sum(fmt.Appendf(nil, "%d|%s", c.seed, group))) }
	slices.SortFunc(groups, func(a, b string) int { return strings.Compare(draw(a), draw(b)) })
	sizes, at := c.sizes(int64(len(groups))), 0
	for i, split := range []string{"train", "dev", "test"} {
		for range sizes[i] {
			if sides[groups[at]].split != split {
				t.Fatalf("%q in place %d of %d is %s, want %s by %v", groups[at], at, len(groups), sides[groups[at]].split, split, c.weights)
			}
			at++
		}
	}
}

// The digest is that of the cues, on any number of threads.
func TestCueSplitIsTheSameOnAnyThreads(t *testing.T) {
	var digests []string
	for _, threads := range []int{1, 2} {
		w := newWorld(t, "")
		w.table("core.strength", []string{"language", "population", "cue", "response"}, `
			SELECT 'en' AS language, 'all' AS population, 'cue' || c AS cue, 'cue' || (c + r * r) % 977 AS response,
				r AS n1, r AS n123
			FROM range(5000) AS cues(c), range(1, 20) AS responses(r)`)
		built, err := w.catalogue.Build(w.ctx, w.lake, "split", BuildOptions{Set: map[string]string{"strata": "7"},
			Session: lake.SessionOptions{Threads: threads}})
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, built.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests differ: %q", digests)
	}
}

// TestCase26AtFullSize splits as many cue groups as the study's English data has,
// three spellings each.
func TestCase26AtFullSize(t *testing.T) {
	w := newWorld(t, "")
	w.table("core.strength", []string{"language", "population", "cue", "response"}, `
		SELECT 'en' AS language, 'all' AS population, cue, 'r' || i % 40 AS response, 1::BIGINT AS n1, 3::BIGINT AS n123
		FROM range(12271) AS numbers(i), unnest(['cue' || i, 'Cue' || i, ' CUE' || i || ' ']) AS spelled(cue)`)
	built, err := w.catalogue.Build(w.ctx, w.lake, "core.split", BuildOptions{})
	if err != nil || built.Rows != 3*12271 {
		t.Fatalf("%d rows, %v", built.Rows, err)
	}
	got, err := w.query(`SELECT split, count(DISTINCT cue_group), count(*) FROM core.split GROUP BY split ORDER BY split`)
	if want := "dev\t2454\t7362\ntest\t1227\t3681\ntrain\t8590\t25770\n"; err != nil || got != want {
		t.Errorf("got %v\n%swant\n%s", err, got, want)
	}
	crossing, err := w.query(`SELECT lower(trim(cue)) FROM core.split GROUP BY 1 HAVING count(DISTINCT split) > 1`)
	if err != nil || crossing != "" {
		t.Errorf("groups on two sides: %v\n%s", err, crossing)
	}
}
