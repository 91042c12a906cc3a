package main

import (
	"context"
	stdsql "database/sql"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
	"alignctl/train/lm"
)

type dataStatsOptions struct {
	at     string
	model  string
	format string
}

func dataStatsCommand(t *terminal) *cli.Command {
	var o dataStatsOptions
	return checked(&cli.Command{
		Name:  "stats",
		Usage: "count a built data set by language and split",
		Description: "Examples, distinct cues, distinct answers, items (responses in the answers) and characters of\n" +
			"prompts and answers; with --model also tokens, those of them that are learned, and the longest\n" +
			"text. A figure is empty when the data set has no column for it.",
		Flags: t.flags(
			&cli.StringFlag{Name: "model", Usage: "count tokens as this model `FOLDER` has them", Destination: &o.model},
			atFlag(&o.at),
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataStats(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("NAME"))
}

func runDataStats(ctx context.Context, t *terminal, l *lake.Lake, name string, o dataStatsOptions) error {
	data, err := openDataSet(ctx, l, name, o.at)
	if err != nil {
		return err
	}
	defer data.Close()
	groups, err := data.Groups(ctx)
	if err != nil {
		return err
	}
	counts, err := countTokens(ctx, data, o.model)
	if err != nil {
		return err
	}
	return t.printRows(o.format, statsGrid(groups, counts))
}

// A tokenCount sums up the texts of a language and split.
type tokenCount struct{ tokens, learned, longest int }

// countTokens counts the tokens of every text for a model, by language and
// split; nil without a model.
func countTokens(ctx context.Context, data *sql.DataSet, model string) (map[[2]string]tokenCount, error) {
	if model == "" {
		return nil, nil
	}
	if err := needPrompts(data); err != nil {
		return nil, err
	}
	encoder, err := lm.LoadEncoder(model, 0)
	if err != nil {
		return nil, err
	}
	counts := map[[2]string]tokenCount{}
	err = eachRendering(ctx, data, encoder, sql.Selection{}, func(e sql.Example, r rendering) {
		group := [2]string{e.Field("language"), e.Field("split")}
		c := counts[group]
		counts[group] = tokenCount{c.tokens + len(r.IDs), c.learned + r.Labels(), max(c.longest, len(r.IDs))}
	})
	return counts, err
}

func statsGrid(groups []sql.Group, counts map[[2]string]tokenCount) *grid {
	g := newGrid("language", "split", "examples", "cues", "answers", "items", "characters")
	if counts != nil {
		g.columns = append(g.columns, "tokens", "learned", "longest")
	}
	for _, group := range groups {
		row := []any{group.Language, group.Split, group.Examples, known(group.Cues), known(group.Answers),
			known(group.Items), known(group.Characters)}
		if counts != nil {
			c := counts[[2]string{group.Language, group.Split}]
			row = append(row, c.tokens, c.learned, c.longest)
		}
		g.add(row...)
	}
	return g
}

// known is a figure, or NULL.
func known(n stdsql.Null[int64]) any {
	if !n.Valid {
		return nil
	}
	return n.V
}
