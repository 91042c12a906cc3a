package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/eval/wvs"
	"alignctl/lake"
)

// wvsScoreFlags are those of eval score that only the suite wvs has.
func wvsScoreFlags(o *wvs.ScoreOptions) []cli.Flag {
	return []cli.Flag{
		betweenFlag(),
		&cli.BoolFlag{Name: "weighted", Usage: "wvs: count people by their weights", Destination: &o.People.Weighted},
		oneOf(&cli.StringFlag{Name: "normalise", Usage: "wvs: divide log-probabilities of answers by their length: none, tokens or " +
			"characters", Value: wvs.PlainSum, Destination: &o.Normalise}, wvs.PlainSum, wvs.ByTokens, wvs.ByCharacters),
		oneOf(&cli.StringFlag{Name: "nearer", Usage: "wvs: an answer is nearer to a country by its distribution or by its mode",
			Value: wvs.ByDistribution, Destination: &o.Nearer}, wvs.ByDistribution, wvs.ByMode),
		&cli.IntFlag{Name: "high-tension", Usage: "wvs: the `N` questions on which the countries lie farthest apart are a slice",
			Value: wvs.DefaultHighTension, Destination: &o.HighTension},
		&cli.Float64Flag{Name: "epsilon", Usage: "wvs: added to shares where a divergence needs it", Value: wvs.DefaultEpsilon,
			Destination: &o.Epsilon},
		&cli.StringFlag{Name: "leak", Usage: "wvs: leave out questions in whose words a training cue of this `DATASET` stands",
			Destination: &o.Leak},
		&cli.StringFlag{Name: "texts", Usage: "wvs: `SOURCE` of these words (default: any)", Destination: &o.Texts},
	}
}

// takeSurvey takes over what flags of the suite wvs don't put in place by
// themselves.
func (o *evalScoreOptions) takeSurvey(c *cli.Context, t *terminal) (err error) {
	s := &o.survey
	if s.People.Countries, err = countries(c, 2); err != nil {
		return err
	}
	if s.Published, err = wvs.ParseScored(c.StringSlice("as-published")); err != nil {
		return usagef("%s: %s", commandName(c), err)
	}
	s.Run, s.Bootstrap, s.Command, s.Version = c.Args().First(), o.shared.bootstrap, t.command, version()
	return nil
}

// wvsScore scores a run of this suite.
func wvsScore(c *cli.Context, t *terminal, o evalScoreOptions) error {
	if err := o.takeSurvey(c, t); err != nil {
		return err
	}
	return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
		got, err := wvs.Score(ctx, l, o.survey)
		if err != nil {
			return err
		}
		return t.printScored(o.shared.format, got)
	})
}
