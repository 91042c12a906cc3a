#!/usr/bin/env bash
# Brings the other engines that the tests of this folder read a lake with: a
# virtual environment with PyIceberg and PySpark, and the two jars that Spark
# needs, into a cache folder. Needs Python 3, Java 17, and pip and Maven as they
# are configured on this machine. Prints the variables that the tests read.
set -euo pipefail
cd "$(dirname "$0")"

cache=${ALIGNCTL_CACHE:-$HOME/.cache/alignctl}/interop
venv=$cache/venv
jars=$cache/jars
mkdir -p "$jars"
# One after another: two that install into one folder break what is there.
exec 9<"$cache" && flock 9

# The virtual environment is made anew when the list of packages changed.
if ! cmp -s requirements.txt "$venv/installed.txt"; then
  echo "interop: installing PyIceberg and PySpark to $venv (once, about 500 MB)" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt >&2
  cp requirements.txt "$venv/installed.txt"
fi

# A jar whose sha256 isn't the one in jars.sha256 is brought again, then checked.
if ! (cd "$jars" && sha256sum --check --status "$OLDPWD/jars.sha256" 2>/dev/null); then
  echo "interop: bringing the jars for Spark to $jars" >&2
  for artifact in $(grep -v '^#' jars.txt); do
    log=$(mvn --batch-mode --strict-checksums org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
      "-Dartifact=$artifact" "-DoutputDirectory=$jars" -Dmdep.overWriteReleases=true 2>&1) || { echo "$log" >&2; exit 1; }
  done
  (cd "$jars" && sha256sum --check --quiet "$OLDPWD/jars.sha256") >&2
fi

echo "ALIGNCTL_PYICEBERG=$venv/bin/python"
echo "ALIGNCTL_PYSPARK=$venv/bin/python"
echo "ALIGNCTL_SPARK_JARS=$jars"
