#!/bin/bash
# vscode.sh: what is made from the grammar for other editors is up to date; the extension for VS Code packs, and its
# TextMate grammar colours a program as the highlights query does. npm fetches the engine that VS Code itself uses.
. "$(dirname "$0")/lib.sh"
[ "$REDUCED" = 0 ] || { skip "vscode" "it does not depend on the build" && finish; }
cd "$ROOT" || exit 2

expect "what editor/generate.py makes" 0 '' '' python3 editor/generate.py --check
for file in editor/vscode/package.json editor/vscode/language-configuration.json editor/vscode/package-lock.json; do
  expect "$file is JSON" 0 '' '' python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$file"
done
for file in editor/helix/languages.toml editor/zed/extension.toml editor/zed/languages/hvm/config.toml; do
  if python3 -c 'import tomllib' 2>/dev/null; then
    expect "$file is TOML" 0 '' '' python3 -c 'import tomllib, sys; tomllib.load(open(sys.argv[1], "rb"))' "$file"
  else
    skip "$file" "this Python has no tomllib"
  fi
done

if ! command -v npm >/dev/null; then
  skip "the extension for VS Code" "npm is not installed"
  finish
fi
cp -r editor/vscode "$WORK/vscode"
rm -rf "$WORK/vscode/node_modules"
if ! (cd "$WORK" && timeout 60 npm install --silent --no-audit --no-fund --prefix "$WORK/tools" vscode-textmate@9.0.0 \
  vscode-oniguruma@2.0.1) >"$WORK/log" 2>&1; then
  skip "the extension for VS Code" "npm cannot fetch packages"
  finish
fi

LIMIT=$((LIMIT * 10)) expect "the extension packs" 0 "$WORK/hvm.vsix" '*' python3 "$WORK/vscode/package.py" "$WORK/hvm.vsix"
expect "what is in the package" 0 'True' '' python3 -c '
import sys, zipfile
from xml.etree import ElementTree
package = zipfile.ZipFile(sys.argv[1])
names = set(package.namelist())
for name in "[Content_Types].xml", "extension.vsixmanifest":
    ElementTree.fromstring(package.read(name))
print({"extension/package.json", "extension/extension.js", "extension/syntaxes/hvm.tmLanguage.json",
       "extension/node_modules/vscode-languageclient/node.js"} <= names and package.testzip() is None)' "$WORK/hvm.vsix"

# The extension, with as much of VS Code as it uses: it starts `hvm lsp` for the language hvm.
mkdir -p "$WORK/try/node_modules/vscode" "$WORK/try/node_modules/vscode-languageclient"
cp "$WORK/vscode/extension.js" "$WORK/try/"
echo 'exports.workspace = { getConfiguration: () => ({ get: (name, other) => other }) }' >"$WORK/try/node_modules/vscode/index.js"
echo 'exports.LanguageClient = class {
  constructor(...words) { console.log(JSON.stringify(words)) }
  start() { console.log("start") }
  stop() { console.log("stop") }
}' >"$WORK/try/node_modules/vscode-languageclient/node.js"
expect "the extension starts the server" 0 '["hvm","HVM",{"command":"hvm","args":["lsp"]},{"documentSelector":[{"language":"hvm"}]}]
start
stop' '' node -e 'const e = require(process.argv[1]); e.activate(); e.deactivate()' "$WORK/try/extension.js"

expect "the TextMate grammar" 0 'ok' '' node tests/editors/textmate.js "$WORK/tools/node_modules" editor/vscode/syntaxes/hvm.tmLanguage.json
finish
