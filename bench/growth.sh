#!/bin/bash
# growth.sh [HVM]: how time and memory grow with the size of what is read, computed and printed.
#
# Each case runs at four sizes, each twice the one before, RUNS=3 times; its time without start-up, divided by the
# size, should stay the same. A case in which it grows by more than 1.6 times from one size to the next is flagged.
# Cases that compute run as graph (--strict=off), strict (--native=off) and native (--native=on, the module there
# already); those that read and print run as strict. The memory is the process's peak.
# Exit status 1 if a case is flagged or fails.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
find_hvm "${1:-}"
runs=${RUNS:-3}
flagged=0
own_cache
cd "$WORK" || exit 1

cat >data.hvm <<'PROGRAM'
(Range 0 xs) = xs
(Range n xs) = (Range (- n 1) (List.cons n xs))
(Sum [] !total) = total
(Sum (List.cons x xs) !total) = (Sum xs (+ x total))
(Upto i n) = (UptoIf (<= i n) i n)
(UptoIf 0 i n) = []
(UptoIf c i n) = (List.cons i (Upto (+ i 1) n))
(Double []) = []
(Double (List.cons x xs)) = (List.cons (* x 2) (Double xs))
(Deep 0) = 0
(Deep n) = (+ 1 (Deep (- n 1)))
(Length []) = 0
(Length (List.cons x xs)) = (+ 1 (Length xs))
(Tree lo hi) = (TreeIf (== lo hi) lo hi (/ (+ lo hi) 2))
(TreeIf 0 lo hi mid) = (Fork (Tree lo mid) (Tree (+ mid 1) hi))
(TreeIf c lo hi mid) = (Tip lo)
(Total (Tip x)) = x
(Total (Fork l r)) = (+ (Total l) (Total r))
(Nest 0 t) = t
(Nest n t) = (Nest (- n 1) (Fork t (Tip n)))
(Nested n) = (Nest n (Tip 0))
PROGRAM

# Each makes what its case needs for a size, and leaves the arguments in $words.
computed() { words=(run "${options[@]}" -f data.hvm "$1"); }
case_sum() { computed "(Sum (Range $1 []) 0)"; }
case_map() { computed "(Sum (Double (Upto 1 $1)) 0)"; }
case_recursion() { computed "(Deep $1)"; }
case_length() { computed "(Length (Range $1 []))"; }
case_tree() { computed "(Total (Tree 1 $1))"; }
case_deep() { computed "(Total (Nested $1))"; }
case_print() { computed "(Range $1 [])"; }
case_print_deep() { computed "(Nested $1)"; }
generated() { words=(run "${options[@]}" generated.hvm); }
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

declare -A modes=([graph]=--strict=off [strict]=--native=off [native]=--native=on)
echo "fastest of $runs; $(machine)"
printf '%-36s %-6s %10s %9s %10s %7s %9s %10s\n' case mode size seconds 'ns each' growth 'peak MiB' 'bytes each'
grow() { # mode title case size
  local mode=$1 size=$4 step each last='' growth note
  local options=(-t 1 "${modes[$1]}")
  for ((step = 0; step < 4; step++, size *= 2)); do
    "$3" "$size"
    if ! best "${words[@]}"; then
      printf '%-36s %-6s %10d  FAILED: status %s: %s\n' "$2" "$mode" "$size" "$status" "$(head -c 200 err | head -n 1)"
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
    printf '%-36s %-6s %10d %9.3f %10.1f %7s %9.0f %10.0f%s\n' "$2" "$mode" "$size" "$fastest" "$each" "$growth" \
      $((peak / 1024)) $((peak * 1024 / size)) "$note"
    last=$each
  done
}
grow_all() { # title case size
  for mode in graph strict native; do grow "$mode" "$@"; done
}
grow_all 'a list built and summed' case_sum 1250000
grow_all 'a list built, mapped, summed' case_map 1250000
grow_all 'a tree built and summed' case_tree 1250000
grow_all 'a recursion, not a tail call' case_recursion 1250000
grow_all 'a list and its length by recursion' case_length 1250000
grow_all 'a tree as deep as it is large' case_deep 1250000
grow_all 'a list built and printed' case_print 1000000
grow_all 'a deep tree printed' case_print_deep 500000
grow strict 'rules of one function, numbers' case_one_function 12500
grow strict 'rules of one function, constructors' case_one_function_constructors 12500
grow strict 'functions of one rule' case_functions 12500
grow strict 'nested parentheses' case_parentheses 125000
grow strict 'a string literal, characters' case_string 1000000
grow strict 'mistakes in one line' case_errors 2500
[ $flagged = 0 ]
