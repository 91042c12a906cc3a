package wvs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"alignctl/eval"
	"alignctl/internal/progress"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// askedTogether is how many askings a batch holds, if not told otherwise.
const askedTogether = 8

// likelihoods has a model say how likely it finds each asking's answers. The
// beginning of all prompts is computed once, each prompt once for all of its
// answers. Each is called with the index of an asking and a row an answer.
type likelihoods struct {
	model   *eval.Local
	askings []asking
	batch   int // of them side by side; 0: askedTogether
	each    func(i int, prompt string, found []found)
}

// found is what a model says of an answer, natural log-probabilities.
type found struct {
	logProb float64 // of the answer as the beginning of a text that goes on as no other answer
	first   float64 // of its first token
	tokens  int
}

func (l likelihoods) run(ctx context.Context) (err error) {
	set, err := batch.NewSet("")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	texts := make([]tokenized, len(l.askings))
	for i, a := range l.askings {
		if texts[i], err = l.tokenize(a); err != nil {
			return err
		}
		if added, err := set.Add(strconv.Itoa(i), texts[i].branches()...); err != nil || !added {
			return errors.Join(err, fmt.Errorf("question %s: an answer has no token", a.item.Question))
		}
	}
	feed, err := batch.NewFeed(set, batch.Options{Examples: cmp.Or(l.batch, askedTogether), Share: true}, batch.Position{})
	if err != nil {
		return err
	}
	task := progress.Start(ctx, "ask", int64(len(texts)), "prompts")
	defer task.Done()
	for range feed.BatchesPerEpoch() {
		n, err := l.next(ctx, feed, texts)
		if err != nil {
			return err
		}
		task.Add(int64(n))
	}
	return nil
}

// next computes a batch.
func (l likelihoods) next(ctx context.Context, feed *batch.Feed, texts []tokenized) (n int, err error) {
	b, err := feed.Next()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return 0, err
	}
	logProbs, err := l.model.Scorer.LogProbs(b.Layout())
	if err != nil {
		return 0, err
	}
	at := 0 // label
	for _, name := range b.Examples {
		i, _ := strconv.Atoi(name) // names are numbers
		all := make([]found, len(texts[i].answers))
		for j, ids := range texts[i].answers {
			all[j] = sum(logProbs[at : at+len(ids)])
			at += len(ids)
		}
		l.each(i, texts[i].prompt, apart(all, texts[i].answers))
	}
	return len(b.Examples), nil
}

func sum(logProbs []float32) found {
	f := found{first: float64(logProbs[0]), tokens: len(logProbs)}
	for _, p := range logProbs {
		f.logProb += float64(p)
	}
	return f
}

// leastShare is the least of an answer's probability that is left to it when
// longer ones are taken off: what rounding may leave.
const leastShare = 1e-9

// apart takes from each answer the texts that go on as a longer one: 1 isn't 10.
func apart(all []found, answers [][]int32) []found {
	out := slices.Clone(all)
	for j, longer := range answers {
		if i := longestPrefix(answers, longer); i >= 0 {
			before := out[i].logProb
			left := math.Exp(before) - math.Exp(all[j].logProb)
			out[i].logProb = math.Log(max(left, leastShare*math.Exp(before)))
		}
	}
	return out
}

// longestPrefix is the longest of the answers that another begins with, -1 for
// none.
func longestPrefix(answers [][]int32, longer []int32) int {
	best := -1
	for i, ids := range answers {
		begins := len(ids) < len(longer) && slices.Equal(ids, longer[:len(ids)])
		if begins && (best < 0 || len(ids) > len(answers[best])) {
			best = i
		}
	}
	return best
}

// A tokenized asking.
type tokenized struct {
	prompt  string
	ids     []int32
	answers [][]int32
}

func (l likelihoods) tokenize(a asking) (t tokenized, err error) {
	longest := 0
	for _, answer := range a.answers() {
		ids := l.model.Tokenizer.Encode(answer)
		t.answers, longest = append(t.answers, ids), max(longest, len(ids))
	}
	t.prompt, t.ids, err = l.model.Encode(a.conversation(), longest)
	return t, err
}

// branches are the prompt with each answer.
func (t tokenized) branches() []lm.Example {
	all := make([]lm.Example, len(t.answers))
	for i, ids := range t.answers {
		all[i] = lm.Example{IDs: append(slices.Clone(t.ids), ids...), Prompt: len(t.ids)}
	}
	return all
}

// characters is the length by which a log-probability may be divided.
func characters(text string) int32 { return int32(utf8.RuneCountInString(text)) }

// A bare renderer writes a conversation without a chat template: the fifth of
// the study's defects.
type bare struct{}

// Render joins the turns; the answer begins a line.
func (bare) Render(messages []lm.Message, _ bool) (string, error) {
	text := ""
	for _, m := range messages {
		text += m.Content + "\n"
	}
	return text, nil
}
