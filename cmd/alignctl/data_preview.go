package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"alignctl/lake"
	"alignctl/sql"
	"alignctl/train"
	"alignctl/train/lm"
)

type dataPreviewOptions struct {
	at        string
	split     string
	count     int
	model     string
	maxTokens int
	tokens    bool
	all       bool
}

func dataPreviewCommand(t *terminal) *cli.Command {
	var o dataPreviewOptions
	return checked(&cli.Command{
		Name:  "preview",
		Usage: "show the first examples of a built data set, as people or as a model see them",
		Description: "With --model, examples go through the model's chat template and tokenizer as in training:\n" +
			"the text with its special tokens, the token ids, what of them is learned, and then how long\n" +
			"the examples are and how many --max-tokens cuts. A folder with tokenizer.json and\n" +
			"tokenizer_config.json will do as a model.",
		Flags: t.flags(append(o.flags(), atFlag(&o.at))...),
		Action: func(c *cli.Context) error {
			if err := o.check(c); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataPreview(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("NAME"))
}

func (o *dataPreviewOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "n", Usage: "how many `EXAMPLES`", Value: 3, Destination: &o.count},
		oneOf(&cli.StringFlag{Name: "split", Usage: "only examples of `SPLIT`: train, dev or test", Destination: &o.split}, splits...),
		&cli.StringFlag{Name: "model", Usage: "show what this model `FOLDER` would see", Destination: &o.model},
		&cli.IntFlag{Name: "max-tokens", Usage: "cut an example there, as train sft does (0: nowhere)",
			Value: train.DefaultSFT().MaxTokens, Destination: &o.maxTokens},
		&cli.BoolFlag{Name: "tokens", Usage: "show one token a line", Destination: &o.tokens},
		&cli.BoolFlag{Name: "all", Usage: fmt.Sprintf("measure the lengths of all examples, not of %d", lengthSample),
			Destination: &o.all},
	}
}

// check refuses what can't be obeyed.
func (o *dataPreviewOptions) check(c *cli.Context) error {
	if o.count < 1 || o.maxTokens < 0 {
		return usagef("data preview: -n %d, --max-tokens %d: want 1 or more, and 0 or more", o.count, o.maxTokens)
	}
	for _, name := range []string{"max-tokens", "tokens", "all"} {
		if o.model == "" && c.IsSet(name) {
			return usagef("data preview: --%s needs --model FOLDER", name)
		}
	}
	return nil
}

func runDataPreview(ctx context.Context, t *terminal, l *lake.Lake, name string, o dataPreviewOptions) error {
	var encoder *lm.Encoder
	var loading errgroup.Group
	if o.model != "" { // a large vocabulary takes as long as the examples do
		loading.Go(func() (err error) {
			encoder, err = lm.LoadEncoder(o.model, o.maxTokens)
			return err
		})
	}
	data, examples, err := openPreview(ctx, l, name, o)
	if err = errors.Join(err, loading.Wait()); err != nil {
		return err
	}
	defer data.Close()
	if encoder == nil {
		return t.printExamples(examples)
	}
	p := &modelPreview{terminal: t, data: data, encoder: encoder, o: o}
	if err := p.examples(examples); err != nil {
		return err
	}
	return p.lengths(ctx)
}

// openPreview opens a data set and reads its first examples.
func openPreview(ctx context.Context, l *lake.Lake, name string, o dataPreviewOptions) (*sql.DataSet, []sql.Example, error) {
	data, err := openDataSet(ctx, l, name, o.at)
	if err != nil {
		return nil, nil, err
	}
	examples, err := firstExamples(ctx, data, sql.Selection{Split: o.split, Count: o.count})
	if err == nil && o.model != "" {
		err = needPrompts(data)
	}
	if err != nil {
		return nil, nil, errors.Join(err, data.Close())
	}
	return data, examples, nil
}

// openDataSet opens a built data set of the workspace's catalogue.
func openDataSet(ctx context.Context, l *lake.Lake, name, at string) (*sql.DataSet, error) {
	catalogue, err := openCatalogue()
	if err != nil {
		return nil, err
	}
	return catalogue.OpenDataSet(ctx, l, name, at)
}

// needPrompts refuses a data set that has nothing for a model to read.
func needPrompts(data *sql.DataSet) error {
	if data.HasPrompts() {
		return nil
	}
	return fmt.Errorf("show %s to a model: it has no prompts: a column messages, a list of {role, content}", data.View.Name)
}

// firstExamples reads a few examples, at least one.
func firstExamples(ctx context.Context, data *sql.DataSet, s sql.Selection) (examples []sql.Example, err error) {
	err = data.Each(ctx, s, func(e sql.Example) error {
		examples = append(examples, e)
		return nil
	})
	if err == nil && examples == nil {
		err = fmt.Errorf("preview %s: it has no example of split %q", data.View.Name, s.Split)
	}
	return examples, err
}

// printExamples prints examples for people.
func (t *terminal) printExamples(examples []sql.Example) error {
	for i, e := range examples {
		if i > 0 {
			fmt.Fprintln(t.out)
		}
		if _, err := fmt.Fprint(t.out, exampleText(e)); err != nil {
			return err
		}
	}
	return nil
}

// exampleText lays an example out: its columns, then who says what.
func exampleText(e sql.Example) string {
	var b strings.Builder
	fmt.Fprintln(&b, fieldsText(e))
	turn := func(role, content string) {
		for i, line := range strings.Split(visible(content), "\n") {
			if i > 0 {
				role = ""
			}
			fmt.Fprintf(&b, "  %-9s  %s\n", role, line)
		}
	}
	for _, m := range e.Messages {
		turn(m.Role, m.Content)
	}
	for _, answer := range e.Answers {
		role := answer.Name
		if role == "completion" {
			role = "assistant"
		}
		turn(role, answer.Value)
	}
	for i, item := range e.Label {
		turn(fmt.Sprintf("label %3d", i+1), itemText(item))
	}
	return b.String()
}

// itemText is an item of a ranking on one line: what it is, then its figures.
func itemText(item []sql.Field) string {
	parts := make([]string, len(item))
	for i, f := range item {
		parts[i] = f.Value
		if i > 0 {
			parts[i] = f.Name + "=" + f.Value
		}
	}
	return strings.Join(parts, "  ")
}

// fieldsText is the columns of an example on one line.
func fieldsText(e sql.Example) string {
	columns := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		columns[i] = f.Name + "=" + strings.ReplaceAll(visible(f.Value), "\n", "⏎")
	}
	return strings.Join(columns, "  ")
}
