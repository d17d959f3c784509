#!/bin/bash
# sparks.sh [PROGRAM…]: how much faster the programs of bench/sparks, which use stdlib/process.hvm, are on several
# threads: machine code from the cache, the best of 5 runs for each number of threads, taken in turns. Whole processes.
. "$(dirname "$0")/lib.sh"
find_hvm ""
cd "$ROOT" || exit 2
programs=("$@")
[ $# -gt 0 ] || programs=(map trees pipeline small)
printf '| program | 1 thread s | 2 threads | 4 threads | hints |\n|---|---:|---:|---:|---:|\n'
for program in "${programs[@]}"; do
  cat stdlib/process.hvm "bench/sparks/$program.hvm" >"$WORK/$program.hvm"
  hints=$("$HVM" run --native=on -t 4 --stats=json "$WORK/$program.hvm" 2>&1 >/dev/null | sed -n 's/.*"hints": \([0-9]*\).*/\1/p')
  declare -A best=()
  for _ in 1 2 3 4 5; do
    for n in 1 2 4; do
      measure "$HVM" run --native=on -t "$n" "$WORK/$program.hvm"
      [ "$status" = 0 ] || exit 1
      took=$((10#${wall/./})) # seconds with six decimals
      [ "${best[$n]:-$took}" -lt "$took" ] || best[$n]=$took
    done
  done
  printf '| %s | %d.%03d |' "$program" $((best[1] / 1000000)) $((best[1] / 1000 % 1000))
  for n in 2 4; do printf ' %d.%02d |' $((best[1] / best[$n])) $((best[1] * 100 / best[$n] % 100)); done
  printf ' %s |\n' "$hints"
done
