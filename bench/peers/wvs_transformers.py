"""Likelihoods of a survey's options as one computes them with transformers, in
float32: wvs_transformers.py MODEL READOUTS.jsonl

A line of READOUTS is an option as alignctl eval wvs showed it: prompt, answer
(what is scored) and, to compare, logprob, by

  alignctl sql -o jsonl "select prompt, label as answer, logprob from eval.readouts
    join eval.samples using (run_id, item_id, variant, sample) order by prompt, place"

A prompt's options are one padded batch, which computes the prompt for each. It
prints the seconds that this took, and the largest difference of a
log-probability. An answer that another begins with is left out of that: alignctl
takes the longer one off it."""

import itertools
import json
import math
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()


def encode(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@torch.no_grad()
def log_probs(prompt, answers):
    """The log-probability of each answer, a list of ids, after the prompt's ids."""
    width = max(len(answer) for answer in answers)
    rows = [prompt + answer + [0] * (width - len(answer)) for answer in answers]
    logits = model(torch.tensor(rows)).logits[:, len(prompt) - 1 : -1].log_softmax(-1)
    return [
        sum(logits[row, place, token].item() for place, token in enumerate(answer))
        for row, answer in enumerate(answers)
    ]


with open(sys.argv[2]) as lines:
    rows = [json.loads(line) for line in lines]
difference, options = 0.0, 0
start = time.perf_counter()
for prompt, group in itertools.groupby(rows, key=lambda row: row["prompt"]):
    group = list(group)
    answers = [encode(row["answer"]) for row in group]
    for row, answer, value in zip(group, answers, log_probs(encode(prompt), answers)):
        begins = any(other[: len(answer)] == answer for other in answers if len(other) > len(answer))
        options += 1
        if not begins:
            difference = max(difference, math.fabs(value - row["logprob"]))
seconds = time.perf_counter() - start
print(json.dumps({"options": options, "seconds": seconds, "largest_difference": difference}))
