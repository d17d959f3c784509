#!/bin/bash
# replay.sh: the inputs kept in tests/fuzz/corpus do no harm. NAME.hvm is a program, NAME.expr an expression.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/fuzz.py" "${HVM:-$here/../../build/hvm}" --replay "$@"
