#!/bin/bash
# conformance.sh [GLOB]: every GLOB.hvm of tests/conformance/cases and tests/cases (the project's own: what once went
# wrong) prints exactly the .out beside it, and leaves no live cell behind when its source has no scopeless variable.
. "$(dirname "$0")/lib.sh"
for file in "$ROOT"/tests/{conformance/cases,cases}/${1:-*}.hvm; do
  [ -e "$file" ] || continue
  name=$(basename "${file%.hvm}")
  timeout "$LIMIT" "$HVM" run --stats=json "$file" >"$WORK/out" 2>"$WORK/err" </dev/null
  status=$?
  if [ $status != 0 ]; then fail "$name" "exit status $status" "$(<"$WORK/err")"
  elif ! difference=$(diff "${file%.hvm}.out" "$WORK/out"); then fail "$name" "wrong output" "$difference"
  else pass; fi
  grep -q '\$' "$file" && continue
  if tail -n 1 "$WORK/err" | grep -q '"live_cells": 0[,}]'; then pass
  else fail "$name" "live cells are left" "$(tail -n 1 "$WORK/err")"; fi
done
finish
