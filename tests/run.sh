#!/bin/bash
# run.sh [GROUP…]: runs test groups (all of them unless some are named) and adds up what they count.
#
# A group is tests/GROUP.sh or tests/GROUP.py. It prints its failures and, last, 'N passed, N failed[, N skipped]'.
# Each can be run alone. The last line here has the same form.
#   BUILD    the folder of what was built (build)
#   HVM      the command that is tested (BUILD/hvm)
#   JOBS     how many groups run at the same time (one for each processor); their output comes in their order
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
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
passed=0
failed=0
skipped=0
outputs=$(mktemp -d)
# Machine code that tests build goes here; a compiler may outlive its test a little.
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
clean_up() {
  rm -rf "$outputs"
  rm -rf "$XDG_CACHE_HOME" 2>/dev/null || { sleep 1 && rm -rf "$XDG_CACHE_HOME"; }
}
trap clean_up EXIT

run_group() { # its output; and in a second file its status, and how many seconds it took, of processors too
  local script=tests/$1.sh start=$SECONDS status
  [ -e "$script" ] || script=tests/$1.py
  "$script" >"$2" 2>&1
  status=$?
  times >"$2.times" # of this shell, and of what it ran
  local used
  used=$(awk -F '[ms ]+' 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }' "$2.times")
  echo "$status $((SECONDS - start)) $used" >"$2.new" && mv "$2.new" "$2.ended"
}

show_group() { # what it wrote
  local status seconds used summary
  read -r status seconds used <"$2.ended"
  summary=$(tail -n 1 "$2")
  if [[ $summary =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    sed '$d' "$2"
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    if [ "$status" != 0 ] && [ "${BASH_REMATCH[2]}" = 0 ]; then
      echo "FAIL  $1: exit status $status"
      failed=$((failed + 1))
    fi
  else
    cat "$2"
    summary="it ended without a count (status $status)"
    failed=$((failed + 1))
  fi
  printf '%-12s %s (%d s, of processors %d s)\n' "$1" "$summary" "$seconds" "$used"
}

shown=0
show_ended() { # in their order
  while [ $shown -lt ${#groups[@]} ] && [ -e "$outputs/$shown.ended" ]; do
    show_group "${groups[shown]}" "$outputs/$shown"
    shown=$((shown + 1))
  done
}

for ((i = 0; i < ${#groups[@]}; i++)); do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
    wait -n
    show_ended
  done
  (trap - EXIT && run_group "${groups[i]}" "$outputs/$i") &
done
wait
show_ended

total="$passed passed, $failed failed"
[ $skipped = 0 ] || total="$total, $skipped skipped"
echo "$total"
[ $failed = 0 ]
