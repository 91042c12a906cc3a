package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// InitModel writes config.json and model.safetensors of a randomly initialised
// model into folder, which may hold a tokenizer already. The same config and
// seed give the same bytes.
//
// Norm gains are one and biases zero. Matrices are normal with deviation
// 1/sqrt(in), and the two that write to the residual stream smaller by
// sqrt(2*layers), so that its size doesn't grow with depth (GPT-2).
func InitModel(folder string, config Config, seed uint64) error {
	if _, ok := modelTypes[config.Architecture]; !ok {
		return fmt.Errorf("create model %q: architecture %q is not supported", folder, config.Architecture)
	}
	if err := config.validate(); err != nil {
		return fmt.Errorf("create model %q: %w", folder, err)
	}
	text, err := config.encode()
	if err != nil {
		return fmt.Errorf("create model %q: %w", folder, err)
	}
	var stored []Tensor
	for _, spec := range config.weights() {
		stored = append(stored, Tensor{Name: spec.name, Shape: spec.shape, Values: config.initial(spec, seed)})
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("create model: %w", err)
	}
	err = WriteSafetensors(filepath.Join(folder, weightsFile), stored, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, configFile), text)
}

// initial draws a tensor's first values from a stream of its own.
func (c Config) initial(spec weightSpec, seed uint64) []float32 {
	numbers := make([]float32, spec.elements())
	switch {
	case strings.HasSuffix(spec.name, ".bias"):
	case len(spec.shape) == 1:
		for i := range numbers {
			numbers[i] = 1
		}
	default:
		random := rand.New(rand.NewPCG(seed, hashName(spec.name)))
		deviation := 1 / math.Sqrt(float64(spec.shape[1]))
		if strings.HasSuffix(spec.name, "o_proj.weight") || strings.HasSuffix(spec.name, "down_proj.weight") {
			deviation /= math.Sqrt(2 * float64(c.Layers))
		}
		for i := range numbers {
			numbers[i] = float32(random.NormFloat64() * deviation)
		}
	}
	return numbers
}
