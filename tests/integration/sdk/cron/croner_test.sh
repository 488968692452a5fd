#!/usr/bin/env bash
# Compares CronSchedule with croner, which npm installs below the build folder.
#   croner_test.sh CRON_NEXT FOLDER [SEED]
# 20,000 expressions; 100,000 with BUSBAR_LONG=1. Exit code 77: not run, for want of node and npm.
set -euo pipefail
program=$(realpath "$1")
folder=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
for command in node npm; do
  command -v $command >/dev/null || { echo "SKIPPED: $command is not installed (packages nodejs and npm)"; exit 77; }
done
mkdir -p "$folder"
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || [ ! -d "$folder/node_modules/croner" ]; then
  rm -rf "$folder/node_modules" "$folder/package-lock.json"
  cp "$here/package.json" "$folder/"
  cp "$here/package-lock.json" "$folder/package-lock.json"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) ||
    { rm -f "$folder/package-lock.json"; echo "npm ci in $folder failed"; exit 1; }
fi
count=20000
[ "${BUSBAR_LONG:-0}" != 1 ] || count=100000
exec node "$here/compare.mjs" "$program" "$folder/node_modules/croner" "$count" "${@:3}"
