#!/bin/bash
# grain.sh [DEPTH…]: how large a parallel computation in a loop must be to be worth it. Each round adds up 2^DEPTH parts:
# numbers only, 2^27 of them in all rounds, and the leaves of a tree that is made for it, 2^25 in all. Machine code from
# the cache, medians of 9 runs on one thread and on all processors, taken in turns. Whole processes. A round's time is
# that on one thread.
. "$(dirname "$0")/lib.sh"
find_hvm ""
depths=("$@")
[ $# -gt 0 ] || depths=(4 6 8 10 12 14 16 18 20 22)
all=$(nproc)
cat >"$WORK/rules" <<'HVM'
(Count 0) = 1
(Count d) = (+ (Count (- d 1)) (Count (- d 1)))
(Make 0) = Leaf
(Make d) = (Node (Make (- d 1)) (Make (- d 1)))
(Check Leaf) = 1
(Check (Node l r)) = (+ (Check l) (Check r))
(Tree d) = (Check (Make d))
HVM
for shape in Count Tree; do
  printf '(Round%s 0 d !s) = s\n(Round%s n d !s) = (Round%s (- n 1) d (+ s (%s d)))\n' $shape $shape $shape $shape
done >>"$WORK/rules"
median() { sort -n | sed -n 5p; }
printf '| parts | numbers: µs a round | %s threads | tree: µs a round | %s threads |\n|---:|---:|---:|---:|---:|\n' "$all" "$all"
for depth in "${depths[@]}"; do
  printf '| %d |' $((1 << depth))
  for shape in Count Tree; do
    program=$WORK/$shape.hvm
    rounds=$((1 << ($([ $shape = Count ] && echo 27 || echo 25) - depth)))
    { cat "$WORK/rules"; echo "Main = (Round$shape $rounds $depth 0)"; } >"$program"
    "$HVM" run --native=on "$program" >/dev/null || exit 1
    : >"$WORK/1" && : >"$WORK/$all"
    for _ in 1 2 3 4 5 6 7 8 9; do
      for n in 1 "$all"; do
        measure "$HVM" run --native=on -t "$n" "$program"
        [ "$status" = 0 ] || exit 1
        echo "$((10#${wall/./}))" >>"$WORK/$n" # seconds with six decimals
      done
    done
    one=$(median <"$WORK/1") many=$(median <"$WORK/$all")
    awk "BEGIN { us = $one / $rounds; printf (us < 10 ? \" %.2f | %.2f |\" : \" %.0f | %.2f |\"), us, $one / $many }"
  done
  echo
done
