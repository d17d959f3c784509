#!/bin/bash
# sparks.sh: HVM.spark and stdlib/process.hvm. What is offered is computed by others, and is seen only if it is needed:
# the same text in every mode and on any number of threads, whatever the offered terms do; no cell is left over.
# shellcheck disable=SC2015 # pass does not fail
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
rounds=${ROUNDS:-3}
modes=('-t 1 --strict=off' '-t 4 --strict=off' '-t 1 --native=off' '-t 1 --native=on' '-t 2 --native=on' '-t 4 --native=off' '-t 4 --native=on'
  '-t 8 --native=on --sharing=need' '-t 4 --native=off --sharing=need')
[ "$REDUCED" = 0 ] || modes=('-t 1 --native=off' '-t 4 --native=off') rounds=1

stats() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" err; }
library=$ROOT/stdlib/process.hvm
program() { cat >"$1.hvm"; }                # name
processes() { cat "$library" - >"$1.hvm"; } # likewise, behind the library

# gives NAME TEXT: in all modes, several times
gives() {
  local mode round
  for mode in "${modes[@]}"; do
    for ((round = 0; round < rounds; round++)); do
      # shellcheck disable=SC2086 # a mode is several words
      if ! timeout -k 5 $((LIMIT * 6)) "$HVM" run $mode --memory=256M --stats=json "$1.hvm" >out 2>err; then
        fail "$1 $mode" "it failed" "$(<err)"
      elif [ "$(<out)" != "$2" ]; then fail "$1 $mode" "not $2" "$(<out)"
      elif [ "$(stats live_cells)" != 0 ]; then fail "$1 $mode" "$(stats live_cells) cells are left"
      elif [[ $mode == '-t 1 '* ]] && [ "$(stats hints)" != 0 ]; then fail "$1 $mode" "hints on one thread"
      else pass; fi
    done
  done
}
# fails NAME MESSAGE: likewise
fails() {
  local mode round status
  for mode in "${modes[@]}"; do
    for ((round = 0; round < rounds; round++)); do
      # shellcheck disable=SC2086
      timeout -k 5 $((LIMIT * 6)) "$HVM" run $mode --memory=64M "$1.hvm" >out 2>err
      status=$?
      if [ $status != 1 ] || [ -s out ]; then fail "$1 $mode" "status $status" "$(cat out err)"
      elif ! grep -q "error: $2" err; then fail "$1 $mode" "not '$2'" "$(<err)"
      else pass; fi
    done
  done
}

work='(Work 0 a) = a
(Work n a) = (Work (- n 1) (% (+ (* a 31) n) 1000003))
(Never n) = (Never (+ n 1))
(Zero n) = (/ n (- n n))
(Endless n a) = (Endless (+ n 1) (Cons n a))
(Deep n) = (+ 1 (Deep (+ n 1)))
(Range 0) = []
(Range n) = (List.cons n (Range (- n 1)))
(Sum [] a) = a
(Sum (List.cons x xs) a) = (Sum xs (+ a x))
(Pick 1000004 x) = x
(Pick n x) = n
'

# The value is that of the second argument.
program both <<<"$work Main = let x = (Work 20000 1); (HVM.spark x (+ (Work 20000 2) x))"
gives both 1628764
program shared <<<"$work Main = let x = (Work 20000 1); (HVM.spark x [x, (Work 20000 2), (Pair x x), (HVM.spark x x)])"
gives shared '[652883, 975881, (Pair 652883 652883), 652883]'
program literal <<<'Main = [(HVM.spark 1 2), (HVM.spark (/ 1 0) 3), (HVM.spark Nil Nil)]'
gives literal '[2, 3, Nil]'
program each <<<"$work (Each 0) = []
(Each n) = let x = (Work 2000 n); (HVM.spark x (List.cons x (Each (- n 1))))
Main = (Sum (Each 50) 0)"
gives each 25453180

# What is offered and not needed may fail, run for ever or take all memory.
for term in '(Never 0)' '(Zero 1)' '(Endless 0 Nil)' '(Deep 0)'; do
  program unneeded <<<"$work (Unneeded n) = let x = $term; (HVM.spark x (Pick (Work n 1) x))
Main = (Unneeded 300000)"
  gives unneeded 424186
done
# … many of them, and with λs and stuck terms in the result, which are made when nothing is offered any more.
program many <<<"$work (Each 0) = 7
(Each n) = let x = (Zero n); (HVM.spark x (Next n (Work 100 n) x))
(Next n 1000004 x) = x
(Next n w x) = (Each (- n 1))
Main = (Each 2000)"
gives many 7
program lambdas <<<"$work (Make x) = λy (+ y x)
(F 0) = 1
Main = let x = (Work 20000 1); let z = (Never 0); (HVM.spark x (HVM.spark z [(Make x), (Pick (Work 100000 1) z), (F (Pair x 2)), (+ x Foo)]))"
gives lambdas '[λx0 (+ x0 652883), 719312, (F (Pair 652883 2)), (+ 652883 Foo)]'
# What a λ in the result has captured is needed, although it is not reduced before the end.
program captured <<<"$work (Make x) = λy (+ y x)
Main = let x = (Work 3000000 1); let z = (Never x); (HVM.spark x (HVM.spark z (Make x)))"
gives captured 'λx0 (+ x0 974167)'

# A failure shows when it is needed, wherever it happened.
program zero <<<"$work Main = let x = (Zero 1); (HVM.spark x (+ (Work 20000 1) x))"
fails zero 'division by zero'
program inner <<<"$work (Outer x) = (+ (Work 2000 1) x)
Main = let x = (Zero 1); let y = (Outer x); (HVM.spark y (HVM.spark x (+ (Work 20000 1) y)))"
fails inner 'division by zero'
# … and names its place, although the tables of the code have grown meanwhile.
{
  echo "$work"
  for i in {0..499}; do echo "(Part$i n) = (+ (/ n $((i + 2))) (Part$((i + 1)) n))"; done
  echo '(Part500 n) = n'
  echo 'Main = let x = (Zero 1); (HVM.spark x (+ (Part0 (Work 20000 1)) x))'
} | program moved
fails moved 'division by zero'
check 'the place of what failed before' grep -q '^moved.hvm:4:' err
program endless <<<"$work (Size Nil a) = a
(Size (Cons x xs) a) = (Size xs (+ a 1))
Main = let x = (Endless 0 Nil); (HVM.spark x (+ (Work 20000 1) (Size x 0)))"
fails endless 'out of memory'

# Process functions.
processes list <<<"$work Main = (Process.map 3 λx (Work x 3) [5, 60, 700, 8000])"
gives list '[626898, 787430, 251041, 215390]'
processes lazy <<<"$work (From n) = (List.cons n (From (+ n 1)))
(Take 0 xs) = []
(Take n (List.cons x xs)) = (List.cons x (Take (- n 1) xs))
(Inverse n) = (/ 60 (- 5 n))
Main = (Take 4 (Process.map 8 λx (Inverse x) (From 1)))"
gives lazy '[15, 20, 30, 60]'
processes pipeline <<<"$work (Added i s) = (% (+ i s) 1000)
Main = (Process.pipeline 2 [(Process.lift λx (Work x 5)), (Process.scan λs λi (Added i s) 0), (Process.lift λx (* x 2))] [3, 20, 100, 1])"
gives pipeline "$("$HVM" run -t 1 --strict=off pipeline.hvm)"
processes forked <<<"$work (Feed p [] a) = a
(Feed p (List.cons x xs) a) = (Fed (Process.send p x) xs a)
(Fed (Both f p) xs a) = (Feed p xs (+ a (Process.join f)))
(State 0 i) = i
(State s i) = (% (+ s i) 1000)
Main = (Feed (Process.fork (Process.compose (Process.lift λx (Work x 3)) (Process.scan λs λi (State s i) 7))) (Range 100) 0)"
gives forked "$("$HVM" run -t 1 --strict=off forked.hvm)"

# Hints are as many as the terms that are offered; other threads take them.
processes counted <<<"$work Main = (Sum (Process.map 8 λx (Work (+ x 100000) 1) (Range 100)) 0)"
"$HVM" run -t 4 --native=off --stats=json counted.hvm >out 2>err
check 'every element is a hint' [ "$(stats hints)" = 100 ]
check 'there are threads' [ "$(stats threads)" -gt 1 ]
check 'hints are taken' [ "$(stats steals)" -gt 0 ]

# The backlog holds the producer back, and what one thread frees another one uses again: memory does not grow with the
# list.
processes backlog <<<"$work (Total [] a) = a
(Total (List.cons xs xss) a) = (Total xss (Sum xs a))
Main = (Total (Process.map 8 λx (Process.whole (Range (+ 20 (% x 7)))) (Range 400000)) 0)"
for threads in 1 4; do
  [ "$REDUCED" = 0 ] || continue # everything at once would be 24 million cells
  "$HVM" run -t $threads --native=off --stats=json backlog.hvm >out 2>err
  [ "$(<out)" = 111200068 ] && [ "$(stats peak_cells)" -lt 3000000 ] && pass || fail "backlog -t $threads" "it took $(stats peak_cells) cells" "$(<out)"
done

# The text of the library stands in examples, since a program is one file.
for file in pipeline parallel-map; do
  sed -n '/^\/\/ Process functions: /,$p' "$ROOT/examples/$file.hvm" | cmp -s - "$library" && pass || fail "$file" "it has not the text of stdlib/process.hvm"
done
expect 'the library is checked' 0 '' '' "$HVM" check "$library"
expect 'the library is formatted' 0 '*' '' "$HVM" fmt --check "$library"

# Where it shows.
expect 'a step of a trace' 0 '*HVM.spark*' '' "$HVM" trace 'let x = (+ 1 2); (HVM.spark x (+ x 1))'
program demand <<<'(F x) = (HVM.spark x (+ x 1)) Main = (F 1)'
expect 'what is offered is not needed in advance' 0 '*HVM.spark leaves it to other threads*' '' "$HVM" check --demand --explain F demand.hvm
finish
