package reward_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/train/reward"
)

func TestReadQuestions(t *testing.T) {
	session := openSession(t)
	for _, test := range []struct {
		name   string
		from   reward.Selection
		ids    []string
		first  []reward.Associate
		tables []string
	}{
		{"a label with counts", reward.Selection{Dataset: "data.counted", Split: "train"}, []string{"sea", "sky"},
			[]reward.Associate{associate("blue", 2, 1.5), associate("wave", 2, 1.5), associate("sun", 1, 3)}, []string{"data.counted"}},
		{"a label of words", reward.Selection{Dataset: "data.words", Split: "dev"}, []string{"sun"},
			[]reward.Associate{associate("blue", 1, 1), associate("wave", 1, 2)}, []string{"data.words"}},
		{"no label: people's responses", reward.Selection{Dataset: "data.free", IDs: []string{"en:sky"}}, []string{"en:sky"},
			[]reward.Associate{associate("blue", 9, 1), associate("cloud", 4, 2.5), associate("rain", 4, 2.5)}, []string{"data.free", "core.strength"}},
		{"of one's own population", reward.Selection{Dataset: "data.us", Cues: []string{"sun"}}, []string{"sun"},
			[]reward.Associate{associate("hot", 8, 1)}, []string{"data.us", "core.strength"}},
		{"first responses where there are no others", reward.Selection{Dataset: "data.free", Language: "en", Cues: []string{"sea"}},
			[]string{"en:sea"}, []reward.Associate{associate("wave", 2, 1)}, []string{"data.free", "core.strength"}},
	} {
		got, err := test.from.Read(t.Context(), session)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var ids []string
		for _, q := range got.All {
			ids = append(ids, q.ExampleID)
		}
		slices.Sort(ids)
		if diff := cmp.Diff(test.ids, ids) + cmp.Diff(test.first, got.All[0].Label) + cmp.Diff(test.tables, got.Tables); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if want := []reward.Message{{"user", "words for " + got.All[0].Cue}}; !slices.Equal(got.All[0].Messages, want) {
			t.Errorf("%s: messages %v, want %v", test.name, got.All[0].Messages, want)
		}
	}
}

func TestReadQuestionsDrawsTheSame(t *testing.T) {
	session := openSession(t)
	whole, err := reward.Selection{Dataset: "data.free"}.Read(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := reward.Selection{Dataset: "data.free", Limit: 2}.Read(t.Context(), session)
	if err != nil || len(whole.All) != 3 || cmp.Diff(whole.All[:2], drawn.All) != "" {
		t.Errorf("the first two of %+v, error %v: %+v", whole.All, err, drawn.All)
	}
}

func TestReadQuestionsRefuses(t *testing.T) {
	session := openSession(t)
	for want, s := range map[string]reward.Selection{
		"no column example_id": {Dataset: "core.strength"},
		"no example of split test (it holds dev (en), train (en))": {Dataset: "data.free", Split: "test"},
		"no example of split train, language zh":                   {Dataset: "data.free", Split: "train", Language: "zh"},
		"data.none":                                                {Dataset: "data.none"},
	} {
		if _, err := s.Read(t.Context(), session); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read %+v: error %v, want %q", s, err, want)
		}
	}
}

func TestSamplesOfRecordedAnswers(t *testing.T) {
	session := openSession(t)
	answers, err := reward.ReadAnswers(strings.NewReader(`{"cue": "sea", "completion": "wave"}
{"example_id": "en:sky", "completion": "blue"}
{"cue": "sea", "language": "en", "completion": "salt"}`))
	if err != nil {
		t.Fatal(err)
	}
	samples, err := reward.Samples(t.Context(), session, "data.free", answers)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, s := range samples {
		got += s.ExampleID + " " + s.Prompt + " " + s.Completion + "\n"
	}
	if want := "en:sea words for sea wave\nen:sky words for sky blue\nen:sea words for sea salt\n"; got != want {
		t.Errorf("samples\n%swant\n%s", got, want)
	}
	answers[2].Language = "zh"
	if _, err := reward.Samples(t.Context(), session, "data.free", answers); err == nil || !strings.Contains(err.Error(), `answer 3: data.free has no example`) {
		t.Errorf("error %v, want one that names the answer", err)
	}
}
