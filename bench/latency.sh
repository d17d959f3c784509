#!/bin/bash
# latency.sh [HVM]: how long machine code takes to be ready when the cache is empty, and whether the program runs meanwhile.
#
# For a small program and for generated ones (generate.sh) of up to 1,000 lines, medians of RUNS=3:
#   ready     seconds until the module is in use: a run with --native=on and an empty cache, less one with the module there
#   warm      such a run with the module there
#   C MiB     the memory of the C compiler
#   first     ms until the program's first output, which all of its functions compute: with --native=auto and an empty
#             cache, and with --native=off
# Exit status 1 if the 1,000 lines take more than 2 s to be ready, or something failed.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
find_hvm "${1:-}"
runs=${RUNS:-3}
own_cache
# An empty cache of its own for each run.
export XDG_CACHE_HOME=$WORK/cache
cd "$WORK" || exit 1

# Compilers outlive the runs that start them.
settle() { while compgen -G "$XDG_CACHE_HOME/hvm/*.build" >/dev/null; do sleep 0.05; done; }
empty() {
  settle
  rm -rf "$XDG_CACHE_HOME"
  mkdir "$XDG_CACHE_HOME"
}
median() { sort -n | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }
run() { # mode file: sets wall and kib
  measure "$HVM" run -t 1 "--native=$1" "$2"
  [ "$status" = 0 ] || { echo "bench: '$2' ended with status $status: $(head -n 1 err)" >&2; exit 1; }
}
first_output() { # mode file: ms
  local start=$EPOCHREALTIME seen
  exec 3< <(exec "$HVM" run -t 1 "--native=$1" "$2" 2>/dev/null)
  read -r _ <&3 || { echo "bench: '$2' wrote nothing" >&2; exit 1; }
  seen=$EPOCHREALTIME
  kill $! 2>/dev/null
  exec 3<&-
  awk -v a="$start" -v b="$seen" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
}

slow=0
report() { # title file file-with-output
  local ready warm cold_first off_first peak=0
  for ((i = 0; i < runs; i++)); do
    empty
    run on "$2"
    echo "$wall" >>cold.ms
    [ "$kib" -le "$peak" ] || peak=$kib
    run on "$2"
    echo "$wall" >>warm.ms
    empty
    first_output auto "$3" >>auto.ms
    first_output off "$3" >>off.ms
  done
  warm=$(median <warm.ms)
  ready=$(median <cold.ms | awk -v warm="$warm" '{ print $1 - warm }')
  cold_first=$(median <auto.ms)
  off_first=$(median <off.ms)
  rm ./*.ms
  printf '%-20s %7d %9.2f %9.3f %8d %12.1f %12.1f\n' "$1" "$(wc -l <"$2")" "$ready" "$warm" $((peak / 1024)) \
    "$cold_first" "$off_first"
  last=$ready
}
echo "medians of $runs; $(machine)"
printf '%-20s %7s %9s %9s %8s %12s %12s\n' program lines 'ready s' 'warm s' 'C MiB' 'first auto' 'first off'
cp "$BENCH/programs/fib.hvm" fib.hvm
{ grep -v '^Main' fib.hvm; echo 'Main = (HVM.log (Fib 10) (Fib 50))'; } >fib-log.hvm
report fib fib.hvm fib-log.hvm
for lines in 50 250 1000; do
  "$BENCH/generate.sh" "$lines" >generated.hvm
  "$BENCH/generate.sh" "$lines" --log | sed 's/^Rounds = .*/Rounds = 100000000/' >generated-log.hvm
  report "generated" generated.hvm generated-log.hvm
done
if awk -v s="$last" 'BEGIN { exit !(s > 2) }'; then
  echo "the largest takes more than 2 s to be ready"
  slow=1
fi
settle
[ $slow = 0 ]
