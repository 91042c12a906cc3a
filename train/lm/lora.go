package lm

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// A LoRAConfig describes low-rank updates of a model's projections (Hu et al.
// 2021): y = W x + scale B A x, with A [rank, in], B [out, rank] and scale
// Alpha/Rank.
type LoRAConfig struct {
	Rank    int
	Alpha   float64
	RSLoRA  bool     // scale by Alpha/sqrt(Rank) (rsLoRA, Kalajdzievski 2023)
	Dropout float64  // share of x that A doesn't see while training
	Targets []string // "q_proj", "v_proj", ...: adapted in every layer; or only AllLinear
	Seed    uint64   // of A's first values
}

// AllLinear stands for every projection of the layers, as in PEFT.
const AllLinear = "all-linear"

// loraTargets are the projections that can be adapted, by their last name, with
// the module of a layer that holds them.
var loraTargets = map[string]string{
	"q_proj": "self_attn", "k_proj": "self_attn", "v_proj": "self_attn", "o_proj": "self_attn",
	"gate_proj": "mlp", "up_proj": "mlp", "down_proj": "mlp",
}

// Validate refuses a configuration that adapts nothing or can't be built.
func (l LoRAConfig) Validate() error {
	switch {
	case l.Rank < 1 || l.Rank > maxDimension:
		return fmt.Errorf("lora rank %d is not in 1 to %d", l.Rank, maxDimension)
	case !(l.Alpha > 0) || math.IsInf(l.Alpha, 0):
		return fmt.Errorf("lora alpha %g is not a positive number", l.Alpha)
	case !(l.Dropout >= 0 && l.Dropout < 1):
		return fmt.Errorf("lora dropout %g is not a share from 0 to below 1", l.Dropout)
	case len(l.Targets) == 0:
		return fmt.Errorf("lora adapts no module: name some of %s", strings.Join(targetNames(), ", "))
	}
	l = l.expanded()
	for i, target := range l.Targets {
		if _, ok := loraTargets[target]; !ok {
			return fmt.Errorf("lora target %q is not a projection: %s are", target, strings.Join(targetNames(), ", "))
		}
		if slices.Contains(l.Targets[:i], target) {
			return fmt.Errorf("lora target %q is named twice", target)
		}
	}
	return nil
}

// expanded replaces AllLinear, where that is the only target, by what it means.
func (l LoRAConfig) expanded() LoRAConfig {
	l.Targets = slices.Clone(l.Targets)
	if len(l.Targets) == 1 && l.Targets[0] == AllLinear {
		l.Targets = targetNames()
	}
	return l
}

// TargetNames lists the projections that are adapted, in order.
func (l LoRAConfig) TargetNames() []string {
	names := l.expanded().Targets
	slices.Sort(names)
	return names
}

// targetNames lists loraTargets in order.
func targetNames() []string {
	names := make([]string, 0, len(loraTargets))
	for name := range loraTargets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// adapts says whether the projection of that full name has an update.
func (l *LoRAConfig) adapts(name string) bool {
	return l != nil && slices.Contains(l.Targets, name[strings.LastIndexByte(name, '.')+1:])
}

// scale is the factor of the update.
func (l *LoRAConfig) scale() float64 {
	if l.RSLoRA {
		return l.Alpha / math.Sqrt(float64(l.Rank))
	}
	return l.Alpha / float64(l.Rank)
}

// loraUpdate is scale B A x for x [rows, in]: [rows, out]. Scaling the narrow
// middle is cheaper than scaling either end. With a key, A sees x after dropout.
func (d *Decoder) loraUpdate(x, key *graph.Node, name string) *graph.Node {
	g := x.Graph()
	if key != nil && d.LoRA.Dropout > 0 {
		x = dropout(x, key, name, d.LoRA.Dropout)
	}
	narrow := linear(x, d.matrix(g, name+".lora_A.weight")) // [rows, rank]
	return linear(graph.MulScalar(narrow, d.LoRA.scale()), d.matrix(g, name+".lora_B.weight"))
}

// loraWeights lists the tensors of an adapter for a model of that shape, in
// name order.
func (l LoRAConfig) loraWeights(c Config) []weightSpec {
	var specs []weightSpec
	for _, base := range c.weights() {
		name, ok := strings.CutSuffix(base.name, ".weight")
		if !ok || len(base.shape) != 2 || !l.adapts(name) {
			continue
		}
		out, in := base.shape[0], base.shape[1]
		specs = append(specs,
			weightSpec{name + ".lora_A.weight", []int{l.Rank, in}},
			weightSpec{name + ".lora_B.weight", []int{out, l.Rank}})
	}
	return specs
}

// initial gives a LoRA tensor's first values: B zero, so that training starts
// from the base model, and A uniform in +-1/sqrt(in) as PEFT draws it (Kaiming
// with a = sqrt(5)). Each tensor has its own stream, so that adapting one more
// module doesn't change the others.
func (l LoRAConfig) initial(spec weightSpec) []float32 {
	values := make([]float32, spec.elements())
	if strings.HasSuffix(spec.name, ".lora_B.weight") {
		return values
	}
	random := rand.New(rand.NewPCG(l.Seed, hashName(spec.name)))
	bound := 1 / math.Sqrt(float64(spec.shape[1]))
	for i := range values {
		values[i] = float32((2*random.Float64() - 1) * bound)
	}
	return values
}

// hashName turns a tensor's name into the second half of a seed.
func hashName(name string) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return hash.Sum64()
}
