// The tokens of the language and nothing else: sixteen of them are a hidden node. Nothing that has these tokens as nodes
// can be read faster by libtree-sitter; parse.sh measures it.

const hvm = require('../grammar/grammar.js');

module.exports = grammar(hvm, {
  name: 'hvm',

  rules: {
    source_file: $ => repeat($._sixteen),

    _sixteen: $ => seq(...Array.from({ length: 16 }, () => $._token)),

    _token: $ => choice(
      '(', ')', '[', ']', '{', '}', '=', ',', ';', '.', '!', 'λ', '@', 'let', 'dup', 'ask', 'if', 'else',
      $.name, $.variable, $.operator, $.symbol, $.integer, $.float, $.character, $.string,
    ),
  },
});
