#!/usr/bin/env bash
# Trains job {{.Job.ID}} with LLaMA-Factory; the result is in result/. Words after the script's name are KEY=VALUE of
# llamafactory.yaml, such as deepspeed=zero3.json.
#   MODEL   folder of the model to start from
#   NPROC   processes on this host, one a GPU (1)
#   PYTHON  python that has LLaMA-Factory (python3)
{{template "prelude.sh" .}}export NPROC_PER_NODE=$nproc
if ((nproc > 1)); then
  export FORCE_TORCHRUN=1
fi
exec "${PYTHON:-python3}" -m llamafactory.cli train llamafactory.yaml model_name_or_path="$model" \
  {{if .Reference}}ref_model="$model" {{end}}gradient_accumulation_steps=$((accumulate / nproc)) "$@"
