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
] @indent.begin

; What has to be indented while it is being typed and has no node yet.
(ERROR
  "(" @indent.begin)

(ERROR
  "[" @indent.begin)

(ERROR
  "{" @indent.begin)

[
  ")"
  "]"
  "}"
] @indent.branch

(rule
  rhs: (_) @indent.end)

(comment) @indent.auto
