package train

import (
	"context"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A ReferenceRow is a row of train.reference: how likely the model that a
// preference run started from found the two answers of a pair. It depends on
// nothing else than the columns between, so that later runs read it.
type ReferenceRow struct {
	RunID           string  `parquet:"run_id,id(1)" doc:"the run that computed it"`
	ExampleID       string  `parquet:"example_id,id(2)" doc:"the pair, as in the data set"`
	Dataset         string  `parquet:"dataset,id(3)" doc:"table of the pair"`
	DatasetSnapshot string  `parquet:"dataset_snapshot,id(4)" doc:"snapshot of that table"`
	BaseSHA256      string  `parquet:"base_sha256,id(5)" doc:"sha256 over the model's weights, tokenizer and chat template"`
	AdapterSHA256   string  `parquet:"adapter_sha256,id(6)" doc:"sha256 of the adapter on it; empty: none"`
	MaxTokens       int64   `parquet:"max_tokens,id(7)" unit:"token" doc:"where texts were cut"`
	Precision       string  `parquet:"precision,id(8)" doc:"what activations and frozen weights were"`
	Chosen          float64 `parquet:"chosen,id(9)" unit:"nat" doc:"log-probability of the chosen answer, summed over its tokens"`
	Rejected        float64 `parquet:"rejected,id(10)" unit:"nat" doc:"log-probability of the rejected answer, likewise"`
}

// ReferenceSpec declares train.reference.
func ReferenceSpec() lake.Spec {
	return lake.SpecOf[ReferenceRow](lake.Spec{Name: "train.reference",
		Doc: "how likely the model that a preference run started from found a pair's answers",
		Key: []string{"run_id", "example_id"}, Scope: "run_id", Licence: lake.OpenData})
}

// A reference is the log-probabilities of both answers of pairs, by their ids.
type reference map[string]answerLogProbs

type answerLogProbs struct{ chosen, rejected float32 }

// findReference reads the log-probabilities of a method's pairs from
// train.reference. A split of which one isn't there is computed, by the model as
// it is at the start, in the batches of the first epoch: the same texts side by
// side as in training, so that both round alike.
func (d *dpo) findReference(ctx context.Context) error {
	known, err := d.job.readReference(ctx)
	if err != nil {
		return err
	}
	d.reference = known
	var fresh []ReferenceRow
	for _, split := range []struct {
		set    *batch.Set
		shapes int
	}{{d.data.train, 0}, {d.data.dev, evalShapes}} {
		o := d.options.batches()
		o.Shapes = split.shapes
		rows, err := d.completeReference(ctx, split.set, o)
		if err != nil {
			return fmt.Errorf("compute reference: %w", err)
		}
		fresh = append(fresh, rows...)
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err = lake.WriteRows(ctx, d.job.run, ReferenceSpec(), d.job.run.ID(), fresh)
	return err
}

// referenceKey is what the reference of the job's pairs depends on.
func (j *job) referenceKey() ReferenceRow {
	return ReferenceRow{RunID: j.run.ID(), Dataset: j.pin.Table, DatasetSnapshot: fmt.Sprint(j.pin.Snapshot),
		BaseSHA256: j.row.BaseSHA256, AdapterSHA256: j.parent, MaxTokens: int64(j.MaxTokens), Precision: j.Precision}
}

// readReference reads what train.reference has of the job's pairs. The runs that
// computed it become inputs of this one.
func (j *job) readReference(ctx context.Context) (reference, error) {
	const same = `dataset = ? AND dataset_snapshot = ? AND base_sha256 = ? AND adapter_sha256 = ? AND max_tokens = ? AND precision = ?`
	k := j.referenceKey()
	key := []any{k.Dataset, k.DatasetSnapshot, k.BaseSHA256, k.AdapterSHA256, k.MaxTokens, k.Precision}
	known := reference{}
	from, err := j.run.InputScopes(ctx, ReferenceSpec().Name, same, key...)
	if err != nil || len(from) == 0 {
		return known, err
	}
	rows, err := j.run.Session().Query(ctx, `SELECT example_id, chosen, rejected FROM train.reference
		WHERE `+same+` ORDER BY run_id DESC`, key...)
	if err != nil {
		return nil, fmt.Errorf("read reference: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var of answerLogProbs
		if err := rows.Scan(&id, &of.chosen, &of.rejected); err != nil {
			return nil, fmt.Errorf("read reference: %w", err)
		}
		known[id] = of // the first run's, where several computed it at once
	}
	return known, rows.Err()
}

// completeReference computes the pairs of a set, unless all of them are known,
// and returns those that weren't.
func (d *dpo) completeReference(ctx context.Context, set *batch.Set, o batch.Options) (rows []ReferenceRow, err error) {
	if set.Len() == 0 {
		return nil, nil
	}
	names, err := set.Names()
	if err != nil || d.reference.has(names) {
		return nil, err
	}
	feed, err := batch.NewFeed(set, o, batch.Position{})
	if err != nil {
		return nil, err
	}
	m := d.job.model
	program, err := lm.NewProgram(m.Backend, m.Store, m.Devices, lm.PartedInputs, func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{newPairBatch(in).logProbs(m.Decoder)}
	})
	if err != nil {
		return nil, err
	}
	defer program.Close()
	task := progress.Start(ctx, "compute reference", int64(feed.BatchesPerEpoch()), "batches")
	defer task.Done()
	for range feed.BatchesPerEpoch() {
		more, err := d.refer(ctx, feed, program)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
		task.Add(1)
	}
	return rows, nil
}

// refer computes the next batch of a feed.
func (d *dpo) refer(ctx context.Context, feed *batch.Feed, program *lm.Program) (rows []ReferenceRow, err error) {
	b, err := feed.Next()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return nil, err
	}
	in := d.inputs(b)
	out, err := program.Call(in...)
	for _, input := range in {
		input.(*tensors.Tensor).MustFinalizeAll()
	}
	if err != nil {
		return nil, err
	}
	defer out[0].MustFinalizeAll()
	logProbs := tensors.MustCopyFlatData[float32](out[0])
	for i, id := range b.Examples {
		if _, known := d.reference[id]; known {
			continue
		}
		of := answerLogProbs{logProbs[2*i], logProbs[2*i+1]}
		if !finite(float64(of.chosen)) || !finite(float64(of.rejected)) {
			return nil, fmt.Errorf("pair %q has log-probabilities %g and %g: is the model whole?", id, of.chosen, of.rejected)
		}
		d.reference[id] = of
		row := d.job.referenceKey()
		row.ExampleID, row.Chosen, row.Rejected = id, float64(of.chosen), float64(of.rejected)
		rows = append(rows, row)
	}
	return rows, nil
}

// has says whether all of these pairs are known.
func (r reference) has(ids []string) bool {
	for _, id := range ids {
		if _, known := r[id]; !known {
			return false
		}
	}
	return true
}
