package train

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A policyModel is the model that training changes, with what it is held
// against, on one set of weights in memory.
type policyModel struct {
	*lm.Model
	reference   *lm.Decoder
	head        *lm.ValueHead // nil: none
	temperature float64       // of the distribution that answers are drawn from
}

// weights are those that training changes, in a fixed order.
func (p *policyModel) weights() []*model.Variable {
	weights := p.Trainable()
	if p.head != nil {
		weights = append(weights, p.head.Weight, p.head.Bias)
	}
	return weights
}

// headWeights are the value head's, by the names under which they are saved.
func (p *policyModel) headWeights() map[string]*model.Variable {
	return map[string]*model.Variable{"weight": p.head.Weight, "bias": p.head.Bias}
}

// saveHead writes the value head, if there is one.
func (p *policyModel) saveHead(path string) error {
	if p.head == nil {
		return nil
	}
	return saveVariables(path, p.headWeights())
}

// restoreHead reads it back.
func (p *policyModel) restoreHead(path string) error {
	if p.head == nil {
		return nil
	}
	return restoreVariables(path, p.headWeights())
}

// logits are a decoder's for the states that predict a batch's labels, [labels,
// vocab], for the distribution that answers are drawn from.
func (p *policyModel) logits(decoder *lm.Decoder, states *Node) *Node {
	logits := decoder.Logits(states)
	if p.temperature != 1 {
		logits = DivScalar(logits, p.temperature)
	}
	return logits
}

// assessGraph takes the inputs of lm.NewBatch and gives the log-probabilities of
// the labels under the policy and the reference, the policy's entropy and, with
// a head, the values: [labels] each.
func (p *policyModel) assessGraph(_ *model.Scope, in []*Node) []*Node {
	b := lm.NewBatch(in)
	states := p.Decoder.States(b)
	logits := p.logits(p.Decoder, states)
	reference := p.logits(p.reference, p.reference.States(b))
	out := []*Node{lm.LogProbs(logits, b.Targets), lm.LogProbs(reference, b.Targets), lm.Entropy(logits)}
	if p.head != nil {
		out = append(out, p.head.Values(states))
	}
	return out
}

// An answerShape is how answers are laid out: a row has room for the longest
// prompt and for the batch's longest answer, to the next of a few lengths.
type answerShape struct {
	prompt int // tokens of the longest prompt
	rows   int // answers in a micro-batch
	most   int // tokens of an answer
}

// lay makes a micro-batch of rollouts, at most s.rows.
func (s answerShape) lay(rollouts []*rollout) (batch.Batch, error) {
	answers, longest := make([]batch.Answer, len(rollouts)), 0
	for i, r := range rollouts {
		answers[i] = r.answer()
		longest = max(longest, len(r.tokens))
	}
	return batch.Lay(answers, s.shape(longest))
}

// shape is that of micro-batches whose longest answer has so many tokens. An
// answer's length doubles from shape to shape, for each is compiled.
func (s answerShape) shape(longest int) batch.Shape {
	length := leastAnswer
	for length < longest {
		length *= 2
	}
	length = min(length, s.most)
	return batch.Shape{Rows: s.rows, Width: s.prompt + length, Labels: s.rows * length}
}

// leastAnswer is the shortest answer that has a shape of its own.
const leastAnswer = 16

// An assessor runs assessGraph.
type assessor struct {
	exec  *model.Exec
	shape answerShape
}

func newAssessor(p *policyModel, shape answerShape) (*assessor, error) {
	exec, err := model.NewExec(p.Backend, p.Store, p.assessGraph)
	if err != nil {
		return nil, fmt.Errorf("prepare assessing answers: %w", err)
	}
	return &assessor{exec: exec.SetMaxCache(-1), shape: shape}, nil
}

func (a *assessor) close() { a.exec.Finalize() }

// assess fills in what the models say of each answer.
func (a *assessor) assess(rollouts []*rollout) error {
	for start := 0; start < len(rollouts); start += a.shape.rows {
		if err := a.assessBatch(rollouts[start:min(start+a.shape.rows, len(rollouts))]); err != nil {
			return fmt.Errorf("assess answers: %w", err)
		}
	}
	return nil
}

func (a *assessor) assessBatch(rollouts []*rollout) error {
	b, err := a.shape.lay(rollouts)
	if err != nil {
		return err
	}
	inputs := textInputs(b)
	defer freeInputs(inputs)
	out, err := a.exec.Call(inputs...)
	if err != nil {
		return err
	}
	columns := make([][]float64, len(out))
	for i, tensor := range out {
		columns[i] = takeVector(tensor)
	}
	at := 0
	for _, r := range rollouts {
		of := func(column int) []float64 {
			if column >= len(columns) {
				return nil
			}
			return columns[column][at : at+len(r.tokens)]
		}
		r.assessment = assessment{policy: of(0), reference: of(1), entropy: of(2), values: of(3)}
		at += len(r.tokens)
	}
	return nil
}

// takeVector reads float32 numbers and frees their buffer.
func takeVector(t *tensors.Tensor) []float64 {
	defer t.MustFinalizeAll()
	narrow := tensors.MustCopyFlatData[float32](t)
	wide := make([]float64, len(narrow))
	for i, x := range narrow {
		wide[i] = float64(x)
	}
	return wide
}

// freeInputs frees the tensors of a micro-batch.
func freeInputs(inputs []any) {
	for _, input := range inputs {
		if tensor, ok := input.(*tensors.Tensor); ok && tensor.Ok() {
			tensor.MustFinalizeAll()
		}
	}
}
