"""TRL's DPOTrainer with LoRA in float32: dpo_trl.py MODEL ADAPTER PAIRS.jsonl

PAIRS has a line {"prompt": ..., "chosen": ..., "rejected": ...} for each pair.
Once through the file, in its order, 4 pairs a step; a line of JSON for each step.
The reference is the model with the adapter off."""

from trl import DPOConfig, DPOTrainer

import trl_peer

trl_peer.train(DPOTrainer, DPOConfig, per_device_train_batch_size=4, beta=0.1)
