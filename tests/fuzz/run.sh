#!/bin/bash
# run.sh [HVM] [SECONDS]: fuzzes the whole command for SECONDS (60; also from the environment), then, where clang has
# libFuzzer, the library in one process for as long again.
#
# Beside the command given, the sanitized build is tried if `make sanitize` has left one. What goes wrong is made small
# and kept in tests/fuzz/corpus, which replay.sh tries again. Exit status 1 if something went wrong.
#   SEED=N   repeats a run of the command's fuzzer
set -uo pipefail
seconds=$SECONDS
cd "$(dirname "$0")/../.." || exit 2
hvm=${1:-build/hvm}
[ -z "${2:-}" ] || seconds=$2
[ "$seconds" -gt 0 ] || seconds=60
[ -x "$hvm" ] || { echo "fuzz: '$hvm' does not exist; run make first" >&2; exit 2; }
build=$(dirname "$hvm")
options=()
[ -z "${SEED:-}" ] || options+=(--seed "$SEED")
if [ -x "$build/asan/hvm" ]; then
  options+=(--sanitized "$build/asan/hvm")
  [ ! "$hvm" -nt "$build/asan/hvm" ] || echo "fuzz: $build/asan/hvm is older than $hvm; 'make sanitize' renews it"
else
  echo "fuzz: there is no $build/asan/hvm; 'make sanitize' makes one"
fi
status=0
python3 tests/fuzz/fuzz.py "$hvm" "$seconds" "${options[@]}" || status=1

clang=${CLANG:-clang}
folder=$build/fuzz
mkdir -p "$folder/found" "$folder/corpus" "$folder/seeds"
if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
  "$clang" -w -fsanitize=fuzzer,address -x c -o "$folder/try" - >/dev/null 2>&1; then
  echo "fuzz: $clang with libFuzzer is not installed: the library is not fuzzed in one process"
  exit $status
fi
"$clang" -std=c11 -D_GNU_SOURCE -I. -Igrammar/src -O1 -g -w -fsanitize=fuzzer,address,undefined \
  -fno-sanitize-recover=undefined -o "$folder/fuzz_load" tests/fuzz/fuzz_load.c lang/*.c eval/*.c lib/*.c \
  grammar/src/parser.c grammar/src/scanner.c -ltree-sitter -lm -lpthread || exit 2
cp tests/conformance/*/*.hvm examples/*.hvm tests/fuzz/corpus/* "$folder/seeds"
echo "fuzzing the library for $seconds s; the log is $folder/log"
rm -f "$folder"/found/*
"$folder/fuzz_load" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -max_len=4096 -timeout=10 \
  -rss_limit_mb=3000 -max_total_time="$seconds" -artifact_prefix="$folder/found/" "$folder/corpus" "$folder/seeds" \
  >"$folder/log" 2>&1
tail -n 1 "$folder/log"
for file in "$folder"/found/*; do
  [ -e "$file" ] || continue
  status=1
  echo "FAULT of the library: $file"
  "$folder/fuzz_load" "$file" 2>&1 | grep -m 3 -E 'ERROR|error:|SUMMARY|live cells|read back'
  cp "$file" "tests/fuzz/corpus/library-$(basename "$file").hvm"
done
exit $status
