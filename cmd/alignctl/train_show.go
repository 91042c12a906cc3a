package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/cell"
	"alignctl/lake"
)

func trainShowCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "show",
		Usage: "a training run: what it started from, its settings, curves and result",
		Description: "RUN is an id, as train ls lists them, or latest. With -o json all of it as one object; with another\n" +
			"format the metrics as rows.",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return withTrainRuns(ctx, l, func(s *lake.Session) error {
					return runTrainShow(ctx, t, s, c.Args().First(), format)
				})
			})
		},
	}, oneArgument("RUN"))
}

func runTrainShow(ctx context.Context, t *terminal, s *lake.Session, run, format string) error {
	run, err := findTrainRun(ctx, s, run)
	if err != nil {
		return err
	}
	about, err := collect(ctx, s, "SELECT * EXCLUDE (config) FROM train.runs WHERE run_id = ?", run)
	if err != nil {
		return err
	}
	models, err := collect(ctx, s, "SELECT kind, path, sha256 FROM train.models WHERE run_id = ? ORDER BY path", run)
	if err != nil {
		return err
	}
	curves, err := trainCurves(ctx, s, run, lookOf(t.out))
	if err != nil {
		return err
	}
	config, err := trainConfigOf(ctx, s, run)
	if err != nil {
		return err
	}
	switch format {
	case "":
		return printTrainRun(t, about, models, config, curves)
	case "json":
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"run": about.records()[0], "models": models.records(),
			"settings": config, "metrics": curves.records()})
	}
	return t.printRows(format, curves)
}

func printTrainRun(t *terminal, about, models *grid, config json.RawMessage, curves *grid) error {
	for i, column := range about.columns {
		if text := oneLine(cell.Text(about.rows[0][i])); text != "" {
			fmt.Fprintf(t.out, "%-17s %s\n", column, lookOf(t.out).paintState(column, text))
		}
	}
	settings, err := settingsOf(config)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		*grid
	}{{"result", models}, {"settings", settings}, {"metrics", curves}} {
		if err := printSection(t.out, part.title, part.grid); err != nil {
			return err
		}
	}
	return nil
}

// trainConfigOf is the settings of a run, as it stored them.
func trainConfigOf(ctx context.Context, s *lake.Session, run string) (json.RawMessage, error) {
	found, err := collect(ctx, s, "SELECT config FROM train.runs WHERE run_id = ?", run)
	if err != nil {
		return nil, err
	}
	text := json.RawMessage(cell.Text(found.rows[0][0]))
	if !json.Valid(text) {
		return nil, fmt.Errorf("read settings of training run %q: they are no JSON: %q", run, text)
	}
	return text, nil
}

// settingsOf lists the settings in a run's configuration in its order.
func settingsOf(config json.RawMessage) (*grid, error) {
	g := newGrid("setting", "value")
	decoder := json.NewDecoder(bytes.NewReader(config))
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		g.add(fmt.Sprint(name), strings.Trim(string(value), `"`))
	}
	return g, nil
}

// trainCurves gives, for each metric of a run, its first, last and extreme
// values and its curve.
func trainCurves(ctx context.Context, s *lake.Session, run string, look look) (*grid, error) {
	found, err := collect(ctx, s, `SELECT metric, count(*) AS n, arg_min(value, step) AS first, arg_max(value, step) AS last,
			min(value) AS least, max(value) AS most, CAST(to_json(coalesce(list(value ORDER BY step) FILTER (isfinite(value)), [])) AS VARCHAR) AS values
		FROM train.steps WHERE run_id = ? AND metric <> 'num_tokens'
		GROUP BY metric ORDER BY metric NOT IN ('loss', 'eval_loss'), metric`, run)
	if err != nil {
		return nil, err
	}
	g := newGrid("metric", "n", "first", "last", "least", "most", "curve")
	for _, row := range found.rows {
		var values []float64
		if err := json.Unmarshal([]byte(cell.Text(row[6])), &values); err != nil {
			return nil, fmt.Errorf("read metric %q of run %q: %w", row[0], run, err)
		}
		g.add(row[0], row[1], brief(row[2]), brief(row[3]), brief(row[4]), brief(row[5]), look.curve(values))
	}
	return g, nil
}

// brief is a finite number in five digits.
func brief(value any) any {
	if number, ok := value.(float64); ok && !math.IsNaN(number) && !math.IsInf(number, 0) {
		return json.Number(fmt.Sprintf("%.5g", number))
	}
	return value
}

// curveWidth is how many characters a curve has at most, curveMinimum on the
// narrowest terminal, and besideCurve what the other columns of metrics take.
const (
	curveWidth   = 40
	curveMinimum = 8
	besideCurve  = 80
)

// The bars of curves, from low to high.
const (
	blockBars = "▁▂▃▄▅▆▇█"
	asciiBars = "_.-=+*%#"
)

// curve draws finite values as bars, one for the mean of each stretch of equal length.
func (l look) curve(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	width := curveWidth
	if l.width > 0 {
		width = min(curveWidth, max(curveMinimum, l.width-besideCurve))
	}
	means := stretches(values, width)
	low, high := means[0], means[0]
	for _, mean := range means {
		low, high = min(low, mean), max(high, mean)
	}
	levels := []rune(blockBars)
	if l.ascii {
		levels = []rune(asciiBars)
	}
	var b strings.Builder
	for _, mean := range means {
		level := 0
		if high > low {
			level = int((mean - low) / (high - low) * float64(len(levels)-1))
		}
		b.WriteRune(levels[level])
	}
	return b.String()
}

// stretches are the means of at most n stretches of values, of which there is
// one at least.
func stretches(values []float64, n int) []float64 {
	n = min(n, len(values))
	means := make([]float64, n)
	for i := range means {
		from, to := i*len(values)/n, (i+1)*len(values)/n
		for _, value := range values[from:to] {
			means[i] += value / float64(to-from)
		}
	}
	return means
}
