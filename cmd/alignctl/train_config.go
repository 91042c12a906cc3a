package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/internal/workspace"
	"alignctl/train"
)

// trainSection is the name of trainConfig in alignctl.yaml.
const trainSection = "train"

// trainConfig is the section train of alignctl.yaml: under each method, the
// flags of its command by their names.
type trainConfig struct {
	SFT  map[string]words `yaml:"sft"`
	DPO  map[string]words `yaml:"dpo"`
	PPO  map[string]words `yaml:"ppo"`
	GRPO map[string]words `yaml:"grpo"`
}

// of are the settings of a method.
func (c trainConfig) of(method string) map[string]words {
	return map[string]map[string]words{"sft": c.SFT, "dpo": c.DPO, "ppo": c.PPO, "grpo": c.GRPO}[method]
}

// trainPresets are settings that belong together, by method and by the flags'
// names.
var trainPresets = map[string]map[string]map[string]string{
	"sft": sftPresets, "dpo": dpoPresets, "ppo": ppoPresets, "grpo": grpoPresets,
}

var sftPresets = map[string]map[string]string{
	// The study's fine-tuning: 144 examples in a step.
	"study": {
		"method": "lora", "lora-r": "64", "lora-alpha": "256", "lora-target": "q_proj,v_proj",
		"lora-dropout": "0", "loraplus-ratio": "16", "precision": "bf16", "lr": "1e-5", "schedule": "cosine", "warmup": "0.1", "epochs": "1.5",
		"batch": "8", "accumulate": "18", "max-tokens": "2048", "eval-examples": "800",
	},
	// A model of about 135 million weights on two cores, in about ten minutes.
	"small": {
		"method": "lora", "lora-r": "8", "lora-alpha": "16", "lora-target": "q_proj,v_proj",
		"lr": "5e-4", "schedule": "cosine", "warmup": "0.1", "epochs": "1", "max-steps": "200",
		"batch": "8", "accumulate": "1", "max-tokens": "192", "eval-every": "50", "eval-examples": "32",
	},
}

// The study has no preference pairs: its preset here is the adapter that the
// study trains, at a learning rate that preferences take.
var dpoPresets = map[string]map[string]string{
	"study": {
		"method": "lora", "lora-r": "64", "lora-alpha": "256", "lora-target": "q_proj,v_proj",
		"lora-dropout": "0", "loraplus-ratio": "16", "precision": "bf16", "lr": "5e-6", "schedule": "cosine", "warmup": "0.1", "epochs": "1",
		"batch": "8", "accumulate": "8", "max-tokens": "2048", "eval-examples": "800", "beta": "0.1", "loss": "sigmoid",
	},
	// A model of about 135 million weights on two cores, in about ten minutes.
	"small": {
		"method": "lora", "lora-r": "8", "lora-alpha": "16", "lora-target": "q_proj,v_proj",
		"lr": "5e-5", "schedule": "cosine", "warmup": "0.1", "epochs": "1", "max-steps": "200",
		"batch": "4", "accumulate": "1", "max-tokens": "192", "eval-every": "50", "eval-examples": "64", "beta": "0.1", "loss": "sigmoid",
	},
}

func presetNames(method string) []string { return slices.Sorted(maps.Keys(trainPresets[method])) }

// settle decides every setting: flags beat alignctl.yaml, which beats the
// preset, which beats the defaults.
func (o *trainRun) settle(c *cli.Context) error {
	s := newFlagSettings(c, o.settingFlags())
	file, err := workspace.Find()
	if err != nil {
		return err
	}
	if file != nil {
		var config trainConfig
		if err := file.Decode(trainSection, &config); err != nil {
			return err
		}
		if err := s.takeFile(file, []string{trainSection, o.train.Name()}, config.of(o.train.Name())); err != nil {
			return err
		}
	}
	if err := s.takePreset(o.train.Name(), o.preset); err != nil {
		return err
	}
	o.settings = s.list()
	return nil
}

// takePreset takes the settings of a preset, none for "".
func (s *flagSettings) takePreset(method, name string) error {
	preset, known := trainPresets[method][name]
	if name != "" && !known {
		return usagef("unknown preset %q%s", name, nearest.Hint(name, presetNames(method)))
	}
	for _, key := range slices.Sorted(maps.Keys(preset)) {
		if err := s.take(key, preset[key], "preset "+name, "preset "+name); err != nil {
			return err
		}
	}
	return nil
}

// trainSettings are the settings of a method without a command line.
func trainSettings(m train.Method) ([]setting, error) {
	o := newTrainRun(m)
	c, err := parsedNone(o.settingFlags())
	if err != nil {
		return nil, err
	}
	err = o.settle(c)
	return o.settings, err
}

// splitList splits a value at its commas, blanks around them left out.
func splitList(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
