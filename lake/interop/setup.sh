#!/usr/bin/env bash
# Brings the other engines that the tests of this folder read a lake with: a
# virtual environment with PyIceberg and PySpark, the jars that Spark needs for a
# lake, and those that it needs for buckets, into a cache folder. Needs Python 3,
# Java 17, and pip and Maven as they are configured on this machine. Prints the
# variables that the tests read.
set -euo pipefail
cd "$(dirname "$0")"

cache=${ALIGNCTL_CACHE:-$HOME/.cache/alignctl}/interop
venv=$cache/venv
jars=$cache/jars
s3a=$cache/s3a
mkdir -p "$jars" "$s3a"
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

plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

# Maven, silent unless it fails.
maven() {
  log=$(mvn --batch-mode --strict-checksums "$@" 2>&1) || { echo "$log" >&2; exit 1; }
}

# A jar whose sha256 isn't the one in jars.sha256 is brought again, then checked.
if ! (cd "$jars" && sha256sum --check --status "$OLDPWD/jars.sha256" 2>/dev/null); then
  echo "interop: bringing the jars for Spark to $jars" >&2
  for artifact in $(grep -v '^#' jars.txt); do
    maven "$plugin:copy" "-Dartifact=$artifact" "-DoutputDirectory=$jars" -Dmdep.overWriteReleases=true
  done
  (cd "$jars" && sha256sum --check --quiet "$OLDPWD/jars.sha256") >&2
fi

# Spark has the rest of what these need.
if ! (cd "$s3a" && sha256sum --check --status "$OLDPWD/s3a.sha256" 2>/dev/null); then
  echo "interop: bringing the jars for buckets to $s3a" >&2
  maven -f s3a.xml "$plugin:copy-dependencies" "-DoutputDirectory=$s3a" -DoverWriteReleases=true -DincludeScope=runtime \
    -DincludeGroupIds=org.apache.hadoop,software.amazon.awssdk,software.amazon.eventstream,org.reactivestreams
  (cd "$s3a" && sha256sum --check --quiet "$OLDPWD/s3a.sha256") >&2
fi

echo "ALIGNCTL_PYICEBERG=$venv/bin/python"
echo "ALIGNCTL_PYSPARK=$venv/bin/python"
echo "ALIGNCTL_SPARK_JARS=$jars"
echo "ALIGNCTL_S3A_JARS=$s3a"
