package wvs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
	etl "alignctl/etl/wvs"
	"alignctl/eval"
	"alignctl/eval/wvs"
	"alignctl/lake"
)

// opinionated likes to say yes, and to write what stands first.
func opinionated(breaks int) *script {
	s := likesWords("Yes", "Very dear", "A")
	s.breaks = breaks
	s.says = func(prompt string, _ int) string {
		_, options, _ := strings.Cut(prompt, "\n- ")
		first, _, _ := strings.Cut(options, "\n")
		return first
	}
	return s
}

// Whatever is asked for, and wherever it stopped: a run that goes on asks the
// rest, each prompt once, and has in the end what one has that wasn't stopped.
func TestResumeAsksWhatIsMissing(t *testing.T) {
	for _, o := range []wvs.AskOptions{
		{Readout: wvs.Likelihood, Orders: 3, Templates: []string{"plain-en-1", "plain-en-2"}},
		{Readout: wvs.FirstToken, Orders: 2, Keys: wvs.Numbers},
		{Readout: wvs.Sampled, Orders: 2, Draws: 3, Keys: wvs.NoKeys, Temperature: 1, Limit: 4},
	} {
		t.Run(o.Readout, func(t *testing.T) {
			t.Parallel()
			l := surveyLake(t)
			o.Batch, o.Model = 2, []byte(`{"name": "script"}`)
			whole := ask(t, l, opinionated(0), o)
			o.Countries = both()
			got, err := wvs.Ask(t.Context(), l, opinionated(3).open, o)
			if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "go on with: alignctl eval wvs --resume "+got.RunID) {
				t.Fatalf("Ask = %+v, %v, want some answers and how to go on", got, err)
			}
			if got.Prompts == 0 || got.Prompts >= whole.Prompts {
				t.Errorf("%d of %d prompts were answered before it broke", got.Prompts, whole.Prompts)
			}
			loadSurvey(t, l, etl.Options{Files: []string{etltest.File(t, "XAB.csv", "B_COUNTRY_ALPHA,Q1\nXAB,1\n")}})
			again := resume(t, l, got.RunID, opinionated(0))
			if again.RunID != got.RunID || again.Prompts != whole.Prompts || again.Items != whole.Items {
				t.Errorf("Resume = %+v, want all of %+v", again, whole)
			}
			sameAnswers(t, l, again.RunID, whole.RunID)
			if r := resumption(t, l, got.RunID); !r.Done {
				t.Error("the run isn't done")
			}
		})
	}
}

func resumption(t *testing.T, l *lake.Lake, run string) *wvs.Resumption {
	t.Helper()
	r, err := wvs.FindResumption(t.Context(), l, run)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func resume(t *testing.T, l *lake.Lake, run string, s *script) wvs.Asked {
	t.Helper()
	got, err := wvs.Resume(t.Context(), l, s.open, resumption(t, l, run))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameAnswers sees that two runs kept the same.
func sameAnswers(t *testing.T, l *lake.Lake, one, other string) {
	t.Helper()
	for _, table := range []string{"eval.samples", "eval.readouts"} {
		query := strings.NewReplacer("TABLE", table, "ONE", one, "OTHER", other).Replace(`select count(*), count(distinct run_id)
			from (select * exclude run_id, count(*) as n, any_value(run_id) as run_id from TABLE where run_id in ('ONE', 'OTHER')
			group by all) where n <> 2`)
		if got := etltest.Query(t, l, query); got[0] != "0|0" {
			t.Errorf("%s: %s rows differ", table, got[0])
		}
	}
}

// Whatever ends the process, what was answered SaveEvery before is in the lake.
func TestAskSavesAsItGoes(t *testing.T) {
	l := surveyLake(t)
	var seen []string
	s := likesWords()
	s.says = func(string, int) string {
		if s.asked > 1 {
			seen = append(seen, etltest.Query(t, l, `select status, items, (select count(*) from eval.samples),
				(select count(distinct item_id) from eval.readouts) from eval.runs`)...)
		}
		return "Yes"
	}
	ask(t, l, s, wvs.AskOptions{Readout: wvs.Sampled, Draws: 1, Orders: 1, Limit: 3, SaveEvery: time.Nanosecond})
	if diff := cmp.Diff([]string{"running|1|1|1", "running|2|2|2"}, seen); diff != "" {
		t.Error(diff)
	}
}

// A run goes on in the words that it began with, though the template's file is
// another now; not with another model, and not by another command.
func TestResumeIsOfTheSame(t *testing.T) {
	l := surveyLake(t)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	write := func(words string) {
		text := "id: mine\nlanguage: en\nmessages: [{role: user, content: '" + words + " {question} {options}'}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Old words.")
	got, err := wvs.Ask(t.Context(), l, opinionated(2).open, wvs.AskOptions{Countries: both(), Templates: []string{file}, Batch: 2})
	if !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	write("New words.")
	other := opinionated(0)
	other.release = "-2"
	_, err = wvs.Resume(t.Context(), l, other.open, resumption(t, l, eval.Latest))
	if err == nil || !strings.Contains(err.Error(), `the model's sha256 is "abc-2", when the run began it was "abc"`) {
		t.Errorf("Resume with another model = %v", err)
	}
	resume(t, l, got.RunID, opinionated(0))
	if rows := etltest.Query(t, l, "select distinct prompt like 'Old words.%' from eval.samples"); len(rows) != 1 || rows[0] != "true" {
		t.Errorf("in the old words: %v", rows)
	}
	if _, err := wvs.Resume(t.Context(), l, other.open, resumption(t, l, got.RunID)); err == nil || !strings.Contains(err.Error(), "it is done") {
		t.Errorf("Resume of a run that is done = %v", err)
	}
	want := "it is of the suite wvs: go on with: alignctl eval wvs --resume " + got.RunID
	if _, err := eval.FindResumption(t.Context(), l, got.RunID); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("FindResumption by the other command = %v", err)
	}
}
