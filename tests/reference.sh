#!/bin/bash
# reference.sh [COUNT]: random programs give the same results in the evaluator, in each of its modes, and in a plain,
# slow one (tests/reference): COUNT of terms of all kinds, and COUNT of recursive functions with lazy traps; a tenth of
# them with sharing by need.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
program=$BUILD/tests/reference-test
count=1500
[ "$REDUCED" = 0 ] || count=300
count=${1:-$count}
jobs=$(nproc 2>/dev/null || echo 2)
batches=(--batch 40 --native-every 20 --jobs "$jobs") # what the C compiler makes of 100 programs takes it two minutes
if [ -x "$program" ]; then
  for kind in '' --recursive; do
    # shellcheck disable=SC2086 # no option, or one
    include "reference-test $kind" timeout $((300 + count)) "$program" $kind --count "$count" "${batches[@]}"
  done
  include "reference-test --need" timeout $((300 + count)) "$program" --recursive --need --seed 77 --count $((count / 10)) "${batches[@]}"
  include "demands are sound" timeout $((300 + count)) "$program" --demands --count $((count / 3))
else
  skip reference-test "it was not built"
fi
finish
