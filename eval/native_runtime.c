#include "native.h"

const NativeRuntime native_runtime = {.abi = NATIVE_ABI};

// The text of native_abi.h, which make's rule for this file depends on.
__asm__(".pushsection .rodata\n"
        ".hidden native_abi_text\n"
        ".global native_abi_text\n"
        "native_abi_text: .incbin \"eval/native_abi.h\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char native_abi_text[];

void native_emit_prelude(Buffer *out) { buffer_text(out, native_abi_text); }

void native_emit_empty(Buffer *out) {
  native_emit_prelude(out);
  buffer_text(out, "const NativeModule hvm_native_module = {NATIVE_ABI, 0, NULL, NULL};\n");
}
