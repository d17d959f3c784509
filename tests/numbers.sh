#!/bin/bash
# numbers.sh: every operator on every pair of edge values, and numbers on their ways through calls, loops, branches and
# data: machine code and strict code give the text of the graph, whatever they took the numbers for.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
LIMIT=$((LIMIT * 6)) # a compiler runs

operators=('+' '-' '*' '/' '%' '&' '|' '^' '<<' '>>' '<' '<=' '==' '>=' '>' '!=')
integers=(0 1 2 3 59 60 61 63 64 12345678901 0x7FFFFFFFFFFFFFF 0x800000000000000 0xFFFFFFFFFFFFFFF)
floats=(0.0 -0.0 1.0 -1.0 0.1 3.5 -2.5 1.0e308 -1.7e308 5.0e-324 2.3e-308 1.000000000000004 123456789.125
  '(/ 0.0 0.0)' '(/ 1.0 0.0)' '(/ -1.0 0.0)')
list() { # value…
  local text=End
  for ((i = $#; i > 0; i--)); do text="(Item ${!i} $text)"; done
  echo "$text"
}

# The same function for all, so nothing is known; one that a literal makes known; operands that come out of data.
functions() { # literal for known operands: (op literal known) must leave the operand as it is
  local keep=$1 n=0
  for op in "${operators[@]}"; do
    echo "(Any$n a b) = ($op a b)"
    echo "(Known$n !a !b) = ($op ($keep a) ($keep b))"
    echo "(Choose$n a b) = if ($op a b) {a} else {b}"
    for f in Any Known; do
      echo "($f$n.Row a End) = End"
      echo "($f$n.Row a (Item b bs)) = (Item ($f$n a b) ($f$n.Row a bs))"
      echo "($f$n.All End bs) = End"
      echo "($f$n.All (Item a as) bs) = (Item ($f$n.Row a bs) ($f$n.All as bs))"
    done
    n=$((n + 1))
  done
}
main() { # values of the left and the right side: all results
  local results=()
  for ((n = 0; n < ${#operators[@]}; n++)); do
    local right=$2
    # An integer is not divided by 0 here.
    [[ ${operators[n]} != [/%] ]] || right=${right//Item 0 /Item 7 }
    results+=("(Any$n.All $1 $right)" "(Known$n.All $1 $right)")
  done
  echo "Main = [${results[*]}]"
}

same() { # name file [expression]: all modes give what the graph gives
  local name=$1
  shift
  timeout "$LIMIT" "$HVM" run --strict=off --native=off "$@" >graph.out 2>graph.err
  local status=$?
  for mode in '--native=off' '--native=on'; do
    # shellcheck disable=SC2086
    timeout "$LIMIT" "$HVM" run --strict=on $mode "$@" >mode.out 2>mode.err
    local got=$?
    if [ $got != $status ] || ! cmp -s graph.out mode.out || ! diff -q <(head -n 1 graph.err) <(head -n 1 mode.err) >/dev/null
    then fail "$name $mode" "differs from the graph: $(cmp graph.out mode.out 2>&1) $(head -n 1 mode.err)"
    else pass; fi
  done
  check "$name: status" test $status = "${WANT:-0}"
}

{ functions '| 0'; main "$(list "${integers[@]}")" "$(list "${integers[@]}")"; } >integers.hvm
same "operators on integers" integers.hvm
{ functions '* 1.0'; main "$(list "${floats[@]}")" "$(list "${floats[@]}")"; } >floats.hvm
same "operators on floats" floats.hvm
{ functions '* 1.0'; main "$(list 7 0.5 12 Other)" "$(list 3 2.5 -0.0 Other)"; } >mixed.hvm
same "numbers of two kinds, and what is no number, where floats are expected" mixed.hvm
{ functions '| 0'; main "$(list 7 0.5 12 Other)" "$(list 3 2.5 Other 0xFFFFFFFFFFFFFFF)"; } >mixed.hvm
same "… where integers are expected" mixed.hvm
{ functions '| 0'; echo 'Main = 0'; } >whole.hvm
same "a float for a program that had none" whole.hvm '[(Any0 1.5 2.5) (Known0 1.5 2.5) (Known2 3 2.5) (Choose10 1.5 2.0)]'
for n in 3 4; do
  WANT=1 same "division by zero ${operators[n]}" whole.hvm "(Known$n 5 (Known1 2 2))"
  WANT=1 same "division by zero that nothing is known of ${operators[n]}" whole.hvm "(Any$n 5 0)"
done

cat >ways.hvm <<'END'
// More doubles than there are registers, more words than are passed in them.
(Many 0 a b c d e f g h i j p q r s t) = [a b c d e f g h i j p q r s t]
(Many n !a !b !c !d !e !f !g !h !i !j !p !q !r !s !t) =
  (Many (- n 1) (+ b 0.5) (* a 1.5) (+ d 0.25) c (- f 1.0) e (+ h 0.1) g (+ j 2.0) i (+ q 1) p (* s 3) r (- t 1))
// Tail calls between functions, floats going round.
(Ping 0 !x !k) = [x k]
(Ping n !x !k) = (Pong (- n 1) (/ (+ x 1.0) 3.0) (+ k 1))
(Pong 0 !x !k) = [k x]
(Pong n !x !k) = (Ping (- n 1) (* x 1.25) (* k 2))
// Results of branches, of which one is a call and one no number.
(Sign x) = if (Whole (< x 0.0)) {-1.0} else {(Sign.Else x)}
(Sign.Else x) = (* 1.0 (> x 0.0))
(Whole 1.0) = 1
(Whole 0.0) = 0
(Whole x) = (Unknown x)
(Signs End) = End
(Signs (Item x xs)) = (Item (+ 10.0 (Sign x)) (Signs xs))
// A parameter that only some calls need, and that only some give as a number.
(Late 0 x) = 0
(Late n x) = (+ x (Late (- n 1) x))
(Loop n) = (Loop n)
// A function of which the results are of two kinds.
(Two 0) = 1
(Two 1) = 1.5
(Two 2) = Three
(Two n) = (+ (Two (- n 1)) (Two (- n 2)))
(Deep 0 x) = x
(Deep n x) = (+ (Deep (- n 1) (* x 1.5)) (Deep (- n 1) (* x 0.5)))
(Fib 0) = 0
(Fib 1) = 1
(Fib n) = (+ (Fib (- n 1)) (Fib (- n 2)))
(Less a b) = if (< a b) {a} else {(Less b a)}
Main = [
  (Many 9 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 1 2 3 4 5) (Many 3 1.0 2 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 1 2.0 3 4 5)
  (Ping 30 1.0 1) (Ping 31 1 1) (Ping 31 Other 1)
  (Signs (Item 1.5 (Item -0.0 (Item -3.0 (Item 2 (Item (/ 0.0 0.0) End))))))
  (Late 0 (Loop 1)) (Late 3 (Late 2 5)) (Late 3 1.5) (Late 2 Other)
  (Two 0) (Two 1) (Two 2) (Two 3) (Two 4) (Two 5)
  (Deep 8 1.0) (Deep 8 1) (Fib 15) (Fib Other) (Fib 3.0) (Less 2 1)
]
END
same "numbers on their ways" ways.hvm
grep -v 'Sign\|Whole\|Two\|Deep\|Ping\|Pong\|Many\|1\.5\|Loop\|1\.0' ways.hvm >whole-ways.hvm
same "… without floats" whole-ways.hvm '[(Late 3 (Late 2 5)) (Late 2 Other) (Fib 15) (Fib Other) (Less 2 1)]'
same "… and with floats after all" whole-ways.hvm '[(Late 3 1.5) (Fib 1.5)]'
finish
