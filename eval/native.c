#include "native.h"

#include "emit.h"
#include "machine.h"
#include "native_build.h"
#include "native_cache.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  PATIENCE_MS = 20, // a program that ends sooner is not worth a compiler
  TICK_MS = 20,     // between two looks at what nobody tells us
  MESSAGE_BYTES = 1 << 12
};

struct NativeBuild {
  Machine *machine;
  Buffer text, compiler, reason;
  size_t size; // of the unit
  Cache cache;
  void *library; // the loaded module; NULL: none
  const NativeModule *module;
  bool interruptible; // by an interrupt of the machine
  int wake;           // an event that ends the thread
  pthread_t thread;
  bool threaded;
};

typedef struct {
  const Machine *machine;
  Buffer *out;
  size_t functions;
} EmitJob;

static void run_emit(void *argument) {
  EmitJob *job = argument;
  job->functions = emit_c(&job->machine->shared->code, job->machine->shared->program, job->out);
}

bool native_emit(Machine *machine, Buffer *out) {
  EmitJob job = {machine, out, 0};
  term_run_deep(run_emit, &job);
  return job.functions > 0;
}

bool native_bind(const NativeModule *module) {
  if (module->abi != NATIVE_ABI) return false;
  if (module->bind) module->bind(&native_runtime);
  return true;
}

// The text as it is compiled and compared: what compiles it, the unit, and its own size, so that no text ends another.
NativeBuild *native_new(Machine *machine, const Buffer *unit) {
  NativeBuild *build = calloc(1, sizeof *build);
  if (!build) memory_exhausted();
  build->machine = machine;
  build->wake = -1;
  if (getauxval(AT_SECURE)) {
    buffer_text(&build->reason, "a program with the rights of another user compiles nothing");
    return build;
  }
  if (!compiler_find(&build->compiler, &build->reason)) return build;
  build->size = unit->size;
  compiler_describe(build->compiler.text, build->size, &build->text);
  buffer_add(&build->text, unit->text, unit->size);
  buffer_format(&build->text, "\n// %020zu\n", build->text.size);
  cache_init(&build->cache, &build->text);
  return build;
}

const char *native_reason(const NativeBuild *build) { return build->reason.text ? build->reason.text : ""; }

// Loading.

// A name for the open file that no loaded library has: the loader takes equal names for the same library, and the
// numbers of descriptors come again. Each bit of a counter is one more way to write a slash.
static void name_file(int file, char *name, size_t size) {
  static atomic_uint counter;
  size_t end = (size_t)snprintf(name, size, "/proc");
  for (unsigned bits = atomic_fetch_add(&counter, 1), i = 0; i < 32; i++, bits >>= 1)
    end += (size_t)snprintf(name + end, size - end, bits & 1 ? "/." : "/");
  snprintf(name + end, size - end, "/self/fd/%d", file);
}

// Takes the descriptor. What is loaded is the file that was looked at, whatever its name stands for by now.
static NativeStatus load(NativeBuild *build, int file) {
  char name[128];
  name_file(file, name, sizeof name);
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  const NativeModule *module = library ? dlsym(library, "hvm_native_module") : NULL;
  if (!library)
    buffer_format(&build->reason, "the module cannot be loaded: %s", dlerror());
  else if (!module || !native_bind(module))
    buffer_text(&build->reason, "the module was not made for this version");
  close(file);
  if (library && build->reason.size) dlclose(library), library = NULL;
  build->library = library;
  build->module = library ? module : NULL;
  return library ? NATIVE_READY : NATIVE_FAILED;
}

// May the system run what is in the file? Then a module that cannot be loaded is damaged.
static bool may_run(int file) {
  void *page = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  if (page == MAP_FAILED) return false;
  munmap(page, 1);
  return true;
}

// Loads the module if the cache has it. One that is damaged is removed: it is missing.
static NativeStatus load_cached(NativeBuild *build, int folder) {
  int file = cache_find(&build->cache, folder);
  if (file < 0) return NATIVE_MISSING;
  bool runs = may_run(file);
  NativeStatus status = load(build, file);
  if (status == NATIVE_READY || !runs || unlinkat(folder, build->cache.name, 0) != 0) return status;
  buffer_free(&build->reason);
  return NATIVE_MISSING;
}

NativeStatus native_look_up(NativeBuild *build) {
  if (build->reason.size) return NATIVE_FAILED;
  Buffer reason = {0};
  int folder = cache_open(&build->cache, false, &reason);
  buffer_free(&reason); // the folder may be made yet
  if (folder < 0) return NATIVE_MISSING;
  NativeStatus status = load_cached(build, folder);
  close(folder);
  if (status == NATIVE_READY) machine_use_native(build->machine, build->module);
  return status;
}

// Building.

// Waits until the descriptor (-1: none) has something to read, or for some time. False: the build is to stop.
static bool wait_for(NativeBuild *build, int descriptor, int milliseconds) {
  struct pollfd polled[] = {{build->wake, POLLIN, 0}, {descriptor, POLLIN, 0}};
  poll(polled, 2, milliseconds); // a signal is as good as anything
  return !polled[0].revents && !(build->interruptible && atomic_load(&build->machine->shared->interrupted));
}

// Reads what the compiler says until it has ended; false when it was not waited for.
static bool hear_compiler(NativeBuild *build, int messages, Buffer *said) {
  char block[1 << 10];
  fcntl(messages, F_SETFL, O_NONBLOCK);
  for (;;) {
    ssize_t count = read(messages, block, sizeof block);
    if (count == 0) return true;
    if (count > 0 && said->size < MESSAGE_BYTES) buffer_add(said, block, (size_t)count);
    if (count < 0 && !wait_for(build, messages, build->interruptible ? TICK_MS : -1)) return false;
  }
}

static bool write_unit(const Buffer *text, int workshop) {
  int file = openat(workshop, "unit.c", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  size_t done = 0;
  while (done < text->size) {
    ssize_t count = write(file, text->text + done, text->size - done);
    if (count <= 0 && errno != EINTR) break;
    if (count > 0) done += (size_t)count;
  }
  return close(file) == 0 && done == text->size;
}

// Starts the compiler in the workshop. The module's descriptor comes before the module: whatever happens to its name
// later, it can be loaded. -1, with the reason, when that fails.
static int start_compiler(NativeBuild *build, int workshop, Compiler *compiler) {
  const Cache *cache = &build->cache;
  int module = openat(workshop, "module.so", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  bool started = false;
  if (module < 0 || !write_unit(&build->text, workshop))
    buffer_format(&build->reason, "the C text cannot be written: %s", strerror(errno));
  else
    started = compiler_start(compiler, build->compiler.text, build->size, workshop, cache->workshop, cache->name,
                             &build->reason);
  if (started) return module;
  if (module >= 0) close(module);
  return -1;
}

static void fail_compiler(NativeBuild *build, const Buffer *said) {
  size_t size = said->size;
  while (size && said->text[size - 1] == '\n') size--;
  buffer_format(&build->reason, "the C compiler '%s' failed", build->compiler.text);
  if (size) buffer_format(&build->reason, ":\n%.*s", (int)size, said->text);
}

// Has the compiler make the module in the workshop, which it takes.
static NativeStatus compile(NativeBuild *build, int folder, int workshop) {
  Compiler compiler;
  int module = start_compiler(build, workshop, &compiler);
  if (module < 0) {
    cache_abandon(folder, build->cache.workshop, workshop);
    return NATIVE_FAILED;
  }
  close(workshop);
  Buffer said = {0};
  bool ended = hear_compiler(build, compiler.messages, &said), made = ended && cache_is_module(&build->cache, module);
  compiler_leave(&compiler);
  if (ended && !made) fail_compiler(build, &said);
  buffer_free(&said);
  if (made) return load(build, module);
  close(module);
  return ended ? NATIVE_FAILED : NATIVE_STOPPED;
}

// Waits until nobody else builds the same.
static NativeStatus build_in(NativeBuild *build, int folder) {
  bool busy;
  int workshop;
  while ((workshop = cache_claim(&build->cache, folder, &busy)) < 0 && busy)
    if (!wait_for(build, -1, TICK_MS)) return NATIVE_STOPPED;
  if (workshop < 0) {
    buffer_format(&build->reason, "the folder '%s/hvm' cannot be written: %s", build->cache.parent.text,
                  strerror(errno));
    return NATIVE_FAILED;
  }
  NativeStatus status = load_cached(build, folder);
  if (status == NATIVE_MISSING) return compile(build, folder, workshop);
  cache_abandon(folder, build->cache.workshop, workshop);
  return status;
}

static NativeStatus build_all(NativeBuild *build) {
  int folder = cache_open(&build->cache, true, &build->reason);
  if (folder < 0) return NATIVE_FAILED;
  cache_trim(&build->cache, folder);
  NativeStatus status = build_in(build, folder);
  if (status == NATIVE_READY) cache_trim(&build->cache, folder);
  close(folder);
  return status;
}

NativeStatus native_wait(NativeBuild *build) {
  if (build->reason.size) return NATIVE_FAILED;
  build->interruptible = true;
  NativeStatus status = build_all(build);
  if (status == NATIVE_READY) machine_use_native(build->machine, build->module);
  return status;
}

static void *run_thread(void *argument) {
  NativeBuild *build = argument;
  if (wait_for(build, -1, PATIENCE_MS) && build_all(build) == NATIVE_READY)
    machine_offer_native(build->machine, build->module);
  return NULL;
}

void native_in_background(NativeBuild *build) {
  if (build->reason.size) return;
  build->wake = eventfd(0, EFD_CLOEXEC);
  if (build->wake < 0) return;
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  build->threaded = pthread_create(&build->thread, NULL, run_thread, build) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void native_free(NativeBuild *build) {
  if (!build) return;
  if (build->threaded) {
    eventfd_write(build->wake, 1);
    pthread_join(build->thread, NULL);
  }
  if (build->wake >= 0) close(build->wake);
  if (build->library) dlclose(build->library);
  if (build->text.size) cache_free(&build->cache);
  buffer_free(&build->text);
  buffer_free(&build->compiler);
  buffer_free(&build->reason);
  free(build);
}
