package suite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/eval/suite"
	"alignctl/internal/stat"
	"alignctl/lake"
	"alignctl/lake/laketest"
)

var (
	examplesTable = lake.Spec{Name: "data.sft_ranked", Key: []string{"example_id"}, Licence: lake.OpenData,
		Columns: []lake.Column{
			text("example_id"), text("language"), text("cue"), text("split"), {Name: "messages", Required: true,
				Type: lake.List(lake.Struct(lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String}))},
		}}
	strengthTable = lake.Spec{Name: "core.strength", Key: []string{"language", "population", "cue", "response"},
		Licence: lake.OpenData, Columns: []lake.Column{text("language"), text("population"), text("cue"), text("response"),
			{Name: "n123", Type: lake.Long, Required: true}}}
)

func text(name string) lake.Column { return lake.Column{Name: name, Type: lake.String, Required: true} }

const (
	examplesQuery = `select 'en:' || cue as example_id, 'en' as language, cue, 'test' as split,
		[{role: 'user', content: 'words for ' || cue}] as messages from (values ('sky'), ('sea'), ('sun')) v(cue)`
	strengthQuery = `select 'en' as language, 'all' as population, cue, response, 5 as n123
		from (values ('sky', 'blue'), ('sea', 'blue'), ('sun', 'hot')) v(cue, response)`
)

func associationsLake(t *testing.T) *lake.Lake {
	return laketest.New(t, laketest.Table{Spec: examplesTable, Query: examplesQuery},
		laketest.Table{Spec: strengthTable, Query: strengthQuery})
}

// A talker answers every question with the same word; asked so often, it fails.
type talker struct {
	word  string
	fails int // -1: never
	err   error
	asked int
}

func (m *talker) Source() (eval.Source, error) {
	return eval.Source{Kind: eval.EndpointKind, Endpoint: "http://" + m.word, Served: m.word}, m.err
}

func (m *talker) Open(context.Context) (eval.Model, error) { return opened{m}, nil }

type opened struct{ *talker }

func (o opened) Source() eval.Source {
	from, _ := o.talker.Source()
	return from
}

func (o opened) Ask(ctx context.Context, asked []eval.Conversation, _ eval.Decoding, each func(int, eval.Reply)) error {
	for i := range asked {
		if o.asked == o.fails {
			o.fails = -1
			return errors.New("out of order")
		}
		o.asked++
		each(i, eval.Reply{Text: o.word, Tokens: 1, Finish: "stop"})
	}
	return ctx.Err()
}

func (o opened) Close() {}

func cell(model string, who suite.Answerer) suite.Cell {
	return suite.Cell{Model: model, Language: "en", Who: who,
		Generate: &eval.GenerateOptions{Dataset: "sft_ranked", Model: []byte(fmt.Sprintf("%q", model))},
		Scores:   []eval.ScoreOptions{{Suite: eval.Associations, Ks: []int{1}, Bootstrap: stat.Bootstrap{Resamples: 50}}}}
}

func suiteOf(cells ...suite.Cell) suite.Suite {
	return suite.Suite{Name: "s", Cells: cells, Baseline: "blue", Bootstrap: stat.Bootstrap{Resamples: 50}}
}

// A suite asks each model once, however often it is run, and what broke off goes
// on; the models that can be measured are, and compared with the baseline.
func TestRunAsksOnce(t *testing.T) {
	l := associationsLake(t)
	blue, hot, lost := &talker{word: "blue", fails: -1}, &talker{word: "hot", fails: 2}, &talker{err: errors.New("no such folder")}
	s := suiteOf(cell("blue", blue), cell("hot", hot), cell("lost", lost))
	got, err := s.Run(t.Context(), l, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"measure associations of hot in en: ask: 2 of 3 answers are kept", "measure lost in en: no such folder",
	}, beginnings(got.Failed)); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	plans, err := s.Plan(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, p := range plans {
		states = append(states, p.Model+": "+p.State)
	}
	if diff := cmp.Diff([]string{"blue: done", "hot: to go on", "lost: no such folder"}, states); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if got, err = s.Run(t.Context(), l, t.Logf); err != nil || len(got.Failed) != 1 || len(got.Rows) != 2 {
		t.Fatalf("second Run = %+v, %v, want two rows and the lost model", got, err)
	}
	if blue.asked != 3 || hot.asked != 3 {
		t.Errorf("asked %d and %d times, want 3 each", blue.asked, hot.asked)
	}
	if got.Rows[0].Against != nil || got.Rows[1].Against == nil || *got.Rows[1].Against != got.Rows[0].ScoringID {
		t.Errorf("rows %+v, want the second against the first", got.Rows)
	}
}

func beginnings(errs []error) (texts []string) {
	for _, err := range errs {
		begin, _, _ := strings.Cut(err.Error(), ";")
		texts = append(texts, begin)
	}
	return texts
}

// Other data, other options and Anew are asked anew.
func TestRunAsksAnew(t *testing.T) {
	l := associationsLake(t)
	blue := &talker{word: "blue", fails: -1}
	run := func(s suite.Suite) {
		t.Helper()
		if _, err := s.Run(t.Context(), l, t.Logf); err != nil {
			t.Fatal(err)
		}
	}
	c := cell("blue", blue)
	run(suiteOf(c))
	anew := suiteOf(c)
	anew.Anew = true
	run(anew)
	c.Generate.MaxNewTokens = 7
	run(suiteOf(c))
	laketest.Add(t, l, laketest.Table{Spec: examplesTable, Query: strings.Replace(examplesQuery, "('sun')", "('tea')", 1)})
	run(suiteOf(c))
	run(suiteOf(c))
	if blue.asked != 4*3 {
		t.Errorf("asked %d times, want 12", blue.asked)
	}
}

// What was measured before Ctrl-C is in eval.suites.
func TestRunInterrupted(t *testing.T) {
	l := associationsLake(t)
	ctx, stop := context.WithCancel(t.Context())
	blue, hot := &talker{word: "blue", fails: -1}, &talker{word: "hot", fails: -1}
	say := func(format string, args ...any) {
		if strings.HasPrefix(fmt.Sprintf(format, args...), "[2/2]") {
			stop()
		}
	}
	got, err := suiteOf(cell("blue", blue), cell("hot", hot)).Run(ctx, l, say)
	if !errors.Is(err, context.Canceled) || len(got.Rows) != 1 {
		t.Fatalf("Run = %+v, %v, want the first model's row and the end", got, err)
	}
	pins, err := l.At(t.Context(), "")
	if err != nil || pins["eval.suites"].Rows != 1 {
		t.Errorf("eval.suites has %d rows, %v; want 1", pins["eval.suites"].Rows, err)
	}
}
