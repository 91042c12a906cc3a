package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/demo"
	"alignctl/eval"
	"alignctl/internal/atomicfile"
	"alignctl/internal/workspace"
	"alignctl/sql"
	"alignctl/train/lm"
)

// demoQuery is what the demo ends with: what the model scored on cues that it
// has never seen, before training and after, and the paired gain.
const demoQuery = `select language, metric,
  case when against <> '' then 'gain' when model_path like '%base' then 'before' else 'after' end as model,
  round(value, 3) as value, round(ci_low, 3) as ci_low, round(ci_high, 3) as ci_high, n
from eval.metrics join eval.runs using (run_id)
  join (select distinct run_id, language from eval.samples) using (run_id)
where metric in ('p_at_5', 'p_at_10') and slice = ''
order by language, length(metric), metric, against, started_at`

type demoOptions struct {
	dir     string
	export  string
	backend string
	format  string
}

func demoCommand(t *terminal) *cli.Command {
	var o demoOptions
	return checked(&cli.Command{
		Name:  "demo",
		Usage: "run the whole chain on the embedded demo corpus",
		Description: "Each step is a command that you could type, and is shown as such. The corpus is\n" +
			"invented: it shows how alignctl works and says nothing about people.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "lake", Value: "demo-lake", Usage: "`FOLDER` of the new lake", Destination: &o.dir},
			&cli.StringFlag{Name: "export", Usage: "only write the raw files and an alignctl.yaml into `FOLDER`, " +
				"for alignctl etl run", Destination: &o.export},
			oneOf(&cli.StringFlag{Name: "backend", Usage: "`NAME` of the backend that computes (see doctor)",
				Destination: &o.backend}, lm.BackendNames()...),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only the result", Destination: &t.quiet},
			outputFlag(&o.format),
		},
		Action: func(c *cli.Context) error {
			if o.export != "" {
				return runDemoExport(t, o.export)
			}
			return runDemo(c.Context, t, o)
		},
	}, noArguments)
}

func runDemo(ctx context.Context, t *terminal, o demoOptions) error {
	began := time.Now()
	d := &demoRun{terminal: t, demoOptions: o}
	for _, step := range d.steps() {
		if err := step(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	t.remark("\ndone in %.0f s. Open %s in a browser to see it all. What you see below is this query:\n\nalignctl sql --lake %s \"%s\"\n",
		time.Since(began).Seconds(), filepath.Join(o.dir, "report.html"), o.dir, demoQuery)
	return d.query(ctx, demoQuery, func(rows *sql.Rows) error { return t.printRows(firstOf(o.format, "table"), rows) })
}

// A demoRun is one walk through the chain.
type demoRun struct {
	*terminal
	demoOptions
	runs []string // ids of the evaluations: by language and of the survey, before training, then after
}

// steps are the chain in order. The settings are the smallest with which a
// model made from nothing learns this corpus in about a minute.
func (d *demoRun) steps() []func(context.Context) error {
	model, trained := filepath.Join(d.dir, "models", "base"), filepath.Join(d.dir, "models", "trained")
	steps := []func(context.Context) error{d.writeCorpus, d.command("init", d.dir),
		d.command("etl", "run", "--lake", d.dir, "--config", filepath.Join(d.dir, workspace.FileName))}
	steps = append(steps,
		d.command("data", "build", "--lake", d.dir, "--set", "top=10", "--set", "copies=6",
			"--set", "template=brief", "data.sft_ranked"),
		d.command("model", "init", "--lake", d.dir, "--data", "data.sft_ranked", "--vocab", "900", "--hidden", "96",
			"--layers", "3", "--heads", "4", model),
		d.evaluate(model),
		d.command("train", "sft", "--lake", d.dir, "--model", model, "--data", "data.sft_ranked", "--method", "full",
			"--lr", "3e-3", "--batch", "32", "--epochs", "3", "--backend", d.backend, "--out", trained),
		d.evaluate(trained),
	)
	return append(steps, d.compare, d.report)
}

// command is a step that runs alignctl with these arguments, in this process.
// Its data goes where remarks go: the demo's own result stands alone.
func (d *demoRun) command(args ...string) func(context.Context) error {
	args = dropEmpty(args)
	return func(ctx context.Context) error {
		d.remark("\n$ alignctl %s", strings.Join(args, " "))
		sub := newTerminal(d.in, d.err, d.err)
		if d.quiet {
			sub = newTerminal(d.in, io.Discard, io.Discard)
		}
		return sub.run(ctx, append([]string{"alignctl"}, args...))
	}
}

// dropEmpty leaves out flags without a value: those that the user didn't set.
func dropEmpty(args []string) []string {
	var out []string
	for _, arg := range args {
		if arg == "" {
			out = out[:len(out)-1]
			continue
		}
		out = append(out, arg)
	}
	return out
}

// writeCorpus puts the raw files, and an alignctl.yaml that names them, into the
// lake's folder.
func (d *demoRun) writeCorpus(context.Context) error {
	return d.exportDemo(d.dir, "lake: .\n\n"+demo.Workspace())
}

// exportDemo writes the raw files as a user would have them, beside an
// alignctl.yaml, which must be new.
func (t *terminal) exportDemo(folder, config string) error {
	path := filepath.Join(folder, workspace.FileName)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Join(folder, "raw"), 0o755); err != nil {
		return err
	}
	for _, f := range demo.Files() {
		if err := atomicfile.Write(filepath.Join(folder, "raw", f.Name), f.Data, 0o644); err != nil {
			return err
		}
		t.remark("wrote %s", filepath.Join(folder, "raw", f.Name))
	}
	t.remark("wrote %s", path)
	return atomicfile.Write(path, []byte(config), 0o644)
}

func runDemoExport(t *terminal, folder string) error {
	if err := t.exportDemo(folder, demo.Workspace()); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	t.remark("next: cd %s; alignctl init; alignctl etl run", folder)
	return nil
}

// evaluate asks a model for associates of the test cues of each language and puts
// the survey to it, and scores its answers.
func (d *demoRun) evaluate(model string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, f := range demo.Files(demo.Associations) {
			if err := d.measure(ctx, []string{"eval", "generate", "--lake", d.dir, "--model", model, "--data", "data.sft_ranked",
				"--lang", f.Language, "--max-new-tokens", "64", "--batch", "32", "--backend", d.backend}, associationSuites...); err != nil {
				return err
			}
		}
		return d.measure(ctx, []string{"eval", "wvs", "--lake", d.dir, "--model", model, "--between", demoCountries,
			"--backend", d.backend}, surveySuite)
	}
}

// demoCountries are those of the demo's survey.
const demoCountries = "XNL,XSL"

// The flags of eval score for the answers of each kind.
var (
	associationSuites = [][]string{{"--suite", eval.Associations}, {"--suite", eval.Norms}}
	surveySuite       = []string{"--suite", eval.Survey, "--between", demoCountries, "--high-tension", "8"}
)

// measure runs a command that asks a model, and scores the answers by suites.
func (d *demoRun) measure(ctx context.Context, ask []string, suites ...[]string) error {
	if err := d.command(ask...)(ctx); err != nil {
		return err
	}
	if err := d.findRun(ctx); err != nil {
		return err
	}
	for _, suite := range suites {
		score := slices.Concat([]string{"eval", "score", "--lake", d.dir}, suite, d.runs[len(d.runs)-1:])
		if err := d.command(score...)(ctx); err != nil {
			return err
		}
	}
	return nil
}

// compare sets each run after training against the one before.
func (d *demoRun) compare(ctx context.Context) error {
	half := len(d.runs) / 2
	for i := range half {
		suites := []string{eval.Associations, eval.Norms}
		if i == half-1 {
			suites = []string{eval.Survey}
		}
		for _, suite := range suites {
			if err := d.command("eval", "compare", "--lake", d.dir, "--suite", suite, d.runs[half+i], d.runs[i])(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// report puts all of it on one page.
func (d *demoRun) report(ctx context.Context) error {
	args := append([]string{"report", "--lake", d.dir, "-o", filepath.Join(d.dir, "report.html")}, d.runs...)
	return d.command(args...)(ctx)
}

// findRun notes the id of the newest evaluation.
func (d *demoRun) findRun(ctx context.Context) error {
	const newest = "select run_id from eval.runs order by started_at desc limit 1"
	return d.query(ctx, newest, func(rows *sql.Rows) error {
		var id string
		if !rows.Next() {
			return fmt.Errorf("lake %s holds no evaluation", d.dir)
		}
		if err := rows.Scan(&id); err != nil {
			return err
		}
		d.runs = append(d.runs, id)
		return rows.Err()
	})
}

func (d *demoRun) query(ctx context.Context, query string, use func(*sql.Rows) error) error {
	d.lakeDir = d.dir
	l, err := d.openLake(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	rows, err := sql.Query(ctx, l, query, "")
	if err != nil {
		return err
	}
	defer rows.Close()
	return use(rows)
}
