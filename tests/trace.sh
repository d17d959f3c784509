#!/bin/bash
# trace.sh [GLOB]: hvm trace, hvm run -d and hvm repl.
#   tests/trace/NAME.rules   the rules of NAME.hvm's textbook trace after the first step: in this order, or for names
#                            that begin with share- the same rules in any order and number
#   conformance programs     an exact trace has the result and the rewrites of the untraced run in the graph, and one of
#                            strict code those of the untraced run, with all calls closed, and with all opened
#   trace.py, trace_page.py  what is in the steps, and the page in a browser
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
glob=${1:-*}
trace() { timeout -k 5 "$LIMIT" "$HVM" trace "$@"; }

# Worked traces.
for file in tests/trace/$glob.hvm; do
  [ -e "$file" ] || continue
  name=$(basename "${file%.hvm}")
  got=$(trace --format jsonl "$file" | grep -o '"rule":"[^"]*"' | cut -d'"' -f4 | tail -n +2)
  want=$(tr ' ' '\n' <"${file%.hvm}.rules")
  if [[ $name == share-* ]]; then
    got=$(sort -u <<<"$got")
    want=$(sort -u <<<"$want")
  fi
  if [ "$got" = "$want" ]; then pass; else fail "$name" "other rules" "$got"; fi
done

# Counts and results. With sanitizers, of some programs only.
compare() { # file
  local file=$1 name input rewrites line
  name=$(basename "$file")
  input=${file%.hvm}.in
  [ -e "$input" ] || input=/dev/null
  cd "$(mktemp -d -p "$WORK")" || exit 2
  timeout -k 5 $((LIMIT * 6)) "$HVM" run --strict=off -t 1 --stats=json "$file" >out 2>err <"$input" || return 0
  rewrites=$(sed -n 's/^{"rewrites": \([0-9]*\),.*/\1/p' err) # of the run, before those of each worker
  [[ $rewrites =~ ^[0-9]+$ ]] || { fail "$name" "no statistics" "$(<err)"; return 0; }
  [ "$rewrites" -le 100000 ] || return 0
  if ! timeout -k 5 $((LIMIT * 6)) "$HVM" run -d --steps 0 --format jsonl --stats=json "$file" >steps 2>err <"$input"; then
    fail "$name" "the trace fails" "$(<err)"
    return 0
  fi
  line=$(tail -n 1 err)
  if [[ $line != *"\"rewrites\": $rewrites,"* ]]; then fail "$name" "not $rewrites rewrites" "$line"
  elif [[ $line != *'"live_cells": 0,'* ]] && ! grep -q '\$' "$file"; then fail "$name" "live cells are left" "$line"
  elif ! line=$(python3 "$ROOT/tests/trace.py" "$rewrites" steps out 2>&1); then fail "$name" "bad steps" "$line"
  else pass; fi
}
# Strict code. More rewrites take long to draw.
compare_strict() { # file
  local file=$1 name input rewrites line open
  name=$(basename "$file")
  input=${file%.hvm}.in
  [ -e "$input" ] || input=/dev/null
  cd "$(mktemp -d -p "$WORK")" || exit 2
  timeout -k 5 $((LIMIT * 6)) "$HVM" run -t 1 --native=off --stats=json "$file" >out 2>err <"$input" || return 0
  rewrites=$(sed -n 's/^{"rewrites": \([0-9]*\),.*/\1/p' err) # of the run, before those of each worker
  [[ $rewrites =~ ^[0-9]+$ ]] || { fail "$name" "no statistics" "$(<err)"; return 0; }
  [ "$rewrites" -le 5000 ] || return 0
  for open in '' --open-all; do
    timeout -k 5 $((LIMIT * 6)) "$HVM" run -d --strict=on $open --steps 0 --format jsonl --stats=json "$file" >steps 2>err <"$input"
    line=$(tail -n 1 err)
    if [[ $line != *"\"rewrites\": $rewrites,"* ]]; then fail "$name $open" "strict: not $rewrites rewrites" "$line"
    elif [[ $line != *'"live_cells": 0,'* ]] && ! grep -q '\$' "$file"; then fail "$name $open" "strict: live cells are left" "$line"
    elif ! line=$(python3 "$ROOT/tests/trace.py" "$rewrites" steps out ${open:+opened} 2>&1); then fail "$name $open" "bad steps" "$line"
    else pass; fi
  done
}
jobs=$(nproc 2>/dev/null || echo 2)
count=0
number=0
for file in "$ROOT"/tests/{conformance/cases,cases}/$glob.hvm; do
  [ -e "$file" ] || continue
  number=$((number + 1))
  [ "$REDUCED" = 0 ] || [ $((number % 6)) = 0 ] || continue
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  (
    trap - EXIT
    passed=0 failed=0
    compare "$file" >"$WORK/$count.text" 2>&1
    compare_strict "$file" >>"$WORK/$count.text" 2>&1
    echo "$passed passed, $failed failed" >>"$WORK/$count.text"
  ) &
  count=$((count + 1))
done
wait
for ((i = 0; i < count; i++)); do include "program $i" cat "$WORK/$i.text"; done

# Which steps.
program=$WORK/heads.hvm
cp tests/trace/clone-what-projections-need.hvm "$program"
expect 'filter by rule' 0 '*7. Dup-Ctr*' '' "$HVM" trace --rules dup-ctr,Collect "$program"
check 'filter by rule: no others' [ "$(grep -cE -- '--- .*(Op2|Head)' <<<"$out")" = 0 ]
expect 'filter by function' 0 '*3. Head, rule 1 (heads.hvm:1)*' '' "$HVM" trace --function Head "$program"
check 'filter by function: no others' [ "$(grep -c -- '--- [0-9]' <<<"$out")" = 2 ]
expect 'from and to' 0 '*4. Op2-U60*' '' "$HVM" trace --from 4 --to 5 "$program"
check 'from and to: no others' [ "$(grep -c -- '--- [0-9]' <<<"$out")" = 2 ]
expect 'cut' 0 '*cut here after 4 steps; --steps shows more*' '' "$HVM" trace --steps 4 "$program"
expect 'cut, of a program without end' 0 '*cut here after 1000 steps*' '' "$HVM" trace '((λx (x x)) λx (x x))'
expect 'depth' 0 '*(Cons … …)*' '' "$HVM" trace --depth 2 --to 2 "$program"
cat >"$WORK/sum.hvm" <<'END'
(Sum [])               = 0
(Sum (List.cons x xs)) = (+ x (Sum xs))
Main = (Pair (Sum [1, 2, 3]) (+ 1 1))
END
cat >"$WORK/inverse.hvm" <<'END'
(Inverse n) = (/ 100 n)
Main = (Pair (Inverse 0) 1)
END
cat >"$WORK/tree.hvm" <<'END'
(Tree 0) = Leaf
(Tree n) = (Node (Tree (- n 1)) n (Tree (- n 1)))
Main = (Tree 8)
END
expect 'hide: one step' 0 '*2. Sum, 7 steps*' '' "$HVM" trace --hide Sum "$WORK/sum.hvm"
expect 'unknown rule' 1 '' "*no rule of a trace is called 'Sum'*" \
  "$HVM" trace --rules Sum "$WORK/sum.hvm"
for option in function hide open; do
  expect "unknown function, --$option" 1 '' "*no rule is for 'Som'*" \
    "$HVM" trace --strict=on "--$option" Som "$WORK/sum.hvm"
done
expect 'watch: no such variable' 0 '*' "hvm: warning: no step that is shown has to do with a variable 'zz'" \
  "$HVM" trace --watch zz 'let s = (A 1); [s, s]'
expect 'watch' 0 '*' '' "$HVM" trace --watch s --rules Dup 'let s = (A 1); let t = (A 2); [s, s, t, t]'
check 'watch: only this variable' [ "$(grep -c -- '--- [0-9]*\. Dup' <<<"$out")" = 2 ]
expect 'run -d' 0 '*5. Dup-Ctr*' '*COST: 9 *' "$HVM" run -d -c "$program"

# Strict calls.
strict=("$HVM" trace --strict=on)
expect 'strict' 0 $'*. Main, strict call\n  2. Sum, strict call: (Sum [1, 2, 3]) → 6\n  9. Op2-U60: (+ 1 1) → 2\n*' '' "${strict[@]}" "$WORK/sum.hvm"
expect 'strict: result' 0 $'*1. Main, result\n(Pair 6 2)\n*' '' "${strict[@]}" "$WORK/sum.hvm"
expect 'strict: hidden' 0 $'*1. Main, strict call\n(Pair 6 2)\n*' '' "${strict[@]}" --hide Main "$WORK/sum.hvm"
expect 'strict: opened by number' 0 $'*\n  2. Sum, strict call: (Sum [1, 2, 3])\n    3. Sum, strict call: (Sum [2, 3]) → 5\n    8. Op2-U60: (+ 1 5) → 6\n  2. Sum, result: 6\n*' '' "${strict[@]}" --open 2 "$WORK/sum.hvm"
expect 'strict: opened by name' 0 $'*\n        5. Sum, strict call: (Sum [])\n        5. Sum, result: 0\n        6. Op2-U60: (+ 3 0) → 3\n      4. Sum, result: 3\n*' '' "${strict[@]}" --open Sum "$WORK/sum.hvm"
expect 'strict: so much of what is inside' 0 $'*\n      4. Sum, strict call: (Sum [3])\n        ⋮ 2 steps\n      4. Sum, result: 3\n      ⋮ 1 step\n    3. Sum, result: 5\n*' '' "${strict[@]}" --open-all --inside 2 "$WORK/sum.hvm"
expect 'strict: from and to' 0 $'        ⋮ 6 steps\n      7. Op2-U60: (+ 2 3) → 5\n  ⋮ the rest was not asked for' '' "${strict[@]}" --open-all --from 7 --to 7 "$WORK/sum.hvm"
cat >"$WORK/loop.hvm" <<'END'
(Loop 0 a) = a
(Loop n a) = (Loop (- n 1) (+ a n))
Main = (Loop 3 0)
END
expect 'strict: a call in the place of the result' 0 $'* Loop, a call in its place\n(Loop 2 3)\n^^^^^^^^^^\n*' '' "${strict[@]}" --open Loop "$WORK/loop.hvm"
expect 'strict: what is lazy' 0 $'*6. Loop, strict call\n(Pair {6 (Loop 2 0)} 1)\n*' '' "${strict[@]}" "$WORK/loop.hvm" '(Pair {(Loop 3 0) (Loop 2 0)} (Loop 1 0))'
expect 'strict: given back' 0 $'*Len, given back to the graph: *' '' "${strict[@]}" --open-all tests/cases/strict-lent-list-of-superpositions.hvm
expect 'strict: used more than once' 0 $'*let s0 = (Pair 1 2)\n*' '' "${strict[@]}" '(let a = (Pair 1 2); [a, a])'
expect 'strict: failure' 1 $'*1. Main, result\n(Pair (/ 100 0) 1)\n*' '*division by zero*' "${strict[@]}" "$WORK/inverse.hvm"
expect 'strict: run -d' 0 $'*  2. Sum, strict call: (Sum*' '*COST: 9 *' "$HVM" run -d -c --strict=on "$WORK/sum.hvm"
expect 'strict: dot' 0 '*label="2  Sum, strict call"*' '' "${strict[@]}" --format dot "$WORK/sum.hvm"
expect 'strict: no textbook' 2 '' '*a textbook trace shows the graph*' "${strict[@]}" --textbook "$program"
expect 'open: not of the graph' 2 '' '*only strict calls can be opened*' "$HVM" trace --open Sum "$program"

# A superposition that moves up through nested patterns: each step has its own term.
cat >"$WORK/nested.hvm" <<'END'
(F (A (B (C 0) y)) z) = (Zero y z)
(F (A (B (C n) y)) z) = (Num n y z)
Main = (F (A (B (C {0 1}) 7)) 8)
END
expect 'nested patterns' 0 $'*. Fun-Sup\n(F (A (B {(C 0) (C 1)} 7)) 8)\n*' '' "$HVM" trace --marks off "$WORK/nested.hvm"
check 'nested patterns: a term for each step' [ "$(grep -A3 -e '--- 3. ' <<<"$out" | grep -c '^(F (A {(B (C 0) a0) (B (C 1) a1)}) 8)$')" = 1 ]
check 'nested patterns: the last' grep -qxF '(F {(A (B (C 0) a0)) (A (B (C 1) a1))} 8)' <<<"$out"
expect 'failure' 1 '*Op2-U60*' '*division by zero*' "$HVM" trace '(Pair (+ 1 2) (/ 1 0))'
expect 'no such format' 2 '' '*text, jsonl, dot, svg or html*' "$HVM" trace --format pdf "$program"
expect 'not written' 1 '' '*cannot write*' "$HVM" trace -o "$WORK/none/file" "$program"
INPUT='Ada' expect 'effects' 0 '*' '*"Ada"*' "$HVM" trace --format jsonl '(HVM.query λs (HVM.log s 1))'

# Text in a narrow place, and in colour.
expect 'narrow' 0 '*' '' "$HVM" trace --width 24 --marks off "$program"
check 'narrow: no long lines' [ "$(grep -v -- '---' <<<"$out" | awk '{ if (length($0) > 24) n++ } END { print n + 0 }')" = 0 ]
expect 'colour' 0 "*"$'\x1b[0;1;4;33m'"*" '' "$HVM" trace --color=always "$program"
expect 'no colour into a file' 0 "*" '' "$HVM" trace "$program"
check 'no colour into a file' [ "$(grep -c $'\x1b' <<<"$out")" = 0 ]

# Graphs.
expect 'dot' 0 '*label="dup l0 l1"*' '' "$HVM" trace --format dot "$program"
if command -v dot >/dev/null; then
  check 'dot: Graphviz reads it' dot -Tsvg -O "$WORK/out"
  trace --format svg -o "$WORK/last.svg" "$program"
  check 'svg' grep -q '</svg>' "$WORK/last.svg"
  trace --format svg -o "$WORK/steps/" "$program"
  trace --strict=on --open-all --format dot -o "$WORK/calls/" "$WORK/sum.hvm"
  check 'dot: a file for the end of an opened call' grep -q 'label="2  Sum, result"' "$WORK/calls/step-000002-end.dot"
  check 'svg: a file for each step' [ "$(find "$WORK/steps" -name 'step-*.svg' | wc -l)" = 11 ]
else
  skip graphs 'dot of Graphviz is not installed'
fi

# Long traces: steps go out as they come.
cat >"$WORK/long.hvm" <<'END'
(Count 0) = 0
(Count n) = (Count (- n 1))
Main = (Count 40000)
END
if [ "$REDUCED" = 0 ]; then
  for format in text jsonl html; do
    if command -v /usr/bin/time >/dev/null; then
      /usr/bin/time -f %M -o "$WORK/kib" "$HVM" trace --steps 0 --format $format "$WORK/long.hvm" >"$WORK/out" 2>&1
      check "long $format: memory" [ "$(tail -n 1 "$WORK/kib")" -lt 16000 ]
    fi
    [ $format = html ] || check "long $format: all steps" [ "$(grep -c 'Count 7' "$WORK/out")" -gt 1000 ]
    [ $format != html ] || continue
    if command -v /usr/bin/time >/dev/null; then
      /usr/bin/time -f %M -o "$WORK/kib" "$HVM" trace --strict=on --open-all --steps 0 --format $format "$WORK/long.hvm" >"$WORK/out" 2>&1
      check "long $format, opened calls: memory" [ "$(tail -n 1 "$WORK/kib")" -lt 16000 ]
    fi
    check "long $format, opened calls: all steps" [ "$(grep -c 'Count 7' "$WORK/out")" -gt 1000 ]
  done
fi

# The page in a browser.
if browser=$(command -v chromium || command -v google-chrome) && [ "$REDUCED" = 0 ]; then
  trace --format html -o "$WORK/small.html" tests/trace/share-work-under-lambda.hvm
  "$HVM" run -d --steps 100000 --format html -o "$WORK/large.html" "$WORK/long.hvm"
  trace --strict=on --format html -o "$WORK/strict.html" "$WORK/sum.hvm"
  trace --strict=on --format html -o "$WORK/wide.html" "$WORK/tree.hvm"
  include page python3 tests/trace_page.py "$browser" "$WORK/small.html" "$WORK/large.html" "$WORK/strict.html" "$WORK/wide.html"
else
  skip page 'no Chromium, or a build with sanitizers'
fi

include repl tests/repl.sh
# Code is made, and moves, while a rule of the graph is shown that ends with a call of strict code.
cat >"$WORK/moved.hvm" <<'END'
(Upto r 0) = r
(Upto r n) = (Cons n (Upto r (- n 1)))
(Two f) = (Pair (f 3) (f 4))
(Last (Cons x Nil)) = x
(Last (Cons x (Cons y ys))) = (Last (Cons y ys))
Main = [ (Two λx (Last (Upto x 3))) λx (Upto x 3) ]
END
for sharing in optimal need; do
  "$HVM" run -t 1 --native=off --sharing=$sharing --stats=json "$WORK/moved.hvm" >"$WORK/moved.out" 2>"$WORK/moved.err"
  rewrites=$(sed -n 's/^{"rewrites": \([0-9]*\),.*/\1/p' "$WORK/moved.err")
  "$HVM" run -d --strict=on --sharing=$sharing --steps 0 --format jsonl "$WORK/moved.hvm" >"$WORK/moved.steps" 2>"$WORK/moved.err"
  if line=$(python3 "$ROOT/tests/trace.py" "$rewrites" "$WORK/moved.steps" "$WORK/moved.out" 2>&1); then pass; else fail "moved code, $sharing" "$line"; fi
done
finish
