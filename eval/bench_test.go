package eval_test

import (
	"fmt"
	"strings"
	"testing"

	"alignctl/eval"
	"alignctl/internal/stat"
	"alignctl/lake/laketest"
)

// The answers to as many cues as the study has, by all metrics of associations
// and with the resamples of a paper.
func BenchmarkScore(b *testing.B) {
	const cues, words, resamples = 12000, 20, 10000
	names, s := make([]string, cues), &script{answers: map[string]string{}}
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
		list := make([]string, words)
		for j := range list {
			list[j] = fmt.Sprintf("r%d", (i*7+j*26)%5000) // every other one of people's
		}
		s.answers[names[i]] = strings.Join(list, ", ")
	}
	l := laketest.New(b, examples("en", names...), laketest.Table{Spec: strengthTable, Query: fmt.Sprintf(`
		select 'en' as language, 'all' as population, 'c' || i as cue, 'r' || (i * 7 + j * 13) %% 5000 as response, 61 - j as n123
		from range(%d) c(i), range(60) r(j)`, cues)})
	run := generate(b, l, s).RunID
	for b.Loop() {
		score(b, l, eval.ScoreOptions{Run: run, Bootstrap: stat.Bootstrap{Resamples: resamples}})
	}
}
