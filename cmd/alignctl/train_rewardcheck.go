package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/lake"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

type trainRewardCheckOptions struct {
	reward    reward.Options
	questions reward.Selection
	at        string
	count     int
	answers   string // file
	model     eval.LocalOptions
	generate  eval.Decoding
	format    string
}

func trainRewardCheckCommand(t *terminal) *cli.Command {
	o := trainRewardCheckOptions{generate: eval.Decoding{Temperature: 1, MaxNewTokens: eval.DefaultMaxNewTokens}}
	return checked(&cli.Command{
		Name:  "reward-check",
		Usage: "what a reward gives real answers, before anything is trained by it",
		Description: "Asks --model questions of DATASET, drawn by the md5 of their ids, or takes the recorded answers of\n" +
			"--answers, and shows what each is worth, by each part of the reward, and why an answer couldn't be\n" +
			"read, which is worth -1. Nothing is written to the lake. People's associates are the column label\n" +
			"of DATASET, or where it has none, those in core.strength.",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			if err := o.complete(c); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runTrainRewardCheck(ctx, t, l, o)
			})
		},
	}, oneArgument("DATASET"))
}

func (o *trainRewardCheckOptions) flags() []cli.Flag {
	return slices.Concat(rewardFlags(&o.reward), []cli.Flag{
		&cli.IntFlag{Name: "n", Usage: "how many `ANSWERS` (default with --answers: all)", Value: 50, Destination: &o.count},
		&cli.PathFlag{Name: "answers", Usage: "`FILE` of recorded answers, a JSON object a line: completion, and example_id " +
			"or cue (and language)", Destination: &o.answers},
		atFlag(&o.at),
	}, o.modelFlags(), []cli.Flag{outputFlag(&o.format)})
}

// modelFlags say who is asked what, and how it answers.
func (o *trainRewardCheckOptions) modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: "model", Usage: "ask the model in this `FOLDER`", Destination: &o.model.Path},
		&cli.PathFlag{Name: "adapter", Usage: "adapter `FOLDER` of --model", Destination: &o.model.Adapter},
		oneOf(&cli.StringFlag{Name: "backend", Usage: "xla:cuda, xla:cpu or go (default: the first that starts)",
			Destination: &o.model.Backend}, lm.BackendNames()...),
		oneOf(&cli.StringFlag{Name: "split", Usage: "questions of `SPLIT`: train, dev or test", Value: "train",
			Destination: &o.questions.Split}, splits...),
		&cli.StringFlag{Name: "lang", Usage: "questions of `LANGUAGE` (default: of all)", Destination: &o.questions.Language},
		&cli.Float64Flag{Name: "temperature", Usage: "draw tokens at temperature `T` (0: always the most probable)",
			Value: o.generate.Temperature, Destination: &o.generate.Temperature},
		&cli.Int64Flag{Name: "seed", Usage: "`SEED` of the draws", Destination: &o.generate.Seed},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "cut an answer after `N` tokens", Value: o.generate.MaxNewTokens,
			Destination: &o.generate.MaxNewTokens},
		&cli.IntFlag{Name: "batch", Usage: "answer `N` questions side by side (0: the backend's default)",
			Destination: &o.generate.Batch},
	}
}

// complete turns what the flags say into options.
func (o *trainRewardCheckOptions) complete(c *cli.Context) error {
	if (o.model.Path == "") == (o.answers == "") {
		return usagef("train reward-check: needs --model FOLDER or --answers FILE")
	}
	for _, f := range o.modelFlags() {
		if name := f.Names()[0]; o.answers != "" && c.IsSet(name) {
			return usagef("train reward-check: --%s is of --model: answers of --answers are there already", name)
		}
	}
	if o.count < 1 {
		return usagef("train reward-check: --n %d: must be at least 1", o.count)
	}
	if o.answers != "" && !c.IsSet("n") {
		o.count = 0
	}
	o.questions.Dataset, o.questions.Limit = datasetTable(c.Args().First()), o.count
	return completeReward(&o.reward)
}

func runTrainRewardCheck(ctx context.Context, t *terminal, l *lake.Lake, o trainRewardCheckOptions) (err error) {
	pins, err := l.At(ctx, o.at)
	if err != nil {
		return err
	}
	if _, built := pins[o.questions.Dataset]; !built {
		return fmt.Errorf("find data set %q: the lake doesn't have it (see them with: alignctl data ls)", o.questions.Dataset)
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	scorer, err := o.reward.Open(ctx, session)
	if err != nil {
		return err
	}
	samples, err := o.samples(ctx, session)
	if err != nil {
		return err
	}
	scores, err := scorer.Score(ctx, samples)
	if err != nil {
		return err
	}
	return t.printRewards(o.format, samples, scores)
}

// samples are the answers to score.
func (o *trainRewardCheckOptions) samples(ctx context.Context, session *lake.Session) ([]reward.Sample, error) {
	if o.answers == "" {
		return o.ask(ctx, session)
	}
	file, err := os.Open(o.answers)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	defer file.Close()
	answers, err := reward.ReadAnswers(file)
	if err != nil {
		return nil, fmt.Errorf("read answers %q: %w", o.answers, err)
	}
	if o.count > 0 {
		answers = answers[:min(o.count, len(answers))]
	}
	return reward.Samples(ctx, session, o.questions.Dataset, answers)
}

// ask has the model answer questions.
func (o *trainRewardCheckOptions) ask(ctx context.Context, session *lake.Session) ([]reward.Sample, error) {
	questions, err := o.questions.Read(ctx, session)
	if err != nil {
		return nil, err
	}
	m, err := o.model.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	samples := make([]reward.Sample, len(questions.All))
	asked := make([]eval.Conversation, len(questions.All))
	for i, q := range questions.All {
		samples[i], asked[i].ID = q.Sample, q.ExampleID
		for _, message := range q.Messages {
			asked[i].Messages = append(asked[i].Messages, lm.Message(message))
		}
	}
	err = eval.Ask(ctx, m, asked, o.generate, func(i int, r eval.Reply) {
		samples[i].Prompt, samples[i].Completion = r.Prompt, r.Text
	})
	return samples, err
}

// printRewards prints what each answer is worth, and for people what they come
// to. Other programs get whole answers and all digits.
func (t *terminal) printRewards(format string, samples []reward.Sample, scores []reward.Score) error {
	summary := reward.Summarise(scores)
	if summary.Failed == len(scores) {
		t.remark("warning: not one of %d answers could be read", len(scores))
	}
	if format != "" {
		t.remark("%d answers: mean reward %.4f; %d could not be read", len(scores), summary.Figures[0].Mean, summary.Failed)
		return t.printRows(format, rewardGrid(samples, scores, func(text string) string { return text }))
	}
	table := rewardGrid(samples, scores, shorten)
	for _, row := range table.rows {
		for i, v := range row {
			row[i] = brief(v)
		}
	}
	if err := t.printRows("table", table); err != nil {
		return err
	}
	return t.printRewardSummary(summary)
}

// rewardGrid has a row for each answer.
func rewardGrid(samples []reward.Sample, scores []reward.Score, show func(string) string) *grid {
	columns := []string{"example_id", "completion", "reward"}
	for _, p := range scores[0].Parts {
		columns = append(columns, p.Name)
	}
	g := newGrid(append(columns, "failed")...)
	for i, s := range scores {
		row := []any{samples[i].ExampleID, show(samples[i].Completion), s.Reward}
		for _, p := range s.Parts {
			row = append(row, p.Value)
		}
		g.add(append(row, s.Failed)...)
	}
	return g
}

// shownCompletion is how many characters of an answer a table shows.
const shownCompletion = 60

// shorten cuts an answer for a table.
func shorten(text string) string {
	runes := []rune(visible(text))
	if len(runes) <= shownCompletion {
		return string(runes)
	}
	return string(runes[:shownCompletion]) + "…"
}

// printRewardSummary prints means and what couldn't be read.
func (t *terminal) printRewardSummary(s reward.Summary) error {
	means := newGrid("part", "mean", "least", "most", "unreadable")
	for _, f := range s.Figures {
		means.add(f.Name, brief(f.Mean), brief(f.Least), brief(f.Most), f.Failed)
	}
	if err := printSection(t.out, "means", means); err != nil || s.Failed == 0 {
		return err
	}
	reasons := newGrid("why", "answers")
	for _, f := range s.Failures {
		reasons.add(f.Why, f.Answers)
	}
	return printSection(t.out, "answers that could not be read", reasons)
}
