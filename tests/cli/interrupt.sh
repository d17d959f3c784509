#!/bin/bash
# interrupt.sh: Ctrl-C, SIGTERM and the memory limit end a run with a message, the statistics and status 1.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
printf '(Loop n) = (Loop (+ n 1))\nMain = (Loop 0)\n' >loop.hvm
printf '(Grow n) = (Cons n (Grow (+ n 1)))\n(Last (Cons x xs)) = (Last xs)\n(Deep n) = (+ 1 (Deep n))\nMain = (Deep 0)\n' >deep.hvm
printf 'Main = (HVM.query λs s)\n' >query.hvm
delay=0.5
[ "$REDUCED" = 0 ] || delay=2

for signal in INT TERM; do
  expect "SIG$signal ends an endless loop" 1 '' '*interrupted*' "${interrupt_after[@]}" $signal $delay "$HVM" run loop.hvm
  expect "SIG$signal with statistics" 1 '' '*"rewrites": *' "${interrupt_after[@]}" $signal $delay "$HVM" run --stats=json loop.hvm
  expect "SIG$signal with the cost" 1 '' '*COST: *' "${interrupt_after[@]}" $signal $delay "$HVM" run -c loop.hvm
  expect "SIG$signal ends a deep recursion" 1 '' '*error: *' "${interrupt_after[@]}" $signal $delay "$HVM" run -s 64G deep.hvm
  expect "SIG$signal ends a sleep" 1 '' '*interrupted*' "${interrupt_after[@]}" $signal $delay "$HVM" run '(HVM.sleep 60000000000 1)'
done
# A result that nobody reads.
mkfifo pipe
awk 'BEGIN { printf "Main = \""; for (i = 0; i < 20000; i++) printf "0123456789"; print "\"" }' >long.hvm
exec 9<>pipe
"$HVM" run long.hvm >pipe 2>err &
sleep $delay
kill -INT $!
wait $!
status=$?
check "SIGINT while the result is written (status $status)" test $status = 1
exec 9>&-
expect "SIGINT while waiting for input" 1 '' '*interrupted*' bash -c \
  "sleep 5 | $INTERRUPT_AFTER INT $delay '$HVM' run query.hvm; exit \${PIPESTATUS[1]}"
expect "SIGINT on several threads while waiting for input" 1 '' '*while reducing*' bash -c \
  "sleep 5 | $INTERRUPT_AFTER INT $delay '$HVM' run -t 4 query.hvm; exit \${PIPESTATUS[1]}"
expect "the memory limit" 1 '' '*memory*' "$HVM" run -s 16M deep.hvm
expect "the memory limit with statistics" 1 '' '*"peak_bytes": *' "$HVM" run -s 16M --stats=json deep.hvm
expect "the memory limit with growing data" 1 '' '*memory*' "$HVM" run -s 16M deep.hvm '(Grow 0)'
expect "a stream in constant memory is not limited" 1 '' '*interrupted*' \
  "${interrupt_after[@]}" INT $delay "$HVM" run -s 4M deep.hvm '(Last (Grow 0))'
finish
