#!/bin/bash
# repeat.sh [COUNT [GLOB]]: the conformance programs, the examples and the benchmark programs at their small size,
# COUNT times (1) on each number of threads, in machine code and without: the same text, exit status and cells left over
# as on one thread, and no run that does not end. Programs that make no sparks run on one
# thread in any case, so they are not repeated.
#   THREADS  numbers of threads ("1 2 3 4 8 32")      NATIVES  values of --native ("on off")
#   SEED     of the first round, for a build made for `make test-hard`
#   TSAN     1: the build has ThreadSanitizer; machine code gets it too
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
count=${1:-${COUNT:-1}}
glob=${2:-*}
threads=${THREADS:-1 2 3 4 8 32}
natives=${NATIVES:-on off}
seed=${SEED:-1}
jobs=$(nproc 2>/dev/null || echo 2)
if [ "${TSAN:-0}" = 1 ]; then
  # Without the calls that note where a function begins: they have room for a stack of 2^16.
  flags='-fsanitize=thread --param=tsan-instrument-func-entry-exit=0'
  # shellcheck disable=SC2086 # several flags
  cc $flags -x c -c -o "$WORK/try.o" /dev/null 2>"$WORK/err" || flags=-fsanitize=thread
  printf '#!/bin/sh\nexec cc %s "$@"\n' "$flags" >"$WORK/cc"
  chmod +x "$WORK/cc"
  export HVM_CC=$WORK/cc
fi

run() { # threads native: the output is in out; status, live, sparks
  timeout -s KILL $((LIMIT * 6)) "$HVM" run -t "$1" "--native=$2" --stats=json "$file" >out 2>err <"$input"
  status=$?
  live=$(sed -n 's/.*"live_cells": \([0-9]*\).*/\1/p' err)
  sparks=$(sed -n 's/.*"sparks": \([0-9]*\).*/\1/p' err)
}
repeat() { # file
  local file=$1 name input native thread round rounds
  name=$(basename "$file")
  input=${file%.hvm}.in
  [ -e "$input" ] || input=/dev/null
  cd "$(mktemp -d -p "$WORK")" || exit 2
  export HVM_HARD_SEED=$seed
  run 1 off
  mv out want
  local want_status=$status want_live=$live
  [ "$status" -le 1 ] || fail "$name" "status $status on one thread"
  for native in $natives; do
    for thread in $threads; do
      rounds=$count
      for ((round = 0; round < rounds; round++)); do
        HVM_HARD_SEED=$((seed + round))
        run "$thread" "$native"
        local what="$name -t $thread --native=$native, round $round"
        if [ $status != $want_status ]; then fail "$what" "status $status, not $want_status" "$(<err)"
        elif ! cmp -s want out; then fail "$what" "another text" "$(diff want out)"
        elif [ "$live" != "$want_live" ]; then fail "$what" "$live cells are left, not $want_live"
        else pass; fi
        [ "${sparks:-0}" != 0 ] || rounds=1
      done
    done
  done
  echo "$passed passed, $failed failed"
}

mkdir "$WORK/programs"
for file in bench/{programs,held-out}/*.hvm; do
  sed "s/^Size = .*/Size = $(cut -d' ' -f1 "${file%.hvm}.size")/" "$file" >"$WORK/programs/$(basename "$file")"
done
number=0
for file in "$ROOT"/tests/{conformance/cases,cases}/$glob.hvm "$ROOT"/examples/$glob.hvm "$WORK"/programs/$glob.hvm; do
  [ -e "$file" ] || continue
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  (
    trap - EXIT
    repeat "$file" >"$WORK/$number.text" 2>&1
  ) &
  number=$((number + 1))
done
wait
for ((i = 0; i < number; i++)); do include "program $i" cat "$WORK/$i.text"; done
finish
