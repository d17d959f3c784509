#!/bin/bash
# trace.sh [GLOB]: hvm trace, hvm run -d and hvm repl.
#   tests/trace/NAME.rules   the rules of NAME.hvm's textbook trace after the first step: in this order, or for names
#                            that begin with share- the same rules in any order and number
#   conformance programs     an exact trace has the result and the rewrites of the untraced run in the graph
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
  timeout -k 5 $((LIMIT * 6)) "$HVM" run --strict=off --stats=json "$file" >out 2>err <"$input" || return 0
  rewrites=$(tail -n 1 err | grep -o '"rewrites": [0-9]*' | cut -d' ' -f2)
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
expect 'hide' 0 '*(Number 21)*' '' "$HVM" trace --hide Sum 'let s = (Sum [1, 2]); (Number 21)'
cat >"$WORK/sum.hvm" <<'END'
(Sum [])               = 0
(Sum (List.cons x xs)) = (+ x (Sum xs))
Main = (Pair (Sum [1, 2, 3]) (+ 1 1))
END
expect 'hide: one step' 0 '*2. Sum, 7 steps*' '' "$HVM" trace --hide Sum "$WORK/sum.hvm"
expect 'watch' 0 '*' '' "$HVM" trace --watch s --rules Dup 'let s = (A 1); let t = (A 2); [s, s, t, t]'
check 'watch: only this variable' [ "$(grep -c -- '--- [0-9]*\. Dup' <<<"$out")" = 2 ]
expect 'strict code' 2 '' '*strict code cannot be traced*' "$HVM" trace --strict=on "$program"
expect 'run -d' 0 '*5. Dup-Ctr*' '*COST: 9 *' "$HVM" run -d -c "$program"
expect 'run -d, strict code' 2 '' '*strict code cannot be traced*' "$HVM" run -d --strict=on "$program"
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
  done
fi

# The page in a browser.
if browser=$(command -v chromium || command -v google-chrome) && [ "$REDUCED" = 0 ]; then
  trace --format html -o "$WORK/small.html" tests/trace/share-work-under-lambda.hvm
  "$HVM" run -d --steps 100000 --format html -o "$WORK/large.html" "$WORK/long.hvm"
  include page python3 tests/trace_page.py "$browser" "$WORK/small.html" "$WORK/large.html"
else
  skip page 'no Chromium, or a build with sanitizers'
fi

include repl tests/repl.sh
finish
