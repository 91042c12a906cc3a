package train

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

// pairLogProbs are a policy's and a reference's log-probabilities of pairs.
type pairLogProbs struct {
	PolicyChosen   []float64 `json:"policy_chosen_logps"`
	PolicyRejected []float64 `json:"policy_rejected_logps"`
	RefChosen      []float64 `json:"ref_chosen_logps"`
	RefRejected    []float64 `json:"ref_rejected_logps"`
}

func interleaved[T float32 | float64](chosen, rejected []float64) []T {
	var all []T
	for i := range chosen {
		all = append(all, T(chosen[i]), T(rejected[i]))
	}
	return all
}

// lossOf gives the mean loss, the metrics and the gradient of the mean loss by
// the policy's log-probabilities.
func lossOf[T float32 | float64](t *testing.T, o *DPOOptions, p pairLogProbs) (Sums, []T) {
	t.Helper()
	backend, _, err := lm.OpenBackend("go")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	var names []string
	exec, err := model.NewExec(backend, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		chosen, _ := sides(in[0])
		out := pairBatch{reference: in[1], weights: OnesLike(chosen)}.loss(in[0], o)
		all := []*Node{Gradient(out.Sum, in[0])[0], asDouble(out.Sum), asDouble(out.Count)}
		names = nil
		for _, m := range out.Metrics {
			all, names = append(all, asDouble(m.Sum)), append(names, m.Name)
		}
		return all
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(interleaved[T](p.PolicyChosen, p.PolicyRejected), interleaved[T](p.RefChosen, p.RefRejected))
	if err != nil {
		t.Fatal(err)
	}
	sums := Sums{Loss: tensors.ToScalar[float64](out[1]), Count: tensors.ToScalar[float64](out[2])}
	for i, name := range names {
		sums.Metrics = append(sums.Metrics, NamedSum{name, tensors.ToScalar[float64](out[3+i])})
	}
	gradient := tensors.MustCopyFlatData[T](out[0])
	for i := range gradient {
		gradient[i] /= T(sums.Count)
	}
	return sums, gradient
}

func (s Sums) named(name string) float64 {
	for _, m := range s.metrics("") {
		if m.name == name {
			return m.value
		}
	}
	return math.NaN()
}

func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s: %.10g, want %.10g", what, got, want)
	}
}

func sigmoidOf(beta, smoothing float64) *DPOOptions {
	o := DefaultDPO()
	o.Beta, o.LabelSmoothing = beta, smoothing
	return &o
}

// The loss, its metrics and its gradient are those of a reference in Python.
func TestDPOGolden(t *testing.T) {
	type precision struct {
		pairLogProbs
		Cases []struct {
			Beta           float64   `json:"beta"`
			LabelSmoothing float64   `json:"label_smoothing"`
			Loss           float64   `json:"loss"`
			Chosen         []float64 `json:"chosen_rewards"`
			Rejected       []float64 `json:"rejected_rewards"`
			Margins        []float64 `json:"margins"`
			Accuracy       float64   `json:"accuracy"`
			GradChosen     []float64 `json:"grad_chosen_logps"`
			GradRejected   []float64 `json:"grad_rejected_logps"`
		} `json:"cases"`
	}
	var golden struct {
		F32 precision `json:"f32"`
		F64 precision `json:"f64"`
	}
	readJSON(t, "testdata/dpo.json", &golden)
	check := func(p precision, tolerance float64, run func(*DPOOptions) (Sums, []float64)) {
		for _, c := range p.Cases {
			sums, gradient := run(sigmoidOf(c.Beta, c.LabelSmoothing))
			within(t, "loss", sums.Mean(), c.Loss, tolerance)
			within(t, "rewards/chosen", sums.named("rewards/chosen"), mean(c.Chosen), tolerance)
			within(t, "rewards/rejected", sums.named("rewards/rejected"), mean(c.Rejected), tolerance)
			within(t, "rewards/margins", sums.named("rewards/margins"), mean(c.Margins), tolerance)
			within(t, "rewards/accuracies", sums.named("rewards/accuracies"), c.Accuracy, 0)
			for i, want := range interleaved[float64](c.GradChosen, c.GradRejected) {
				within(t, fmt.Sprint("gradient ", i), gradient[i], want, tolerance)
			}
		}
	}
	check(golden.F32, 1e-6, func(o *DPOOptions) (Sums, []float64) {
		sums, narrow := lossOf[float32](t, o, golden.F32.pairLogProbs)
		wide := make([]float64, len(narrow))
		for i, g := range narrow {
			wide[i] = float64(g)
		}
		return sums, wide
	})
	check(golden.F64, 1e-12, func(o *DPOOptions) (Sums, []float64) { return lossOf[float64](t, o, golden.F64.pairLogProbs) })
}

// Case 34: each loss at known numbers, log-probabilities taken as sums; and no
// overflow where the policy has left the reference far behind.
func TestDPONumbers(t *testing.T) {
	p := pairLogProbs{[]float64{-12}, []float64{-15}, []float64{-13}, []float64{-14.5}}
	for _, c := range []struct {
		loss      string
		smoothing float64
		want      float64
	}{{"sigmoid", 0, 0.6209570477895321}, {"sigmoid", 0.1, 0.6359570477895321}, {"ipo", 0, 12.25}, {"hinge", 0, 0.85}} {
		o := sigmoidOf(0.1, c.smoothing)
		o.Loss = c.loss
		sums, _ := lossOf[float64](t, o, p)
		within(t, c.loss, sums.Mean(), c.want, 1e-12)
		within(t, "rewards/chosen", sums.named("rewards/chosen"), 0.1, 1e-12)
		within(t, "rewards/rejected", sums.named("rewards/rejected"), -0.05, 1e-12)
		within(t, "rewards/accuracies", sums.named("rewards/accuracies"), 1, 0)
	}
	for logit, want := range map[float64]float64{-800: 800, 800: 0, 0: math.Ln2} {
		far := pairLogProbs{[]float64{logit}, []float64{0}, []float64{0}, []float64{0}}
		sums, gradient := lossOf[float32](t, sigmoidOf(1, 0), far)
		within(t, fmt.Sprint("loss at ", logit), sums.Mean(), want, 1e-7)
		slope := -1 / (1 + math.Exp(logit))
		within(t, fmt.Sprint("gradient at ", logit), float64(gradient[0]), slope, 1e-7)
	}
	if equal, _ := lossOf[float32](t, sigmoidOf(0.1, 0), pairLogProbs{[]float64{-3}, []float64{-4}, []float64{-3}, []float64{-4}}); equal.named("rewards/accuracies") != 0 {
		t.Error("a tie is no success")
	}
}

// The gradient of each loss is its difference quotient.
func TestPreferenceGradients(t *testing.T) {
	base := pairLogProbs{[]float64{-12, -40, -7}, []float64{-15, -33, -9}, []float64{-13, -38, -7.5}, []float64{-14.5, -37, -8}}
	const h = 1e-5
	for _, loss := range PreferenceLosses() {
		for _, smoothing := range []float64{0, 0.2} {
			o := sigmoidOf(0.3, smoothing)
			o.Loss = loss
			_, gradient := lossOf[float64](t, o, base)
			for i := range base.PolicyChosen {
				moved := func(by float64) float64 {
					p := base
					p.PolicyChosen = append([]float64(nil), base.PolicyChosen...)
					p.PolicyChosen[i] += by
					sums, _ := lossOf[float64](t, o, p)
					return sums.Mean()
				}
				within(t, fmt.Sprint(loss, " by chosen ", i), gradient[2*i], (moved(h)-moved(-h))/(2*h), 1e-7)
				within(t, fmt.Sprint(loss, " by rejected ", i), gradient[2*i+1], -gradient[2*i], 1e-12)
			}
		}
	}
}
