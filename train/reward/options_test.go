package reward_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"alignctl/train/reward"
)

func TestWeights(t *testing.T) {
	got, err := reward.Options{Parts: " ranking, format = 0.2,sql=3", SQL: "1"}.Weights()
	want := []reward.Weight{{"ranking", 1}, {"format", 0.2}, {"sql", 3}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("weights %v, %v; want %v", got, err, want)
	}
	got, err = reward.Options{SQL: "1"}.Weights()
	if want := []reward.Weight{{"sql", 1}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("weights %v, %v; want %v", got, err, want)
	}
}

func TestWeightsRefuses(t *testing.T) {
	for _, test := range []struct {
		parts, sql, want string
	}{
		{"", "", "no reward is called"},
		{"rankings", "", `did you mean "ranking"`},
		{"ranking,", "", "no reward is called"},
		{"ranking=0", "", "want a number above 0"},
		{"ranking=-1", "", "want a number above 0"},
		{"ranking=NaN", "", "want a number above 0"},
		{"ranking=inf", "", "want a number above 0"},
		{"ranking=much", "", "want a number above 0"},
		{"ranking,format,ranking=2", "", "ranking stands there twice"},
		{"ranking,sql=2", "", "sql needs the SQL (--reward-sql)"},
		{"ranking", "1", "add sql=WEIGHT"},
	} {
		_, err := reward.Options{Parts: test.parts, SQL: test.sql}.Weights()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("reward %q: error %v, want %q", test.parts, err, test.want)
		}
	}
}

// An answer that fails one part is worth -1 to that part, and by its weight.
func TestWeightedParts(t *testing.T) {
	answer := reward.Sample{Cue: "sky", Completion: "blue, cloud, high up, sun", Label: skyLabel}
	s := score(t, "ranking=2,hit_strength=0.5", answer)[0]
	want := []reward.Part{{"ranking", -1, "no final ranking"}, {"hit_strength", 1, ""}}
	if s.Reward != -1.5 || s.Failed != "no final ranking" || !slices.Equal(s.Parts, want) {
		t.Errorf("score %+v, want -1.5 of parts %+v", s, want)
	}
}

// A question that nobody answered is a fault of the data, not of the answer: it is
// refused before it is asked.
func TestScoreNeedsLabels(t *testing.T) {
	unlabelled := []reward.Sample{{ExampleID: "en:sea:1", Label: skyLabel}, {ExampleID: "en:sky:1"}}
	for _, part := range []string{"ranking", "ranking_published", "hit_strength"} {
		scorer, err := reward.Options{Parts: "format," + part}.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, scoreErr := scorer.Score(t.Context(), unlabelled)
		for _, err := range []error{scoreErr, scorer.Check(unlabelled)} {
			if err == nil || !strings.Contains(err.Error(), `example "en:sky:1" has no label`) {
				t.Errorf("%s: error %v, want one that names the example", part, err)
			}
		}
		if err := scorer.Check(unlabelled[:1]); err != nil {
			t.Errorf("%s: a question with a label is refused: %v", part, err)
		}
	}
	scorer, err := reward.Options{Parts: "format"}.Open(t.Context(), nil)
	if err = errors.Join(err, scorer.Check(unlabelled)); err != nil {
		t.Errorf("format needs no label: %v", err)
	}
}

func TestReadAnswers(t *testing.T) {
	answers, err := reward.ReadAnswers(strings.NewReader(
		`{"example_id": "a", "completion": "", "more": 1}` + "\n\n" + `{"cue": "sky", "completion": "blue"}`))
	if err != nil || len(answers) != 2 || answers[0].ExampleID != "a" || *answers[1].Completion != "blue" {
		t.Errorf("answers %+v, error %v", answers, err)
	}
	for text, want := range map[string]string{
		"":                                "it has no line",
		"\n{\"cue\": \"sky\"}":            "line 2: it has no completion",
		`{"completion": "blue"}`:          "line 1: it has neither example_id nor cue",
		`{"completion": 3, "cue": "sky"}`: "line 1: want a JSON object",
		"blue":                            "line 1: want a JSON object",
		`{"cue": "` + strings.Repeat("x", 17<<20): "line 1: longer than 16 MB",
	} {
		if _, err := reward.ReadAnswers(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read %.20q: error %v, want %q", text, err, want)
		}
	}
}
