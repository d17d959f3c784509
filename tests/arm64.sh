#!/bin/bash
# arm64.sh [GROUP…]: builds for 64-bit ARM, machine code too, and runs test groups with qemu's emulator. Not a group of
# `make test`: it takes some minutes, and needs on Debian, after `dpkg --add-architecture arm64`, the packages
# gcc-aarch64-linux-gnu qemu-user libtree-sitter-dev:arm64 libjansson-dev:arm64 libedit-dev:arm64.
# What it cannot show is how an ARM processor orders what threads write; ThreadSanitizer and the models look at that.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 2
target=aarch64-linux-gnu
for tool in qemu-aarch64 $target-gcc; do
  command -v "$tool" >/dev/null || { echo "arm64: there is no $tool; the packages that are needed stand in tests/arm64.sh" >&2; exit 2; }
done
groups=("$@")
[ $# -gt 0 ] || groups=(conformance numbers errors unsound format diagnostics)
make all BUILD=build/arm64 CC=$target-gcc OBJCOPY=$target-objcopy AR=$target-ar
printf '#!/bin/sh\nHVM_CC=%s exec qemu-aarch64 %q "$@"\n' $target-gcc "$PWD/build/arm64/hvm" >build/arm64/emulated
chmod +x build/arm64/emulated
HVM=build/arm64/emulated REDUCED=1 tests/run.sh "${groups[@]}"
