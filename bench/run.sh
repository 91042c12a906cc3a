#!/usr/bin/env bash
# Times alignctl beside what a user would run instead, in one go on one
# machine, and prints what docs/performance.md quotes.
#
#   ALIGNCTL_PEERS        a python with polars, pandas, pyarrow and duckdb
#   ALIGNCTL_TESTMODELS   folder that holds smollm2/ (a Hugging Face folder)
#   ALIGNCTL_BASELINES    folder with the peers' scripts (baseline_*.py)
#   ALIGNCTL_PYTHON       a python with torch, transformers and peft
#   PJRT_PLUGIN_LIBRARY_PATH  folder of the XLA CPU plugin
#
# What isn't set is left out, and said.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

say "etl: SWOW of 1.3 M and 5 M records, WVS of 97,000 respondents, beside polars, pandas, DuckDB and data.table"
go run ./bench/etl

if [ -z "${ALIGNCTL_TESTMODELS:-}" ]; then
  say "training and decoding: left out, ALIGNCTL_TESTMODELS is not set"
  exit 0
fi
peer() { # peer SCRIPT ARG...: runs a baseline where one is at hand
  if [ -z "${ALIGNCTL_BASELINES:-}" ] || [ -z "${ALIGNCTL_PYTHON:-}" ]; then
    echo "peer left out: ALIGNCTL_BASELINES and ALIGNCTL_PYTHON are not set"
    return
  fi
  env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 GOMP_SPINCOUNT=0 \
    "$ALIGNCTL_PYTHON" "$ALIGNCTL_BASELINES/$1" "${@:2}"
}

say "sft step: SmolLM2-135M, LoRA r 8 on q and v, 8 x 64, f32: peft, then alignctl"
peer baseline_peft_sft.py "$ALIGNCTL_TESTMODELS/smollm2" 5
for backend in xla:cpu go; do
  ALIGNCTL_BENCH_BACKEND=$backend go test -run '^$' -bench 'BenchmarkStep$' -benchtime 5x ./train ||
    echo "$backend left out"
done
peer baseline_peft_sft.py "$ALIGNCTL_TESTMODELS/smollm2" 5

say "decode: SmolLM2-135M, batch 16, 48 new tokens: transformers, then alignctl"
peer baseline_hf_generate.py "$ALIGNCTL_TESTMODELS/smollm2" 16
go test -run '^$' -bench 'BenchmarkGenerate' -benchtime 3x ./train/lm
