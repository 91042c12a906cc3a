package train

import (
	"time"

	"alignctl/lake"
)

// A RunRow is a row of train.runs: a training run and everything it depended
// on. One that ran elsewhere has the id of the run that imported its result.
type RunRow struct {
	RunID           string     `parquet:"run_id,id(1)" doc:"the run, as in meta.runs"`
	Method          string     `parquet:"method,id(2)" doc:"sft or dpo, and what was trained: sft-lora, sft-full"`
	BasePath        string     `parquet:"base_path,id(3)" doc:"folder of the model that training started from"`
	BaseSHA256      string     `parquet:"base_sha256,id(4)" doc:"sha256 over that folder's weights"`
	Dataset         string     `parquet:"dataset,id(5)" doc:"table that it was trained on"`
	DatasetSnapshot string     `parquet:"dataset_snapshot,id(6)" doc:"snapshot of that table"`
	DatasetDigest   string     `parquet:"dataset_digest,id(7)" doc:"content digest of that snapshot"`
	Template        string     `parquet:"template,id(8)" doc:"chat template: name, or sha256 of its text"`
	Config          string     `parquet:"config,id(9)" doc:"all options, JSON"`
	Seed            int64      `parquet:"seed,id(10)" doc:"seed of the order of examples and of new weights"`
	Backend         string     `parquet:"backend,id(11)" doc:"GoMLX backend that ran it; of a declared run the trainer, as in train.jobs"`
	Version         string     `parquet:"version,id(12)" doc:"alignctl's version"`
	StartedAt       time.Time  `parquet:"started_at,id(13),timestamp(microsecond)" doc:"UTC; of a declared run when it was imported"`
	EndedAt         *time.Time `parquet:"ended_at,optional,id(14),timestamp(microsecond)" doc:"UTC; null while running"`
	Status          string     `parquet:"status,id(15)" doc:"running, done, interrupted or failed; or declared: it ran elsewhere, and nothing proves that it did"`
	Steps           int64      `parquet:"steps,id(16)" unit:"count" doc:"optimizer steps done"`
	Examples        *int64     `parquet:"examples,optional,id(17)" unit:"count" doc:"examples seen, repeats counted; null, as are the next four, where a declared run doesn't say"`
	Tokens          *int64     `parquet:"tokens,optional,id(18)" unit:"token" doc:"tokens seen, padding not counted"`
	TrainedTokens   *int64     `parquet:"trained_tokens,optional,id(19)" unit:"token" doc:"tokens that the loss counted"`
	Seconds         *float64   `parquet:"seconds,optional,id(20)" unit:"second" doc:"time spent in steps, compilation included; of a declared run all that its trainer spent"`
	TokensPerSecond *float64   `parquet:"tokens_per_second,optional,id(21)" unit:"token/s" doc:"tokens / seconds"`
	BestStep        *int64     `parquet:"best_step,optional,id(22)" unit:"count" doc:"optimizer step with the lowest dev loss; null without one"`
	BestEvalLoss    *float64   `parquet:"best_eval_loss,optional,id(23)" unit:"nat" doc:"dev loss after that step, per labelled token or pair; of PPO and GRPO minus the held-out reward"`
	SavedStep       *int64     `parquet:"saved_step,optional,id(24)" unit:"count" doc:"optimizer step whose weights are the result; null while there is none"`
	EarlyStop       *bool      `parquet:"early_stop,optional,id(25)" doc:"it ended because the dev loss stopped falling (--patience)"`
	Resumed         *string    `parquet:"resumed,optional,id(26)" doc:"the runs of meta.runs that went on with it, each with the step after which: RUN@STEP, comma-separated; null for none"`
	DeclaredBy      *string    `parquet:"declared_by,optional,id(27)" doc:"who says that it ran elsewhere; null: the lake ran it"`
}

// A StepRow is a row of train.steps: one metric of one optimizer step, under
// the name that TRL gives it.
type StepRow struct {
	RunID  string  `parquet:"run_id,id(1)" doc:"the run"`
	Step   int64   `parquet:"step,id(2)" unit:"count" doc:"step, counted from 1: an optimizer step, or in PPO and GRPO a round of answers; 0: before training"`
	Metric string  `parquet:"metric,id(3)" doc:"loss, grad_norm, learning_rate, num_tokens, tokens_per_second, data_wait_share, eval_loss, eval_p_at_5; of DPO also rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen, logps/rejected, and each of these as eval_rewards/chosen and so on; of PPO and GRPO objective/kl, objective/scores, policy/approxkl_avg and the like, and eval_reward; of a declared run what else its trainer wrote down"`
	Value  float64 `parquet:"value,id(4)" doc:"the metric's value"`
}

// A ModelRow is a row of train.models: something that a run saved or imported.
type ModelRow struct {
	ModelID         string `parquet:"model_id,id(1)" doc:"short name: first 16 hex digits of sha256"`
	RunID           string `parquet:"run_id,id(2)" doc:"the run that made it"`
	Kind            string `parquet:"kind,id(3)" doc:"adapter, merged or base"`
	Path            string `parquet:"path,id(4)" doc:"its folder"`
	SHA256          string `parquet:"sha256,id(5)" doc:"sha256 over the folder's weights"`
	BaseSHA256      string `parquet:"base_sha256,id(6)" doc:"sha256 of the model that it starts from; empty: an imported one"`
	Method          string `parquet:"method,id(7)" doc:"as in train.runs, or merge or import"`
	Dataset         string `parquet:"dataset,id(8)" doc:"table that it was trained on; empty: none here"`
	DatasetSnapshot string `parquet:"dataset_snapshot,id(9)" doc:"snapshot of that table"`
	ParentSHA256    string `parquet:"parent_sha256,id(10)" doc:"sha256 of the adapter that training went on from, or of those merged"`
	DeclaredBy      string `parquet:"declared_by,id(11)" doc:"who says what an imported model is; empty: a run of the lake made it"`
	JobID           string `parquet:"job_id,id(12)" doc:"job of train.jobs by which declared_by says that it was trained elsewhere; empty: none"`
}

// A JobRow is a row of train.jobs: a training that was handed over to another
// trainer. What came of it is a row of train.models, once somebody imports it.
type JobRow struct {
	JobID           string `parquet:"job_id,id(1)" doc:"the run that handed it over, as in meta.runs"`
	Trainer         string `parquet:"trainer,id(2)" doc:"trainer that it was written for, such as trl"`
	Method          string `parquet:"method,id(3)" doc:"as in train.runs"`
	BasePath        string `parquet:"base_path,id(4)" doc:"folder of the model to start from"`
	BaseSHA256      string `parquet:"base_sha256,id(5)" doc:"sha256 over that folder's weights"`
	ParentSHA256    string `parquet:"parent_sha256,id(6)" doc:"sha256 of the adapter to go on from; empty: none"`
	Dataset         string `parquet:"dataset,id(7)" doc:"table to train on"`
	DatasetSnapshot string `parquet:"dataset_snapshot,id(8)" doc:"snapshot of that table"`
	DatasetDigest   string `parquet:"dataset_digest,id(9)" doc:"content digest of that snapshot"`
	Template        string `parquet:"template,id(10)" doc:"ids of the prompt templates, comma-separated"`
	Config          string `parquet:"config,id(11)" doc:"all options, JSON, as in train.runs"`
	Steps           int64  `parquet:"steps,id(12)" unit:"count" doc:"optimizer steps that the options come to"`
	Path            string `parquet:"path,id(13)" doc:"folder that was written"`
	Version         string `parquet:"version,id(14)" doc:"alignctl's version"`
}

// RunsSpec declares train.runs.
func RunsSpec() lake.Spec {
	return lake.SpecOf[RunRow](lake.Spec{Name: "train.runs", Doc: "a training run and all that it depended on",
		Key: []string{"run_id"}, Scope: "run_id", Licence: lake.OpenData})
}

// StepsSpec declares train.steps.
func StepsSpec() lake.Spec {
	return lake.SpecOf[StepRow](lake.Spec{Name: "train.steps", Doc: "a metric of an optimizer step",
		Key: []string{"run_id", "step", "metric"}, Scope: "run_id", Licence: lake.OpenData})
}

// ModelsSpec declares train.models.
func ModelsSpec() lake.Spec {
	return lake.SpecOf[ModelRow](lake.Spec{Name: "train.models", Doc: "an adapter or model that a run saved or imported",
		Key: []string{"run_id", "path"}, Scope: "run_id", Licence: lake.OpenData})
}

// JobsSpec declares train.jobs.
func JobsSpec() lake.Spec {
	return lake.SpecOf[JobRow](lake.Spec{Name: "train.jobs", Doc: "a training handed over to another trainer",
		Key: []string{"job_id"}, Scope: "job_id", Licence: lake.OpenData})
}

// Specs are the tables that training writes.
func Specs() []lake.Spec {
	return []lake.Spec{RunsSpec(), StepsSpec(), ModelsSpec(), JobsSpec(), ReferenceSpec(), PreferencesSpec(), SamplesSpec()}
}
