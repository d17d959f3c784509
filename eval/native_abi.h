// What machine code and the runtime agree on. The text of this file stands in front of all C that is emitted, so it
// includes nothing but standard headers. Whoever changes a layout or a meaning here counts NATIVE_ABI up.
#ifndef HVM_EVAL_NATIVE_ABI_H
#define HVM_EVAL_NATIVE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_ABI 1

typedef uint64_t Word; // word.h says what it holds
struct Machine;

// A function on arguments in the order of its parameters.
typedef Word NativeEnter(struct Machine *machine, const Word *arguments);

// The functions of the runtime that machine code calls.
typedef struct {
  uint32_t abi;
} NativeRuntime;

typedef struct {
  uint32_t name; // NameId
  NativeEnter *enter;
} NativeEntry;

// What a compiled unit consists of. bind, which may be NULL, is called once, with a NativeRuntime, before any entry is.
typedef struct {
  uint32_t abi, count;
  const NativeEntry *entries;
  void (*bind)(const void *runtime);
} NativeModule;

// The one symbol that a unit defines.
#if defined __GNUC__
__attribute__((visibility("default")))
#endif
extern const NativeModule hvm_native_module;

#endif
