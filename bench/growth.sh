#!/bin/bash
# growth.sh [HVM]: how time and memory grow with the size of what is read, computed and printed.
#
# Each case runs at four sizes, each twice the one before, RUNS=3 times; its time without start-up, divided by the
# size, should stay the same. A case in which it grows by more than 1.6 times from one size to the next is flagged.
# The memory is the process's peak. Exit status 1 if a case is flagged or fails.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
find_hvm "${1:-}"
runs=${RUNS:-3}
flagged=0
cd "$WORK" || exit 1

cat >data.hvm <<'PROGRAM'
(Range 0 xs) = xs
(Range n xs) = (Range (- n 1) (List.cons n xs))
(Sum [] !total) = total
(Sum (List.cons x xs) !total) = (Sum xs (+ x total))
(Deep 0) = 0
(Deep n) = (+ 1 (Deep (- n 1)))
PROGRAM

# Each makes what its case needs for a size, and leaves the arguments in $words.
case_sum() { words=(run -f data.hvm "(Sum (Range $1 []) 0)"); }
case_recursion() { words=(run -f data.hvm "(Deep $1)"); }
case_print() { words=(run -f data.hvm "(Range $1 [])"); }
generated() { words=(run generated.hvm); }
case_one_function() {
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(F %d) = %d\n", i, 2 * i; printf "Main = (F %d)\n", n - 1 }' >generated.hvm
  generated
}
case_one_function_constructors() {
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(F C%d) = %d\n", i, i; printf "Main = (F C%d)\n", n - 1 }' >generated.hvm
  generated
}
case_functions() {
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(F%d x) = (F%d (+ x 1))\n", i, i + 1
    printf "(F%d x) = x\nMain = (F0 0)\n", n }' >generated.hvm
  generated
}
case_parentheses() {
  awk -v n="$1" 'BEGIN { printf "Main = "; for (i = 0; i < n; i++) printf "("; printf 1; for (i = 0; i < n; i++) printf ")" }' >generated.hvm
  generated
}
case_string() {
  { printf 'Main = "'; head -c "$1" /dev/zero | tr '\0' a; echo '"'; } >generated.hvm
  generated
}

case_errors() {
  awk -v n="$1" 'BEGIN { printf "Main = ["; for (i = 0; i < n; i++) printf "y "; print "]" }' >generated.hvm
  words=(check generated.hvm)
  wanted=1
}

wanted=0 # the exit status
best() { # arguments of hvm: the fastest run in $fastest, the largest peak in $peak
  fastest='' peak=0
  for ((i = 0; i < runs; i++)); do
    measure "$HVM" "$@"
    [ "$status" = $wanted ] || { fastest=; return 1; }
    fastest=$(awk -v a="$wall" -v b="${fastest:-$wall}" 'BEGIN { print a < b ? a : b }')
    [ "$kib" -le "$peak" ] || peak=$kib
  done
}

best run 1 || { echo "bench: '$HVM' does not run" >&2; exit 1; }
startup=$fastest

echo "fastest of $runs; $(machine)"
printf '%-36s %10s %9s %10s %7s %9s %10s\n' case size seconds 'ns each' growth 'peak MiB' 'bytes each'
grow() { # title case size
  local size=$3 step each last='' growth note
  for ((step = 0; step < 4; step++, size *= 2)); do
    "$2" "$size"
    if ! best "${words[@]}"; then
      printf '%-36s %10d  FAILED: status %s: %s\n' "$1" "$size" "$status" "$(head -c 200 err | head -n 1)"
      flagged=1
      return
    fi
    each=$(awk -v t="$fastest" -v s="$startup" -v n="$size" 'BEGIN { t -= s; print (t > 0 ? t : 0) / n * 1e9 }')
    growth=$(awk -v a="$each" -v b="$last" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }')
    note=
    if awk -v g="$growth" 'BEGIN { exit !(g != "-" && g > 1.6) }'; then
      note='  NOT LINEAR'
      flagged=1
    fi
    printf '%-36s %10d %9.3f %10.1f %7s %9.0f %10.0f%s\n' "$1" "$size" "$fastest" "$each" "$growth" \
      $((peak / 1024)) $((peak * 1024 / size)) "$note"
    last=$each
  done
}
grow 'a list built and summed' case_sum 1250000
grow 'a recursion, not a tail call' case_recursion 1250000
grow 'a list built and printed' case_print 1000000
grow 'rules of one function, numbers' case_one_function 12500
grow 'rules of one function, constructors' case_one_function_constructors 12500
grow 'functions of one rule' case_functions 12500
grow 'nested parentheses' case_parentheses 125000
grow 'a string literal, characters' case_string 1000000
grow 'mistakes in one line' case_errors 2500
[ $flagged = 0 ]
