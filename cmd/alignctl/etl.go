package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/lake"
)

func etlCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "etl",
		Usage: "bring raw files into the lake",
		Subcommands: []*cli.Command{etlSwowCommand(t), etlStrengthCommand(t), etlNormsCommand(t), etlLemmaCommand(t),
			etlWvsCommand(t), etlRunCommand(t), etlCheckCommand(t)},
	}
}

type etlSwowOptions struct {
	swow.Options
	rawOptions
	pack, steps, self string
	populations       settings
	format            string
}

func etlSwowCommand(t *terminal) *cli.Command {
	o := etlSwowOptions{populations: settings{}}
	return checked(&cli.Command{
		Name:  "swow",
		Usage: "bring Small World of Words files into the lake",
		Description: "The source then holds exactly these files: rows of files that it held before go, and\n" +
			"the core tables of the language follow: responses (core.association), participants, strengths,\n" +
			"statistics of cues and responses, and what each cleaning step removed (core.removed). The\n" +
			"earlier state stays readable under its snapshot. The same files again change nothing.\n\n" +
			"Files that nobody has cleaned (layouts complete and raw-zh) go through the whole official\n" +
			"cleaning; those that the publisher has cleaned and sampled (r100, r55) pass the rules about\n" +
			"participants and the sample by. --steps all or none says otherwise.\n\n" +
			"A list is text in UTF-8, an entry a line; corrections have two columns, parted by a tab: what\n" +
			"is written and what is meant. A population is a condition in SQL on the columns\n" +
			strings.Join(swow.Facts(), ", ") + ".",
		Flags: t.flags(append(o.flags(),
			encodingFlag(&o.Encoding),
			oneOf(&cli.StringFlag{Name: "lang", Usage: "language of the files: " + strings.Join(swow.Languages(), ", "),
				Destination: &o.Language}, swow.Languages()...),
			&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: the language's, such as swow-en)",
				Destination: &o.Source},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files", Value: swow.Licence,
				Destination: &o.Licence},
			&cli.BoolFlag{Name: "append", Usage: "add to the files that the source holds", Destination: &o.Append},
			&cli.StringFlag{Name: "pack", Usage: "`FILE` with a language pack of your own, instead of --lang", Destination: &o.pack},
			&cli.StringFlag{Name: "lexicon", Usage: "`FILE` with the language's words: who is no native speaker", Destination: &o.Lexicon},
			&cli.StringFlag{Name: "spelling", Usage: "`FILE` with corrections of responses", Destination: &o.Spelling},
			&cli.StringFlag{Name: "cue-corrections", Usage: "`FILE` with corrections of cues", Destination: &o.CueCorrections},
			&cli.StringFlag{Name: "variants", Usage: "`FILE` with cues that stand for British variants, instead of the pack's list",
				Destination: &o.Variants},
			oneOf(&cli.StringFlag{Name: "steps", Usage: "which files go through the rules about participants and the sample: auto, all, none",
				Value: string(swow.AutoSteps), Destination: &o.steps}, "auto", "all", "none"),
			oneOf(&cli.StringFlag{Name: "self-answers", Usage: "keep or drop responses that equal their cue (default: as the pack says; ours keep them)",
				Destination: &o.self}, "keep", "drop"),
			&cli.GenericFlag{Name: "population", Usage: "one more population of core.strength (again for more): `NAME=CONDITION`",
				Value: o.populations},
			outputFlag(&o.format),
		)...),
		Action: func(c *cli.Context) error {
			o.Files = c.Args().Slice()
			o.Memory, o.Command, o.Version = o.memory, t.command, version()
			if err := o.resolve(); err != nil {
				return err
			}
			return t.withRejects(c.Context, o.reject, func(ctx context.Context, rejects *etl.Rejects) error {
				o.Rejects = rejects
				return t.withLake(ctx, func(ctx context.Context, l *lake.Lake) error { return runEtlSwow(ctx, t, l, o) })
			})
		},
	}, arguments{1, -1, "FILE..."})
}

// resolve turns what the flags say into options.
func (o *etlSwowOptions) resolve() (err error) {
	o.Steps, o.SelfAnswers = swow.Steps(o.steps), swow.SelfAnswers(o.self)
	if o.Language == "" && o.pack == "" {
		return usagef("etl swow: give --lang, one of %s, or --pack FILE", strings.Join(swow.Languages(), ", "))
	}
	if o.pack != "" {
		if o.Pack, err = swow.ReadLanguage(o.pack); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.populations)) {
		where := strings.TrimSpace(o.populations[name])
		if where == "" {
			return usagef("etl swow: --population %s: give a condition, such as %s=age < 30", name, name)
		}
		o.Populations = append(o.Populations, swow.Population{Name: name, Where: where})
	}
	return nil
}

func runEtlSwow(ctx context.Context, t *terminal, l *lake.Lake, o etlSwowOptions) error {
	plan, err := swow.Prepare(ctx, l, o.Options)
	if err != nil {
		return err
	}
	return t.load(ctx, plan, o.format)
}

// A checkedLoad is a load whose files have been checked; as text it says what
// will move.
type checkedLoad interface {
	fmt.Stringer
	Load(ctx context.Context) (*etl.Report, error)
}

// load carries out a load, and tells what will move and what came of it.
func (t *terminal) load(ctx context.Context, plan checkedLoad, format string) error {
	t.remark("%s", plan)
	report, err := plan.Load(ctx)
	if err != nil {
		return err
	}
	t.remarkLoad(report)
	return t.printRows(format, loadGrid(report))
}

// remarkLoad tells people what a load read, kept, and how long it took.
func (t *terminal) remarkLoad(r *etl.Report) {
	for _, f := range r.Files {
		t.remark("%s: %d rows, %d bytes, layout %s, sha256 %s", f.Path, f.Rows, f.Bytes, f.Layout, f.SHA256)
		for _, note := range f.Notes() {
			t.remark("%s: %s", f.Path, note)
		}
	}
	t.remarkCounts(r.Counts)
	for _, note := range r.Notes {
		t.remark("%s: %s", r.Source, note)
	}
	var total time.Duration
	steps := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		steps[i] = fmt.Sprintf("%s %.2f s", s.Name, s.Duration.Seconds())
		total += s.Duration
	}
	t.remark("%.2f s: %s", total.Seconds(), strings.Join(steps, ", "))
	if r.Unchanged() {
		t.remark("%s: unchanged, the lake holds these rows already", r.Source)
		return
	}
	t.remark("%s: published by run %s", r.Source, r.Run)
}

// remarkCounts tells what tables hold, a line a group.
func (t *terminal) remarkCounts(counts []etl.Count) {
	kinds := map[string][]string{}
	var groups []string
	for _, c := range counts {
		group := c.Table
		if c.Group != "" {
			group += ", " + c.Group
		}
		if kinds[group] == nil {
			groups = append(groups, group)
		}
		kinds[group] = append(kinds[group], fmt.Sprintf("%s %d", c.Kind, c.Rows))
	}
	for _, group := range groups {
		t.remark("%s: %s", group, strings.Join(kinds[group], ", "))
	}
}

// loadGrid is a load's tables as a command prints them.
func loadGrid(r *etl.Report) *grid {
	g := newGrid("table", "state", "rows", "snapshot", "digest")
	for _, table := range r.Tables {
		state := "new"
		if table.Unchanged {
			state = "unchanged"
		}
		g.add(table.Table, state, table.Rows, strconv.FormatInt(table.Snapshot, 10), table.Digest)
	}
	return g
}
