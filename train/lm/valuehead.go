package lm

import (
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A ValueHead predicts from a token's hidden state the reward that is still to
// come: a linear map to one number. Its weights are variables of the model's
// store, trained beside it and no part of what SaveAdapter and SaveModel write.
type ValueHead struct {
	Weight *model.Variable // [1, hidden]
	Bias   *model.Variable // [1]
}

// valuePrefix begins the names of the head's weights.
const valuePrefix = "value_head."

// AddValueHead gives the model a new head, which says 0 until it is trained.
func (m *Model) AddValueHead() (*ValueHead, error) {
	head := &ValueHead{}
	for _, part := range []struct {
		name  string
		shape []int
		to    **model.Variable
	}{{"weight", []int{1, m.Config.HiddenSize}, &head.Weight}, {"bias", []int{1}, &head.Bias}} {
		name := valuePrefix + part.name
		tensor := tensors.FromFlatDataAndDimensions(make([]float32, TensorInfo{Shape: part.shape}.Elements()), part.shape...)
		if err := m.addVariable(name, tensor); err != nil {
			return nil, err
		}
		*part.to = m.Store.GetVariable("/" + name)
		(*part.to).SetTrainable(true)
	}
	return head, nil
}

// IsValueHead says whether a weight's name is of a value head.
func IsValueHead(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, "/"), valuePrefix)
}

// Values predicts for hidden states [labels, hidden]: [labels] float32. Its
// gradient stops at the states: what the policy computes them for is the answer,
// and the head may learn at a rate of its own.
func (h *ValueHead) Values(states *graph.Node) *graph.Node {
	states = widen(graph.StopGradient(states))
	value := linear(states, h.Weight.NodeValue(states.Graph()))
	return graph.Squeeze(graph.Add(value, graph.ExpandLeftToRank(h.Bias.NodeValue(states.Graph()), 2)), 1)
}
