package eval_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/internal/reply"
	"alignctl/internal/stat"
	"alignctl/lake"
	"alignctl/lake/laketest"
)

// examples are prompts for cues of a language.
func examples(language string, cues ...string) laketest.Table {
	return laketest.Table{Spec: examplesTable, Query: fmt.Sprintf(`
		select concat('%[1]s:', cue) as example_id, '%[1]s' as language, cue, 'test' as split,
			[{role: 'user', content: 'words for ' || cue}] as messages
		from (select unnest(['%[2]s']) as cue)`, language, strings.Join(cues, "', '"))}
}

// metric is a row of a scoring's metrics.
func metric(t *testing.T, scored eval.Scored, name, slice string) eval.MetricRow {
	t.Helper()
	at := slices.IndexFunc(scored.Metrics, func(m eval.MetricRow) bool { return m.Metric == name && m.Slice == slice })
	if at < 0 {
		t.Fatalf("no metric %s of slice %q", name, slice)
	}
	return scored.Metrics[at]
}

func wantValue(t *testing.T, scored eval.Scored, name, slice string, want float64) {
	t.Helper()
	if m := metric(t, scored, name, slice); m.Value == nil || math.Abs(*m.Value-want) > 1e-12 {
		t.Errorf("%s %s = %v, want %v (%s)", name, slice, m.Value, want, m.Method)
	}
}

// Who else could have answered: words at random, the most frequent ones of all
// cues, and one half of people.
func TestRivals(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	run := generate(t, l, &script{answers: caseAnswers(t)}).RunID
	got := score(t, l, eval.ScoreOptions{Run: run, Ks: []int{1, 5}})
	// People's most frequent words are blue and wave: a hit for sky, none for sea, none for sun.
	wantValue(t, got, "p_at_1", eval.FrequencySlice, 1./3)
	for _, slice := range []string{eval.RandomSlice, eval.PeopleSlice} {
		m := metric(t, got, "p_at_5", slice)
		if m.N != 3 || *m.Value < 0 || *m.Value > 1 {
			t.Errorf("p_at_5 of %s = %v over %d cues", slice, *m.Value, m.N)
		}
	}
	if again := score(t, l, eval.ScoreOptions{Run: run, Ks: []int{1, 5}}); cmp.Diff(got.Metrics, again.Metrics) != "" {
		t.Error("baselines differ from one scoring to the next")
	}
}

// Defects 6 and 7, and the parser: each gives the study's figure where it is
// named, and the right one where it isn't.
func TestAssociationsAsPublished(t *testing.T) {
	t.Parallel()
	l := laketest.New(t, examples("zh", "天", "海", "null"), laketest.Table{Spec: strengthTable, Query: `
		select 'zh' as language, population, cue, response, n123
		from (values ('all', '天', '蓝', 4), ('all', '天', '云', 2), ('all', '天', 'SUN  light', 1), ('all', '海', '浪', 3),
			('all', '海', '水', 2), ('all', 'null', '零', 1), ('us', '天', '云', 1), ('us', '海', '水', 1))
			v(population, cue, response, n123)`})
	run := generate(t, l, &script{answers: map[string]string{"天": "蓝,云", "海": "浪，水", "null": "零"}}).RunID
	latin := generate(t, l, &script{answers: map[string]string{"天": "sun light"}}).RunID
	tests := []struct {
		name         string
		run          string
		published    eval.ScoreOptions
		metric       string
		right, wrong float64
	}{
		{"Chinese with ASCII commas", run, eval.ScoreOptions{Parser: reply.PublishedGeneration}, "p_at_1", 1, 2. / 3},
		{"capitals and doubled blanks in people's words", latin, eval.ScoreOptions{AsPublished: []eval.Defect{eval.RawGold}}, "p_at_1", 1. / 3, 0},
		{"the cue null lost", run, eval.ScoreOptions{AsPublished: []eval.Defect{eval.NullCueLost}}, "p_at_2", 5. / 6, 1},
		{"a population that isn't what its name says", run, eval.ScoreOptions{Population: "us"}, "p_at_2", 5. / 6, 1. / 2},
	}
	for _, test := range tests {
		o := test.published
		o.Run, o.Ks = test.run, []int{1, 2}
		published := score(t, l, o)
		wantValue(t, score(t, l, eval.ScoreOptions{Run: test.run, Ks: o.Ks}), test.metric, "", test.right)
		wantValue(t, published, test.metric, "", test.wrong)
		for _, d := range o.AsPublished {
			if m := metric(t, published, test.metric, ""); !strings.Contains(m.Method, "as published: "+string(d)) {
				t.Errorf("%s: the method doesn't say so: %s", test.name, m.Method)
			}
		}
	}
}

// Positions and ranks of different cues aren't comparable: each cue's words are
// in people's order, and pooled they are not.
func TestSpearmanAsPublished(t *testing.T) {
	t.Parallel()
	l := laketest.New(t, examples("en", "a", "b", "c"), laketest.Table{Spec: strengthTable, Query: `
		select 'en' as language, 'all' as population, cue, response, n123
		from (values ('a', 'x', 3), ('a', 'y', 2), ('a', 'z', 1), ('b', 'x', 3), ('b', 'y', 2), ('b', 'z', 1),
			('c', 'p', 9), ('c', 'q', 8), ('c', 'x', 3), ('c', 'y', 2)) v(cue, response, n123)`})
	run := generate(t, l, &script{answers: map[string]string{"a": "x, y", "b": "tree, rock, x, z", "c": "x, y"}}).RunID
	wantValue(t, score(t, l, eval.ScoreOptions{Run: run}), "spearman", "", 1)
	published := score(t, l, eval.ScoreOptions{Run: run, AsPublished: []eval.Defect{eval.PooledSpearman}})
	m := metric(t, published, "spearman", "")
	// scipy.stats.spearmanr([1, 2, 3, 4, 1, 2], [1, 2, 1, 3, 3, 4])
	if math.Abs(*m.Value-0.09090909090909091) > 1e-12 || math.Abs(*m.PValue-0.8640120210368145) > 1e-9 || m.N != 1 {
		t.Errorf("pooled: %v, p %v over %d batches", *m.Value, *m.PValue, m.N)
	}
	rows := query(t, l, "select count(*), min(value) from eval.scores where metric = 'spearman' and scoring_id = '"+published.ScoringID+"'")
	if diff := cmp.Diff([]string{"3 1"}, rows); diff != "" {
		t.Errorf("the cues' own correlations (-want +got):\n%s", diff)
	}
}

var questionsTable = lake.Spec{Name: "data.rank_questions", Key: []string{"example_id"}, Licence: lake.NoRedistribution,
	Columns: append(slices.Clone(examplesTable.Columns), column("label", lake.List(lake.Struct(
		lake.Field{Name: "response", Type: lake.String}, lake.Field{Name: "n", Type: lake.Long},
		lake.Field{Name: "rank", Type: lake.Double}))))}

// Defects 8 and 9: the answer's head cut off with the prompt, and ties that aren't.
func TestRankingSuite(t *testing.T) {
	t.Parallel()
	l := laketest.New(t, laketest.Table{Spec: questionsTable, Query: `
		select cue as example_id, 'en' as language, cue, 'test' as split,
			[{role: 'user', content: 'words for <|user|>' || cue}] as messages,
			[{response: 'blue', n: 3::bigint, rank: 1.5::double}, {response: 'grey', n: 3::bigint, rank: 1.5::double},
				{response: 'cloud', n: 1::bigint, rank: 3::double}] as label
		from (values ('sky'), ('sea')) v(cue)`})
	s := &script{answers: map[string]string{"<|user|>sky": "Final ranking:\n1: grey\n2: blue\n3: cloud", "<|user|>sea": "blue, grey"}}
	generated, err := eval.Generate(t.Context(), l, s.open, eval.GenerateOptions{Dataset: "data.rank_questions"})
	if err != nil {
		t.Fatal(err)
	}
	o := eval.ScoreOptions{Run: generated.RunID, Suite: eval.Ranking}
	right := score(t, l, o)
	wantValue(t, right, eval.RankingMetric, "", 0) // 1 and, without a ranking, -1
	wantValue(t, right, eval.Unparsable, "", 0.5)
	o.AsPublished = []eval.Defect{eval.CutHead}
	wantValue(t, score(t, l, o), eval.RankingMetric, "", -1)
	o.AsPublished = []eval.Defect{eval.ArbitraryTies}
	wantValue(t, score(t, l, o), eval.RankingMetric, "", -0.25) // 0.5 and -1
	if _, err := eval.Score(t.Context(), l, eval.ScoreOptions{Run: generated.RunID, Suite: eval.Norms}); err == nil ||
		!strings.Contains(err.Error(), "core.strength") {
		t.Errorf("norms without people = %v, want the table that is missing", err)
	}
}

var normTable = lake.Spec{Name: "core.norm", Key: []string{"source", "language", "word", "dimension"}, Scope: "source",
	Licence: lake.NoRedistribution, Columns: []lake.Column{
		column("source", lake.String), column("language", lake.String), column("word", lake.String),
		column("folded", lake.String), column("dimension", lake.String), column("value", lake.Double),
	}}

// normsLake has twelve cues, to each of which people say p0, p1, ... and, rarely, q;
// and ratings of these and of m0, m1, ..., but no concreteness of every other m.
func normsLake(t *testing.T) *lake.Lake {
	cues := make([]string, 12)
	for i := range cues {
		cues[i] = fmt.Sprintf("c%d", i)
	}
	l := laketest.New(t, examples("en", cues...), laketest.Table{Spec: strengthTable, Query: `
		select 'en' as language, 'all' as population, 'c' || i as cue, unnest(['p' || i, 'q']) as response, unnest([3, 1])::bigint as n123
		from range(12) r(i)`})
	writeNorms(t, l, "invented", `
		select 'invented' as source, 'en' as language, word, lower(word) as folded, dimension, value
		from (
			select 'p' || i as word, 'valence' as dimension, 4.0 + i % 3 as value from range(12) r(i)
			union all select 'M' || i, 'valence', 5.0 + i % 3 + i * i / 64 from range(12) r(i)
			union all select 'p' || i, 'concreteness', 2.0 + i % 3 from range(12) r(i)
			union all select 'M' || i, 'concreteness', 2.5 + i % 3 from range(12) r(i) where i % 2 = 0
		)`)
	return l
}

func writeNorms(t *testing.T, l *lake.Lake, source, query string) {
	t.Helper()
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Write(t.Context(), normTable, source, query); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
}

// saying is a model that says one word to each cue of normsLake.
func saying(word string) *script {
	s := &script{answers: map[string]string{}}
	for i := range 12 {
		s.answers[fmt.Sprintf("c%d", i)] = fmt.Sprintf("%s%d", word, i)
	}
	return s
}

func TestNorms(t *testing.T) {
	t.Parallel()
	l := normsLake(t)
	run := generate(t, l, saying("m")).RunID
	got := score(t, l, eval.ScoreOptions{Run: run, Suite: eval.Norms})
	var model, people []float64
	for i := range 12 {
		model = append(model, 5+float64(i%3)+float64(i*i)/64)
		people = append(people, 4+float64(i%3))
	}
	wantValue(t, got, "valence_median", "", stat.Median(model))
	wantValue(t, got, "valence_mean_of_medians", "", stat.Mean(model))
	wantValue(t, got, "valence_median", eval.NormPeopleSlice, stat.Median(people))
	wantValue(t, got, "valence_gap", "", stat.Mean(model)-stat.Mean(people))
	wantValue(t, got, "valence_distance", "", stat.Mean(model)-stat.Mean(people)) // the model is above everywhere
	wantValue(t, got, "valence_token_coverage", "", 1)
	wantValue(t, got, "valence_token_coverage", eval.NormPeopleSlice, 0.5) // q has no rating
	wantValue(t, got, "valence_type_coverage", eval.NormPeopleSlice, 12./13)
	wantValue(t, got, "concreteness_token_coverage", "", 0.5)
	wantValue(t, got, "unknown_concreteness_share", "", 0.5)
	wantValue(t, got, "concrete_share", "", 4./12) // m2, m4, m8, m10: 4.5, 3.5, 4.5, 3.5
	wantValue(t, got, "abstract_share", "", 2./12)
	gap := metric(t, got, "valence_gap", "")
	if p := math.Pow(2, -11); math.Abs(*gap.PValue-p) > 1e-15 || *gap.Effect != 1 || gap.MDE == nil {
		t.Errorf("test of valence: p %v, effect %v, want %v, 1", *gap.PValue, *gap.Effect, p)
	}
	// Concreteness has six pairs, too few for a test: there is one test.
	if few := metric(t, got, "concreteness_gap", ""); few.PValue != nil || *gap.PHolm != *gap.PValue {
		t.Errorf("test of concreteness over %d pairs: p %v; valence corrected %v", few.N, few.PValue, *gap.PHolm)
	}
	rows := query(t, l, "select value, status from eval.scores where cue = 'c1' and metric like 'valence%' order by metric")
	if diff := cmp.Diff([]string{"1 ok", "1.015625 ok", "6.015625 ok", "5 ok"}, rows); diff != "" {
		t.Errorf("coverage, distance, median and people's median of a cue (-want +got):\n%s", diff)
	}
}

// Defect 10: the mean of medians called median, and tests without correction.
func TestNormsAsPublished(t *testing.T) {
	t.Parallel()
	l := normsLake(t)
	writeNorms(t, l, "more", `select 'more' as source, 'en' as language, word, lower(word) as folded, 'arousal' as dimension, value
		from (select 'p' || i as word, 4.0 as value from range(12) r(i) union all select 'M' || i, 4.0 + (i + 1) / 8 from range(12) r(i))`)
	run := generate(t, l, saying("m")).RunID
	o := eval.ScoreOptions{Run: run, Suite: eval.Norms}
	right := score(t, l, o)
	o.AsPublished = []eval.Defect{eval.MeanOfMedians, eval.Uncorrected}
	published := score(t, l, o)
	mean := *metric(t, right, "valence_mean_of_medians", "").Value
	wantValue(t, published, "valence_median", "", mean)
	if *metric(t, right, "valence_median", "").Value == mean {
		t.Error("the example has the same mean and median: it shows nothing")
	}
	p := math.Pow(2, -11) // of each of the two tests
	if got := metric(t, published, "valence_gap", ""); *got.PHolm != *got.PValue || math.Abs(*got.PValue-p) > 1e-15 {
		t.Errorf("uncorrected: p %v, corrected %v", *got.PValue, *got.PHolm)
	}
	if got := metric(t, right, "valence_gap", ""); math.Abs(*got.PHolm-2*p) > 1e-15 {
		t.Errorf("corrected for two tests: %v, want %v", *got.PHolm, 2*p)
	}
}

// Which of two models is closer to people: the distances are compared, not the
// ratings.
func TestCompareNorms(t *testing.T) {
	t.Parallel()
	l := normsLake(t)
	far, near := generate(t, l, saying("m")).RunID, generate(t, l, saying("p")).RunID
	for _, run := range []string{far, near} {
		score(t, l, eval.ScoreOptions{Run: run, Suite: eval.Norms})
		score(t, l, eval.ScoreOptions{Run: run}) // newer, of another suite
	}
	got, err := eval.Compare(t.Context(), l, eval.CompareOptions{Run: near, Against: far, Suite: eval.Norms})
	if err != nil {
		t.Fatal(err)
	}
	m := metric(t, got, "valence_distance", "")
	if *m.Effect != -1 || *m.PValue > 0.001 || m.N != 12 || !strings.Contains(m.Method, "Wilcoxon") {
		t.Errorf("the nearer model: effect %v, p %v over %d cues (%s)", *m.Effect, *m.PValue, m.N, m.Method)
	}
}

func TestNormsRefuse(t *testing.T) {
	t.Parallel()
	l := normsLake(t)
	run := generate(t, l, saying("m")).RunID
	writeNorms(t, l, "other", `select 'other' as source, 'en' as language, 'p1' as word, 'p1' as folded, 'valence' as dimension, 5.0::DOUBLE as value`)
	tests := []struct {
		options eval.ScoreOptions
		want    string
	}{
		{eval.ScoreOptions{Suite: eval.Norms}, "invented and other both rate valence: choose one"},
		{eval.ScoreOptions{Suite: eval.Norms, Norms: eval.NormOptions{Sources: []string{"none"}}}, "no valence"},
		{eval.ScoreOptions{Suite: "norm"}, "there are associations, norms, ranking"},
		{eval.ScoreOptions{Parser: "mine"}, "published-norms"},
		{eval.ScoreOptions{AsPublished: []eval.Defect{eval.MeanOfMedians}}, `there is no defect "mean-of-medians", but`},
		{eval.ScoreOptions{Suite: eval.Norms, Norms: eval.NormOptions{Words: -1}}, "-1 words"},
	}
	for _, test := range tests {
		test.options.Run = run
		if _, err := eval.Score(t.Context(), l, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Score(%+v) = %v, want %q", test.options, err, test.want)
		}
	}
	o := eval.ScoreOptions{Run: run, Suite: eval.Norms, Norms: eval.NormOptions{Sources: []string{"other"}}}
	if _, err := eval.Score(t.Context(), l, o); err != nil {
		t.Errorf("Score with one of the two sources: %v", err)
	}
}
