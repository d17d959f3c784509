(rule
  lhs: (constructor
    name: (name) @name)) @item
