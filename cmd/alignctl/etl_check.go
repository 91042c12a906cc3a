package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/pipeline"
)

type etlCheckOptions struct {
	etl.InspectOptions
	format string
}

func etlCheckCommand(t *terminal) *cli.Command {
	var o etlCheckOptions
	return checked(&cli.Command{
		Name:  "check",
		Usage: "say what raw files are, and what is wrong with them",
		Description: "Each file is read whole, past its faults, and nothing is loaded; no lake is needed. A file that\n" +
			"no layout knows is told with the nearest one. The exit code is 1 when something is wrong.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "max", Usage: "list so many `FAULTS` of a file; all are counted", Value: 20,
				Destination: &o.Most},
			encodingFlag(&o.Encoding),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, no remarks", Destination: &t.quiet},
			outputFlag(&o.format),
		},
		Action: func(c *cli.Context) error {
			return runEtlCheck(t.reporting(c.Context), t, c.Args().Slice(), o)
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlCheck(ctx context.Context, t *terminal, files []string, o etlCheckOptions) error {
	kinds, err := pipeline.Kinds()
	if err != nil {
		return err
	}
	layouts := make([][]etl.Layout, len(kinds))
	for i, k := range kinds {
		layouts[i] = k.Layouts
	}
	g := newGrid("file", "kind", "layout", "encoding", "delimiter", "line_ends", "rows", "bad", "bytes", "sha256")
	wrong := 0
	for _, path := range files {
		found, err := etl.Inspect(ctx, path, layouts, o.InspectOptions)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			fmt.Fprintln(t.err, message(err))
			wrong++
			continue
		case len(found.Faults) > 0:
			t.tellFaults(found)
			wrong++
		}
		for _, twin := range found.Twins {
			t.remark("%s: may as well be %s %s", path, kinds[twin].Name, layouts[twin][0].Name)
		}
		kind, layout := kinds[found.Kind].Name, found.Layout
		if !found.Known {
			kind, layout = "unknown", ""
		}
		g.add(path, kind, layout, found.Encoding, found.Delimiter(), found.LineEnd, found.Rows, found.Rejected,
			found.Bytes, found.SHA256)
	}
	err = t.printRows(o.format, g)
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d files can't be loaded as they are", wrong, len(files)))
	}
	return err
}

// tellFaults prints what is wrong with a file, a line a fault.
func (t *terminal) tellFaults(found *etl.Inspection) {
	for _, f := range found.Faults {
		fmt.Fprintln(t.err, oneLine(f.Error()))
	}
	if more := found.Found - int64(len(found.Faults)); more > 0 {
		fmt.Fprintf(t.err, "%s: %d faults more; see them all with --max %d\n", found.Path, more, found.Found)
	}
	if !found.Known && found.Layout != "" {
		fmt.Fprintf(t.err, "%s: the nearest layout is %s; the file begins: %s\n", found.Path, found.Layout, oneLine(found.Header))
	}
}
