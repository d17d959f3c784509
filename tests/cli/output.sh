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
shell "an endless log into a closed pipe ends" 1 '*output*' "set -o pipefail
  printf '(Loop n) = (HVM.log n (Loop (+ n 1)))\\nMain = (Loop 0)\\n' >loop.hvm; '$HVM' run loop.hvm | head -n 1 >/dev/null"
shell "closed input and output" 1 '*' "'$HVM' run - <&- >&-"
shell "closed input is an error" 1 '*standard input*' "'$HVM' run - <&-"
expect "closed standard error" 1 '' '' bash -c "'$HVM' run wrong.hvm 2>&-"
expect "closed standard error, right program" 0 '"λ"' '' bash -c "'$HVM' run main.hvm 2>&-"
finish
