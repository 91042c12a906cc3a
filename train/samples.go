package train

import "alignctl/lake"

// A SampleRow is a row of train.samples: an answer that a policy gave in
// training, with what it was worth.
type SampleRow struct {
	RunID      string       `parquet:"run_id,id(1)" doc:"the run"`
	Step       int64        `parquet:"step,id(2)" unit:"count" doc:"step whose policy gave the answer; of split dev the policy after the step, 0 being before training"`
	Split      string       `parquet:"split,id(3)" doc:"train: one of the answers learnt from; dev: an answer to a held-out question, of which all are here"`
	ExampleID  string       `parquet:"example_id,id(4)" doc:"the question, as in the run's data set"`
	Draw       int64        `parquet:"draw,id(5)" unit:"count" doc:"which of the step's answers to the question, from 0"`
	Language   string       `parquet:"language,id(6)" doc:"language of the cue; empty: the data set doesn't say"`
	Cue        string       `parquet:"cue,id(7)" doc:"the cue; empty: the data set has none"`
	Prompt     string       `parquet:"prompt,id(8)" doc:"what the model read"`
	Completion string       `parquet:"completion,id(9)" doc:"what it answered, without the token that ends it"`
	Reward     float64      `parquet:"reward,id(10)" doc:"weighted sum of the parts"`
	Parts      []RewardPart `parquet:"parts,id(11),list" parquet-element:",id(12)" doc:"the parts of the reward, without their weights"`
	Failed     string       `parquet:"failed,id(15)" doc:"why the answer couldn't be read; empty: it could"`
	KL         *float64     `parquet:"kl,optional,id(16)" unit:"nat" doc:"log-probability of the answer under the policy minus that under the reference; null in split dev"`
	Entropy    *float64     `parquet:"entropy,optional,id(17)" unit:"nat" doc:"of the policy's distribution, mean over the answer's tokens; null in split dev"`
	Tokens     int64        `parquet:"tokens,id(18)" unit:"token" doc:"tokens of the answer, that which ends it included"`
	Finish     string       `parquet:"finish,id(19)" doc:"stop: the model ended the answer; length: the limit did"`
}

// A RewardPart is the value of a part of a reward.
type RewardPart struct {
	Name  string  `parquet:"name,id(13)" doc:"the part"`
	Value float64 `parquet:"value,id(14)" doc:"its value"`
}

// SamplesSpec declares train.samples.
func SamplesSpec() lake.Spec {
	return lake.SpecOf[SampleRow](lake.Spec{Name: "train.samples", Doc: "an answer that a policy gave while it was trained",
		Key: []string{"run_id", "step", "split", "example_id", "draw"}, Scope: "run_id", Licence: lake.NoRedistribution})
}

// row is a rollout as a row.
func (r *rollout) row(run, split string, step int) SampleRow {
	q := r.question.sample
	row := SampleRow{RunID: run, Step: int64(step), Split: split, ExampleID: q.ExampleID, Draw: int64(r.draw),
		Language: q.Language, Cue: q.Cue, Prompt: q.Prompt, Completion: r.text, Reward: r.score.Reward,
		Failed: r.score.Failed, Tokens: int64(len(r.tokens)), Finish: r.finish}
	for _, part := range r.score.Parts {
		row.Parts = append(row.Parts, RewardPart{Name: part.Name, Value: part.Value})
	}
	if len(r.policy) > 0 {
		kl, entropy := total(r.policy)-total(r.reference), total(r.entropy)/float64(len(r.tokens))
		row.KL, row.Entropy = &kl, &entropy
	}
	return row
}
