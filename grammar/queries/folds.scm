; A rule, a block of comments, and what is long inside of a rule.

[
  (rule)
  (comment)
  (if)
  (list)
  (constructor)
  (application)
] @fold
