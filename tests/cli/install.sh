#!/bin/bash
# install.sh: make install, the library from outside (static, shared, C++), make uninstall.
. "$(dirname "$0")/../lib.sh"
if [ "$REDUCED" = 1 ] || [ ! -e "$BUILD/libhvm.a" ]; then
  skip install "there is no library in this build"
  finish
fi
cd "$ROOT" || exit 2
# As from a shell: not as a part of the make that runs the tests.
make_in() { env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory BUILD="$BUILD" "$@" >"$WORK/log" 2>&1; }
check "make install" make_in install PREFIX=/usr DESTDIR="$WORK/image"
for file in bin/hvm lib/libhvm.a lib/libhvm.so lib/libhvm.so.0 include/hvm.h lib/pkgconfig/hvm.pc share/man/man1/hvm.1; do
  check "$file is installed" test -s "$WORK/image/usr/$file"
done
expect "the installed command" 0 2 '' "$WORK/image/usr/bin/hvm" run '(+ 1 1)'
check "only hvm_… is visible in the archive" test -z "$(nm -g --defined-only "$BUILD/libhvm.a" | awk 'NF == 3 && $3 !~ /^hvm_/')"
check "only hvm_… is visible in the shared library" test -z "$(nm -D --defined-only "$BUILD/libhvm.so" | awk 'NF == 3 && $3 !~ /^hvm_/')"

if command -v pkg-config >/dev/null; then
  make_in install PREFIX="$WORK/prefix" DESTDIR=
  export PKG_CONFIG_PATH=$WORK/prefix/lib/pkgconfig
  want='(Squares [1, 2, 3, 4]) = [1, 4, 9, 16]
(Grow 2) = (Node (Node Leaf 1 Leaf) 2 (Node Leaf 1 Leaf))
(Squares [1]) = (Squares [1])
*'
  # shellcheck disable=SC2046
  check "embed.c builds with the shared library" \
    cc -Wall -Werror -o "$WORK/embed" examples/embed/embed.c $(pkg-config --cflags --libs hvm)
  expect "embed.c with the shared library" 0 "$want" '' env LD_LIBRARY_PATH="$WORK/prefix/lib" "$WORK/embed"
  # shellcheck disable=SC2046
  check "embed.c builds with the archive" cc -Wall -Werror -o "$WORK/embed-static" examples/embed/embed.c \
    $(pkg-config --cflags hvm) "$WORK/prefix/lib/libhvm.a" -ltree-sitter -lm -lpthread
  expect "embed.c with the archive" 0 "$want" '' "$WORK/embed-static"
  check "its sum and its live cells" grep -qx 'live cells: 0 and 0' <<<"$out"
  check "the pkg-config version" test "$(pkg-config --modversion hvm)" = "$("$HVM" --version | cut -d' ' -f2)"
  check "make uninstall" make_in uninstall PREFIX="$WORK/prefix" DESTDIR=
  check "nothing is left" test -z "$(find "$WORK/prefix" ! -type d)"
else
  skip "embed.c" "pkg-config is not installed"
fi
if command -v c++ >/dev/null; then
  check "hvm.h is C++ too" c++ -Wall -Werror -fsyntax-only -x c++ lib/hvm.h
fi
finish
