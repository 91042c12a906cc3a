package main

import (
	"context"
	"os/user"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
)

func modelImportCommand(t *terminal) *cli.Command {
	var o train.ImportOptions
	var format string
	return checked(&cli.Command{
		Name:  "import",
		Usage: "record a model or adapter from elsewhere in train.models",
		Description: "The folder stays where it is. Its tensors must fit its config, an adapter's those of its base. Training\n" +
			"and evaluation then trace back to it, and to who said what it is.",
		Flags: t.flags(
			&cli.StringFlag{Name: "base", Usage: "`FOLDER` of an adapter's base model (default: as its adapter_config.json says)",
				Destination: &o.Base},
			&cli.StringFlag{Name: "declared-by", Usage: "`WHO` says where it comes from: a person, an address (default: you)",
				Destination: &o.DeclaredBy},
			outputFlag(&format)),
		Action: func(c *cli.Context) error {
			o.Folder, o.DeclaredBy = c.Args().First(), firstOf(o.DeclaredBy, userName())
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				row, err := train.ImportModel(ctx, l, o, t.runInfo())
				if err != nil {
					return err
				}
				return t.printRows(format, recordedGrid(row))
			})
		},
	}, oneArgument("FOLDER"))
}

// userName is the name of who runs the program, as the system has it.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// recordedGrid is a row of train.models that has just been added.
func recordedGrid(row train.ModelRow) *grid {
	g := newGrid("model", "kind", "folder", "run", "sha256")
	g.add(row.ModelID, row.Kind, row.Path, row.RunID, row.SHA256)
	return g
}
