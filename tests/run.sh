#!/bin/bash
# run.sh [GROUP…]: runs test groups (all of them unless some are named) and adds up what they count.
#
# A group is tests/GROUP.sh or tests/GROUP.py. It prints its failures and, last, 'N passed, N failed[, N skipped]'.
# Each can be run alone. The last line here has the same form.
#   BUILD    the folder of what was built (build)
#   HVM      the command that is tested (BUILD/hvm)
#   REDUCED  1: leave out or shrink what is slow, for builds with sanitizers
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
export BUILD=${BUILD:-build}
export HVM=${HVM:-$BUILD/hvm}
export REDUCED=${REDUCED:-0}
HVM=$(realpath -m "$HVM")
BUILD=$(realpath -m "$BUILD")
[ -x "$HVM" ] || { echo "tests: $HVM does not exist; run make first" >&2; exit 2; }

groups=("$@")
[ $# -gt 0 ] || groups=(units models reference grammar conformance errors unsound examples bench modes threads profile sparks numbers trace diagnostics cli format lsp editors bindings vscode native readme fuzz/replay limits memory)
passed=0
failed=0
skipped=0
output=$(mktemp)
# Machine code that tests build goes here; a compiler may outlive its test a little.
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
clean_up() {
  rm -f "$output"
  rm -rf "$XDG_CACHE_HOME" 2>/dev/null || { sleep 1 && rm -rf "$XDG_CACHE_HOME"; }
}
trap clean_up EXIT

for group in "${groups[@]}"; do
  script=tests/$group.sh
  [ -e "$script" ] || script=tests/$group.py
  start=$SECONDS
  "$script" >"$output" 2>&1
  status=$?
  summary=$(tail -n 1 "$output")
  if [[ $summary =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    sed '$d' "$output"
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    if [ $status != 0 ] && [ "${BASH_REMATCH[2]}" = 0 ]; then
      echo "FAIL  $group: exit status $status"
      failed=$((failed + 1))
    fi
  else
    cat "$output"
    summary="it ended without a count (status $status)"
    failed=$((failed + 1))
  fi
  printf '%-12s %s (%d s)\n' "$group" "$summary" $((SECONDS - start))
done

total="$passed passed, $failed failed"
[ $skipped = 0 ] || total="$total, $skipped skipped"
echo "$total"
[ $failed = 0 ]
