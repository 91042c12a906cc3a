package handover

import (
	"embed"

	"alignctl/train"
)

//go:embed trl/train.py
var trlFiles embed.FS

// trl is Hugging Face's TRL, run by a script beside its configuration, since
// its own commands know neither LoRA+ nor an adapter to go on from.
var trl = Trainer{
	Name: "trl", Title: "TRL", Version: "1.16", Layout: "trl", run: "trl.sh", script: "trl/train.py",
	Needs:  "pip install trl peft datasets",
	Launch: `NPROC=8 LAUNCH="accelerate launch --config_file zero3.yaml --num_processes 8" ./run.sh`,
	notes: map[string][]string{
		"sft": {"Tokens and labels are those of alignctl: `train.py` makes them."},
		"dpo": {"TRL also scores what the chat template writes after the token that ends an answer, such as ChatML's line break."},
	},
	translate: func(s *sheet) configuration {
		s.here()
		s.put(entry{"dataset_name", "data"})
		s.trainingArguments()
		s.trlModel()
		s.trlData()
		switch m := s.method.(type) {
		case *train.SFTOptions:
			s.agrees("label-smoothing", m.LabelSmoothing, smoothedByBatch(m.LabelSmoothing),
				entry{"label_smoothing_factor", m.LabelSmoothing})
		case *train.DPOOptions:
			s.trlPreferences(m)
		}
		return configuration{"trl.yaml", s.config}
	},
}

// smoothedByBatch is what transformers' label smoothing does otherwise.
func smoothedByBatch(share float64) string {
	if share == 0 {
		return ""
	}
	return "a mean over each micro-batch there, not over the step's tokens, and at evaluation, too"
}

// trlModel is the model and what of it is trained.
func (s *sheet) trlModel() {
	dtype := "float32"
	if s.Precision == "bf16" && !s.Full {
		dtype = "bfloat16"
	}
	s.put(entry{"dtype", dtype})
	s.as("checkpoint-layers", s.CheckpointLayers, "gradient_checkpointing")
	name := "lora"
	if s.Full {
		name = "full"
	}
	s.same("method", name, entry{"use_peft", !s.Full && s.Adapter == ""})
	keys := loraKeys{rank: "lora_r", alpha: "lora_alpha", dropout: "lora_dropout", rslora: "use_rslora",
		targets: entry{"lora_target_modules", s.LoRA.TargetNames()}}
	if s.method.Name() == "dpo" && s.Adapter != "" {
		keys.refused = map[string]string{"lora-dropout": "TRL's reference, a copy of the adapter, would lose inputs, too"}
	}
	s.lora(keys)
	s.as("loraplus-ratio", s.LoRAPlusRatio, "loraplus_lr_ratio")
	if s.Adapter == "" {
		s.same("adapter", "")
		return
	}
	s.same("adapter", s.Adapter, entry{"parent", "parent"})
}

// trlData is what the rows become.
func (s *sheet) trlData() {
	s.put(entry{"end_token_id", s.end})
	s.as("max-tokens", s.MaxTokens, "max_length")
	s.as("eval-examples", s.EvalExamples, "eval_examples")
	s.as("patience", s.Patience, "patience")
}

// trlPreferences are DPO's own settings.
func (s *sheet) trlPreferences(m *train.DPOOptions) {
	loss := func(name string) []entry { return []entry{{"loss_type", []string{name}}} }
	s.as("beta", m.Beta, "beta")
	s.preferenceLoss(m, map[lossForm][]entry{
		{"sigmoid", false}: loss("sigmoid"), {"sigmoid", true}: loss("sigmoid_norm"),
		{"ipo", true}: loss("ipo"), {"hinge", false}: loss("hinge"),
	}, "TRL has no such loss")
	s.refuse("label-smoothing", m.LabelSmoothing, "TRL's sigmoid loss takes every label for right (its robust loss is another one)")
	s.put(entry{"disable_dropout", s.LoRA.Dropout == 0})
}
