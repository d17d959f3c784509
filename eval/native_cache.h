// The folder of compiled modules: $XDG_CACHE_HOME/hvm.
//
//   KEY.so      a module, behind it the C text that it was compiled from
//   KEY.build   a folder with what one compiler works on; whoever builds holds a lock on it, so one that nobody has
//               locked was left over by a process that was killed
//
// A key is a hash. What runs is decided by the text, which is compared as a whole, and by the owner and the mode of
// folder and file: nothing is loaded that somebody else could have written.
#ifndef HVM_EVAL_NATIVE_CACHE_H
#define HVM_EVAL_NATIVE_CACHE_H

#include "lang/memory.h"

enum { CACHE_KEY_SIZE = 30 };

typedef struct {
  Buffer parent;      // the folder above; empty: there is none
  uint64_t most;      // bytes of all modules
  char name[48];      // of the module that this is about
  char workshop[48];  // of the folder in which it is built
  const Buffer *text; // what it is compiled from
} Cache;

// From the environment, which is not looked at later.
void cache_init(Cache *cache, const Buffer *text);
void cache_free(Cache *cache);

// The folder's descriptor; -1, with the reason, when there is none that can be trusted.
int cache_open(const Cache *cache, bool create, Buffer *reason);
// Whether an open file is a module that was compiled from the text, and nobody else may write to it.
bool cache_is_module(const Cache *cache, int file);
// A descriptor of the module that was compiled from the text; -1: there is none.
int cache_find(const Cache *cache, int folder);
// A new or left over workshop, empty and locked; -1: *busy, somebody else builds this module; else errno says why.
int cache_claim(const Cache *cache, int folder, bool *busy);
// Removes a workshop that is locked.
void cache_abandon(int folder, const char *workshop, int descriptor);
// Removes what was left over, and modules, the longest unused first, until the rest is small enough.
void cache_trim(const Cache *cache, int folder);

#endif
