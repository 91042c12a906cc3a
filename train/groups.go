package train

import (
	"regexp"
	"strings"

	"alignctl/train/lm"
)

// A group is what the optimizer does differently for some of the weights.
type group struct {
	rate  float64 // multiple of the step's learning rate
	decay bool    // whether weight decay applies
}

// undecayed finds the weights that don't decay, biases and norm gains, as
// transformers' Trainer.get_decay_parameter_names does. Embeddings decay.
var undecayed = regexp.MustCompile(`bias|layernorm|rmsnorm|(^|\.)norm($|\.)|_norm($|\.)`)

// groupOf puts a weight into its group by its name. With LoRAPlus the groups are
// those of PEFT's create_loraplus_optimizer.
func (o StepperOptions) groupOf(name string) group {
	g := group{rate: 1, decay: !undecayed.MatchString(strings.ToLower(name))}
	if o.LoRAPlus > 0 && lm.IsLoRAB(name) {
		g.rate = o.LoRAPlus
	}
	if o.Value > 0 && lm.IsValueHead(name) {
		g.rate = o.Value
	}
	return g
}
