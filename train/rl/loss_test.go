package rl

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func goBackend(t *testing.T) compute.Backend {
	t.Helper()
	backend, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

// call runs a graph once on float64 vectors and returns its outputs, vectors or
// scalars.
func call(t *testing.T, backend compute.Backend, build func(in []*Node) []*Node, inputs ...[]float64) [][]float64 {
	t.Helper()
	arguments := make([]any, len(inputs))
	for i, input := range inputs {
		arguments[i] = input
	}
	out, err := ExecOnceN(backend, build, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	results := make([][]float64, len(out))
	for i, tensor := range out {
		results[i] = tensors.MustCopyFlatData[float64](tensor)
	}
	return results
}

// flat puts an answer after the other.
func flat(rows [][]float64) (all []float64) {
	for _, row := range rows {
		all = append(all, row...)
	}
	return all
}

// Losses, what came of clipping, and gradients, as torch.
func TestLossesGolden(t *testing.T) {
	backend := goBackend(t)
	for precision, g := range readGolden(t) {
		for _, c := range g.Cases {
			out := call(t, backend, func(in []*Node) []*Node {
				p := Range{c.Clip, c.Clip}.Policy(in[0], in[1], in[2])
				value, valueClipped := Value(in[3], in[4], in[5], c.ValueClip)
				loss := ReduceAllMean(Add(p.Loss, MulScalar(value, c.ValueCoef)))
				list := []*Node{ReduceAllMean(p.Loss), ReduceAllMean(value), loss, ReduceAllMean(p.Clipped),
					ReduceAllMean(valueClipped), ReduceAllMean(p.ApproxKL), p.Ratio}
				return append(list, Gradient(loss, in[0], in[3])...)
			}, flat(g.answers(g.New)), flat(g.answers(g.Old)), flat(g.answers(c.Advantages)),
				flat(g.answers(g.NewValues)), flat(g.answers(g.OldValues)), flat(g.answers(c.Returns)))
			near(t, precision+" "+c.Estimator, out, [][]float64{{c.PolicyLoss}, {c.ValueLoss}, {c.Loss}, {c.PolicyClip},
				{c.ValueClips}, {c.ApproxKL}, flat(g.answers(c.Ratio)), flat(g.answers(c.GradNew)), flat(g.answers(c.GradValues))})
		}
	}
}

// Each loss's gradient is the slope that finite differences see.
func TestGradients(t *testing.T) {
	backend := goBackend(t)
	random := rand.New(rand.NewPCG(1, 2))
	vector := func(center, width float64) []float64 {
		v := make([]float64, 24)
		for i := range v {
			v[i] = center + width*(2*random.Float64()-1)
		}
		return v
	}
	for name, loss := range map[string]func(now *Node, in []*Node) *Node{
		"policy":     func(now *Node, in []*Node) *Node { return Range{0.2, 0.3}.Policy(now, in[0], in[1]).Loss },
		"value":      func(now *Node, in []*Node) *Node { loss, _ := Value(now, in[0], in[1], 0.4); return loss },
		"divergence": func(now *Node, in []*Node) *Node { return Divergence(now, in[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			build := func(in []*Node) []*Node {
				sum := ReduceAllSum(loss(in[0], in[1:]))
				return []*Node{sum, Gradient(sum, in[0])[0]}
			}
			now, old, other := vector(-2, 0.8), vector(-2, 0.5), vector(0, 2)
			gradient := call(t, backend, build, now, old, other)[1]
			const step = 1e-6
			for i := range now {
				at := now[i]
				now[i] = at + step
				above := call(t, backend, build, now, old, other)[0][0]
				now[i] = at - step
				below := call(t, backend, build, now, old, other)[0][0]
				now[i] = at
				if slope := (above - below) / (2 * step); math.Abs(slope-gradient[i]) > 1e-6 {
					t.Errorf("element %d: gradient %g, slope %g", i, gradient[i], slope)
				}
			}
		})
	}
}

// Where nothing has moved, the ratio is 1, nothing is clipped, and the gradient
// of the policy's loss is minus the advantage.
func TestNothingMoved(t *testing.T) {
	logProbs, advantages := []float64{-1, -2, -0.1}, []float64{1, -2, 0}
	out := call(t, goBackend(t), func(in []*Node) []*Node {
		p := Range{0.2, 0.2}.Policy(in[0], in[1], in[2])
		return []*Node{p.Ratio, p.Clipped, p.ApproxKL, Divergence(in[0], in[1]), Gradient(ReduceAllSum(p.Loss), in[0])[0]}
	}, logProbs, logProbs, advantages)
	near(t, "at the start", out, [][]float64{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {-1, 2, 0}})
}

// A bandit has one state and a few arms: what is best is known.
type bandit struct {
	rewards   []float64
	reference []float64 // log-probabilities
	beta      float64
}

// bestPenalised is the best policy under a penalty in the rewards, beta per nat
// of KL(policy || reference): ref exp(reward/beta), normalised.
func (b bandit) bestPenalised() []float64 {
	scores := make([]float64, len(b.rewards))
	for arm, r := range b.rewards {
		scores[arm] = b.reference[arm] + r/b.beta
	}
	return exps(logSoftmax(scores))
}

// bestHeld is the best policy under K3 in the loss, whose gradient on the
// policy's own draws is that of KL(reference || policy): beta ref/(l - reward),
// with l such that it sums to 1. An answer is a share of its group's mean, which
// shrinks the rewards.
func (b bandit) bestHeld(group int) []float64 {
	top := slices.Max(b.rewards) * float64(group-1) / float64(group)
	low, high := top, top+b.beta
	policy := make([]float64, len(b.rewards))
	for range 60 {
		l, sum := (low+high)/2, 0.0
		for arm, r := range b.rewards {
			policy[arm] = b.beta * math.Exp(b.reference[arm]) / (l - r*float64(group-1)/float64(group))
			sum += policy[arm]
		}
		if sum > 1 {
			low = l
		} else {
			high = l
		}
	}
	return policy
}

func exps(logs []float64) []float64 {
	out := make([]float64, len(logs))
	for i, x := range logs {
		out[i] = math.Exp(x)
	}
	return out
}

func logSoftmax(scores []float64) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, s := range scores {
		top = max(top, s)
	}
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	out := make([]float64, len(scores))
	for i, s := range scores {
		out[i] = s - top - math.Log(sum)
	}
	return out
}

// draw picks an arm.
func draw(random *rand.Rand, logProbs []float64) int {
	u := random.Float64()
	for arm, p := range logProbs {
		if u -= math.Exp(p); u < 0 {
			return arm
		}
	}
	return len(logProbs) - 1
}

// A pull is an arm drawn, by the policy as it was, with its advantage.
type pulls struct {
	arms            []int32
	old, advantages []float64
}

// learn draws pulls, turns them into advantages and goes down the loss's
// gradient by the policy's logits, again and again. It returns the policy.
func (b bandit) learn(
	t *testing.T, advantages func(logProbs []float64, arms []int32) []float64, loss func(now, old, advantage, ref *Node) *Node,
) []float64 {
	t.Helper()
	const rounds, batch, rate = 1500, 64, 0.1
	random := rand.New(rand.NewPCG(3, 4))
	exec, err := NewExec(goBackend(t), func(logits, arms, old, advantage *Node) *Node {
		g := logits.Graph()
		log := LogSoftmax(logits)
		now := Gather(log, InsertAxes(arms, -1))
		ref := Gather(Const(g, b.reference), InsertAxes(arms, -1))
		return Gradient(ReduceAllMean(loss(now, old, advantage, ref)), logits)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	logits := append([]float64(nil), b.reference...)
	for range rounds {
		p := pulls{arms: make([]int32, batch), old: make([]float64, batch)}
		now := logSoftmax(logits)
		for i := range p.arms {
			arm := draw(random, now)
			p.arms[i], p.old[i] = int32(arm), now[arm]
		}
		p.advantages = advantages(now, p.arms)
		for range 2 { // epochs: the second is off the policy that drew
			out, err := exec.Call(logits, p.arms, p.old, p.advantages)
			if err != nil {
				t.Fatal(err)
			}
			for arm, g := range tensors.MustCopyFlatData[float64](out[0]) {
				logits[arm] -= rate * g
			}
		}
	}
	return logSoftmax(logits)
}

func TestBandit(t *testing.T) {
	b := bandit{rewards: []float64{0, 1, 0.5, -1}, reference: logSoftmax([]float64{1, 0, 0, 0.5}), beta: 0.5}
	clip := Range{0.2, 0.2}
	score := func(logProbs []float64, arms []int32, beta float64) []float64 {
		scores := make([]float64, len(arms))
		for i, arm := range arms {
			kl, err := KL(K1, logProbs[arm:arm+1], b.reference[arm:arm+1])
			if err != nil {
				t.Fatal(err)
			}
			scores[i] = Rewards(kl, beta, b.rewards[arm])[0]
		}
		return scores
	}
	ppo := func(beta float64) func([]float64, []int32) []float64 {
		return func(logProbs []float64, arms []int32) []float64 {
			scores := score(logProbs, arms, beta)
			value, _, _ := spread([][]float64{scores})
			rows := make([][]float64, len(scores))
			for i, s := range scores {
				rows[i], _ = GAE{Gamma: 1, Lambda: 0.95}.Estimate([]float64{s}, []float64{value})
			}
			return flat(rows)
		}
	}
	grpo := func(scale bool) func([]float64, []int32) []float64 {
		return func(logProbs []float64, arms []int32) []float64 {
			advantages, err := Group{Size: 8, Scale: scale}.Advantages(score(logProbs, arms, 0))
			if err != nil {
				t.Fatal(err)
			}
			return advantages
		}
	}
	free := func(now, old, advantage, _ *Node) *Node { return clip.Policy(now, old, advantage).Loss }
	held := func(now, old, advantage, ref *Node) *Node {
		return Add(clip.Policy(now, old, advantage).Loss, MulScalar(Divergence(now, ref), b.beta))
	}
	for name, c := range map[string]struct {
		advantages func([]float64, []int32) []float64
		loss       func(now, old, advantage, ref *Node) *Node
		best       []float64
	}{
		"ppo":                   {ppo(0), free, []float64{0, 1, 0, 0}},
		"ppo near a reference":  {ppo(b.beta), free, b.bestPenalised()},
		"grpo":                  {grpo(true), free, []float64{0, 1, 0, 0}},
		"grpo near a reference": {grpo(false), held, b.bestHeld(8)},
	} {
		t.Run(name, func(t *testing.T) {
			for arm, got := range exps(b.learn(t, c.advantages, c.loss)) {
				if math.Abs(got-c.best[arm]) > 0.03 {
					t.Errorf("arm %d: probability %.3f, want %.3f", arm, got, c.best[arm])
				}
			}
		})
	}
}
