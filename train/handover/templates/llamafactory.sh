#!/usr/bin/env bash
# Trains job {{.Job.ID}} with LLaMA-Factory; the result is in result/. Words after the script's name are KEY=VALUE of
# llamafactory.yaml, such as deepspeed=zero3.json.
#   MODEL   folder of the model to start from
#   NPROC   processes on this host, one a GPU (1)
#   PYTHON  python that has LLaMA-Factory (python3)
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
export NPROC_PER_NODE=$nproc
if ((nproc > 1)); then
  export FORCE_TORCHRUN=1
fi
exec "${PYTHON:-python3}" -m llamafactory.cli train llamafactory.yaml model_name_or_path="$model" \
  {{if .Reference}}ref_model="$model" {{end}}gradient_accumulation_steps=$((accumulate / nproc)) "$@"
