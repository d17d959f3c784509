; Where two patterns take the same node, the one further down wins.

; Names

(variable) @variable

(constructor
  name: (name) @constructor)

((constructor
  name: (name) @function.builtin)
  (#match? @function.builtin "^(HVM|U60)\\."))

(rule
  lhs: (constructor
    name: (name) @function))

; Variables where they are bound. A query cannot say "anywhere below", hence the levels of patterns.

(lambda
  binder: (variable) @variable.parameter)

(let
  name: (variable) @variable.parameter)

(duplication
  first: (variable) @variable.parameter
  second: (variable) @variable.parameter)

(ask
  name: (variable) @variable.parameter)

(rule
  lhs: (constructor
    argument: [
      (variable) @variable.parameter
      (strict
        argument: (variable) @variable.parameter)
      (constructor
        argument: (variable) @variable.parameter)
      (constructor
        argument: (constructor
          argument: (variable) @variable.parameter))
      (constructor
        argument: (constructor
          argument: (constructor
            argument: (variable) @variable.parameter)))
      (list
        element: (variable) @variable.parameter)
    ]))

((variable) @variable.special
  (#match? @variable.special "^\\$"))

; Literals

(integer) @number

(float) @number.float

(character) @character

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
] @keyword.conditional

[
  "λ"
  "@"
] @keyword.function

(operator) @operator

[
  "="
  "!"
] @operator

(wildcard) @variable.builtin

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  ","
  ";"
  "."
] @punctuation.delimiter

(unit) @constant.builtin

(comment) @comment
