#!/bin/bash
# editors.sh: the grammar's queries and the language server in real editors, as far as they are installed.
. "$(dirname "$0")/lib.sh"
COMPILER=${CC:-cc}

cat >"$WORK/main.hvm" <<'HVM'
// adds up
// a list
(Sum [])               = 0
(Sum (List.cons x xs)) = (+ x (Sum xs))

Main = [
  (Sum [1 2]),
  (HVM.log "λ" missing)
]
HVM

# The lines 'ok NAME' and 'bad NAME: WHY' of what an editor wrote.
count_lines() { # name file
  local line seen=0
  while IFS= read -r line; do
    case $line in
    ok\ *) pass ;;
    bad\ *) fail "$1" "${line#bad }" ;;
    *) continue ;;
    esac
    seen=1
  done <"$2"
  [ $seen = 1 ] || fail "$1" "it checked nothing" "$(cat "$2" "$WORK/log" 2>/dev/null)"
}

test_neovim() {
  if ! command -v nvim >/dev/null; then
    skip neovim "nvim is not installed"
    return
  fi
  mkdir -p "$WORK/nvim/parser"
  $COMPILER -O1 -shared -fPIC -I"$ROOT/grammar/src" -o "$WORK/nvim/parser/hvm.so" "$ROOT"/grammar/src/*.c
  XDG_STATE_HOME=$WORK XDG_DATA_HOME=$WORK XDG_CONFIG_HOME=$WORK timeout $((LIMIT * 3)) nvim --headless -u NONE -i NONE \
    --cmd "set rtp^=$ROOT/editor/nvim,$WORK/nvim" --cmd 'filetype plugin on' \
    --cmd "let g:hvm_command = ['$HVM', 'lsp'] | let g:report = '$WORK/neovim'" \
    "$WORK/main.hvm" -c "luafile $ROOT/tests/editors/neovim.lua" >"$WORK/log" 2>&1
  touch "$WORK/neovim"
  count_lines neovim "$WORK/neovim"
}

test_emacs() {
  if ! command -v emacs >/dev/null; then
    skip emacs "emacs is not installed"
    return
  fi
  HOME=$WORK timeout $((LIMIT * 3)) emacs --batch -Q -L "$ROOT/editor/emacs" -l hvm-mode -l "$ROOT/tests/editors/emacs.el" \
    "$WORK/main.hvm" -f hvm-test >"$WORK/emacs" 2>"$WORK/log"
  count_lines emacs "$WORK/emacs"
  check "hvm-mode.el compiles without warnings" emacs_compiles
}
emacs_compiles() {
  cp "$ROOT/editor/emacs/hvm-mode.el" "$WORK/"
  HOME=$WORK emacs --batch -Q --eval '(setq byte-compile-error-on-warn t)' -f batch-byte-compile "$WORK/hvm-mode.el" 2>"$WORK/log"
}

test_neovim
test_emacs
finish
