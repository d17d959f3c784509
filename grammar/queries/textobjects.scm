; A rule is a function, its right side the inside of it. A parameter is one of the left side or an argument.

(rule
  rhs: (_) @function.inner) @function.outer

(_
  parameter: (_) @parameter.inner @parameter.outer)

(_
  pattern: (_) @parameter.inner @parameter.outer)

(_
  argument: (_) @parameter.inner @parameter.outer)

(list
  element: (_) @parameter.inner @parameter.outer)

(if
  consequence: (_) @conditional.inner) @conditional.outer

(if
  alternative: (_) @conditional.inner)

(constructor
  argument: (_)) @call.outer

(application) @call.outer

(lambda
  body: (_) @block.inner) @block.outer

(comment) @comment.outer
