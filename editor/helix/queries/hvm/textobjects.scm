; Made by editor/generate.py from grammar/queries/textobjects.scm.

; A rule is a function, its right side the inside of it. A parameter is one of the left side or an argument.

(rule
  rhs: (_) @function.inside) @function.around

(_
  parameter: (_) @parameter.inside @parameter.around)

(_
  pattern: (_) @parameter.inside @parameter.around)

(_
  argument: (_) @parameter.inside @parameter.around)

(list
  element: (_) @parameter.inside @parameter.around)

(comment) @comment.around
