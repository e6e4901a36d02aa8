#!/usr/bin/env bash
# tests/fuzz.sh [SECONDS]: builds the libFuzzer targets with clang and runs each for SECONDS (60) from its seeds.
# A crash leaves its input in build-fuzz/crashes/; put it among the target's seeds once it is mended.
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh
seconds=${1:-60}

export CC=clang CXX=clang++
build build-fuzz -Dbuildtype=debugoptimized -Dfuzz=true -Dtests=false -Db_lundef=false
mkdir -p build-fuzz/crashes
passed=0 failed=0
while read -r target; do
  name=$(basename "$target")
  seeds=$(find subprojects plugins orchestrator -type d -path "*fuzz/seeds/${name#fuzz-}" | head -n 1)
  corpus=$(mktemp -d)
  say "$name: $seconds s"
  if "$target" "$corpus" ${seeds:+"$seeds"} -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
       -artifact_prefix="build-fuzz/crashes/$name-" >"build-fuzz/$name.log" 2>&1; then
    passed=$((passed + 1))
    grep -E '^Done|stat::number_of_executed_units|cov:' "build-fuzz/$name.log" | tail -n 1 >&2
  else
    failed=$((failed + 1))
    tail -n 30 "build-fuzz/$name.log" >&2
  fi
  rm -rf "$corpus"
done < <(meson introspect build-fuzz --targets | jq -r '.[] | select(.name | startswith("fuzz-")) | .filename[0]' | sort)
[ $((passed + failed)) -gt 0 ] || die "no fuzz targets were built"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
