#!/bin/bash
# run.sh [HVM] [small|medium|large] [--json FILE] [--markdown] [PROGRAM…]: measures hvm, and GHC beside it.
#
# Every program of bench/programs runs RUNS=5 times with each system, in rounds over all of them, so that a machine that
# changes its speed does so for all. The table shows medians; every result is compared with the expected one.
#   HVM        the command (build/hvm)
#   PROGRAM    names of programs (all)
# GHC's programs are compiled once into build/bench. Without ghc its columns are empty.
# Exit status 1 if a result was wrong or missing.
set -uo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs=${RUNS:-5}
column=2
size_name=medium
table=()
names=()
hvm=
while [ $# -gt 0 ]; do
  case $1 in
  small) column=1 size_name=$1 ;;
  medium) column=2 size_name=$1 ;;
  large) column=3 size_name=$1 ;;
  --json)
    [ $# -gt 1 ] || { echo "bench: --json takes a file" >&2; exit 2; }
    table+=(--json "$2")
    shift
    ;;
  --json=*) table+=(--json "${1#*=}") ;;
  --markdown) table+=(--markdown) ;;
  -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) echo "bench: unknown option '$1'" >&2; exit 2 ;;
  *)
    if [ -e "$BENCH/programs/$1.hvm" ]; then names+=("$1")
    elif [ -z "$hvm" ]; then hvm=$1
    else echo "bench: no program is called '$1'" >&2; exit 2; fi
    ;;
  esac
  shift
done
find_hvm "$hvm"
if [ ${#names[@]} = 0 ]; then
  for file in "$BENCH"/programs/*.hvm; do names+=("$(basename "${file%.hvm}")"); done
fi

size() { cut -d' ' -f"$2" "$BENCH/programs/$1.size"; } # program column
expected() { sed -n "$2p" "$BENCH/programs/$1.out"; }

# GHC shares nothing below λs: these two take 2^n steps.
has_ghc() { [ "$ghc" = 1 ] && [ "$1" != compose ] && [ "$1" != lambdabits ]; }
compile_ghc() { # program
  local folder=$CACHE/ghc/$1
  [ ! -x "$folder/$1" ] || [ "$BENCH/programs/$1.hs" -nt "$folder/$1" ] || return 0
  mkdir -p "$folder"
  ghc -v0 -O2 -outputdir "$folder" -o "$folder/$1" "$BENCH/programs/$1.hs" >&2
}
ghc=0
if command -v ghc >/dev/null; then
  ghc=1
else
  echo "bench: ghc is not installed, so there is nothing to compare with" >&2
fi

# One run: a line 'program system column status right wall cpu kib rewrites seconds' in samples.
sample() { # program system column
  local program=$1 system=$2 at=$3 right=1 rewrites=- seconds=-
  if [ "$system" = hvm ]; then
    measure "$HVM" run --stats=json "$WORK/$program.hvm"
    rewrites=$(sed -n 's/.*"rewrites": \([0-9]*\).*/\1/p' "$WORK/err")
    seconds=$(sed -n 's/.*"seconds": \([0-9.e+-]*\).*/\1/p' "$WORK/err")
  else
    measure "$CACHE/ghc/$program/$program" "$(size "$program" "$at")"
  fi
  if [ "$status" != 0 ] || [ "$(head -c 1000 "$WORK/out")" != "$(expected "$program" "$at")" ]; then
    right=0
    echo "bench: $program with $system: status $status: $(head -c 200 "$WORK/out" "$WORK/err" | tr '\n' ' ')" >&2
  fi
  echo "$program $system $at $status $right $wall $cpu $kib ${rewrites:--} ${seconds:--}"
}

for program in "${names[@]}"; do
  sed "s/^Size = .*/Size = $(size "$program" $column)/" "$BENCH/programs/$program.hvm" >"$WORK/$program.hvm"
  ! has_ghc "$program" || compile_ghc "$program" || exit 1
done

# How fast this machine runs GHC's programs at size large, measured once: it converts the figures of HVM1.
calibration=$CACHE/calibration.txt
if [ $ghc = 1 ] && [ $column = 2 ] && [ ! -s "$calibration" ]; then
  echo "bench: measuring GHC at size large, once" >&2
  for _ in 1 2 3; do
    while read -r program; do
      compile_ghc "$program" && sample "$program" ghc 3
    done < <(awk '!/^#/ && $9 == "yes" { print $1 }' "$BENCH/peers.tsv")
  done >"$WORK/calibration.txt"
  mv "$WORK/calibration.txt" "$calibration"
fi
[ -s "$calibration" ] || calibration=/dev/null

for ((round = 1; round <= runs; round++)); do
  [ ! -t 2 ] || printf '\rround %d of %d' "$round" "$runs" >&2
  for program in "${names[@]}"; do
    sample "$program" hvm $column
    ! has_ghc "$program" || sample "$program" ghc $column
  done
done >"$WORK/samples.txt"
[ ! -t 2 ] || printf '\r' >&2
"$BENCH/table.py" "$WORK/samples.txt" "$BENCH/peers.tsv" "$calibration" --size "$size_name" \
  --title "size $size_name, medians of $runs; $(machine); $("$HVM" --version)" ${table[@]+"${table[@]}"}
