"""Trains a job that alignctl handed over, with TRL.

usage: train.py sft|dpo --config trl.yaml --model_name_or_path FOLDER [--KEY VALUE ...]

What `trl sft` and `trl dpo` do, and besides: LoRA+, an adapter to go on from, patience, held-out examples chosen as alignctl
does, and for sft the tokens that alignctl makes: the prompt by the model's chat template, the answer, the token that ends it.
"""
import sys
from dataclasses import dataclass, field
from hashlib import md5

import torch
from datasets import load_dataset
from peft import PeftModel
from peft.optimizers import create_loraplus_optimizer
from transformers import AutoModelForCausalLM, AutoTokenizer, EarlyStoppingCallback
from trl import DPOConfig, DPOTrainer, ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, TrlParser, get_peft_config


@dataclass
class JobArguments:
    """What the job says beyond TRL's own settings."""

    end_token_id: int = field(default=-1, metadata={"help": "Token that ends an answer."})
    parent: str | None = field(default=None, metadata={"help": "Folder of an adapter to go on from."})
    loraplus_lr_ratio: float = field(default=0.0, metadata={"help": "LoRA+: learning rate of B over that of A; 0: the same."})
    eval_examples: int = field(default=0, metadata={"help": "Examples of split dev, drawn by the md5 of their ids."})
    patience: int = field(default=0, metadata={"help": "Evaluations without a new lowest loss that end the run; 0: never."})


def held_out(data, job):
    """The examples to evaluate on; None without any."""
    if "dev" not in data or job.eval_examples == 0:
        return None
    drawn = sorted(data["dev"]["example_id"], key=lambda name: (md5(name.encode()).hexdigest(), name))
    chosen = set(drawn[: job.eval_examples])
    return data["dev"].filter(lambda row: row["example_id"] in chosen)


def tokenized(data, tokenizer, end):
    """Prompt and answer as token ids; -100 labels what isn't learnt."""

    def encode(row):
        text = tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
        prompt = tokenizer.encode(text, add_special_tokens=False)
        answer = tokenizer.encode(row["completion"][0]["content"], add_special_tokens=False) + [end]
        return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}

    return data.map(encode, remove_columns=data.column_names)


def with_loraplus(trainer_class, ratio):
    """The trainer, with another learning rate for the B of an adapter."""

    class LoRAPlus(trainer_class):
        def create_optimizer(self, model=None):
            a = self.args
            self.optimizer = create_loraplus_optimizer(
                model=model or self.model, optimizer_cls=torch.optim.AdamW, lr=a.learning_rate, loraplus_lr_ratio=ratio,
                loraplus_weight_decay=a.weight_decay, betas=(a.adam_beta1, a.adam_beta2), eps=a.adam_epsilon)
            return self.optimizer

    return LoRAPlus if ratio else trainer_class


def load_model(model_args, job):
    """The model, with the adapter to go on from if there is one."""
    model = AutoModelForCausalLM.from_pretrained(model_args.model_name_or_path, dtype=getattr(torch, model_args.dtype))
    return PeftModel.from_pretrained(model, job.parent, is_trainable=True) if job.parent else model


def main():
    method = sys.argv[1]
    trainer_class, config = {"sft": (SFTTrainer, SFTConfig), "dpo": (DPOTrainer, DPOConfig)}[method]
    parser = TrlParser((ScriptArguments, config, ModelConfig, JobArguments))
    script, args, model_args, job = parser.parse_args_and_config(sys.argv[2:])
    tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path)
    data = load_dataset(script.dataset_name)
    train, dev = data["train"], held_out(data, job)
    if method == "sft":
        train, dev = (rows and tokenized(rows, tokenizer, job.end_token_id) for rows in (train, dev))
    trainer = with_loraplus(trainer_class, job.loraplus_lr_ratio)(
        model=load_model(model_args, job), args=args, train_dataset=train, eval_dataset=dev, processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        callbacks=[EarlyStoppingCallback(job.patience)] if job.patience else None)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)
    trainer.save_model(args.output_dir)
    trainer.save_state()


if __name__ == "__main__":
    main()
