#!/bin/bash
# repl.sh: hvm repl, from a pipe and from a terminal.
. "$(dirname "$0")/lib.sh"
export HOME=$WORK
cat >"$WORK/lists.hvm" <<'END'
// Lists.
(Map f [])               = []
(Map f (List.cons x xs)) = (List.cons (f x) (Map f xs))
Main = (Map λx (+ x 1) [1, 2])
END
repl() { # name out err line…
  local name=$1 want_out=$2 want_err=$3
  shift 3
  INPUT=$(printf '%s\n' "$@") expect "repl: $name" 0 "$want_out" "$want_err" "$HVM" repl "$WORK/lists.hvm"
}
repl 'expressions' $'3\n[2, 3]' '' '(+ 1 2)' 'Main'
repl 'several lines' '[1, 2]' '' '[1,' '2]'
repl 'rules' $'42\n1764' '' '(Square x) = (* x x)' 'Answer = 42' 'Answer' '(Square Answer)'
repl 'equality is no rule' '1' '' '(== 1 1)'
repl 'faulty rule changes nothing' '[2]' "*unbound variable 'y'*" '(F x) = y' '(Map λx (* x 2) [1])'
repl 'goes on after an error' '7' '*division by zero*' '(/ 1 0)' '7'
repl 'info of a function' 'Map: a function of arity 2'$'\n''(Map f [])               = []*' '' ':info Map'
repl 'info of a constructor' 'List.cons: a constructor of arity 2' '' ':info List.cons'
repl 'info of nothing' "there is no 'Nothing' here" '' ':info Nothing'
repl 'load, reload' '[2, 3]' '' ":load $WORK/lists.hvm" ':reload' 'Main'
repl 'load nothing' '[2, 3]' '*cannot read the file*' ':load /nonexistent.hvm' 'Main'
repl 'trace' '*Map, rule 2 (lists.hvm:3)*' '' ':trace (Map λx (+ x 1) [1])'
repl 'trace, options' '*2. Op2-U60*' '' ':trace --marks=off (+ 1 2)'
repl 'trace of typed rules' '*2. F*' '' '(F x) = x' ':trace (F 1)'
repl 'trace of strict code' $'*2. Map, strict call\n[2, 3]*' '' ':trace --strict=on --marks=off Main'
repl 'step into strict code' $'*  3. Op2-U60: (+ 1 1) → 2\n  4. Map, strict call: (Map [2])\n*' '' ':step --strict=on --open-all --marks=off Main' '' '' '' q 9
repl 'step' '*(+ 1 5)*' '' ':step (+ 1 (+ 2 3))' '' '' '9'
repl 'step: quit' '*the rest was not asked for*' '' ':step (+ 1 (+ 2 3))' 'q' '9'
repl 'stats' '*Op2-Num   1*' '' '(+ 1 2)' ':stats'
repl 'help' '*:trace EXPR*' '' ':help'
repl 'quit' '1' '' '1' ':quit' '2'
repl 'unknown' '' '*is no command*' ':nothing'

# With a line editor: completion, history.
python3 - "$HVM" "$WORK/lists.hvm" >"$WORK/out" 2>&1 <<'END'
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "repl", sys.argv[2]])
seen = b""
def expect(text):
    global seen
    end = time.time() + 20
    while text not in seen:
        if time.time() > end: sys.exit("no %r in %r" % (text, seen))
        if select.select([terminal], [], [], 0.2)[0]:
            try: seen += os.read(terminal, 4096)
            except OSError: sys.exit("it ended: %r" % seen)
    seen = seen[seen.index(text) + len(text):]
def send(text): os.write(terminal, text)
expect(b"hvm> ")
send(b"(* 6 7)\r")
expect(b"42")
expect(b"hvm> ")
send(b"\x1b[A")           # the line before
expect(b"(* 6 7)")
send(b"\r")
expect(b"42")
expect(b"hvm> ")
send(b"(Ma\t")            # completion: Main and Map are there
send(b"p \xce\xbbx x [5])\r")
expect(b"[5]")
expect(b"hvm> ")
send(b":quit\r")
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
END
status=$?
if [ $status = 0 ]; then pass; else fail 'repl: terminal' "status $status" "$(<"$WORK/out")"; fi
check 'repl: history is kept' grep -qF '(*' "$WORK/.hvm_history"
expect 'repl: input that cannot be read' 1 '' '*cannot read standard input: Is a directory*' bash -c "'$HVM' repl </"
finish
