#!/bin/bash
# threads.sh: programs on 1 to 16 threads, more than there are processors: the same text every time, no cell left over;
# errors, limits and interrupts end all threads.
# shellcheck disable=SC2015 # pass does not fail
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
rounds=${ROUNDS:-4}
natives='--native=on --native=off'
[ "$REDUCED" = 0 ] || natives=--native=off rounds=1

stats() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" err; }
# file: on every number of threads, several times
compare() {
  local name want threads native round
  name=$(basename "$1" .hvm)
  want=$("$HVM" run -t 1 "$1") || fail "$name" "it fails on one thread"
  for threads in 2 3 4 8 16; do
    for native in $natives; do
      for ((round = 0; round < rounds; round++)); do
        if ! timeout -k 5 $((LIMIT * 6)) "$HVM" run -t "$threads" "$native" --stats=json "$1" >out 2>err; then
          fail "$name -t $threads $native" "it failed" "$(<err)"
        elif [ "$(<out)" != "$want" ]; then fail "$name -t $threads $native" "not $want" "$(<out)"
        elif [ "$(stats live_cells)" != 0 ]; then fail "$name -t $threads $native" "$(stats live_cells) cells are left"
        else pass; fi
      done
    done
  done
}
for program in fib treesum mergesort quicksort bitonic radix nqueens matmul; do
  file=$ROOT/bench/programs/$program
  sed "s/^Size = .*/Size = $(cut -d' ' -f1 "$file.size")/" "$file.hvm" >"$program.hvm"
  compare "$program.hvm"
done

# What a field's spark left to another thread is shared by two owners, and each element is computed once.
cat >shared.hvm <<'END'
(Slow 0) = 1
(Slow n) = (+ (Slow (- n 1)) (Slow (- n 1)))
(Range 0) = Nil
(Range n) = (Cons (Slow 8) (Range (- n 1)))
(Sum Nil) = 0
(Sum (Cons x xs)) = (+ x (Sum xs))
(Tree 0 xs) = (Sum xs)
(Tree n xs) = (+ (Tree (- n 1) xs) (Tree (- n 1) xs))
Main = (Tree 6 (Range 40))
END
compare shared.hvm
cat >fields.hvm <<'END'
(Slow 0 x) = x
(Slow n x) = (Slow (- n 1) (+ x 1))
(Grow 0 x) = (Tip (Slow 300 x))
(Grow n x) = (Node (Grow (- n 1) x) (Grow (- n 1) (+ x 1)))
Main = (Grow 7 5)
END
compare fields.hvm

"$HVM" run -t 4 --native=on --stats=json fib.hvm >out 2>err
[ "$(stats sparks)" -gt 0 ] && pass || fail "fib -t 4" "there were no sparks" "$(<err)"
"$HVM" run -t 1 --native=on --stats=json fib.hvm >out 2>err
[ "$(stats sparks)" = 0 ] && [ "$(stats threads)" = 1 ] && pass || fail "fib -t 1" "it made sparks" "$(<err)"

# Failures in what another thread does.
cat >division.hvm <<'END'
(Deep 0 k) = (/ 1 k)
(Deep n k) = (+ (Deep (- n 1) k) (Deep (- n 1) (- k 1)))
Main = (Deep 16 3)
END
cat >endless.hvm <<'END'
(Loop 0) = 0
(Loop n) = (+ (Loop (+ n 1)) (Loop (+ n 2)))
Main = (Loop 1)
END
cat >spinning.hvm <<'END'
(Spin n) = (Spin (+ n 1))
(Tree 0) = (Spin 0)
(Tree n) = (+ (Tree (- n 1)) (Tree (- n 1)))
Main = (Tree 6)
END
for native in $natives; do
  for ((round = 0; round < rounds; round++)); do
    timeout -k 5 $((LIMIT * 6)) "$HVM" run -t 4 "$native" division.hvm >out 2>err
    status=$?
    [ $status = 1 ] && grep -q 'division by zero' err && pass || fail "division $native" "status $status" "$(<err)"
    timeout -k 5 $((LIMIT * 6)) "$HVM" run -t 4 "$native" --memory=64M endless.hvm >out 2>err
    status=$?
    [ $status = 1 ] && grep -q 'out of memory' err && pass || fail "endless $native" "status $status" "$(<err)"
    timeout -k 5 -s INT 1 "$HVM" run -t 4 "$native" spinning.hvm >out 2>err
    [ "$(grep -c interrupted err)" = 1 ] && pass || fail "spinning $native" "it was not interrupted once" "$(<err)"
  done
done
finish
