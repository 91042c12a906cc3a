package lm

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ignored is the label of a token that isn't counted, as PyTorch writes it.
const ignored = -100

// labels writes an example's labels the way other trainers print them.
func labels(e Example) []int32 {
	out := slices.Clone(e.IDs)
	for i := range e.Prompt {
		out[i] = ignored
	}
	return out
}

func caseEncoder(t *testing.T, name string, maxTokens int) (*Encoder, string) {
	t.Helper()
	folder := filepath.Join("testdata", "cases", name)
	encoder, err := LoadEncoder(folder, maxTokens)
	if err != nil {
		t.Fatal(err)
	}
	return encoder, folder
}

func readLines[T any](t *testing.T, path string) (rows []T) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		var row T
		if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// Case 27: the end token is the padding token, and counts where it ends an
// answer; there is one beginning-of-text token.
func TestEndTokenCountsAndBeginningIsSingle(t *testing.T) {
	encoder, folder := caseEncoder(t, "27-sft-eos-is-pad-and-single-bos", 0)
	type row struct {
		Messages []Message `json:"messages"`
	}
	want := []struct{ ids, labels []int32 }{
		{[]int32{0, 2, 261, 1, 3, 265, 15, 269, 1}, []int32{-100, -100, -100, -100, -100, 265, 15, 269, 1}},
		{[]int32{0, 2, 69, 268, 1, 3, 261, 1}, []int32{-100, -100, -100, -100, -100, -100, 261, 1}},
	}
	for i, r := range readLines[row](t, filepath.Join(folder, "chat.jsonl")) {
		got, err := encoder.Encode(r.Messages[:1], r.Messages[1].Content)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i].ids, got.IDs); diff != "" {
			t.Errorf("row %d ids: %s", i+1, diff)
		}
		if diff := cmp.Diff(want[i].labels, labels(got)); diff != "" {
			t.Errorf("row %d labels: %s", i+1, diff)
		}
	}
	prompt, err := encoder.Prompt([]Message{{"user", "sea"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{0, 2, 261, 1, 3}, prompt); diff != "" {
		t.Errorf("generation prompt: %s", diff)
	}
}

// Case 29: a prompt that fills the limit leaves nothing to learn, and an answer
// that is cut gets no end token.
func TestLimitCutsTheAnswer(t *testing.T) {
	const name = "29-sft-truncated-to-nothing"
	encoder, folder := caseEncoder(t, name, 8)
	type row struct{ Prompt, Completion string }
	rows := readLines[row](t, filepath.Join(folder, "pc.jsonl"))
	want := []struct {
		prompt, answer, labels, cut int
		ended                       bool
	}{
		{1, 2, 3, 0, true}, {15, 2, 0, 10, false}, {1, 8, 7, 2, false},
	}
	for i, r := range rows {
		prompt, answer := encoder.tokenizer.Encode(r.Prompt), encoder.tokenizer.Encode(r.Completion)
		if len(prompt) != want[i].prompt || len(answer) != want[i].answer {
			t.Errorf("row %d has lengths %d, %d, want %d, %d", i+1, len(prompt), len(answer), want[i].prompt, want[i].answer)
		}
		got := encoder.join(prompt, r.Completion)
		ended := got.IDs[len(got.IDs)-1] == encoder.End()
		if got.Labels() != want[i].labels || got.Cut != want[i].cut || ended != want[i].ended {
			t.Errorf("row %d has %d labels, %d tokens cut (ended: %t), want %+v", i+1, got.Labels(), got.Cut, ended, want[i])
		}
	}
	encoder, _ = caseEncoder(t, name, 1)
	for i, r := range rows {
		if got := encoder.join(encoder.tokenizer.Encode(r.Prompt), r.Completion); got.Labels() != 0 {
			t.Errorf("row %d has %d labels at a limit of one token, want none", i+1, got.Labels())
		}
	}
}
