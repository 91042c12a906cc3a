package wvs

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

// load loads files and fails the test where that fails.
func load(t testing.TB, l *lake.Lake, o Options) *etl.Report {
	t.Helper()
	report, err := tryLoad(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func tryLoad(l *lake.Lake, o Options) (*etl.Report, error) {
	plan, err := Prepare(context.Background(), l, o)
	if err != nil {
		return nil, err
	}
	return plan.Load(context.Background())
}

// query gives the rows of a query on the lake as it is, values set apart by blanks.
func query(t testing.TB, l *lake.Lake, text string) []string {
	t.Helper()
	lines := etltest.Query(t, l, text)
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "|", " ")
	}
	return lines
}

// TestNegativeAndZeroCodes is case 08: codes below zero are reasons, zero is an
// answer where the question says so, and what nobody was asked has no shares.
func TestNegativeAndZeroCodes(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{"testdata/case08/AAA.csv"}})
	want := []string{
		"Q1 1 2 5 0.4", "Q1 2 1 5 0.2", "Q1 3 1 5 0.2", "Q1 4 1 5 0.2",
		"Q122 0 3 6 0.5", "Q122 1 1 6 0.166667", "Q122 2 2 6 0.333333",
		"Q164 1 1 6 0.166667", "Q164 5 1 6 0.166667", "Q164 7 1 6 0.166667", "Q164 10 3 6 0.5",
	}
	got := query(t, l, `select question, code, n, valid_n, round(share, 6) from core.wvs_distribution
		where country = 'AAA' order by question, code`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	want = []string{"Q1 asked 8 5 1 1 0 0 1", "Q125 not asked 8 0 0 0 0 8 0", "Q2 no column 8 0 0 0 0 0 0"}
	got = query(t, l, `select question, state, respondents, valid_n, dont_know, no_answer, not_applicable, not_asked, unknown
		from core.wvs_missing where question in ('Q1', 'Q2', 'Q125') order by question`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	mean := query(t, l, "select round(sum(code * share), 6) from core.wvs_distribution where question = 'Q164'")
	if diff := cmp.Diff([]string{"7.166667"}, mean); diff != "" {
		t.Error(diff)
	}
}

// TestLinesOfAverages is case 10: what follows the respondents is refused by its
// line, or set aside.
func TestLinesOfAverages(t *testing.T) {
	l, o := etltest.NewLake(t), Options{Files: []string{"testdata/case10/China.csv"}}
	_, err := tryLoad(l, o)
	want := `testdata/case10/China.csv:6:1: "Avg" in column "B_COUNTRY" is not a whole number; correct it`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	rejects, err := etl.CreateRejects(filepath.Join(t.TempDir(), "rejects.csv"))
	if err != nil {
		t.Fatal(err)
	}
	o.Rejects = rejects
	report := load(t, l, o)
	if report.Rows != 4 || report.Rejected != 3 || rejects.Count() != 3 {
		t.Errorf("%d respondents, %d and %d set aside", report.Rows, report.Rejected, rejects.Count())
	}
	if err := rejects.Close(); err != nil {
		t.Error(err)
	}
	shares := []string{
		"Q122 0 0.25", "Q122 1 0.5", "Q122 2 0.25", "Q27 1 0.25", "Q27 2 0.5", "Q27 3 0.25", "Q28 2 0.666667", "Q28 4 0.333333",
	}
	got := query(t, l, "select question, code, round(share, 6) from core.wvs_distribution where source = 'wvs7-chn' order by question, code")
	if diff := cmp.Diff(shares, got); diff != "" {
		t.Error(diff)
	}
}
