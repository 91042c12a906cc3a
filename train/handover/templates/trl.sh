#!/usr/bin/env bash
# Trains job {{.Job.ID}} with TRL; the result is in result/. Words after the script's name are keys of trl.yaml.
#   MODEL   folder of the model to start from
#   NPROC   processes on this host, one a GPU (1)
#   PYTHON  python that has TRL (python3)
#   LAUNCH  another launcher of NPROC processes, such as "accelerate launch --config_file zero3.yaml --num_processes 8"
{{template "prelude.sh" .}}launch=("${PYTHON:-python3}")
if ((nproc > 1)); then
  launch+=(-m torch.distributed.run --standalone --nproc-per-node "$nproc")
fi
if [ -n "${LAUNCH:-}" ]; then
  read -ra launch <<<"$LAUNCH"
fi
exec "${launch[@]}" train.py {{.Command}} --config trl.yaml --model_name_or_path "$model" \
  --gradient_accumulation_steps $((accumulate / nproc)) "$@"
