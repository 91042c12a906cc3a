#!/usr/bin/env bash
# Trains job {{.Job.ID}} with OpenRLHF; the result is in result/. Words after the name of the script are further flags,
# which beat those below.
#   MODEL   folder of the model to start from
#   NPROC   GPUs of this host (1)
#   LAUNCH  another launcher of NPROC processes than deepspeed
{{template "prelude.sh" .}}launch=(deepspeed --num_gpus "$nproc" --module)
if [ -n "${LAUNCH:-}" ]; then
  read -ra launch <<<"$LAUNCH"
fi
settings=(
{{- range .Config.Keys}}{{with flag .}}
  {{.}}{{end}}{{end}}
)
exec "${launch[@]}" openrlhf.cli.train_{{.Command}} --model.model_name_or_path "$model" "${settings[@]}" "$@"
