/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// The grammar is wider than the language. A left side and a pattern may be any term, a number may
// be malformed, an escape unknown: the checker says what is wrong there, and better than a parser can.
//
// Patterns have the nodes of terms, but fields of their own, however deep they stand, since queries can
// ask for fields: `parameter` is a variable that is bound, `pattern` anything else.
//
// It is made for speed: libtree-sitter's time goes by tokens and by reductions, so no node is made that nobody sees
// unless it saves others. bench/parse.sh measures it.

const space = /[ \t\r\n\f\uFEFF]/;

// A CR belongs to the comment unless it ends the line.
const comment_line = seq('//', /([^\r\n]|\r+[^\r\n])*/);

const name_character = /[A-Za-z0-9_$]/;


// Any number of parts, at least `least`. The first three stand in the rule itself: in a repetition each part costs two
// hidden nodes more.
function several(part, least = 0) {
  const counts = [[], [part], [part, part], [part, part, part]].slice(least);
  return choice(...counts.map(parts => seq(...parts)), seq(part, part, part, repeat1(part)));
}

// The same for what there may be very many of: four to a node of the repetition.
function many(part) {
  return seq(
    repeat(seq(part, part, part, part)),
    choice(blank(), part, seq(part, part), seq(part, part, part)),
  );
}

module.exports = grammar({
  name: 'hvm',

  word: $ => $.variable,

  extras: $ => [space, $.comment],

  // All are empty: the scanner sees where a rule begins on a new line (src/scanner.c).
  externals: $ => [
    $._part_mark, // a part of the file begins
    $._chapter_mark, // a larger part
    $._unclosed, // stands for the bracket that was not closed before the next rule
    $._nothing, // stands for the term that is missing before it
    $._broken, // the rule that ends here has one of these
  ],

  rules: {
    // libtree-sitter keeps lists as trees, but after an edit looks at all that stands behind it in the same list. So a
    // file is made of parts that no one sees: an edit costs the rules of one part, the parts of one chapter, and the
    // chapters. Its repetitions are never used again as a whole, nor is what ends with one; these lists are.
    source_file: $ => seq(optional($._rules), optional($._parts), optional($._chapters)),

    _chapters: $ => list_of($._chapters, $._chapter),

    _chapter: $ => seq($._chapter_mark, $._rules, optional($._parts)),

    _parts: $ => list_of($._parts, $._part),

    _part: $ => seq($._part_mark, $._rules),

    _rules: $ => list_of($._rules, $.rule),

    rule: $ => seq(
      choice(
        field('lhs', alias($.left_call, $.constructor)),
        field('lhs', alias($.bare_name, $.constructor)),
        field('lhs', $._left_side),
      ),
      '=',
      field('rhs', $._term),
      // No text has both, so this is an error, MISSING, that hurts nothing else.
      optional(seq($._broken, $._absent)),
    ),

    // Any other term.
    _left_side: $ => choice(alias($._negative_float, $.float), $.symbol, $._other_head),

    // No bracket on a left side is closed by `_unclosed`: in `(F (S x) = x` it is the left side that lacks a `)`.
    left_call: $ => seq('(', field('name', $.name), several(pattern_argument($)), ')'),

    _pattern: $ => choice(
      alias($.left_call, $.constructor),
      alias($.pattern_list, $.list),
      alias($.pattern_strict, $.strict),
      $._no_pattern,
      $._no_head,
    ),

    pattern_list: $ => seq('[', repeat(seq(pattern_argument($), optional(','))), ']'),

    pattern_strict: $ => seq('!', pattern_argument($)),

    // What may follow a `(` at once is a head. A bare name there makes a call, and `-` and `%` are
    // operators: so names, negative floats and symbols are terms but no heads.
    _term: $ => choice($._head, $._no_head, $._nothing),

    _no_head: $ => choice(
      alias($.bare_name, $.constructor),
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

    bare_name: $ => field('name', $.name),

    constructor: $ => seq('(', field('name', $.name), several(field('argument', $._term)), close($, ')')),

    application: $ => seq('(', field('function', $._head), several(field('argument', $._term), 1), close($, ')')),

    parenthesized: $ => seq('(', field('term', $._head), close($, ')')),

    unit: $ => seq('(', close($, ')')),

    operation: $ => seq(
      '(',
      field('operator', $.operator),
      field('left', $._term),
      field('right', $._term),
      close($, ')'),
    ),

    lambda: $ => seq(
      choice('λ', '@'),
      field('binder', choice($.variable, $.wildcard)),
      optional('.'),
      field('body', $._term),
    ),

    let: $ => seq('let', $._binding, field('value', $._term), optional(';'), field('body', $._term)),

    duplication: $ => seq(
      'dup',
      field('first', $.variable),
      $._second,
      '=',
      field('value', $._term),
      optional(';'),
      field('body', $._term),
    ),

    ask: $ => seq('ask', optional($._binding), field('value', $._term), optional(';'), field('body', $._term)),

    // Nodes of their own, since recovery makes up for a missing token only where it ends a node.
    _binding: $ => seq(field('name', $.variable), '='),

    _second: $ => field('second', $.variable),

    if: $ => seq(
      'if',
      field('condition', $._term),
      '{',
      field('consequence', $._term),
      choice(
        seq('}', 'else', '{', field('alternative', $._term), close($, '}')),
        // So that a missing `else` is one MISSING token, and the next rule stays whole.
        seq('}', alias($._absent, 'else')),
        $._unclosed,
      ),
    ),

    superposition: $ => seq('{', field('first', $._term), field('second', $._term), close($, '}')),

    list: $ => seq('[', many(seq(field('element', $._term), optional(','))), close($, ']')),

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

function pattern_argument($) {
  return choice(field('parameter', $.variable), field('pattern', $._pattern));
}

function list_of(list, item) {
  return choice(item, seq(list, item));
}

function close($, bracket) {
  return choice(bracket, $._unclosed);
}

function float() {
  return seq(/[0-9]+\.[0-9]+/, optional(/[eE][+-]?[0-9]+/), /[A-Za-z0-9_$.]*/);
}
