#include "cli.h"

// RUNTIME is the path of the object file, which make's rule for this file depends on.
__asm__(".pushsection .rodata\n"
        ".hidden runtime_object, runtime_object_end\n"
        ".global runtime_object, runtime_object_end\n"
        "runtime_object: .incbin \"" RUNTIME "\"\n"
        "runtime_object_end:\n"
        ".byte 0\n"
        ".popsection\n");
