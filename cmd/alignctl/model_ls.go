package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
)

func modelListCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "ls",
		Usage: "list the models that the lake knows, and what has become of their folders",
		Description: "Each folder is hashed. There: it is as it was recorded. Moved: it is gone, and the same one is in the\n" +
			"lake's folder models. Changed: its sha256 is another. Gone: no folder is found.",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runModelList(ctx, t, l, format)
			})
		},
	}, noArguments)
}

func runModelList(ctx context.Context, t *terminal, l *lake.Lake, format string) error {
	models, err := train.Models(ctx, l)
	if err != nil {
		return err
	}
	g := newGrid("model", "kind", "method", "dataset", "state", "folder", "run", "base")
	for _, m := range models {
		g.add(m.ModelID, m.Kind, m.Method, m.Dataset, m.State, firstOf(m.Now, m.Path), m.RunID, train.ModelID(m.BaseSHA256))
	}
	return t.printRows(format, g)
}
