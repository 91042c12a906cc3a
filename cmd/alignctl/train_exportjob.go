package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
	"alignctl/train/handover"
)

// trainExportJobOptions say where a training goes instead of being run.
type trainExportJobOptions struct {
	trainer string
	folder  string
	rights  bool
}

func trainExportJobCommand(t *terminal) *cli.Command {
	sft, dpo := train.DefaultSFT(), train.DefaultDPO()
	return &cli.Command{
		Name:  "export-job",
		Usage: "hand a training over to another trainer: rows, settings and a script",
		Subcommands: []*cli.Command{newTrainRun(&sft).exportCommand(t), newTrainRun(&dpo).exportCommand(t),
			trainStaysCommand("ppo"), trainStaysCommand("grpo")},
	}
}

// trainStaysCommand says why a method isn't handed over.
func trainStaysCommand(method string) *cli.Command {
	return &cli.Command{Name: method, Hidden: true, SkipFlagParsing: true, Action: func(*cli.Context) error {
		return usagef("train export-job %[1]s: what %[1]s learns from is a reward in SQL or Go, which no other trainer can ask: "+
			"it isn't handed over. Its questions are: alignctl data export --for trl", method)
	}}
}

// exportCommand is alignctl train export-job METHOD: it takes the settings of
// train METHOD.
func (o *trainRun) exportCommand(t *terminal) *cli.Command {
	var x trainExportJobOptions
	method := o.train.Name()
	o.command = "train export-job " + method
	return checked(&cli.Command{
		Name:  method,
		Usage: "what train " + method + " would do, as a folder for another trainer",
		Description: "Takes the settings of train " + method + ", from flags, alignctl.yaml and presets, and trains nothing. FOLDER then has\n" +
			"the splits train and dev at the pinned version, the trainer's own configuration, run.sh, job.json, and a\n" +
			"README.md that says of each setting what stands for it there. What has no counterpart is listed and told,\n" +
			"and refused where the loss or the adapter would be another.\n" +
			"The job is a row of train.jobs, and gc keeps its data (model rm RUN lets go). What comes of it returns\n" +
			"by model import --job.\n\nTrainers:\n\n" + trainerList(),
		Flags: t.flags(slices.Concat(o.settingFlags(), x.flags())...),
		Action: func(c *cli.Context) error {
			trainer, err := x.check(o.command)
			if err != nil {
				return err
			}
			if err := errors.Join(o.checkAdapterFlags(c), o.settle(c)); err != nil {
				return err
			}
			if err := o.complete(); err != nil {
				return err
			}
			o.Command, o.Version = t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runTrainExportJob(ctx, t, l, o.train, trainer, x)
			})
		},
	}, noArguments)
}

func (x *trainExportJobOptions) flags() []cli.Flag {
	return []cli.Flag{
		oneOf(&cli.StringFlag{Name: "for", Usage: "`TRAINER`: " + strings.Join(trainerNames(), ", "), Destination: &x.trainer}, trainerNames()...),
		&cli.PathFlag{Name: "job", Aliases: []string{"o"}, Usage: "new `FOLDER` for the job", Destination: &x.folder},
		&cli.BoolFlag{Name: "i-have-the-rights", Usage: "hand over rows whose licence forbids passing them on", Destination: &x.rights},
	}
}

// check finds the trainer, and refuses what is missing.
func (x *trainExportJobOptions) check(command string) (handover.Trainer, error) {
	if x.trainer == "" || x.folder == "" {
		return handover.Trainer{}, usagef("%s: needs --for TRAINER and -o FOLDER", command)
	}
	trainer, err := handover.Find(x.trainer)
	if err != nil {
		return trainer, usagef("%s: %v", command, err)
	}
	return trainer, nil
}

func trainerNames() (names []string) {
	for _, t := range handover.Trainers() {
		names = append(names, t.Name)
	}
	return names
}

func trainerList() string {
	var b strings.Builder
	for _, t := range handover.Trainers() {
		fmt.Fprintf(&b, "    %-14s %s, as of version %s\n", t.Name, t.Title, t.Version)
	}
	return strings.TrimRight(b.String(), "\n")
}

func runTrainExportJob(ctx context.Context, t *terminal, l *lake.Lake, m train.Method, to handover.Trainer,
	x trainExportJobOptions) error {
	job, err := handover.Write(ctx, l, m, handover.Options{Trainer: to, Folder: x.folder, Rights: x.rights})
	if err != nil {
		return err
	}
	t.remark("job %s: %d steps on %d examples, in %s; run.sh trains, and README.md says how", job.ID, job.Steps, job.Data.Train, x.folder)
	for _, s := range slices.Concat(job.With(handover.Missing), job.With(handover.Differs)) {
		t.remark("--%s %s %s: %s", s.Name, s.Value, verdictText[s.Verdict], s.Note)
	}
	g := newGrid("setting", "value", "verdict", "there", "note")
	for _, s := range job.Settings {
		g.add(s.Name, s.Value, string(s.Verdict), s.Theirs, s.Note)
	}
	return t.printRows("", g)
}

// verdictText says what became of a setting that isn't the same there.
var verdictText = map[handover.Verdict]string{
	handover.Missing: "isn't handed over", handover.Differs: "isn't quite the same there",
}
