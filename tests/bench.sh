#!/bin/bash
# bench.sh: the benchmark programs give the right result at their small size (line 1 of NAME.out).
. "$(dirname "$0")/lib.sh"
for file in "$ROOT"/bench/{programs,held-out}/*.hvm; do
  name=$(basename "${file%.hvm}")
  size=$(cut -d' ' -f1 "${file%.hvm}.size")
  sed "s/^Size = .*/Size = $size/" "$file" >"$WORK/$name.hvm"
  expect "$name" 0 "$(head -n 1 "${file%.hvm}.out")" '' "$HVM" run "$WORK/$name.hvm"
done
finish
