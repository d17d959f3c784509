/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// The grammar is wider than the language. A left side and a pattern may be any term, a number may
// be malformed, an escape unknown: the checker says what is wrong there, and better than a parser can.
//
// Patterns have the nodes of terms, but fields of their own, however deep they stand, since queries can
// ask for fields: `parameter` is a variable that is bound, `pattern` anything else.

const space = /[ \t\r\n\f\uFEFF]/;

// A CR belongs to the comment unless it ends the line.
const comment_line = seq('//', /([^\r\n]|\r+[^\r\n])*/);

const name_character = /[A-Za-z0-9_$]/;

/**
 * Where an open bracket meets a rule, it was never closed. The rules that follow are then parsed whole,
 * up to an end that no text has: so this is always an error, and recovery leaves the brackets and what
 * they held beside those rules, as children of the root. Without it the rules would be arguments.
 */
const unclosed = $ => seq(
  repeat1(alias($._following_rule, $.rule)),
  // Two, because recovery may make up for one missing token.
  $._absent,
  $._absent,
);

module.exports = grammar({
  name: 'hvm',

  word: $ => $.variable,

  extras: $ => [space, $.comment],

  rules: {
    source_file: $ => repeat($.rule),

    rule: $ => seq(field('lhs', $._left_side), '=', field('rhs', $._term)),

    _following_rule: $ => seq(
      field('lhs', choice($.constructor, alias($._bare_name, $.constructor))),
      '=',
      field('rhs', $._term),
    ),

    // Any term. A call here has no `unclosed`: in `(F (S x) = x` it is the left side that lacks a `)`.
    _left_side: $ => choice(alias($._left_call, $.constructor), $._other_head, $._no_head),

    _left_call: $ => seq('(', field('name', $.name), repeat($._pattern_argument), ')'),

    _pattern_argument: $ => choice(field('parameter', $.variable), field('pattern', $._pattern)),

    // No `unclosed` in here, either.
    _pattern: $ => choice(
      alias($._left_call, $.constructor),
      alias($._pattern_list, $.list),
      alias($._pattern_strict, $.strict),
      $._no_pattern,
      $._no_head,
    ),

    _pattern_list: $ => seq('[', repeat(seq($._pattern_argument, optional(','))), ']'),

    _pattern_strict: $ => seq('!', $._pattern_argument),

    // What may follow a `(` at once is a head. A bare name there makes a call, and `-` and `%` are
    // operators: so names, negative floats and symbols are terms but no heads.
    _term: $ => choice($._head, $._no_head),

    _no_head: $ => choice(
      alias($._bare_name, $.constructor),
      alias($._negative_float, $.float),
      $.symbol,
    ),

    _head: $ => choice($.constructor, $._other_head),

    _other_head: $ => choice($.variable, $.list, $.strict, $._no_pattern),

    // What is the same in a pattern and in a term.
    _no_pattern: $ => choice(
      $.lambda,
      $.application,
      $.parenthesized,
      $.unit,
      $.operation,
      $.let,
      $.duplication,
      $.ask,
      $.if,
      $.superposition,
      $.integer,
      $.float,
      $.character,
      $.string,
    ),

    _bare_name: $ => field('name', $.name),

    constructor: $ => seq(
      '(',
      field('name', $.name),
      repeat(field('argument', $._term)),
      choice(')', unclosed($)),
    ),

    application: $ => seq(
      '(',
      field('function', $._head),
      choice(
        seq(repeat1(field('argument', $._term)), choice(')', unclosed($))),
        unclosed($),
      ),
    ),

    parenthesized: $ => seq('(', field('term', $._head), ')'),

    unit: _ => seq('(', ')'),

    operation: $ => seq(
      '(',
      field('operator', $.operator),
      choice(
        seq(field('left', $._term), field('right', $._term), ')'),
        seq(optional(field('left', $._term)), unclosed($)),
      ),
    ),

    lambda: $ => seq(
      choice('λ', '@'),
      field('binder', choice($.variable, $.wildcard)),
      optional('.'),
      field('body', $._term),
    ),

    let: $ => seq(
      'let',
      field('name', $.variable),
      '=',
      field('value', $._term),
      optional(';'),
      field('body', $._term),
    ),

    duplication: $ => seq(
      'dup',
      field('first', $.variable),
      field('second', $.variable),
      '=',
      field('value', $._term),
      optional(';'),
      field('body', $._term),
    ),

    ask: $ => seq(
      'ask',
      optional(seq(field('name', $.variable), '=')),
      field('value', $._term),
      optional(';'),
      field('body', $._term),
    ),

    if: $ => seq(
      'if',
      field('condition', $._term),
      '{',
      field('consequence', $._term),
      choice(
        seq('}', 'else', '{', field('alternative', $._term), '}'),
        // So that a missing `else` is one MISSING token, and the next rule stays whole.
        seq('}', alias($._absent, 'else')),
        unclosed($),
      ),
    ),

    superposition: $ => seq(
      '{',
      choice(
        seq(field('first', $._term), field('second', $._term), '}'),
        seq(field('first', $._term), unclosed($)),
      ),
    ),

    list: $ => seq(
      '[',
      repeat(seq(field('element', $._term), optional(','))),
      choice(']', unclosed($)),
    ),

    strict: $ => seq('!', field('argument', $._term)),

    name: _ => /[A-Z][A-Za-z0-9_$.]*/,

    variable: _ => /[a-z_$][A-Za-z0-9_$]*(\.[A-Za-z0-9_$]+)*/,

    wildcard: _ => '*',

    symbol: _ => /%[A-Za-z0-9_$.]+/,

    operator: _ => token(choice(
      '+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '<', '<=', '==', '>=', '>', '!=',
    )),

    // Both number tokens take a malformed tail with them, so that it is told as one malformed number.
    integer: _ => token(seq(/[0-9]/, repeat(name_character))),

    float: _ => token(float()),

    _negative_float: _ => token(seq('-', float())),

    character: $ => seq("'", choice($.escape_sequence, $._character_content), token.immediate("'")),

    _character_content: _ => token.immediate(prec(1, /[^'\\]/)),

    string: $ => choice(
      seq('"', repeat(choice($.escape_sequence, alias($._quoted, $.string_content))), token.immediate('"')),
      seq('`', repeat(choice($.escape_sequence, alias($._backquoted, $.string_content))), token.immediate('`')),
    ),

    _quoted: _ => token.immediate(prec(1, /[^"\\]+/)),

    _backquoted: _ => token.immediate(prec(1, /[^`\\]+/)),

    escape_sequence: _ => token.immediate(prec(1, /\\([^u]|u|u\{[^}\n"'`]*\})/)),

    // A character that no text has.
    _absent: _ => '\u{10FFFF}',

    // Comments with only space between them are one node: a hundred thousand of them in a row would
    // otherwise be as many children of one node, which ABI 14 libraries count in 16 bits.
    comment: _ => token(seq(comment_line, repeat(seq(repeat(space), comment_line)))),
  },
});

function float() {
  return seq(/[0-9]+\.[0-9]+/, optional(/[eE][+-]?[0-9]+/), /[A-Za-z0-9_$.]*/);
}
