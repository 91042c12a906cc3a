#!/usr/bin/env bash
# Trains job {{.Job.ID}} with OpenRLHF; the result is in result/. Words after the script's name are further flags, which
# beat those below.
#   MODEL   folder of the model to start from
#   NPROC   GPUs of this host (1)
#   LAUNCH  another launcher than deepspeed
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
launch=(deepspeed --num_gpus "$nproc" --module)
if [ -n "${LAUNCH:-}" ]; then
  read -ra launch <<<"$LAUNCH"
fi
settings=(
{{- range .Config.Keys}}{{with flag .}}
  {{.}}{{end}}{{end}}
)
exec "${launch[@]}" openrlhf.cli.train_{{.Command}} --model.model_name_or_path "$model" "${settings[@]}" "$@"
