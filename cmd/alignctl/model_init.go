package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
)

type modelInitOptions struct {
	train.NewModelOptions
	dataset string
	corpus  repeated
	format  string
}

// repeated are the values of a flag that may be given again. cli's own lists
// would cut a path at its commas.
type repeated []string

// Set adds one value.
func (r *repeated) Set(text string) error {
	*r = append(*r, text)
	return nil
}

// String shows the values as they were given.
func (r *repeated) String() string { return strings.Join(*r, " ") }

func modelInitCommand(t *terminal) *cli.Command {
	var o modelInitOptions
	return checked(&cli.Command{
		Name:  "init",
		Usage: "make a small Llama from scratch, with a tokenizer learnt from texts",
		Description: "The tokenizer is learnt from the training examples of a data set (--data) or from text files\n" +
			"(--corpus, once a file); the weights are random. The same texts, options and seed give the\n" +
			"same bytes.",
		Flags: t.flags(append(o.shapeFlags(),
			&cli.StringFlag{Name: "data", Usage: "data set `TABLE` to learn the tokenizer from", Destination: &o.dataset},
			&cli.GenericFlag{Name: "corpus", Usage: "text `FILE` to learn the tokenizer from", Value: &o.corpus},
			outputFlag(&o.format))...),
		Action: func(c *cli.Context) error {
			o.Folder = c.Args().First()
			return runModelInit(c.Context, t, o)
		},
	}, oneArgument("FOLDER"))
}

func (o *modelInitOptions) shapeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "vocab", Usage: "tokens at most", Value: 768, Destination: &o.Vocab},
		&cli.IntFlag{Name: "hidden", Usage: "width of the residual stream", Value: 128, Destination: &o.Hidden},
		&cli.IntFlag{Name: "intermediate", Usage: "width of the feed-forward layer (0: 8/3 of --hidden)",
			Destination: &o.Intermediate},
		&cli.IntFlag{Name: "layers", Value: 4, Destination: &o.Layers},
		&cli.IntFlag{Name: "heads", Value: 4, Destination: &o.Heads},
		&cli.IntFlag{Name: "kv-heads", Usage: "key and value heads (0: as many as --heads)", Destination: &o.KVHeads},
		&cli.IntFlag{Name: "max-positions", Usage: "longest text", Value: 512, Destination: &o.MaxPositions},
		&cli.Int64Flag{Name: "seed", Usage: "of the weights", Value: 42, Destination: &o.Seed},
	}
}

func runModelInit(ctx context.Context, t *terminal, o modelInitOptions) error {
	texts, err := train.FileTexts(o.corpus)
	if err != nil {
		return err
	}
	if o.dataset == "" && len(texts) == 0 {
		return usagef("model init: name texts to learn the tokenizer from: --data TABLE or --corpus FILE")
	}
	if o.dataset != "" {
		err := t.withLake(ctx, func(ctx context.Context, l *lake.Lake) error {
			more, err := train.DatasetTexts(ctx, l, datasetTable(o.dataset))
			texts = append(texts, more...)
			return err
		})
		if err != nil {
			return err
		}
	}
	config, err := train.NewModel(texts, o.NewModelOptions)
	if err != nil {
		return err
	}
	g := newGrid("folder", "vocab", "hidden", "layers", "heads", "kv_heads")
	g.add(o.Folder, config.VocabSize, config.HiddenSize, config.Layers, config.Heads, config.KVHeads)
	return t.printRows(o.format, g)
}
