package sql

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"alignctl/lake"
)

// bigWorld has 60 train cues of 12 to 40 responses, enough for two threads to
// share the work, and 20 cues on either held side.
func bigWorld(t *testing.T, workspace string) *world {
	w := newWorld(t, workspace)
	w.table("core.strength", []string{"language", "population", "cue", "response"}, `
		SELECT 'en' AS language, 'all' AS population, 'cue' || c AS cue, 'word' || r AS response,
			(1 + 90 // (1 + r))::BIGINT AS n123, 1::BIGINT AS n1
		FROM range(100) AS cues(c), range(40) AS responses(r)
		WHERE r < 12 + c % 29`)
	w.table("core.split", []string{"recipe", "language", "cue"}, `
		SELECT 'cue-70-20-10' AS recipe, 'en' AS language, 'cue' || c AS cue, 'cue' || c AS cue_group,
			CASE WHEN c < 60 THEN 'train' WHEN c < 80 THEN 'dev' ELSE 'test' END AS split
		FROM range(100) AS cues(c)`)
	return w
}

func TestBuildIsTheSameOnAnyThreads(t *testing.T) {
	set := map[string]string{"copies": "9"}
	var digests []string
	for _, threads := range []int{1, 2} {
		w := bigWorld(t, "")
		built, err := w.catalogue.Build(w.ctx, w.lake, "data.sft_ranked",
			BuildOptions{Set: set, Session: lake.SessionOptions{Threads: threads}})
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(60*9 - 1 + 40); built.Rows != want {
			t.Errorf("%d rows, want %d: 9 copies of 60 cues, two of them equal, and 40 whole lists", built.Rows, want)
		}
		digests = append(digests, built.Digest, built.Recipe.Digest)
	}
	if digests[0] != digests[2] || digests[1] != digests[3] {
		t.Errorf("content and recipe digests differ: %q", digests)
	}
}

func TestBuildReusesTheSameRecipe(t *testing.T) {
	w := bigWorld(t, "")
	build := func(share string) Built {
		t.Helper()
		built, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked",
			BuildOptions{Set: map[string]string{"copies": "2", "share": share}})
		if err != nil {
			t.Fatal(err)
		}
		return built
	}
	first := build("0.7")
	if again := build("0.70"); !again.Reused || again.Pin != first.Pin || again.Run != first.Run {
		t.Errorf("same recipe again: %+v, want the pin of %+v", again, first)
	}
	if other := build("0.5"); other.Reused || other.Snapshot == first.Snapshot || other.Digest == first.Digest {
		t.Errorf("another share: %+v, want another snapshot than %+v", other, first)
	}
	// The table's name means what was asked for last.
	if back := build("0.7"); back.Reused || back.Digest != first.Digest {
		t.Errorf("back to the first recipe: %+v, want the content of %+v", back, first)
	}
}

func TestBuildFollowsItsInputs(t *testing.T) {
	w := bigWorld(t, "")
	first, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.table("core.strength", []string{"language", "population", "cue", "response"},
		"SELECT * REPLACE (n123 + 1 AS n123) FROM core.strength WHERE response <> 'word3'")
	second, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{})
	if err != nil || second.Reused || second.Digest == first.Digest {
		t.Errorf("after core.strength moved: %+v, %v; want a new snapshot", second, err)
	}
	same, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{At: second.Run})
	if err != nil || !same.Reused || same.Pin != second.Pin {
		t.Errorf("build on the inputs as they are now: %+v, %v; want %+v", same, err, second)
	}
	earlier, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{At: first.Run})
	if err != nil || earlier.Reused || earlier.Digest != first.Digest {
		t.Errorf("build on the earlier core.strength: %+v, %v; want the digest of %+v", earlier, err, first)
	}
}

// TestCopiesKeepTheSmallestDraws works the copies of a cue out in Go.
func TestCopiesKeepTheSmallestDraws(t *testing.T) {
	w := bigWorld(t, "")
	if _, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked",
		BuildOptions{Set: map[string]string{"seed": "7", "copies": "3"}}); err != nil {
		t.Fatal(err)
	}
	responses := make([]string, 12+5%29)
	for r := range responses {
		responses[r] = fmt.Sprint("word", r)
	}
	slices.SortStableFunc(responses, func(a, b string) int {
		return cmp.Or(cmp.Compare(people(b), people(a)), cmp.Compare(a, b))
	})
	for number := 1; number <= 3; number++ {
		got, err := w.query(fmt.Sprintf("SELECT completion FROM data.sft_ranked WHERE example_id = 'en:cue5:%03d'", number))
		if want := strings.Join(keep(responses, 7, "cue5", number), ", ") + "\n"; err != nil || got != want {
			t.Errorf("copy %d: %v\ngot  %swant %s", number, err, got, want)
		}
	}
}

// people is n123 of a response in bigWorld.
func people(response string) int {
	var r int
	_, _ = fmt.Sscanf(response, "word%d", &r)
	return 1 + 90/(1+r)
}

// keep gives the 70 % of the responses with the smallest draws, in their order.
func keep(responses []string, seed int, cue string, number int) []string {
	draw := func(response string) uint64 {
		sum := md5.Sum([]byte(fmt.Sprintf("%d|en|%s|%d|%s", seed, cue, number, response)))
		return binary.LittleEndian.Uint64(sum[8:])
	}
	draws := make([]uint64, len(responses))
	for i, response := range responses {
		draws[i] = draw(response)
	}
	slices.Sort(draws)
	highest := draws[int(math.Ceil(0.7*float64(len(draws))))-1]
	return slices.DeleteFunc(slices.Clone(responses), func(response string) bool { return draw(response) > highest })
}

const ownQuery = `SELECT cue, count(*) AS n
FROM core.strength
GROUP BY cue
HAVING count(*) >= getvariable('least')`

// own is a user's view, whose parts the tests change.
const own = `-- view: data.own
-- doc: A cue and how many responses it has.
-- key: cue
-- licence: open
-- param: least int 20 "responses, at least"
-- column: cue "the cue"
-- column: n unit=count "responses"
` + ownQuery + `
-- audit: not-too-many "a cue has at most 35 responses"
SELECT cue, n FROM data.own WHERE n > 35 ORDER BY cue
`

func TestAuditThatFailsPublishesNothing(t *testing.T) {
	w := bigWorld(t, workspace(t, map[string]string{"views/own.sql": own}))
	before, err := w.lake.At(w.ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.catalogue.Build(w.ctx, w.lake, "data.own", BuildOptions{})
	var audit *lake.AuditError
	if !errors.As(err, &audit) || audit.Name != "not-too-many" || audit.Rows[0][0] != "cue24" {
		t.Fatalf("got %v, want the audit's error with its first row", err)
	}
	if !strings.Contains(err.Error(), "own.sql:13:") {
		t.Errorf("%v: want the place of the audit", err)
	}
	after, err := w.lake.At(w.ctx, "")
	if _, built := after["data.own"]; err != nil || built || len(after) != len(before) {
		t.Errorf("tables after the failure: %v, %v; before: %v", after, err, before)
	}
}

// TestAuditsFindTheirFault breaks the built-in view, or its inputs, once an audit.
func TestAuditsFindTheirFault(t *testing.T) {
	view, err := builtin.ReadFile("views/data/sft_ranked.sql")
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.ReplaceAll(string(view), "data.sft_ranked", "data.mine")
	for _, test := range []struct{ audit, old, new string }{
		{"no-group-crosses", "    split,\n    copy,", "    if(copy = 2, 'dev', split) AS split,\n    copy,"},
		{"no-empty-completion", "replace(answer, ',', separator)", "if(cue = 'cue7', ' ', replace(answer, ',', separator))"},
		{"lists-keep-order", "list_where(responses, kept)", "list_reverse(list_where(responses, kept))"},
		{"lists-keep-order", "list_where(responses, kept)", "list_append(list_where(responses, kept), 'new')"},
		{"every-split-has-examples", "WHERE split.recipe", "WHERE split.split <> 'dev' AND split.recipe"},
	} {
		text := strings.Replace(renamed, test.old, test.new, 1)
		if text == renamed {
			t.Fatalf("%q is not in the view", test.old)
		}
		w := bigWorld(t, workspace(t, map[string]string{"views/mine.sql": text}))
		_, err := w.catalogue.Build(w.ctx, w.lake, "mine", BuildOptions{})
		var audit *lake.AuditError
		if !errors.As(err, &audit) || audit.Name != test.audit {
			t.Errorf("%s: got %v", test.audit, err)
		}
	}
}

func TestViewsThatAreRefused(t *testing.T) {
	w := bigWorld(t, "")
	for _, test := range []struct{ name, old, new, want string }{
		{"random", "count(*) AS n", "count(*) AS n, random()", "own.sql:8: random() differs from run to run"},
		{"clock", "count(*) AS n", "count(*) AS n,\n now()", "own.sql:9: now() differs from run to run"},
		{"clock word", "count(*) AS n", "count(*) AS n, current_date", "own.sql:8: current_date differs"},
		{"sample", "FROM core.strength", "FROM core.strength TABLESAMPLE 10%", "TABLESAMPLE differs from run to run"},
		{"limit", "'least')", "'least')\nLIMIT 9", "own.sql:12: LIMIT without ORDER BY takes whichever rows come first"},
		{"limit inside", "FROM core.strength", "FROM (FROM core.strength\nOFFSET 3)", "own.sql:10: OFFSET without ORDER BY"},
		{"order outside", "FROM core.strength", "FROM (FROM (FROM core.strength ORDER BY cue) LIMIT 1)",
			"own.sql:9: LIMIT without ORDER BY"},
		{"limit of part", "'least')", "'least') UNION ALL (SELECT 'x', 1 LIMIT 1)", "LIMIT without ORDER BY"},
		{"share", "'least')", "'least') LIMIT 10%", "LIMIT without ORDER BY"},
		{"list", "count(*)", "len(list(response))", "own.sql:8: list() without ORDER BY depends on the order of rows: " +
			"write list(... ORDER BY ...)"},
		{"distinct list", "count(*)", "len(string_agg(DISTINCT response, ' '))", "string_agg() without ORDER BY"},
		{"array of query", "count(*)", "len(array(SELECT cue FROM core.split))", "array_agg() without ORDER BY"},
		{"first", "count(*)", "first(n123)", "first() without ORDER BY"},
		{"arg_max", "count(*)", "len(arg_max(response, n123))", "arg_max() without ORDER BY"},
		{"mode", "count(*)", "mode(n123 ORDER BY n123)", "mode() depends on the order of rows: count the values"},
		{"row_number", "count(*)", "row_number() OVER (PARTITION BY cue)", "row_number() over a window without ORDER BY"},
		{"lag", "count(*)", "lag(count(*)) OVER ()", "lag() over a window without ORDER BY"},
		{"rows frame", "count(*)", "sum(count(*)) OVER (ROWS UNBOUNDED PRECEDING)", "sum() over a window without ORDER BY"},
		{"distinct on", "SELECT cue", "SELECT DISTINCT ON (cue) cue", "own.sql:8: DISTINCT ON without ORDER BY"},
		{"positional", "FROM core.strength", "FROM core.strength POSITIONAL JOIN core.split", "POSITIONAL JOIN pairs rows"},
		{"file", "core.strength", "read_csv('x.csv')", "own.sql:9: read_csv() reads what no table of the lake holds"},
		{"bare file", "core.strength", "'x.csv'", `own.sql:9: table "x.csv": name a table of the lake with its schema`},
		{"no schema", "core.strength", "strength", `own.sql:9: table "strength": name a table`},
		{"catalog", "core.strength", "memory.core.strength", "want schema.table"},
		{"not loaded", "core.strength", "core.strenght",
			`reads table "core.strenght", which is not in the lake; did you mean "core.strength"?`},
		{"itself", "core.strength", "data.own", "own.sql:9: the query reads the view itself"},
		{"syntax", "GROUP BY cue", "GROUP cue BY", "own.sql:10: syntax error"},
		{"not a query", ownQuery, "DELETE FROM core.strength", "own.sql:8: not a query"},
		{"two queries", "GROUP BY cue", "; SELECT 1 GROUP BY cue", "own.sql:8: want exactly one statement"},
		{"column gone", "AS n\n", "AS number\n", `own.sql:7: column "n" is not in the query`},
		{"key gone", "SELECT cue,", "SELECT", `column "cue" is not in the query`},
		{"type", "count(*) AS n", "sum(n123) AS n", `column "n" has type HUGEINT`},
		{"key twice", "SELECT cue", "SELECT 'x' AS cue", "data.own"},
		{"nothing", "'least')", "'least') + 99", "the view gives no rows"},
		{"unbound", "GROUP BY cue", "GROUP BY cux", "own.sql:10: Binder Error"},
		{"audit unbound", "n > 35", "m > 35", "own.sql:13: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(own, test.old, test.new, 1)
			if text == own {
				t.Fatalf("%q is not in the view", test.old)
			}
			c, err := LoadCatalogue(workspace(t, map[string]string{"views/own.sql": text}))
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Build(w.ctx, w.lake, "data.own", BuildOptions{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestViewsThatPass has what looks like a matter of order and is none.
func TestViewsThatPass(t *testing.T) {
	w := bigWorld(t, "")
	for _, expression := range []string{
		"len(list(response ORDER BY response))",
		"len(list_sort(list(response)))",
		"len(list(DISTINCT response ORDER BY response DESC))",
		"len(string_agg(DISTINCT response, ' ' ORDER BY response))",
		"len(list(response ORDER BY response) FILTER (n123 > 0))",
		"len(array(SELECT cue FROM core.split ORDER BY cue))",
		"len((SELECT string_agg(cue, ' ' ORDER BY cue) FROM core.split))",
		"(SELECT count(*) FROM core.split LIMIT ALL)",
		"(SELECT cue_group FROM core.split ORDER BY cue LIMIT 1) || ''",
		"(SELECT DISTINCT ON (language) cue FROM core.split ORDER BY language, cue) || ''",
		"row_number() OVER (ORDER BY cue)",
		"count(*) OVER (PARTITION BY cue)",
		"rank() OVER (ORDER BY count(*))",
		"max(response) || ''",
		"len(first(response ORDER BY n123 DESC, response))",
		"len(arg_max(response, n123 ORDER BY response))",
	} {
		text := strings.Replace(own, "count(*) AS n", expression+" AS n", 1)
		c, err := LoadCatalogue(workspace(t, map[string]string{"views/own.sql": text}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Recipe(w.ctx, w.lake, "data.own", nil, map[string]string{"core.strength": "x", "core.split": "x"}); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func TestListings(t *testing.T) {
	w := bigWorld(t, "testdata/workspace")
	built, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	listings, err := w.catalogue.List(w.ctx, w.lake)
	at := slices.IndexFunc(listings, func(listed Listing) bool { return listed.View.Name == "data.sft_ranked" })
	if err != nil || at < 0 || !listings[at].Built || listings[at].Pin != built.Pin {
		t.Errorf("list: %+v, %v; want %+v", listings, err, built.Pin)
	}
}
