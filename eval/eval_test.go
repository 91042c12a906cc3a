package eval_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/internal/stat"
	"alignctl/lake"
	"alignctl/lake/laketest"
	"alignctl/train/lm"
)

// A script is a model that says what the test tells it to: by cue. It renders
// a conversation as its last message, and its tokens are bytes.
type script struct {
	answers map[string]string
	asked   [][]int32
	options lm.GenerateOptions
	stop    func() // called after the first answer
}

func (s *script) Render(messages []lm.Message, generationPrompt bool) (string, error) {
	return fmt.Sprintf("<%s|%t>", messages[len(messages)-1].Content, generationPrompt), nil
}

func (s *script) Encode(text string) []int32 {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids
}

func (s *script) Decode(ids []int32, _ bool) string {
	text := make([]byte, len(ids))
	for i, id := range ids {
		text[i] = byte(id)
	}
	return string(text)
}

func (s *script) Generate(ctx context.Context, prompts [][]int32, o lm.GenerateOptions) ([]lm.Generation, error) {
	s.asked, s.options = prompts, o
	out := make([]lm.Generation, len(prompts))
	for i, prompt := range prompts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cue := strings.TrimSuffix(strings.TrimPrefix(s.Decode(prompt, true), "<words for "), "|true>")
		out[i] = lm.Generation{Tokens: s.Encode(s.answers[cue]), Finish: lm.FinishStop}
		out[i].LogProbs = make([]float32, len(out[i].Tokens))
		o.Each(i, out[i])
		if s.stop != nil {
			s.stop()
		}
	}
	return out, nil
}

func (s *script) open(context.Context) (eval.Model, error) {
	from := eval.Source{Kind: eval.LocalKind, Path: "models/script", SHA256: "abc", Backend: "script"}
	return &eval.Local{From: from, StopIDs: []int32{0}, Generator: s, Renderer: s, Tokenizer: s}, nil
}

// testLake has cues with examples (data.sft_ranked) and, but for moon, people's
// responses (core.strength).
func testLake(t *testing.T) *lake.Lake {
	t.Helper()
	gold, err := filepath.Abs("testdata/precision/gold.csv")
	if err != nil {
		t.Fatal(err)
	}
	return laketest.New(t, laketest.Table{Spec: examplesTable, Query: `
		select concat('en:', cue, ':', copy) as example_id, 'en' as language, cue, split,
			[{role: 'system', content: 'be brief'}, {role: 'user', content: 'words for ' || cue}] as messages
		from (values ('sky', 0, 'test'), ('sea', 0, 'test'), ('sun', 0, 'test'), ('moon', 0, 'test'),
			('tree', 1, 'train'), ('tree', 2, 'train')) v(cue, copy, split)`}, laketest.Table{Spec: strengthTable, Query: `
		select 'en' as language, 'all' as population, cue, response, n123
		from read_csv('` + gold + `', columns = {cue: 'VARCHAR', response: 'VARCHAR', n123: 'BIGINT'},
			auto_detect = false, header = true)
		union all
		select 'en', 'us', 'sky', 'blue', 1`})
}

func column(name string, typ lake.Type) lake.Column {
	return lake.Column{Name: name, Type: typ, Required: true}
}

var examplesTable = lake.Spec{Name: "data.sft_ranked", Key: []string{"example_id"}, Licence: lake.NoRedistribution,
	Columns: []lake.Column{
		column("example_id", lake.String), column("language", lake.String), column("cue", lake.String),
		column("split", lake.String), column("messages", lake.List(lake.Struct(
			lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String}))),
	}}

var strengthTable = lake.Spec{Name: "core.strength", Key: []string{"language", "population", "cue", "response"},
	Licence: lake.NoRedistribution, Columns: []lake.Column{
		column("language", lake.String), column("population", lake.String), column("cue", lake.String),
		column("response", lake.String), column("n123", lake.Long),
	}}

// answers are those of the precision case.
func caseAnswers(t *testing.T) map[string]string {
	_, answers, _ := precisionCase(t)
	return answers
}

func generate(t testing.TB, l *lake.Lake, s *script) eval.Generated {
	t.Helper()
	got, err := eval.Generate(t.Context(), l, s.open, eval.GenerateOptions{Dataset: "data.sft_ranked"})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func score(t testing.TB, l *lake.Lake, o eval.ScoreOptions) eval.Scored {
	t.Helper()
	got, err := eval.Score(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// query gives the rows of a query, each as its values apart by blanks.
func query(t *testing.T, l *lake.Lake, sql string) []string {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, lake.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func digests(t *testing.T, l *lake.Lake) map[string]string {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name, pin := range pins {
		if strings.HasPrefix(name, "eval.") {
			all[name] = pin.Digest
		}
	}
	return all
}

func TestGenerateKeepsAnswersAndWhatMadeThem(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	s := &script{answers: caseAnswers(t)}
	got := generate(t, l, s)
	if got.Items != 4 || len(got.Warnings) != 0 {
		t.Errorf("generated %+v, want 4 items and no warning", got)
	}
	rows := query(t, l, "select item_id, sample, prompt, output, len(token_ids), len(logprobs), finish from eval.samples "+
		"where cue = 'sea'")
	want := "wave\nwater\nboat\nfish\nsalt\nblue\n"
	if diff := cmp.Diff([]string{"en:sea:0 0 <words for sea|true> " + want + " 31 31 stop"}, rows); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	rows = query(t, l, "select suite, kind, languages, model_path, adapter_path is null, model_sha256, dataset, split, decoding, backend, status, items "+
		"from eval.runs where run_id = '"+got.RunID+"' and dataset_snapshot = "+
		"(select snapshot_id::varchar from meta.inputs where table_name = 'data.sft_ranked')")
	if diff := cmp.Diff([]string{`associations local [en] models/script true abc data.sft_ranked test ` +
		`{"max_new_tokens":256,"method":"greedy"} script done 4`}, rows); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if cmp.Diff([]int32{0}, s.options.StopIDs) != "" {
		t.Errorf("stop ids %v, want the model's", s.options.StopIDs)
	}
}

// A limited run asks about the first cues of the whole run, in the same
// order, so that its answers are the same.
func TestGenerateLimitIsAPrefix(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	whole, part := &script{}, &script{}
	generate(t, l, whole)
	o := eval.GenerateOptions{Dataset: "data.sft_ranked", Limit: 2, Decoding: eval.Decoding{Temperature: 0.7, Seed: 5, Batch: 3}}
	if _, err := eval.Generate(t.Context(), l, part.open, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.asked[:2], part.asked); diff != "" {
		t.Errorf("prompts (-whole +limited):\n%s", diff)
	}
	if got := part.options; got.Temperature != 0.7 || got.Seed != 5 || got.Batch != 3 {
		t.Errorf("options %+v didn't reach the model", got)
	}
}

func TestGenerateOnTrainWarns(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	s := &script{}
	o := eval.GenerateOptions{Dataset: "data.sft_ranked", Split: "train"}
	got, err := eval.Generate(t.Context(), l, s.open, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 1 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "train split") {
		t.Errorf("asked %d times with warnings %q, want once, with a warning", len(s.asked), got.Warnings)
	}
	if rows := query(t, l, "select split from eval.runs"); rows[0] != "train" {
		t.Errorf("the run's split is %q, want train", rows)
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	tests := []struct {
		options eval.GenerateOptions
		want    string
	}{
		{eval.GenerateOptions{Dataset: "data.sft_rankd"}, `find data set "data.sft_rankd": the lake holds data.sft_ranked`},
		{eval.GenerateOptions{Dataset: "data.sft_ranked", Split: "tset"}, "no example of split tset (it holds: test (en), train (en))"},
		{eval.GenerateOptions{Dataset: "data.sft_ranked", Language: "zh"}, "language zh (it holds:"},
		{eval.GenerateOptions{Dataset: "data.sft_ranked", Limit: -1}, "limit -1"},
		{eval.GenerateOptions{Dataset: "data.sft_ranked", Shots: 1}, "that on cue \"tree\" has no completion"},
	}
	before := digests(t, l)
	for _, test := range tests {
		_, err := eval.Generate(t.Context(), l, (&script{}).open, test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Generate(%+v) = %v, want %q", test.options, err, test.want)
		}
	}
	if diff := cmp.Diff(before, digests(t, l)); diff != "" {
		t.Errorf("the lake moved: %s", diff)
	}
}

// Ctrl-C keeps what is finished, marked as interrupted.
func TestGenerateInterruptedKeepsFinishedAnswers(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{answers: caseAnswers(t), stop: cancel}
	got, err := eval.Generate(ctx, l, s.open, eval.GenerateOptions{Dataset: "data.sft_ranked"})
	if !errors.Is(err, context.Canceled) || got.Items != 1 {
		t.Fatalf("Generate = %+v, %v, want one item and context.Canceled", got, err)
	}
	rows := query(t, l, "select status, items, (select count(*) from eval.samples) from eval.runs")
	if diff := cmp.Diff([]string{"interrupted 1 1"}, rows); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

// The precision case through the lake: the metrics that a user queries.
func TestScore(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	run := generate(t, l, &script{answers: caseAnswers(t)}).RunID
	got := score(t, l, eval.ScoreOptions{Run: run, Ks: []int{1, 5}})
	if cmp.Diff([]string{"moon"}, got.WithoutGold) != "" || len(got.Warnings) != 1 {
		t.Errorf("scored %+v, want moon without gold and a warning", got)
	}
	rows := query(t, l, "select metric, round(value, 6), n, ci_low <= value and value <= ci_high from eval.metrics "+
		"where run_id = '"+run+"' and slice = '' order by metric")
	want := []string{
		"cues_without_gold 1 4 <nil>",
		"empty_share 0.333333 3 true",
		"ndcg_at_10 0.571649 3 true",
		"p_at_1 0.666667 3 true",
		"p_at_1_strict 0.666667 3 true",
		"p_at_1_weighted 0.666667 3 true",
		"p_at_5 0.266667 3 true",
		"p_at_5_strict 0.266667 3 true",
		"p_at_5_weighted 0.52381 3 true",
		"recall_top_10_weighted 0.52381 3 true",
		"recall_weighted 0.52381 3 true",
		"refused_share 0 3 <nil>",
		"spearman 1 2 <nil>",
		"unparsable_share 0 3 <nil>",
		"words 2.666667 3 true",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	rows = query(t, l, "select cue, value, status from eval.scores where metric = 'p_at_5' order by cue")
	if diff := cmp.Diff([]string{"sea 0.4 ok", "sky 0.4 ok", "sun 0 empty"}, rows); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
}

func TestScoringAgainChangesNothingAndOtherOptionsAddRows(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	run := generate(t, l, &script{answers: caseAnswers(t)}).RunID
	score(t, l, eval.ScoreOptions{Run: run})
	first := digests(t, l)
	score(t, l, eval.ScoreOptions{Run: eval.Latest})
	if diff := cmp.Diff(first, digests(t, l)); diff != "" {
		t.Errorf("scoring again moved the lake: %s", diff)
	}
	score(t, l, eval.ScoreOptions{Run: run, Population: "us", Ks: []int{2}})
	rows := query(t, l, "select population, metric, value, split_part(method, ',', 1) from eval.metrics join eval.scorings using (run_id, scoring_id) "+
		"where metric in ('p_at_2', 'p_at_2_strict', 'p_at_5') and slice = '' order by population, metric")
	want := []string{"all p_at_5 0.26666666666666666 population all", "us p_at_2 0.5 population us",
		"us p_at_2_strict 0.5 population us"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("metrics after scoring in another way (-want +got):\n%s", diff)
	}
	rows = query(t, l, "select count(distinct scoring_id), count(distinct length(scoring_id)), count(*) = count(distinct (scoring_id, item_id, metric)) from eval.scores")
	if diff := cmp.Diff([]string{"2 1 true"}, rows); diff != "" {
		t.Errorf("scores after scoring in another way (-want +got):\n%s", diff)
	}
	other := digests(t, l)
	score(t, l, eval.ScoreOptions{Run: run})
	if diff := cmp.Diff(other, digests(t, l)); diff != "" {
		t.Errorf("scoring in the first way again moved the lake: %s", diff)
	}
}

// One cue has a mean but no interval, and no test.
func TestScoreOfOneCue(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	run := generate(t, l, &script{answers: caseAnswers(t)}).RunID
	score(t, l, eval.ScoreOptions{Run: run, Population: "us", Ks: []int{5}})
	rows := query(t, l, "select value, n, stderr, ci_low, ci_high from eval.metrics where metric = 'p_at_5' and slice = ''")
	if diff := cmp.Diff([]string{"0.2 1 <nil> <nil> <nil>"}, rows); diff != "" {
		t.Errorf("metric (-want +got):\n%s", diff)
	}
}

func TestScoreRefuses(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	if _, err := eval.Score(t.Context(), l, eval.ScoreOptions{Run: eval.Latest}); err == nil ||
		!strings.Contains(err.Error(), "alignctl eval generate") {
		t.Errorf("Score without samples = %v, want the command that makes them", err)
	}
	run := generate(t, l, &script{answers: caseAnswers(t)}).RunID
	tests := []struct {
		options eval.ScoreOptions
		want    string
	}{
		{eval.ScoreOptions{Run: run, Ks: []int{5, 0}}, "k is 0, must be at least 1"},
		{eval.ScoreOptions{Run: run, Ks: []int{5, 5}}, "given twice"},
		{eval.ScoreOptions{Run: run, Bootstrap: stat.Bootstrap{Resamples: -1}}, "want at least 1 resample"},
		{eval.ScoreOptions{Run: run, Population: "uk"}, "populations: all, us"},
		{eval.ScoreOptions{Run: "2020"}, "not in eval.runs"},
	}
	for _, test := range tests {
		if _, err := eval.Score(t.Context(), l, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Score(%+v) = %v, want %q", test.options, err, test.want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	before := generate(t, l, &script{answers: map[string]string{"sky": "wind, cloud", "sea": "wave", "sun": "red"}}).RunID
	after := generate(t, l, &script{answers: map[string]string{"sky": "blue, cloud", "sea": "wave", "sun": "hot"}}).RunID
	o := eval.CompareOptions{Run: after, Against: before, Bootstrap: stat.Bootstrap{Seed: 3}}
	if _, err := eval.Compare(t.Context(), l, o); err == nil || !strings.Contains(err.Error(), "alignctl eval") {
		t.Errorf("Compare without scores = %v, want the command that makes them", err)
	}
	for _, run := range []string{before, after} {
		score(t, l, eval.ScoreOptions{Run: run, Ks: []int{1}})
	}
	got, err := eval.Compare(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	rows := query(t, l, "select metric, round(value, 3), n, p_value < 0.2, p_holm >= p_value, mde > 0 from eval.metrics where run_id = '"+after+
		"' and against = (select scoring_id from eval.scorings where run_id = '"+before+"') and metric = 'p_at_1'")
	if diff := cmp.Diff([]string{"p_at_1 0.667 3 true true true"}, rows); diff != "" || len(got.Warnings) != 0 {
		t.Errorf("comparison (-want +got):\n%s\nwarnings %q", diff, got.Warnings)
	}
	compared := digests(t, l)
	again := score(t, l, eval.ScoreOptions{Run: after, Ks: []int{1}})
	if diff := cmp.Diff(compared, digests(t, l)); diff != "" {
		t.Errorf("scoring again moved the lake: %s", diff)
	}

	// Runs are compared when scored alike; two ways of scoring only by name.
	us := score(t, l, eval.ScoreOptions{Run: after, Ks: []int{1}, Population: "us"})
	if _, err := eval.Compare(t.Context(), l, o); err == nil || !strings.Contains(err.Error(), "in different ways") {
		t.Errorf("Compare of runs scored in different ways = %v, want a refusal", err)
	}
	o.Run, o.Against = us.ScoringID, again.ScoringID
	if got, err = eval.Compare(t.Context(), l, o); err != nil || len(got.Warnings) == 0 {
		t.Errorf("Compare of two ways = %+v, %v, want a warning", got, err)
	}
}

// A comparison goes when the scores under it change, as they do when people's
// answers change.
func TestComparisonsOfChangedScoresGo(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	before := generate(t, l, &script{answers: map[string]string{"sky": "wind", "sea": "tree"}}).RunID
	after := generate(t, l, &script{answers: map[string]string{"sky": "blue", "sea": "wave"}}).RunID
	for _, run := range []string{before, after} {
		score(t, l, eval.ScoreOptions{Run: run, Ks: []int{1}})
	}
	for _, o := range []eval.CompareOptions{{Run: after, Against: before}, {Run: before, Against: after}} {
		if _, err := eval.Compare(t.Context(), l, o); err != nil {
			t.Fatal(err)
		}
	}
	rewriteStrength(t, l, "select 'en' as language, 'all' as population, 'sky' as cue, 'wind' as response, 3 as n123")
	score(t, l, eval.ScoreOptions{Run: after, Ks: []int{1}})
	if rows := query(t, l, "select metric from eval.metrics where against <> ''"); len(rows) > 0 {
		t.Errorf("comparisons of changed scores stay: %q", rows)
	}
	got, err := eval.Compare(t.Context(), l, eval.CompareOptions{Run: after, Against: before})
	if err != nil || len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "people's answers have changed") {
		t.Errorf("Compare of scorings against other people = %+v, %v, want a warning", got, err)
	}
}

// rewriteStrength puts other responses of people into a test lake.
func rewriteStrength(t *testing.T, l *lake.Lake, query string) {
	t.Helper()
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Write(t.Context(), strengthTable, "", query); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
}

func TestSampledDecodingIsRecorded(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	o := eval.GenerateOptions{Dataset: "data.sft_ranked",
		Decoding: eval.Decoding{Temperature: 0.5, TopP: 0.9, Seed: 11, MaxNewTokens: 8}}
	if _, err := eval.Generate(t.Context(), l, (&script{}).open, o); err != nil {
		t.Fatal(err)
	}
	rows := query(t, l, "select decoding, seed from eval.runs")
	want := `{"max_new_tokens":8,"method":"sample","temperature":0.5,"top_p":0.9} 11`
	if diff := cmp.Diff([]string{want}, rows); diff != "" {
		t.Errorf("decoding (-want +got):\n%s", diff)
	}
}
