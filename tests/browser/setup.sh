#!/usr/bin/env bash
# Brings what the test of pages drives: playwright-core and axe-core from npm into a
# cache folder, and Chromium where the machine has none (Debian's, as root). Needs
# Node.js with npm as it is configured on this machine. Prints the variables that
# the test reads.
set -euo pipefail
cd "$(dirname "$0")"

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }

if [ -z "$(browser)" ]; then
  echo "browser: installing Chromium" >&2
  { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; } >&2
fi

# The packages are installed anew when their list changed.
cache=${ALIGNCTL_CACHE:-$HOME/.cache/alignctl}/browser
# One after another: two that install into one folder break what is there.
mkdir -p "$(dirname "$cache")" && exec 9<"$(dirname "$cache")" && flock 9
if ! cmp -s package.json "$cache/installed.json"; then
  echo "browser: installing playwright-core and axe-core to $cache (once, about 20 MB)" >&2
  rm -rf "$cache"
  mkdir -p "$cache"
  cp package.json "$cache"
  npm install --silent --no-fund --no-audit --prefix "$cache" >&2
  cp package.json "$cache/installed.json"
fi

echo "ALIGNCTL_BROWSER=$cache CHROMIUM=$(browser)"
