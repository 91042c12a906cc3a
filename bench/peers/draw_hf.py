"""Answers drawn as transformers' generate draws them, in float32:
draw_hf.py MODEL _ ROWS.jsonl

A line of ROWS has messages, a prompt. Two lines at a time, 8 answers of at most
48 tokens to each, side by side; twice through the file, and a line of JSON for
each two. Where answers end early, the time is that of answers that don't."""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ASKED, GROUP, TOKENS = 2, 8, 48

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], padding_side="left")
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
with open(sys.argv[3]) as lines:
    prompts = [json.loads(line)["Messages"][0]["Content"] for line in lines] * 2
torch.manual_seed(0)

for first in range(0, len(prompts), ASKED):
    texts = [prompt for prompt in prompts[first : first + ASKED] for _ in range(GROUP)]
    start = time.perf_counter()
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        drawn = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=True, temperature=1.0, top_k=0, top_p=1.0)
    seconds = time.perf_counter() - start
    answers = drawn[:, inputs["input_ids"].shape[1] :]
    ends = (answers == tokenizer.eos_token_id).int()
    lengths = torch.where(ends.any(1), ends.argmax(1) + 1, answers.shape[1])
    scale = TOKENS / lengths.float().mean().item()
    print(json.dumps({"loss": 0, "seconds": seconds * scale}), flush=True)
