# What the measuring scripts share: the command's path in $HVM, a folder $WORK for this run, $CACHE for what is kept.
# shellcheck shell=bash
BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$BENCH")
CACHE=${BUILD:-$ROOT/build}/bench
mkdir -p "$CACHE" || exit 1
CACHE=$(cd "$CACHE" && pwd)
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
export LC_ALL=C

wall="" cpu="" kib="" # what measure sets

# The command to measure: the first word given if it is one, else build/hvm.
find_hvm() { # [word]
  HVM=${1:-$ROOT/build/hvm}
  [ -x "$HVM" ] || { echo "bench: '$HVM' does not exist; run make first" >&2; exit 2; }
  HVM=$(realpath "$HVM")
}

# The machine code of what is measured is kept apart from the user's.
own_cache() {
  export XDG_CACHE_HOME=$CACHE/cache
  mkdir -p "$XDG_CACHE_HOME"
  unset HVM_CC HVM_CACHE_MAX
}

if [ ! -x "$CACHE/measure" ] || [ "$BENCH/measure.c" -nt "$CACHE/measure" ]; then
  "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$CACHE/measure" "$BENCH/measure.c" || exit 1
fi
# measure COMMAND…: leaves $status $wall $cpu $kib, and the output in $WORK/out and $WORK/err. LIMIT=seconds
# shellcheck disable=SC2034 # they are for the caller
measure() {
  read -r status wall cpu kib < <("$CACHE/measure" "${LIMIT:-300}" "$WORK/out" "$WORK/err" "$@")
}

machine() {
  local name
  name=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  echo "${name:-unknown processor}, $(nproc) CPUs, load average $(cut -d' ' -f1 /proc/loadavg)"
}
