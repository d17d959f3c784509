#!/bin/bash
# threads.sh [--graph] [PROGRAM…]: how much faster programs are on several threads: machine code from the cache, size
# large, the best of 5 runs for each number of threads from 1 to the processors there are, taken in turns. Whole
# processes, and the reduction alone, without what one thread does before and after it. --graph: --strict=off, size
# medium. Beside it what bounds them: how many times as much as one process so many copies of it do at the same time,
# and the parallelism that --profile measures, work by span.
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
printf ' reduction alone | %s copies | parallelism |\n|---|---:|---:|---:|' "$n"
for n in "${threads[@]}"; do printf -- '---:|'; done
echo
micros() { echo $((10#${1/./})); } # of seconds with six decimals
keep() { # which seconds: the least
  local took
  took=$(micros "$2")
  [ "${best[$1]:-$took}" -lt "$took" ] || best[$1]=$took
}
ratio() { printf ' %d.%02d |' $(($1 / $2)) $(($1 * 100 / $2 % 100)); }
for program in "${programs[@]}"; do
  from=bench/programs/$program
  [ -e "$from.hvm" ] || from=bench/held-out/$program
  sed "s/^Size = .*/Size = $(cut -d' ' -f$size "$from.size")/" "$from.hvm" >"$WORK/$program.hvm"
  "$HVM" run "$gear" "$WORK/$program.hvm" >/dev/null || exit 1
  declare -A best=()
  for _ in 1 2 3 4 5; do
    for n in "${threads[@]}"; do
      measure "$HVM" run "$gear" -t "$n" "$WORK/$program.hvm"
      [ "$status" = 0 ] || exit 1
      keep "$n" "$wall"
      measure "$HVM" run "$gear" -t "$n" --stats=json "$WORK/$program.hvm" # takes longer: it counts what is left
      [ "$status" = 0 ] || exit 1
      keep "reduction $n" "$(printf %.6f "$(sed -n 's/.*"seconds": \([0-9.]*\).*/\1/p' "$WORK/err")")"
    done
    start=$EPOCHREALTIME
    for ((i = 0; i < n; i++)); do "$HVM" run "$gear" -t 1 "$WORK/$program.hvm" >/dev/null & done
    wait
    took=$(($(micros "$EPOCHREALTIME") - $(micros "$start")))
    keep copies "$((took / 1000000)).$(printf %06d $((took % 1000000)))"
  done
  printf '| %s | %d.%03d |' "$program" $((best[1] / 1000000)) $((best[1] / 1000 % 1000))
  for n in "${threads[@]:1}"; do ratio "${best[1]}" "${best[$n]}"; done
  ratio "${best[reduction 1]}" "${best[reduction $n]}"
  ratio $((best[1] * n)) "${best[copies]}"
  "$HVM" run "$gear" -t "$n" --profile "$WORK/$program.hvm" 2>&1 >/dev/null | sed -n 's/^parallelism *\(.*\)/ \1 |/p'
  echo "${best[1]} ${best[$n]} ${best[reduction 1]} ${best[reduction $n]}" >>"$WORK/ratios"
done
awk '{ whole += log($1 / $2); alone += log($3 / $4) }
  END { printf "\nat most threads: %.2f times, reduction alone %.2f (geometric means)\n", exp(whole / NR), exp(alone / NR) }' \
  "$WORK/ratios"
