#!/bin/bash
# startup.sh [HVM]: how long it takes to start and print a hello-world, and the memory of it. RUNS=50, in turns.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
find_hvm "${1:-}"
runs=${RUNS:-50}
own_cache
cd "$WORK" || exit 1
echo 'Main = "Hello, world!"' >hello.hvm
sed 's/^Size = .*/Size = 1/' "$BENCH/programs/mergesort.hvm" >compiled.hvm
"$HVM" run --native=on compiled.hvm >/dev/null || exit 1

names=()
commands=()
add() { # name command…
  names+=("$1")
  shift
  commands+=("$*")
}
add 'hvm run hello.hvm' "$HVM" run hello.hvm
add '  --native=off' "$HVM" run --native=off hello.hvm
add '  --strict=off' "$HVM" run --strict=off hello.hvm
add 'a compiled program' "$HVM" run compiled.hvm
add '  --native=off' "$HVM" run --native=off compiled.hvm
add 'hvm check hello.hvm' "$HVM" check hello.hvm
add 'true (any process)' true

for ((i = 0; i < runs; i++)); do
  for ((at = 0; at < ${#names[@]}; at++)); do
    read -ra words <<<"${commands[at]}"
    measure "${words[@]}"
    [ "$status" = 0 ] || { echo "bench: '${words[*]}' ended with status $status: $(head -n 1 err)" >&2; exit 1; }
    echo "$wall $kib" >>"samples.$at"
  done
done
echo "medians of $runs; $(machine)"
printf '%-24s %8s %8s %9s\n' start-up 'ms' 'fastest' 'peak MiB'
for ((at = 0; at < ${#names[@]}; at++)); do
  sort -n "samples.$at" | awk -v name="${names[at]}" '
    { wall[NR] = $1 * 1000; if ($2 > peak) peak = $2 }
    END {
      middle = NR % 2 ? wall[(NR + 1) / 2] : (wall[NR / 2] + wall[NR / 2 + 1]) / 2
      printf "%-24s %8.2f %8.2f %9.1f\n", name, middle, wall[1], peak / 1024
    }'
done
