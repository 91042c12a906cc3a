package train

import (
	"fmt"
	"slices"
	"testing"

	"alignctl/lake"
	"alignctl/lake/laketest"
	"alignctl/train/lm"
)

// tinyData declares the data set table of the tests.
func tinyData() lake.Spec {
	turn := lake.Struct(lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String})
	return lake.Spec{Name: "data.tiny", Doc: "an example", Key: []string{"example_id"}, Licence: lake.OpenData,
		Columns: []lake.Column{
			{Name: "example_id", Type: lake.String, Required: true, Doc: "id"},
			{Name: "split", Type: lake.String, Required: true, Doc: "train or dev"},
			{Name: "messages", Type: lake.List(turn), Required: true, Doc: "the prompt"},
			{Name: "completion", Type: lake.String, Required: true, Doc: "the answer"},
			{Name: "template", Type: lake.String, Required: true, Doc: "id of the prompt template"},
		}}
}

// tinyLake is a new lake with data.tiny made by a query.
func tinyLake(t *testing.T, query string) *lake.Lake {
	t.Helper()
	return laketest.New(t, laketest.Table{Spec: tinyData(), Query: query})
}

// wordExamples is a query of n train and n/4 dev examples, in which the answer
// follows from the cue.
func wordExamples(n int) string {
	return fmt.Sprintf(`SELECT format('en:{:05d}', i) AS example_id,
		CASE WHEN i < %[1]d THEN 'train' ELSE 'dev' END AS split,
		[{'role': 'system', 'content': 'Associate.'}, {'role': 'user', 'content': 'cue ' || (i %% 7)}] AS messages,
		'answer ' || (i %% 7) AS completion, 'ranked-en-1' AS template
		FROM range(%[1]d + %[1]d // 4) AS r(i)`, n)
}

func TestExamplesComeInOrderPageByPage(t *testing.T) {
	const n = pageRows + 10
	l := tinyLake(t, wordExamples(n))
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for limit, want := range map[int]int{0: n, 7: 7, pageRows + 1: pageRows + 1} {
		var ids []string
		var last example
		chosen := selection{table: "data.tiny", answers: completions.answers, split: "train", limit: limit}
		err = eachExample(t.Context(), run.Session(), chosen, func(e example) error {
			ids, last = append(ids, e.ID), e
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) != want || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != want {
			t.Errorf("limit %d: %d examples, sorted %v", limit, len(ids), slices.IsSorted(ids))
		}
		var number int
		if _, err := fmt.Sscanf(last.ID, "en:%d", &number); err != nil {
			t.Fatal(err)
		}
		answer := fmt.Sprint(number % 7)
		prompt := []lm.Message{{Role: "system", Content: "Associate."}, {Role: "user", Content: "cue " + answer}}
		if !slices.Equal(last.Messages, prompt) || last.Answers[0] != "answer "+answer {
			t.Errorf("limit %d: last example %+v", limit, last)
		}
	}
}

func TestForeignTableIsRefused(t *testing.T) {
	l := tinyLake(t, wordExamples(4))
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	skip := func(example) error { return nil }
	if err := eachExample(t.Context(), run.Session(), selection{table: "meta.runs", answers: completions.answers, split: "train"}, skip); err == nil {
		t.Error("meta.runs passed as a data set")
	}
}
