#!/usr/bin/env bash
# Trains job {{.Job.ID}} with TRL; the result is in result/. Words after the script's name are keys of trl.yaml.
#   MODEL   folder of the model to start from
#   NPROC   processes on this host, one a GPU (1)
#   PYTHON  python that has TRL (python3)
#   LAUNCH  another launcher, such as "accelerate launch --config_file zero3.yaml"
set -euo pipefail
cd "$(dirname "$0")"
model=${MODEL:-{{word .Job.Base.Folder}}}
nproc=${NPROC:-1}
accumulate={{.Accumulate}}
if [ ! -d "$model" ]; then
  echo "run.sh: no model in $model: set MODEL to its folder (sha256 {{.Job.Base.SHA256}}, as alignctl model show prints it)" >&2
  exit 2
fi
if ((accumulate % nproc)); then
  echo "run.sh: NPROC=$nproc can't share $accumulate micro-batches of a step out evenly" >&2
  exit 2
fi
launch=("${PYTHON:-python3}")
if ((nproc > 1)); then
  launch+=(-m torch.distributed.run --standalone --nproc-per-node "$nproc")
fi
if [ -n "${LAUNCH:-}" ]; then
  read -ra launch <<<"$LAUNCH"
fi
exec "${launch[@]}" train.py {{.Command}} --config trl.yaml --model_name_or_path "$model" \
  --gradient_accumulation_steps $((accumulate / nproc)) "$@"
