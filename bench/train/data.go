//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/bench/measure"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// An exampleRow is a row of the invented data set.
type exampleRow struct {
	ID         string `parquet:"example_id,id(1)" doc:"id"`
	Split      string `parquet:"split,id(2)" doc:"always train"`
	Messages   []turn `parquet:"messages,list,id(3)" doc:"the prompt"`
	Completion string `parquet:"completion,id(4)" doc:"the answer"`
}

type turn struct {
	Role    string `parquet:"role"`
	Content string `parquet:"content"`
}

// words are one token each in SmolLM2's vocabulary, blank included.
var words = strings.Fields("time people water house world school place work state hand group country problem " +
	"company system question government number night point home room mother area money story fact month lot right")

// some draws n words, each after a blank.
func some(random *rand.Rand, n int) string {
	var text strings.Builder
	for range n {
		text.WriteString(" " + words[random.IntN(len(words))])
	}
	return text.String()
}

// halves are examples of so many tokens, the second half labelled; the end token
// is the last.
func halves(n, tokens int) []exampleRow {
	random := rand.New(rand.NewPCG(1, 1))
	return invent(n, func() (prompt, answer string) { return some(random, tokens/2), some(random, tokens/2-1) })
}

// studies are examples as the study has them: a prompt of 150 tokens whose last
// few differ, and a list of 60 to 500.
func studies(n int) []exampleRow {
	random := rand.New(rand.NewPCG(2, 2))
	instruction := some(random, 142)
	return invent(n, func() (prompt, answer string) {
		return instruction + some(random, 8), some(random, 60+random.IntN(441))
	})
}

func invent(n int, draw func() (prompt, answer string)) []exampleRow {
	rows := make([]exampleRow, n)
	for i := range rows {
		prompt, answer := draw()
		rows[i] = exampleRow{ID: fmt.Sprintf("bench:%07d", i), Split: "train",
			Messages: []turn{{"user", prompt}}, Completion: answer}
	}
	return rows
}

// A pairRow is a row of the invented pairs.
type pairRow struct {
	ID       string `parquet:"example_id,id(1)" doc:"id"`
	Split    string `parquet:"split,id(2)" doc:"always train"`
	Messages []turn `parquet:"messages,list,id(3)" doc:"the prompt"`
	Chosen   string `parquet:"chosen,id(4)" doc:"the better answer"`
	Rejected string `parquet:"rejected,id(5)" doc:"the worse answer"`
}

// duels are pairs of answers of so many tokens, their end tokens the last, to a
// prompt of as many.
func duels(n, tokens int) []pairRow {
	random := rand.New(rand.NewPCG(3, 3))
	rows := make([]pairRow, n)
	for i := range rows {
		rows[i] = pairRow{ID: fmt.Sprintf("bench:%07d", i), Split: "train", Messages: []turn{{"user", some(random, tokens)}},
			Chosen: some(random, tokens-1), Rejected: some(random, tokens-1)}
	}
	return rows
}

const (
	plainModel = "model" // the model, its chat template the bare text
	table      = "data.bench"
)

// plainModel makes a model folder of links whose template adds nothing.
func (b *bench) plainModel() error {
	folder := filepath.Join(b.dir, plainModel)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(b.model)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Symlink(filepath.Join(b.model, f.Name()), filepath.Join(folder, f.Name())); err != nil {
			return err
		}
	}
	path := filepath.Join(folder, "chat_template.jinja")
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte("{% for m in messages %}{{ m.content }}{% endfor %}"), 0o600)
}

// newLake makes a lake of that name with the rows as a data set.
func newLake[T any](ctx context.Context, b *bench, name string, rows []T) (err error) {
	l, err := lake.Init(ctx, filepath.Join(b.dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r, err := l.Begin(ctx, lake.RunInfo{Command: "bench"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	spec := lake.SpecOf[T](lake.Spec{Name: table, Doc: "an invented example", Key: []string{"example_id"},
		Licence: lake.OpenData})
	if _, err := lake.WriteRows(ctx, r, spec, "", rows); err != nil {
		return err
	}
	_, err = r.Publish(ctx, lake.Done)
	return err
}

func writeLines[T any](w io.Writer, rows []T) error {
	buffered := bufio.NewWriter(w)
	out := json.NewEncoder(buffered)
	for _, row := range rows {
		if err := out.Encode(row); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// A peerRow is an example as TRL takes it when it's tokenized already.
type peerRow struct {
	IDs  []int32 `json:"input_ids"`
	Mask []int8  `json:"completion_mask"`
}

// writePeers writes the examples for the peers, as tokens and in the order in
// which alignctl trains on them, epoch after epoch.
func (b *bench) writePeers(name string, rows []exampleRow) (err error) {
	encoder, err := lm.LoadEncoder(filepath.Join(b.dir, plainModel), maxTokens)
	if err != nil {
		return err
	}
	set, err := batch.NewSet(b.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	encoded := map[string]peerRow{}
	for _, row := range rows {
		prompt := []lm.Message{{Role: row.Messages[0].Role, Content: row.Messages[0].Content}}
		e, err := encoder.Encode(prompt, row.Completion)
		if err != nil {
			return err
		}
		if _, err := set.Add(row.ID, e); err != nil {
			return err
		}
		encoded[row.ID] = peerRow{IDs: e.IDs, Mask: append(make([]int8, e.Prompt), slices.Repeat([]int8{1}, e.Labels())...)}
	}
	peers, err := inOrder(set, batchSize, encoded)
	if err != nil {
		return err
	}
	return measure.Create(b.dir, name, func(w io.Writer) error { return writeLines(w, peers) })
}

// inOrder lists what belongs to a set's examples in the order in which alignctl
// trains on them, epoch after epoch.
func inOrder[T any](set *batch.Set, examples int, by map[string]T) (all []T, err error) {
	feed, err := batch.NewFeed(set, batch.Options{Examples: examples, Seed: seed}, batch.Position{})
	if err != nil {
		return nil, err
	}
	for range epochs * feed.BatchesPerEpoch() {
		next, err := feed.Next()
		if err != nil {
			return nil, err
		}
		for _, id := range next.Examples {
			all = append(all, by[id])
		}
	}
	return all, nil
}

// A peerPair is a pair as TRL takes it.
type peerPair struct {
	Prompt   string `json:"prompt"`
	Chosen   string `json:"chosen"`
	Rejected string `json:"rejected"`
}

// writePairs writes the pairs for the peer, in alignctl's order. The order
// depends on ids alone, so the tokens may be any.
func (b *bench) writePairs(name string, rows []pairRow) (err error) {
	set, err := batch.NewSet(b.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	byID := map[string]peerPair{}
	for _, row := range rows {
		if _, err := set.Add(row.ID, lm.Example{IDs: []int32{0, 0}, Prompt: 1}); err != nil {
			return err
		}
		byID[row.ID] = peerPair{row.Messages[0].Content, row.Chosen, row.Rejected}
	}
	peers, err := inOrder(set, pairBatch, byID)
	if err != nil {
		return err
	}
	return measure.Create(b.dir, name, func(w io.Writer) error { return writeLines(w, peers) })
}
