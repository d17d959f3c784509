#include "emit.h"

#include "native.h"

size_t emit_c(const Code *code, const Program *program, Buffer *out) {
  (void)code, (void)program;
  native_emit_empty(out);
  return 1;
}
