#!/bin/bash
# startup.sh [HVM]: how long it takes to start and print a hello-world, and the memory of it. RUNS=50
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
find_hvm "${1:-}"
runs=${RUNS:-50}
cd "$WORK" || exit 1
echo 'Main = "Hello, world!"' >hello.hvm

series() { # name command…: the median and the fastest run in ms, the largest peak
  local name=$1
  shift
  for ((i = 0; i < runs; i++)); do
    measure "$@"
    [ "$status" = 0 ] || { echo "bench: '$*' ended with status $status: $(head -n 1 err)" >&2; exit 1; }
    echo "$wall $kib"
  done | sort -n | awk -v name="$name" '
    { wall[NR] = $1 * 1000; if ($2 > peak) peak = $2 }
    END {
      middle = NR % 2 ? wall[(NR + 1) / 2] : (wall[NR / 2] + wall[NR / 2 + 1]) / 2
      printf "%-24s %8.2f %8.2f %9.1f\n", name, middle, wall[1], peak / 1024
    }'
}
echo "medians of $runs; $(machine)"
printf '%-24s %8s %8s %9s\n' start-up 'ms' 'fastest' 'peak MiB'
series 'hvm run hello.hvm' "$HVM" run hello.hvm
series "hvm run '\"hello\"'" "$HVM" run '"hello"'
series 'hvm check hello.hvm' "$HVM" check hello.hvm
series 'true (any process)' true
