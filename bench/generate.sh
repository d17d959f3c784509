#!/bin/bash
# generate.sh LINES [--log]: writes a program of about that many lines, ordinary first-order rules, to standard output.
#
# Blocks of five kinds take turns: a numeric loop, a list, a tree, an insertion sort, a table. Every block has functions
# and constants of its own and is called by Main's loop, which ends after Rounds = N rounds.
#   --log    the program writes the result of a first round before the loop starts, to see when it runs
set -euo pipefail
lines=${1:?usage: generate.sh LINES [--log]}
main='(Loop Rounds 0)'
[ "${2:-}" != --log ] || main="(HVM.log (All0 1 0) $main)"

block0='(Steps@ 1 !k) = k
(Steps@ n !k) = (StepsIf@ (& n 1) n (+ k 1))
(StepsIf@ 0 n !k) = (Steps@ (>> n 1) k)
(StepsIf@ c n !k) = (Steps@ (/ (+ (* n 3) 1) 4) (+ k #))
(Block@ n) = (Steps@ (+ n #) 0)'
block1='(Range@ 0) = Nil
(Range@ n) = (Cons (% (* n #) 1009) (Range@ (- n 1)))
(Keep@ Nil) = Nil
(Keep@ (Cons x xs)) = (KeepIf@ (% x 3) x xs)
(KeepIf@ 0 x xs) = (Keep@ xs)
(KeepIf@ c x xs) = (Cons (+ x #) (Keep@ xs))
(Sum@ Nil !s) = s
(Sum@ (Cons x xs) !s) = (Sum@ xs (+ s x))
(Block@ n) = (Sum@ (Keep@ (Range@ (% n 20))) #)'
block2='(Grow@ 0 i) = (Tip i)
(Grow@ d i) = (Fork (Grow@ (- d 1) (* i 2)) (Grow@ (- d 1) (+ (* i 2) #)))
(Turn@ (Tip x)) = (Tip (% (* x #) 1013))
(Turn@ (Fork l r)) = (Fork (Turn@ r) (Turn@ l))
(Total@ (Tip x)) = x
(Total@ (Fork l r)) = (+ (Total@ l) (Total@ r))
(Block@ n) = (Total@ (Turn@ (Grow@ (% n 5) #)))'
block3='(Digits@ 0) = Nil
(Digits@ n) = (Cons (% n 10) (Digits@ (/ n 10)))
(Sort@ Nil) = Nil
(Sort@ (Cons x xs)) = (Insert@ x (Sort@ xs))
(Insert@ x Nil) = (Cons x Nil)
(Insert@ x (Cons y ys)) = (InsertIf@ (<= x y) x y ys)
(InsertIf@ 0 x y ys) = (Cons y (Insert@ x ys))
(InsertIf@ c x y ys) = (Cons x (Cons y ys))
(Number@ Nil !k) = k
(Number@ (Cons x xs) !k) = (Number@ xs (+ (* k 10) x))
(Block@ n) = (Number@ (Sort@ (Digits@ (* n #))) 0)'
block4='(Table@ 0) = Nil
(Table@ n) = (Cons (Entry (* n #) n) (Table@ (- n 1)))
(Find@ k Nil) = None
(Find@ k (Cons (Entry j v) es)) = (FindIf@ (== k j) k v es)
(FindIf@ 0 k v es) = (Find@ k es)
(FindIf@ c k v es) = (Some v)
(Or@ None d) = d
(Or@ (Some v) d) = v
(Block@ n) = (Or@ (Find@ (* (% n 20) #) (Table@ 15)) #)'
blocks=("$block0" "$block1" "$block2" "$block3" "$block4")

echo "Rounds = 10"
written=5
calls=
for ((k = 0; written < lines || k == 0; k++)); do
  block=${blocks[k % 5]//@/$k}
  echo "${block//#/$((3 + k * 7 % 91))}"
  # its line below, and the lines of the block
  echo "(Add$k n !s) = (+ s (Block$k n))"
  calls+=" $k"
  count=${block//[!$'\n']/}
  written=$((written + ${#count} + 2 + 1))
done
for k in $calls; do echo "(All$k n !s) = (All$((k + 1)) n (Add$k n s))"; done
echo "(All$((k + 1)) n !s) = s"
echo "(Loop 0 !s) = s"
echo "(Loop r !s) = (Loop (- r 1) (% (+ (* s 3) (All0 r 0)) 1000000007))"
echo "Main = $main"
