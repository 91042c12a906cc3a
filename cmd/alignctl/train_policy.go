package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/train"
	"alignctl/train/rl"
)

func trainPPOCommand(t *terminal) *cli.Command {
	ppo := train.DefaultPPO()
	return newTrainRun(&ppo).trainCommand(t, "proximal policy optimization: learn from what a reward gives the model's own answers",
		"In each step the model answers questions of split train, a reward scores the answers (see alignctl\n"+
			"train reward-check), and the model learns from them, held to what it was at the start by a penalty\n"+
			"on their KL divergence. A sample of the answers is in train.samples, and all those to questions of\n"+
			"split dev, which are asked before the first step and at each evaluation. "+trainDescription)
}

func trainGRPOCommand(t *terminal) *cli.Command {
	grpo := train.DefaultGRPO()
	return newTrainRun(&grpo).trainCommand(t, "group relative policy optimization: learn from how answers to one question compare",
		"As train ppo, but that each question gets several answers, and what an answer is worth is how much\n"+
			"better its reward is than the others': there is no value head to train. "+trainDescription)
}

var ppoPresets = map[string]map[string]string{
	// The study's: rollouts of 64, two updates of 32.
	"study": {
		"method": "lora", "lora-r": "64", "lora-alpha": "256", "lora-target": "q_proj,v_proj", "precision": "bf16",
		"lr": "5e-7", "value-lr": "9e-6", "schedule": "constant", "warmup": "0", "epochs": "1", "kl-coef": "0.1",
		"kl-estimator": "k1", "rollouts": "64", "batch": "8", "accumulate": "4", "updates": "1", "lambda": "0.95", "gamma": "1",
		"cliprange": "0.2", "cliprange-value": "0.2", "max-tokens": "2048", "max-new-tokens": "1024", "temperature": "1",
	},
	// A model of about 135 million weights on two cores, in about an hour.
	"small": {
		"method": "lora", "lora-r": "8", "lora-alpha": "16", "lora-target": "q_proj,v_proj", "lr": "2e-4", "value-lr": "1e-3",
		"schedule": "constant", "warmup": "0", "max-steps": "40", "kl-coef": "0.05", "rollouts": "32", "batch": "8",
		"accumulate": "2", "max-tokens": "256", "max-new-tokens": "64", "eval-every": "10", "eval-examples": "32",
	},
}

var grpoPresets = map[string]map[string]string{
	// The study's model and answers, which it trained by PPO.
	"study": {
		"method": "lora", "lora-r": "64", "lora-alpha": "256", "lora-target": "q_proj,v_proj", "precision": "bf16",
		"lr": "5e-7", "schedule": "constant", "warmup": "0", "epochs": "1", "kl-coef": "0.1", "rollouts": "64", "batch": "8",
		"accumulate": "4", "group": "8", "max-tokens": "2048", "max-new-tokens": "1024", "temperature": "1",
	},
	// A model of about 135 million weights on two cores, in about an hour.
	"small": {
		"method": "lora", "lora-r": "8", "lora-alpha": "16", "lora-target": "q_proj,v_proj", "lr": "2e-4",
		"schedule": "constant", "warmup": "0", "max-steps": "40", "kl-coef": "0.02", "rollouts": "32", "batch": "8",
		"accumulate": "2", "group": "8", "max-tokens": "256", "max-new-tokens": "64", "eval-every": "10", "eval-examples": "32",
	},
}

// policyFlags are the settings that PPO and GRPO share.
func policyFlags(o *train.PolicyOptions) []cli.Flag {
	return slices.Concat(rewardFlags(&o.Reward), rolloutFlags(o), limitFlags(&o.Limits))
}

func rolloutFlags(o *train.PolicyOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rollouts", Usage: "answers in a step", Value: o.Rollouts, Destination: &o.Rollouts},
		&cli.IntFlag{Name: "updates", Usage: "times that a step's answers are learnt from, by optimizer steps over batch x accumulate of them",
			Value: o.Updates, Destination: &o.Updates},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "tokens of an answer at most; questions that leave no room for it in --max-tokens are left out",
			Value: o.MaxNewTokens, Destination: &o.MaxNewTokens},
		&cli.Float64Flag{Name: "temperature", Usage: "of the draws", Value: o.Temperature, Destination: &o.Temperature},
		&cli.IntFlag{Name: "lanes", Usage: "answers drawn side by side", Value: o.Lanes, Destination: &o.Lanes},
		&cli.Float64Flag{Name: "cliprange", Usage: "how far from 1 the ratio of new to old probability counts", Value: o.ClipRange,
			Destination: &o.ClipRange},
		&cli.Float64Flag{Name: "kl-coef", Usage: "penalty for a nat of divergence from the model at the start", Value: o.KLCoef,
			Destination: &o.KLCoef},
		&cli.Float64Flag{Name: "entropy-coef", Usage: "bonus for a nat of entropy a token", Value: o.EntropyCoef, Destination: &o.EntropyCoef},
		&cli.Float64Flag{Name: "target-kl", Usage: "end a step's updates when answers are that many nats a token from the policy that drew them (0: don't)",
			Value: o.TargetKL, Destination: &o.TargetKL},
		&cli.Float64Flag{Name: "eos-penalty", Usage: "taken from the reward of an answer without an end", Value: o.EOSPenalty,
			Destination: &o.EOSPenalty},
		&cli.IntFlag{Name: "sample-every", Usage: "steps between those whose answers are kept in train.samples (0: none)",
			Value: o.SampleEvery, Destination: &o.SampleEvery},
		&cli.IntFlag{Name: "samples", Usage: "answers of such a step", Value: o.Samples, Destination: &o.Samples},
	}
}

func limitFlags(o *train.Limits) []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "kl-limit", Usage: "stop when answers are that many nats from the model at the start (0: don't)",
			Value: o.KL, Destination: &o.KL},
		&cli.Float64Flag{Name: "ratio-limit", Usage: "stop when answers become that many times as probable in an update (0: don't)",
			Value: o.Ratio, Destination: &o.Ratio},
		&cli.IntFlag{Name: "unread-steps", Usage: "stop after so many steps on end in which no answer could be read (0: don't)",
			Value: o.Unread, Destination: &o.Unread},
		oneOf(&cli.StringFlag{Name: "collapse", Usage: "what to do when answers collapse, for 3 steps on end: stop, warn or off",
			Value: o.Collapse, Destination: &o.Collapse}, "stop", "warn", "off"),
		&cli.Float64Flag{Name: "entropy-limit", Usage: "collapse: fewer nats a token", Value: o.Entropy, Destination: &o.Entropy},
		&cli.Float64Flag{Name: "repeat-limit", Usage: "collapse: a larger share of answers that another question got, too",
			Value: o.Repeats, Destination: &o.Repeats},
		&cli.Float64Flag{Name: "shortest-limit", Usage: "collapse: fewer tokens an answer", Value: o.Length, Destination: &o.Length},
	}
}

func ppoFlags(o *train.PPOOptions) []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "gamma", Usage: "discount of later rewards", Value: o.Gamma, Destination: &o.Gamma},
		&cli.Float64Flag{Name: "lambda", Usage: "of generalized advantage estimation", Value: o.Lambda, Destination: &o.Lambda},
		&cli.BoolFlag{Name: "whiten", Usage: "bring advantages to mean 0 and variance 1", Value: o.Whiten, Destination: &o.Whiten},
		oneOf(&cli.StringFlag{Name: "kl-estimator", Usage: strings.Join(rl.Estimators, " or ") + ": of the divergence in the rewards",
			Value: o.KLEstimator, Destination: &o.KLEstimator}, rl.Estimators...),
		&cli.Float64Flag{Name: "kl-target", Usage: "nats an answer to move --kl-coef by (0: it is fixed)", Value: o.KLTarget,
			Destination: &o.KLTarget},
		&cli.Float64Flag{Name: "kl-horizon", Usage: "answers in which --kl-target moves it", Value: o.KLHorizon, Destination: &o.KLHorizon},
		&cli.Float64Flag{Name: "vf-coef", Usage: "weight of the value head's loss", Value: o.ValueCoef, Destination: &o.ValueCoef},
		&cli.Float64Flag{Name: "cliprange-value", Usage: "how far a value may move from the old one", Value: o.ValueClip,
			Destination: &o.ValueClip},
		&cli.Float64Flag{Name: "value-lr", Usage: "learning rate of the value head at its peak", Value: o.ValueLR, Destination: &o.ValueLR},
		&cli.IntFlag{Name: "value-warmup", Usage: "steps in which the value head alone learns", Value: o.ValueWarmup,
			Destination: &o.ValueWarmup},
		&cli.BoolFlag{Name: "scale-scores", Usage: "divide rewards by their running standard deviation", Value: o.ScaleScores,
			Destination: &o.ScaleScores},
		&cli.Float64Flag{Name: "score-clip", Usage: "move rewards further from 0 there (0: don't)", Value: o.ScoreClip,
			Destination: &o.ScoreClip},
	}
}

func grpoFlags(o *train.GRPOOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "group", Usage: "answers to a question", Value: o.Group, Destination: &o.Group},
		&cli.BoolFlag{Name: "scale-groups", Usage: "divide by the standard deviation of the group's rewards", Value: o.ScaleGroups,
			Destination: &o.ScaleGroups},
		&cli.Float64Flag{Name: "cliprange-high", Usage: "above 1, where it isn't --cliprange (0: it is)", Value: o.ClipHigh,
			Destination: &o.ClipHigh},
		oneOf(&cli.StringFlag{Name: "loss", Usage: "what weighs the same: each " + train.LossByToken + ", or each " + train.LossByAnswer,
			Value: o.Loss, Destination: &o.Loss}, train.LossByToken, train.LossByAnswer),
	}
}
