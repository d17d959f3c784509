// The instructions of strict code (strict.h, code.h): a part of machine_reduce's body, which includes it.
// clang-format takes it for declarations.
// clang-format off

#define WAIT()                                                                                                         \
  do {                                                                                                                 \
    sp = fp + pc[2];                                                                                                   \
    sp[-1] = machine->fuel;                                                                                            \
    *sp++ = (Word)(pc - code) << FRAME_SHIFT | FRAME_RUN;                                                              \
  } while (0)

CODE_FORCE : {
  Word argument = fp[pc[1]];
  if (LIKELY(word_is_value(argument))) {
    pc += 7;
    NEXT();
  }
  WAIT();
  term = argument;
  goto eval;
}
CODE_FORCE_FIELD : {
  NATIVE_CHECK_TERM(machine, fp[pc[7]]);
  Word *field = &heap[word_location(fp[pc[7]]) + (Location)pc[8]], argument = __atomic_load_n(field, __ATOMIC_ACQUIRE);
  if (LIKELY(word_tag(argument) <= TAG_CTR)) {
    fp[pc[1]] = argument;
    pc += 9;
    NEXT();
  }
  Word value = shared_value(machine, argument);
  if (word_tag(value) <= TAG_CTR && (machine->many || !word_is_flat(value))) {
    fp[pc[1]] = value;
    pc += 9;
    NEXT();
  }
  if (word_tag(value) == TAG_LAM) {
    pc = code + pc[4];
    NEXT();
  }
  if (UNLIKELY(machine->many)) {
    bool claimed;
    MAY_WAIT(claimed = claim_cell(machine, (Location)(field - heap), &argument));
    if (!claimed && word_tag(argument) != TAG_SHR) NEXT(); // somebody else did it
    if (!claimed) add_owner(machine, word_location(argument));
  } else {
    *field = 0; // moved out
  }
  WAIT();
  term = argument;
  goto eval;
}
CODE_CLONE_FIELD : {
  NATIVE_CHECK_TERM(machine, fp[pc[2]]);
  MAY_WAIT(term = clone_field(machine, word_location(fp[pc[2]]) + (Location)pc[3]));
  fp[pc[1]] = term;
  pc += 4;
  NEXT();
}
CODE_UNSHARE:
  if (word_tag(fp[pc[1]]) == TAG_SHR) {
    MAY_WAIT(term = unbox(machine, fp[pc[1]]));
    fp[pc[1]] = term;
    pc = code + pc[2];
  } else {
    pc += 3;
  }
  NEXT();
CODE_LEND:
  fp[pc[1]] = lend(machine, &fp[pc[2]]);
  pc += 3;
  NEXT();
CODE_BORROW:
  pc = LIKELY(word_tag(fp[pc[1]]) != TAG_LAM) ? pc + 3 : code + pc[2];
  NEXT();
CODE_KEEP : {
  Word copies[2] = {0, fp[pc[2]]};
  if (word_tag(copies[1]) != TAG_LAM) MAY_WAIT(copy_value(machine, fp[pc[2]], copies));
  fp[pc[1]] = copies[1];
  pc += 3;
  NEXT();
}
CODE_CALL_UNIT : {
  const FunctionCode *function = functions[pc[7]];
  int32_t n = pc[8];
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[9 + i]);
  WAIT();
  term = word_make(TAG_CAL, (unsigned)pc[7], 0);
  fp = sp;
  for (int32_t i = 0; i < n; i++) fp[i] = words[i];
  CHECK_STACK(function->frame + STACK_SLACK + (unsigned)n, (size_t)n);
  pc = code + function->direct;
  NEXT();
}
CODE_APPLY : {
  int32_t n = pc[7];
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[8 + i]);
  WAIT();
  term = words[0];
  for (int32_t i = n; i-- > 1;) *sp++ = words[i], *sp++ = FRAME_APP;
  CHECK_STACK(STACK_SLACK, 0);
  goto eval;
}
CODE_READY : {
  int32_t direct = pc[1];
  unsigned name = word_extra(term);
  machine_make_ready(machine, name);
  LOOK_AT_CODE();
  pc = code;
  const FunctionCode *function = functions[name];
  CHECK_STACK(function->frame + STACK_SLACK + function->arity, function->arity);
  pc = code + (direct ? function->direct : function->entry);
  NEXT();
}
CODE_REFUEL:
  machine->fuel = machine->tank;
  pc += 1;
  NEXT();
CODE_ENTER : {
  machine->rewrites[RULE_FUN_RULE]++;
  NativeEnter *enter = machine->natives[pc[1]];
  if (!enter) {
    pc += 2;
    NEXT();
  }
  machine->stack_top = sp = fp;
  term = enter(machine, fp, 0);
  LOOK_AT_CODE();
  if (word_tag(term) != TAG_GRAPH) goto result;
  machine->rewrites[RULE_FUN_RULE]--; // no rule was applied yet
  goto eval;
}
CODE_SHALLOW:
  pc = UNLIKELY(IS_SHALLOW(fp)) ? code + pc[1] : pc + 2;
  NEXT();
CODE_HUNGRY:
  pc = UNLIKELY(IS_SHALLOW(fp)) && spark_is_hungry(machine) ? code + pc[1] : pc + 2;
  NEXT();
CODE_JOIN:
  if (UNLIKELY(word_tag(fp[pc[1]]) == TAG_SHR) && machine->many) {
    WAIT(); // so that the registers are below the top, as a frame that is never gone back to
    machine->stack_top = sp;
    sp = fp;
    term = fp[pc[1]];
    fp[pc[1]] = 0; // if it is taken back there is no box any more
    MAY_WAIT(fp[pc[1]] = spark_join(machine, term));
  }
  pc += 7;
  NEXT();
CODE_SPARK : {
  fp[pc[1]] = offer_call(machine, fp[pc[2]], (char *)fp - (char *)machine->spark_stack);
  pc += 3;
  NEXT();
}
CODE_HINT:
  machine->rewrites[RULE_FUN_RULE]++;
  speculate_hint(machine, fp[pc[1]]);
  pc += 2;
  NEXT();
CODE_PORTION:
  if (machine->fuel + NATIVE_FUEL <= machine->tank) {
    pc = code + pc[1];
    NEXT();
  }
CODE_FUEL:
  if (LIKELY(machine->fuel)) {
    machine->fuel--;
    pc += 2;
  } else {
    pc = code + pc[1];
  }
  NEXT();
CODE_IF_ZERO:
  pc = OPERAND(pc[1]) ? pc + 3 : code + pc[2];
  NEXT();
CODE_TAKE : {
  NATIVE_CHECK_TERM(machine, fp[pc[1]]);
  Location location = word_location(fp[pc[1]]);
  int32_t n = pc[2];
  const int32_t *at = pc + 4;
  bool release = pc[3];
  for (int32_t i = 0; i < n; i++) {
    Word field = heap[location + (Location)i];
    __builtin_prefetch(&heap[word_location(field)]);
    fp[at[i]] = field;
  }
  if (release) heap_free(machine, location, (unsigned)n);
  pc = at + n;
  NEXT();
}
CODE_FREE:
  heap_free(machine, word_location(fp[pc[1]]), (unsigned)pc[2]);
  pc += 3;
  NEXT();
CODE_REUSE : {
  NATIVE_CHECK_TERM(machine, fp[pc[3]]);
  Location node = word_location(fp[pc[3]]);
  int32_t n = pc[4];
  for (int32_t i = 0; i < n; i++) heap[node + (Location)i] = OPERAND(pc[5 + i]);
  fp[pc[1]] = constants[~pc[2]] | node << WORD_LOCATION_SHIFT;
  pc += 5 + n;
  NEXT();
}
CODE_COPY : {
  Word copies[2];
  MAY_WAIT(copy_value(machine, fp[pc[3]], copies));
  fp[pc[1]] = copies[1];
  fp[pc[2]] = copies[0];
  pc += 4;
  NEXT();
}
CODE_MOVE:
  fp[pc[1]] = OPERAND(pc[2]);
  pc += 3;
  NEXT();
CODE_RESULT:
  term = OPERAND(pc[1]);
  sp = fp;
// What a unit gives. Without fuel a caller that expects no value has it as it is: reduced here, with new fuel, it would
// come back to here again and again, on a deeper and deeper stack.
result:
  if (UNLIKELY(!machine->fuel) && !word_is_value(term) && (sp[-1] & 15) == FRAME_RUN) {
    const int32_t *call = code + (sp[-1] >> FRAME_SHIFT);
    if (call[0] == CODE_CALL_UNIT && !call[4]) {
      fp = sp - 1 - call[2];
      fp[call[1]] = term;
      sp = fp;
      pc = code + call[5];
      NEXT();
    }
  }
  goto eval;
CODE_TAIL_UNIT : {
  const FunctionCode *function = functions[pc[1]];
  int32_t n = pc[2];
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[3 + i]);
  for (int32_t i = 0; i < n; i++) fp[i] = words[i];
  sp = fp;
  term = word_make(TAG_CAL, (unsigned)pc[1], 0);
  CHECK_STACK(function->frame + STACK_SLACK + (unsigned)n, (size_t)n);
  pc = code + function->direct;
  NEXT();
}
CODE_TAIL_OPERAND : {
  int32_t n = pc[5];
  if (TRACE_PLAIN()) {
    pc += 6 + n;
    NEXT();
  }
  const FunctionCode *function = functions[pc[4]];
  Word other = OPERAND(pc[1]), waits = (Word)pc[2] << FRAME_SHIFT | (Word)pc[3];
  if (pc[3] == FRAME_OP2_RIGHT && word_tag(other) > TAG_FLO) waits |= LEFT_IS_OFFERED;
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[6 + i]);
  fp[0] = other;
  fp[1] = waits;
  fp += 2;
  for (int32_t i = 0; i < n; i++) fp[i] = words[i];
  sp = fp;
  term = word_make(TAG_CAL, (unsigned)pc[4], 0);
  CHECK_STACK(function->frame + STACK_SLACK + (unsigned)n, (size_t)n);
  pc = code + function->direct;
  NEXT();
}
CODE_GRAPH : {
  const FunctionCode *function = functions[pc[1]];
  machine->rewrites[RULE_FUN_RULE]--; // no rule was applied yet
  int32_t n = pc[2];
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[3 + i]);
  for (int32_t i = 0; i < n; i++) fp[i] = words[i];
  sp = fp;
  term = word_make(TAG_CAL, (unsigned)pc[1], 0);
  CHECK_STACK(function->frame + STACK_SLACK + (unsigned)n, (size_t)n);
  pc = code + function->graph;
  NEXT();
}
CODE_LEAVE : {
  int32_t n = pc[1];
  for (int32_t i = 0; i < n; i++) words[i] = OPERAND(pc[2 + i]);
  term = words[0];
  sp = fp;
  for (int32_t i = n; i-- > 1;) *sp++ = words[i], *sp++ = FRAME_APP;
  CHECK_STACK(STACK_SLACK, 0); // the margin above the limit has room for the frames
  goto eval;
}
#define STRICT_OPERATION(form, op, y)                                                                                  \
  CODE_##form##_##op : {                                                                                               \
    Word left = fp[pc[2]], right = (y);                                                                                \
    pc = LIKELY(operate_numbers(machine, OP_##op, left, right, &fp[pc[1]])) ? pc + 5 : code + pc[4];                   \
    NEXT();                                                                                                            \
  }
#define BOTH_STRICT_OPERATIONS(op)                                                                                     \
  STRICT_OPERATION(OPERATE, op, fp[pc[3]]) STRICT_OPERATION(OPERATEK, op, constants[pc[3]])
  BOTH_STRICT_OPERATIONS(ADD)
  BOTH_STRICT_OPERATIONS(SUB)
  BOTH_STRICT_OPERATIONS(MUL)
  BOTH_STRICT_OPERATIONS(DIV)
  BOTH_STRICT_OPERATIONS(MOD)
  BOTH_STRICT_OPERATIONS(AND)
  BOTH_STRICT_OPERATIONS(OR)
  BOTH_STRICT_OPERATIONS(XOR)
  BOTH_STRICT_OPERATIONS(SHL)
  BOTH_STRICT_OPERATIONS(SHR)
  BOTH_STRICT_OPERATIONS(LT)
  BOTH_STRICT_OPERATIONS(LE)
  BOTH_STRICT_OPERATIONS(EQ)
  BOTH_STRICT_OPERATIONS(GE)
  BOTH_STRICT_OPERATIONS(GT)
  BOTH_STRICT_OPERATIONS(NE)
