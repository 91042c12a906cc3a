package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval/suite"
	"alignctl/internal/nearest"
	"alignctl/internal/stat"
	"alignctl/lake"
	"alignctl/sql"
)

// evalSuiteOptions are the flags of eval suite.
type evalSuiteOptions struct {
	path      string
	preset    string
	print     bool
	dryRun    bool
	anew      bool
	all       bool
	bootstrap stat.Bootstrap
	format    string
}

func evalSuiteCommand(t *terminal) *cli.Command {
	var o evalSuiteOptions
	return checked(&cli.Command{
		Name:  "suite",
		Usage: "measure several models in several languages, as a FILE says, and put them side by side",
		Description: "The FILE, in YAML, names models and languages, and says by flags of eval generate, eval score and\n" +
			"eval wvs what to ask and how to score; alignctl eval suite --preset small --print shows one. What was asked\n" +
			"before in the same way, of the same model and data, isn't asked again, and what broke off goes on: after a\n" +
			"break, or more models in the FILE, give the command again. A model that fails leaves the others done, and\n" +
			"the exit code is 3. eval.suites says which runs and scorings are the suite's.",
		Flags: t.flags(append([]cli.Flag{
			oneOf(&cli.StringFlag{Name: "preset", Usage: "go by alignctl's own file `NAME`: " + strings.Join(suite.Presets(), ", "),
				Destination: &o.preset}, suite.Presets()...),
			&cli.BoolFlag{Name: "print", Usage: "only print the file, to start yours from", Destination: &o.print},
			&cli.BoolFlag{Name: "dry-run", Usage: "only list what would be asked, and what has been", Destination: &o.dryRun},
			&cli.BoolFlag{Name: "anew", Usage: "ask again what has been asked", Destination: &o.anew},
			&cli.BoolFlag{Name: "all", Usage: "print all metrics", Destination: &o.all},
			outputFlag(&o.format),
		}, bootstrapFlags(&o.bootstrap)...)...),
		Action: func(c *cli.Context) error {
			text, err := o.text(c.Args().First())
			if err != nil || o.print {
				fmt.Fprint(t.out, string(text))
				return err
			}
			f, err := readSuite(t, o.path, text)
			if err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalSuite(ctx, t, l, f, o)
			})
		},
	}, arguments{0, 1, "[FILE]"})
}

// text is the file's content, or the preset's, which stands for a file of its name
// in the working folder.
func (o *evalSuiteOptions) text(path string) ([]byte, error) {
	switch o.path = path; {
	case (path == "") == (o.preset == ""):
		return nil, usagef("eval suite: needs FILE or --preset NAME")
	case path != "":
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read suite: %w", err)
		}
		return text, nil
	}
	o.path = o.preset + ".yaml"
	text, known := suite.Preset(o.preset)
	if !known {
		return nil, usagef("eval suite: unknown preset %q%s", o.preset, nearest.Hint(o.preset, suite.Presets()))
	}
	return text, nil
}

func runEvalSuite(ctx context.Context, t *terminal, l *lake.Lake, f *suiteFile, o evalSuiteOptions) error {
	cells, err := f.cells()
	if err != nil {
		return err
	}
	s := suite.Suite{Name: suiteName(o.path), Cells: cells, Baseline: f.Baseline, Anew: o.anew, Bootstrap: o.bootstrap,
		Command: t.command, Version: version()}
	if o.dryRun {
		return t.printSuitePlan(ctx, l, s, o.format)
	}
	result, err := s.Run(ctx, l, t.remark)
	if err != nil {
		return err
	}
	if len(result.Rows) > 0 { // else the lake may have no suites to ask for
		if err := t.printSuite(ctx, l, s.Name, o); err != nil {
			return err
		}
	}
	if len(result.Failed) > 0 {
		return fmt.Errorf("%d of the suite's steps failed, see above (mend what failed and give the command again): %w",
			len(result.Failed), errPartial)
	}
	return nil
}

// printSuitePlan says what a suite would ask.
func (t *terminal) printSuitePlan(ctx context.Context, l *lake.Lake, s suite.Suite, format string) error {
	plans, err := s.Plan(ctx, l)
	if err != nil {
		return err
	}
	g := newGrid("model", "language", "asks", "state", "run_id")
	for _, p := range plans {
		run := any(nil)
		if p.RunID != "" {
			run = p.RunID
		}
		g.add(p.Model, p.Language, p.Asks, p.State, run)
	}
	return t.printRows(format, g)
}

// suiteColumns are those of the table that a suite ends with.
const suiteColumns = `select language, metric, model, round(value, 4) as value, round(ci_low, 4) as ci_low, round(ci_high, 4) as ci_high, n,
  round(difference, 4) as difference, round(difference_low, 4) as difference_low, round(difference_high, 4) as difference_high,
  round(p_holm, 4) as p_holm
from eval.suite_figures
where name = `

// mainMetrics leaves the others out of it.
const mainMetrics = ` and (metric in ('p_at_5', 'p_at_10', 'spearman', 'unparsable_share', 'ranking', 'tie', 'invalid')
  or metric like 'emd\_norm\_%' escape '\' or metric like '%\_median' escape '\' or metric like 'nearer\_%' escape '\')`

// printSuite prints the suite's figures.
func (t *terminal) printSuite(ctx context.Context, l *lake.Lake, name string, o evalSuiteOptions) error {
	query := suiteColumns + "'" + strings.ReplaceAll(name, "'", "''") + "'"
	if !o.all {
		query += mainMetrics
	}
	rows, err := sql.Query(ctx, l, query+"\norder by language, suite, length(metric), metric, against is not null, model", "")
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := t.printRows(o.format, rows); err != nil {
		return err
	}
	t.remark("all of it by SQL: alignctl sql \"select * from eval.suite_figures where name = '%s'\"", name)
	return nil
}
