package handover

import (
	"fmt"
	"math"

	"alignctl/train"
)

// openRLHF is OpenRLHF, whose commands take all settings as flags.
var openRLHF = Trainer{
	Name: "openrlhf", Title: "OpenRLHF", Version: "0.11.2", Layout: "openrlhf", run: "openrlhf.sh",
	Needs:  "pip install openrlhf",
	Launch: "NPROC=8 ./run.sh --ds.zero_stage 3",
	notes: map[string][]string{"": {
		"Written from the source of OpenRLHF 0.11.2, whose own commands read these flags in alignctl's tests; it was not run.",
		"What it measures goes to wandb or TensorBoard, none of which comes back: the result has no curves in the lake.",
		"With ZeRO stage 3 OpenRLHF writes `adapter_model.bin`: make `adapter_model.safetensors` of it before the import.",
		"A step whose examples aren't all there at the end of an epoch is left out.",
	}},
	translate: func(s *sheet) configuration {
		s.here()
		s.rlhfData()
		s.rlhfSteps()
		s.rlhfOptimizer()
		s.rlhfModel()
		s.rlhfSaving()
		if m, ok := s.method.(*train.DPOOptions); ok {
			s.rlhfPreferences(m)
		} else {
			s.refuse("label-smoothing", s.method.(*train.SFTOptions).LabelSmoothing, "OpenRLHF's train_sft has none")
		}
		return configuration{Keys: s.config}
	},
}

// rlhfData are the files and the keys of their rows.
func (s *sheet) rlhfData() {
	s.put(entry{"--data.dataset", "data/train.jsonl"}, entry{"--data.apply_chat_template", true})
	if s.method.Name() == "sft" {
		s.put(entry{"--data.input_key", "input"}, entry{"--data.output_key", "output"})
	} else {
		s.put(entry{"--data.prompt_key", "prompt"}, entry{"--data.chosen_key", "chosen"}, entry{"--data.rejected_key", "rejected"})
	}
	note := ""
	if s.plan.Train.Cut > 0 {
		note = "OpenRLHF puts the end token at the end of an answer that is cut"
	}
	s.agrees("max-tokens", s.MaxTokens, note, entry{"--data.max_len", s.MaxTokens})
	note = ""
	if s.EvalExamples > 0 && s.dev() > 0 {
		s.put(entry{"--eval.dataset", "data/dev.jsonl"}, entry{"--eval.split", "train"}) // so load_dataset calls a lone file
		if int64(s.EvalExamples) < s.dev() {
			note = "OpenRLHF takes all of split dev"
		}
	}
	s.agrees("eval-examples", s.EvalExamples, note)
}

// rlhfSteps are whole epochs, of the first examples where fewer are asked for.
func (s *sheet) rlhfSteps() {
	step := s.Batch * s.Accumulate
	s.as("batch", s.Batch, "--train.micro_batch_size")
	s.same("accumulate", s.Accumulate, entry{"--train.batch_size", step})
	s.differs("seed", s.Seed, "another order of the examples, another start of a new adapter, other dropout",
		entry{"--train.seed", s.Seed})
	wanted, epochs := s.plan.Steps*step, int(math.Ceil(s.Epochs))
	if wanted < s.plan.Train.Examples {
		s.differs("max-steps", s.MaxSteps, fmt.Sprintf("OpenRLHF counts epochs: the first %d examples of the file, once", wanted),
			entry{"--data.max_samples", wanted})
		s.same("epochs", s.Epochs, entry{"--train.max_epochs", 1})
		return
	}
	s.missing("max-steps", s.MaxSteps, fmt.Sprintf("OpenRLHF counts epochs: it takes more than %d steps", s.plan.Steps))
	note := ""
	if s.Epochs != math.Trunc(s.Epochs) {
		note = "OpenRLHF takes whole epochs: the schedule is longer, too"
	}
	s.agrees("epochs", s.Epochs, note, entry{"--train.max_epochs", epochs})
}

// rlhfOptimizer is AdamW as train.AdamW has it.
func (s *sheet) rlhfOptimizer() {
	adam := train.DefaultAdamW()
	s.put(entry{"--adam.betas", []any{adam.Beta1, adam.Beta2}}, entry{"--adam.eps", adam.Epsilon})
	s.as("lr", s.LearningRate, "--adam.lr")
	kind, more := s.scheduler()
	floor := 0.0
	switch {
	case s.Schedule == "cosine" && s.MinLR > 0:
		floor = s.MinLR / s.LearningRate
		s.same("min-lr", s.MinLR, entry{"--min_lr_ratio", floor})
	case more != nil:
		kind = "linear"
		s.missing("min-lr", s.MinLR, "OpenRLHF's linear schedule ends at 0")
	default:
		s.same("min-lr", s.MinLR)
	}
	s.same("schedule", s.Schedule, entry{"--lr_scheduler", kind})
	s.same("warmup", s.Warmup, entry{"--lr_warmup_ratio", warmupRatio(s.plan)})
	s.as("weight-decay", s.WeightDecay, "--adam.weight_decay")
	s.as("max-grad-norm", s.MaxGradNorm, "--max_norm")
	s.missing("loraplus-ratio", s.LoRAPlusRatio, "OpenRLHF has no LoRA+: B learns at the rate of A")
}

// warmupRatio is the share of the steps that OpenRLHF, which rounds up, takes
// for as many as the plan has.
func warmupRatio(p train.Plan) float64 {
	return max(0, float64(p.Warmup)-0.5) / float64(p.Steps)
}

// rlhfModel is the model and what of it is trained.
func (s *sheet) rlhfModel() {
	note := "OpenRLHF computes in bf16 or fp16 only"
	if s.Precision == "bf16" {
		note = ""
	}
	s.agrees("precision", s.Precision, note, entry{"--ds.param_dtype", "bf16"})
	s.as("checkpoint-layers", s.CheckpointLayers, "--model.gradient_checkpointing_enable")
	s.refuse("adapter", s.Adapter, "OpenRLHF can't go on from an adapter: merge it first (alignctl model merge)")
	if s.Full {
		s.same("method", "full")
	} else {
		s.same("method", "lora")
	}
	var targets []any
	for _, target := range s.LoRA.TargetNames() {
		targets = append(targets, target)
	}
	keys := loraKeys{rank: "--ds.lora.rank", alpha: "--ds.lora.alpha", dropout: "--ds.lora.dropout",
		targets: entry{"--ds.lora.target_modules", targets},
		refused: map[string]string{"rslora": "OpenRLHF scales by alpha over the rank"}}
	if s.LoRA.Alpha != math.Trunc(s.LoRA.Alpha) {
		keys.refused["lora-alpha"] = "OpenRLHF takes whole numbers"
	}
	s.lora(keys)
}

// rlhfSaving are checkpoints and evaluations.
func (s *sheet) rlhfSaving() {
	s.put(entry{"--ckpt.output_dir", "result"}, entry{"--ckpt.path", "result/checkpoints"})
	s.as("keep", s.Keep, "--ckpt.max_num")
	s.on("save-every", s.SaveEvery, "--ckpt.save_steps")
	s.on("eval-every", s.EvalEvery, "--eval.steps")
	if s.Save == "best" {
		s.missing("save", s.Save, "OpenRLHF saves the last step: choose among its checkpoints")
	} else {
		s.same("save", s.Save)
	}
	s.missing("patience", s.Patience, "OpenRLHF doesn't stop early")
}

// rlhfPreferences are DPO's own settings.
func (s *sheet) rlhfPreferences(m *train.DPOOptions) {
	s.as("beta", m.Beta, "--model.beta")
	s.preferenceLoss(m, map[lossForm][]entry{
		{"sigmoid", false}: nil, {"ipo", false}: {{"--model.ipo_enable", true}},
	}, "OpenRLHF has no such loss")
	s.as("label-smoothing", m.LabelSmoothing, "--model.label_smoothing")
}
