#!/bin/bash
# memory.sh [SIZE]: what needs little memory in the graph needs little in all modes: long loops, streams that are
# consumed while they are produced, trees that are summed while they are built. SIZE elements (4000000; 10000000 fit as well), 64 MiB.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
size=4000000
LIMIT=60
[ "$REDUCED" = 0 ] || { size=50000; LIMIT=300; }
size=${1:-$size}
depth=$(awk "BEGIN { print int(log($size / 2) / log(2)) }") # 22 for ten million
jobs=$(nproc 2>/dev/null || echo 2)

cat >memory.hvm <<'END'
// producers
(From n) = (Cons n (From (+ n 1)))
(By n k) = (Cons n (By (+ n k) k))
Ones = (Cons 1 Ones)
(Knot n) = (Weave n (Knot n))
(Weave n k) = (Cons n (Cons (+ n 1) k))
(Range 0 n) = Nil
(Range k n) = (Cons n (Range (- k 1) (+ n 1)))
(Text 0) = ""
(Text n) = (String.cons (+ 97 (% n 3)) (Text (- n 1)))
(Numbers 0) = []
(Numbers n) = (List.cons n (Numbers (- n 1)))
// in between
(Take 0 xs) = Nil
(Take n Nil) = Nil
(Take n (Cons x xs)) = (Cons x (Take (- n 1) xs))
(Map f Nil) = Nil
(Map f (Cons x xs)) = (Cons (f x) (Map f xs))
(Filter p Nil) = Nil
(Filter p (Cons x xs)) = (FilterIf (p x) x p xs)
(FilterIf 0 x p xs) = (Filter p xs)
(FilterIf c x p xs) = (Cons x (Filter p xs))
(Zip (Cons x xs) (Cons y ys)) = (Cons (+ x y) (Zip xs ys))
(Append Nil ys) = ys
(Append (Cons x xs) ys) = (Cons x (Append xs ys))
(Pieces 0) = Nil
(Pieces n) = (Append (Range 3 n) (Pieces (- n 1)))
(Gaps 0) = Nil
(Gaps n) = (Append (Range (/ (% n 1000) 999) n) (Gaps (- n 1)))
(ConcatMap f Nil) = Nil
(ConcatMap f (Cons x xs)) = (Append (f x) (ConcatMap f xs))
(Pairwise n) = (Length (ConcatMap λx (Range 2 x) (Range n 0)) 0) // here, so that the λ is a closure
(Merge (Cons x xs) (Cons y ys)) = (MergeIf (< x y) x xs y ys)
(MergeIf 0 x xs y ys) = (Cons y (Merge (Cons x xs) ys))
(MergeIf c x xs y ys) = (Cons x (Merge xs (Cons y ys)))
(While p (Cons x xs)) = (WhileIf (p x) x p xs)
(WhileIf 0 x p xs) = Nil
(WhileIf c x p xs) = (Cons x (While p xs))
(Pairs (Cons x (Cons y xs))) = (Cons (Pair x y) (Pairs xs))
(Pairs xs) = Nil
// consumers
(Total Nil !a) = a
(Total (Cons x xs) !a) = (Total xs (+ a x))
(TotalOf [] a) = a
(TotalOf (List.cons x xs) a) = (TotalOf xs (+ a x))
(TotalTo 0 xs a) = a
(TotalTo n (Cons x xs) a) = (TotalTo (- n 1) xs (+ a x))
(Length Nil n) = n
(Length (Cons x xs) n) = (Length xs (+ n 1))
(Last (Cons x Nil)) = x
(Last (Cons x xs)) = (Last xs)
(Nth 0 (Cons x xs)) = x
(Nth n (Cons x xs)) = (Nth (- n 1) xs)
(Differences Nil a) = a
(Differences (Cons (Pair x y) xs) a) = (Differences xs (+ a (- y x)))
(Letters "" a b) = (Pair a b)
(Letters (String.cons 'a' xs) a b) = (Letters xs (+ a 1) b)
(Letters (String.cons x xs) a b) = (Letters xs a (+ b 1))
// loops
(Count 0 a) = a
(Count n a) = (Count (- n 1) (+ a n))
(Until n a) = (U60.if n (Until (- n 1) (+ a n)) a)
(Even 0) = 1
(Even n) = (Odd (- n 1))
(Odd 0) = 0
(Odd n) = (Even (- n 1))
(Idle 0 junk a) = a
(Idle n junk a) = (Idle (- n 1) (Loop n) (+ a 1))
(Loop n) = (Loop (+ n 1))
(Steps 0 p) = p
(Steps n (Pair a b)) = (Steps (- n 1) (Pair b (& (+ a b) 0xFFFF)))
(Ring 0 a b c d e f g h i j) = (+ a (+ b (+ c (+ d (+ e (+ f (+ g (+ h (+ i j)))))))))
(Ring n a b c d e f g h i j) = (Ring (- n 1) b c d e f g h i j (+ a 1))
(Queue 0 front back a) = a
(Queue n Nil Nil a) = (Queue n (Cons 1 (Cons 2 (Cons 3 Nil))) Nil a)
(Queue n Nil back a) = (Queue n (Reverse back Nil) Nil a)
(Queue n (Cons x xs) back a) = (Queue (- n 1) xs (Cons (& (+ x n) 255) back) (+ a x))
(Reverse Nil a) = a
(Reverse (Cons x xs) a) = (Reverse xs (Cons x a))
(Unneeded 0 !a) = a
(Unneeded n !a) = (Unneeded (- n 1) if (& n 1) { (+ a 1) } else { (First a (Total (From 0) 0)) })
(First a b) = a
(Gone 0 xs) = xs
(Gone n xs) = (Gone (- n 1) (Cons n (Cons n Nil)))
(Repeat 0 f !x) = x
(Repeat n f !x) = (Repeat (- n 1) f (f x))
// trees
(Grow 0 x) = (Tip x)
(Grow n x) = (Node (Grow (- n 1) (* x 2)) (Grow (- n 1) (+ (* x 2) 1)))
(Add (Tip x)) = x
(Add (Node l r)) = (+ (Add l) (Add r))
(Mirror (Tip x)) = (Tip x)
(Mirror (Node l r)) = (Node (Mirror r) (Mirror l))
(Tree n) = (Node (Tree (* n 2)) (Tree (+ (* n 2) 1)))
(Prune 0 t) = (Tip 1)
(Prune n (Node l r)) = (Node (Prune (- n 1) l) (Prune (- n 1) r))
(Leftmost (Tip x)) = x
(Leftmost (Node l r)) = (Leftmost l)
(Sum 0) = 0
(Sum n) = (+ n (Sum (- n 1)))
// calls of unknown functions at the end of λs
(Give x) = λs λf (s x f)
(Or a b) = λs λf (a s (b s f))
(Choose a b) = if (> a b) { λs λf f } else { (Or (Give a) (Choose (+ a 1) b)) }
(Scott a b) = if (>= a b) { λc λn n } else { (ScottCons a (Scott (+ a 1) b)) }
(ScottCons x xs) = λc λn (c x xs)
(ScottMap f l) = (l λx λxs (ScottCons (f x) (ScottMap f xs)) λc λn n)
(ScottSum l a) = (l λx λxs (ScottSum xs (& (+ a x) 0xFFFF)) a)
END

# With an open λ: a list of which each level of a recursion keeps a copy until it is back.
{
  grep -E '^.(Range|TotalTo|Append)' memory.hvm
  cat <<'END'
(Each (Cons _ xs) n c f) = (EachIf (- n n) xs n c f)
(Each xs n c !f) = (Done ((Twice 2) λx (* 2 x) 1))
(EachIf 0 xs n c f) = (TotalTo 3 (Append xs (Cons n (Cons n (Cons n Nil)))) (Each xs n c f))
(Twice 0) = λf λx x
(Twice n) = λf λx (f ((Twice (- n 1)) f x))
END
} >open.hvm

# Sums of numbers in bits, which leave cycles behind: several threads may not fill the memory with them.
cat >cycles.hvm <<'END'
End = λe λo λi e
(Zero p) = λe λo λi (o p)
(One p) = λe λo λi (i p)
(Inc n) = λe λo λi (n e i λp (o (Inc p)))
(Twice f) = λx (f (f x))
(Repeat n) = (n λf λx x λp λf ((Repeat p) (Twice f)) λp λf (RepeatOdd p f))
(RepeatOdd p f) = λx ((Repeat p) (Twice f) (f x))
(Plus a b) = ((Repeat a) λx (Inc x) b)
(FromNum 0 n) = End
(FromNum w n) = (FromBit (& n 1) (- w 1) (>> n 1))
(FromBit 0 w n) = (Zero (FromNum w n))
(FromBit b w n) = (One (FromNum w n))
(ToNum n) = (n 0 λp (* 2 (ToNum p)) λp (+ 1 (* 2 (ToNum p))))
(Sums 0 a) = (ToNum (Plus (FromNum 20 a) (FromNum 20 (+ a 1))))
(Sums d a) = (+ (Sums (- d 1) (+ a a)) (Sums (- d 1) (+ a (+ a 1))))
END

# small NAME EXPRESSION [ANSWER [FILE]]: in all modes the same, and the answer, where one is given.
small() {
  local name=$1 expression=$2 want=${3:-} file=${4:-memory.hvm} mode text status
  for mode in '--strict=off' '--native=off' '--native=on' '--native=auto'; do
    timeout -k 5 "$LIMIT" "$HVM" run "$mode" --memory 64M --stats=json -f "$file" "$expression" >"$name.out" 2>"$name.err" </dev/null
    status=$?
    text=$(<"$name.out")
    if [ $status != 0 ]; then fail "$name $mode" "exit status $status" "$(<"$name.err")"
    elif [ -n "$want" ] && [ "$text" != "$want" ]; then fail "$name $mode" "$text instead of $want"
    elif ! grep -q '"live_cells": 0[,}]' "$name.err"; then fail "$name $mode" "live cells are left" "$(<"$name.err")"
    else pass; fi
    want=${want:-$text}
  done
  echo "$passed passed, $failed failed"
}
started=()
begin() { # as small, beside the others
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  started+=("$1")
  (
    trap - EXIT
    small "$@" >"$1.text" 2>&1
  ) &
}

n=$size
sum=$((n * (n - 1) / 2)) # of the numbers below n
third=$((n / 3))
tenth=$((n / 10))
thousand=$((n / 1000))
leaves=$((1 << depth))
tree=$(((3 * leaves - 1) * leaves / 2)) # of the leaves, which are leaves … 2 leaves - 1
begin stream "(Total (Take $n (From 0)) 0)" $sum
begin range "(Total (Range $n 0) 0)" $sum
begin length "(Length (Range $n 0) 0)" "$n"
begin last "(Last (Range $n 1))" "$n"
begin nth "(Nth $n (From 0))" "$n"
begin ones "(TotalTo $n Ones 0)" "$n"
begin knot "(TotalTo $n (Knot 1) 0)" $((3 * n / 2))
begin map "(Total (Map λx (+ x 1) (Range $n 0)) 0)" $((sum + n))
begin filter "(Length (Filter λx (& x 1) (Range $n 0)) 0)" $((n / 2))
begin zip "(TotalTo $n (Zip (From 0) (From 1)) 0)" $((2 * sum + n))
begin append "(Total (Append (Range $((n / 2)) 0) (Range $((n / 2)) $((n / 2)))) 0)" $sum
begin pieces "(Length (Pieces $third) 0)" $((3 * third))
begin gaps "(Length (Gaps $n) 0)" $((n / 1000))
begin skipped "(Total (Gaps $n) 0)" $((thousand * (thousand + 1) * 500 - thousand))
begin concat "(Pairwise $((n / 2)))" $((2 * (n / 2)))
begin merge "(TotalTo $n (Merge (By 0 2) (By 1 2)) 0)" $sum
begin while "(Length (While λx (< x $n) (From 0)) 0)" "$n"
begin pairs "(Differences (Pairs (Range $n 0)) 0)" $((n / 2))
begin letters "(Letters (Text $((3 * third))) 0 0)" "(Pair $third $((2 * third)))"
begin list "(TotalOf (Numbers $n) 0)" $((sum + n))
begin count "(Count $n 0)" $((sum + n))
begin until "(Until $n 0)" $((sum + n))
begin even "(Even $n)" 1
begin idle "(Idle $n 0 0)" "$n"
begin steps "(Steps $n (Pair 0 1))"
begin ring "(Ring $n 0 0 0 0 0 0 0 0 0 0)" "$n"
begin queue "(Queue $n Nil Nil 0)"
begin unneeded "(Unneeded $n 0)" $((n / 2))
begin gone "(Gone $n Nil)" '(Cons 1 (Cons 1 Nil))'
begin repeat "(Repeat $n λx (+ x 2) 0)" $((2 * n))
begin tree "(Add (Grow $depth 1))" $tree
begin mirror "(Add (Mirror (Grow $depth 1)))" $tree
begin prune "(Add (Prune $depth (Tree 1)))" $leaves
begin leftmost "(Leftmost (Grow 1000000 0))" 0
begin each '(Each (Range 9000 1) 0 Nil λx x)' '' open.hvm
sums=$((depth / 2)) # levels of a tree
begin cycles "(Sums $sums 1)" $((3 << (2 * sums))) cycles.hvm # of 2 a + 1 for a from 2^sums on
begin choices "((Choose 1 $tenth) λx λf f 0)" 0
begin scott "(ScottSum (ScottMap λx (& x 1) (Scott 0 $tenth)) 0)" $((tenth / 2 & 65535))
begin recursion "(Sum $tenth)" $((tenth * (tenth + 1) / 2))
wait
for name in "${started[@]}"; do include "$name" cat "$name.text"; done

# What an operand needs is gone when the next one begins: chains of 4 and of 8 cells for each element.
cat >operands.hvm <<'END'
(Foldr f z Nil) = z
(Foldr f z (Cons x xs)) = (f x (Foldr f z xs))
(Steps 0) = Nil
(Steps n) = (Cons (Step (% (* n 17) 1009) n) (Steps (- n 1)))
(Step a b) = λx (% (+ (* x a) b) 1000003)
(ComposeAll fs) = (Foldr λf λg λx (g (f x)) λx x fs)
(FibK 0 k) = (k 0)
(FibK 1 k) = (k 1)
(FibK n k) = (FibK (- n 1) λa (FibK (- n 2) λb (k (+ a b))))
(FibSum 0 k) = (k 0)
(FibSum n k) = (FibK (% n 8) λa (FibSum (- n 1) λb (k (+ a b))))
(Run n) = (+ ((ComposeAll (Steps n)) 1) (FibSum n λx x))
Main = (Run 100000)
END
takes() { # MOST FILE ARGUMENT…: fewer cells than that
  local most=$1 file=$2 cells
  shift 2
  "$HVM" run "$@" --stats=json "$file" >out 2>err </dev/null
  cells=$(grep -o '"peak_cells": [0-9]*' err | grep -o "[0-9]*$")
  if [ "${cells:-0}" -gt 0 ] && [ "$cells" -lt "$most" ]; then pass
  else fail "$file $*" "it took ${cells:-no} cells" "$(<out)"; fi
}
takes 1000000 operands.hvm -t 1 --native=off
takes 1000000 operands.hvm -t 1 --native=on

# Numbers that others own when a lazy sum is built of them: no chain of pending operations.
cat >digits.hvm <<'END'
(Digits n k) = if (< n 10) { (Cons (+ 48 n) k) } else { (Digits (/ n 10) (Cons (+ 48 (% n 10)) k)) }
(All 0 s k) = (Leaf (% s 5) s k)
(All d s k) = (All (- d 1) s (Cons 44 (All (- d 1) (Next s) k)))
(Leaf 0 s k) = (Cons 48 k)
(Leaf n s k) = (Digits (% s 100000) k)
(Next s) = (% (+ (* s 1103515) 12345) 2147483648)
(Hash h Nil) = h
(Hash h (Cons c cs)) = (Hash (% (+ (* h 31) c) 1000003) cs)
Main = (Hash 7 (All 12 42 Nil))
END
for threads in 1 4; do
  takes 50000 digits.hvm -t "$threads" --strict=off
  takes 50000 digits.hvm -t "$threads" --native=off
done
finish
