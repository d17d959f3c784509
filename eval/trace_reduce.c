// The reducer once more, with the hooks of traces.
#define HVM_TRACE
#include "trace.h"

#define machine_reduce trace_reduce

#define TRACE_POINT(where)                                                                                             \
  do {                                                                                                                 \
    TraceLoop loop = {TRACE_##where, term, sp, fp, pc};                                                                \
    TraceState state = trace_point(machine, &loop);                                                                    \
    term = loop.term, sp = loop.sp, fp = loop.fp, pc = loop.pc;                                                        \
    if (state == TRACE_RUN && TRACE_##where != TRACE_RUN) goto *labels[pc[0]];                                         \
    if (state == TRACE_RET && TRACE_##where != TRACE_RET) goto trace_ret;                                              \
    if (state == TRACE_EVAL && TRACE_##where != TRACE_EVAL) goto trace_eval;                                           \
  } while (0)
#define TRACE_CODE()                                                                                                   \
  do {                                                                                                                 \
    if (trace_wants(machine, pc)) goto trace_run;                                                                      \
  } while (0)
// Where a rule begins, too, trace_point looks at the note.
#define TRACE_RUN()                                                                                                    \
  do {                                                                                                                 \
    unsigned point = trace_point_at(machine, pc);                                                                      \
    if (point == POINT_BINDER) trace_binder(machine, pc);                                                              \
    if (point & (POINT_ENTRY | POINT_RULE) || trace_instruction(machine, pc, fp)) TRACE_POINT(RUN);                    \
  } while (0)
#define TRACE_PLAIN() true // calls are seen to end where they began
#define TRACE_NUMBER(machine, pc, x) trace_number(machine, pc, x)

#include "reduce.c"
