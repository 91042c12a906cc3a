package wvs

import (
	"alignctl/eval"
	"alignctl/lake"
)

// Suite is the name of this evaluation in eval.runs and eval.scorings.
const Suite = eval.Survey

// Specs are the tables that this package writes, besides those of package eval.
func Specs() []lake.Spec { return []lake.Spec{ReadoutsTable} }

// A ReadoutRow is a row of eval.readouts.
type ReadoutRow struct {
	RunID        string   `parquet:"run_id,id(1)" doc:"the run that asked"`
	ItemID       string   `parquet:"item_id,id(2)" doc:"the question"`
	Variant      string   `parquet:"variant,id(3)" doc:"id of the prompt template, as in eval.samples"`
	Sample       int32    `parquet:"sample,id(4)" doc:"number of the order, and of the draw, as in eval.samples"`
	Code         int32    `parquet:"code,id(5)" doc:"the option, as in core.wvs_option"`
	Place        int32    `parquet:"place,id(6)" doc:"where it was shown, from 1"`
	Key          string   `parquet:"key,id(7)" doc:"the letter or number before it; empty: none"`
	Label        string   `parquet:"label,id(8)" doc:"its words"`
	LogProb      *float64 `parquet:"logprob,optional,id(9)" unit:"nat" doc:"log-probability that the model answers so (by the key where there is one, else by the words), less that it goes on as a longer answer; null where it was asked to write, or a server didn't tell"`
	FirstLogProb *float64 `parquet:"first_logprob,optional,id(10)" unit:"nat" doc:"log-probability of the answer's first token; null likewise"`
	Tokens       int32    `parquet:"tokens,id(11)" unit:"token" doc:"of the answer; 0 where the model was asked to write"`
	Characters   int32    `parquet:"characters,id(12)" unit:"count" doc:"of the answer"`
}

// ReadoutsTable is eval.readouts.
var ReadoutsTable = lake.SpecOf[ReadoutRow](lake.Spec{
	Name:    "eval.readouts",
	Doc:     "an option as a model was shown it, and how likely the model found it",
	Key:     []string{"run_id", "item_id", "variant", "sample", "code"},
	Scope:   "run_id",
	Licence: lake.NoRedistribution,
})
