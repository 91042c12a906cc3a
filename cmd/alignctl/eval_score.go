package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/eval/wvs"
	"alignctl/internal/reply"
	"alignctl/internal/stat"
	"alignctl/lake"
)

// evalScoreOptions are the flags of eval score.
type evalScoreOptions struct {
	score  eval.ScoreOptions
	survey wvs.ScoreOptions // of the suite wvs
	shared scoringFlags
}

func evalScoreCommand(t *terminal) *cli.Command {
	var o evalScoreOptions
	return checked(&cli.Command{
		Name:  "score",
		Usage: "score a run's answers against people's, into eval.scorings, eval.scores and eval.metrics",
		Description: "The suite associations holds an answer's words against people's, norms how people rate these\n" +
			"words against how they rate their own, ranking the order into which an answer puts words against\n" +
			"people's, wvs the answers of eval wvs against those of two countries. Scoring again in the same way\n" +
			"changes nothing; another way adds rows.",
		Flags: t.flags(slices.Concat(o.flags(), wvsScoreFlags(&o.survey), o.shared.flags())...),
		Action: func(c *cli.Context) error {
			if o.score.Suite == wvs.Suite {
				return wvsScore(c, t, o)
			}
			if err := o.take(c, t); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalScore(ctx, t, l, o)
			})
		},
	}, oneArgument("RUN"))
}

func (o *evalScoreOptions) flags() []cli.Flag {
	return []cli.Flag{
		oneOf(&cli.StringFlag{Name: "suite", Usage: "what to measure, a `SUITE`: " + strings.Join(append(eval.Suites(), wvs.Suite), ", "),
			Value: eval.Associations, Destination: &o.score.Suite}, append(eval.Suites(), wvs.Suite)...),
		&cli.StringFlag{Name: "population", Usage: "`NAME` of the people in core.strength whose responses count",
			Value: eval.DefaultPopulation, Destination: &o.score.Population},
		oneOf(&cli.StringFlag{Name: "parser", Usage: "how to read a list, a `PARSER`: " + joined(reply.Parsers()) +
			"; the published two are the ALIGN study's", Value: string(reply.Default), Destination: (*string)(&o.score.Parser)}, texts(reply.Parsers())...),
		&cli.IntSliceFlag{Name: "k", Usage: "of associations: precision among the first `K` words; several apart by commas",
			Value: cli.NewIntSlice(eval.DefaultKs()...)},
		&cli.StringSliceFlag{Name: "norms", Usage: "of norms: `SOURCE` of core.norm; several apart by commas (default: all)"},
		&cli.IntFlag{Name: "words", Usage: "of norms: look up the first `N` words of a list", Value: eval.DefaultNormWords,
			Destination: &o.score.Norms.Words},
		asPublishedFlag(),
	}
}

func asPublishedFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "as-published", Usage: "repeat a `DEFECT` of the ALIGN study's code; several apart by commas: " +
		"of associations raw-gold, pooled-spearman; of norms mean-of-medians, uncorrected; of ranking cut-head, " +
		"arbitrary-ties; of all three null-cue-lost; of wvs " + strings.Join(wvs.ScoredAsPublished(), ", ")}
}

// defects are those of --as-published.
func defects(c *cli.Context) (names []eval.Defect) {
	for _, name := range c.StringSlice("as-published") {
		names = append(names, eval.Defect(name))
	}
	return names
}

// take takes over what flags don't put in place by themselves.
func (o *evalScoreOptions) take(c *cli.Context, t *terminal) error {
	s := &o.score
	s.Run, s.Ks, s.Norms.Sources, s.Bootstrap = c.Args().First(), c.IntSlice("k"), c.StringSlice("norms"), o.shared.bootstrap
	s.AsPublished = defects(c)
	s.Command, s.Version = t.command, version()
	if err := s.Validate(); err != nil {
		return usagef("%s: %v", commandName(c), err)
	}
	return nil
}

func runEvalScore(ctx context.Context, t *terminal, l *lake.Lake, o evalScoreOptions) error {
	got, err := eval.Score(ctx, l, o.score)
	if err != nil {
		return err
	}
	return t.printScored(o.shared.format, got)
}

// evalCompareOptions are the flags of eval compare.
type evalCompareOptions struct {
	suite  string
	shared scoringFlags
}

func evalCompareCommand(t *terminal) *cli.Command {
	var o evalCompareOptions
	flags := []cli.Flag{oneOf(&cli.StringFlag{Name: "suite", Usage: "compare the runs' newest scorings of a `SUITE` (default: of RUN's newest)",
		Destination: &o.suite}, append(eval.Suites(), wvs.Suite)...)}
	return checked(&cli.Command{
		Name:  "compare",
		Usage: "set the scores of RUN against those of OTHER, item by item: RUN minus OTHER, into eval.metrics",
		Description: "RUN and OTHER are runs of eval.runs, each standing for its newest scoring, or scorings of\n" +
			"eval.scorings. Runs must have been scored in the same way; scorings may compare ways.",
		Flags: t.flags(append(flags, o.shared.flags()...)...),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				got, err := eval.Compare(ctx, l, eval.CompareOptions{Run: c.Args().Get(0), Against: c.Args().Get(1),
					Suite: o.suite, Bootstrap: o.shared.bootstrap, Command: t.command, Version: version()})
				if err != nil {
					return err
				}
				return t.printScored(o.shared.format, got)
			})
		},
	}, arguments{2, 2, "RUN OTHER"})
}

// scoringFlags are those that score and compare share.
type scoringFlags struct {
	bootstrap stat.Bootstrap
	format    string
}

func (o *scoringFlags) flags() []cli.Flag {
	return append(bootstrapFlags(&o.bootstrap), outputFlag(&o.format))
}

func bootstrapFlags(b *stat.Bootstrap) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "resamples", Usage: "bootstrap resamples of the items, `N`", Value: stat.DefaultResamples,
			Destination: &b.Resamples},
		oneOf(&cli.StringFlag{Name: "interval", Usage: "how intervals are read off the resamples, an `INTERVAL`: " + joined(stat.Intervals()),
			Value: string(stat.Percentile), Destination: (*string)(&b.Interval)}, texts(stat.Intervals())...),
		&cli.Uint64Flag{Name: "seed", Usage: "`SEED` of the resampling", Value: 42, Destination: &b.Seed},
	}
}

// joined lists names.
func joined[T ~string](names []T) string { return strings.Join(texts(names), ", ") }

// printScored prints metrics and the SQL that gives them.
func (t *terminal) printScored(format string, got eval.Scored) error {
	t.warn(got.Warnings)
	columns := []string{"metric", "value", "ci_low", "ci_high", "n", "slice", "p_value", "p_holm", "effect"}
	result := newGrid(columns...)
	for _, m := range got.Metrics {
		result.add(m.Metric, orNull(m.Value), orNull(m.CILow), orNull(m.CIHigh), m.N, m.Slice, orNull(m.PValue),
			orNull(m.PHolm), orNull(m.Effect))
	}
	if err := t.printRows(format, result); err != nil {
		return err
	}
	t.remark("the same by SQL: alignctl sql \"select %s from eval.metrics where scoring_id = '%s' and against = '%s'\"",
		strings.Join(columns, ", "), got.ScoringID, got.Against)
	return nil
}
