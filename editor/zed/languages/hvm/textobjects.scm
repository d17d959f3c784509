; Made by editor/generate.py from grammar/queries/textobjects.scm.

; A rule is a function, its right side the inside of it. A parameter is one of the left side or an argument.

(rule
  rhs: (_) @function.inside) @function.around

(comment) @comment.around
