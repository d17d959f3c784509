#!/bin/bash
# deps.sh [--check] [build|editors]: installs the Debian packages that are missing to build and test, and says why each
# is needed.
#   build    only what building needs     --check  installs nothing; status 1 if something is missing
#   editors  only the editors and tools that tests use when they are there
# Does nothing, and says nothing, when all is there.
set -euo pipefail

check=0
scope=all
for word in "$@"; do
  case $word in
  --check) check=1 ;;
  build | editors) scope=$word ;;
  *) echo "usage: deps.sh [--check] [build|editors]" >&2; exit 2 ;;
  esac
done

compiler=${CC:-cc}
missing=()

has_command() { command -v "$1" >/dev/null 2>&1; }
# Compiles and links a program that uses one header and one library.
has_library() { # header library
  local folder status=0
  has_command "$compiler" || return 1
  folder=$(mktemp -d)
  printf '#include <%s>\nint main(void) { return 0; }\n' "$1" >"$folder/try.c"
  "$compiler" -o "$folder/try" "$folder/try.c" -Wl,--no-as-needed "$2" >/dev/null 2>&1 || status=1
  rm -rf "$folder"
  return $status
}
# The header needs stdio.h before it.
has_header() { has_library "stdio.h>
#include <$1" "$2"; }
need() { # package why test…
  local package=$1 why=$2
  shift 2
  if ! "$@"; then
    missing+=("$package")
    echo "deps: $package is missing: $why" >&2
  fi
}

if [ "$scope" != editors ]; then
  need gcc "compiles the program" has_command "$compiler"
  need libc6-dev "C headers and library" has_library stdio.h -lm
  need binutils "objcopy makes the library" has_command objcopy
  need libtree-sitter-dev "runs the generated parser" has_library tree_sitter/api.h -ltree-sitter
  need libedit-dev "edits lines for 'hvm repl'" has_header editline/readline.h -ledit
  need libjansson-dev "JSON of --stats=json, check --json and the language server" has_library jansson.h -ljansson
fi
if [ "$scope" = all ]; then
  need python3 "tests check JSON and error places with it" has_command python3
  need pkg-config "a test builds the example of the library with it" has_command pkg-config
  need graphviz "hvm trace --format svg draws with its 'dot'; a test looks at that" has_command dot
  need time "the benchmark measures time and memory with it" has_command /usr/bin/time
fi

if [ "$scope" = editors ]; then
  need neovim "a test runs the grammar and the language server in it" has_command nvim
  need emacs-nox "a test runs the Emacs mode in it" has_command emacs
  need nodejs "tests load the grammar and the extension for VS Code with it" has_command node
  need npm "fetches what the extension for VS Code needs" has_command npm
fi

[ ${#missing[@]} -gt 0 ] || exit 0
if [ $check = 1 ]; then
  echo "deps: 'make deps' installs what is missing" >&2
  exit 1
fi
if ! has_command apt-get; then
  echo "deps: this system has no apt-get; install these with its own package manager (Debian's names): ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! has_command sudo; then
    echo "deps: run this as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "deps: installing ${missing[*]}" >&2
install_packages() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; }
# Package lists are missing or old on a fresh machine: fetch them only when the first try fails.
install_packages >/dev/null 2>&1 || { "${as_root[@]}" apt-get update && install_packages; }
if [ "$scope" = all ]; then exec "$0" --check; else exec "$0" --check "$scope"; fi
