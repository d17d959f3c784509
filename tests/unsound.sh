#!/bin/bash
# unsound.sh: λ-terms in which a λ that clones its own variable is itself cloned. Optimal sharing without an oracle may
# get these wrong; a right answer counts as passed, anything else that is no crash as skipped.
. "$(dirname "$0")/lib.sh"
for file in "$ROOT"/tests/conformance/unsound/*.hvm; do
  name=$(basename "${file%.hvm}")
  timeout --foreground -k "$LIMIT" 2 "$HVM" run -s 1G "$file" >"$WORK/out" 2>"$WORK/err" </dev/null
  status=$?
  if cmp -s "${file%.hvm}.out" "$WORK/out"; then pass
  elif [ $status -gt 2 ] && [ $status != 124 ]; then fail "$name" "exit status $status" "$(<"$WORK/err")"
  else skip "$name" "a λ that clones its own variable was cloned; the answer differs from β-reduction's"; fi
done
for file in "$ROOT"/tests/conformance/unsound/*.hvm; do # by need all of them are right
  for strict in on off; do
    expect "$(basename "${file%.hvm}") by need, strict $strict" 0 "$(<"${file%.hvm}.out")" '' \
      "$HVM" run --sharing=need --strict="$strict" "$file"
  done
done
finish
