#!/bin/bash
# plot.sh [--install] [SIZE] [FILE]: draws what run.sh measured, both sets of programs, as an SVG (docs/performance.svg).
#
# It needs gnuplot, which nothing else here does; --install installs Debian's package gnuplot-nox. SIZE is large unless told.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
if [ "${1:-}" = --install ]; then
  shift
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get install -y --no-install-recommends gnuplot-nox
fi
size=${1:-large}
svg=${2:-$ROOT/docs/performance.svg}
command -v gnuplot >/dev/null || { echo "bench: gnuplot is not installed; 'bench/plot.sh --install' does it" >&2; exit 1; }

# A line per program that GHC has: name, graph, strict, native; the slowest native first.
data() { # set
  local file=$CACHE/$1-$size.tsv
  [ -s "$file" ] || { echo "bench: there is no $file; run.sh makes it" >&2; exit 1; }
  awk -F'\t' '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["native_per_ghc"] != "-" { print $at["program"], $at["graph_per_ghc"], $at["strict_per_ghc"], $at["native_per_ghc"] }
  ' "$file" | sort -k4,4gr
}
data programs >"$WORK/programs"
data held-out >"$WORK/held-out"

gnuplot <<END
set terminal svg size 900,640 dynamic font "sans-serif,13" background "white"
set output "$WORK/plot.svg"
set multiplot layout 2,1 margins 0.07,0.99,0.13,0.94 spacing 0.04,0.2
set style data histogram
set style histogram clustered gap 1
set style fill solid noborder
set logscale y 2
set yrange [0.0625:32]
set ytics ("1/16" 0.0625, "1/8" 0.125, "1/4" 0.25, "1/2" 0.5, "1" 1, "2" 2, "4" 4, "8" 8, "16" 16, "32" 32) nomirror
set xtics rotate by -30 nomirror scale 0
set grid ytics lc rgb "#dddddd"
set border 3
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 2 lc rgb "#444444" front
set key top right horizontal
set title "Time relative to GHC -O2 (1 is as fast, below is faster), size $size"
plot "$WORK/programs" using 2:xtic(1) title "graph" lc rgb "#bbbbbb", "" using 3 title "strict code" lc rgb "#7aa6d8", \
  "" using 4 title "machine code" lc rgb "#d95f02"
set title "The same for the held-out programs"
unset key
plot "$WORK/held-out" using 2:xtic(1) title "graph" lc rgb "#bbbbbb", "" using 3 title "strict code" lc rgb "#7aa6d8", \
  "" using 4 title "machine code" lc rgb "#d95f02"
unset multiplot
END
mv "$WORK/plot.svg" "$svg"
echo "$svg"
