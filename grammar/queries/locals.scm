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
  parameter: (variable) @local.definition)

(lambda
  binder: (variable) @local.definition)

(let
  name: (variable) @local.definition)

(duplication
  first: (variable) @local.definition
  second: (variable) @local.definition)

(ask
  name: (variable) @local.definition)

(variable) @local.reference
