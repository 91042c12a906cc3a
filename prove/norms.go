package prove

import (
	"context"
	"encoding/json"
	"fmt"

	"alignctl/etl"
	"alignctl/etl/norms"
	"alignctl/lake"
)

// normsReplayer loads files of lexical norms.
type normsReplayer struct{}

// Made says whether etl/norms made the run.
func (normsReplayer) Made(run *lake.RunNode) bool {
	var c norms.Config
	return json.Unmarshal([]byte(run.Config), &c) == nil && c.Kind == norms.Kind && c.Set != nil
}

// Replay loads the files as swowReplayer does, by the mapping of then.
func (normsReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	var c norms.Config
	if err := json.Unmarshal([]byte(job.Run.Config), &c); err != nil {
		return Replayed{}, fmt.Errorf("read configuration of run %s: %w", job.Run.ID, err)
	}
	raw, replayed, err := job.rawFiles(ctx, "raw.norm", c.Source)
	if err != nil {
		return replayed, err
	}
	err = reload(ctx, c.Encoding, c.Reject, func(check etl.CheckOptions) (*norms.Plan, error) {
		return norms.Prepare(ctx, job.Scratch, norms.Options{Files: raw.paths, Rows: raw.rows, Set: c.Set,
			Source: c.Source, Append: c.Append, Licence: c.Licence, CheckOptions: check, Command: command, Version: job.Version})
	})
	return replayed, err
}

// lemmaReplayer loads lists of lemmas.
type lemmaReplayer struct{}

// Made says whether a load of such lists made the run.
func (lemmaReplayer) Made(run *lake.RunNode) bool {
	var c norms.LemmaConfig
	return json.Unmarshal([]byte(run.Config), &c) == nil && c.Kind == norms.LemmaKind
}

// Replay loads the files as swowReplayer does.
func (lemmaReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	var c norms.LemmaConfig
	if err := json.Unmarshal([]byte(job.Run.Config), &c); err != nil {
		return Replayed{}, fmt.Errorf("read configuration of run %s: %w", job.Run.ID, err)
	}
	raw, replayed, err := job.rawFiles(ctx, "core.lemma", c.Source)
	if err != nil {
		return replayed, err
	}
	err = reload(ctx, c.Encoding, c.Reject, func(check etl.CheckOptions) (*norms.LemmaPlan, error) {
		return norms.PrepareLemmas(ctx, job.Scratch, norms.LemmaOptions{Files: raw.paths, Rows: raw.rows,
			Language: c.Language, Source: c.Source, Licence: c.Licence, CheckOptions: check, Command: command, Version: job.Version})
	})
	return replayed, err
}
