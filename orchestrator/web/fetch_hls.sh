#!/bin/sh
# fetch_hls.sh PACKAGE.JSON PACKAGE-LOCK.JSON OUT: installs hls.js from npm as the lock file says and copies it to OUT.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$1" "$2" "$folder"
npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent >"$folder/log" 2>&1 || {
  cat "$folder/log" >&2
  echo "npm could not install hls.js: see above" >&2
  exit 1
}
cp "$folder/node_modules/hls.js/dist/hls.min.js" "$3"
