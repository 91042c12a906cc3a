package eval

import (
	"time"

	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec { return []lake.Spec{RunsTable, SamplesTable, ScoresTable, MetricsTable} }

// A RunRow is a row of eval.runs.
type RunRow struct {
	RunID           string    `parquet:"run_id,id(1)" doc:"the run that asked"`
	Suite           string    `parquet:"suite,id(2)" doc:"what was asked for: associations"`
	ModelPath       string    `parquet:"model_path,id(3)" doc:"folder of the model, as given"`
	AdapterPath     *string   `parquet:"adapter_path,optional,id(4)" doc:"folder of the adapter, as given; null for none"`
	ModelSHA256     string    `parquet:"model_sha256,id(5)" doc:"digest of the model's files"`
	AdapterSHA256   *string   `parquet:"adapter_sha256,optional,id(6)" doc:"digest of the adapter's files; null for none"`
	Dataset         string    `parquet:"dataset,id(7)" doc:"table that the prompts come from"`
	DatasetSnapshot string    `parquet:"dataset_snapshot,id(8)" doc:"its snapshot"`
	Split           string    `parquet:"split,id(9)" doc:"split of the cues: on train, the answers may be learnt by heart"`
	Decoding        string    `parquet:"decoding,id(10)" doc:"how tokens were chosen, as JSON"`
	Seed            int64     `parquet:"seed,id(11)" doc:"seed of the draws; without effect where decoding is greedy"`
	Backend         string    `parquet:"backend,id(12)" doc:"what computed"`
	Version         string    `parquet:"version,id(13)" doc:"version of alignctl"`
	StartedAt       time.Time `parquet:"started_at,timestamp(microsecond),id(14)" doc:"start, UTC"`
	EndedAt         time.Time `parquet:"ended_at,timestamp(microsecond),id(15)" doc:"end, UTC"`
	Status          string    `parquet:"status,id(16)" doc:"done, or interrupted with the answers so far"`
	Items           int64     `parquet:"items,id(17)" unit:"count" doc:"answers"`
	Tokens          int64     `parquet:"tokens,id(18)" unit:"token" doc:"tokens generated"`
	Seconds         float64   `parquet:"seconds,id(19)" unit:"second" doc:"time spent generating"`
}

// RunsTable is eval.runs.
var RunsTable = lake.SpecOf[RunRow](lake.Spec{
	Name:    "eval.runs",
	Doc:     "a model asked about the cues of a data set",
	Key:     []string{"run_id"},
	Scope:   "run_id",
	Licence: lake.OpenData,
})

// A SampleRow is a row of eval.samples.
type SampleRow struct {
	RunID    string    `parquet:"run_id,id(1)" doc:"the run that asked"`
	ItemID   string    `parquet:"item_id,id(2)" doc:"example_id in the data set"`
	Sample   int32     `parquet:"sample,id(3)" doc:"0, 1, ... where an item is asked more than once"`
	Language string    `parquet:"language,id(4)" doc:"language of the cue"`
	Cue      string    `parquet:"cue,id(5)" doc:"the cue"`
	Split    string    `parquet:"split,id(6)" doc:"split of the cue"`
	Prompt   string    `parquet:"prompt,id(7)" doc:"the text that the model saw, chat template and all"`
	Output   string    `parquet:"output,id(8)" doc:"the text that it gave, without control tokens"`
	TokenIDs []int32   `parquet:"token_ids,id(9),list" parquet-element:",id(12)" doc:"the tokens that it gave"`
	LogProbs []float64 `parquet:"logprobs,id(10),list" parquet-element:",id(13)" doc:"their natural log-probabilities"`
	Finish   string    `parquet:"finish,id(11)" doc:"stop, or length where the limit on tokens cut the answer"`
}

// SamplesTable is eval.samples.
var SamplesTable = lake.SpecOf[SampleRow](lake.Spec{
	Name:    "eval.samples",
	Doc:     "a model's answer to an item",
	Key:     []string{"run_id", "item_id", "sample"},
	Scope:   "run_id",
	Licence: lake.NoRedistribution,
})

// A ScoreRow is a row of eval.scores.
type ScoreRow struct {
	RunID       string  `parquet:"run_id,id(1)" doc:"the run that asked"`
	Language    string  `parquet:"language,id(2)" doc:"language of the cue"`
	Cue         string  `parquet:"cue,id(3)" doc:"the cue"`
	Metric      string  `parquet:"metric,id(4)" doc:"name of the metric"`
	Value       float64 `parquet:"value,id(5)" doc:"the cue's value; no row where it is undefined"`
	ParseStatus string  `parquet:"parse_status,id(6)" doc:"ok, empty or unparsable"`
}

// ScoresTable is eval.scores.
var ScoresTable = lake.SpecOf[ScoreRow](lake.Spec{
	Name:    "eval.scores",
	Doc:     "a run's score on a cue by one metric",
	Key:     []string{"run_id", "cue", "metric"},
	Scope:   "run_id",
	Licence: lake.NoRedistribution,
})

// A MetricRow is a row of eval.metrics.
type MetricRow struct {
	RunID   string   `parquet:"run_id,id(1)" doc:"the run that asked"`
	Metric  string   `parquet:"metric,id(2)" doc:"name of the metric"`
	Against string   `parquet:"against,id(3)" doc:"empty: the run's own figure; else value is run_id's minus this run's"`
	Value   float64  `parquet:"value,id(4)" doc:"mean over cues; for cues_without_gold their number"`
	StdErr  *float64 `parquet:"stderr,optional,id(5)" doc:"standard error of the mean; null for a count"`
	CILow   *float64 `parquet:"ci_low,optional,id(6)" doc:"lower end of the interval; null for a count"`
	CIHigh  *float64 `parquet:"ci_high,optional,id(7)" doc:"upper end of the interval; null for a count"`
	PValue  *float64 `parquet:"p_value,optional,id(8)" doc:"two-sided, that the difference is 0; null without against"`
	N       int64    `parquet:"n,id(9)" unit:"count" doc:"cues that the value rests on"`
	Method  string   `parquet:"method,id(10)" doc:"people, split, statistic and interval"`
	Seed    int64    `parquet:"seed,id(11)" doc:"seed of the resampling"`
}

// MetricsTable is eval.metrics.
var MetricsTable = lake.SpecOf[MetricRow](lake.Spec{
	Name:    "eval.metrics",
	Doc:     "a figure of a run, or the difference of two runs on the same cues",
	Key:     []string{"run_id", "metric", "against"},
	Scope:   "run_id",
	Licence: lake.OpenData,
})
