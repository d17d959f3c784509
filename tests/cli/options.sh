#!/bin/bash
# options.sh: what is a file, what an expression; options and their faults; help and version.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
usage="  = hint: 'hvm --help' shows how it is used"
run_usage="  = hint: 'hvm run --help' shows how it is used"
cat >main.hvm <<'END'
(Double x) = (* x 2)
Main = (Double 21)
END
printf '(Triple x) = (* x 3)\n(Main n) = (Triple n)\n' >program
printf 'Main = 7\n' >-

expect "run FILE" 0 42 '' "$HVM" run main.hvm
expect "r is run" 0 42 '' "$HVM" r main.hvm
expect "run FILE EXPR" 0 '[2, 4]' '' "$HVM" r main.hvm '[(Double 1) (Double 2)]'
expect "run -f FILE EXPR" 0 10 '' "$HVM" run -f main.hvm '(Double 5)'
expect "run EXPR -f FILE" 0 10 '' "$HVM" run '(Double 5)' -f main.hvm
expect "run EXPR FILE" 0 10 '' "$HVM" run '(Double 5)' main.hvm
expect "run --file=FILE EXPR" 0 10 '' "$HVM" run --file=main.hvm '(Double 5)'
expect "run EXPR" 0 42 '' "$HVM" run '(* 6 7)'
expect "an existing file needs no suffix" 0 9 '' "$HVM" run program '(Main 3)'
expect "Main with arguments as expression" 0 30 '' "$HVM" run -f program '(Main 10)'
expect "Main with arguments alone" 1 '' '*Main*' "$HVM" run program
INPUT='Main = 5' expect "- is standard input" 0 5 '' "$HVM" run -
INPUT='(F x) = (+ x 1)' expect "- with an expression" 0 3 '' "$HVM" run - '(F 2)'
INPUT='(F x) = (+ x 1)' expect "-f - with an expression" 0 3 '' "$HVM" run -f - '(F 2)'
INPUT='Main = x' expect "standard input has a name" 1 '' '<stdin>:1:8: error: *' "$HVM" run -
expect "./- is a file" 0 7 '' "$HVM" run ./-
expect "an expression after --" 0 -1.5 '' "$HVM" run -- -1.5
expect "options may come last" 0 42 '[TIME: *' "$HVM" run main.hvm -c
expect "a missing file" 1 '' '*nowhere.hvm*' "$HVM" run nowhere.hvm
expect "a folder as a file" 1 '' '*folder.hvm*' bash -c "mkdir -p folder.hvm && exec '$HVM' run folder.hvm"
expect "a path to a folder" 1 '' "*'./folder.hvm/'*" "$HVM" run ./folder.hvm/
mkdir Pair
expect "a folder called like an expression" 0 Pair '' "$HVM" run Pair
expect "a named pipe as a file" 0 6 '' bash -c "'$HVM' run <(echo 'Main = 6')"
expect "a name that is no file is an expression" 0 Nothing '' "$HVM" run Nothing

expect "-c true FILE" 0 42 '[TIME: *' "$HVM" r -c true main.hvm
expect "FILE -c true" 0 42 '[TIME: *' "$HVM" r main.hvm -c true
expect "-c false" 0 42 '' "$HVM" r main.hvm -c false
expect "-c=true" 0 42 '[TIME: *' "$HVM" r -c=true main.hvm
expect "--cost FILE" 0 42 '[TIME: *' "$HVM" r --cost main.hvm
expect "--cost=false" 0 42 '' "$HVM" r --cost=false main.hvm
expect "--cost true EXPR" 0 2 '[TIME: *' "$HVM" r --cost true '(+ 1 1)'
expect "--cost=maybe" 2 '' "hvm: error: 'maybe' is neither true nor false"$'\n'"$run_usage" "$HVM" r --cost=maybe 1
for size in 1M 1024K 512M 8G 1T 1048576 64m; do
  expect "--memory $size" 0 42 '' "$HVM" run main.hvm --memory $size
done
for size in '' M 12X 8GB -5 0 1 1023K 99999999999999999999 99999999T 1.5G; do
  expect "--memory '$size'" 2 '' "hvm: error: *" "$HVM" run main.hvm --memory="$size"
done
expect "-s 512M" 0 42 '' "$HVM" run -s 512M main.hvm
expect "-t 1" 0 42 '' "$HVM" run -t 1 main.hvm
expect "--threads=4" 0 42 '' "$HVM" run --threads=4 main.hvm
for threads in 0 -1 x '' 1x 99999999999999999999; do
  expect "--threads '$threads'" 2 '' "hvm: error: '$threads' is no number of threads*" "$HVM" run main.hvm --threads="$threads"
done

expect "no command" 2 '' "hvm: error: a command is missing"$'\n'"$usage" "$HVM"
expect "a file without run" 2 '' "hvm: error: a command is missing; did you mean 'hvm run main.hvm'?"$'\n'"$usage" "$HVM" main.hvm
expect "an expression without run" 2 '' "*did you mean hvm run '(+ 1 1)'*" "$HVM" '(+ 1 1)'
expect "an unknown command" 2 '' "hvm: error: unknown command 'dance'"$'\n'"$usage" "$HVM" dance
expect "an unknown option of hvm" 2 '' "hvm: error: unknown option '--dance'"$'\n'"$usage" "$HVM" --dance
expect "an unknown option" 2 '' "hvm: error: unknown option '--dance'"$'\n'"$run_usage" "$HVM" run --dance main.hvm
expect "an unknown letter" 2 '' "hvm: error: unknown option '-x'"$'\n'"$run_usage" "$HVM" run -x main.hvm
expect "an unknown letter beyond ASCII" 2 '' "hvm: error: unknown option '-λ'"$'\n'"$run_usage" "$HVM" run -λ
expect "a number like an option" 2 '' "*write '--' before*" "$HVM" run -1.5
expect "a missing value" 2 '' "hvm: error: option '-s' needs a value"$'\n'"$run_usage" "$HVM" run main.hvm -s
expect "a missing long value" 2 '' "hvm: error: option '--memory' needs a value"$'\n'"$run_usage" "$HVM" run main.hvm --memory
expect "a value too many" 2 '' "hvm: error: option '--json' takes no value*" "$HVM" check --json=1 main.hvm
expect "nothing to run" 2 '' "hvm: error: nothing to run: *" "$HVM" run
expect "nothing to check" 2 '' "hvm: error: nothing to check: *" "$HVM" check
expect "two files" 2 '' "hvm: error: two files: 'main.hvm' and 'other.hvm'*" "$HVM" run main.hvm other.hvm
expect "two -f" 2 '' "hvm: error: two files: 'main.hvm' and 'program'*" "$HVM" run -f main.hvm -f program
expect "two expressions" 2 '' "hvm: error: unexpected '2'; *" "$HVM" run '(+ 1 1)' 2
expect "--stats=xml" 2 '' "hvm: error: --stats takes json, not 'xml'*" "$HVM" run --stats=xml main.hvm
expect "--color=red" 2 '' "hvm: error: --color takes *" "$HVM" run --color=red main.hvm

version="hvm $(sed -n 's/^.define HVM_VERSION "\(.*\)"/\1/p' "$ROOT/lib/hvm.h")"
expect "--version" 0 "$version" '' "$HVM" --version
expect "-V" 0 "$version" '' "$HVM" -V
expect "run --version" 0 "$version" '' "$HVM" run --version
expect "check -V" 0 "$version" '' "$HVM" check -V
expect "--help" 0 '*examples:*' '' "$HVM" --help
expect "-h" 0 '*examples:*' '' "$HVM" -h
expect "help" 0 '*usage: hvm COMMAND*' '' "$HVM" help
for command in run compile check; do
  "$HVM" $command --help >"$WORK/help"
  expect "help $command" 0 "$(<"$WORK/help")" '' "$HVM" help $command
  check "$command --help has examples" grep -q '^examples:' "$WORK/help"
done
expect "help of the alias" 0 'hvm run: *' '' "$HVM" help r
expect "help dance" 2 '' "hvm: error: no command 'dance'*" "$HVM" help dance
# Every option that a help text names works, and every long option has its place in the manual page.
for command in run compile check; do
  while read -r option; do
    check "the manual page has $option" grep -q -- "Fl -${option#--}" "$ROOT/man/hvm.1"
  done < <("$HVM" $command --help | grep -oE -- '^ +(-., )?--[a-z]+' | grep -oE -- '--[a-z]+')
done
finish
