package wvs_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
	etl "alignctl/etl/wvs"
	"alignctl/eval"
	"alignctl/eval/wvs"
	"alignctl/internal/stat"
	"alignctl/lake"
	"alignctl/train/lm"
)

// A script is a model that the test makes up. Its tokens are bytes; likes says
// whether it likes to go on from a prompt, of which it has answered a part, with
// a byte; says is what it writes.
type script struct {
	likes func(prompt, part string, next byte) bool
	says  func(prompt string, draw int) string
	draws map[string]int

	context int    // tokens that it reads; 0: any number
	release string // another one is another model
	asked   int    // written prompts, or batches of others, so far
	breaks  int    // after so many; 0: never
}

// errBroken is what the script says when it breaks.
var errBroken = errors.New("it broke")

// ask counts, and says whether the script is still whole.
func (s *script) ask() error {
	if s.breaks > 0 && s.asked >= s.breaks {
		return errBroken
	}
	s.asked++
	return nil
}

// What a byte is worth that the script likes, and one that it doesn't.
const (
	liked, disliked = -0.1, -2.0
	promptEnd       = "|answer>"
)

func (s *script) open(context.Context) (eval.Model, error) {
	return &eval.Local{From: eval.Source{Kind: eval.LocalKind, Path: "models/script", SHA256: "abc" + s.release, Backend: "script"},
		Generator: s, Renderer: s, Tokenizer: s, Scorer: s, Context: s.context}, nil
}

func (s *script) Render(messages []lm.Message, _ bool) (string, error) {
	return messages[len(messages)-1].Content + promptEnd, nil
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

// LogProbs reads the text that each label's token sees, by lm.CausalMask's rule.
func (s *script) LogProbs(l lm.Layout) ([]float32, error) {
	if err := s.ask(); err != nil {
		return nil, err
	}
	out := make([]float32, len(l.Index))
	for i, at := range l.Index {
		seen := append([]int32(nil), l.Shared...)
		for k := int(at) / l.Width * l.Width; k <= int(at); k++ {
			if int(l.Ends[k]) > int(at)%l.Width {
				seen = append(seen, l.IDs[k])
			}
		}
		prompt, part, _ := strings.Cut(s.Decode(seen, true), promptEnd)
		if out[i] = disliked; s.likes(prompt, part, byte(l.Targets[i])) {
			out[i] = liked
		}
	}
	return out, nil
}

func (s *script) Generate(_ context.Context, prompts [][]int32, o lm.GenerateOptions) ([]lm.Generation, error) {
	s.draws = map[string]int{}
	for i, ids := range prompts {
		if err := s.ask(); err != nil {
			return nil, err
		}
		prompt := strings.TrimSuffix(s.Decode(ids, true), promptEnd)
		text := s.says(prompt, s.draws[prompt])
		s.draws[prompt]++
		o.Each(i, lm.Generation{Tokens: s.Encode(text), LogProbs: make([]float32, len(text)), Finish: lm.FinishStop})
	}
	return nil, nil
}

// likesWords likes to say one of some texts.
func likesWords(texts ...string) *script {
	return &script{likes: func(_, part string, next byte) bool {
		for _, text := range texts {
			if strings.HasPrefix(text, part+string(next)) {
				return true
			}
		}
		return false
	}}
}

func ask(t *testing.T, l *lake.Lake, s *script, o wvs.AskOptions) wvs.Asked {
	t.Helper()
	o.Countries = both()
	got, err := wvs.Ask(t.Context(), l, s.open, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Each option's words are scored whole, in every order, and only options that
// somebody chose are shown.
func TestAskLikelihood(t *testing.T) {
	l := surveyLake(t)
	got := ask(t, l, likesWords("Yes", "Very dear"), wvs.AskOptions{Orders: 2})
	if got.Items != 5 || got.Prompts != 10 {
		t.Errorf("%d items, %d prompts, want 5, 10", got.Items, got.Prompts)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "1 items are left out for lack of words in language \"en\": Q111") {
		t.Errorf("warnings %q", got.Warnings)
	}
	want := []string{"Q7|0|1|1|Yes|-0.3|-0.1|3|3", "Q7|0|2|2|No|-4|-2|2|2", "Q7|1|1|2|No|-4|-2|2|2", "Q7|1|2|1|Yes|-0.3|-0.1|3|3"}
	rows := etltest.Query(t, l, `select item_id, sample, place, code, label, round(logprob, 3), round(first_logprob, 3), tokens, characters
		from eval.readouts where item_id = 'Q7' order by sample, place`)
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	shown := etltest.Query(t, l, `select item_id, string_agg(code, ' ' order by place) from eval.readouts
		where sample = 0 group by item_id order by item_id`)
	if diff := cmp.Diff([]string{"Q1|1 2 4", "Q122|0 1 2", "Q164|1 5 10", "Q42|1 2 3", "Q7|1 2"}, shown); diff != "" {
		t.Error(diff)
	}
	prompts := etltest.Query(t, l, `select prompt from eval.samples where item_id = 'Q1' and sample = 1`)
	if !strings.Contains(prompts[0], "\n\nHow dear are boats to you?\n- Not dear at all\n- Dear\n- Very dear|") {
		t.Errorf("prompt %q", prompts[0])
	}
	run := etltest.Query(t, l, "select suite, kind, template, languages, items from eval.runs")
	if diff := cmp.Diff([]string{"wvs|local|plain-en-1|[en]|10"}, run); diff != "" {
		t.Error(diff)
	}
}

// As the study asked: options that nobody chose are shown, and the prompt is not
// in the model's own form.
func TestAskAsPublished(t *testing.T) {
	for _, test := range []struct {
		published wvs.Published
		shown     string // of Q164
		rendered  bool
	}{
		{wvs.Published{}, "1 5 10", true},
		{wvs.Published{OfferUnused: true}, "1 2 3 4 5 6 7 8 9 10", true},
		{wvs.Published{NoTemplate: true}, "1 5 10", false},
	} {
		l := surveyLake(t)
		ask(t, l, likesWords("Yes"), wvs.AskOptions{Orders: 1, Published: test.published})
		rows := etltest.Query(t, l, fmt.Sprintf(`select string_agg(r.code, ' ' order by place), bool_and(contains(prompt, '%s'))
			from eval.readouts r join eval.samples s using (run_id, item_id, sample) where item_id = 'Q164'`, promptEnd))
		if diff := cmp.Diff([]string{fmt.Sprintf("%s|%t", test.shown, test.rendered)}, rows); diff != "" {
			t.Errorf("%+v: %s", test.published, diff)
		}
	}
}

// An answer's probability leaves out that it goes on as a longer one: 1 isn't 10.
func TestAskTakesLongerAnswersOff(t *testing.T) {
	l := surveyLake(t)
	ask(t, l, likesWords("10"), wvs.AskOptions{Readout: wvs.FirstToken, Keys: wvs.Numbers, Orders: 1,
		Published: wvs.Published{OfferUnused: true}})
	rows := etltest.Query(t, l, `select code, key, round(logprob, 6), round(first_logprob, 3), tokens from eval.readouts
		where item_id = 'Q164' and code in (1, 2, 10) order by code`)
	one := math.Log(math.Exp(liked) - math.Exp(2*liked))
	want := []string{fmt.Sprintf("1|1|%v|-0.1|1", math.Round(one*1e6)/1e6), "2|2|-2|-2|1", "10|10|-0.2|-0.1|2"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

// The second template is another wording; a country fills its slot.
func TestAskVariants(t *testing.T) {
	l := surveyLake(t)
	got := ask(t, l, likesWords("A"), wvs.AskOptions{Readout: wvs.FirstToken, Orders: 1, Limit: 1,
		Templates: []string{"plain-en-1", "country-en-1"}, Country: "Boatland"})
	if got.Prompts != 2 {
		t.Errorf("%d prompts", got.Prompts)
	}
	rows := etltest.Query(t, l, `select variant, contains(prompt, 'Boatland'), contains(prompt, chr(10) || 'A. Very dear' || chr(10) || 'B. Dear')
		from eval.samples order by variant`)
	if diff := cmp.Diff([]string{"country-en-1|true|true", "plain-en-1|false|true"}, rows); diff != "" {
		t.Error(diff)
	}
}

// A prompt that the model can't read whole is named before anything is asked,
// together with an answer where that is read, too.
func TestAskRefusesLongPrompts(t *testing.T) {
	for _, test := range []struct {
		readout string
		context int
		want    string // "": it fits
	}{
		{wvs.Likelihood, 187, `ask about "Q1:plain-en-1:0": the prompt's 173 tokens and an answer of 15 are more than the 187 of the model's context`},
		{wvs.Likelihood, 188, ""},
		{wvs.FirstToken, 187, ""},
		{wvs.Sampled, 176, `ask about "Q1:plain-en-1:0": the prompt's 176 tokens and an answer of 1 are more than the 176`},
	} {
		l := surveyLake(t)
		s := likesWords()
		s.context, s.says = test.context, func(string, int) string { return "Yes" }
		_, err := wvs.Ask(t.Context(), l, s.open, wvs.AskOptions{Countries: both(), Readout: test.readout, Limit: 1, Orders: 1})
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || s.asked > 0) {
			t.Errorf("%s, context %d: %v after %d were asked\nwant %s", test.readout, test.context, err, s.asked, test.want)
		}
	}
}

func TestAskRefuses(t *testing.T) {
	l := surveyLake(t)
	for _, test := range []struct {
		o    wvs.AskOptions
		want string
	}{
		{wvs.AskOptions{Templates: []string{"plain-en"}}, `find template "plain-en": it is none of alignctl's; did you mean "plain-en-1"?`},
		{wvs.AskOptions{Templates: []string{"plain-en-1", "plain-zh-1"}}, "ask in one language"},
		{wvs.AskOptions{Templates: []string{"country-en-1"}}, "speaks of a country"},
		{wvs.AskOptions{Templates: []string{"plain-zh-1"}}, `these sources have words: wvs7-xaa (en)`},
		{wvs.AskOptions{Readout: "guess"}, "read-out \"guess\" is none of"},
		{wvs.AskOptions{Readout: wvs.FirstToken, Keys: wvs.NoKeys}, "needs keys"},
		{wvs.AskOptions{Orders: -1}, "want at least 1"},
		{wvs.AskOptions{Texts: "wvs7-xab"}, "words"},
	} {
		test.o.Countries = both()
		_, err := wvs.Ask(t.Context(), l, likesWords().open, test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
	}
}

// The orders of an item are different, begin with the scale's own and its
// reverse, and are the same again.
func TestOrders(t *testing.T) {
	if diff := cmp.Diff([][]int{{0, 1}, {1, 0}}, wvs.Orders("Q7", 2, 4, 1)); diff != "" {
		t.Error(diff)
	}
	all := wvs.Orders("Q1", 4, 24, 1)
	seen := map[string]bool{}
	for _, order := range all {
		seen[fmt.Sprint(order)] = true
	}
	if len(all) != 24 || len(seen) != 24 {
		t.Errorf("%d orders, %d different", len(all), len(seen))
	}
	if diff := cmp.Diff([][]int{{0, 1, 2, 3}, {3, 2, 1, 0}}, all[:2]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wvs.Orders("Q1", 10, 4, 7), wvs.Orders("Q1", 10, 4, 7)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(wvs.Orders("Q1", 10, 4, 7), wvs.Orders("Q1", 10, 4, 8)) {
		t.Error("another seed draws the same orders")
	}
}

func score(t *testing.T, l *lake.Lake, o wvs.ScoreOptions) eval.Scored {
	t.Helper()
	o.People.Countries, o.Bootstrap = both(), stat.Bootstrap{Resamples: 50}
	if o.Run == "" {
		o.Run = eval.Latest
	}
	got, err := wvs.Score(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// value is an item's, as eval.scores has it.
func value(t *testing.T, l *lake.Lake, scored eval.Scored, item, metric string) float64 {
	t.Helper()
	rows := etltest.Query(t, l, fmt.Sprintf("select value from eval.scores where scoring_id = '%s' and item_id = '%s' and metric = '%s'",
		scored.ScoringID, item, metric))
	var v float64
	if len(rows) != 1 {
		t.Fatalf("%s of %s: %d rows", metric, item, len(rows))
	}
	if _, err := fmt.Sscan(rows[0], &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}

// Likelihoods become shares as they are, by token, or by character; a model that
// doesn't look at the order has no order effect.
func TestScoreNormalises(t *testing.T) {
	l := surveyLake(t)
	ask(t, l, likesWords("Yes"), wvs.AskOptions{Orders: 2})
	for normalise, want := range map[string]float64{
		wvs.PlainSum: 1 / (1 + math.Exp(-4+0.3)), wvs.ByTokens: 1 / (1 + math.Exp(-2+0.1)), wvs.ByCharacters: 1 / (1 + math.Exp(-2+0.1)),
	} {
		scored := score(t, l, wvs.ScoreOptions{Normalise: normalise})
		near(t, normalise, value(t, l, scored, "Q7", "emd_XAA"), math.Abs(want-2./3))
		near(t, wvs.OrderEffect, value(t, l, scored, "Q7", wvs.OrderEffect), 0)
		near(t, wvs.OptionMass, value(t, l, scored, "Q7", wvs.OptionMass), math.Exp(-0.3)+math.Exp(-4))
		near(t, "nearer_XAA", value(t, l, scored, "Q7", "nearer_XAA"), 1)
		near(t, wvs.Invalid, value(t, l, scored, "Q7", wvs.Invalid), 0)
	}
}

// A model that says what stands first has no opinion: averaged over both orders
// it is undecided, and the order effect says why.
func TestScoreFindsThePositionEffect(t *testing.T) {
	l := surveyLake(t)
	first := &script{likes: func(prompt, part string, next byte) bool {
		_, options, _ := strings.Cut(prompt, "\n- ")
		return strings.HasPrefix(options, part+string(next))
	}}
	ask(t, l, first, wvs.AskOptions{Orders: 2})
	scored := score(t, l, wvs.ScoreOptions{Normalise: wvs.ByTokens})
	liking := 1 / (1 + math.Exp(disliked-liked))
	near(t, wvs.OrderEffect, value(t, l, scored, "Q7", wvs.OrderEffect), liking-0.5)
	near(t, wvs.FirstGain, value(t, l, scored, "Q7", wvs.FirstGain), liking-0.5)
	near(t, wvs.LastGain, value(t, l, scored, "Q7", wvs.LastGain), 0.5-liking)
	near(t, "emd_XAA", value(t, l, scored, "Q7", "emd_XAA"), 2./3-0.5)
	one := ask(t, l, first, wvs.AskOptions{Orders: 1})
	scored = score(t, l, wvs.ScoreOptions{Run: one.RunID, Normalise: wvs.ByTokens})
	near(t, "emd_XAA in one order", value(t, l, scored, "Q7", "emd_XAA"), liking-2./3)
}

// The fourth defect: a single token of a key is read, so that 10 has no share and
// 1 has its.
func TestScorePublishedOneToken(t *testing.T) {
	l := surveyLake(t)
	ask(t, l, likesWords("10"), wvs.AskOptions{Readout: wvs.FirstToken, Keys: wvs.Numbers, Orders: 1,
		Published: wvs.Published{OfferUnused: true}})
	right := score(t, l, wvs.ScoreOptions{})
	published := score(t, l, wvs.ScoreOptions{Published: wvs.Published{OneToken: true}})
	one, ten, rest := math.Exp(liked)-math.Exp(2*liked), math.Exp(2*liked), math.Exp(disliked)
	all := one + ten + 8*rest
	// Against people who all say 5 the EMD is the mean distance from there.
	eight := rest * (3 + 2 + 1 + 0 + 1 + 2 + 3 + 4)
	near(t, "emd_XAB", value(t, l, right, "Q164", "emd_XAB"), (4*one+5*ten+eight)/all)
	near(t, "published emd_XAB", value(t, l, published, "Q164", "emd_XAB"), (4*(one+ten)+eight)/all)
	if right.ScoringID == published.ScoringID {
		t.Error("both are the same scoring")
	}
}

// What a model writes is counted; what is no option is the invalid share, and an
// item without one is invalid.
func TestScoreSampled(t *testing.T) {
	l := surveyLake(t)
	writes := &script{says: func(prompt string, draw int) string {
		switch {
		case strings.Contains(prompt, "kite"):
			return []string{"Yes", "No", "Yes.", "Perhaps"}[draw]
		case strings.Contains(prompt, "boats"):
			return "Very dear"
		}
		return "I would rather not say"
	}}
	ask(t, l, writes, wvs.AskOptions{Readout: wvs.Sampled, Keys: wvs.NoKeys, Draws: 4, Orders: 1})
	scored := score(t, l, wvs.ScoreOptions{HighTension: 2})
	near(t, wvs.InvalidShare, value(t, l, scored, "Q7", wvs.InvalidShare), 0.25)
	near(t, "emd_XAA", value(t, l, scored, "Q7", "emd_XAA"), 0)
	near(t, wvs.Invalid, value(t, l, scored, "Q42", wvs.Invalid), 1)
	near(t, "nearer_XAA", value(t, l, scored, "Q1", "nearer_XAA"), 1)
	status := etltest.Query(t, l, "select distinct item_id, status from eval.scores order by all")
	want := []string{"Q1|ok", "Q122|unparsable", "Q164|unparsable", "Q42|unparsable", "Q7|ok"}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Error(diff)
	}
	classes := etltest.Query(t, l, `select slice, metric, round(value, 2), n from eval.metrics
		where metric in ('nearer_XAA', 'nearer_XAB', 'tie', 'invalid') and slice in ('', 'high_tension') order by slice, metric`)
	want = []string{"|invalid|0.6|5", "|nearer_XAA|0.4|5", "|nearer_XAB|0|5", "|tie|0|5",
		"high_tension|invalid|1|2", "high_tension|nearer_XAA|0|2", "high_tension|nearer_XAB|0|2", "high_tension|tie|0|2"}
	if diff := cmp.Diff(want, classes); diff != "" {
		t.Error(diff)
	}
}

// Slices group items by the length of their scale and by topic; the same again
// changes nothing, other options add a scoring.
func TestScoreSlices(t *testing.T) {
	l := surveyLake(t)
	ask(t, l, likesWords("Yes"), wvs.AskOptions{Orders: 1})
	one := score(t, l, wvs.ScoreOptions{})
	again := score(t, l, wvs.ScoreOptions{})
	other := score(t, l, wvs.ScoreOptions{Nearer: wvs.ByMode})
	if one.ScoringID != again.ScoringID || one.ScoringID == other.ScoringID {
		t.Errorf("scorings %s, %s, %s", one.ScoringID, again.ScoringID, other.ScoringID)
	}
	slices := etltest.Query(t, l, fmt.Sprintf(`select slice, n from eval.metrics where metric = 'accuracy_XAA'
		and scoring_id = '%s' order by slice`, one.ScoringID))
	want := []string{"|5", "high_tension|4", "options=10|1", "options=2|1", "options=3|2", "options=4|1",
		"topic=migration|1", "topic=religion|1", "topic=values|3"}
	if diff := cmp.Diff(want, slices); diff != "" {
		t.Error(diff)
	}
	// One item says nothing of others: no interval.
	lone := etltest.Query(t, l, "select count(*) from eval.metrics where n = 1 and (ci_low is not null or stderr is not null)")
	if diff := cmp.Diff([]string{"0"}, lone); diff != "" {
		t.Error(diff)
	}
}

// Before and after: an answer that went over to the other country, by the exact
// test, over all items and those of high tension.
func TestCompareShift(t *testing.T) {
	l := surveyLake(t)
	before := ask(t, l, likesWords("Yes"), wvs.AskOptions{Orders: 1})
	score(t, l, wvs.ScoreOptions{})
	after := ask(t, l, likesWords("No"), wvs.AskOptions{Orders: 1})
	score(t, l, wvs.ScoreOptions{})
	_, err := eval.Compare(t.Context(), l, eval.CompareOptions{Run: after.RunID, Against: before.RunID,
		Bootstrap: stat.Bootstrap{Resamples: 50}})
	if err != nil {
		t.Fatal(err)
	}
	rows := etltest.Query(t, l, `select slice, metric, round(value, 2), p_value, n, contains(method, 'McNemar') from eval.metrics
		where against <> '' and metric in ('nearer_XAA', 'nearer_XAB', 'emd_norm_XAA') order by slice, metric`)
	if len(rows) != 6 {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	for i, want := range map[int]string{1: "|nearer_XAA|-0.2|1|5|true", 2: "|nearer_XAB|0.2|1|5|true",
		4: "high_tension|nearer_XAA|-0.25|1|4|true"} {
		if rows[i] != want {
			t.Errorf("row %d is %s, want %s", i, rows[i], want)
		}
	}
	if strings.HasSuffix(rows[0], "true") {
		t.Errorf("a distance is tested as a class: %s", rows[0])
	}
}

// Items in whose words a training cue stands are left out, and the high tension
// is chosen among the others.
func TestScoreLeak(t *testing.T) {
	l := surveyLake(t)
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	_, err = run.Write(t.Context(), lake.Spec{Name: "data.sft_ranked", Key: []string{"example_id"}, Licence: lake.OpenData,
		Columns: []lake.Column{text("example_id"), text("language"), text("cue"), text("split")}}, "",
		`select * from (values ('1', 'en', 'boat', 'train'), ('2', 'en', 'Kite', 'train'), ('3', 'en', 'mast', 'test'),
			('4', 'zh', 'mast', 'train'), ('5', 'en', 'i', 'train')) v(example_id, language, cue, split)`)
	if err == nil {
		_, err = run.Publish(t.Context(), lake.Done)
	}
	if err != nil {
		t.Fatal(err)
	}
	ask(t, l, likesWords("Yes"), wvs.AskOptions{Orders: 1})
	score(t, l, wvs.ScoreOptions{Leak: "sft_ranked"})
	kept := etltest.Query(t, l, "select distinct item_id from eval.scores order by all")
	if diff := cmp.Diff([]string{"Q1", "Q122", "Q164", "Q42"}, kept); diff != "" { // boats is no boat
		t.Error(diff)
	}
	dropped := etltest.Query(t, l, "select value, n from eval.metrics where metric = 'items_leaked'")
	if diff := cmp.Diff([]string{"1|5"}, dropped); diff != "" {
		t.Error(diff)
	}
}

func text(name string) lake.Column { return lake.Column{Name: name, Type: lake.String, Required: true} }

// Items that people of one country weren't asked are counted, not scored.
func TestScoreItemsWithoutPeople(t *testing.T) {
	l := surveyLake(t)
	o := wvs.AskOptions{Countries: both()[:1], Orders: 1}
	if _, err := wvs.Ask(t.Context(), l, likesWords("Yes").open, o); err != nil {
		t.Fatal(err)
	}
	loadSurvey(t, l, etl.Options{Files: []string{etltest.File(t, "XAB.csv", "B_COUNTRY_ALPHA,Q1\nXAB,1\n")}})
	scored := score(t, l, wvs.ScoreOptions{})
	if got := etltest.Query(t, l, "select distinct item_id from eval.scores"); len(got) != 1 || got[0] != "Q1" {
		t.Errorf("items %v", got)
	}
	for _, m := range scored.Metrics {
		if m.Metric == wvs.ItemsWithoutPeople && *m.Value != 4 {
			t.Errorf("%s = %v", m.Metric, *m.Value)
		}
	}
}
