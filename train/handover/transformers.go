package handover

import (
	"cmp"
	"fmt"

	"alignctl/train"
)

// here lists what says nothing about what is learnt, and what the folder itself
// holds.
func (s *sheet) here() {
	s.local("data", s.Dataset, "its rows are in data/")
	s.local("at", s.At, fmt.Sprintf("they are of snapshot %d", s.plan.Dataset.Snapshot))
	s.local("model", s.Model, "run.sh takes it from MODEL")
	s.local("out", s.Out, "the result is in result/")
	s.local("backend", s.Backend, "")
	s.local("devices", s.Devices, "run.sh takes how many from NPROC")
	s.local("packing", s.Packing, "changes only the speed here; what goes by the name there may cut examples, and is off")
	s.local("share-prefix", s.Share, "changes only the speed here")
	s.missing("eval-generate", s.EvalGenerate, "nothing there measures answers to cues while it trains")
	s.missing("loss-limit", s.LossLimit, "nothing there stops a loss that explodes: watch it")
}

// trainingArguments are settings as keys of transformers' TrainingArguments,
// which TRL and LLaMA-Factory share.
func (s *sheet) trainingArguments() {
	s.steps()
	s.optimizer()
	s.numbers()
	s.saving()
	s.put(entry{"logging_steps", 1}, entry{"logging_nan_inf_filter", false}, // a loss that is no number is told, not glossed over
		entry{"report_to", "none"}, entry{"output_dir", "result"})
}

// steps are as many as alignctl's plan has: the schedule hangs on them.
func (s *sheet) steps() {
	s.as("epochs", s.Epochs, "num_train_epochs")
	s.same("max-steps", s.MaxSteps, entry{"max_steps", s.plan.Steps})
	s.same("batch", s.Batch, entry{"per_device_train_batch_size", s.Batch}, entry{"per_device_eval_batch_size", s.Batch})
	s.as("accumulate", s.Accumulate, "gradient_accumulation_steps")
	s.differs("seed", s.Seed, "another order of the examples, another start of a new adapter, other dropout", entry{"seed", s.Seed})
}

// optimizer is AdamW as train.AdamW has it, with the groups that transformers
// makes, which are those of alignctl.
func (s *sheet) optimizer() {
	adam := train.DefaultAdamW()
	s.put(entry{"optim", "adamw_torch"}, entry{"adam_beta1", adam.Beta1}, entry{"adam_beta2", adam.Beta2},
		entry{"adam_epsilon", adam.Epsilon})
	s.as("lr", s.LearningRate, "learning_rate")
	kind, more := s.scheduler()
	s.same("schedule", s.Schedule, entry{"lr_scheduler_type", kind})
	s.same("min-lr", s.MinLR, more...)
	s.same("warmup", s.Warmup, entry{"warmup_steps", s.plan.Warmup})
	s.as("weight-decay", s.WeightDecay, "weight_decay")
	s.as("max-grad-norm", s.MaxGradNorm, "max_grad_norm")
}

// scheduler is transformers' name of the schedule, with what else it takes.
// polynomial with power 1 is a line to a floor above 0.
func (s *sheet) scheduler() (kind string, more []entry) {
	switch {
	case s.Schedule == "cosine" && s.MinLR > 0:
		return "cosine_with_min_lr", []entry{{"lr_scheduler_kwargs", []entry{{"min_lr", s.MinLR}}}}
	case s.Schedule == "linear" && s.MinLR > 0:
		return "polynomial", []entry{{"lr_scheduler_kwargs", []entry{{"lr_end", s.MinLR}, {"power", 1.0}}}}
	case s.Schedule == "constant" && s.plan.Warmup > 0:
		return "constant_with_warmup", nil
	}
	return s.Schedule, nil
}

// numbers are what is computed in.
func (s *sheet) numbers() {
	narrow := s.Precision == "bf16"
	note := ""
	if narrow {
		note = "autocast there decides by itself what stays float32"
	}
	s.agrees("precision", s.Precision, note, entry{"bf16", narrow}, entry{"fp16", false})
}

// saving are checkpoints and the evaluations that they hang on.
func (s *sheet) saving() {
	evaluated := s.EvalExamples > 0 && s.dev() > 0
	if evaluated { // the last step always is, there as here
		s.same("eval-every", s.EvalEvery, entry{"eval_strategy", "steps"}, entry{"eval_steps", cmp.Or(s.EvalEvery, s.plan.Steps)})
	} else {
		s.same("eval-every", s.EvalEvery, entry{"eval_strategy", "no"})
	}
	every := s.SaveEvery
	if s.Save == "best" && evaluated { // there, the best is one of the checkpoints
		every = s.EvalEvery
	}
	if every == 0 {
		s.same("save-every", s.SaveEvery, entry{"save_strategy", "no"})
	} else {
		s.same("save-every", s.SaveEvery, entry{"save_strategy", "steps"}, entry{"save_steps", every})
	}
	s.as("keep", s.Keep, "save_total_limit")
	best := s.Save == "best" && evaluated
	s.same("save", s.Save, entry{"load_best_model_at_end", best})
	if best || s.Patience > 0 {
		s.put(entry{"metric_for_best_model", "eval_loss"}, entry{"greater_is_better", false})
	}
}

// loraKeys are the keys of a new adapter's shape in a trainer's configuration.
type loraKeys struct {
	rank, alpha, dropout, rslora string
	targets                      entry
	refused                      map[string]string // why the trainer can't follow a setting, by its name
}

// lora hands the shape of a new adapter over; one to go on from has its own.
func (s *sheet) lora(k loraKeys) {
	for _, f := range []struct {
		name  string
		value any
		as    entry
	}{
		{"lora-r", s.LoRA.Rank, entry{k.rank, s.LoRA.Rank}}, {"lora-alpha", s.LoRA.Alpha, entry{k.alpha, s.LoRA.Alpha}},
		{"lora-dropout", s.LoRA.Dropout, entry{k.dropout, s.LoRA.Dropout}},
		{"rslora", s.LoRA.RSLoRA, entry{k.rslora, s.LoRA.RSLoRA}}, {"lora-target", s.LoRA.Targets, k.targets},
	} {
		why, refused := k.refused[f.name]
		switch {
		case s.Full:
			s.local(f.name, f.value, "no adapter is trained")
		case refused:
			s.refuse(f.name, f.value, why)
		case s.Adapter != "":
			s.same(f.name, f.value)
		default:
			s.same(f.name, f.value, f.as)
		}
	}
}
