#!/bin/bash
# cli.sh: the command from outside: everything in tests/cli.
. "$(dirname "$0")/lib.sh"
for script in "$ROOT"/tests/cli/*.sh; do
  include "$(basename "$script")" "$script"
done
finish
