package norms

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/spark/sparktest"
	"alignctl/lake"
)

// TestSparkAgrees runs the transform on Spark: the same rows come out.
func TestSparkAgrees(t *testing.T) {
	server := sparktest.Start(t, "local[2]").Engine(t)
	query, err := transforms.ReadFile("sql/norm.sql")
	if err != nil {
		t.Fatal(err)
	}
	l := etltest.NewLake(t)
	here, there := rated(t, l, nil), rated(t, l, server)
	sparktest.Compare(t, here.job.Run.Session(), there.job.Engine, "norm", string(query), 500)
}

// rated goes through a load up to its core table, on an engine; nil is DuckDB.
func rated(t *testing.T, l *lake.Lake, on etl.Opener) *loader {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	file, set := manyRatings(t)
	p, err := Prepare(ctx, l, Options{Files: []string{file}, Set: set, Source: "many"})
	if err != nil {
		t.Fatal(err)
	}
	w := &loader{plan: p, job: etltest.NewJob(t, l, on)}
	w.job.Report = &etl.Report{Source: "many"}
	for _, do := range []func(context.Context) error{w.stage, w.raw, func(ctx context.Context) error {
		return prelude(ctx, w.job.Run.Session(), w.job.Engine, "many")
	}} {
		if err := do(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// manyRatings is an invented file with homographs, repeated words, letters at
// which engines part, and records without a mean or raters, and its set.
func manyRatings(t *testing.T) (file string, set *Set) {
	t.Helper()
	letters := []string{"w", "İ", "ß", "ς", "Σ", "😀", "e\u0301", "é", "𝔘", "o'"}
	var b strings.Builder
	b.WriteString("word,c,s,n,v\n")
	for i := range 2000 {
		word, mean, raters := fmt.Sprintf("%s%d", letters[i%len(letters)], i%700), fmt.Sprint(1+float64(i*7919%4001)/1000), fmt.Sprint(i%40)
		if i%3 == 0 {
			word += fmt.Sprintf(" (sense %d)", i%5)
		}
		if i%11 == 0 {
			raters = ""
		}
		if i%13 == 0 {
			mean = ""
		}
		fmt.Fprintf(&b, "%s,%s,0.%d,%s,%v\n", word, mean, i, raters, float64(i*31%601)/100-3)
	}
	return write(t, "many.csv", b.String()), mapping(t, "language: en\nsenses: true\nword: word\ndimensions:\n"+
		"  concreteness: {low: 1, high: 5, reversed: true, mean: c, sd: s, n: n}\n  valence: {low: -3, high: 3, mean: v}\n")
}
