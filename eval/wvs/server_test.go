package wvs_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
	"alignctl/eval/endpoint"
	"alignctl/eval/endpointtest"
	"alignctl/eval/wvs"
	"alignctl/lake"
)

// askServer asks the server of package endpointtest, where it has a fault.
func askServer(t *testing.T, l *lake.Lake, fault string, o wvs.AskOptions) (wvs.Asked, error) {
	t.Helper()
	s := endpointtest.New()
	t.Cleanup(s.Close)
	e := endpoint.Options{URL: s.At(fault), Model: endpointtest.Model, Pause: time.Millisecond}
	o.Countries = both()
	return wvs.Ask(t.Context(), l, e.Open, o)
}

// A server's first tokens are read as a folder's are: an option's share is that of
// its letter, however it is spelt, and what the letters have together is the
// option mass.
func TestAskServerFirstToken(t *testing.T) {
	l := surveyLake(t)
	got, err := askServer(t, l, "ok", wvs.AskOptions{Readout: wvs.FirstToken, Orders: 1})
	if err != nil || got.Prompts != 5 || len(got.Warnings) != 1 {
		t.Fatalf("Ask = %+v, %v", got, err)
	}
	a, b, c := math.Exp(-0.7)+math.Exp(-2.5), math.Exp(-1.5), math.Exp(-5)
	scored := score(t, l, wvs.ScoreOptions{})
	near(t, wvs.OptionMass, value(t, l, scored, "Q122", wvs.OptionMass), a+b+c)
	near(t, "emd_XAB", value(t, l, scored, "Q122", "emd_XAB"), (2*a+b)/(a+b+c)) // there all say the last
	near(t, wvs.OptionMass, value(t, l, scored, "Q7", wvs.OptionMass), a+b)
	near(t, wvs.Invalid, value(t, l, scored, "Q122", wvs.Invalid), 0)
}

// Letters that the server doesn't tell have no share, and are counted; where it
// tells none of them, there is no answer.
func TestAskServerTellsFewTokens(t *testing.T) {
	l := surveyLake(t)
	got, err := askServer(t, l, "ok", wvs.AskOptions{Readout: wvs.FirstToken, Orders: 1, FirstTokens: 3})
	want := "4 of 14 letters or numbers of options were not among the 3 most probable first tokens: they count as 0"
	if err != nil || len(got.Warnings) != 2 || got.Warnings[1] != want {
		t.Errorf("Ask = %+v, %v, want the warning %q", got, err, want)
	}
	rows := etltest.Query(t, l, "select key, round(logprob, 3), tokens from eval.readouts where item_id = 'Q122' order by key")
	if diff := cmp.Diff([]string{"A|-0.547|1", "B|-1.5|1", "C|<nil>|1"}, rows); diff != "" {
		t.Error(diff)
	}
	if _, err = askServer(t, l, "ok", wvs.AskOptions{Readout: wvs.FirstToken, Keys: wvs.Numbers, Orders: 1, FirstTokens: 3}); err != nil {
		t.Fatal(err)
	}
	scored := score(t, l, wvs.ScoreOptions{})
	near(t, wvs.OptionMass, value(t, l, scored, "Q122", wvs.OptionMass), 0)
	near(t, wvs.Invalid, value(t, l, scored, "Q122", wvs.Invalid), 1)
}

// A server's written answers are read as a folder's are.
func TestAskServerSampled(t *testing.T) {
	l := surveyLake(t)
	got, err := askServer(t, l, "ok", wvs.AskOptions{Readout: wvs.Sampled, Orders: 1, Draws: 2, Limit: 2, Temperature: 1})
	if err != nil || got.Prompts != 4 {
		t.Fatalf("Ask = %+v, %v", got, err)
	}
	rows := etltest.Query(t, l, `select kind, served_model, (select bool_and(output like 'near, far%' and len(logprobs) = 3) from eval.samples),
		(select count(*) from eval.readouts where logprob is null and tokens = 0) from eval.runs`)
	if diff := cmp.Diff([]string{"endpoint|tiny-chat|true|10"}, rows); diff != "" {
		t.Error(diff)
	}
	if _, err := askServer(t, l, "plain", wvs.AskOptions{Readout: wvs.Sampled, Limit: 1, NoLogProbs: true}); err != nil {
		t.Error(err)
	}
}

// What a server can't be asked is said, with how to ask it instead.
func TestAskServerRefuses(t *testing.T) {
	l := surveyLake(t)
	for _, test := range []struct {
		fault string
		o     wvs.AskOptions
		want  string
	}{
		{"ok", wvs.AskOptions{}, "the read-out likelihood needs a model's folder: a server is asked by first-token or sampled"},
		{"ok", wvs.AskOptions{Readout: wvs.Sampled, Published: wvs.Published{NoTemplate: true}}, "by --api completions"},
		{"ok", wvs.AskOptions{Readout: wvs.FirstToken, Keys: wvs.Numbers, Published: wvs.Published{OfferUnused: true}},
			"question Q164: an answer that begins with 1 may be 10: ask by --keys letters"},
		{"blind", wvs.AskOptions{Readout: wvs.FirstToken}, "have answers written by --readout sampled"},
		{"bare", wvs.AskOptions{Readout: wvs.FirstToken}, "it doesn't tell the most probable first tokens"},
		{"plain", wvs.AskOptions{Readout: wvs.FirstToken}, "ask for fewer than 20 by --first-tokens"},
	} {
		_, err := askServer(t, l, test.fault, test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
	}
}
