package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/internal/workspace"
)

// trainSection is the name of trainConfig in alignctl.yaml.
const trainSection = "train"

// trainConfig is the section train of alignctl.yaml: under each method, the
// flags of its command by their names.
type trainConfig struct {
	SFT map[string]words `yaml:"sft"`
}

// sftPresets are settings that belong together, by the flags' names.
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

func presetNames() []string { return slices.Sorted(maps.Keys(sftPresets)) }

// settle decides every setting: flags beat alignctl.yaml, which beats the
// preset, which beats the defaults.
func (o *trainSFTOptions) settle(c *cli.Context) error {
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
		if err := s.takeFile(file, []string{trainSection, "sft"}, config.SFT); err != nil {
			return err
		}
	}
	if err := s.takePreset(o.preset); err != nil {
		return err
	}
	o.settings = s.list()
	return nil
}

// takePreset takes the settings of a preset, none for "".
func (s *flagSettings) takePreset(name string) error {
	preset, known := sftPresets[name]
	if name != "" && !known {
		return usagef("unknown preset %q%s", name, nearest.Hint(name, presetNames()))
	}
	for _, key := range slices.Sorted(maps.Keys(preset)) {
		if err := s.take(key, preset[key], "preset "+name, "preset "+name); err != nil {
			return err
		}
	}
	return nil
}

// trainSettings are the settings of train sft without a command line.
func trainSettings() ([]setting, error) {
	o := newTrainSFTOptions()
	flags := o.settingFlags()
	c, err := parsedNone(flags)
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
