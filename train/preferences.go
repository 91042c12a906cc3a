package train

import (
	"context"

	"alignctl/lake"
)

// A PreferenceRow is a row of train.preferences: how likely a policy found the
// two answers of a held-out pair. Log-probabilities are summed over an answer's
// tokens.
type PreferenceRow struct {
	RunID             string  `parquet:"run_id,id(1)" doc:"the run"`
	Step              int64   `parquet:"step,id(2)" unit:"count" doc:"the policy is that after this step; 0: before training, which is the reference"`
	ExampleID         string  `parquet:"example_id,id(3)" doc:"the pair, as in the run's data set"`
	Chosen            float64 `parquet:"chosen,id(4)" unit:"nat" doc:"log-probability of the chosen answer"`
	Rejected          float64 `parquet:"rejected,id(5)" unit:"nat" doc:"log-probability of the rejected answer"`
	ReferenceChosen   float64 `parquet:"reference_chosen,id(6)" unit:"nat" doc:"that of the chosen answer under the reference"`
	ReferenceRejected float64 `parquet:"reference_rejected,id(7)" unit:"nat" doc:"that of the rejected answer under the reference"`
}

// PreferencesSpec declares train.preferences.
func PreferencesSpec() lake.Spec {
	return lake.SpecOf[PreferenceRow](lake.Spec{Name: "train.preferences",
		Doc: "how likely a policy found the answers of a held-out pair while it was trained",
		Key: []string{"run_id", "step", "example_id"}, Scope: "run_id", Licence: lake.OpenData})
}

// evaluate measures the dev split, and keeps what the policy says of each pair.
func (d *dpo) evaluate(ctx context.Context) (evaluation, error) {
	policy := reference{}
	e, err := d.evaluateEach(func(b MicroBatch, s Sums) {
		for i, id := range b.Examples {
			policy[id] = answerLogProbs{float32(s.Each[2*i]), float32(s.Each[2*i+1])}
		}
	})
	if err != nil {
		return evaluation{}, err
	}
	return e, d.keepPreferences(ctx, d.stepper.updates, policy)
}

// keepPreferences adds a policy's log-probabilities of the dev split's pairs to
// train.preferences; they are published with the metrics.
func (d *dpo) keepPreferences(ctx context.Context, step int, policy reference) error {
	var rows []PreferenceRow
	for _, b := range d.dev {
		for _, id := range b.Examples {
			says, said := policy[id], d.reference[id]
			rows = append(rows, PreferenceRow{RunID: d.job.id, Step: int64(step), ExampleID: id,
				Chosen: float64(says.chosen), Rejected: float64(says.rejected),
				ReferenceChosen: float64(said.chosen), ReferenceRejected: float64(said.rejected)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := lake.WriteRows(ctx, d.job.run, PreferencesSpec(), d.job.id, rows)
	return err
}
