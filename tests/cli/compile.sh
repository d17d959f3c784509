#!/bin/bash
# compile.sh: hvm compile: the programs that it makes, and when it makes none.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
mkdir tmp
export TMPDIR=$WORK/tmp
cat >main.hvm <<'END'
(Double x) = (* x 2)
(Half x) = (/ x 0)
(Loop n) = (Loop (+ n 1))
(Deep n) = (+ 1 (Deep n))
Main = [(Double 21), "λ\"?\n\t\\", 1.5]
END
usage="  = hint: './main --help' shows how it is used"
same() { # words…: the program does what hvm run does
  local want_out status
  want_out=$("$HVM" run "${@:1:$#-1}" -f main.hvm -- "${@: -1}" 2>"$WORK/want")
  status=$?
  expect "the program does the same: $*" $status "$want_out" '*' ./main "${@:1:$#-1}" -- "${@: -1}"
  check "with the same messages: $*" test "$err" = "$(<"$WORK/want")"
}

expect "compile" 0 '' '' "$HVM" compile main.hvm
check "nothing is left in the temporary folder" test -z "$(ls tmp)"
check "nothing else is made" test "$(find . -name 'main*' | wc -l)" = 2
mv main.hvm away.hvm
expect "a program needs no file" 0 '[42, "λ\"?\n\t\\", 1.5]' '' ./main
expect "a program needs no hvm" 0 '*42*' '' env -i ./main
mv away.hvm main.hvm
same '(Double 4)'
same '(Half 4)'
same '(Double'
same 'λx λy (Pair y x)'
same -s 16M '(Deep 0)'
same -t 2 -s 64M '(Double 4)'
same --strict off '(Double 4)'
same --native on '(Double 4)'
same --native off '(Double 4)'
expect "-c" 0 8 '[TIME: *' ./main -c '(Double 4)'
expect "-c true" 0 8 '[TIME: *' ./main '(Double 4)' -c true
expect "-c false" 0 8 '' ./main '(Double 4)' -c false
expect "--stats=json" 0 8 '*"rewrites": *' ./main '(Double 4)' --stats=json
expect "an expression that ends in .hvm" 0 'Main.hvm' '' ./main Main.hvm
expect "two expressions" 2 '' "hvm: error: unexpected '2'; *" ./main 1 2
expect "an unknown option" 2 '' "hvm: error: unknown option '--dance'"$'\n'"$usage" ./main --dance
expect "-f" 2 '' "hvm: error: unknown option '-f'*" ./main -f main.hvm
expect "--help" 0 '*usage: *' '' ./main --help
expect "--version" 0 "$("$HVM" --version)" '' ./main --version
expect "SIGINT" 1 '' '*interrupted*' "${interrupt_after[@]}" INT 0.5 ./main '(Loop 0)'
expect "standard output that is full" 1 '' '*cannot write to standard output*' bash -c './main >/dev/full'
if command -v ldd >/dev/null && [ "$REDUCED" = 0 ]; then
  check "it needs nothing but the C library" test -z "$(ldd main | grep -vE 'vdso|lib[cm]\.so|ld-linux')"
fi

# Names.
expect "-o" 0 '' '' "$HVM" c main.hvm -o other
expect "the other name" 0 8 '' ./other '(Double 4)'
mkdir folder
cp main.hvm folder/inner.hvm
expect "the program is made where one is" 0 '' '' "$HVM" compile folder/inner.hvm
check "under the file's name" test -x inner
expect "a program is replaced" 0 '' '' "$HVM" compile main.hvm
echo text >notes
expect "another file is not" 1 '' "hvm: error: 'notes' exists and is no program; *" "$HVM" compile main.hvm -o notes
expect "nor a folder" 1 '' "hvm: error: 'folder' exists and is no program; *" "$HVM" compile main.hvm -o folder
expect "nor a program's text" 2 '' "hvm: error: the output 'main.hvm' *" "$HVM" compile main.hvm -o main.hvm
check "they are as they were" test "$(<notes)" = text -a -s main.hvm
expect "a folder that is not there" 1 '' "hvm: error: cannot write 'nowhere/main': *" "$HVM" compile main.hvm -o nowhere/main
cp main.hvm program
expect "a file without suffix needs a name" 2 '' "hvm: error: 'program' does not end in .hvm*" "$HVM" compile program
INPUT='Main = (+ 1 2' expect "mistakes in standard input" 1 '' '<stdin>:2:*' "$HVM" compile - -o three
INPUT='Main = (+ 1 2)' expect "standard input" 0 '' '' "$HVM" compile - -o three
expect "its program" 0 3 '' ./three
cp main.hvm "an odd;na'me\$x.hvm"
expect "an odd name" 0 '' '' "$HVM" compile "an odd;na'me\$x.hvm"
expect "its program" 0 8 '' "./an odd;na'me\$x" '(Double 4)'

# Mistakes.
printf '(F x) = y\nMain = (F 1)\n' >wrong.hvm
printf '(U60.if a b c) = a\nMain = 3\n' >warning.hvm
printf '(F x) = (+ x 1)\n' >library.hvm
"$HVM" check wrong.hvm 2>want
expect "a wrong program" 1 '' "$(<want)" "$HVM" compile wrong.hvm
check "gives none" test ! -e wrong
expect "a warning" 0 '' '*warning: *' "$HVM" compile warning.hvm
expect "is not shown again" 0 3 '' ./warning
expect "a program without Main" 0 '' '' "$HVM" compile library.hvm
expect "its expression" 0 3 '' ./library '(F 2)'
expect "its Main" 1 '' '*there is no rule for Main*' ./library
expect "a missing file" 1 '' "hvm: error: cannot read the file 'nowhere.hvm': *" "$HVM" compile nowhere.hvm
expect "no file" 2 '' 'hvm: error: nothing to compile*' "$HVM" compile
expect "two files" 2 '' "hvm: error: unexpected 'wrong.hvm'*" "$HVM" compile main.hvm wrong.hvm
expect "two outputs" 2 '' "hvm: error: two outputs*" "$HVM" compile main.hvm -o a -o b

# Compilers.
for wrong in /nonexistent nonexistent; do
  expect "no compiler ($wrong)" 1 '' "hvm: error: there is no C compiler '$wrong'; *" env HVM_CC=$wrong "$HVM" compile main.hvm -o new
done
printf '#!/bin/sh\necho "too hard" >&2\nexit 1\n' >failing
printf '#!/bin/sh\nexec sleep 20\n' >endless
chmod +x failing endless
expect "a failing compiler" 1 '' "too hard
hvm: error: the C compiler '$WORK/failing' failed" env HVM_CC="$WORK/failing" "$HVM" compile main.hvm -o new
expect "a compiler that makes nothing" 1 '' "hvm: error: the C compiler 'true' made nothing" \
  env HVM_CC=true "$HVM" compile main.hvm -o new
expect "SIGTERM meanwhile" 1 '' '*interrupted*' \
  "${interrupt_after[@]}" TERM 0.5 env HVM_CC="$WORK/endless" "$HVM" compile main.hvm -o new
expect "no temporary folder" 1 '' '*cannot write temporary files: *' env TMPDIR="$WORK/nowhere" "$HVM" compile main.hvm -o new
check "they leave nothing" test -z "$(ls tmp)$(ls -d new* 2>/dev/null)"

# C.
expect "--emit-c" 0 '*hvm_native_module*' '' "$HVM" compile --emit-c main.hvm
printf '%s\n' "$out" >unit.c
check "it compiles alone" cc -c -Wall -Werror -o unit.o unit.c
check "and defines one symbol" test "$(nm -g --defined-only unit.o | awk '{ print $3 }')" = hvm_native_module
expect "--emit-c -o" 0 '' '' "$HVM" compile --emit-c main.hvm -o other.c
check "gives the same" cmp -s unit.c other.c
expect "--emit-c of a wrong program" 1 '' '*unbound*' "$HVM" compile --emit-c wrong.hvm
expect "--emit-c to a full disk" 1 '' '*cannot write*' "$HVM" compile --emit-c main.hvm -o /dev/full
expect "--emit-c to full standard output" 1 '' '*cannot write to standard output*' bash -c "'$HVM' compile --emit-c main.hvm >/dev/full"
finish
