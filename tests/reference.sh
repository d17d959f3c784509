#!/bin/bash
# reference.sh: random programs give the same results in the evaluator and in a plain, slow one, and what the demand
# analysis says of them is true (tests/reference).
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
program=$BUILD/tests/reference-test
count=3000
[ "$REDUCED" = 0 ] || count=300
if [ -x "$program" ]; then
  include reference-test timeout 300 "$program" --count $count
  include "demands are sound" timeout 300 "$program" --demands --count $((count / 3))
else
  skip reference-test "it was not built"
fi
finish
