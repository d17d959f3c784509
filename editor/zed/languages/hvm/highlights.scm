; Made by editor/generate.py from grammar/queries/highlights.scm.

; Where two patterns take the same node, the one further down wins.

; Names. A query sees no rules, so it cannot know which names have some: in a term, a name with arguments looks like a
; call and a name alone like a constructor. The language server knows better (semantic tokens).

(constructor
  name: (name) @constructor)

(constructor
  name: (name) @function
  argument: (_))

(_
  pattern: (constructor
    name: (name) @constructor))

((constructor
  name: (name) @constructor)
  (#match? @constructor "^(String\\.(cons|nil)|List\\.(cons|nil)|Both)$"))

((constructor
  name: (name) @function)
  (#match? @function "^(HVM|U60)\\."))

(rule
  lhs: (constructor
    name: (name) @function))

; Variables, and where they are bound

(variable) @variable

(_
  parameter: (variable) @variable.parameter)

(lambda
  binder: (variable) @variable.parameter)

(let
  name: (variable) @variable.parameter)

(duplication
  first: (variable) @variable.parameter
  second: (variable) @variable.parameter)

(ask
  name: (variable) @variable.parameter)

; A scopeless variable connects two places of a rule. $0x and $1x are the sides of a dup, labelled by their digits.

((variable) @variable.special
  (#match? @variable.special "^\\$"))

((variable) @label
  (#match? @label "^\\$[01]."))

((variable) @variable.special
  (#match? @variable.special "^_$"))

(wildcard) @variable.special

; Literals

(integer) @number

(float) @number

(character) @string

(string) @string

(symbol) @string.special.symbol

(escape_sequence) @string.escape

; Keywords, operators, punctuation

[
  "let"
  "dup"
  "ask"
] @keyword

[
  "if"
  "else"
] @keyword

[
  "λ"
  "@"
] @keyword

[
  (operator)
  "="
  "!"
] @operator

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

(unit
  [
    "("
    ")"
  ] @constant)

[
  ","
  ";"
  "."
] @punctuation.delimiter

(comment) @comment
