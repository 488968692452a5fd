#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/sim/fail against a simulator that is started as tools/lib/demo-site does it.
#   sim_fail_test.sh SOURCE BUILD
set -euo pipefail
fail=$1/tools/sim/fail bin=$2/bin
data=$(mktemp -d)
simulators=()
end() {
  [ ${#simulators[@]} = 0 ] || kill "${simulators[@]}" 2>/dev/null || true
  rm -rf "$data"
}
trap end EXIT

# expect CODE TEXT COMMAND...: the command ends with that code and says that.
expect() {
  local code=$1 text=$2 said status=0
  shift 2
  said=$("$@" --data "$data" 2>&1) || status=$?
  if [ "$status" != "$code" ] || [[ $said != *"$text"* ]]; then
    echo "$*: ended with $status, not $code, and said: $said" >&2
    exit 1
  fi
}

run=$data/run
mkdir "$run"
expect 3 "no simulator projector1" "$fail" projector1 stall
mkfifo "$run/projector1.in" # what an ended site leaves behind
: >"$run/projector1.out"
expect 6 "does not run" "$fail" projector1 stall
begin() { # NAME PROGRAM
  [ -p "$run/$1.in" ] || mkfifo "$run/$1.in"
  : >"$run/$1.out"
  "$bin/$2" <>"$run/$1.in" >"$run/$1.out" 2>"$run/$1.log" &
  simulators+=("$!")
  for _ in $(seq 200); do
    read -r word _ <"$run/$1.out" && [ "$word" = ready ] && break
    sleep 0.05
  done
}
begin projector1 pjlink_sim
expect 0 "" "$fail" projector1 stall
expect 0 "" "$fail" projector1 none
expect 2 "want none, refuse" "$fail" projector1 nonsense
expect 3 "there are: projector1" "$fail" projector2 stall
expect 2 "fail NAME FAULT" "$fail" projector1
expect 2 "fail NAME FAULT" "$fail" ../projector1 stall
expect 2 "no faults" "$fail" snmpd stall
begin weather json_sim
expect 0 "" "$fail" weather status=500
expect 0 "" "$fail" weather slow=100
expect 0 "" "$fail" weather none
expect 2 "status=CODE" "$fail" weather status=9
