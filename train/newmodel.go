package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/lm"
)

// NewModelOptions are the shape of a model made from scratch.
type NewModelOptions struct {
	Folder       string // new
	Vocab        int    // tokens at most; fewer where the texts give no more
	Hidden       int    // width of the residual stream
	Intermediate int    // width of the feed-forward layer; 0: 8/3 of Hidden, to a multiple of 16
	Layers       int
	Heads        int
	KVHeads      int // 0: as many as Heads
	MaxPositions int
	Seed         int64 // of the weights
}

// NewModel writes the folder of a small Llama with random weights and a
// tokenizer learnt from texts. The same texts and options give the same bytes.
func NewModel(texts []string, o NewModelOptions) (lm.Config, error) {
	if err := atomicfile.CheckVacant(o.Folder); err != nil {
		return lm.Config{}, err
	}
	if o.Heads < 1 || o.Hidden < 1 || o.Hidden%o.Heads != 0 {
		return lm.Config{}, fmt.Errorf("make model %q: --hidden %d must be a multiple of --heads %d", o.Folder, o.Hidden, o.Heads)
	}
	var config lm.Config
	err := atomicfile.WriteDir(o.Folder, func(fresh string) error {
		if err := lm.LearnTokenizer(slices.Values(texts), o.Vocab, fresh); err != nil {
			return err
		}
		tokenizer, err := lm.LoadTokenizer(fresh)
		if err != nil {
			return err
		}
		config = o.config(tokenizer)
		return lm.InitModel(fresh, config, uint64(o.Seed))
	})
	return config, err
}

func (o NewModelOptions) config(tokenizer *lm.Tokenizer) lm.Config {
	c := lm.Config{
		Architecture: "LlamaForCausalLM", VocabSize: tokenizer.VocabSize(), HiddenSize: o.Hidden,
		IntermediateSize: o.Intermediate, Layers: o.Layers, Heads: o.Heads, KVHeads: o.KVHeads,
		HeadDim: o.Hidden / o.Heads, MaxPositions: o.MaxPositions,
		RMSNormEps: 1e-5, RopeTheta: 10_000, TieEmbeddings: true, BOS: -1, Pad: -1,
	}
	if c.IntermediateSize == 0 {
		c.IntermediateSize = (o.Hidden*8/3 + 15) / 16 * 16
	}
	if c.KVHeads == 0 {
		c.KVHeads = o.Heads
	}
	if id, ok := tokenizer.EOS(); ok {
		c.EOS = []int{int(id)}
	}
	if id, ok := tokenizer.PAD(); ok {
		c.Pad = int(id)
	}
	return c
}

// DatasetTexts lists the texts of a data set table's training examples, for a
// tokenizer to learn from.
func DatasetTexts(ctx context.Context, l *lake.Lake, table string) (texts []string, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	if _, ok := pins[table]; !ok {
		return nil, fmt.Errorf("read texts: no table %q in the lake (alignctl data ls lists the data sets)", table)
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	err = eachExample(ctx, session, selection{table: table, answers: completions.answers, split: "train"}, func(e example) error {
		for _, m := range e.Messages {
			texts = append(texts, m.Role, m.Content)
		}
		texts = append(texts, e.Answers[0])
		return nil
	})
	return texts, err
}

// FileTexts lists the lines of text files.
func FileTexts(paths []string) (texts []string, err error) {
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		texts = append(texts, strings.Split(string(content), "\n")...)
	}
	return texts, nil
}
