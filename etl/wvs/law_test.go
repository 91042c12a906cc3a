package wvs

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"alignctl/lake/duck"
)

// An answered question is a respondent's code.
type answered struct {
	question string
	code     int64
	blank    bool
}

// A voter is a respondent of a law's survey.
type voter struct {
	country string
	weight  float64 // negative: none
	answers []answered
}

func drawVoter(t *rapid.T) voter {
	v := voter{country: rapid.SampledFrom([]string{"XAA", "XAB"}).Draw(t, "country"), weight: -1}
	if rapid.Bool().Draw(t, "weighted") {
		v.weight = float64(rapid.IntRange(0, 30_000_000_000).Draw(t, "weight")) / 1e10
	}
	for _, question := range []string{"Q1", "Q122", "Q223"} {
		v.answers = append(v.answers, answered{question, int64(rapid.IntRange(-5, 5).Draw(t, question)),
			rapid.IntRange(0, 9).Draw(t, "blank") == 0})
	}
	return v
}

// A cell of a distribution, for a country, a question and a code.
type cell struct {
	country, question string
	code              int64
}

// TestDistributionLaw compares the transforms with counts made by hand, on
// respondents in two orders: shares are of the valid codes of each question,
// sum to 1, and depend on no order.
func TestDistributionLaw(t *testing.T) {
	ctx := context.Background()
	db, err := duck.Open(ctx, duck.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range append(factTables(), "create temp table wvs_source as select 's' as source") {
		if err := db.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		voters := rapid.SliceOfN(rapid.Custom(drawVoter), 1, 30).Draw(t, "voters")
		first := distribute(t, db, voters)
		agrees(t, first, voters)
		again := distribute(t, db, rapid.Permutation(voters).Draw(t, "order"))
		if !maps.Equal(first, again) {
			t.Fatalf("in another order %v is %v", first, again)
		}
	})
}

// A shared is what a distribution says of a cell.
type shared struct {
	n, valid        int64
	share, weighted float64 // weighted is -1 where it is NULL
}

// distribute runs the transforms.
func distribute(t *rapid.T, db *duck.DB, voters []voter) map[cell]shared {
	ctx := context.Background()
	var respondents, answers []string
	for i, v := range voters {
		weight := "null"
		if v.weight >= 0 {
			weight = fmt.Sprintf("%.10f", v.weight)
		}
		respondents = append(respondents, tuple(fmt.Sprint(i), duck.Literal(v.country), weight))
		for _, a := range v.answers {
			code := fmt.Sprint(a.code)
			if a.blank {
				code = "null"
			}
			answers = append(answers, tuple(duck.Literal(a.question), fmt.Sprint(i), code))
		}
	}
	tally, err := transform("tally")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"create or replace temp table wvs_respondent as " + relation("respondent integer, country varchar, weight double", respondents),
		"create or replace temp table wvs_answer as " + relation("question varchar, respondent integer, code integer", answers),
		"create or replace temp table wvs_tally as " + tally,
	} {
		if err := db.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	return distribution(t, db)
}

func distribution(t *rapid.T, db *duck.DB) map[cell]shared {
	query, err := transform("distribution")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(context.Background(),
		"select country, question, code, n, valid_n, share, coalesce(weighted_share, -1) from ("+query+")")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[cell]shared{}
	for rows.Next() {
		var c cell
		var s shared
		if err := rows.Scan(&c.country, &c.question, &c.code, &s.n, &s.valid, &s.share, &s.weighted); err != nil {
			t.Fatal(err)
		}
		found[c] = s
	}
	return found
}

// agrees compares a distribution with counts made here.
func agrees(t *rapid.T, found map[cell]shared, voters []voter) {
	counts, weights := map[cell]int64{}, map[cell]float64{}
	valid, weighted := map[cell]int64{}, map[cell]float64{}
	for _, v := range voters {
		for _, a := range v.answers {
			if a.blank || !byName()[a.question].Answers(a.code) {
				continue
			}
			c := cell{v.country, a.question, a.code}
			all := cell{v.country, a.question, 0}
			counts[c]++
			valid[all]++
			weights[c] += max(v.weight, 0)
			weighted[all] += max(v.weight, 0)
		}
	}
	if want, got := len(counts), len(found); want != got {
		t.Fatalf("%d cells, want %d: %v", got, want, found)
	}
	for _, c := range slices.Collect(maps.Keys(counts)) {
		all := cell{c.country, c.question, 0}
		s := found[c]
		want := shared{counts[c], valid[all], float64(counts[c]) / float64(valid[all]), -1}
		if weighted[all] > 0 {
			want.weighted = weights[c] / weighted[all]
		}
		if s.n != want.n || s.valid != want.valid || s.share != want.share || math.Abs(s.weighted-want.weighted) > 1e-12 {
			t.Fatalf("%v: %v, want %v", c, s, want)
		}
	}
}
