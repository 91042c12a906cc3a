"""Logits of a base model with an adapter, and of the merged model, by transformers and peft.

usage: peft_logits.py BASE ADAPTER MERGED IDS    (IDS: JSON list of token ids)
Prints {"adapter": [[...]], "merged": [[...]]}, f32, one row a position.
"""
import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base, adapter, merged, ids = sys.argv[1:5]
ids = torch.tensor([json.loads(ids)])


def logits(model):
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits[0].float().tolist()


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


print(json.dumps({"adapter": logits(PeftModel.from_pretrained(load(base), adapter)), "merged": logits(load(merged))}))
