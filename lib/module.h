// For programs that `hvm compile` makes; no part of the library's interface.
#ifndef HVM_LIB_MODULE_H
#define HVM_LIB_MODULE_H

#include "eval/native_abi.h"
#include "hvm.h"

// The loaded program was compiled to this module, which is used unless the options rule it out.
void hvm_use_module(hvm_runtime *runtime, const NativeModule *module);

#endif
