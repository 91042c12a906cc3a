package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/train"
)

func trainDPOCommand(t *terminal) *cli.Command {
	dpo := train.DefaultDPO()
	return newTrainRun(&dpo).trainCommand(t, "direct preference optimization: learn to prefer the chosen answer to the rejected one",
		"Trains on the pairs of split train, such as those of data.pairs, and measures on split dev how often the\n"+
			"chosen answer gained more on the model that training starts from than the rejected one:\n"+
			"eval_rewards/accuracies. What that model says of the pairs is computed once and kept in\n"+
			"train.reference. Pairs whose answers are equal, blank or cut to nothing are left out. "+trainDescription)
}

func dpoFlags(o *train.DPOOptions) []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "beta", Usage: "how much it costs to leave the model that training starts from", Value: o.Beta,
			Destination: &o.Beta},
		oneOf(&cli.StringFlag{Name: "loss", Usage: strings.Join(train.PreferenceLosses(), ", "), Value: o.Loss, Destination: &o.Loss}, train.PreferenceLosses()...),
		&cli.Float64Flag{Name: "label-smoothing", Usage: "of the sigmoid loss: share of the pairs taken to be the wrong way round",
			Value: o.LabelSmoothing, Destination: &o.LabelSmoothing},
		&cli.BoolFlag{Name: "length-normalized", Usage: "divide an answer's log-probability by its tokens",
			Value: o.LengthNormalized, Destination: &o.LengthNormalized},
	}
}
