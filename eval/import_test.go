package eval_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/lake"
)

func answerFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func importAnswers(t *testing.T, l *lake.Lake, o eval.ImportOptions) eval.Generated {
	t.Helper()
	got, err := eval.Import(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Answers are their own items where no data set says which there are.
func TestImportStandsAlone(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	path := answerFile(t, "answers.jsonl", "\ufeff"+`{"word": "sky", "model": "a", "text": "blue\nsun"}
{"word": "sea", "model": "a", "text": ["wave", "salt"]}

{"word": "sky", "model": "b", "text": "grey"}
{"word": "42", "model": "a", "text": null}
`)
	got := importAnswers(t, l, eval.ImportOptions{File: path, Columns: map[string]string{"cue": "word", "output": "text"},
		Only: map[string]string{"model": "a"}, Language: "en", Model: "model-a", Template: "simple", Licence: "CC0"})
	if got.Items != 3 || len(got.Warnings) != 0 || got.LeftOut != 0 {
		t.Errorf("imported %+v, want 3 items", got)
	}
	rows := query(t, l, "select item_id, sample, language, cue, split, output, finish from eval.samples order by all")
	want := []string{"en:42 0 en 42   ", "en:sea 0 en sea  wave\nsalt ", "en:sky 0 en sky  blue\nsun "}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	rows = query(t, l, "select kind, model_path, served_model, template, languages, dataset, status, items from eval.runs")
	if diff := cmp.Diff([]string{"answers  model-a simple [en]  done 3"}, rows); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	rows = query(t, l, "select source, name, rows, licence from meta.files")
	if diff := cmp.Diff([]string{"answers answers.jsonl 4 CC0"}, rows); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if scored := score(t, l, eval.ScoreOptions{Run: got.RunID, Ks: []int{1}}); len(scored.Metrics) == 0 {
		t.Error("the run can't be scored")
	}
}

// With a data set, silence counts as an empty answer, and other answers don't
// count.
func TestImportForItems(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	path := answerFile(t, "answers.csv", "cue,item_id,output\nsky,,\"blue, sun\"\n,en:sea:0,wave\nrock,,stone\n")
	got := importAnswers(t, l, eval.ImportOptions{File: path, Dataset: "sft_ranked"})
	if got.Items != 4 || got.LeftOut != 1 || len(got.Warnings) != 2 ||
		!strings.Contains(got.Warnings[0], "2 of 4 items have no answer") || !strings.Contains(got.Warnings[1], "left out: rock") {
		t.Errorf("imported %+v, want 4 items, 1 left out, and two warnings", got)
	}
	rows := query(t, l, "select item_id, cue, split, output, finish from eval.samples order by all")
	want := []string{"en:moon:0 moon test  missing", "en:sea:0 sea test wave ", "en:sky:0 sky test blue, sun ", "en:sun:0 sun test  missing"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

// The output of OpenAI's batch API is nested.
func TestImportPaths(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	path := answerFile(t, "batch.jsonl", `{"custom_id": "en:sky:0", "response": {"body": {"choices": [{"message": {"content": "blue"}}]}}}`)
	importAnswers(t, l, eval.ImportOptions{File: path, Dataset: "sft_ranked", Columns: map[string]string{"item_id": "custom_id",
		"output": "response.body.choices.0.message.content"}})
	if rows := query(t, l, "select output from eval.samples where cue = 'sky'"); rows[0] != "blue" {
		t.Errorf("answer %q", rows)
	}
}

func TestImportSamples(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	path := answerFile(t, "answers.tsv", "cue\toutput\nsky\tblue\nsea\twave\nsky\tgrey\n")
	o := eval.ImportOptions{File: path, Language: "en"}
	if _, err := eval.Import(t.Context(), l, o); err == nil ||
		!strings.Contains(err.Error(), `line 4: another answer to item "en:sky", the first is in line 2`) {
		t.Errorf("Import of two answers = %v", err)
	}
	o.Samples = true
	importAnswers(t, l, o)
	rows := query(t, l, "select cue, sample, output from eval.samples order by all")
	if diff := cmp.Diff([]string{"sea 0 wave", "sky 0 blue", "sky 1 grey"}, rows); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	l := testLake(t)
	before := digests(t, l)
	tests := []struct {
		name, text string
		options    eval.ImportOptions
		want       string
	}{
		{"a.txt", "x", eval.ImportOptions{}, "its name ends in neither .jsonl, .csv nor .tsv"},
		{"a.jsonl", "", eval.ImportOptions{}, "it holds no answer"},
		{"a.csv", "", eval.ImportOptions{}, "read the header"},
		{"a.jsonl", "{\"cue\": \"sky\"}\n{\"cue\": \"s\xff\"}", eval.ImportOptions{}, "line 2: it isn't UTF-8"},
		{"a.jsonl", `{"cue": "sky", "output": "blu`, eval.ImportOptions{}, "line 1: want a JSON object: unexpected EOF"},
		{"a.jsonl", "[1]", eval.ImportOptions{}, "line 1: want a JSON object"},
		{"a.jsonl", `{"cue": "sky"} {}`, eval.ImportOptions{}, "something follows it"},
		{"a.jsonl", `{"cue": "sky", "text": "blue"}`, eval.ImportOptions{Language: "en"},
			`line 1: it has no "output", which should be the output: name the column that holds it (the file has cue, text)`},
		{"a.jsonl", `{"word": "sky", "output": "blue"}`, eval.ImportOptions{Language: "en"}, "line 1: it has no cue"},
		{"a.jsonl", `{"cue": "sky", "output": "blue"}`, eval.ImportOptions{}, "line 1: it has no language"},
		{"a.jsonl", `{"cue": "sky", "output": {"text": "blue"}}`, eval.ImportOptions{Language: "en"}, "line 1: output holds an object"},
		{"a.csv", "cue,output\nsky\n", eval.ImportOptions{Language: "en"}, "record on line 2: wrong number of fields"},
		{"a.csv", "cue,cue\nsky,sea\n", eval.ImportOptions{Language: "en"}, "names a column twice"},
		{"a.csv", "cue,output\nsky,blue\n", eval.ImportOptions{Columns: map[string]string{"outptu": "output"}}, `no field "outptu"; did you mean "output"?`},
		{"a.csv", "cue,output\nsky,blue\n", eval.ImportOptions{Only: map[string]string{"cue": "sea"}}, "none of its 1 answers has cue = sea"},
		{"a.csv", "cue,output\nsky,blue\n", eval.ImportOptions{Only: map[string]string{"model": "a"}}, `line 2: no column "model" (it has cue, output)`},
		{"a.csv", "cue,output\nrock,stone\n", eval.ImportOptions{Dataset: "sft_ranked"},
			"none of its 1 answers is to an item of data.sft_ranked, split test (they are to rock)"},
		{"a.csv", "output\nstone\n", eval.ImportOptions{Dataset: "sft_ranked"}, "line 2: it has neither item_id nor cue"},
		{"a.csv", "cue,output\nrock,stone\n", eval.ImportOptions{Dataset: "none"}, `find data set "data.none"`},
	}
	for _, test := range tests {
		test.options.File = answerFile(t, test.name, test.text)
		if _, err := eval.Import(t.Context(), l, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Import of %q = %v, want %q", test.text, err, test.want)
		}
	}
	if _, err := eval.Import(t.Context(), l, eval.ImportOptions{File: "no/such.csv"}); err == nil {
		t.Error("Import of no file succeeds")
	}
	if diff := cmp.Diff(before, digests(t, l)); diff != "" {
		t.Errorf("the lake moved: %s", diff)
	}
}
