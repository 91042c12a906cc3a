package main

import (
	"context"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/train"
	"alignctl/train/lm"
)

type modelMergeOptions struct {
	train.MergeOptions
	adapters repeated
	dtype    string
	format   string
}

// mergedTypes are the types of merged weights, by their names in a config.
var mergedTypes = map[string]lm.DType{"float32": lm.F32, "float16": lm.F16, "bfloat16": lm.BF16}

func modelMergeCommand(t *terminal) *cli.Command {
	var o modelMergeOptions
	return checked(&cli.Command{
		Name:  "merge",
		Usage: "fold adapters into their base model: a whole Hugging Face folder",
		Description: "W + scale B A is computed in float32 and rounded to --dtype. Several adapters of one base are added in\n" +
			"the order given. The result is recorded in train.models, and traces back to base and adapters.",
		Flags: t.flags(
			&cli.StringFlag{Name: "model", Usage: "`FOLDER` of the base model", Destination: &o.Model},
			&cli.GenericFlag{Name: "adapter", Usage: "`FOLDER` of an adapter in PEFT's layout; once for each", Value: &o.adapters},
			oneOf(&cli.StringFlag{Name: "dtype", Usage: "float32, bfloat16 or float16", Value: "float32", Destination: &o.dtype}, slices.Sorted(maps.Keys(mergedTypes))...),
			outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			o.Out = c.Args().First()
			if err := o.complete(); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				row, err := train.MergeModel(ctx, l, o.MergeOptions, t.runInfo())
				if err != nil {
					return err
				}
				return t.printRows(o.format, recordedGrid(row))
			})
		},
	}, oneArgument("OUT"))
}

// complete turns what the flags say into options.
func (o *modelMergeOptions) complete() error {
	o.Adapters = o.adapters
	if o.Model == "" || len(o.Adapters) == 0 {
		return usagef("model merge: needs --model FOLDER and --adapter FOLDER")
	}
	dtype, ok := mergedTypes[o.dtype]
	if !ok {
		return usagef("unknown type %q%s", o.dtype, nearest.Hint(o.dtype, slices.Sorted(maps.Keys(mergedTypes))))
	}
	o.DType = dtype
	return nil
}
