#!/bin/bash
# output.sh: what goes where: results, warnings, colour, closed and full standard output.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
printf 'Main = "λ"\n' >main.hvm
printf '(U60.if a b c) = a\nMain = 3\n' >warning.hvm
printf 'Main = (F x)\n' >wrong.hvm

expect "a warning does not stop the run" 0 3 '*warning: *' "$HVM" run warning.hvm
check "a result ends with one newline" test "$("$HVM" run 1 | od -An -c | tr -d ' ')" = '1\n'
expect "an error leaves standard output empty" 1 '' '*error: *' "$HVM" run wrong.hvm
expect "no colour in a file" 1 '' 'wrong.hvm:1:*' "$HVM" run wrong.hvm
expect "--color=never" 1 '' 'wrong.hvm:1:*' "$HVM" run --color=never wrong.hvm
expect "--color=always" 1 '' "*"$'\e[1;31merror:'"*" "$HVM" run --color=always wrong.hvm
expect "--color=always beats NO_COLOR" 1 '' "*"$'\e[1;31merror:'"*" env NO_COLOR=1 "$HVM" run --color=always wrong.hvm

# script(1) gives the command a terminal.
on_terminal() { # variable=value… command
  script -qec "$(printf '%q ' env "$@")" /dev/null </dev/null | tr -d '\r'
}
has_colour() { on_terminal "$@" | grep -q $'\e\\['; }
has_no_colour() { ! has_colour "$@"; }
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  check "colour on a terminal" has_colour -u NO_COLOR TERM=xterm "$HVM" run wrong.hvm
  check "colour with an empty NO_COLOR" has_colour NO_COLOR= TERM=xterm "$HVM" run wrong.hvm
  check "no colour with NO_COLOR" has_no_colour NO_COLOR=1 TERM=xterm "$HVM" run wrong.hvm
  check "no colour on a dumb terminal" has_no_colour -u NO_COLOR TERM=dumb "$HVM" run wrong.hvm
  check "no colour with --color=never" has_no_colour -u NO_COLOR TERM=xterm "$HVM" run --color=never wrong.hvm
else
  skip "colour on a terminal" "script cannot make a terminal"
fi

lost='hvm: error: cannot write to standard output: '
shell() { expect "$1" "$2" '' "$3" bash -c "$4"; }
shell "a full disk" 1 "${lost}No space left on device" "'$HVM' run main.hvm >/dev/full"
shell "a closed output" 1 "${lost}Bad file descriptor" "'$HVM' run main.hvm >&-"
shell "a closed output and no file takes its place" 1 "${lost}Bad file descriptor" "'$HVM' run -f main.hvm '(HVM.store \"stored\" \"text\" 1)' >&-"
check "the stored file is untouched" test "$(cat stored 2>/dev/null)" = text
shell "a closed pipe" 1 "${lost}Broken pipe" "set -o pipefail; { sleep 0.2; '$HVM' run main.hvm; } | :"
shell "a help text on a full disk" 1 "${lost}No space left on device" "'$HVM' --help >/dev/full"
shell "JSON on a full disk" 1 "${lost}No space left on device" "'$HVM' check --json wrong.hvm >/dev/full"
shell "a program that logs on a full disk" 1 "hvm: error: cannot write the output: No space left on device
    = hint: while reducing a call of HVM.log" "'$HVM' run '(HVM.log 1 2)' >/dev/full"
shell "a trace on a full disk" 1 "${lost}No space left on device" "'$HVM' trace '(+ 1 2)' >/dev/full"
shell "a trace in a file on a full disk" 1 "hvm: error: cannot write the file '/dev/full': No space left on device" \
  "'$HVM' trace -o /dev/full '(+ 1 2)'"
mkdir steps && ln -s /dev/full steps/step-000000.dot
shell "steps in files on a full disk" 1 "hvm: error: cannot write the file 'steps/step-000000.dot': No space left on device" \
  "'$HVM' trace --format dot -o steps/ '(+ 1 2)'"
if command -v dot >/dev/null; then
  shell "a drawing on a full disk" 1 "${lost}No space left on device" "'$HVM' trace --format svg '(+ 1 2)' >/dev/full"
fi
shell "C text on a full disk" 1 "${lost}No space left on device" "'$HVM' compile --emit-c main.hvm >/dev/full"
shell "more than a file may hold" 1 "*File too large*" \
  "ulimit -f 1; '$HVM' run '(HVM.store \"large\" \"$(printf '%2000s' '')\" 1)'"
shell "input that cannot be read" 1 "*cannot read the standard input: Is a directory*" "'$HVM' run '(HVM.query λx x)' </"
shell "an endless log into a closed pipe ends" 1 '*output*' "set -o pipefail
  printf '(Loop n) = (HVM.log n (Loop (+ n 1)))\\nMain = (Loop 0)\\n' >loop.hvm; '$HVM' run loop.hvm | head -n 1 >/dev/null"
shell "closed input and output" 1 '*' "'$HVM' run - <&- >&-"
shell "closed input is an error" 1 '*standard input*' "'$HVM' run - <&-"
expect "closed standard error" 1 '' '' bash -c "'$HVM' run wrong.hvm 2>&-"
expect "closed standard error, right program" 0 '"λ"' '' bash -c "'$HVM' run main.hvm 2>&-"

# A word on what takes less.
cat >closures.hvm <<'END'
(Two f a b) = λe (f (a e) (b e))
(Choose c a b) = λe if (c e) { (a e) } else { (b e) }
(Call f x) = λe (Apply (f e) (x e))
(Apply (Fun f) x) = (f x)
(Tie b e) = (Fun λx (b (Cons x (Cons (Tie b e) e))))
(Nth 0 (Cons x xs)) = x
(Nth i (Cons x xs)) = (Nth (- i 1) xs)
(Var i) = λe (Nth i e)
(Less n) = (Call (Var 1) (Two λxλy (- x y) (Var 0) λe n))
Body = (Choose (Two λxλy (< x y) (Var 0) λe 2) (Var 0) (Two λxλy (+ x y) (Less 1) (Less 2)))
(Main n) = (Apply (Tie (Body) Nil) n)
END
expect "no memory for layers of clones" 1 '' '*hvm: note: 76 % of the rewrites cloned*' \
  "$HVM" run -s 8M -t 1 closures.hvm '(Main 24)'
expect "no word on it where it is no question" 0 46368 '' "$HVM" run -s 8M -t 1 --sharing=need closures.hvm '(Main 24)'
finish
