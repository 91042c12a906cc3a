package main

import (
	"context"
	"fmt"
	"os/user"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
	"alignctl/train/handover"
)

func modelImportCommand(t *terminal) *cli.Command {
	var o train.ImportOptions
	var job, format string
	return checked(&cli.Command{
		Name:  "import",
		Usage: "record a model or adapter from elsewhere in train.models",
		Description: "The folder stays where it is. Its tensors must fit its config, an adapter's those of its base. Training\n" +
			"and evaluation then trace back to it, and to who said what it is. With --job it traces further, to the data\n" +
			"set that train export-job handed over: that this came of it is a declaration, not a proof. Where the trainer\n" +
			"left a trainer_state.json, in FOLDER or in its last checkpoint, its curves become rows of train.steps and the\n" +
			"training one of train.runs, with the status declared; a file that isn't whole is refused.",
		Flags: t.flags(
			&cli.StringFlag{Name: "base", Usage: "`FOLDER` of an adapter's base model (default: as its adapter_config.json says)",
				Destination: &o.Base},
			&cli.StringFlag{Name: "declared-by", Usage: "`WHO` says where it comes from: a person, an address (default: you)",
				Destination: &o.DeclaredBy},
			&cli.PathFlag{Name: "job", Usage: "the `FILE` job.json of train export-job by which it was trained", Destination: &job},
			outputFlag(&format)),
		Action: func(c *cli.Context) error {
			o.Folder, o.DeclaredBy = c.Args().First(), firstOf(o.DeclaredBy, userName())
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runModelImport(ctx, t, l, job, o, format)
			})
		},
	}, oneArgument("FOLDER"))
}

func runModelImport(ctx context.Context, t *terminal, l *lake.Lake, job string, o train.ImportOptions, format string) error {
	bring := func() (train.Imported, error) { return train.ImportModel(ctx, l, o, t.runInfo()) }
	if job != "" {
		bring = func() (train.Imported, error) { return handover.Bring(ctx, l, job, o, t.runInfo()) }
	}
	model, err := bring()
	if err != nil {
		return err
	}
	for _, d := range model.Differences {
		t.remark("not as the job asked for: %s", d)
	}
	if model.JobID != "" {
		t.remark("trained elsewhere by job %s, declared by %s", model.JobID, model.DeclaredBy)
		t.remark("%s", curvesRemark(model))
	}
	return t.printRows(format, recordedGrid(model.ModelRow))
}

// curvesRemark says where the curves of a training elsewhere are.
func curvesRemark(m train.Imported) string {
	if m.Steps == nil {
		return "no trainer_state.json in the folder: its curves aren't known"
	}
	return fmt.Sprintf("%d steps, with their curves: alignctl train show %s", *m.Steps, m.RunID)
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
