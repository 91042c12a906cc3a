package eval

import (
	"time"

	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec {
	return []lake.Spec{RunsTable, SamplesTable, ScoringsTable, ScoresTable, MetricsTable}
}

// A RunRow is a row of eval.runs.
type RunRow struct {
	RunID           string    `parquet:"run_id,id(1)" doc:"the run that asked"`
	Suite           string    `parquet:"suite,id(2)" doc:"what was asked for: associations or wvs"`
	Kind            string    `parquet:"kind,id(3)" doc:"who answered: local (a model's folder), endpoint (a server) or answers (a file of them)"`
	ModelPath       string    `parquet:"model_path,id(4)" doc:"folder of the model, as given; empty where the answers come from elsewhere"`
	AdapterPath     *string   `parquet:"adapter_path,optional,id(5)" doc:"folder of the adapter, as given; null for none"`
	ModelSHA256     string    `parquet:"model_sha256,id(6)" doc:"digest of the model's files; empty where the answers come from elsewhere"`
	AdapterSHA256   *string   `parquet:"adapter_sha256,optional,id(7)" doc:"digest of the adapter's files; null for none"`
	Endpoint        *string   `parquet:"endpoint,optional,id(8)" doc:"address of the server, without user or key; null where none was asked"`
	ServedModel     *string   `parquet:"served_model,optional,id(9)" doc:"name of the model at the server, or as given with a file of answers; null of a folder"`
	Dataset         string    `parquet:"dataset,id(10)" doc:"table that the prompts come from"`
	DatasetSnapshot string    `parquet:"dataset_snapshot,id(11)" doc:"its snapshot"`
	Split           string    `parquet:"split,id(12)" doc:"split of the cues: on train, the answers may be learnt by heart"`
	Template        *string   `parquet:"template,optional,id(13)" doc:"id of the prompt template; null where the prompts name none or several"`
	Languages       []string  `parquet:"languages,id(14),list" parquet-element:",id(25)" doc:"languages of the prompts, in order"`
	Decoding        string    `parquet:"decoding,id(15)" doc:"how tokens were chosen, as JSON"`
	Seed            int64     `parquet:"seed,id(16)" doc:"seed of the draws; without effect where decoding is greedy"`
	Backend         string    `parquet:"backend,id(17)" doc:"what computed; empty where that isn't known"`
	Version         string    `parquet:"version,id(18)" doc:"version of alignctl"`
	StartedAt       time.Time `parquet:"started_at,timestamp(microsecond),id(19)" doc:"start, UTC"`
	EndedAt         time.Time `parquet:"ended_at,timestamp(microsecond),id(20)" doc:"end, UTC; while running, of the newest answer"`
	Status          string    `parquet:"status,id(21)" doc:"running, done, or interrupted with the answers so far"`
	Items           int64     `parquet:"items,id(22)" unit:"count" doc:"answers"`
	Tokens          int64     `parquet:"tokens,id(23)" unit:"token" doc:"tokens generated, as far as known"`
	Seconds         float64   `parquet:"seconds,id(24)" unit:"second" doc:"time spent generating"`
}

// The kinds of RunRow.
const (
	LocalKind    = "local"
	EndpointKind = "endpoint"
	AnswersKind  = "answers"
)

// RunsTable is eval.runs.
var RunsTable = lake.SpecOf[RunRow](lake.Spec{
	Name:    "eval.runs",
	Doc:     "a model asked about the items of a data set",
	Key:     []string{"run_id"},
	Scope:   "run_id",
	Licence: lake.OpenData,
})

// A SampleRow is a row of eval.samples.
type SampleRow struct {
	RunID       string    `parquet:"run_id,id(1)" doc:"the run that asked"`
	ItemID      string    `parquet:"item_id,id(2)" doc:"example_id in the data set; of a survey the question"`
	Sample      int32     `parquet:"sample,id(3)" doc:"0, 1, ... where an item is asked more than once, in other words or orders of options too"`
	Variant     string    `parquet:"variant,id(4)" doc:"wording or persona of a survey's question; empty for associations"`
	Language    string    `parquet:"language,id(5)" doc:"language of the prompt"`
	Cue         string    `parquet:"cue,id(6)" doc:"the cue; empty for a survey"`
	Split       string    `parquet:"split,id(7)" doc:"split of the cue; empty for a survey"`
	OptionOrder []int32   `parquet:"option_order,id(8),list" parquet-element:",id(14)" doc:"codes of a question's options in the order shown; empty for associations"`
	Prompt      string    `parquet:"prompt,id(9)" doc:"the text that the model saw, chat template and all; of a server the messages, JSON"`
	Output      string    `parquet:"output,id(10)" doc:"the text that it gave, without control tokens"`
	TokenIDs    []int32   `parquet:"token_ids,id(11),list" parquet-element:",id(15)" doc:"the tokens that it gave; empty where a server doesn't tell"`
	LogProbs    []float64 `parquet:"logprobs,id(12),list" parquet-element:",id(16)" doc:"their natural log-probabilities; empty where a server doesn't tell"`
	Finish      string    `parquet:"finish,id(13)" doc:"stop, or length where the limit on tokens cut the answer"`
}

// SamplesTable is eval.samples.
var SamplesTable = lake.SpecOf[SampleRow](lake.Spec{
	Name:    "eval.samples",
	Doc:     "a model's answer to an item",
	Key:     []string{"run_id", "item_id", "variant", "sample"},
	Scope:   "run_id",
	Licence: lake.NoRedistribution,
})

// A ScoringRow is a row of eval.scorings.
type ScoringRow struct {
	RunID      string    `parquet:"run_id,id(1)" doc:"the run whose answers were scored"`
	ScoringID  string    `parquet:"scoring_id,id(2)" doc:"first 12 hex digits of the SHA-256 of run_id, suite and options: the same again replaces its rows, other options add some"`
	Suite      string    `parquet:"suite,id(3)" doc:"what was measured: associations, norms, ranking or wvs"`
	Options    string    `parquet:"options,id(4)" doc:"all options, JSON"`
	Population string    `parquet:"population,id(5)" doc:"the people whom answers were held against: of core.strength, or countries"`
	Parser     string    `parquet:"parser,id(6)" doc:"how answers were read"`
	People     string    `parquet:"people,id(7)" doc:"tables of people's answers, each with its content digest, JSON"`
	CreatedAt  time.Time `parquet:"created_at,timestamp(microsecond),id(8)" doc:"when these scores were made, UTC; scoring again to the same scores doesn't change it"`
	Version    string    `parquet:"version,id(9)" doc:"version of alignctl"`
}

// ScoringsTable is eval.scorings.
var ScoringsTable = lake.SpecOf[ScoringRow](lake.Spec{
	Name:    "eval.scorings",
	Doc:     "one way in which a run was scored",
	Key:     []string{"run_id", "scoring_id"},
	Scope:   "run_id",
	Licence: lake.OpenData,
})

// A ScoreRow is a row of eval.scores.
type ScoreRow struct {
	RunID     string  `parquet:"run_id,id(1)" doc:"the run that asked"`
	ScoringID string  `parquet:"scoring_id,id(2)" doc:"how it was scored, as in eval.scorings"`
	ItemID    string  `parquet:"item_id,id(3)" doc:"as in eval.samples"`
	Metric    string  `parquet:"metric,id(4)" doc:"name of the metric"`
	Language  string  `parquet:"language,id(5)" doc:"language of the item"`
	Cue       *string `parquet:"cue,optional,id(6)" doc:"the cue; null for a survey"`
	Value     float64 `parquet:"value,id(7)" doc:"the item's value; no row where it is undefined"`
	Status    string  `parquet:"status,id(8)" doc:"what the answer was: ok, empty, refused or unparsable"`
}

// ScoresTable is eval.scores.
var ScoresTable = lake.SpecOf[ScoreRow](lake.Spec{
	Name:    "eval.scores",
	Doc:     "a scoring's value of an item by one metric",
	Key:     []string{"run_id", "scoring_id", "item_id", "metric"},
	Scope:   "run_id",
	Licence: lake.NoRedistribution,
})

// A MetricRow is a row of eval.metrics.
type MetricRow struct {
	RunID     string   `parquet:"run_id,id(1)" doc:"the run that asked"`
	ScoringID string   `parquet:"scoring_id,id(2)" doc:"how it was scored, as in eval.scorings"`
	Metric    string   `parquet:"metric,id(3)" doc:"name of the metric"`
	Slice     string   `parquet:"slice,id(4)" doc:"empty: the model's answers to all items; else the items, such as options=4, or who answered, such as answers=random"`
	Against   string   `parquet:"against,id(5)" doc:"empty: the scoring's own figure; else value is scoring_id's minus this scoring's"`
	Value     *float64 `parquet:"value,optional,id(6)" doc:"the figure, as method says; null where it is undefined"`
	StdErr    *float64 `parquet:"stderr,optional,id(7)" doc:"standard error of the value; null for a count, for one item, and where resampling doesn't move the value"`
	CILow     *float64 `parquet:"ci_low,optional,id(8)" doc:"lower end of the interval; null as stderr is"`
	CIHigh    *float64 `parquet:"ci_high,optional,id(9)" doc:"upper end of the interval; null as stderr is"`
	PValue    *float64 `parquet:"p_value,optional,id(10)" doc:"two-sided, that there is no difference; null without a test"`
	PHolm     *float64 `parquet:"p_holm,optional,id(11)" doc:"p_value corrected by Holm for the scoring's tests of its kind"`
	Effect    *float64 `parquet:"effect,optional,id(12)" doc:"effect size of the test, as method says"`
	MDE       *float64 `parquet:"mde,optional,id(13)" doc:"smallest difference that so many items find with power 0.8 at the interval's level"`
	N         int64    `parquet:"n,id(14)" unit:"count" doc:"items that the value rests on"`
	Method    string   `parquet:"method,id(15)" doc:"people, split, statistic, test and interval"`
	Seed      int64    `parquet:"seed,id(16)" doc:"seed of the resampling"`
}

// MetricsTable is eval.metrics.
var MetricsTable = lake.SpecOf[MetricRow](lake.Spec{
	Name:    "eval.metrics",
	Doc:     "a figure of a scoring, or the difference of two on the same items",
	Key:     []string{"run_id", "scoring_id", "metric", "slice", "against"},
	Scope:   "run_id",
	Licence: lake.OpenData,
})
