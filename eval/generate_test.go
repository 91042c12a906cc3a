package eval_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/lake"
	"alignctl/lake/laketest"
	"alignctl/train/lm"
)

// A talker is a model that answers each conversation by its id, until it breaks.
type talker struct {
	from   eval.Source
	breaks int // after so many replies; -1: never
	after  func()
	asked  []eval.Conversation
}

var errBroken = errors.New("the model broke")

func (m *talker) Source() eval.Source                      { return m.from }
func (m *talker) Close()                                   {}
func (m *talker) open(context.Context) (eval.Model, error) { return m, nil }
func newTalker(breaks int) *talker                         { return &talker{from: talkerSource, breaks: breaks} }
func remembered() json.RawMessage                          { return json.RawMessage(`{"who":"talker"}`) }
func options() eval.GenerateOptions {
	return eval.GenerateOptions{Dataset: "sft_ranked", Model: remembered()}
}

var talkerSource = eval.Source{Kind: eval.EndpointKind, Endpoint: "http://localhost/v1", Served: "talker"}

func (m *talker) Ask(ctx context.Context, asked []eval.Conversation, _ eval.Decoding, each func(int, eval.Reply)) error {
	m.asked = asked
	for i, c := range asked {
		if i == m.breaks {
			return errBroken
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		each(i, eval.Reply{Prompt: "?", Text: "answer to " + c.ID, Tokens: 2, Finish: lm.FinishStop, Served: "talker-2"})
		if m.after != nil {
			m.after()
		}
	}
	return nil
}

func ids(asked []eval.Conversation) []string {
	var all []string
	for _, c := range asked {
		all = append(all, c.ID)
	}
	return all
}

// A model that breaks costs no answer: those it gave are kept, and resuming asks
// about the others only, each once.
func TestResumeAsksWhatIsMissing(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	whole, part, rest := newTalker(-1), newTalker(3), newTalker(-1)
	if _, err := eval.Generate(t.Context(), l, whole.open, options()); err != nil {
		t.Fatal(err)
	}
	got, err := eval.Generate(t.Context(), l, part.open, options())
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "3 of 4 answers are kept; go on with: alignctl eval generate --resume "+got.RunID) {
		t.Fatalf("Generate = %+v, %v, want three answers and how to go on", got, err)
	}
	rows := query(t, l, "select kind, endpoint, served_model, model_path, status, items, tokens from eval.runs where run_id = '"+got.RunID+"'")
	if diff := cmp.Diff([]string{"endpoint http://localhost/v1 talker-2  interrupted 3 6"}, rows); diff != "" {
		t.Errorf("the broken run (-want +got):\n%s", diff)
	}
	r := resumption(t, l, got.RunID)
	if string(r.Options.Model) != string(remembered()) || r.Done {
		t.Errorf("resumption %+v, want the options of the run", r)
	}
	again, err := eval.Resume(t.Context(), l, rest.open, r)
	if err != nil || again.RunID != got.RunID || again.Items != 4 || again.Tokens != 8 {
		t.Errorf("Resume = %+v, %v, want all four items of the same run", again, err)
	}
	if diff := cmp.Diff(ids(whole.asked)[3:], ids(rest.asked)); diff != "" {
		t.Errorf("asked on resuming (-want +got):\n%s", diff)
	}
	const differing = `select count(*) from (select item_id, output, prompt from eval.samples where run_id = $1) a
		full join (select item_id, output, prompt from eval.samples where run_id <> $1) b using (item_id, output, prompt)
		where a.item_id is null or b.item_id is null`
	if rows := query(t, l, strings.ReplaceAll(differing, "$1", "'"+got.RunID+"'")); rows[0] != "0" {
		t.Errorf("%s samples differ from those of a run that wasn't stopped", rows[0])
	}
	if r := resumption(t, l, got.RunID); !r.Done {
		t.Error("the run isn't done")
	} else if _, err := eval.Resume(t.Context(), l, rest.open, r); err == nil || !strings.Contains(err.Error(), "it is done") {
		t.Errorf("Resume of a run that is done = %v", err)
	}
}

func resumption(t *testing.T, l *lake.Lake, run string) *eval.Resumption {
	t.Helper()
	r, err := eval.FindResumption(t.Context(), l, run)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever ends the process, what was answered SaveEvery before is in the lake.
func TestGenerateSavesAsItGoes(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	m := newTalker(-1)
	var seen []string
	m.after = func() {
		seen = append(seen, query(t, l, "select status, items, (select count(*) from eval.samples) from eval.runs")...)
	}
	o := options()
	o.SaveEvery = 1
	if _, err := eval.Generate(t.Context(), l, m.open, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"running 1 1", "running 2 2", "running 3 3", "running 4 4"}, seen); diff != "" {
		t.Errorf("seen by others (-want +got):\n%s", diff)
	}
	if rows := query(t, l, "select status, items from eval.runs"); rows[0] != "done 4" {
		t.Errorf("at the end %q", rows)
	}
}

// A run goes on with the questions and the model that it began with.
func TestResumeIsOfTheSame(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	got, _ := eval.Generate(t.Context(), l, newTalker(1).open, options())
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Write(t.Context(), examplesTable, "", `select 'en:new:0' as example_id, 'en' as language, 'new' as cue,
		'test' as split, [{role: 'user', content: 'words for new'}] as messages`); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	other := newTalker(-1)
	other.from.SHA256 = "abc"
	_, err = eval.Resume(t.Context(), l, other.open, resumption(t, l, eval.Latest))
	if err == nil || !strings.Contains(err.Error(), `the model's sha256 is "abc", when the run began it was ""`) {
		t.Errorf("Resume with another model = %v", err)
	}
	rest := newTalker(-1)
	if _, err := eval.Resume(t.Context(), l, rest.open, resumption(t, l, got.RunID)); err != nil {
		t.Fatal(err)
	}
	if n := len(rest.asked); n != 3 || strings.Contains(strings.Join(ids(rest.asked), " "), "new") {
		t.Errorf("asked %v, want the three cues of the old data set", ids(rest.asked))
	}
	if _, err := eval.FindResumption(t.Context(), l, "2020"); err == nil || !strings.Contains(err.Error(), "not in eval.runs") {
		t.Errorf("FindResumption of no run = %v", err)
	}
}

// Examples stand between the system message and the question, and an item isn't
// its own example.
func TestShots(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	spec := examplesTable
	spec.Name = "data.sft_shown"
	spec.Columns = append(spec.Columns[:len(spec.Columns):len(spec.Columns)], column("completion", lake.String),
		column("template", lake.String))
	if _, err := run.Write(t.Context(), spec, "", `
		select concat('en:', cue) as example_id, 'en' as language, cue, split,
			[{role: 'system', content: 'be brief'}, {role: 'user', content: 'words for ' || cue}] as messages,
			'list of ' || cue as completion, 'brief-en-1' as template
		from (values ('sky', 'test'), ('tree', 'train'), ('sea', 'train')) v(cue, split)`); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Dataset, o.Shots = spec.Name, 1
	ask := func(split string) []eval.Conversation {
		m := newTalker(-1)
		o.Split = split
		if _, err := eval.Generate(t.Context(), l, m.open, o); err != nil {
			t.Fatal(err)
		}
		return m.asked
	}
	got := ask("test")[0].Messages
	if len(got) != 4 || got[0].Role != "system" || got[2].Role != "assistant" ||
		got[2].Content != strings.Replace(got[1].Content, "words for", "list of", 1) || got[3].Content != "words for sky" {
		t.Errorf("messages %v, want system, an example, and the question", got)
	}
	for _, c := range ask("train") {
		if strings.HasSuffix(c.Messages[1].Content, c.ID[len("en:"):]) {
			t.Errorf("%s is its own example: %v", c.ID, c.Messages)
		}
	}
	if rows := query(t, l, "select distinct template from eval.runs"); len(rows) != 1 || rows[0] != "brief-en-1 with 1 examples" {
		t.Errorf("templates %q", rows)
	}
	o.Shots = 2
	if _, err := eval.Generate(t.Context(), l, newTalker(-1).open, o); err == nil || !strings.Contains(err.Error(), "split train has 1 of language en: want 2") {
		t.Errorf("Generate with too many shots = %v", err)
	}
}

// A prompt begins with one begin-of-text token, or with two as the study's code
// made it; the run says so.
func TestTwoBeginsAsPublished(t *testing.T) {
	folder := filepath.Join("..", "train", "lm", "testdata", "cases", "27-sft-eos-is-pad-and-single-bos")
	tokenizer, err := lm.LoadTokenizer(folder)
	if err != nil {
		t.Fatal(err)
	}
	template, err := lm.LoadTemplate(folder)
	if err != nil {
		t.Fatal(err)
	}
	l := laketest.New(t, examples("en", "sea"))
	for _, test := range []struct {
		repeat []eval.Defect
		ids    []int32 // that the prompt begins with
		config string
	}{
		{nil, []int32{0, 2}, "<nil>"},
		{[]eval.Defect{eval.TwoBegins}, []int32{0, 0, 2}, "two-begin-tokens"},
	} {
		s := &script{}
		o := options()
		o.AsPublished = test.repeat
		got, err := eval.Generate(t.Context(), l, func(context.Context) (eval.Model, error) {
			return &eval.Local{Generator: s, Renderer: template, Tokenizer: tokenizer}, nil
		}, o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.asked[0][:len(test.ids)], test.ids) {
			t.Errorf("%v: the prompt begins with %v", test.repeat, s.asked[0])
		}
		wrote := query(t, l, "select config ->> '$.as_published[0]' from meta.runs where run_id = '"+got.RunID+"'")
		if diff := cmp.Diff([]string{test.config}, wrote); diff != "" {
			t.Error(diff)
		}
	}
	o := options()
	o.AsPublished = []eval.Defect{eval.TwoBegins}
	if _, err := eval.Generate(t.Context(), l, newTalker(-1).open, o); err == nil || !strings.Contains(err.Error(), "needs a model's folder") {
		t.Errorf("of a server: %v", err)
	}
	o.AsPublished = []eval.Defect{eval.RawGold}
	if _, err := eval.Generate(t.Context(), l, newTalker(-1).open, o); err == nil || !strings.Contains(err.Error(), `no defect "raw-gold"`) {
		t.Errorf("of another work: %v", err)
	}
}
