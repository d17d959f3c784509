// What the analysis (demand.c) has found, asked by those who make code.
#include "demand.h"

#include "flow.h"

bool demand_is_restricted(const Program *program) { return program->has_call_patterns || program->has_scopeless; }

bool demand_is_spine(const Program *program, NameId constructor, uint32_t field) {
  if (constructor == NAME_LIST_CONS || constructor == NAME_STRING_CONS) return field == 1;
  const bool *spine = program->names.items[constructor].spine;
  return spine && spine[field];
}

Demand demand_of_argument(const Program *program, const Function *callee, Demand result, uint32_t index) {
  if (callee->builtin) {
    bool late = index > 0 && demand_is_restricted(program);
    return late ? DEMAND_LAZY : flow_at(builtin_flow(callee->builtin, index), result);
  }
  const FunctionDemand *known = callee->demand;
  if (!known) return DEMAND_LAZY;
  return flow_at((demand_is_restricted(program) ? known->restricted : known->arguments)[index], result);
}

bool demand_is_late(const Program *program, const Function *callee, Demand result, uint32_t index) {
  return demand_of_argument(program, callee, result, index) > DEMAND_LAZY &&
         demand_of_argument(program, callee, DEMAND_WEAK, index) == DEMAND_LAZY;
}

// The analysis knew what reaches the scope from the root of its rule. Of the demands on the root, the strongest is
// taken that asks no more of the scope than is asked now.
Demand demand_of_variable(const Program *program, const Term *scope, Demand on, const Binder *binder) {
  (void)scope;
  Demand best = DEMAND_LAZY;
  if (!binder || demand_is_restricted(program)) return best;
  for (Demand root = DEMAND_WEAK; root <= DEMAND_COMPLETE; root++)
    if (flow_at(binder->context, root) <= on && flow_at(binder->demand, root) > best)
      best = flow_at(binder->demand, root);
  return best;
}

bool demand_is_late_variable(const Program *program, Demand on, const Binder *binder) {
  bool late = false;
  if (demand_of_variable(program, NULL, on, binder) == DEMAND_LAZY) return false;
  for (Demand root = DEMAND_WEAK; root <= DEMAND_COMPLETE; root++) {
    if (flow_at(binder->context, root) != DEMAND_WEAK) continue;
    if (flow_at(binder->demand, root) > DEMAND_LAZY) return false;
    late = true;
  }
  return late;
}
