package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/internal/reply"
	"alignctl/lake"
	"alignctl/train/lm"
)

// ProbeOptions say which cues to ask a model about while it is trained.
type ProbeOptions struct {
	Dataset string // table with example_id, language, cue, split and messages
	Cues    int    // of split dev, drawn by hash as Generate draws them
}

// What a probe measures: as the metric p_at_5 of Score, over few cues and with
// short answers, since five words need few tokens.
const (
	probeSplit     = "dev"
	probeK         = 5
	probeMaxTokens = 48
)

// A Probe asks a model about the same cues again and again.
type Probe struct {
	items     []item
	gold      map[key]Gold
	prompts   [][]int32
	tokenizer *lm.Tokenizer
	generator *lm.Generator
}

// Open reads the cues and people's responses to them, as inputs of a run, and
// prepares the model to answer. Cues that nobody answered are left out. Close
// the probe before the model.
func (o ProbeOptions) Open(ctx context.Context, run *lake.Run, m *lm.Model) (*Probe, error) {
	p, err := o.read(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("prepare --eval-generate: %w", err)
	}
	encoder, err := lm.LoadEncoder(m.Folder, 0)
	if err != nil {
		return nil, err
	}
	p.tokenizer, p.prompts = encoder.Tokenizer(), make([][]int32, len(p.items))
	for i, it := range p.items {
		if p.prompts[i], err = encoder.Prompt(it.messages); err != nil {
			return nil, fmt.Errorf("render example %q: %w", it.id, err)
		}
	}
	p.generator, err = lm.NewGenerator(m, lm.GenerateOptions{MaxNewTokens: probeMaxTokens,
		StopIDs: encoder.StopIDs(m.Config)})
	return p, err
}

// read reads what the lake holds of the cues.
func (o ProbeOptions) read(ctx context.Context, run *lake.Run) (*Probe, error) {
	if !tableName.MatchString(o.Dataset) {
		return nil, fmt.Errorf("the data set's name %q needs quotes in SQL", o.Dataset)
	}
	if _, err := run.Input(ctx, strengthTable); err != nil {
		return nil, err
	}
	items, err := readItems(ctx, run.Session(), GenerateOptions{Dataset: o.Dataset, Split: probeSplit, Limit: o.Cues})
	if err != nil {
		return nil, err
	}
	associates, err := readAssociates(ctx, run.Session(), "select language, cue from "+o.Dataset+" where split = $2",
		DefaultPopulation, probeSplit)
	if err != nil {
		return nil, err
	}
	gold := make(map[key]Gold, len(associates))
	for k, list := range associates {
		gold[k] = NewGold(k.cue, list)
	}
	items = slices.DeleteFunc(items, func(it item) bool { _, known := gold[it.key()]; return !known })
	if len(items) == 0 {
		return nil, errors.New("core.strength has no response to any cue of split dev")
	}
	return &Probe{items: items, gold: gold}, nil
}

// Precision is the mean precision at 5 of the model's most probable answers.
func (p *Probe) Precision(ctx context.Context) (float64, error) {
	answers, err := p.generator.Generate(ctx, p.prompts)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, it := range p.items {
		answer := reply.Parse(p.tokenizer.Decode(answers[i].Tokens, true), it.cue)
		sum += p.gold[it.key()].Precision(answer.Words, probeK)
	}
	return sum / float64(len(p.items)), nil
}

// Close frees what was compiled.
func (p *Probe) Close() { p.generator.Close() }
