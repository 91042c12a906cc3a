"""What the peers by TRL have in common: a model with its adapter, examples in the
order of their file, and a line of JSON for each step."""

import json
import sys
import tempfile
import time

import torch
from datasets import Dataset
from peft import PeftModel
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback


class Clock(TrainerCallback):
    def on_step_begin(self, *_, **__):
        self.start = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds = time.perf_counter() - self.start

    def on_log(self, *_, logs=None, **__):
        if "loss" in logs:
            print(json.dumps({"loss": float(logs["loss"]), "seconds": self.seconds}), flush=True)


def train(trainer, config, **settings):
    """Trains once through the file of sys.argv[3], the model of [1] with the
    adapter of [2], by a trainer of TRL and its config with further settings."""

    class InOrder(trainer):
        def _get_train_sampler(self, *_):
            return SequentialSampler(self.train_dataset)

    with open(sys.argv[3]) as lines:
        rows = Dataset.from_list([json.loads(line) for line in lines])
    base = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
    InOrder(
        model=PeftModel.from_pretrained(base, sys.argv[2], is_trainable=True),
        processing_class=AutoTokenizer.from_pretrained(sys.argv[1]),
        train_dataset=rows,
        args=config(
            output_dir=tempfile.mkdtemp(), num_train_epochs=1, max_length=704, learning_rate=2e-4,
            lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, logging_steps=1,
            logging_nan_inf_filter=False, save_strategy="no", report_to=[], use_cpu=True, bf16=False,
            gradient_checkpointing=False, disable_tqdm=True, **settings,
        ),
        callbacks=[Clock()],
    ).train()
