#!/bin/bash
# demand.sh: hvm check --demand, --explain, --steps and --threads.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
cat >lists.hvm <<'HVM'
(Sum Nil acc) = acc
(Sum (Cons x xs) acc) = (Sum xs (+ acc x))
(Append Nil ys) = ys
(Append (Cons x xs) ys) = (Cons x (Append xs ys))
(Choose c a b) = if c { (+ a b) } else { a }
(Wrap a) = λx (+ x a)
(Apply f x) = (f x)
(First a _) = a
(Pass a b) = let y = (* b 2); (First a (Pair y y))
(Digit A) = 1
(Digit B) = 2
(Digit C) = 3
(Digit D) = 4
(Digit E) = 5
(Main n) = (Sum (Append (Cons 1 Nil) (Cons n Nil)) 0)
HVM
printf '(F x y) = (HVM.log x (G y))\n(G 0) = 1\n(G n) = 2\n' >effects.hvm
printf 'Main = x\n' >wrong.hvm

expect "the demands of all functions" 0 "Sum : (Nil|Cons)!! num! → _
      (Nil|Cons)!! num!! → _!!
Append : (Nil|Cons)! _ → _
         (Nil|Cons)!! _!! → _!!
Choose : num!! num! num → _
         num!! num!! num → _!!
Wrap : num → λ
Apply : λ! _ → _
First : _! _ → _
        _!! _ → _!!
Pass : _! num → _
       _!! num → _!!
Digit : (A|B|C|D|…)!! → num
Main : _!! → _" '' "$HVM" check --demand lists.hvm
expect "effects" 0 "*effects*" '' "$HVM" check --demand effects.hvm
expect "effects, explained" 0 "*F has the effect of HVM.log, and the order of effects counts*" '' "$HVM" check --explain F effects.hvm
expect "effects leave what patterns look at" 0 "*G : num! → num*" '' "$HVM" check --demand effects.hvm
expect "an empty program" 0 "" '' "$HVM" check --demand /dev/null
expect "a wrong program" 1 '' 'wrong.hvm:1:*' "$HVM" check --demand wrong.hvm
INPUT='(F x) = (+ x 1)' expect "standard input" 0 'F : num!! → num' '' "$HVM" check --demand -
expect "several files" 0 "effects.hvm:*" '' "$HVM" check --demand effects.hvm lists.hvm
expect "no JSON of it" 2 '' '*--demand*' "$HVM" check --json --demand lists.hvm

expect "a pattern" 0 '*lists.hvm:3:9: a call looks at it to select a rule
  3 | (Append Nil ys) = ys
    |         ^^^*' '' "$HVM" check --explain Append lists.hvm
expect "why not more" 0 "*lists.hvm:4:33: 'x', a part of it: a field of Cons, which is built lazily
  4 | (Append (Cons x xs) ys) = (Cons x (Append xs ys))
    |                                 ^*" '' "$HVM" check --explain Append lists.hvm
expect "a constructor" 0 '*4:46: a field of Cons, which is built lazily*' '' "$HVM" check --explain Append lists.hvm
expect "an operator" 0 '*2:36: an operand of +*' '' "$HVM" check --explain Sum lists.hvm
expect "a condition" 0 '*5:21: the condition of an if*' '' "$HVM" check --explain Choose lists.hvm
expect "one branch" 0 '*5:30: needed in one branch of an if only*' '' "$HVM" check --explain Choose lists.hvm
expect "a λ" 0 '*6:20: under a λ, which may never be applied*' '' "$HVM" check --explain Wrap lists.hvm
expect "applied" 0 '*7:16: applied to an argument*' '' "$HVM" check --explain Apply lists.hvm
expect "an argument of an unknown function" 0 '*7:18: an argument of a function that is known only*' '' \
  "$HVM" check --explain Apply lists.hvm
expect "not used" 0 '*8:10: this rule does not use it*' '' "$HVM" check --explain First lists.hvm
expect "a let" 0 "*9:25: the value of 'y', which is not needed for sure*" '' "$HVM" check --explain Pass lists.hvm
expect "a call" 0 '*9:38: passed to First, which needs its head*' '' "$HVM" check --explain Pass lists.hvm
expect "strict code" 0 '*      open Cons v0 v2 v3*' '' "$HVM" check --steps Sum lists.hvm
expect "strict code of an unknown function" 1 '' "*did you mean 'Digit'?*" "$HVM" check --steps Digits lists.hvm
expect "strict code and JSON" 2 '' '*--steps beside --json: only one thing*' "$HVM" check --json --steps Sum lists.hvm
expect "an unknown function" 1 '' "*did you mean 'Digit'?*" "$HVM" check --explain Digits lists.hvm
expect "a built-in function" 1 '' "*no rule is for 'U60.if'*" "$HVM" check --explain U60.if lists.hvm
expect "no name" 2 '' '*needs a value*' "$HVM" check --explain
for file in "$ROOT"/examples/*.hvm; do
  expect "the demands of $(basename "$file")" 0 '*' '*' "$HVM" check --demand "$file"
done
# Whether several threads can run a program, and what stands against it.
cat >threads.hvm <<'END'
(Map f Nil) = Nil
(Map f (Cons x xs)) = (Cons (f x) (Map f xs))
(Say n) = (HVM.log n n)
Main = (Map λx (Say (* x x)) (Cons 1 Nil))
END
cat >open.hvm <<'END'
(Fib n) = if (< n 2) { n } else { (+ (Fib (- n 1)) (Fib (- n 2))) }
(Pair f) = [f f] (Add 0 x) = x (Add n x) = (Add (- n 1) (+ x 1))
(Unused) = λx (Add 9 x)
Main = (Pair λx (Add 20 x))
END
sed 's/^Main = \(.*\)/Main = (HVM.log "begin" \1)/' open.hvm >open-effect.hvm
sed 's/^Main = \(.*\)/Main = (HVM.spark (Fib 9) \1)/' open.hvm >open-hint.hvm
cat >hint.hvm <<'END'
(Use x) = (HVM.spark x (HVM.log x (+ x 1)))
Main = (Use (+ 1 2))
END
expect "threads" 0 'all threads run this program' '' "$HVM" check --threads lists.hvm
expect "threads and effects" 0 '*with effects: Main, Say, Map*' '' "$HVM" check --threads threads.hvm
expect "threads and open λs" 0 '*open.hvm:4:14: in Main: what is under this λ does not wait for it*' '' "$HVM" check --threads open.hvm
if [[ $out == "all threads run this program"* && $out == *--sharing=need* ]]; then pass; else fail "open λs: what to do" "$out"; fi
expect "contradictory views" 2 '' '*--demand beside --threads: only one thing*' "$HVM" check --threads --demand open.hvm
expect "two explanations" 2 '' '*--explain beside --explain*' "$HVM" check --explain Fib --explain Main open.hvm
expect "threads, hints and open λs" 0 '*offers nothing where λs are reduced before they are applied*' '' \
  "$HVM" check --threads open-hint.hvm
if [[ $out == *"open-hint.hvm:4:33: "* ]]; then pass; else fail "threads, hints and open λs: which" "$out"; fi
expect "threads, effects and open λs" 0 '*open-effect.hvm:4:31: in Main: what is under this λ does not wait for it*' '' \
  "$HVM" check --threads open-effect.hvm
if [[ $out == *Unused* ]]; then fail "threads, only what Main comes to" "$out"; else pass; fi
# λs that build data, an element for each step, before they are applied; but not those that take it apart again.
cat >grow.hvm <<'END'
(Map f Nil) = Nil
(Map f (Cons x xs)) = (Cons (f x) (Map f xs))
(Dot Nil ys) = 0
(Dot (Cons x xs) (Cons y ys)) = (+ (* x y) (Dot xs ys))
(Rows r Nil) = Nil
(Rows r (Cons c cs)) = (Cons (Dot r c) (Rows r cs))
Products = λrows λcolumns (Map λr (Rows r columns) rows)
Nested = λrows λcolumns (Map λr (Map λc (Dot r c) columns) rows)
Main = (HVM.log "begin" (Pair Products Nested))
END
cat >shrink.hvm <<'END'
(Rows r Nil) = Nil
(Rows r (Cons c cs)) = (Cons (+ r c) (Rows r cs))
(Tail (Cons x xs)) = xs
(Length Nil) = 0
(Length (Cons x xs)) = (+ 1 (Length xs))
(Down r 0) = r
(Down r n) = (Tail (Cons n (Down r (- n 1))))
(Costly r Nil) = Nil
(Costly r (Cons x xs)) = (Cons (+ r (Length xs)) (Costly r xs))
(A list) = λr (Length (Rows r list))
(B n) = λr (Down r n)
(C list) = λr (Costly r list)
Main = (HVM.log "begin" λx [(A x) (B x) (C x)])
END
expect "threads and λs that grow" 0 'all threads run this program*' '' "$HVM" check --threads grow.hvm
expect "threads and λs that shrink" 0 '*one thread*' '' "$HVM" check --threads shrink.hvm
for line in 10 11 12; do
  if [[ $out == *"shrink.hvm:$line:"* ]]; then pass; else fail "threads, the λ in line $line" "$out"; fi
done
INPUT='Main = (HVM.log 0 (+ {1 2} 3))' expect "threads, effects and superpositions" 0 'one thread runs this program: it has effects, and superpositions' '' "$HVM" check --threads -
expect "threads and hints" 0 '*HVM.spark offers nothing in programs with effects*' '' "$HVM" check --threads hint.hvm
expect "threads and JSON" 2 '' '*--threads beside --json: only one thing*' "$HVM" check --json --threads lists.hvm
for file in "$ROOT"/examples/*.hvm; do
  expect "the threads of $(basename "$file")" 0 "* thread*" "*" "$HVM" check --threads "$file"
done
finish
