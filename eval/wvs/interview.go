package wvs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"alignctl/eval"
)

// ask has the model answer, and keeps the answers.
func (q *questionnaire) ask(ctx context.Context) error {
	if len(q.askings) == 0 {
		return nil
	}
	local, ok := q.model.(*eval.Local)
	switch {
	case q.config.Published.NoTemplate && !ok:
		return errors.New("ask: the defect no-chat-template needs a model's folder: a server reads a bare text by --api completions")
	case q.config.Published.NoTemplate:
		local.Renderer = bare{}
	}
	switch {
	case q.config.Readout == Sampled:
		return q.record.Asking(ctx, q.sampled)
	case ok:
		return q.record.Asking(ctx, q.likelihoods)
	case q.config.Readout == FirstToken:
		return q.record.Asking(ctx, q.firstTokens)
	}
	return fmt.Errorf("ask: the read-out %s needs a model's folder: a server is asked by %s or %s", q.config.Readout,
		FirstToken, Sampled)
}

// likelihoods asks how likely the model finds each answer.
func (q *questionnaire) likelihoods(ctx context.Context, keep eval.Keep) error {
	l := likelihoods{model: q.model.(*eval.Local), askings: q.askings, batch: q.config.Batch}
	l.each = func(i int, prompt string, all []found) {
		reply, rows := eval.Reply{Prompt: prompt}, q.rows(q.askings[i])
		for j, f := range all {
			rows[j].LogProb, rows[j].FirstLogProb, rows[j].Tokens = &f.logProb, &f.first, int32(f.tokens)
			rows[j].Characters = characters(q.askings[i].answers()[j])
			reply.Tokens += f.tokens
		}
		q.readouts = append(q.readouts, rows...)
		keep(q.sample(q.askings[i], reply), reply)
	}
	return l.run(ctx)
}

// sampled has the model write its answers.
func (q *questionnaire) sampled(ctx context.Context, keep eval.Keep) error {
	d := eval.Decoding{MaxNewTokens: q.config.MaxTokens, Temperature: q.config.Temperature, NoLogProbs: q.config.NoLogProbs}
	return q.converse(ctx, d, func(a asking, r eval.Reply) {
		q.readouts = append(q.readouts, q.rows(a)...)
		keep(q.sample(a, r), r)
	})
}

// firstTokens asks a server for the most probable first tokens of its answers.
func (q *questionnaire) firstTokens(ctx context.Context, keep eval.Keep) error {
	for _, a := range q.askings {
		if err := a.distinct(); err != nil {
			return err
		}
	}
	return q.converse(ctx, eval.Decoding{MaxNewTokens: 1, FirstTokens: q.config.FirstTokens}, func(a asking, r eval.Reply) {
		rows := q.rows(a)
		for i := range rows {
			p := logProbOf(a.keys[i], r.First)
			if q.keys++; p == nil {
				q.unseen++
			}
			rows[i].LogProb, rows[i].FirstLogProb, rows[i].Tokens, rows[i].Characters = p, p, 1, characters(a.keys[i])
		}
		q.readouts = append(q.readouts, rows...)
		keep(q.sample(a, r), r)
	})
}

// logProbOf is that of a key among tokens, with blanks around it or not; nil where
// it isn't there.
func logProbOf(key string, tokens []eval.Token) *float64 {
	share := 0.0
	for _, t := range tokens {
		if strings.TrimSpace(t.Text) == key {
			share += math.Exp(t.LogProb)
		}
	}
	if share == 0 {
		return nil
	}
	logProb := math.Log(share)
	return &logProb
}

// converse has the askings answered in writing.
func (q *questionnaire) converse(ctx context.Context, d eval.Decoding, each func(asking, eval.Reply)) error {
	asked := make([]eval.Conversation, len(q.askings))
	for i, a := range q.askings {
		asked[i] = a.conversation()
	}
	d.Seed, d.Batch = q.config.Seed, q.config.Batch
	return eval.Ask(ctx, q.model, asked, d, func(i int, r eval.Reply) { each(q.askings[i], r) })
}

// sample is a reply as eval.samples has it.
func (q *questionnaire) sample(a asking, r eval.Reply) eval.SampleRow {
	return eval.SampleRow{RunID: q.record.Row.RunID, ItemID: a.item.Question, Sample: a.sample, Variant: a.variant,
		Language: q.language(), OptionOrder: a.codes(), Prompt: r.Prompt, Output: r.Text, TokenIDs: r.TokenIDs,
		LogProbs: r.LogProbs, Finish: r.Finish}
}

// rows are the options of an asking as they were shown.
func (q *questionnaire) rows(a asking) []ReadoutRow {
	rows := make([]ReadoutRow, len(a.options))
	for i, o := range a.options {
		rows[i] = ReadoutRow{RunID: q.record.Row.RunID, ItemID: a.item.Question, Variant: a.variant, Sample: a.sample,
			Code: int32(o.Code), Place: int32(i + 1), Label: a.labels[i]}
		if a.keys != nil {
			rows[i].Key = a.keys[i]
		}
	}
	return rows
}
