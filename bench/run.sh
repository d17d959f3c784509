#!/bin/bash
# run.sh [HVM] [small|medium|large] [--held-out] [--markdown] [PROGRAM…]: measures hvm in three gears, and GHC beside it.
#
# Every program runs RUNS=5 times, on one thread (-t 1), as each of
#   graph    --strict=off                everything through the graph
#   strict   --strict=on --native=off    strict code, interpreted
#   native   --native=on                 strict code as machine code, which the cache has already
#   ghc      the same program in Haskell, compiled with -O2
# in rounds over all programs. Within a round the systems take turns on one program, and every round another one is
# first, so that a machine that changes its speed does so for all. Ratios are medians of the rounds' ratios. Every
# result is compared with the expected one.
#   HVM          the command (build/hvm)
#   PROGRAM      names of programs (all)
#   --held-out   the programs of held-out/ instead of those of programs/; also HELD_OUT=1
#   SIZE=large   another way to name the size (medium)
# The machine code is kept in build/bench, GHC's programs too. Without ghc its columns are empty.
# Writes build/bench/SET-SIZE.tsv, and every single run to build/bench/SET-SIZE.samples.tsv.
# Exit status 1 if a result was wrong or missing.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs=${RUNS:-5}
size_name=${SIZE:-medium}
set_name=programs
[ "${HELD_OUT:-0}" = 0 ] || set_name=held-out
table=()
words=()
while [ $# -gt 0 ]; do
  case $1 in
  small | medium | large) size_name=$1 ;;
  --held-out) set_name=held-out ;;
  --markdown) table+=(--markdown) ;;
  -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
  -*) echo "bench: unknown option '$1'" >&2; exit 2 ;;
  *) words+=("$1") ;;
  esac
  shift
done
case $size_name in
small) column=1 ;;
medium) column=2 ;;
large) column=3 ;;
*) echo "bench: the size is small, medium or large, not '$size_name'" >&2; exit 2 ;;
esac
names=()
hvm=
for word in ${words[@]+"${words[@]}"}; do
  if [ -e "$BENCH/$set_name/$word.hvm" ]; then names+=("$word")
  elif [ -z "$hvm" ] && [[ $word == */* ]]; then hvm=$word
  else echo "bench: no program of $set_name is called '$word'" >&2; exit 2; fi
done
find_hvm "$hvm"
result=$CACHE/$set_name-$size_name
if [ ${#names[@]} = 0 ]; then
  for file in "$BENCH/$set_name"/*.hvm; do names+=("$(basename "${file%.hvm}")"); done
else
  result+=-some
fi
own_cache

size() { cut -d' ' -f"$2" "$folder/$1.size"; } # program column
expected() { sed -n "$2p" "$folder/$1.out"; }

# GHC shares nothing below λs: these two take 2^n steps.
has_ghc() { [ "$ghc" = 1 ] && [ "$1" != compose ] && [ "$1" != lambdabits ]; }
compile_ghc() { # program
  local made=$CACHE/ghc/$1
  [ ! -x "$made/$1" ] || [ "$folder/$1.hs" -nt "$made/$1" ] || return 0
  mkdir -p "$made"
  ghc -v0 -O2 -outputdir "$made" -o "$made/$1" "$folder/$1.hs" >&2
}
folder=$BENCH/$set_name
ghc=0
if command -v ghc >/dev/null; then
  ghc=1
else
  echo "bench: ghc is not installed, so there is nothing to compare with" >&2
fi

# One run: a line of samples, with the fields of $fields. Without statistics, since counting live cells takes time.
fields='program system round right seconds cpu kib rewrites'
declare -A rewrites
sample() { # program system column round
  local program=$1 system=$2 at=$3 right=1
  case $system in
  graph) measure "$HVM" run -t 1 --strict=off "$WORK/$program.hvm" ;;
  strict) measure "$HVM" run -t 1 --native=off "$WORK/$program.hvm" ;;
  native) measure "$HVM" run -t 1 --native=on "$WORK/$program.hvm" ;;
  ghc) measure "$CACHE/ghc/$program/$program" "$(size "$program" "$at")" ;;
  esac
  if [ "$status" != 0 ] || [ "$(head -c 1000 "$WORK/out")" != "$(expected "$program" "$at")" ]; then
    right=0
    echo "bench: $program with $system: status $status: $(head -c 200 "$WORK/out" "$WORK/err" | tr '\n' ' ')" >&2
  fi
  printf '%s\t' "$program" "$system" "$4" $right "$wall" "$cpu" "$kib"
  if [ "$system" = graph ]; then echo "${rewrites[$program]}"; else echo -; fi
}
head_line() { tr ' ' '\t' <<<"$fields"; }

for program in "${names[@]}"; do
  sed "s/^Size = .*/Size = $(size "$program" $column)/" "$folder/$program.hvm" >"$WORK/$program.hvm"
  ! has_ghc "$program" || compile_ghc "$program" || exit 1
  # The first run fills the cache, and one in the graph counts rewrites.
  sample "$program" native $column 0 >/dev/null
  measure "$HVM" run -t 1 --strict=off --stats=json "$WORK/$program.hvm"
  rewrites[$program]=$(sed -n 's/^{"rewrites": \([0-9]*\).*/\1/p' "$WORK/err")
done

# How fast this machine runs GHC's programs at size large, measured once: it converts the figures of HVM1.
calibration=$CACHE/calibration.tsv
if [ $ghc = 1 ] && [ $column = 2 ] && [ $set_name = programs ] && [ ! -s "$calibration" ]; then
  echo "bench: measuring GHC at size large, once" >&2
  {
    head_line
    for round in 1 2 3; do
      while read -r program; do
        compile_ghc "$program" && sample "$program" ghc 3 $round
      done < <(awk '!/^#/ && $9 == "yes" { print $1 }' "$BENCH/peers.tsv")
    done
  } >"$WORK/calibration.tsv"
  mv "$WORK/calibration.tsv" "$calibration"
fi
[ -s "$calibration" ] || calibration=/dev/null

systems=(graph strict native ghc)
{
  head_line
  for ((round = 1; round <= runs; round++)); do
    for program in "${names[@]}"; do
      [ ! -t 2 ] || printf '\r\e[Kround %d of %d: %s' "$round" "$runs" "$program" >&2
      for ((i = 0; i < ${#systems[@]}; i++)); do
        system=${systems[(round + i) % ${#systems[@]}]}
        if [ "$system" != ghc ] || has_ghc "$program"; then sample "$program" "$system" $column "$round"; fi
      done
    done
  done
} >"$result.samples.tsv"
[ ! -t 2 ] || printf '\r\e[K' >&2
"$BENCH/table.py" "$result.samples.tsv" "$BENCH/peers.tsv" "$calibration" --size "$size_name" --tsv "$result.tsv" \
  --title "$set_name, size $size_name, medians of $runs; $(machine); $("$HVM" --version)" ${table[@]+"${table[@]}"}
