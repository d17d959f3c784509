#!/bin/bash
# units.sh: the programs of tests/unit. Each ends with 'N passed, N failed' or 'ok N', or says nothing when all is well.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2
shopt -s nullglob
for source in tests/unit/*.c; do
  name=$(basename "${source%.c}")
  text=$(timeout $((LIMIT * 12)) "$BUILD/tests/unit/$name" 2>&1)
  status=$?
  last=${text##*$'\n'}
  if [ $status != 0 ] && ! [[ $last =~ \ [1-9][0-9]*\ failed ]]; then fail "$name" "exit status $status" "$text"
  elif [[ $last =~ ^ok\ ([0-9]+)$ ]]; then passed=$((passed + BASH_REMATCH[1]))
  elif [ -z "$text" ]; then pass
  else include "$name" echo "$text"; fi
done
finish
