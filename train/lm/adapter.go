package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/internal/regular"
)

// The files and the name prefix of a LoRA adapter in PEFT's layout.
const (
	adapterConfigFile  = "adapter_config.json"
	adapterWeightsFile = "adapter_model.safetensors"
	adapterPrefix      = "base_model.model."
)

// adapterJSON is adapter_config.json, as PEFT writes it.
type adapterJSON struct {
	PeftType  string  `json:"peft_type"`
	TaskType  string  `json:"task_type"`
	BaseModel string  `json:"base_model_name_or_path"`
	Rank      int     `json:"r"`
	Alpha     float64 `json:"lora_alpha"`
	RSLoRA    bool    `json:"use_rslora"`
	Dropout   float64 `json:"lora_dropout"`
	Targets   targets `json:"target_modules"`
	Bias      string  `json:"bias"`
	Inference bool    `json:"inference_mode"`
	FanInOut  bool    `json:"fan_in_fan_out"`
	InitLoRA  any     `json:"init_lora_weights"` // a bool, or the method's name
}

// targets is a list of modules, or one text that stands for several.
type targets []string

// UnmarshalJSON reads either form.
func (t *targets) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = targets{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// projections are the modules by their last names, in order: PEFT writes full
// ones, model.layers.0.mlp.down_proj, where it was asked for all-linear. An
// adapter of some layers only is refused for the tensors that it lacks.
func (t targets) projections() []string {
	names := slices.Clone(t)
	for i, module := range names {
		if strings.HasPrefix(module, "model.") {
			names[i] = module[strings.LastIndexByte(module, '.')+1:]
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// adapterRead holds the keys of PEFT's LoRA that are followed, or that change
// nothing about how a finished adapter computes.
var adapterRead = []string{
	"auto_mapping", "base_model_name_or_path", "ensure_weight_tying", "eva_config", "inference_mode", "loftq_config",
	"lora_alpha", "lora_dropout", "megatron_core", "peft_version", "qalora_group_size", "r", "revision", "runtime_config",
	"target_modules", "task_type", "use_rslora",
}

// adapterNeutral holds the values of other keys that ask for nothing. A key that
// isn't here, and may be younger than this list, has the neutral values of any.
var adapterNeutral = map[string][]string{
	"":                  {"null", "false", "[]", "{}", `""`},
	"bias":              {`"none"`},
	"init_lora_weights": {"null", "true", "false", `"gaussian"`, `"orthogonal"`, `"eva"`}, // the base stays as it is
	"peft_type":         {`"LORA"`},
}

// checkAdapterKeys refuses what would make the adapter compute something else
// than the decoder does.
func checkAdapterKeys(keys map[string]json.RawMessage) error {
	for _, key := range sortedKeys(keys) {
		neutral, known := adapterNeutral[key]
		if !known {
			neutral = adapterNeutral[""]
		}
		value := compact(keys[key])
		if !slices.Contains(adapterRead, key) && !slices.Contains(neutral, value) {
			return fmt.Errorf("key %q: %s is not supported: train a plain LoRA adapter", key, value)
		}
	}
	return nil
}

// readAdapterConfig reads an adapter's configuration, refusing variants of LoRA
// that the decoder doesn't compute.
func readAdapterConfig(folder string) (LoRAConfig, error) {
	path := filepath.Join(folder, adapterConfigFile)
	text, err := regular.Read(path, maxSmallJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return LoRAConfig{}, fmt.Errorf("open adapter %q: no %s there: name the folder of a LoRA adapter in PEFT layout",
			folder, adapterConfigFile)
	}
	if err != nil {
		return LoRAConfig{}, fmt.Errorf("open adapter %q: %w", folder, err)
	}
	lora, err := parseAdapterConfig(text)
	if err != nil {
		return LoRAConfig{}, fmt.Errorf("read %q: %w", path, err)
	}
	return lora, nil
}

func parseAdapterConfig(text []byte) (LoRAConfig, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &keys); err != nil {
		return LoRAConfig{}, err
	}
	if err := checkAdapterKeys(keys); err != nil {
		return LoRAConfig{}, err
	}
	var raw adapterJSON
	if err := json.Unmarshal(text, &raw); err != nil {
		return LoRAConfig{}, err
	}
	lora := LoRAConfig{Rank: raw.Rank, Alpha: raw.Alpha, RSLoRA: raw.RSLoRA, Dropout: raw.Dropout,
		Targets: raw.Targets.projections()}
	return lora.expanded(), lora.Validate()
}

// adapterBase is what an adapter's configuration calls its base model.
func adapterBase(folder string) (string, error) {
	path := filepath.Join(folder, adapterConfigFile)
	text, err := regular.Read(path, maxSmallJSON)
	if err != nil {
		return "", fmt.Errorf("open adapter %q: %w", folder, err)
	}
	var raw struct {
		Base string `json:"base_model_name_or_path"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return "", fmt.Errorf("read %q: %w", path, err)
	}
	return raw.Base, nil
}

// readAdapterWeights reads the adapter's tensors into variables. Every one that
// the configuration implies must be there, with its shape, and no other.
func (m *Model) readAdapterWeights(folder string) (err error) {
	path := filepath.Join(folder, adapterWeightsFile)
	file, err := OpenSafetensors(path)
	if err != nil {
		return fmt.Errorf("open adapter %q: %w", folder, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	expected := m.Decoder.LoRA.loraWeights(m.Config)
	if err := checkAdapter(file, expected, m.Folder); err != nil {
		return fmt.Errorf("open adapter %q: %w", folder, err)
	}
	for _, spec := range expected {
		numbers, err := file.Float32(adapterPrefix + spec.name)
		if err != nil {
			return err
		}
		tensor, err := newTensor(m.Backend, spec.shape, numbers)
		if err != nil {
			return fmt.Errorf("open adapter %q: tensor %q: %w", folder, spec.name, err)
		}
		if err := m.addVariable(spec.name, tensor); err != nil {
			return err
		}
	}
	return nil
}

// checkAdapter names the first tensor that doesn't fit the model.
func checkAdapter(file *Safetensors, expected []weightSpec, model string) error {
	known := make(map[string]bool, len(expected))
	for _, spec := range expected {
		name := adapterPrefix + spec.name
		known[name] = true
		info, ok := file.Info(name)
		if !ok {
			return fmt.Errorf("no tensor %q: the adapter doesn't fit model %q", name, model)
		}
		if !slices.Equal(info.Shape, spec.shape) {
			return fmt.Errorf("tensor %q is %v, but model %q needs %v: the adapter is for another model",
				name, info.Shape, model, spec.shape)
		}
	}
	for _, info := range file.Tensors() {
		if !known[info.Name] {
			return fmt.Errorf("tensor %q has no place in model %q with the adapter's target_modules", info.Name, model)
		}
	}
	return nil
}

// SaveAdapter writes the LoRA weights into folder in PEFT's layout, which peft
// loads. base is recorded as the model that the adapter belongs to.
func (m *Model) SaveAdapter(folder, base string) error {
	lora := m.Decoder.LoRA
	if lora == nil {
		return fmt.Errorf("save adapter %q: the model has none", folder)
	}
	var stored []Tensor
	for _, spec := range lora.loraWeights(m.Config) {
		numbers, err := values(m.Store.GetVariable("/" + spec.name))
		if err != nil {
			return fmt.Errorf("save adapter %q: tensor %q: %w", folder, spec.name, err)
		}
		stored = append(stored, Tensor{Name: adapterPrefix + spec.name, Shape: spec.shape, Values: numbers})
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("save adapter: %w", err)
	}
	err := WriteSafetensors(filepath.Join(folder, adapterWeightsFile), stored, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	text, err := lora.encode(base)
	if err != nil {
		return fmt.Errorf("save adapter %q: %w", folder, err)
	}
	return writeFile(filepath.Join(folder, adapterConfigFile), text)
}

// encode writes adapter_config.json.
func (l LoRAConfig) encode(base string) ([]byte, error) {
	text, err := json.MarshalIndent(adapterJSON{
		PeftType: "LORA", TaskType: "CAUSAL_LM", BaseModel: base, Rank: l.Rank, Alpha: l.Alpha,
		RSLoRA: l.RSLoRA, Dropout: l.Dropout, Targets: l.Targets, Bias: "none", Inference: true, InitLoRA: true,
	}, "", "  ")
	return append(text, '\n'), err
}

// writeFile replaces a small file durably.
func writeFile(path string, text []byte) error {
	err := writeDurably(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return nil
}

// compact is a JSON value without blanks.
func compact(value json.RawMessage) string { return strings.Join(strings.Fields(string(value)), "") }

// sortedKeys lists a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
