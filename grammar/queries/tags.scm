; Every rule is a definition of its function, with the comment right before it.

(
  (comment)? @doc
  .
  (rule
    lhs: (constructor
      name: (name) @name)) @definition.function
  (#strip! @doc "(?m)^//[ \t]*")
  (#select-adjacent! @doc @definition.function)
)

; In a pattern a name is a constructor, in a term it may be a call of a function.

(_
  pattern: (constructor
    name: (name) @name) @reference.class)

(constructor
  !parameter
  !pattern
  name: (name) @name) @reference.call
