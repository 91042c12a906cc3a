package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/workspace"
	"alignctl/lake"
	"alignctl/sql"
)

func dataCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "data",
		Usage: "build data sets by SQL and look at them",
		Subcommands: []*cli.Command{dataListCommand(t), dataShowCommand(t), dataGraphCommand(t), dataBuildCommand(t),
			dataPreviewCommand(t), dataStatsCommand(t), dataAuditCommand(t), dataDiffCommand(t), dataExportCommand(t),
			dataRemoveCommand(t)},
	}
}

// settings are the values of a repeated --set NAME=VALUE. A value may hold
// commas, at which cli's own lists would cut it.
type settings map[string]string

// Set adds one NAME=VALUE.
func (s settings) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || name == "" {
		return fmt.Errorf("want NAME=VALUE")
	}
	if _, twice := s[name]; twice {
		return fmt.Errorf("%s is set twice", name)
	}
	s[name] = value
	return nil
}

// String shows the settings as they were given, by name.
func (s settings) String() string {
	texts := make([]string, 0, len(s))
	for name, value := range s {
		texts = append(texts, name+"="+value)
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

func atFlag(at *string) cli.Flag {
	return &cli.StringFlag{Name: "at", Destination: at,
		Usage: "read the lake as it was at `VERSION`: a tag, a run id, a date (to its end, UTC), " +
			"or a time with its zone, such as 2026-11-25T06:50:51Z"}
}

// openCatalogue reads the built-in views and templates and the workspace's: the
// folders views and templates beside the nearest alignctl.yaml, upward from the
// working folder, or in the working folder itself.
func openCatalogue() (*sql.Catalogue, error) {
	file, err := workspace.Find()
	if err != nil {
		return nil, err
	}
	if file != nil {
		return sql.LoadCatalogue(file.Folder())
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find workspace: %w", err)
	}
	return sql.LoadCatalogue(here)
}

func dataListCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "ls",
		Usage: "list the data sets: what can be built, and what is",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataList(ctx, t, l, format)
			})
		},
	}, noArguments)
}

func runDataList(ctx context.Context, t *terminal, l *lake.Lake, format string) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	listings, err := catalogue.List(ctx, l)
	if err != nil {
		return err
	}
	g := newGrid("data_set", "state", "rows", "snapshot", "digest", "key", "parameters", "doc")
	for _, listed := range listings {
		state, rows, snapshot := "not built", any(nil), any(nil)
		if listed.Built {
			state, rows, snapshot = "built", listed.Pin.Rows, strconv.FormatInt(listed.Pin.Snapshot, 10)
		}
		v := listed.View
		g.add(v.Name, state, rows, snapshot, listed.Pin.Digest, strings.Join(v.Key, ", "), parameters(v),
			firstSentence(v.Doc))
	}
	return t.printRows(format, g)
}

func firstSentence(doc string) string {
	sentence, _, more := strings.Cut(doc, ". ")
	if more {
		return sentence + "."
	}
	return doc
}

// parameters shows the parameters of a view: name=default, and its range.
func parameters(v *sql.View) string {
	texts := make([]string, len(v.Params))
	for i, p := range v.Params {
		texts[i] = p.Name + "=" + p.Default
		if p.Range != "" {
			texts[i] += " (" + p.Range + ")"
		}
	}
	return strings.Join(texts, ", ")
}

type dataBuildOptions struct {
	engineOptions
	set    settings
	at     string
	prove  bool
	format string
}

func dataBuildCommand(t *terminal) *cli.Command {
	o := dataBuildOptions{set: settings{}}
	return checked(&cli.Command{
		Name:  "build",
		Usage: "build a data set, audit it, and publish it as a table",
		Description: "The same view, parameters, inputs and templates give the snapshot that is there already.\n" +
			"When an audit finds a row, or there are no rows, nothing is published.\n\n" +
			"The data sets that it reads are built before it where they are missing (with their defaults) or out\n" +
			"of date (with the parameters of their last build); with --at they are read as they were. core.split\n" +
			"holds a split for each recipe, side by side; a data set reads the one that --set recipe=NAME names.\n\n" +
			"With --engine spark the queries of the views that say \"-- engines: duckdb, spark\" run on a Spark server, and\n" +
			"their rows come back: the same table, recipe and digest. Other views are refused, or built here where\n" +
			"that one reads them. With --prove, the second build is DuckDB's.",
		Flags: t.flags(append(o.engineOptions.flags("the query"),
			&cli.GenericFlag{Name: "set", Usage: "give a parameter a value (again for more): `NAME=VALUE`", Value: o.set},
			atFlag(&o.at),
			&cli.BoolFlag{Name: "prove", Destination: &o.prove, Usage: "build it a second time, by one thread and from the " +
				"inputs' rows in the opposite order, and publish nothing unless both give the same rows"},
			outputFlag(&o.format))...),
		Action: func(c *cli.Context) error {
			if err := o.check("data build"); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataBuild(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("NAME"))
}

func runDataBuild(ctx context.Context, t *terminal, l *lake.Lake, name string, o dataBuildOptions) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	engine, err := o.engineFor(ctx, t, l, catalogue, name)
	if err != nil {
		return err
	}
	built, err := catalogue.Build(ctx, l, name, sql.BuildOptions{Set: o.set, At: o.at,
		Command: t.command, Version: version(), Prove: o.prove, Engine: engine})
	if err != nil {
		t.remarkNew(built.Inputs)
		return errors.Join(err, t.printOffenders(err))
	}
	if o.prove {
		t.remark("built twice: the rows are the same")
	}
	if err := t.printRows(o.format, builtGrid(append(built.Inputs, built)...)); err != nil || built.Reused {
		return err
	}
	return t.reportOn(ctx, l, catalogue, built)
}

// builtGrid has a line for each data set. Rows and digest are those of what was
// built, which may be one scope of the table.
func builtGrid(sets ...sql.Built) *grid {
	g := newGrid("data_set", "state", "rows", "snapshot", "digest", "recipe", "run")
	for _, built := range sets {
		state := "new"
		if built.Reused {
			state = "unchanged"
		}
		g.add(built.Table, state, built.Rows, strconv.FormatInt(built.Snapshot, 10), built.Digest,
			built.Recipe.Digest, built.Run)
	}
	return g
}

// remarkNew says what a failed build has published all the same.
func (t *terminal) remarkNew(inputs []sql.Built) {
	for _, built := range inputs {
		if !built.Reused {
			t.remark("%s: built for it by run %s", built.Table, built.Run)
		}
	}
}

// reportOn shows what the reports say of a data set that was just built.
func (t *terminal) reportOn(ctx context.Context, l *lake.Lake, catalogue *sql.Catalogue, built sql.Built) error {
	findings, err := catalogue.Reports(ctx, l, built.Table, "")
	if err != nil {
		return err
	}
	return t.printFindings(findings)
}

// printOffenders shows the rows that an audit found, on stderr.
func (t *terminal) printOffenders(err error) error {
	var audit *lake.AuditError
	if !errors.As(err, &audit) {
		return nil
	}
	w := newRowWriter("table", t.err, audit.Columns)
	for _, record := range audit.Rows {
		values := make([]any, len(record))
		for i, text := range record {
			values[i] = text
		}
		if err := w.row(values); err != nil {
			return err
		}
	}
	return w.close()
}
