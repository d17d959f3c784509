; Made by editor/generate.py from grammar/queries/locals.scm.

; Which variable is which. What a query cannot say: that the value of a let, dup or ask does not know the new variable,
; and that a scopeless variable belongs to the whole rule. The language server knows.

[
  (rule)
  (lambda)
  (let)
  (duplication)
  (ask)
] @local.scope

(_
  parameter: (variable) @local.definition.variable.parameter)

(lambda
  binder: (variable) @local.definition.variable.parameter)

(let
  name: (variable) @local.definition.variable.parameter)

(duplication
  first: (variable) @local.definition.variable.parameter
  second: (variable) @local.definition.variable.parameter)

(ask
  name: (variable) @local.definition.variable.parameter)

(variable) @local.reference
