#!/bin/bash
# examples.sh: every examples/NAME.hvm prints NAME.out; its input is NAME.in, where there is one.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
for file in examples/*.hvm; do
  input=${file%.hvm}.in
  [ -e "$input" ] || input=/dev/null
  timeout "$LIMIT" "$HVM" run "$file" >"$WORK/out" 2>"$WORK/err" <"$input"
  status=$?
  if [ $status != 0 ] || [ -s "$WORK/err" ]; then fail "$file" "exit status $status" "$(<"$WORK/err")"
  elif ! difference=$(diff "${file%.hvm}.out" "$WORK/out"); then fail "$file" "wrong output" "$difference"
  else pass; fi
done
finish
