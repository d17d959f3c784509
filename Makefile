# make                       build/hvm, build/libhvm.a, build/libhvm.so
# make deps                  installs what is missing to build and test
# make run FILE=x.hvm        deps, build, run
# make test                  deps, build, all tests
# make install PREFIX=/usr/local DESTDIR=
# make bench fuzz sanitize test-sanitize test-stress test-hard test-tsan models format lint grammar uninstall clean
#
# Variables: CC, OBJCOPY, AR, CFLAGS (optimisation and debugging), LDFLAGS, BUILD (the folder for all that is built), V=1
# (shows the commands).

BUILD ?= build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^.define HVM_VERSION "\(.*\)"/\1/p' lib/hvm.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

OBJCOPY ?= objcopy
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
BASE := -std=c11 -D_GNU_SOURCE -I. -fPIC -MMD -MP
# Those of these flags that the compiler knows.
known_flags = $(foreach flag,$(1),$(shell $(CC) -Werror $(flag) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(flag)))
ifeq ($(origin EVAL_FLAGS),undefined)
EVAL_FLAGS := $(call known_flags,-O3 -fno-tree-loop-distribute-patterns -fno-gcse -fno-crossjumping)
endif
LIBS := -ltree-sitter -lm -lpthread -ldl

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --no-builtin-rules

Q := $(if $(V),,@)
say = @$(if $(V),:,echo "  $(1)")
OBJ := $(BUILD)/obj
LIB_SOURCES := $(wildcard lang/*.c eval/*.c lib/*.c) grammar/src/parser.c grammar/src/scanner.c
EDITOR_SOURCES := $(wildcard editor/*.c)
CLI_SOURCES := $(wildcard cli/*.c) $(EDITOR_SOURCES)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OBJ)/%.o)
PROGRAM_OBJECTS := $(patsubst %,$(OBJ)/cli/%.o,program process reduction options output interrupt statistics profile)
CLI_OBJECTS := $(filter-out $(OBJ)/cli/program.o,$(CLI_SOURCES:%.c=$(OBJ)/%.o))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))
REFERENCE_SOURCES := $(wildcard tests/reference/*.c)
REFERENCE_TEST := $(if $(REFERENCE_SOURCES),$(BUILD)/tests/reference-test)
OWN_SOURCES := $(wildcard cli/*.[ch] editor/*.[ch] lang/*.[ch] eval/*.[ch] lib/*.[ch] tests/unit/*.[ch] tests/models/*.[ch] tests/reference/*.[ch] \
  examples/embed/*.[ch]) \
  grammar/src/scanner.c

.PHONY: all deps run test tests test-sanitize test-stress test-hard test-tsan models sanitize bench fuzz grammar format lint install uninstall clean
.DELETE_ON_ERROR:

all: $(BUILD)/hvm $(BUILD)/libhvm.a $(BUILD)/libhvm.so
	@:

# The command, and what `hvm compile` makes programs from: one object file, which hvm carries inside. They hold
# libtree-sitter and jansson where their archives are installed, which start faster, else they use the shared ones.

archive = $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a 2>/dev/null))
CLI_LIBS = $(foreach name,jansson tree-sitter,$(or $(call archive,$(name)),-l$(name))) -lm -lpthread -ldl

$(BUILD)/hvm: $(CLI_OBJECTS) $(LIB_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

RUNTIME_ARCHIVES = $(call archive,tree-sitter) $(call archive,jansson)
RUNTIME_LIBS = $(filter -fsanitize%,$(CFLAGS)) $(foreach name,tree-sitter jansson,$(if $(call archive,$(name)),,-l$(name)))

$(BUILD)/runtime.o: $(PROGRAM_OBJECTS) $(LIB_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) -r -nostdlib -o $@ $^ $(RUNTIME_ARCHIVES)
	$(Q)$(OBJCOPY) --strip-unneeded --keep-global-symbol=hvm_program $@

$(OBJ)/cli/runtime.o: $(BUILD)/runtime.o
$(OBJ)/cli/runtime.o: EXTRA = -DRUNTIME='"$(BUILD)/runtime.o"'
$(OBJ)/cli/trace_html.o: cli/html/page.html cli/html/dagre.min.js
$(OBJ)/cli/compiler.o: EXTRA = -DRUNTIME_LIBS='$(foreach word,$(RUNTIME_LIBS),"$(word)",)'

# The library. Only hvm_… is visible to programs that use it, in the archive too.

$(BUILD)/libhvm.a: $(LIB_OBJECTS)
	$(call say,LINK $@)
	$(Q)rm -f $@
	$(Q)$(CC) -r -nostdlib -o $(BUILD)/libhvm.o $^
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='hvm_*' $(BUILD)/libhvm.o
	$(Q)$(AR) rcs $@ $(BUILD)/libhvm.o

$(BUILD)/libhvm.so: $(LIB_OBJECTS)
	$(call say,LINK $@)
	@printf '{ global: hvm_*; local: *; };\n' > $(BUILD)/libhvm.map
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libhvm.so.$(SOVERSION) -Wl,--version-script=$(BUILD)/libhvm.map \
	  -o $@ $^ $(LIBS)

# Objects. Hidden symbols make position-independent code as fast as the other kind; the linker's map shows hvm_… again.

$(OBJ)/%.o: %.c Makefile | $(BUILD)/.deps
	$(call say,CC   $<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(WARNINGS) $(CFLAGS) $(EXTRA) -c -o $@ $<

$(OBJ)/lang/%.o: EXTRA = -fvisibility=hidden
$(OBJ)/eval/%.o: EXTRA = -fvisibility=hidden $(EVAL_FLAGS)
$(OBJ)/eval/native_runtime.o: eval/native_abi.h eval/native_prelude.h
$(OBJ)/grammar/src/%.o: EXTRA = -fvisibility=hidden -Igrammar/src
$(OBJ)/grammar/src/parser.o: WARNINGS = -w
$(OBJ)/grammar/src/parser.o: EXTRA = -fvisibility=hidden -g0 -Igrammar/src

$(BUILD)/.deps: scripts/deps.sh
	@scripts/deps.sh --check build
	@mkdir -p $(BUILD) && touch $@

-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(OBJ)/cli/program.d

# Running and testing

deps:
	@scripts/deps.sh

run:
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory all
	@$(if $(FILE),$(BUILD)/hvm run $(FILE),echo "usage: make run FILE=examples/hello.hvm" >&2; exit 2)

tests: $(UNIT_TESTS) $(REFERENCE_TEST)

test:
	@scripts/deps.sh
	@$(MAKE) --no-print-directory all tests
	@BUILD=$(BUILD) tests/run.sh

$(BUILD)/tests/unit/%: $(OBJ)/tests/unit/%.o $(LIB_OBJECTS)
	$(call say,LINK $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/reference-test: $(REFERENCE_SOURCES:%.c=$(OBJ)/%.o) $(LIB_OBJECTS)
	$(call say,LINK $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY:
-include $(wildcard $(OBJ)/tests/*/*.d)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# The sanitizers do not see into the heap, nor into machine code: -DHVM_CHECK does.
SANITIZE_VARIABLES := BUILD=$(BUILD)/asan CFLAGS="-O1 -g -DHVM_CHECK $(SANITIZE)" EVAL_FLAGS=
sanitize:
	@$(MAKE) --no-print-directory $(BUILD)/asan/hvm $(SANITIZE_VARIABLES)

test-sanitize:
	@scripts/deps.sh
	@$(MAKE) --no-print-directory $(BUILD)/asan/hvm tests $(SANITIZE_VARIABLES)
	@BUILD=$(BUILD)/asan REDUCED=1 CHECKED=1 tests/run.sh

# A build that looks for cyclic garbage at every safe point: a root that the search overlooks becomes a wrong result.
STRESS_VARIABLES := BUILD=$(BUILD)/stress CFLAGS="-O1 -g -DHVM_STRESS_CYCLES $(SANITIZE)" EVAL_FLAGS=
test-stress:
	@scripts/deps.sh
	@$(MAKE) --no-print-directory $(BUILD)/stress/hvm tests $(STRESS_VARIABLES)
	@BUILD=$(BUILD)/stress REDUCED=1 tests/run.sh reference conformance unsound examples

# A build in which what is rare between threads is frequent (eval/hard.h). COUNT=20: so many sequences of chances.
HARD_VARIABLES := BUILD=$(BUILD)/hard CFLAGS="-O1 -g -DHVM_CHECK -DHVM_HARD"
test-hard:
	@scripts/deps.sh
	@$(MAKE) --no-print-directory $(BUILD)/hard/hvm $(BUILD)/hard/tests/unit/deque $(HARD_VARIABLES)
	@$(BUILD)/hard/tests/unit/deque
	@BUILD=$(BUILD)/hard ROUNDS=1 COUNT=$(COUNT) tests/run.sh threads repeat

# The same with ThreadSanitizer, in machine code too. THREADS="2 4 8 32": other numbers of threads than 4. It knows
# nothing of fences, but no plain access is ordered by one: those in worker.c are for the counts beside them.
TSAN_VARIABLES := BUILD=$(BUILD)/tsan EVAL_FLAGS= \
  CFLAGS="-O1 -g -DHVM_CHECK -DHVM_HARD -fsanitize=thread $(call known_flags,-Wno-tsan)"
test-tsan:
	@scripts/deps.sh
	@$(MAKE) --no-print-directory $(BUILD)/tsan/hvm $(BUILD)/tsan/tests/unit/deque $(TSAN_VARIABLES)
	@$(BUILD)/tsan/tests/unit/deque
	@BUILD=$(BUILD)/tsan TSAN=1 THREADS="$(or $(THREADS),4)" COUNT=$(COUNT) tests/run.sh repeat

# The model checker on larger cases than in `make test` (tests/models/check.h): minutes, and some gigabytes.
models:
	@tests/models.sh large

# SIZE=small, medium or large; HELD_OUT=1 for the programs of bench/held-out; RUNS=5
bench: all
	bench/run.sh $(BUILD)/hvm

fuzz: all
	tests/fuzz/run.sh $(BUILD)/hvm

# The generated parser is committed, so only a change of the grammar needs this.
grammar:
	@command -v tree-sitter >/dev/null || { echo "tree-sitter, which generates the parser, is not installed" >&2; exit 1; }
	cd grammar && { tree-sitter generate --abi 14 --no-bindings 2>/dev/null || tree-sitter generate --abi 14; }

format:
	clang-format -i $(OWN_SOURCES)

lint:
	@command -v clang-format >/dev/null || { echo "clang-format is not installed" >&2; exit 1; }
	clang-format --dry-run -Werror $(OWN_SOURCES)
	$(if $(shell command -v clang),set -e; for f in $(filter-out grammar/src/parser.c,$(LIB_SOURCES)) $(CLI_SOURCES); do \
	  clang -std=c11 -D_GNU_SOURCE -DRUNTIME='""' -DRUNTIME_LIBS= -I. -Igrammar/src $(WARNINGS) -Werror -fsyntax-only $$f; done,@echo "clang is not installed: skipped")
	$(if $(shell command -v shellcheck),shellcheck -x -e SC2317 -P tests -P tests/cli -P tests/fuzz scripts/*.sh tests/*.sh tests/cli/*.sh tests/fuzz/*.sh .ci/run && \
	  shellcheck -x -P bench bench/*.sh,@echo "shellcheck is not installed: skipped")
	$(if $(shell command -v mandoc),mandoc -T lint -W warning man/hvm.1,@echo "mandoc is not installed: skipped")

# Installing

BIN_DIR = $(DESTDIR)$(PREFIX)/bin
LIB_DIR = $(DESTDIR)$(PREFIX)/lib
INCLUDE_DIR = $(DESTDIR)$(PREFIX)/include
SHARE_DIR = $(DESTDIR)$(PREFIX)/share/hvm
MAN_DIR = $(DESTDIR)$(PREFIX)/share/man/man1

install: all
	install -d $(BIN_DIR) $(LIB_DIR)/pkgconfig $(INCLUDE_DIR) $(MAN_DIR)
	install -m 755 $(BUILD)/hvm $(BIN_DIR)/hvm
	install -m 644 $(BUILD)/libhvm.a $(LIB_DIR)/libhvm.a
	install -m 755 $(BUILD)/libhvm.so $(LIB_DIR)/libhvm.so.$(VERSION)
	ln -sf libhvm.so.$(VERSION) $(LIB_DIR)/libhvm.so.$(SOVERSION)
	ln -sf libhvm.so.$(SOVERSION) $(LIB_DIR)/libhvm.so
	install -m 644 lib/hvm.h $(INCLUDE_DIR)/hvm.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' lib/hvm.pc.in > $(LIB_DIR)/pkgconfig/hvm.pc
	install -m 644 man/hvm.1 $(MAN_DIR)/hvm.1
	install -d $(SHARE_DIR)/stdlib
	install -m 644 stdlib/*.hvm $(SHARE_DIR)/stdlib

uninstall:
	rm -f $(BIN_DIR)/hvm $(LIB_DIR)/libhvm.a $(LIB_DIR)/libhvm.so $(LIB_DIR)/libhvm.so.$(SOVERSION) \
	  $(LIB_DIR)/libhvm.so.$(VERSION) $(INCLUDE_DIR)/hvm.h $(LIB_DIR)/pkgconfig/hvm.pc $(MAN_DIR)/hvm.1
	rm -rf $(SHARE_DIR)

clean:
	rm -rf $(BUILD)
