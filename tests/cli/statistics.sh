#!/bin/bash
# statistics.sh: -c and --stats=json.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
printf '(Sum 0) = 0\n(Sum n) = (+ n (Sum (- n 1)))\nMain = (Sum 1000)\n' >sum.hvm

"$HVM" run sum.hvm -c >out 2>err
check "the cost line has HVM1's form" \
  grep -qxE '\[TIME: [0-9]+\.[0-9]{2}s \| COST: [0-9]+ \| RPS: [0-9]+\.[0-9]{2}m\]' err
"$HVM" run sum.hvm -c --stats=json >out 2>err
check "both statistics, JSON last" test "$(wc -l <err)" = 2
cat >check.py <<'END'
import json, sys
rules = {"App-Lam", "App-Sup", "Dup-Lam", "Dup-Sup", "Dup-Num", "Dup-Ctr", "Op2-Num", "Op2-Sup", "Fun-Sup"}
stats = json.loads(open("err").read().split("\n")[-2])
keys = {"rewrites", "rewrites_by_rule", "live_cells", "cycle_cells", "peak_cells", "peak_bytes", "seconds"}
assert set(stats) >= keys, set(stats)
by_rule = stats["rewrites_by_rule"]
assert set(by_rule) >= rules, by_rule
assert len(by_rule) == 10 and all(isinstance(n, int) and n >= 0 for n in by_rule.values()), by_rule
assert stats["rewrites"] == sum(by_rule.values()), stats
assert stats["rewrites"] >= 3000 and stats["live_cells"] == 0, stats
assert stats["peak_cells"] > 0 and stats["peak_bytes"] >= 8, stats
assert isinstance(stats["seconds"], float) and 0 <= stats["seconds"] < 100, stats
END
check "the JSON has all keys" python3 check.py
cost() { sed -n 's/.*COST: \([0-9]*\) .*/\1/p' err; }
first=$(cost)
"$HVM" run sum.hvm -c >out 2>err
check "the same number of rewrites each time" test "$first" = "$(cost)"
expect "statistics after a run-time error" 1 '' '*"rewrites": *' "$HVM" run --stats=json '(/ 1 0)'
expect "no statistics of a program with errors" 1 '' '*error: *' "$HVM" run --stats=json 'x'
expect "statistics of a printed result" 0 '[1, 2]' '*"live_cells": 0*' "$HVM" run --stats=json '[1 2]'
finish
