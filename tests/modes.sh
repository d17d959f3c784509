#!/bin/bash
# modes.sh [GLOB]: the conformance programs, the examples, the benchmark programs at their small size and programs that
# fail, with strict code and machine code on and off, on one thread and several: the same text, the same exit status,
# the same first line of messages as in the graph alone, and no more rewrites: nothing is computed twice. With sharing by
# need, too, where what is under a λ is computed for each copy: some more rewrites, and no fewer programs.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
glob=${1:-*}
jobs=$(nproc 2>/dev/null || echo 2)
modes=('-t 1 --native=off' '-t 4 --native=off' '-t 1 --native=on' '-t 3 --native=on' '-t 4 --native=auto' '--strict=off --native=on -t 4')
# With sanitizers, machine code is what has no sanitizers anyway; but with CHECKED=1, it has checks of its own.
[ "$REDUCED" = 0 ] || modes=('-t 1 --native=off' '-t 3 --native=off' '--strict=off -t 3')
need=('--sharing=need -t 1 --native=off' '--sharing=need -t 4 --native=on')
[ "$REDUCED" = 0 ] || need=('--sharing=need -t 2 --native=off')
# Programs that live by sharing under λs, one that shows how often it computes, one that superposes by itself.
lives_by_sharing=' compose lambdabits weekday lam-16-compose-negation-two-to-the-forty '
lives_by_sharing+='beyond-27-print-unused-binder-after-sharing sharing threads-share-lambdas '
[ "${CHECKED:-0}" = 0 ] || modes+=('-t 2 --native=on')

# Programs that fail when they run.
mkdir "$WORK/failing"
failing() { cat >"$WORK/failing/$1.hvm"; }
failing divide-in-accumulator <<'END'
(Go 0 !a) = a
(Go n !a) = (Go (- n 1) (/ a (- n 3)))
Main = (Go 5 100)
END
failing divide-in-helper <<'END'
(Mean xs) = (/ (Sum xs) (Length xs))
(Sum Nil) = 0
(Sum (Cons x xs)) = (+ x (Sum xs))
(Length Nil) = 0
(Length (Cons x xs)) = (+ 1 (Length xs))
Main = [(Mean (Cons 4 (Cons 6 Nil))) (Mean Nil)]
END
failing divide-deep <<'END'
(F 0) = (% 1 0)
(F n) = (+ 1 (F (- n 1)))
Main = (F 100000)
END
failing divide-in-pattern <<'END'
(F 0 x) = 1
(F n 0) = 2
(F n x) = 3
(G x) = (F 1 (/ x (- x 3)))
Main = (G 3)
END
failing divide-after-effect <<'END'
(Go 0 x) = (/ x 0)
(Go n x) = (HVM.log n (Go (- n 1) x))
Main = (Go 3 1)
END
failing divide-in-a-field <<'END'
(Make n) = (Pair n (/ 1 n))
(Left (Pair a b)) = a
Main = [(Left (Make 0)) (Make 0)]
END
failing memory-endless-recursion <<'END'
(Deep n) = (+ 1 (Deep (+ n 1)))
Main = (Deep 0)
END
failing memory-endless-list <<'END'
(From n) = (Cons n (From (+ n 1)))
Main = (From 0)
END
failing memory-endless-accumulator <<'END'
(Go n a) = (Go (+ n 1) (Cons n a))
Main = (Go 0 Nil)
END
failing no-main-arguments <<'END'
(Main x) = (+ x 1)
END
failing file-missing <<'END'
(Go 0 k) = (HVM.load "/nonexistent/file" λs s)
(Go n k) = (Go (- n 1) k)
Main = (Go 3 0)
END

run() { # mode… ; the output is in out, the first line of the messages in err, the cells that are left in live
  # shellcheck disable=SC2086 # several options
  timeout -k 5 $((LIMIT * 6)) "$HVM" run $1 $2 --stats=json "$3" >out 2>err <"$4"
  status=$?
  live=$(sed -n 's/.*"live_cells": \([0-9]*\).*/\1/p' err)
  # without copies of constructors: a thief that comes late may share a value for a moment
  rewrites=$(($(sed -n 's/^{"rewrites": \([0-9]*\).*"Dup-Ctr": \([0-9]*\).*/\1 - \2/p' err)))
  sed -i -e '/^{"rewrites"/d' -e 1q err
}
compare() { # file
  local file=$1 name input mode memory='' must=0
  name=$(basename "$file")
  input=${file%.hvm}.in
  [ -e "$input" ] || input=/dev/null
  [[ $name == memory-* ]] && memory=--memory=64M
  cd "$(mktemp -d -p "$WORK")" || exit 2
  run '--strict=off -t 1' "$memory" "$file" "$input"
  mv out want-out
  mv err want-err
  local want=$status want_live=$live want_rewrites=$rewrites
  [[ $file == */failing/* ]] && must=1
  [ $want = $must ] || fail "$name" "exit status $want in the graph" "$(<want-err)"
  local all=("${modes[@]}")
  [[ $lives_by_sharing == *" ${name%.hvm} "* ]] || all+=("${need[@]}")
  for mode in "${all[@]}"; do
    run "$mode" "$memory" "$file" "$input"
    if [ $status != $want ]; then fail "$name $mode" "exit status $status, not $want" "$(<err)"
    elif ! difference=$(diff want-out out); then fail "$name $mode" "another text than in the graph" "$difference"
    elif ! difference=$(diff want-err err); then fail "$name $mode" "another message than in the graph" "$difference"
    elif [ "$live" != "$want_live" ]; then fail "$name $mode" "$live cells are left, not $want_live"
    elif [[ $mode != *need* ]] && [ "${rewrites:-0}" -gt $((${want_rewrites:-0} * 51 / 50 + 20)) ]; then
      fail "$name $mode" "$rewrites rewrites, $want_rewrites in the graph: something is computed twice"
    else pass; fi
  done
  echo "$passed passed, $failed failed"
}

mkdir "$WORK/bench"
for file in bench/{programs,held-out}/*.hvm; do
  sed "s/^Size = .*/Size = $(cut -d' ' -f1 "${file%.hvm}.size")/" "$file" >"$WORK/bench/$(basename "$file")"
done
count=0
for file in "$ROOT"/tests/{conformance/cases,cases}/$glob.hvm "$ROOT"/examples/$glob.hvm "$WORK"/{bench,failing}/$glob.hvm; do
  [ -e "$file" ] || continue
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  (
    trap - EXIT
    compare "$file" >"$WORK/$count.text" 2>&1
  ) &
  count=$((count + 1))
done
wait
for ((i = 0; i < count; i++)); do include "program $i" cat "$WORK/$i.text"; done
finish
