// textmate.js NODE_MODULES GRAMMAR: colours lines with the engine of VS Code, and says 'ok' or what is wrong.
const fs = require('fs');
const path = require('path');
const [modules, grammar] = process.argv.slice(2);
const { Registry, INITIAL, parseRawGrammar } = require(path.join(modules, 'vscode-textmate'));
const oniguruma = require(path.join(modules, 'vscode-oniguruma'));

// A line, and for words in it the scope that they must have.
const LINES = [
  ['(Map f (Cons x xs)) = (Cons (f x) (Map f xs)) // text', {
    'Map': 'entity.name.function', '=': 'keyword.operator', 'xs': 'variable.other', '// text': 'comment.line',
    '(': 'punctuation.section' }],
  ['Main = (HVM.log "a\\n" (Pair 1 Nil))', {
    'Main': 'entity.name.function', 'HVM.log': 'support.function', '"a': 'string.quoted', '\\n': 'constant.character.escape',
    'Pair': 'entity.name.function.call', 'Nil': 'entity.name.type', '1': 'constant.numeric.integer' }],
  ['  let a = λb (- b -1.5); dup $0c d = a', {
    'let': 'keyword.other', 'a': 'variable.parameter', 'λ': 'storage.type', '-': 'keyword.operator', '-1.5': 'constant.numeric.float',
    'dup': 'keyword.other', '$0c': 'variable.parameter' }],
  ["  if (== 'x' %sym) { $y } else { (List.cons 0x2A lettuce) }", {
    'if': 'keyword.control', "'x'": 'constant.character', '%sym': 'constant.other.symbol', '$y': 'variable.other.scopeless',
    'List.cons': 'entity.name.type', '0x2A': 'constant.numeric.integer', 'lettuce': 'variable.other' }],
  ['// "a comment', { '"a': 'comment.line' }],
  ['`a', { '`a': 'string.quoted' }],
  ['(F x) = 1`', { '(F': 'string.quoted' }],
];

async function main() {
  const wasm = fs.readFileSync(path.join(modules, 'vscode-oniguruma/release/onig.wasm')).buffer;
  await oniguruma.loadWASM(wasm);
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
      createOnigString: text => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => parseRawGrammar(fs.readFileSync(grammar, 'utf8'), grammar),
  });
  const language = await registry.loadGrammar('source.hvm');
  let state = INITIAL, wrong = '';
  for (const [line, wanted] of LINES) {
    const { tokens, ruleStack } = language.tokenizeLine(line, state);
    state = ruleStack;
    for (const [word, scope] of Object.entries(wanted)) {
      const token = tokens.find(t => t.startIndex <= line.indexOf(word) && line.indexOf(word) < t.endIndex);
      if (!token.scopes.some(s => s.startsWith(scope))) wrong += `${word} in ${line}: ${token.scopes.join(' ')}, not ${scope}\n`;
    }
  }
  console.log(wrong || 'ok');
}

main();
