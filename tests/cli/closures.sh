#!/bin/bash
# closures.sh: λs that become closures lose no sharing: work under them that needs none of their variables is done once,
# and only if it is needed.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
cat >library.hvm <<'HVM'
(Range a b) = if (>= a b) { Nil } else { (Cons a (Range (+ a 1) b)) }
(Filter p Nil) = Nil
(Filter p (Cons x xs)) = if (p x) { (Cons x (Filter p xs)) } else { (Filter p xs) }
(Sum Nil a) = a
(Sum (Cons x xs) a) = (Sum xs (% (+ (* a 3) x) 1000003))
(Foldl f a Nil) = a
(Foldl f !a (Cons x xs)) = (Foldl f (f a x) xs)
(Slow 0 a) = a
(Slow n a) = (Slow (- n 1) (% (+ (* a 3) n) 1009))
(Never n) = (Never (+ n 1))
HVM
# takes NAME TEXT MOST: the program on standard input behind the library, with strict code and without
takes() {
  local mode rewrites
  cat library.hvm - >"$1.hvm"
  for mode in --strict=off --native=off '--native=off -t 4'; do
    # shellcheck disable=SC2086 # several options
    expect "$1 $mode" 0 "$2" '*' "$HVM" run $mode --stats=json "$1.hvm"
    rewrites=$(sed -n 's/^{"rewrites": \([0-9]*\).*/\1/p' <<<"$err")
    check "$1 $mode: $rewrites rewrites" test "$rewrites" -lt "$3"
  done
}
# As open λs, 20 times as many.
takes filter 100440932 3000000 <<'HVM'
Main = (Foldl λa λi (+ a (Sum (Filter λx (!= (% x i) 0) (Range 0 200)) 0)) 0 (Range 1 200))
HVM
takes moved 5049 2000000 <<'HVM'
(One x) = (+ 1 (* 0 x))
Main = (Foldl λa λi (+ a (+ i (One (Slow 100000 0)))) 0 (Range 1 100))
HVM
# More than are moved at a time: the λ stays open, or is a closure that computes them for each call.
many=$(for i in {1..400}; do printf '(Cons (Slow %d 0) ' "$i"; done; printf '(Cons i Nil)'; printf ')%.0s' {1..400})
expected=$("$HVM" run --sharing=need -f library.hvm "(Foldl λa λi (+ a (Sum $many 0)) 0 (Range 1 4))")
takes many "$expected" 20000000 <<HVM
Main = (Foldl λa λi (+ a (Sum $many 0)) 0 (Range 1 4))
HVM
takes lazy 4950 100000 <<'HVM'
Main = (Foldl λa λi (+ a if (== i 1000) { (Never 0) } else { i }) 0 (Range 1 100))
HVM
takes unfailing 4950 100000 <<'HVM'
Main = (Foldl λa λi (+ a if (== i 1000) { (Slow (/ 1 0) 0) } else { i }) 0 (Range 1 100))
HVM
# What is put in several places must not take steps in each of them: it would apply a numeral that is no closure, and so
# add superpositions, one for each of the numbers that are added up (400,000 of them).
cp "$ROOT/bench/programs/church.hvm" church.hvm
sed -i 's/^Size = .*/Size = 105/' church.hvm
expect 'numerals' 0 '419125' '*' "$HVM" run --native=off --stats=json church.hvm
sums=$(sed -n 's/.*"Op2-Sup": \([0-9]*\).*/\1/p' <<<"$err")
check "numerals: $sums superpositions are added" test "$sums" -lt 20000
finish
