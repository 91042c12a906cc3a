set -euo pipefail
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
model=$(cd "$model" && pwd)
cd "$(dirname "$0")"
