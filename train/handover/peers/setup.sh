#!/usr/bin/env bash
# Brings the trainers that the test of handed over jobs asks, beside TRL (sql/export/peers/setup.sh): LLaMA-Factory in a
# virtual environment of its own, which borrows TRL's torch, and OpenRLHF's Python files, for its parsers. Prints the
# variables that the test reads.
set -euo pipefail
cd "$(dirname "$0")"

cache=${ALIGNCTL_CACHE:-$HOME/.cache/alignctl}/exports
eval "$(bash ../../../sql/export/peers/setup.sh)"
venv=$cache/llamafactory
openrlhf=$cache/openrlhf
# One after another: two that install into one folder break what is there.
exec 9<"$cache" && flock 9

# All is made anew when a list of packages changed.
if ! cmp -s llamafactory.txt "$venv/installed.txt"; then
  echo "handover: installing LLaMA-Factory to $venv (once, about 1 GB)" >&2
  rm -rf "$venv"
  "$ALIGNCTL_TRL" -m venv "$venv"
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  "$ALIGNCTL_TRL" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/torch.pth"
  # What its metadata asks for, a web interface among it, isn't all needed to train on text.
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-deps -r llamafactory.txt >&2
  cp llamafactory.txt "$venv/installed.txt"
fi
if ! cmp -s openrlhf.txt "$openrlhf/installed.txt"; then
  rm -rf "$openrlhf"
  "$ALIGNCTL_TRL" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --target "$openrlhf" -r openrlhf.txt >&2
  cp openrlhf.txt "$openrlhf/installed.txt"
fi

echo "ALIGNCTL_LLAMAFACTORY=$venv/bin/python"
echo "ALIGNCTL_OPENRLHF=$openrlhf"
