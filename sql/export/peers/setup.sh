#!/usr/bin/env bash
# Brings the trainers that the test of exports asks: a virtual environment with
# datasets, TRL and torch, into a cache folder. Needs Python 3 and pip as it is
# configured on this machine. Prints the variable that the test reads.
set -euo pipefail
cd "$(dirname "$0")"

venv=${ALIGNCTL_CACHE:-$HOME/.cache/alignctl}/exports/venv
# One after another: two that install into one folder break what is there.
mkdir -p "$(dirname "$venv")" && exec 9<"$(dirname "$venv")" && flock 9

# The virtual environment is made anew when the list of packages changed.
if ! cmp -s requirements.txt "$venv/installed.txt"; then
  echo "exports: installing datasets, TRL and torch to $venv (once, about 6 GB)" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir -r requirements.txt >&2
  cp requirements.txt "$venv/installed.txt"
fi

echo "ALIGNCTL_TRL=$venv/bin/python"
