#!/bin/bash
# models.sh [large]: the model checker of tests/models on the deques and on what machines on several threads do with each
# other. Then it must find each of the faults that are put into the sources here, so that it is known to look.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
size=${1:-small}
export limit=$((LIMIT * 20))
[ "$size" = small ] || limit=3600
if [ "$(uname -m)" != x86_64 ] || ! command -v gcc >/dev/null || [ "$REDUCED" != 0 ]; then
  skip models "they are run on x86-64, with gcc, and once are enough"
  finish
fi

# The C library's functions that check.c has its own of.
renamed=
for name in malloc calloc free sched_yield nanosleep clock_gettime sem_init sem_destroy sem_post sem_wait sem_timedwait \
  pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_create pthread_join mmap munmap \
  sched_getaffinity pthread_sigmask pthread_setaffinity_np pthread_attr_init pthread_attr_destroy pthread_attr_setstack \
  pthread_attr_setaffinity_np; do
  renamed+=" -D$name=check_$name"
done
renamed=${renamed/check_sched_yield/check_yield}
export flags="-std=c11 -D_GNU_SOURCE -fno-pie -g -I. -Ieval -Itests/models -DHVM_HARD -w"
# -fno-inline: the ways to faults name functions.
export checked="$flags $renamed -O1 -fno-inline -fsanitize=thread"
# What the checker itself leaves on the stacks counts as a part of the state: the fewer registers are put there, the fewer
# states (-O2: 1.7 times as many).
# shellcheck disable=SC2086 # several flags
{
  gcc $flags -O3 -march=native -c tests/models/check.c -o "$WORK/check.o" &&
    gcc $flags -O1 -c tests/models/deque.c -o "$WORK/deque-model.o" &&
    gcc $flags $renamed -O1 -fno-inline -fsanitize=thread -c tests/models/worker.c -o "$WORK/worker-model.o" &&
    gcc $checked -c tests/models/sleep.c -o "$WORK/sleep.o" &&
    gcc $checked -c eval/deque.c -o "$WORK/deque.o" && gcc $checked -c eval/worker.c -o "$WORK/worker.o" &&
    gcc $checked -c eval/spark.c -o "$WORK/spark.o" && gcc $checked -c eval/speculate.c -o "$WORK/speculate.o" &&
    gcc $checked -c eval/claim.c -o "$WORK/claim.o" && gcc $checked -c eval/solo.c -o "$WORK/solo.o" &&
    gcc $checked -c eval/purse.c -o "$WORK/purse.o" &&
    gcc -no-pie "$WORK"/{deque-model,deque,sleep,check}.o -o "$WORK/deque" &&
    gcc -no-pie "$WORK"/{worker-model,worker,spark,speculate,claim,solo,purse,deque,check}.o -o "$WORK/worker"
} 2>"$WORK/err" || fail models "they cannot be built" "$(<"$WORK/err")"

verify() { # model: prints its summary
  timeout -s KILL "$limit" "$WORK/$1" "$size" >"$WORK/$1.out" 2>&1
  local status=$?
  if [ "$status" = 0 ]; then passed=$(wc -l <"$WORK/$1.out")
  else fail "$1" "status $status: $(tail -n 1 "$WORK/$1.out")" && cat "$WORK/$1.out"; fi
  [ "$size" = small ] || cat "$WORK/$1.out"
  echo "$passed passed, $failed failed"
}

# fault SOURCE NAME NUMBER SED…: changes the source and looks whether the checker finds that something is wrong.
fault() {
  local source=$1 name=$2 at=$WORK/fault-$3
  shift 3
  local file=eval/$source.c
  [ "$source" != sleep ] || file=tests/models/sleep.c
  sed "$@" "$file" >"$at.c"
  if cmp -s "$file" "$at.c"; then fail "$name" "there is nothing to change"
  else
    # shellcheck disable=SC2086
    if ! gcc $checked -c "$at.c" -o "$at.o" 2>"$at.err"; then fail "$name" "it cannot be compiled" "$(<"$at.err")"
    else
      if [ "$source" = deque ]; then gcc -no-pie "$at.o" "$WORK"/{deque-model,sleep,check}.o -o "$at"
      elif [ "$source" = sleep ]; then gcc -no-pie "$at.o" "$WORK"/{deque-model,deque,check}.o -o "$at"
      else
        local others="$WORK/worker-model.o $WORK/deque.o $WORK/purse.o $WORK/check.o" other
        for other in worker spark speculate claim solo; do [ "$source" = $other ] || others+=" $WORK/$other.o"; done
        # shellcheck disable=SC2086
        gcc -no-pie "$at.o" $others -o "$at"
      fi
      local which=small
      [ "$source" != claim ] || which=dups
      [ "$source" != speculate ] || which=${scene:-hints}
      timeout -s KILL $limit "$at" $which >"$at.out" 2>&1
      local status=$?
      if [ $status = 1 ] && grep -q '^  fault: ' "$at.out"; then pass
      else fail "$name" "status $status: the fault is not found" "$(tail -n 3 "$at.out")"; fi
    fi
  fi
  echo "$passed passed, $failed failed"
}

tasks=0
later() { # runs it beside others
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  (trap - EXIT && "$@" >"$WORK/task-$tasks.text" 2>&1) &
  tasks=$((tasks + 1))
}
deque() { later fault deque "deque: $1" $tasks "${@:2}"; }
worker() { later fault worker "worker: $1" $tasks "${@:2}"; }
spark() { later fault spark "spark: $1" $tasks "${@:2}"; }
claim() { later fault claim "claim: $1" $tasks "${@:2}"; }
solo() { later fault solo "solo: $1" $tasks "${@:2}"; }
speculate() { later fault speculate "speculate: $1" $tasks "${@:2}"; }
if [ $failed = 0 ]; then
  later verify worker
  later verify deque

  deque 'take: its store is not ordered before its load' '/deque_take/,/^}/s/bottom, memory_order_seq_cst/bottom, memory_order_release/'
  deque 'take: its load is not ordered behind its store' '/deque_take/,/^}/s/->top, memory_order_seq_cst/->top, memory_order_acquire/'
  deque 'take: the last box without compare-and-swap' '/deque_take/,/^}/s/if (!atomic_compare/if (false \&\& !atomic_compare/'
  deque 'take: the bottom stays below the top' '/deque_take/,/^}/s/atomic_store_explicit(&deque->bottom, bottom + 1.*/;/'
  deque 'steal: its loads are not ordered' '/deque_steal/,/^}/s/->bottom, memory_order_seq_cst/->bottom, memory_order_acquire/'
  deque 'steal: a bottom without what stands below it' '/deque_steal/,/^}/s/->bottom, memory_order_seq_cst/->bottom, memory_order_relaxed/'
  deque 'steal: without compare-and-swap' '/deque_steal/,/^}/s/if (!atomic_compare.*/if (atomic_store(\&deque->top, top + 1), false)/'
  deque 'steal: a ring that is not seen whole' 's/->ring, memory_order_acquire/->ring, memory_order_relaxed/'
  deque 'push: the bottom before the box' 's/bottom + 1, memory_order_release/bottom + 1, memory_order_relaxed/'
  deque 'push: one box too many in a ring' 's/bottom - top > ring->size - 1/bottom - top > ring->size/'
  deque 'grow: the ring before what is in it' 's/larger, memory_order_release/larger, memory_order_relaxed/'
  deque 'grow: the oldest box is left behind' 's/int64_t i = top; i < bottom/int64_t i = top + 1; i < bottom/'

  later fault sleep 'sleep: no fence behind a spark' $tasks '/fence.*spark/d'
  later fault sleep 'sleep: no fence before the last look' $tasks '/fence.*rest/d'

  worker 'wait: it is in the list before it says that it waits' -e '/^  atomic_store(&machine->waiting, true);$/d' -e 's/^  machine->waits++;$/& atomic_store(\&machine->waiting, true);/'
  worker 'wait: the list is replaced, whatever it has become' -e '/^static void wait_for/,/^}/s/} while (!__atomic_compare_exchange_n(cell, &claimed, (Word)(uintptr_t)machine | TAG_SLOT, false, __ATOMIC_ACQ_REL,/} while (__atomic_store_n(cell, (Word)(uintptr_t)machine | TAG_SLOT, __ATOMIC_RELEASE), false \&\& (0, /' -e '/^static void wait_for/,/^}/s/^ *__ATOMIC_ACQUIRE));$/0));/'
  worker 'wait: a run that was stopped before is waited in' 's/if (leaves || atomic_load(&shared->stopping)) worker_let_go_on(machine);/;/'
  worker 'wake: nobody' '/^void worker_wake/,/^}/s/worker_let_go_on(one);/;/'
  worker 'let_go_on: twice' 's/bool waited = atomic_exchange(&machine->waiting, false);/bool waited = (atomic_store(\&machine->waiting, false), true);/'
  worker 'let_go_on: not counted' '/^void worker_let_go_on/,/^}/s/atomic_fetch_add.*/;/'
  worker 'deadlock: never reported' 's/} else if (active == 0 || .*/} else if (false) {/'
  worker 'deadlock: reported while one works' 's/} else if (active == 0 || .*/} else if (active <= 1) {/'
  spark 'claim: without compare-and-swap' '/^void spark_run/,/^}/s/claimed = __atomic_compare_exchange_n(cell, &term, machine->claim, false, /claimed = true, __atomic_store_n(cell, machine->claim, /;/^void spark_run/,/^}/s/machine->claim, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);/machine->claim, __ATOMIC_RELEASE);/'
  spark 'take back: what was stolen' 's/deque_take(&machine->deque) == DEQUE_EMPTY) return false;/(deque_take(\&machine->deque), false)) return false;/'
  spark 'take out: whoever takes the entry finds the term' 's/&term, TAG_ERA, false/\&term, term, false/'
  spark 'take out: what is no spark' -e '/^static Word take_out/,/^}/s/!(owners & SHARE_SPARK) || //' -e '/^Word spark_take_back/,/^}/s/if (!(owners & SHARE_SPARK) .*return box;/;/'
  worker 'pause: while one still works' 's/< atomic_load(&shared->active) - 1) {/< atomic_load(\&shared->active) - 2) {/'
  worker 'pause: one that was paused and goes on is counted' 's/} while (atomic_load(&shared->pausing));.*/} while (false);/'
  worker 'pause: one that has failed is waited for' '/^void worker_pause_others/,/^}/s/if (atomic_load(&shared->stopping)) {.*/if (false) {/'
  worker 'stop: those who wait are left' '/^void worker_stop/,/^}/s/worker_let_go_on(one);/;/'
  worker 'end: before all rest' 's/bool over = shared->sleepers == shared->helpers;/bool over = true;/'
  worker 'be one: while others work' 's/^  if (atomic_load(&shared->active) != 1 || atomic_load(&shared->searching) != 0) return;/;/;s/ || spark_any_undone(machine) || !all_rest(shared)//'
  worker 'be one: while others wait' 's/ || spark_any_undone(machine) || !all_rest(shared)//'

  solo 'while another one runs' '/^void solo_attend/,/^}/s/if (atomic_load(&shared->running) == 1)$/if (true)/'
  solo 'whoever goes on does not wait for its end' '/^void solo_go_on/,/^}/s/(one = atomic_load(&shared->solo)) &&/(one = NULL) \&\&/'
  solo 'whoever goes on is counted after it has looked' -e '/^void solo_go_on/,/^}/{/atomic_fetch_add(&shared->running, 1);/d;s/^}$/  atomic_fetch_add(\&shared->running, 1);\n}/}'
  solo 'it does not end for those who wait for that' '/^void solo_yield/,/^}/s/solo_end(machine);/;/'
  solo 'it lasts while it waits itself' '/^void solo_stop/,/^}/s/^  solo_end(machine);$//'
  worker 'lag: nobody is woken when it goes on by itself' '/^static void lag/,/^}/s/if (!woken && !atomic_exchange.*/;/'
  worker 'lag: beside one that is solo' '/^static void lag/,/^}/s/solo_go_on(machine);/atomic_fetch_add(\&shared->running, 1);/'

  speculate 'one that begins too late is not stopped' -e '/^void speculate_run/,/^}/s/if (atomic_load(&machine->shared->cancelling)) {/if (false) {/' -e '/^static void cancel/,/^}/s/^}$/  atomic_store(\&shared->cancelling, false);\n}/'
  speculate 'one that has ended is counted' '/^static void end/,/^}/s/atomic_fetch_sub(&machine->shared->speculating, 1);/;/'
  speculate 'a failure that nobody asks for is shown' '/^void speculate_hold/,/^}/s/while (park(machine)) worker_attend(machine);/;/'
  speculate 'it is not left at the end' '/^static void cancel/,/^}/s/worker_let_go_on(one);/;/'
  [ "$size" = small ] || scene='a hint, two helpers' speculate 'whether all wait is seen in pieces' 's/if (turned == atomic_load(&shared->turning)) return true;/return true;/'

  claim 'without compare-and-swap' -e 's/if (!__atomic_compare_exchange_n(&cells\[0\], &inner, machine->claim, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))/if (__atomic_store_n(\&cells[0], machine->claim, __ATOMIC_RELEASE), false)/'
  claim 'what was left for it is taken for the term' '/^bool claim_dup/,/^}/s/if (!(state & DUP_FIRED)) return true;/return true;/'
  claim 'it is taken while somebody reduces it' '/^bool claim_dup/,/^}/s/if (word_tag(inner) == TAG_SLOT) {/if (false) {/'
  claim 'settle: the value before the state' -e '/^void claim_settle/,/^}/s/Word state = __atomic_exchange_n(&cells\[1\], DUP_FIRED, __ATOMIC_ACQ_REL), waiting = SLOT_ORPHAN;/Word waiting = __atomic_exchange_n(\&cells[0], other, __ATOMIC_ACQ_REL), state = __atomic_exchange_n(\&cells[1], DUP_FIRED, __ATOMIC_ACQ_REL);/' -e '/^void claim_settle/,/^}/s/^  if (!(state & (DUP_DEAD0 | DUP_DEAD1))) waiting.*/  if (state \& (DUP_DEAD0 | DUP_DEAD1)) waiting = SLOT_ORPHAN;/'
  claim 'settle: nobody is woken' '/^void claim_settle/,/^}/s/worker_wake(machine, waiting);/;/'
  claim 'settle: a side that was erased is left something' '/^void claim_settle/,/^}/s/if (!(state & (DUP_DEAD0 | DUP_DEAD1))) waiting/waiting/'
  claim 'settle: what nobody wants is left' '/^void claim_settle/,/^}/s/if (waiting != SLOT_ORPHAN) {/if (waiting == SLOT_ORPHAN) return; if (true) {/'
  claim 'put back: nobody is woken' '/^void claim_put_back/,/^}/s/worker_wake(machine, \(.*\));/\1;/'
  claim 'erase: the claim of who makes it fire is taken' '/^bool claim_erase/,/^}/s/if (word_tag(\*term) == TAG_SLOT) return false;.*/;/'
  claim 'erase: two marks at once' '/^bool claim_erase/,/^}/s/__atomic_fetch_or(&cells\[1\], \(.*\), __ATOMIC_ACQ_REL);/__atomic_load_n(\&cells[1], __ATOMIC_ACQUIRE); __atomic_store_n(\&cells[1], state | (\1), __ATOMIC_RELEASE);/'
  wait
  for ((i = 0; i < tasks; i++)); do include "task $i" cat "$WORK/task-$i.text"; done
fi
finish
