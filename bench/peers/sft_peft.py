"""LoRA steps as one writes them by hand with transformers and PEFT:
sft_peft.py MODEL ADAPTER TOKENS.jsonl f32|bf16

In bf16 the base is in bfloat16; PEFT keeps the adapter in float32.

A line of TOKENS is an example: input_ids, and completion_mask, which is 1 where
the loss counts. All are of one length. Batches of 8, in the file's order, train
ADAPTER further; a line of JSON for each step."""

import json
import sys
import time

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

BATCH, RATE = 8, 2e-4

model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype={"f32": torch.float32, "bf16": torch.bfloat16}[sys.argv[4]])
model = PeftModel.from_pretrained(model, sys.argv[2], is_trainable=True)
weights = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.0)
with open(sys.argv[3]) as lines:
    rows = [json.loads(line) for line in lines]
ids = torch.tensor([row["input_ids"] for row in rows])
counts = torch.tensor([row["completion_mask"] for row in rows])
labels = ids.masked_fill(counts == 0, -100)

for x, y in zip(ids.split(BATCH), labels.split(BATCH)):
    start = time.perf_counter()
    loss = model(input_ids=x, labels=y).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    value = loss.item()
    print(json.dumps({"loss": value, "seconds": time.perf_counter() - start}), flush=True)
