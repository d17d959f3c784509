# What the test groups written in bash share. A group sources this, calls pass, fail, skip, expect, and ends with finish.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export BUILD=${BUILD:-$ROOT/build}
export HVM=${HVM:-$BUILD/hvm}
export REDUCED=${REDUCED:-0}
HVM=$(realpath -m "$HVM")
BUILD=$(realpath -m "$BUILD")
WORK=$(mktemp -d)
# Machine code that the tests build goes here, not into the cache of who runs them. Compilers may outlive a test a little.
export XDG_CACHE_HOME=$WORK/cache
mkdir "$XDG_CACHE_HOME"
unset HVM_CC HVM_CACHE_MAX
clean_up() { rm -rf "$WORK" 2>/dev/null || { sleep 1 && rm -rf "$WORK"; }; }
trap clean_up EXIT
out=
err=
passed=0
failed=0
skipped=0
# Seconds for one run of a small program.
LIMIT=${LIMIT:-30}
[ "$REDUCED" = 0 ] || LIMIT=$((LIMIT * 10))
# The sanitizers would rather abort than let an allocation fail, which some tests want to see.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_leaks=1}
# "${interrupt_after[@]}" SIGNAL SECONDS COMMAND…: in the foreground timeout sends that signal alone. Else SIGCONT follows,
# which takes away the SIGSTOP of a search for leaks that has begun meanwhile: that one waits for ever.
export INTERRUPT_AFTER='timeout --foreground --preserve-status -s'
# shellcheck disable=SC2034
read -ra interrupt_after <<<"$INTERRUPT_AFTER"

pass() { passed=$((passed + 1)); }
skip() { # name why
  skipped=$((skipped + 1))
  echo "skip  $1: $2"
}
fail() { # name why [command output]
  failed=$((failed + 1))
  echo "FAIL  $1: $2"
  [ -z "${3:-}" ] || head -c 4000 <<<"$3" | head -n 40 | awk '{ print "      " $0 }'
}
check() { # name condition…: passes when the command does
  local name=$1
  shift
  if "$@"; then pass; else fail "$name" "not so: $*"; fi
}

# expect NAME STATUS OUT ERR COMMAND…: runs the command with empty input (or $INPUT) and compares.
#   OUT   the whole of standard output without the last newline; '*' is anything, 'X*' begins with X, '*X*' contains X
#   ERR   the same for standard error
# Leaves what was written in $out and $err.
matches() { # text pattern
  case $2 in
  '*') return 0 ;;
  '*'*'*') [[ $1 == *"${2:1:${#2}-2}"* ]] ;;
  *'*') [[ $1 == "${2%\*}"* ]] ;;
  *) [[ $1 == "$2" ]] ;;
  esac
}
expect() {
  local name=$1 want_status=$2 want_out=$3 want_err=$4 status
  shift 4
  timeout --preserve-status -k 5 "$LIMIT" "$@" >"$WORK/out" 2>"$WORK/err" <<<"${INPUT-}"
  status=$?
  out=$(tr -d '\0' <"$WORK/out")
  err=$(tr -d '\0' <"$WORK/err")
  if [ $status != "$want_status" ]; then
    fail "$name" "exit status $status, not $want_status" "$out$err"
  elif ! matches "$out" "$want_out"; then
    fail "$name" "standard output is not '$want_out'" "$out"
  elif ! matches "$err" "$want_err"; then
    fail "$name" "standard error is not '$want_err'" "$err"
  else
    pass
  fi
}

# Adds the counts of another script's last line; its other lines are shown.
include() { # name command…
  local name=$1 text last
  shift
  text=$("$@" 2>&1)
  last=${text##*$'\n'}
  if [[ $last =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    [ "$text" = "$last" ] || echo "${text%$'\n'*}"
  else
    fail "$name" "it ended without a count" "$text"
  fi
}

finish() {
  local total="$passed passed, $failed failed"
  [ $skipped = 0 ] || total="$total, $skipped skipped"
  echo "$total"
  [ $failed = 0 ]
  exit
}
