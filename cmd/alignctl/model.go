package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
)

func modelCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "model",
		Usage: "model folders and adapters: make, list, record, merge, let go",
		Subcommands: []*cli.Command{modelListCommand(t), modelShowCommand(t), modelInitCommand(t), modelImportCommand(t),
			modelMergeCommand(t), modelRemoveCommand(t)},
	}
}

func modelRemoveCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "rm",
		Usage: "take a training run's models, or a job handed over, out of the lake",
		Description: "gc may then let go of the versions of the data that they were trained on. The run stays in\n" +
			"train.runs, and the folder that it saved on the disk. A job of train.jobs goes likewise: what is imported by\n" +
			"its job.json later is refused, and what was imported stays.",
		Flags: t.flags(),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return train.RemoveModel(ctx, l, c.Args().First(), t.runInfo())
			})
		},
	}, oneArgument("RUN"))
}
