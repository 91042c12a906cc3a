package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/eval/wvs"
	"alignctl/lake"
)

// evalWvsItemsOptions are the flags of eval wvs-items.
type evalWvsItemsOptions struct {
	people wvs.People
	top    int
	format string
}

func evalWvsItemsCommand(t *terminal) *cli.Command {
	var o evalWvsItemsOptions
	return checked(&cli.Command{
		Name:  "wvs-items",
		Usage: "list the survey's questions by how far people of two countries lie apart; asks no model",
		Description: "tension is half the Jensen-Shannon distance (base 2) and half the earth mover's distance over the places of\n" +
			"the scale, divided by its length. A question without an ordered scale has none, and stands last.",
		Flags: t.flags(
			betweenFlag(),
			&cli.BoolFlag{Name: "weighted", Usage: "count people by their weights", Destination: &o.people.Weighted},
			&cli.IntFlag{Name: "top", Usage: "list the first `N` (0: all)", Destination: &o.top},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) (err error) {
			if o.people.Countries, err = countries(c, 2); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalWvsItems(ctx, t, l, o)
			})
		},
	}, noArguments)
}

func runEvalWvsItems(ctx context.Context, t *terminal, l *lake.Lake, o evalWvsItemsOptions) error {
	survey, err := wvs.ReadSurvey(ctx, l, o.people)
	if err != nil {
		return err
	}
	t.remark("%d questions were asked in all of the countries; %d were not", len(survey.Items), len(survey.Unasked))
	contrasts := survey.Contrasts()
	if o.top > 0 {
		contrasts = contrasts[:min(o.top, len(contrasts))]
	}
	rows := newGrid("rank", "question", "topic", "kind", "places", "emd", "emd_norm", "js_distance_2", "js_divergence_2", "tension")
	for _, c := range contrasts {
		rank := any(c.Rank)
		if c.Rank == 0 {
			rank = nil
		}
		rows.add(rank, c.Item.Question, c.Item.Topic, c.Item.Kind, c.Item.Places(), orNull(c.EMD), orNull(c.EMDNorm),
			c.JSDistance, c.JSDivergence, orNull(c.Tension))
	}
	return t.printRows(o.format, rows)
}

// betweenFlag names the countries whose people count.
func betweenFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "between", Usage: "`COUNTRIES` whose people count, such as USA,CHN or wvs7-usa/USA,wvs7-chn/CHN"}
}

// countries reads that flag, which must name so many or more.
func countries(c *cli.Context, least int) (found []wvs.Country, err error) {
	for _, text := range c.StringSlice("between") {
		country, err := wvs.ParseCountry(text)
		if err != nil {
			return nil, usagef("%s: %s", commandName(c), err)
		}
		found = append(found, country)
	}
	if len(found) < least {
		return nil, usagef("%s: needs --between COUNTRIES, such as USA,CHN", commandName(c))
	}
	return found, nil
}
