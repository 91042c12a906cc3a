package handover

import (
	"strings"

	"alignctl/train"
)

// llamaFactory is LLaMA-Factory, whose command takes a configuration.
var llamaFactory = Trainer{
	Name: "llama-factory", Title: "LLaMA-Factory", Version: "0.9.5", Layout: "llama-factory", run: "llamafactory.sh",
	Needs:  "pip install llamafactory",
	Launch: "NPROC=8 ./run.sh deepspeed=zero3.json",
	notes: map[string][]string{"": {
		"LLaMA-Factory reads the model's chat template into slots of its own: look at the example that it prints when it starts.",
		"It also learns what the template writes after the token that ends an answer, such as ChatML's line break.",
	}},
	translate: func(s *sheet) configuration {
		s.here()
		s.factoryStage()
		s.factoryData()
		s.trainingArguments()
		s.factoryModel()
		return configuration{"llamafactory.yaml", s.config}
	},
}

// factoryStage is the method with its own settings.
func (s *sheet) factoryStage() {
	kind := "lora"
	if s.Full {
		kind = "full"
	}
	s.put(entry{"stage", s.method.Name()}, entry{"do_train", true}, entry{"include_num_input_tokens_seen", "non_padding"})
	s.same("method", kind, entry{"finetuning_type", kind})
	switch m := s.method.(type) {
	case *train.SFTOptions:
		s.agrees("label-smoothing", m.LabelSmoothing, smoothedByBatch(m.LabelSmoothing),
			entry{"label_smoothing_factor", m.LabelSmoothing})
	case *train.DPOOptions:
		s.factoryPreferences(m)
	}
}

// factoryPreferences are DPO's own settings. LLaMA-Factory has TRL's dpo_loss
// compute the loss and doesn't name it, which is the sigmoid loss in TRL 0.24, the
// version that it installs: the curve of a job that asked for ipo shows it.
func (s *sheet) factoryPreferences(m *train.DPOOptions) {
	s.as("beta", m.Beta, "pref_beta")
	s.preferenceLoss(m, map[lossForm][]entry{{"sigmoid", false}: {{"pref_loss", "sigmoid"}}},
		"LLaMA-Factory 0.9.5 trains by the sigmoid loss, whatever its pref_loss says")
	s.as("label-smoothing", m.LabelSmoothing, "dpo_label_smoothing")
}

// factoryData names the files by their entries of dataset_info.json.
func (s *sheet) factoryData() {
	_, name, _ := strings.Cut(s.Dataset, ".")
	s.put(entry{"dataset_dir", "data"}, entry{"dataset", name + "_train"})
	if s.EvalExamples > 0 && s.dev() > 0 {
		s.put(entry{"eval_dataset", name + "_dev"})
	}
	note := ""
	if s.plan.Train.Cut+s.plan.Train.Dropped > 0 {
		note = "LLaMA-Factory shortens prompt and answer of an example that is too long, alignctl the answer alone"
	}
	s.agrees("max-tokens", s.MaxTokens, note, entry{"cutoff_len", s.MaxTokens})
	note = ""
	if s.EvalExamples > 0 && int64(s.EvalExamples) < s.dev() {
		note = "LLaMA-Factory takes all of split dev"
	}
	s.agrees("eval-examples", s.EvalExamples, note)
}

// factoryModel is the model and what of it is trained.
func (s *sheet) factoryModel() {
	targets := strings.Join(s.LoRA.TargetNames(), ",")
	keys := loraKeys{rank: "lora_rank", alpha: "lora_alpha", dropout: "lora_dropout", rslora: "use_rslora",
		targets: entry{"lora_target", targets}}
	if s.method.Name() == "dpo" {
		keys.refused = map[string]string{"lora-dropout": "LLaMA-Factory trains dpo without dropout"}
	}
	s.lora(keys)
	s.same("checkpoint-layers", s.CheckpointLayers, entry{"disable_gradient_checkpointing", !s.CheckpointLayers})
	s.on("loraplus-ratio", s.LoRAPlusRatio, "loraplus_lr_ratio")
	s.on("patience", s.Patience, "early_stopping_steps")
	s.factoryParent()
}

// factoryParent is the adapter to go on from, which is DPO's reference, too.
func (s *sheet) factoryParent() {
	if s.Adapter == "" {
		s.same("adapter", "")
		return
	}
	s.same("adapter", s.Adapter, entry{"adapter_name_or_path", "parent"})
	if s.method.Name() == "dpo" {
		s.put(entry{"ref_model_adapters", "parent"})
	}
}
