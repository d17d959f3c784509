// The instructions of code for the graph (generate.c, code.h): a part of machine_reduce's body, which includes it.
// clang-format takes it for declarations.
// clang-format off

CODE_EVAL : {
  Word argument = fp[pc[1]];
  if (!word_is_value(argument)) EVALUATE(argument);
  pc += 5;
  NEXT();
}
CODE_MATCH : {
  Word argument = fp[pc[1]];
  if (!word_is_value(argument)) EVALUATE(argument);
  Word key = switch_key(argument);
  int32_t target = pc[5];
  const int32_t *at = pc + 6;
  for (int32_t n = pc[4]; n > 0; n--, at += 3)
    if (read_key(at) == key) {
      target = at[2];
      break;
    }
  pc = code + target;
  NEXT();
}
CODE_FIELD : {
  Word field = heap[word_location(fp[pc[5]]) + (Location)pc[6]];
  if (!word_is_value(field)) {
    heap[word_location(fp[pc[5]]) + (Location)pc[6]] = 0; // moved out
    EVALUATE(field);
  }
  fp[pc[1]] = field;
  pc += 7;
  NEXT();
}
CODE_SWITCH : {
  Word argument = fp[pc[1]], key = switch_key(argument);
  int32_t target = word_is_value(argument) ? pc[3] : pc[4];
  const int32_t *at = pc + 5;
  for (int32_t n = pc[2]; n > 0; n--, at += 3)
    if (read_key(at) == key) {
      target = at[2];
      break;
    }
  pc = code + target;
  NEXT();
}
CODE_SEARCH : {
  Word argument = fp[pc[1]];
  int32_t target = search_key(pc + 5, pc[2], switch_key(argument));
  if (target < 0) target = word_is_value(argument) ? pc[3] : pc[4];
  pc = code + target;
  NEXT();
}
CODE_JUMP:
  pc = code + pc[1];
  NEXT();
CODE_STUCK:;
  sp = fp;
  term = rebuild_call(machine, (unsigned)pc[1], fp, functions[pc[1]]->arity);
  if (is_made(machine, term)) {
    term = original_call(machine, term);
    goto eval;
  }
  goto ret;
CODE_BUILTIN:
  goto builtin;
#define OPEN_FIELD(i) (to[i] = from[i], __builtin_prefetch(&heap[word_location(to[i])]))
#define OPEN_FIELDS(n, ...)                                                                                            \
  CODE_OPEN_##n : {                                                                                                    \
    Location location = word_location(fp[pc[1]]);                                                                      \
    Word *to = fp + pc[2], *from = heap + location;                                                                    \
    __VA_ARGS__;                                                                                                       \
    heap_free(machine, location, n);                                                                                   \
    pc += 3;                                                                                                           \
    NEXT();                                                                                                            \
  }
  OPEN_FIELDS(1, OPEN_FIELD(0))
  OPEN_FIELDS(2, OPEN_FIELD(0), OPEN_FIELD(1))
  OPEN_FIELDS(3, OPEN_FIELD(0), OPEN_FIELD(1), OPEN_FIELD(2))
CODE_OPEN : {
  Location location = word_location(fp[pc[1]]);
  Word *to = fp + pc[2];
  int32_t n = pc[3];
  for (int32_t i = 0; i < n; i++) {
    to[i] = heap[location + (Location)i];
    __builtin_prefetch(&heap[word_location(to[i])]);
  }
  heap_free(machine, location, (unsigned)n);
  pc += 4;
  NEXT();
}
CODE_ERASE : {
  Word erased = OPERAND(pc[1]);
  heap_erase(machine, erased);
  pc += 2;
  NEXT();
}
CODE_DUP : {
  Word copies[2];
  clone_term(machine, OPERAND(pc[3]), 0, copies);
  fp[pc[1]] = copies[0];
  fp[pc[2]] = copies[1];
  pc += 4;
  NEXT();
}
CODE_DUP_NEW : { // claimed, so that erasing both sides does not free it
  Location dup = new_dup(machine, 0, DUP_CLAIMED);
  fp[pc[1]] = fp[pc[3]] = word_make(TAG_DP0, 0, dup);
  fp[pc[2]] = word_make(TAG_DP1, 0, dup);
  pc += 4;
  NEXT();
}
CODE_DUP_SET : {
  Location dup = word_location(fp[pc[1]]);
  Word value = OPERAND(pc[2]);
  heap[dup] = value;
  heap[dup + 1] &= ~(Word)DUP_CLAIMED;
  if (heap[dup + 1] == (DUP_DEAD0 | DUP_DEAD1)) {
    heap_free(machine, dup, 2);
    heap_erase(machine, value);
  }
  pc += 3;
  NEXT();
}
CODE_LAM_NEW : {
  Location lambda = heap_alloc(machine, 2);
  heap[lambda] = SLOT_FREE;
  fp[pc[1]] = word_make(TAG_LAM, 0, lambda);
  fp[pc[2]] = word_make(TAG_VAR, 0, lambda);
  pc += 3;
  NEXT();
}
CODE_LAM_SET : {
  Word body = OPERAND(pc[2]);
  heap[word_location(fp[pc[1]]) + 1] = body;
  pc += 3;
  NEXT();
}
CODE_LAM_UNUSED : {
  Word body = OPERAND(pc[2]);
  fp[pc[1]] = new_pair(machine, TAG_LAM, 0, SLOT_UNUSED, body);
  pc += 3;
  NEXT();
}
CODE_CONSTANT:;
  fp[pc[1]] = constants[pc[2]];
  pc += 3;
  NEXT();
CODE_APP : {
  fp[pc[1]] = new_pair(machine, TAG_APP, 0, fp[pc[2]], fp[pc[3]]);
  pc += 4;
  NEXT();
}
CODE_NODE : {
  int32_t n = pc[3];
  Location node = heap_alloc(machine, (unsigned)n);
  for (int32_t i = 0; i < n; i++) heap[node + (Location)i] = OPERAND(pc[4 + i]);
  fp[pc[1]] = constants[~pc[2]] | node << WORD_LOCATION_SHIFT;
  pc += 4 + n;
  NEXT();
}
#define NODE_FIELD(i) (to[i] = fp[pc[3 + (i)]])
#define NODE_FIELDS(n, ...)                                                                                            \
  CODE_NODE_##n : {                                                                                                    \
    Location node = heap_alloc(machine, n);                                                                            \
    Word *to = heap + node;                                                                                            \
    __VA_ARGS__;                                                                                                       \
    fp[pc[1]] = constants[~pc[2]] | node << WORD_LOCATION_SHIFT;                                                       \
    pc += 3 + n;                                                                                                       \
    NEXT();                                                                                                            \
  }
  NODE_FIELDS(1, NODE_FIELD(0))
  NODE_FIELDS(2, NODE_FIELD(0), NODE_FIELD(1))
  NODE_FIELDS(3, NODE_FIELD(0), NODE_FIELD(1), NODE_FIELD(2))
CODE_SUP : {
  Word first = OPERAND(pc[2]), second = OPERAND(pc[3]);
  fp[pc[1]] = new_superposition(machine, first, second, fresh_label(machine));
  pc += 4;
  NEXT();
}
CODE_STRING:;
  fp[pc[1]] = make_string(machine, &machine->shared->code.strings.items[pc[2]]);
  pc += 3;
  NEXT();
CODE_LIST : {
  int32_t n = pc[2];
  Word list = word_make(TAG_CTR, NAME_LIST_NIL, 0);
  for (int32_t i = n; i-- > 0;) list = new_pair(machine, TAG_CTR, NAME_LIST_CONS, OPERAND(pc[3 + i]), list);
  fp[pc[1]] = list;
  pc += 3 + n;
  NEXT();
}
CODE_IF_NUMBER : {
  Word x = OPERAND(pc[1]);
  pc = TRACE_NUMBER(machine, pc, x) ? pc + 3 : code + pc[2];
  NEXT();
}
CODE_BRANCH:;
  machine->rewrites[RULE_FUN_RULE]++;
  pc = OPERAND(pc[1]) ? pc + 3 : code + pc[2];
  NEXT();
// The frames and the arguments overwrite the registers that they come from: through a buffer.
#define PASS_ARGUMENTS(m, n, at)                                                                                       \
  machine->rewrites[RULE_FUN_RULE]++;                                                                                  \
  for (int32_t i = 0; i < (m) + (n); i++) words[i] = OPERAND((at)[i]);                                                 \
  for (int32_t i = 0; i < (m) + (n); i++) fp[i] = words[i];
#define CALL_FUNCTION(m, n, function)                                                                                  \
  fp += (m);                                                                                                           \
  sp = fp;                                                                                                             \
  term = word_make(TAG_CAL, (unsigned)pc[2], 0);                                                                       \
  CHECK_STACK((function)->frame + STACK_SLACK + (unsigned)(n), (size_t)(n));                                           \
  pc = code + (function)->entry;                                                                                       \
  NEXT();
CODE_CALL : {
  int32_t m = pc[1], n = pc[3];
  const FunctionCode *function = functions[pc[2]];
  PASS_ARGUMENTS(m, n, pc + 4)
  CALL_FUNCTION(m, n, function)
}
CODE_CALL_OFFER : {
  int32_t m = pc[1], n = pc[3];
  const FunctionCode *function = functions[pc[2]];
  PASS_ARGUMENTS(m, n, pc + 4)
  if (UNLIKELY(IS_SHALLOW(fp + m))) {
    if (may_offer(fp, m)) {
      term = offer_operands(machine, gather_call(machine, (NameId)pc[2], fp + m), fp, m);
      sp = fp + m;
      goto eval;
    }
    if (may_offer_arguments(function, fp + m)) offer_arguments(machine, function, fp + m);
  }
  CALL_FUNCTION(m, n, function)
}
CODE_RETURN : {
  int32_t m = pc[1];
  const int32_t *at = pc + 3;
  machine->rewrites[RULE_FUN_RULE]++;
  term = OPERAND(pc[2]);
  for (int32_t i = 0; i < m; i++) words[i] = OPERAND(at[i]);
  for (int32_t i = 0; i < m; i++) fp[i] = words[i];
  if (UNLIKELY(IS_SHALLOW(fp + m)) && may_offer(fp, m)) term = offer_operands(machine, term, fp, m);
  sp = fp + m;
  goto eval;
}
#define OPERATION(form, op, y)                                                                                         \
  CODE_##form##_##op : {                                                                                               \
    Word left = fp[pc[2]], right = (y), result;                                                                        \
    if (!TRACE_EARLY(operate_numbers(machine, OP_##op, left, right, &result)))                                         \
      result = operate_later(machine, word_extra(constants[pc[4]]), left, right);                                      \
    fp[pc[1]] = result;                                                                                                \
    pc += 5;                                                                                                           \
    NEXT();                                                                                                            \
  }
#define BOTH_OPERATIONS(op) OPERATION(OP2, op, fp[pc[3]]) OPERATION(OP2K, op, constants[pc[3]])
  BOTH_OPERATIONS(ADD)
  BOTH_OPERATIONS(SUB)
  BOTH_OPERATIONS(MUL)
  BOTH_OPERATIONS(DIV)
  BOTH_OPERATIONS(MOD)
  BOTH_OPERATIONS(AND)
  BOTH_OPERATIONS(OR)
  BOTH_OPERATIONS(XOR)
  BOTH_OPERATIONS(SHL)
  BOTH_OPERATIONS(SHR)
  BOTH_OPERATIONS(LT)
  BOTH_OPERATIONS(LE)
  BOTH_OPERATIONS(EQ)
  BOTH_OPERATIONS(GE)
  BOTH_OPERATIONS(GT)
  BOTH_OPERATIONS(NE)
