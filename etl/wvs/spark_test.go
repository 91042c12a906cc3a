package wvs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/spark/sparktest"
	"alignctl/lake"
)

// TestSparkAgrees runs each transform on Spark: the same rows come out.
func TestSparkAgrees(t *testing.T) {
	server := sparktest.Start(t, "local[2]").Engine(t)
	l := etltest.NewLake(t)
	o := Options{Files: append(lands(t), "testdata/case08/AAA.csv"), Source: "lands"}
	here, there := counted(t, l, o, nil), counted(t, l, o, server)
	for name, atLeast := range map[string]int64{"tally": 80, "distribution": 20, "missing": 600, "question": 300, "option": 1500} {
		query, err := transform(name)
		if err != nil {
			t.Fatal(err)
		}
		sparktest.Compare(t, here.job.Run.Session(), there.job.Engine, name, query, atLeast)
	}
}

// counted goes through a load up to its core tables, on an engine; nil is
// DuckDB.
func counted(t *testing.T, l *lake.Lake, o Options, on etl.Opener) *loader {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	p, err := Prepare(ctx, l, o)
	if err != nil {
		t.Fatal(err)
	}
	p.codebook = &Codebook{Texts: []Text{{"Q1", "zh", "多重要？"}, {"Q2", "tr", "İ ß ς 😀 e\u0301"}},
		Labels: []Label{{"Q1", "zh", 1, 0, "很"}, {"Q1", "zh", 2, 7, "不"}, {"Q223", "en", 5, 0, `a 'party' \n`}}}
	w := &loader{plan: p, job: etltest.NewJob(t, l, on)}
	w.job.Report = &etl.Report{Source: o.Source}
	for _, do := range []func(context.Context) error{w.stage, w.respondents, w.answers, w.prelude} {
		if err := do(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// lands are invented files of a country each, one of which has no weights, with
// reasons for no answer and empty cells.
func lands(t *testing.T) (paths []string) {
	t.Helper()
	questions := []int{1, 56, 122, 125, 164, 223}
	for country, code := range []string{"XAA", "XAB"} {
		var b strings.Builder
		b.WriteString("D_INTERVIEW,B_COUNTRY_ALPHA")
		for _, q := range questions {
			fmt.Fprintf(&b, ",Q%d", q)
		}
		b.WriteString([]string{",W_WEIGHT\n", "\n"}[country])
		for i := range 300 {
			fmt.Fprintf(&b, "%d,%s", i+1000*country, code)
			for _, q := range questions {
				b.WriteByte(',')
				if code := (i*31+q*17)%8 - 5; (i*q)%11 != 0 && code != 0 {
					b.WriteString(strconv.Itoa(code))
				}
			}
			if country == 0 {
				fmt.Fprintf(&b, ",%.10f", float64(i%97+1)/31)
			}
			b.WriteByte('\n')
		}
		paths = append(paths, etltest.File(t, code+".csv", b.String()))
	}
	return paths
}
