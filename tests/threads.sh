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

# What a λ does before its variable arrives is one chain for all copies of it: several threads would wait for each other
# at each of its links, so one thread makes the run once more. It took 20,000 waits and 200 MB.
cat >chain.hvm <<'END'
(Iter n x) = if (== n 0) { x } else { (Iter (- n 1) (% (+ (* x 31) 7) 1000003)) }
(Fold f lo hi) = if (== (+ lo 1) hi) { (f lo) } else { (let m = (/ (+ lo hi) 2) (+ (Fold f lo m) (Fold f m hi))) }
Main = (Fold λi (Iter 100 i) 0 2000)
END
compare chain.hvm
sed -i 's/2000)$/20000)/' chain.hvm
"$HVM" run -t 4 --native=off --stats=json chain.hvm >out 2>err
[ "$(stats waits)" -lt $(($(stats steals) + 6000)) ] && pass || fail chain "threads wait for each other" "$(<err)"

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
    timeout --foreground -k "$LIMIT" -s INT 1 "$HVM" run -t 4 "$native" spinning.hvm >out 2>err
    [ "$(grep -c interrupted err)" = 1 ] && pass || fail "spinning $native" "it was not interrupted once" "$(<err)"
  done
done
cat >beside.hvm <<'END'
// One part fails while another one comes to code that is made ready: nobody may wait for who has left the run.
(F0 0 n0 n1 c2) = (- (Fold λn3 λn4 (^ n3 n3) n1 c2) (And n1 (* n1 n0)))
(F0 n5 n6 n7 c8) = (F0 (- n5 1) n6 (+ n7 (^ n5 n7)) (Cons n5 (Cons n5 (Cons n5 (Cons 4 Nil)))))
(F1 [] n9 t10) = (+ (First 1 n9) (- (+ 23 11) if 3 {1} else {n9}))
(F1 (List.cons n11 l12) n13 t14) = (H15 (Some n11) n11 l12 n13 t14)
(H15 (Some n16) n11 l12 n13 t14) = (F1 l12 22 t14)
(F2 0 d17 !t18 m19 !p20 n21 c22 n23 c24 t25 c26 c27 e28 n29) = (>> (F0 4 n29 1 Nil) (F1 [2 24 0] n21 t25))
(F2 n30 d31 t32 m33 p34 n35 c36 n37 c38 t39 c40 c41 e42 n43) = (F2 (- n30 1) d31 t32 Hang p34 n43 c36 (/ n30 0) (Cons n30 c38) (Node Leaf 1 (Loop n30)) (Cons n30 c40) (Cons Hang (Cons 1 Nil)) e42 n37)
(F3 n44 d45 t46 m47 p48 n49 c50 n51 c52 t53 c54 c55 e56 n57) = if n44 {(F3 (- n44 1) d45 t46 None p48 n57 (Cons Hang Nil) (* n44 n49) c52 t53 c54 c55 e56 n49)} else {(Last c54 n57)}
Main = [(F2 7500 (Duo 20 (Cons 1 Nil)) (Node Leaf 1 Leaf) None (Pair 2 3) (Deep 1) (Cons (Deep 1) Nil) (Bang 1) Nil (% 3 0) (Cons 3 (Cons 1 (Cons 17 Nil))) (Slow 1) (Add (Lit 3) (Lit 3)) 1) (F3 13500 (Duo 0 (Cons 8 Nil)) (Node (Node Leaf 'h' Leaf) 13 (Node Leaf 0 (Tip 1))) (Bang 0) (Pair 2 65597) Hang (Loop 0) (Bang 1) (Cons 1 (Cons 1 Nil)) (/ 2 0) Nil (Loop 20) (Lit 3) (% 9 0))]
(Loop x) = (Loop (+ x 1))
Hang = (Wait Hang)
(Wait (Never x)) = x
(Deep n) = (+ 1 (Deep n))
(Bang n) = (/ n 0)
(Slow n) = (SlowIf (< n 1) n)
(SlowIf 0 n) = (Slow (+ n 1))
(SlowIf c n) = (Slow n)
(Last Nil a) = a
(Last (Cons x xs) a) = (Last xs x)
(Fold f z Nil) = z
(Fold f z (Cons x xs)) = (Fold f (f z x) xs)
(First a b) = a
(And 0 b) = 0
END
for round in {1..20}; do
  timeout -s KILL $((LIMIT * 6)) "$HVM" run -t 4 --native=off beside.hvm >out 2>&1
  status=$?
  [ $status = 1 ] && pass || fail "failing beside new code, round $round" "exit status $status" "$(<out)"
done

# What a run that failed took of memory, cells and all threads' stacks, is there for the next one.
cat >again.hvm <<'END'
(Build n) = (Cons n (Build (+ n 1)))
(Sum Nil a) = a
(Sum (Cons x xs) a) = (+ x (Sum xs a))
(Endless n) = let l = (Build n); (+ (Sum l 0) (Sum l 1))
(Tree 0) = Leaf
(Tree n) = (Node (Tree (- n 1)) (Tree (- n 1)))
(Count Leaf) = 1
(Count (Node a b)) = (+ (Count a) (Count b))
Main = 0
END
for mode in --native=off --native=on --strict=off; do
  for round in 1 2 3; do
    printf '(Endless 1)\n(Count (Tree 12))\n(Count (Tree 16))\n(Endless 2)\n(Count (Tree 16))\n' |
      timeout -s KILL $((LIMIT * 6)) "$HVM" repl "$mode" -t 4 --memory=64M again.hvm >out 2>err
    status=$?
    [ $status -le 1 ] && [ "$(<out)" = $'4096\n65536\n65536' ] && [ "$(grep -c 'out of memory' err)" = 2 ] && pass ||
      fail "after a failure, $mode, round $round" "exit status $status" "$(<out)" "$(<err)"
  done
done
finish
