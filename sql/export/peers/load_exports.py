"""Loads exports of alignctl with `datasets`, and trains on them with TRL for two steps.

usage: load_exports.py FOLDER

FOLDER holds exports, each named KIND-LAYOUT...: sft-trl, pair-trl, question-trl, sft-openrlhf, ... Nothing is fetched: the
model is a Llama with random weights, and the tokenizer is learnt from the exported texts. Prints a line for each export.
"""
import csv
import json
import math
import sys
import tempfile
from pathlib import Path

import torch
from datasets import load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, PrinterCallback
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def learn_tokenizer(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>", "<pad>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<pad>")
    fast.chat_template = TEMPLATE
    return fast


def save_model(tokenizer, folder):
    """Saves a small model; DPOTrainer loads its reference from the folder of the model that it trains."""
    torch.manual_seed(42)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, bos_token_id=None)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def train(trainer_class, config, data, tokenizer, args=None, **more):
    """Trains two steps and gives the trainer and the losses."""
    with tempfile.TemporaryDirectory() as folder:
        save_model(tokenizer, folder)
        settings = config(
            output_dir=folder, max_steps=2, per_device_train_batch_size=2, learning_rate=1e-2, logging_steps=1,
            save_strategy="no", report_to=[], use_cpu=True, bf16=False, disable_tqdm=True, **(args or {}))
        trainer = trainer_class(
            model=folder, args=settings, train_dataset=data["train"], processing_class=tokenizer, **more)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        assert len(losses) == 2, losses
        return trainer, losses


def check_mask(trainer, tokenizer, data):
    """The loss of SFT is on the answer and its end, on nothing of the prompt."""
    row = next(iter(trainer.get_train_dataloader()))
    learnt = row["labels"][0]
    text = tokenizer.decode(row["input_ids"][0][learnt != -100])
    answers = {example["completion"][0]["content"] for example in data["train"]}
    assert any(text.startswith(answer) and "<|im_end|>" in text for answer in answers), text


def reward(completions, label, **_):
    """A reward function as GRPOTrainer calls it: the label of a row comes with each of its completions."""
    assert len(label) == len(completions) and label[0][0]["n"] > label[0][-1]["n"], label
    return [float(len(completion[0]["content"])) for completion in completions]


def check_llama_factory(folder, data):
    """What LLaMA-Factory demands of sharegpt rows: turns alternate, and the answer is last or beside them."""
    info = json.loads((folder / "dataset_info.json").read_text())
    assert {entry["file_name"].split(".")[0] for entry in info.values()} == set(data)
    entry = next(iter(info.values()))
    roles = [entry["tags"]["user_tag"], entry["tags"]["assistant_tag"]]
    for row in data["train"]:
        turns = [m[entry["tags"]["role_tag"]] for m in row[entry["columns"]["messages"]]]
        turns = turns[1:] if turns[0] == entry["tags"]["system_tag"] else turns
        assert turns == [roles[i % 2] for i in range(len(turns))], turns
        if entry.get("ranking"):
            assert len(turns) % 2 == 1 and row["chosen"]["role"] == row["rejected"]["role"] == roles[1], row
        else:
            assert len(turns) % 2 == 0, turns


def check_openrlhf(data, tokenizer):
    """What OpenRLHF does to a row: the chat template over the prompt, and over prompt and answer."""
    row = data["train"][0]
    prompt = row.get("input") or row["prompt"]
    before = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    for key in ("output", "chosen", "rejected"):
        if key in row:
            after = tokenizer.apply_chat_template(prompt + row[key], tokenize=False)
            assert after.startswith(before) and row[key][0]["content"] in after[len(before):], after
    if "label" in row:
        assert json.loads(row["label"])[0]["response"], row


def check_counts(folder, data):
    """The card lists the rows, and says where each column came from."""
    card = json.loads((folder / "card.json").read_text())
    assert {s["name"]: s["rows"] for s in card["splits"] if s["rows"]} == {name: len(rows) for name, rows in data.items()}
    names = [c["name"] for c in card["columns"]]
    for rows in data.values():
        assert rows.column_names == names, rows.column_names
    return sum(len(rows) for rows in data.values())


def check(folder, tokenizer):
    kind, layout = folder.name.split("-", 1)
    data = load_dataset(str(folder))
    said = f"{check_counts(folder, data)} rows"
    if layout.startswith("trl") and kind == "sft":
        trainer, losses = train(SFTTrainer, SFTConfig, data, tokenizer)
        if "completion" in data["train"].column_names:
            check_mask(trainer, tokenizer, data)
        said += f", SFTTrainer {losses}"
    elif layout.startswith("trl") and kind == "pair":
        _, losses = train(DPOTrainer, DPOConfig, data, tokenizer)
        assert abs(losses[0] - math.log(2)) < 1e-4, losses  # nothing is learnt yet: the margin is 0
        said += f", DPOTrainer {losses}"
    elif layout.startswith("trl") and kind == "question":
        few = {"num_generations": 2, "max_completion_length": 8}
        said += f", GRPOTrainer {train(GRPOTrainer, GRPOConfig, data, tokenizer, few, reward_funcs=reward)[1]}"
    elif layout.startswith("llama-factory"):
        check_llama_factory(folder, data)
    elif layout.startswith("openrlhf"):
        check_openrlhf(data, tokenizer)
    elif layout == "psychling":
        with open(folder / "codebook.csv", newline="", encoding="utf-8") as f:
            assert [row["column"] for row in csv.DictReader(f)] == data["train"].column_names
    print(f"{folder.name}: {said}", flush=True)


def main():
    root = Path(sys.argv[1])
    texts = [row["completion"] for row in load_dataset(str(root / "sft-jsonl"))["train"]]
    tokenizer = learn_tokenizer(texts)
    for folder in sorted(root.iterdir()):
        check(folder, tokenizer)


if __name__ == "__main__":
    main()
