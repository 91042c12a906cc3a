package lm

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A Layout is a Batch in the machine's own memory: Rows rows of Width places,
// and lists as Batch has them. Shared may be empty.
type Layout struct {
	Rows, Width int

	IDs, Positions, Ends []int32 // [rows*width]
	Index, Targets       []int32 // [labels]
	Weights              []float32
	Shared               []int32
}

// Tensors are the inputs of a graph that NewBatch names. Free them after use.
func (l Layout) Tensors() []any {
	all := []any{
		tensors.FromFlatDataAndDimensions(l.IDs, l.Rows, l.Width),
		tensors.FromFlatDataAndDimensions(l.Positions, l.Rows, l.Width),
		tensors.FromFlatDataAndDimensions(l.Ends, l.Rows, l.Width),
		tensors.FromFlatDataAndDimensions(l.Index, len(l.Index)),
		tensors.FromFlatDataAndDimensions(l.Targets, len(l.Targets)),
		tensors.FromFlatDataAndDimensions(l.Weights, len(l.Weights)),
	}
	if len(l.Shared) > 0 {
		all = append(all, tensors.FromFlatDataAndDimensions(l.Shared, len(l.Shared)))
	}
	return all
}

// A Scorer says how likely a model finds given tokens. It keeps what it
// compiled, one program a shape, from call to call; it isn't safe for concurrent
// use.
type Scorer struct{ exec *model.Exec }

// NewScorer makes a scorer of a model. Close it after use, before the model.
func NewScorer(m *Model) (*Scorer, error) {
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		return []*graph.Node{m.Decoder.TokenLogProbs(NewBatch(in))}
	})
	if err != nil {
		return nil, fmt.Errorf("prepare scoring: %w", err)
	}
	return &Scorer{exec.SetMaxCache(-1)}, nil
}

// LogProbs is the natural log-probability of each label of a layout after the
// tokens before it, padding of the list included.
func (s *Scorer) LogProbs(l Layout) ([]float32, error) {
	in := l.Tensors()
	defer func() {
		for _, tensor := range in {
			finalize([]*tensors.Tensor{tensor.(*tensors.Tensor)})
		}
	}()
	out, err := s.exec.Call(in...)
	if err != nil {
		return nil, fmt.Errorf("score tokens: %w", err)
	}
	defer finalize(out)
	logProbs, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return nil, fmt.Errorf("score tokens: %w", err)
	}
	return logProbs, nil
}

// Close frees what was compiled.
func (s *Scorer) Close() { s.exec.Finalize() }
