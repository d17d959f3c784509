#!/bin/bash
# bindings.sh: the grammar as a library for C, Node, Python, Rust and the web. Each is tested where its tools are present.
. "$(dirname "$0")/lib.sh"
[ "$REDUCED" = 0 ] || { skip "bindings" "it does not depend on the build" && finish; }
COMPILER=${CC:-cc}
GRAMMAR=$ROOT/grammar
cp -r "$GRAMMAR" "$WORK/grammar"
cd "$WORK/grammar" || exit 2

expect "the C library builds" 0 '*' '*' make BUILD="$WORK/lib" CC="$COMPILER" install PREFIX="$WORK/usr"
cat >"$WORK/use.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <tree_sitter/api.h>
#include <tree_sitter/tree-sitter-hvm.h>
int main(void) {
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  const char *text = "Main = 1";
  TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)strlen(text));
  puts(ts_node_string(ts_tree_root_node(tree)));
}
C
if command -v pkg-config >/dev/null; then
  flags=$(PKG_CONFIG_PATH=$WORK/usr/lib/pkgconfig pkg-config --cflags --libs tree-sitter-hvm)
  # shellcheck disable=SC2086
  expect "a C program uses it" 0 '*' '*' "$COMPILER" -o "$WORK/use" "$WORK/use.c" $flags -ltree-sitter
  expect "it parses" 0 '(source_file (rule lhs: (constructor name: (name)) rhs: (integer)))' '' \
    env LD_LIBRARY_PATH="$WORK/usr/lib" "$WORK/use"
else
  skip "C library" "pkg-config is not installed"
fi

headers=$(command -v node >/dev/null && node -p 'require("path").resolve(process.execPath, "../../include/node")')
if [ -n "$headers" ] && [ -e "$headers/node_api.h" ]; then
  mkdir -p build/Release node_modules/node-gyp-build
  echo 'module.exports = root => require(root + "/build/Release/tree_sitter_hvm_binding.node")' >node_modules/node-gyp-build/index.js
  expect "the Node binding builds" 0 '' '' "$COMPILER" -std=c11 -shared -fPIC -DNAPI_VERSION=8 -Isrc -I"$headers" \
    -o build/Release/tree_sitter_hvm_binding.node bindings/node/binding.c src/*.c
  expect "Node loads it" 0 'hvm object true' '' node -p \
    'const l = require("./bindings/node"); l.name + " " + typeof l.language + " " + l.nodeTypeInfo.some(n => n.type == "rule")'
else
  skip "Node binding" "Node's headers (node_api.h) are not installed"
fi

python=$(command -v python3-config >/dev/null && python3-config --includes)
include=${python%% *}
if [ -n "$python" ] && [ -e "${include#-I}/Python.h" ]; then
  # shellcheck disable=SC2086
  expect "the Python binding builds" 0 '' '' "$COMPILER" -std=c11 -shared -fPIC -DPy_LIMITED_API=0x03080000 -Isrc $python \
    -o bindings/python/tree_sitter_hvm/_binding.so bindings/python/tree_sitter_hvm/binding.c src/*.c
  expect "Python loads it" 0 'PyCapsule' '' env PYTHONPATH=bindings/python python3 -c \
    'import tree_sitter_hvm; print(type(tree_sitter_hvm.language()).__name__)'
else
  skip "Python binding" "Python's headers are not installed"
fi

# The crate that it needs is small; a stand-in makes the test independent of the network.
if command -v rustc >/dev/null; then
  cat >"$WORK/language.rs" <<'RUST'
pub struct LanguageFn(unsafe extern "C" fn() -> *const ());
impl LanguageFn {
    pub const unsafe fn from_raw(f: unsafe extern "C" fn() -> *const ()) -> Self { Self(f) }
    pub const fn into_raw(self) -> unsafe extern "C" fn() -> *const () { self.0 }
}
RUST
  rustc --edition 2021 --crate-type rlib --crate-name tree_sitter_language --out-dir "$WORK" "$WORK/language.rs" 2>"$WORK/log"
  LIMIT=$((LIMIT * 6)) expect "the Rust binding builds" 0 '' '*' rustc --edition 2021 --test -L "$WORK" -L "$WORK/lib" \
    --extern tree_sitter_language -l static=tree-sitter-hvm -o "$WORK/rust" bindings/rust/lib.rs
  expect "Rust loads it" 0 '*1 passed*' '' "$WORK/rust"
else
  skip "Rust binding" "rustc is not installed"
fi

# The module for the web is committed: it is what its tools make, and it parses.
if command -v emcc >/dev/null && [[ $(emcc --version) == *" 3.1.6"* ]]; then
  LIMIT=$((LIMIT * 6)) expect "the module for the web builds" 0 '*' '*' make wasm
  check "the committed module is what grammar.js gives" cmp tree-sitter-hvm.wasm "$GRAMMAR/tree-sitter-hvm.wasm"
else
  skip "building the module for the web" "emscripten 3.1.6 is not installed"
fi
mkdir "$WORK/web"
if command -v npm >/dev/null && timeout 30 npm install --silent --prefix "$WORK/web" web-tree-sitter@0.22.6 >"$WORK/log" 2>&1; then
  cat >"$WORK/web/test.js" <<'JS'
const Parser = require('web-tree-sitter');
(async () => {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Parser.Language.load(process.argv[2]));
  console.log(parser.parse('Main = 1').rootNode.toString());
})();
JS
  expect "the module for the web parses" 0 '(source_file (rule lhs: (constructor name: (name)) rhs: (integer)))' '' \
    node "$WORK/web/test.js" "$GRAMMAR/tree-sitter-hvm.wasm"
else
  skip "the module for the web" "npm or its package web-tree-sitter cannot be had"
fi
finish
