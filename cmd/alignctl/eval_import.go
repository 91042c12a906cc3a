package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/lake"
)

// evalImportOptions are the flags of eval import.
type evalImportOptions struct {
	eval.ImportOptions
	format string
}

func evalImportCommand(t *terminal) *cli.Command {
	o := evalImportOptions{ImportOptions: eval.ImportOptions{Columns: settings{}, Only: settings{}}}
	return checked(&cli.Command{
		Name:  "import",
		Usage: "keep the answers of a file in eval.samples, as if they had been generated here",
		Description: "FILE has an answer a line: JSON objects (.jsonl), or a table with a header (.csv, .tsv). The columns are\n" +
			strings.Join(eval.AnswerFields(), ", ") + "; output must be there, and cue or item_id.\n" +
			"--column names those that go by another name, such as output=text; in JSON it may be a path, such as\n" +
			"output=response.body.choices.0.message.content. --only takes some of the answers, such as model=NAME.\n\n" +
			"With --data, an answer belongs to the item of that id or cue, and items without answer count as empty;\n" +
			"answers to other items are left out, and the exit code is 3. Without it, the answers are the items.",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			o.File, o.Command, o.Version = c.Args().First(), t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalImport(ctx, t, l, o)
			})
		},
	}, oneArgument("FILE"))
}

func (o *evalImportOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "`NAME` of the model that answered", Destination: &o.Model},
		&cli.StringFlag{Name: "template", Usage: "`ID` of the prompt template (default: that of --data)", Destination: &o.Template},
		&cli.GenericFlag{Name: "column", Usage: "where a column of an answer stands in the file (again for more): `COLUMN=NAME`",
			Value: settings(o.Columns)},
		&cli.GenericFlag{Name: "only", Usage: "only the answers with this value (again for more): `NAME=VALUE`",
			Value: settings(o.Only)},
		&cli.BoolFlag{Name: "samples", Usage: "take an item's further answers as samples of it, not as an error", Destination: &o.Samples},
		&cli.StringFlag{Name: "data", Usage: "`TABLE` with the items", Destination: &o.Dataset},
		oneOf(&cli.StringFlag{Name: "split", Usage: "`SPLIT` of the items (default with --data: test)", Destination: &o.Split}, splits...),
		&cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` of the answers", Destination: &o.Language},
		atFlag(&o.At),
		&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the file, for meta.files", Value: "unknown", Destination: &o.Licence},
		outputFlag(&o.format),
	}
}

func runEvalImport(ctx context.Context, t *terminal, l *lake.Lake, o evalImportOptions) error {
	got, err := eval.Import(ctx, l, o.ImportOptions)
	if err != nil {
		return err
	}
	t.warn(got.Warnings)
	result := newGrid("run_id", "items", "left_out")
	result.add(got.RunID, got.Items, got.LeftOut)
	if err := t.printRows(o.format, result); err != nil {
		return err
	}
	t.remark("score it with: alignctl eval score %s", got.RunID)
	if got.LeftOut > 0 {
		return errPartial
	}
	return nil
}
