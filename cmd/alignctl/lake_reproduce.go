package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/prove"
)

type lakeReproduceOptions struct {
	keep   string
	format string
}

func lakeReproduceCommand(t *terminal) *cli.Command {
	var o lakeReproduceOptions
	return checked(&cli.Command{
		Name:  "reproduce",
		Usage: "prove a table, model or metric: make its chain again and compare digests",
		Description: "WHAT is as in lake explain. The chain is made again in a scratch lake: from the raw files where\n" +
			"they still are, else from the rows that the lake holds of them; data sets by the views of now. Each\n" +
			"link is same, differs, gone (a file) or not rebuilt (training and evaluation are stated as\n" +
			"recorded). When a table differs, the first one is shown row by row, and the exit code is 1.",
		Flags: t.flags(
			&cli.StringFlag{Name: "keep", Usage: "new `FOLDER` for the scratch lake, which stays (default: none stays)",
				Destination: &o.keep},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeReproduce(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("WHAT"))
}

func runLakeReproduce(ctx context.Context, t *terminal, l *lake.Lake, of string, o lakeReproduceOptions) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	proof, err := prove.Reproduce(ctx, l, of, prove.Options{Catalogue: catalogue, Keep: o.keep, Version: version()})
	if err != nil {
		return err
	}
	if err := t.printRows(o.format, t.proofGrid(o.format, proof)); err != nil {
		return err
	}
	if o.keep != "" {
		t.remark("the scratch lake stays: alignctl lake ls --lake %s", o.keep)
	}
	if err := t.printDifference(proof.First); err != nil {
		return err
	}
	return t.conclude(of, proof)
}

// proofGrid is a proof's links. A person's table has short digests.
func (t *terminal) proofGrid(format string, p *prove.Proof) *grid {
	short := format == "table" || format == "" && isTerminal(t.out)
	g := newGrid("link", "name", "scope", "recorded", "rebuilt", "verdict")
	for _, l := range p.Links {
		recorded, rebuilt := l.Recorded, l.Rebuilt
		if short {
			recorded, rebuilt = shortDigest(recorded), shortDigest(rebuilt)
		}
		verdict := string(l.Verdict)
		if l.Reason != "" {
			verdict += ": " + l.Reason
		}
		g.add(l.Kind, l.Name, l.Scope, recorded, rebuilt, verdict)
	}
	return g
}

// printDifference shows the first table that differs, on stderr.
func (t *terminal) printDifference(d *prove.Difference) error {
	if d == nil {
		return nil
	}
	for _, column := range d.Columns {
		fmt.Fprintln(t.err, "column of one side only:", oneLine(column))
	}
	if len(d.Cells) == 0 {
		return nil
	}
	w := newRowWriter("table", t.err, []string{"change", "key", "column", "recorded", "rebuilt"})
	for _, c := range d.Cells {
		if err := w.row([]any{c.Change, c.Key, c.Column, c.Recorded, c.Rebuilt}); err != nil {
			return err
		}
	}
	return w.close()
}

// conclude says what the proof comes to; an error when it fails.
func (t *terminal) conclude(of string, p *prove.Proof) error {
	same, stated := p.Count(prove.Same), p.Count(prove.NotRebuilt)
	switch {
	case p.First != nil:
		return fmt.Errorf("reproduce %q: the first table that differs is %s: %s", of, tableOf(p.First),
			differenceText(p.First))
	case !p.Holds():
		return fmt.Errorf("reproduce %q: %s the same, %d differ, %d failed", of, count(int64(same), "link"),
			p.Count(prove.Differs), p.Count(prove.Failed))
	case stated > 0:
		t.remark("%s: %s the same, %d stated as recorded", of, count(int64(same), "link"), stated)
	default:
		t.remark("%s: %s the same", of, count(int64(same), "link"))
	}
	return nil
}

func tableOf(d *prove.Difference) string {
	if d.Scope == "" {
		return d.Table
	}
	return d.Table + " [" + d.Scope + "]"
}

// differenceText counts the rows that differ.
func differenceText(d *prove.Difference) string {
	var parts []string
	for _, n := range []struct {
		rows int64
		what string
	}{{d.Added, "added"}, {d.Removed, "removed"}, {d.Changed, "changed"}} {
		if n.rows > 0 {
			parts = append(parts, count(n.rows, "row")+" "+n.what)
		}
	}
	if len(d.Columns) > 0 {
		parts = append(parts, "other columns")
	}
	if d.Unknown != "" {
		parts = append(parts, "its rows can't be compared: "+d.Unknown)
	}
	if len(parts) == 0 {
		return "the rows are the same, but not the ids of their files"
	}
	return strings.Join(parts, ", ")
}
