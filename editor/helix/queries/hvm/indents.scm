; Made by editor/generate.py from grammar/queries/indents.scm.

; The body of a rule, and whatever stands between brackets, is one step further in.

[
  (rule)
  (constructor)
  (application)
  (parenthesized)
  (operation)
  (superposition)
  (list)
  (if)
] @indent

; What has to be indented while it is being typed and has no node yet.
(ERROR
  "(" @indent)

(ERROR
  "[" @indent)

(ERROR
  "{" @indent)

[
  ")"
  "]"
  "}"
] @outdent
