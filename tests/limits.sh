#!/bin/bash
# limits.sh: very large programs, data and recursions give the right answer or a clear error, never a crash, and take
# time in proportion.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
LIMIT=60
scale=1 # divides the sizes
[ "$REDUCED" = 0 ] || { scale=20; LIMIT=120; }

# survives NAME ANSWER COMMAND…: ANSWER and status 0, or a message and status 1.
survives() {
  local name=$1 want=$2 status
  shift 2
  timeout -k 5 "$LIMIT" "$@" >out 2>err </dev/null
  status=$?
  if [ $status = 0 ] && [ "$(head -c 200 out)" = "$want" ]; then pass
  elif [ $status = 1 ] && [ ! -s out ] && grep -q 'error: ' err; then pass
  else fail "$name" "exit status $status" "$(head -c 200 out)"$'\n'"$(head -c 400 err)"; fi
}
seconds() { # command…: what processors work for it, since others may use the machine
  local TIMEFORMAT='%3U + %3S'
  awk "BEGIN { print $({ time "$@" >/dev/null 2>&1; } 2>&1) }"
}
# linear NAME SMALL LARGE FACTOR: the second file, FACTOR times the first, takes at most twice FACTOR times as long.
linear() {
  local name=$1 small large
  [ "$REDUCED" = 0 ] || return
  small=$(seconds "$HVM" run "$2")
  large=$(seconds "$HVM" run "$3")
  check "$name takes linear time ($small s, $large s)" awk "BEGIN { exit !($large < 2 * $4 * ($small + 0.05)) }"
}

cat >deep.hvm <<'END'
(Sum 0) = 0
(Sum n) = (+ n (Sum (- n 1)))
(Range 0 xs) = xs
(Range n xs) = (Range (- n 1) (List.cons n xs))
(Count n m) = (Count.go (< n m) n m)
(Count.go 0 n m) = Nil
(Count.go k n m) = (Cons n (Count (+ n 1) m))
(Total Nil) = 0
(Total (Cons x xs)) = (+ x (Total xs))
(Fold [] !sum) = sum
(Fold (List.cons x xs) !sum) = (Fold xs (+ x sum))
(Nest 0 x) = x
(Nest n x) = (Nest (- n 1) (S x))
(Same Z Z) = 1
(Same (S a) (S b)) = (Same a b)
(Lams 0) = λx x
(Lams n) = λx (Lams (- n 1))
(Twice x) = (Same x x)
END
n=$((10000000 / scale))
total=$((n * (n + 1) / 2))
expect "a recursion $n deep" 0 $total '' "$HVM" run deep.hvm "(Sum $n)"
expect "a list of $n elements summed" 0 $total '' "$HVM" run deep.hvm "(Fold (Range $n []) 0)"
expect "a lazy list of $n elements summed without tail calls" 0 $((n * (n - 1) / 2)) '' "$HVM" run deep.hvm "(Total (Count 0 $n))"
m=$((1000000 / scale))
expect "data $m deep, cloned and compared" 0 1 '' "$HVM" run deep.hvm "(Twice (Nest $m Z))"
survives "data $m deep printed" "$(printf '(S %.0s' {1..67} | head -c 200)" "$HVM" run deep.hvm "(Nest $m Z)"
check "data $m deep printed in full" test "$("$HVM" run deep.hvm "(Nest $m Z)" | wc -c)" -ge $((3 * m))
check "$m nested λs printed" test "$("$HVM" run deep.hvm "(Lams $m)" 2>/dev/null | head -c 7)" = 'λ* λ*'
expect "an unneeded tower collected" 0 7 '*"live_cells": 0*' "$HVM" run --stats=json -f deep.hvm "(U60.if 1 7 (Nest $m Z))"

nested() { # count open inside close
  awk -v n="$1" -v open="$2" -v inside="$3" -v close_="$4" 'BEGIN {
    printf "Main = "; for (i = 0; i < n; i++) printf "%s", open; printf "%s", inside
    for (i = 0; i < n; i++) printf "%s", close_; print "" }'
}
nested $m '(' 1 ')' >parentheses.hvm
survives "$m parentheses" 1 "$HVM" run parentheses.hvm
nested $m '(+ 1 ' 0 ')' >operations.hvm
survives "$m operations" $m "$HVM" run operations.hvm
nested $m '[' 1 ']' >lists.hvm
survives "$m lists" "$(printf '%0200d' 0 | tr 0 '[')" "$HVM" run lists.hvm
nested $m '(S ' Z ')' >constructors.hvm
survives "$m constructors" "$(printf '(S %.0s' {1..67} | head -c 200)" "$HVM" run constructors.hvm
nested $m 'λx ' x '' >lambdas.hvm
survives "$m λs" "$(printf 'λ* %.0s' {1..67} | head -c 200)" "$HVM" run lambdas.hvm
nested $((m / 20)) 'ask x = λk (k 1) ' x '' >asks.hvm
survives "$((m / 20)) asks" 1 "$HVM" run asks.hvm
nested $m 'let x = 1; ' x '' >lets.hvm
survives "$m lets" 1 "$HVM" run lets.hvm
nested $m '{' 1 ' 3}' >superpositions.hvm
survives "$m superpositions" "$(printf '%0200d' 0 | tr 0 '{')" "$HVM" run superpositions.hvm
nested $m 'if 1 { ' 5 ' } else { 6 }' >ifs.hvm
survives "$m ifs" 5 "$HVM" run ifs.hvm
nested $m '(' '' '' >unclosed.hvm
survives "$m unclosed parentheses" '' "$HVM" run unclosed.hvm
nested $m ')' '' '' >closing.hvm
survives "$m closing parentheses" '' "$HVM" run closing.hvm
{ printf '(F '; awk -v n=$((m / 100)) 'BEGIN { for (i = 0; i < n; i++) printf "(S "; printf "x"; for (i = 0; i < n; i++) printf ")" }'
  printf ') = x\nMain = (F (S Z))\n'; } >pattern.hvm
survives "a pattern $((m / 100)) deep" '(F (S Z))' "$HVM" run pattern.hvm
nested $((m / 4)) '(' 1 ')' >parentheses-quarter.hvm
linear "a nested expression" parentheses-quarter.hvm parentheses.hvm 4

rules() { # count
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(F%d x) = (F%d (+ x 1))\n", i, i + 1
    printf "(F%d x) = x\nMain = (F0 0)\n", n }'
}
k=$((100000 / scale))
rules $k >rules.hvm
expect "$k functions" 0 $k '' "$HVM" run rules.hvm
rules $((k / 4)) >rules-quarter.hvm
linear "a file of rules" rules-quarter.hvm rules.hvm 4
numbers() { # count
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(F %d) = %d\n", i, 2 * i; printf "Main = (F %d)\n", n - 1 }'
}
numbers $k >numbers.hvm
survives "$k rules of one function, by number" $((2 * k - 2)) "$HVM" run numbers.hvm
numbers $((k / 4)) >numbers-quarter.hvm
linear "a function of many rules" numbers-quarter.hvm numbers.hvm 4
awk -v n=$k 'BEGIN { for (i = 0; i < n; i++) printf "(F C%d) = %d\n", i, i; printf "Main = (F C%d)\n", n - 1 }' >constructors.hvm
survives "$k rules of one function, by constructor" $((k - 1)) "$HVM" run constructors.hvm
awk -v n=$k 'BEGIN { printf "Main = ["; for (i = 0; i < n; i++) printf "%d ", i; print "]" }' >list.hvm
check "a literal list of $k elements" test "$("$HVM" run list.hvm | tr -cd , | wc -c)" = $((k - 1))
awk -v n=$k 'BEGIN { printf "Main = \""; for (i = 0; i < n; i++) printf "abcdefghij"; print "\"" }' >string.hvm
check "a string of ${k}0 characters" test "$("$HVM" run string.hvm | wc -c)" = $((10 * k + 3))
awk -v n=$k 'BEGIN { for (i = 0; i < n; i++) printf "(F%d x) = y%d\n", i, i }' >errors.hvm
survives "$k errors" '' "$HVM" run errors.hvm
awk -v n=$k 'BEGIN { printf "(F "; for (i = 0; i < n; i++) printf "x%d ", i; print ") = x0\nMain = 1" }' >arguments.hvm
survives "a function of $k arguments" 1 "$HVM" run arguments.hvm
awk -v n=$k 'BEGIN { printf "(F x) = ["; for (i = 0; i < n; i++) printf "x "; print "]\nMain = (F 1)" }' >uses.hvm
check "a variable used $k times" test "$("$HVM" run uses.hvm | tr -cd 1 | wc -c)" = $k
awk -v n=$((10 * k)) 'BEGIN { for (i = 0; i < n; i++) printf "x"; }' >name
{ echo "Main = λ$(<name) $(<name)"; } >name.hvm
survives "a name of ${k}0 letters" 'λx0 x0' "$HVM" run name.hvm
{ echo "Main = 1$(tr x 0 <name)"; } >digits.hvm
survives "a number of ${k}0 digits" '' "$HVM" run digits.hvm

# A small program starts at once.
hundred() { for _ in {1..100}; do "$@"; done; }
if [ "$REDUCED" = 0 ]; then
  hello=$(seconds hundred "$HVM" run '"hello"')
  shell=$(seconds hundred bash -c 'echo hello; exit')
  check "hello costs no more than twice what a shell does ($hello s, $shell s for a hundred)" \
    awk "BEGIN { exit !($hello < 2 * $shell) }"
  if [ -x /usr/bin/time ]; then
    kib=$(/usr/bin/time -f %M "$HVM" run '"hello"' 2>&1 >/dev/null)
    check "hello in 20 MB ($kib KiB)" test "$kib" -lt 20000
  fi
fi
# shellcheck disable=SC2016
if [ "$REDUCED" = 0 ]; then # sanitizers need more
  for command in run check 'check --demand' 'fmt --check' trace 'run -t 4 --native=off' 'run --strict=off'; do
    expect "hvm $command with 64 KiB of stack" 0 '*' '' \
      bash -c 'ulimit -s 64; exec "$HVM" $0 "$1"' "$command" "$ROOT/examples/hello.hvm"
  done
fi
finish
