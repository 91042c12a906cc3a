package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"alignctl/internal/regular"
)

// companionFiles are what a model folder holds besides its weights.
var companionFiles = []string{
	configFile, "generation_config.json", "tokenizer.json", "tokenizer_config.json",
	"special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
}

// Merge folds the adapter into the base weights, W + scale B A in float32,
// and drops it: the model then computes the same without the extra products.
// Nothing is trainable afterwards, and programs compiled before are void.
func (m *Model) Merge() error {
	lora := m.Decoder.LoRA
	if lora == nil {
		return errors.New("merge adapter: the model has none")
	}
	adapter := lora.loraWeights(m.Config)
	for i := 0; i < len(adapter); i += 2 { // A and B of a projection stand together
		if err := m.mergeProjection(adapter[i], adapter[i+1]); err != nil {
			return fmt.Errorf("merge adapter: %w", err)
		}
	}
	for _, spec := range adapter {
		if err := m.Store.DeleteVariable("/" + spec.name); err != nil {
			return fmt.Errorf("merge adapter: %w", err)
		}
	}
	m.Decoder.LoRA, m.trainable = nil, nil
	return nil
}

// MergeAdapter reads an adapter of the model, which has none, and folds it into
// the weights. Several adapters are merged one after the other.
func (m *Model) MergeAdapter(folder string) error {
	if m.Decoder.LoRA != nil {
		return fmt.Errorf("merge adapter %q: the model has another one", folder)
	}
	lora, err := readAdapterConfig(folder)
	if err != nil {
		return err
	}
	m.Decoder.LoRA = &lora
	if err := m.readAdapterWeights(folder); err != nil {
		return err
	}
	return m.Merge()
}

// mergeProjection adds one update to the weight that it adapts.
func (m *Model) mergeProjection(specA, specB weightSpec) error {
	name := specA.name[:len(specA.name)-len("lora_A.weight")] + "weight"
	variable := m.Store.GetVariable("/" + name)
	weight, err := values(variable)
	if err != nil {
		return err
	}
	a, err := values(m.Store.GetVariable("/" + specA.name))
	if err != nil {
		return err
	}
	b, err := values(m.Store.GetVariable("/" + specB.name))
	if err != nil {
		return err
	}
	addProduct(weight, b, a, specA.shape[0], float32(m.Decoder.LoRA.scale()))
	tensor, err := newTensor(m.Backend, []int{specB.shape[0], specA.shape[1]}, weight)
	if err != nil {
		return err
	}
	return variable.SetValue(tensor)
}

// addProduct adds scale * B A to weight [out, in], with B [out, rank] and A
// [rank, in], all row-major.
func addProduct(weight, b, a []float32, rank int, scale float32) {
	out, in := len(b)/rank, len(a)/rank
	update := make([]float32, in)
	for row := range out {
		clear(update)
		for k := range rank {
			factor := b[row*rank+k]
			for col, value := range a[k*in : (k+1)*in] {
				update[col] += factor * value
			}
		}
		for col, value := range update {
			weight[row*in+col] += scale * value
		}
	}
}

// SaveModel writes the base weights as float32, with the config and tokenizer of
// the folder that the model came from, as a Hugging Face folder. Merge an
// adapter first.
func (m *Model) SaveModel(folder string) error { return m.SaveModelAs(folder, F32) }

// SaveModelAs is SaveModel with weights rounded to a type: F32, F16 or BF16.
func (m *Model) SaveModelAs(folder string, dtype DType) error {
	if m.Decoder.LoRA != nil {
		return fmt.Errorf("save model %q: it has an adapter: merge it, or save the adapter alone", folder)
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	var stored []Tensor
	for _, spec := range m.Config.weights() {
		numbers, err := values(m.Store.GetVariable("/" + spec.name))
		if err != nil {
			return fmt.Errorf("save model %q: tensor %q: %w", folder, spec.name, err)
		}
		stored = append(stored, Tensor{Name: spec.name, Shape: spec.shape, Values: numbers, DType: dtype})
	}
	err := WriteSafetensors(filepath.Join(folder, weightsFile), stored, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	for _, name := range companionFiles[1:] {
		if err := copyFile(filepath.Join(m.Folder, name), filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("save model %q: %w", folder, err)
		}
	}
	return m.copyConfig(folder, dtype)
}

// copyConfig writes the model's config as it was, but for the type of the
// weights: transformers computes in the type that it names.
func (m *Model) copyConfig(folder string, dtype DType) error {
	text, err := regular.Read(filepath.Join(m.Folder, configFile), maxSmallJSON)
	if err != nil {
		return fmt.Errorf("save model %q: %w", folder, err)
	}
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &keys); err != nil {
		return fmt.Errorf("save model %q: %w", folder, err)
	}
	name := map[DType]string{F32: `"float32"`, F16: `"float16"`, BF16: `"bfloat16"`}[dtype]
	keys["torch_dtype"] = json.RawMessage(name)
	if _, ok := keys["dtype"]; ok { // its name since transformers 5
		keys["dtype"] = keys["torch_dtype"]
	}
	if text, err = json.MarshalIndent(keys, "", "  "); err != nil {
		return fmt.Errorf("save model %q: %w", folder, err)
	}
	return writeFile(filepath.Join(folder, configFile), append(text, '\n'))
}

// copyFile copies a file durably; one that isn't there is left out.
func copyFile(from, to string) error {
	source, err := regular.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer source.Close()
	return writeDurably(to, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}
