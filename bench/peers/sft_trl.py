"""TRL's SFTTrainer with LoRA in float32: sft_trl.py MODEL ADAPTER TOKENS.jsonl [packing]

TOKENS is as sft_peft.py takes it, of any lengths. Once through the file, in its
order; a line of JSON for each step. Without packing a step is 8 examples, with
it 4 rows of 704 tokens, which is a few less."""

import sys

from trl import SFTConfig, SFTTrainer

import trl_peer

packing = sys.argv[4:] == ["packing"]
trl_peer.train(
    SFTTrainer, SFTConfig, per_device_train_batch_size=4 if packing else 8, packing=packing, completion_only_loss=True,
)
