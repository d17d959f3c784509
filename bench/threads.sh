#!/bin/bash
# threads.sh [--graph] [PROGRAM…]: how much faster programs are on several threads: machine code from the cache, size
# large, the best of 5 runs for each number of threads from 1 to the processors there are, taken in turns. Whole
# processes. --graph: --strict=off, size medium.
. "$(dirname "$0")/lib.sh"
find_hvm ""
cd "$ROOT" || exit 2
gear=--native=on size=3
[ "${1:-}" != --graph ] || { gear=--strict=off size=2; shift; }
programs=("$@")
[ $# -gt 0 ] || programs=(fib treesum mergesort quicksort bitonic radix nqueens matmul mandel collatz listfold)
threads=(1)
for ((n = 2; n <= $(nproc); n *= 2)); do threads+=("$n"); done
printf '| program | 1 thread s |'
for n in "${threads[@]:1}"; do printf ' %s threads |' "$n"; done
printf ' %s copies |\n|---|---:|' "$n"
for n in "${threads[@]}"; do printf -- '---:|'; done
echo
for program in "${programs[@]}"; do
  from=bench/programs/$program
  [ -e "$from.hvm" ] || from=bench/held-out/$program
  sed "s/^Size = .*/Size = $(cut -d' ' -f$size "$from.size")/" "$from.hvm" >"$WORK/$program.hvm"
  "$HVM" run "$gear" "$WORK/$program.hvm" >/dev/null || exit 1
  declare -A best=()
  for _ in 1 2 3 4 5; do
    for n in "${threads[@]}"; do
      start=$(date +%s%N)
      "$HVM" run "$gear" -t "$n" "$WORK/$program.hvm" >/dev/null || exit 1
      took=$(($(date +%s%N) - start))
      [ "${best[$n]:-$took}" -lt "$took" ] || best[$n]=$took
    done
    start=$(date +%s%N)
    for ((i = 0; i < n; i++)); do "$HVM" run "$gear" -t 1 "$WORK/$program.hvm" >/dev/null & done
    wait
    took=$(($(date +%s%N) - start))
    [ "${best[copies]:-$took}" -lt "$took" ] || best[copies]=$took
  done
  printf '| %s | %d.%03d |' "$program" $((best[1] / 1000000000)) $((best[1] / 1000000 % 1000))
  for n in "${threads[@]:1}"; do printf ' %d.%02d |' $((best[1] / best[$n])) $((best[1] * 100 / best[$n] % 100)); done
  together=$((best[1] * 100 * n / best[copies]))
  printf ' %d.%02d |\n' $((together / 100)) $((together % 100))
done
