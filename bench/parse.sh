#!/bin/bash
# parse.sh [COMMIT]: how fast libtree-sitter reads texts of 10 MB with the grammar, and what an edit in the middle costs:
# a letter of a name, and a bracket that stays open. With COMMIT, its grammar is measured too, in turns; where the
# tree-sitter command is installed, the grammar of tokens.js, which makes no nodes but tokens. ROUNDS=3
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-3}
kinds=(programs mixed short long numbers strings comments lines)

names=()
build() { # name folder-of-sources
  "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -w -I"$2" -o "$WORK/read-$1" "$BENCH/parse.c" "$2"/*.c -ltree-sitter || exit 1
  names+=("$1")
}
build grammar "$ROOT/grammar/src"
if [ $# -gt 0 ]; then
  git -C "$ROOT" archive "$1" grammar/src | tar -x -C "$WORK" || exit 2
  build before "$WORK/grammar/src"
fi
if command -v tree-sitter >/dev/null; then
  mkdir "$WORK/tokens"
  sed "s|'../grammar/grammar.js'|'$ROOT/grammar/grammar.js'|" "$BENCH/tokens.js" >"$WORK/tokens/grammar.js"
  (cd "$WORK/tokens" && tree-sitter generate --abi 14 --no-bindings) || exit 1
  cp "$ROOT/grammar/src/scanner.c" "$WORK/tokens/src"
  build tokens "$WORK/tokens/src"
fi

python3 "$BENCH/texts.py" "$WORK" || exit 1
for ((i = 0; i < rounds; i++)); do
  for kind in "${kinds[@]}"; do
    for name in "${names[@]}"; do
      options=()
      [ "$name" != tokens ] || options=(--pad)
      line=$("$WORK/read-$name" "${options[@]}" "$WORK/$kind.hvm") || { echo "bench: $name cannot read $kind" >&2; exit 1; }
      echo "$kind $name $line" >>"$WORK/samples"
    done
  done
done
echo "the fastest of $rounds; $(machine)"
awk -v kinds="${kinds[*]}" -v names="${names[*]}" '
  { at = $1 " " $2; for (i = 3; i <= NF; i++) if (!((at, i) in best) || $i < best[at, i]) best[at, i] = $i }
  END {
    printf "%-10s %-8s %8s %8s %10s %10s\n", "text", "grammar", "MB", "MB/s", "key ms", "open ( ms"
    count = split(kinds, kind, " "); ways = split(names, name, " ")
    for (k = 1; k <= count; k++)
      for (n = 1; n <= ways; n++) {
        at = kind[k] " " name[n]
        printf "%-10s %-8s %8.1f %8.1f", kind[k], name[n], best[at, 3] / 1e6, best[at, 3] / 1e6 / best[at, 4]
        if ((at, 5) in best) printf " %10.2f %10.2f", best[at, 5], best[at, 6]
        printf "\n"
      }
  }' "$WORK/samples"
