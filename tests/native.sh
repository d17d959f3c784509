#!/bin/bash
# native.sh: machine code: its cache, its background compiler, whom it trusts, what happens without it.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
cache=$XDG_CACHE_HOME/hvm
cat >main.hvm <<'END'
(Fib 0) = 0
(Fib 1) = 1
(Fib n) = (+ (Fib (- n 1)) (Fib (- n 2)))
Main = (Fib 20)
END
printf '(Loop n) = (Loop (+ n 1))\nMain = (Loop 0)\n' >loop.hvm

# Compilers: one that counts its runs, one that is slow, one that waits for a sign, one that fails.
real=$(command -v "${HVM_CC:-cc}")
printf '#!/bin/sh\necho run >>"%s/runs"\nexec "%s" "$@"\n' "$WORK" "$real" >counting
printf '#!/bin/sh\necho run >>"%s/runs"\nsleep 1\nexec "%s" "$@"\n' "$WORK" "$real" >slow
printf '#!/bin/sh\nwhile [ ! -e "%s/go" ]; do sleep 0.05; done\nexec "%s" "$@"\n' "$WORK" "$real" >waiting
printf '#!/bin/sh\necho "unit.c:1: too hard" >&2\ntouch left\nexit 1\n' >failing
chmod +x counting slow waiting failing
runs() { # command…: how often the compiler ran meanwhile
  : >runs
  "$@" >/dev/null 2>&1
  wc -l <runs
}
built() { modules | wc -l; }
empty_cache() { rm -rf "$cache"; }
eventually() { # command…: within some seconds
  for _ in $(seq 100); do
    "$@" && return 0
    sleep 0.1
  done
  return 1
}
is_built() { [ "$(built)" = "${1:-1}" ]; }
is_clean() { [ -z "$(find "$cache" -name '*.build' 2>/dev/null)" ]; }
modules() { find "$cache" -maxdepth 1 -name '*.so' 2>/dev/null; }
has_module() { [ -e "$1" ]; }
has_no_module() { [ ! -e "$1" ]; }

# Hit and miss.
export HVM_CC=$WORK/counting
on=("$HVM" run --native on main.hvm)
check "a miss compiles" test "$(runs "${on[@]}")" = 1
check "a hit does not" test "$(runs "${on[@]}")" = 0
check "a hit does not with auto" test "$(runs "$HVM" run main.hvm)" = 0
check "the cache is private" test "$(stat -c %a "$cache")" = 700
check "nothing is left of the build" is_clean
check "another program is another module" test "$(runs "$HVM" run --native on loop.hvm '(Fib 1)')" -le 1
empty_cache
check "--native=off compiles nothing" test "$(runs "$HVM" run --native off main.hvm)" = 0
check "--strict=off compiles nothing" test "$(runs "$HVM" run --strict off --native on main.hvm)" = 0
check "an expression alone compiles nothing" test "$(runs "$HVM" run --native on '(+ 1 2)')" = 0
check "there is no folder without need" test ! -e "$cache"
expect "the result with --native=on" 0 6765 '' "${on[@]}"
expect "another expression uses the same module" 0 55 '' "$HVM" run --native on main.hvm '(Fib 10)'
check "one module for both" is_built 1
: >>"$WORK/counting"
touch -d '2001-01-01' "$WORK/counting"
check "another compiler is another module" test "$(runs "${on[@]}")" = 1

# What cannot be loaded is built again.
damage() { # of what the system looks at
  local module
  module=$(modules | head -n 1)
  chmod u+w "$module"
  printf '\377\377' | dd of="$module" bs=1 seek=4 conv=notrunc status=none
}
damage
expect "a damaged module" 0 6765 '' "${on[@]}"
check "a damaged module was replaced" test "$(runs "${on[@]}")" = 0

# What is not ours is not loaded, but built again.
module=$(modules | head -n 1)
empty_cache
"${on[@]}" >/dev/null
module=$(modules)
printf x | dd of="$module" bs=1 seek=$(($(stat -c %s "$module") - 100)) conv=notrunc 2>/dev/null
check "a changed text is no hit" test "$(runs "${on[@]}")" = 1
printf x >>"$module"
check "a text with something behind it is no hit" test "$(runs "${on[@]}")" = 1
: >"$module"
check "an empty file is no hit" test "$(runs "${on[@]}")" = 1
chmod g+w "$module"
check "a file that others may write is no hit" test "$(runs "${on[@]}")" = 1
check "it was replaced" test "$(stat -c %a "$module")" = 700
mv "$module" "$WORK/elsewhere.so"
ln -s "$WORK/elsewhere.so" "$module"
check "a symbolic link is no hit" test "$(runs "${on[@]}")" = 1
check "the link was replaced, what it names was not" test -f "$WORK/elsewhere.so" -a ! -L "$module"
rm "$module"
mkfifo "$module"
check "a pipe is no hit" test "$(runs "${on[@]}")" = 1
rm -f "$module"
mkdir "$module"
expect "a folder in its place" 0 6765 '' "${on[@]}"
check "it stays, and nothing gets into it" rmdir "$module"
if [ "$(id -u)" = 0 ]; then
  "${on[@]}" >/dev/null
  chown 12345 "$module"
  check "somebody else's file is no hit" test "$(runs "${on[@]}")" = 1
  chown 12345 "$cache"
  expect "somebody else's folder" 1 '' '*others may write to it*' "${on[@]}"
  chown 0 "$cache"
else
  skip "somebody else's files" "needs root"
fi
chmod 777 "$cache"
expect "a folder that others may write: on" 1 '' '*others may write to it*' "${on[@]}"
expect "a folder that others may write: auto" 0 6765 '' "$HVM" run main.hvm
chmod 700 "$cache"
mv "$cache" "$WORK/real-cache"
ln -s "$WORK/real-cache" "$cache"
expect "a folder that is a symbolic link" 1 '' 'hvm: error: no machine code: the folder *' "${on[@]}"
rm "$cache"

# Where the cache is.
expect "a missing home: on" 1 "" "*no machine code: the folder*" env -u XDG_CACHE_HOME HOME="$WORK/home" "${on[@]}"
check "no home is made" test ! -e "$WORK/home"
expect "a missing home: auto" 0 6765 '' env -u XDG_CACHE_HOME HOME="$WORK/home" "$HVM" run main.hvm
expect "no home at all: on" 1 '' '*neither XDG_CACHE_HOME nor HOME*' env -u XDG_CACHE_HOME -u HOME "${on[@]}"
expect "no home at all: auto" 0 6765 '' env -u XDG_CACHE_HOME -u HOME "$HVM" run main.hvm
mkdir home
expect "a relative XDG_CACHE_HOME is ignored" 0 6765 '' env XDG_CACHE_HOME=relative HOME="$WORK/home" "${on[@]}"
check "it is in ~/.cache then" test -n "$(find home/.cache/hvm -name '*.so')" -a ! -e relative
if [ "$(id -u)" = 0 ]; then
  read_only=/proc/self # not even root can write there
else
  mkdir read-only && chmod 500 read-only
  read_only=$WORK/read-only
fi
expect "a cache that cannot be written: on" 1 '' '*no machine code: the folder*' env XDG_CACHE_HOME="$read_only" "${on[@]}"
expect "a cache that cannot be written: auto" 0 6765 '' env XDG_CACHE_HOME="$read_only" "$HVM" run main.hvm
if [ -c /dev/full ] && mount -t tmpfs -o size=8k tmpfs "$WORK/home" 2>/dev/null; then
  expect "a full disk: on" 1 '' '*no machine code: *' env XDG_CACHE_HOME="$WORK/home" "${on[@]}"
  check "nothing is left on it" test -z "$(find "$WORK/home/hvm" -mindepth 1)"
  umount "$WORK/home"
else
  skip "a full disk" "needs a file system of its own"
fi

# Compilers that do not work.
mkdir empty
for wrong in /nonexistent nonexistent "$WORK/empty" "$WORK/main.hvm"; do
  expect "no compiler ($wrong): on" 1 '' "hvm: error: no machine code: there is no C compiler '$wrong'; *" \
    env HVM_CC="$wrong" "${on[@]}"
  expect "no compiler ($wrong): auto" 0 6765 '' env HVM_CC="$wrong" "$HVM" run main.hvm
done
expect "a failing compiler: on" 1 '' "hvm: error: no machine code: the C compiler '$WORK/failing' failed:
unit.c:1: too hard" env HVM_CC="$WORK/failing" "${on[@]}"
expect "a failing compiler: auto" 0 '*' '' env HVM_CC="$WORK/failing" "$HVM" run main.hvm '(Fib 27)'
check "nothing is left of it" eventually is_clean
expect "a compiler that makes no module" 1 '' '*it made nothing*' env HVM_CC=true "${on[@]}"
cat >lying <<'END'
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo nonsense >"$2"
END
chmod +x lying
expect "a compiler that makes nonsense: on" 1 '' '*no machine code: the module cannot be loaded: *' env HVM_CC="$WORK/lying" "${on[@]}"
expect "a compiler that makes nonsense: auto" 0 6765 '' env HVM_CC="$WORK/lying" "$HVM" run main.hvm
mkdir "with space"
cp counting "with space/c'c;x"
expect "a compiler with an odd name" 0 6765 '' env HVM_CC="with space/c'c;x" "${on[@]}"
mkdir "$WORK/odd 'folder;\$x"
expect "a cache with an odd name" 0 6765 '' env XDG_CACHE_HOME="$WORK/odd 'folder;\$x" "${on[@]}"

# In the background. A run that lasts long enough starts the compiler, but does not wait for it.
empty_cache
export HVM_CC=$WORK/slow
lasting=("$HVM" run main.hvm '(HVM.sleep 100000000 (Fib 10))')
check "a run that ends at once starts no compiler" test "$(runs "$HVM" run main.hvm '(Fib 2)')" -le "$REDUCED"
eventually is_clean
empty_cache
export HVM_CC=$WORK/waiting
expect "a run ends before its compiler" 0 55 '' "${lasting[@]}"
check "its output as well" test "$("${lasting[@]}" 2>&1)" = 55
check "no module yet" is_built 0
touch go
check "the compiler goes on by itself" eventually is_built 1
check "and leaves nothing" eventually is_clean
check "the next run hits" test "$(runs "${on[@]}")" = 0
empty_cache
expect "a run that lasts longer than its compiler" 0 55 '' "$HVM" run main.hvm '(HVM.sleep 2000000000 (Fib 10))'
check "uses what it made" is_built 1

# Interrupted while waiting.
empty_cache
rm go
expect "SIGINT while waiting for the compiler" 1 '' '*interrupted*' "${interrupt_after[@]}" INT 0.7 "${on[@]}"
check "nothing was built yet" is_built 0
touch go
check "the interrupted compiler goes on" eventually is_built 1

# Killed: what is left over is removed by the next build.
empty_cache
printf '#!/bin/sh\nexec sleep 30\n' >endless
chmod +x endless
HVM_CC=$WORK/endless "$HVM" run --native on main.hvm 2>/dev/null &
hvm=$!
disown
children() { cat "/proc/$1/task/"*/children; }
is_building() { shell=$(children "$hvm") && [ -n "$shell" ] && [ -n "$(children "${shell// /}")" ]; }
check "the compiler is a child while it is waited for" eventually is_building
kill -KILL -- "$hvm" "-${shell// /}" # the session of the compiler too
check "something is left of a killed build" test -n "$(find "$cache" -name '*.build')"
export HVM_CC=$WORK/counting
"$HVM" run --native on loop.hvm '(Pair)' >/dev/null 2>&1
printf 'Main = (F 1)\n(F x) = (+ x 1)\n' >other.hvm
expect "a later build" 0 2 '' "$HVM" run --native on other.hvm
check "it removes what was left" is_clean

# At once.
empty_cache
export HVM_CC=$WORK/slow
: >runs
for i in 1 2 3 4 5; do "${on[@]}" >"many$i" 2>&1 & done
wait
check "five processes that build the same" test "$(cat many?)" = "$(printf '6765\n6765\n6765\n6765\n6765')"
check "one of them compiles" test "$(wc -l <runs)" = 1
check "one module" is_built 1
check "and nothing else" is_clean

# The bound.
empty_cache
export HVM_CC=$WORK/counting
"${on[@]}" >/dev/null
first=$(modules)
size=$(stat -c %s "$first")
programs() { # count: runs so many different programs
  for i in $(seq "$1"); do
    # Another compiler each time: other modules, whatever is emitted.
    touch -d "2002-01-0$i" "$WORK/counting"
    HVM_CACHE_MAX=$((size * 7 / 2)) "${on[@]}" >/dev/null
  done
}
touch -d '2001-01-01' "$first"
programs 3
check "no more than the bound" is_built 3
check "the longest unused went" has_no_module "$first"
touch -d "2002-01-01" "$WORK/counting"
empty_cache
programs 2
for module in $(modules); do touch -d '2001-01-01' "$module"; done
oldest=$(modules | head -n 1)
touch -d '2000-01-01' "$oldest"
touch -d "2002-01-01" "$WORK/counting"
runs "${on[@]}" >/dev/null # a hit: used now
touch -d "2002-01-02" "$WORK/counting"
check "a hit counts as a use" test -z "$(find "$(modules | tail -n 1)" "$oldest" -mmin +60 -newermt 2001-06-01)"
HVM_CACHE_MAX=0 "$HVM" run --native on main.hvm >/dev/null
touch -d "2003-01-01" "$WORK/counting"
expect "no room at all" 0 6765 '' env HVM_CACHE_MAX=0 "${on[@]}"
check "nothing is kept" is_built 0
touch -d "2003-01-02" "$WORK/counting"
expect "a bound that is none" 0 6765 "hvm: warning: HVM_CACHE_MAX is 'lots', which is no size like 512M: 256M is taken" env HVM_CACHE_MAX=lots "${on[@]}"
check "is the default" is_built 1
touch "$cache/notes.txt" "$cache/main.so"
touch -d "2003-01-03" "$WORK/counting"
HVM_CACHE_MAX=0 "${on[@]}" >/dev/null
check "files that are not ours stay" test -e "$cache/notes.txt" -a -e "$cache/main.so"

# The same while others run.
empty_cache
for i in 1 2 3 4 5 6 7 8; do
  cp counting "counting$i"
  HVM_CC=$WORK/counting$i HVM_CACHE_MAX=$size "${on[@]}" >"many$i" 2>&1 &
done
wait
check "eviction beside others" test "$(cat many? | sort -u)" = 6765
check "all is clean after it" is_clean

# What is in a box of others is lent, whatever was asked about or taken apart before it is.
cat >lent.hvm <<'END'
(Range 0) = Nil
(Range n) = (Cons n (Range (- n 1)))
(Take 0 xs !a) = a
(Take n Nil !a) = a
(Take n (Cons x xs) !a) = (Take (- n 1) xs (+ a x))
(Dot Nil ys !a) = a
(Dot (Cons x xs) (Cons y ys) !a) = (Dot xs ys (+ a (* x y)))
(Dots Nil ys) = Nil
(Dots (Cons n ns) ys) = (Cons (Dot (Range n) ys (Take n ys 0)) (Dots ns ys))
Main = (Dots (Range 3) (Range 3))
END
lends() { "$HVM" check --steps "$1" lent.hvm | sed -n '1,/case/p' | grep -q 'offer .* v1'; } # before the first case
check "lent behind a case of a number" lends Take
check "lent behind a list that is taken apart" lends Dot
expect "what was lent" 0 '(Cons 20 (Cons 13 (Cons 6 Nil)))' '' "$HVM" run --native on lent.hvm

# Trees are made in portions where each part is worked on by itself, and nowhere else.
portions() { # NAME EXPRESSION: in how many versions the function makes portions
  { grep -v '^Main\|^  ' "$ROOT/tests/cases/portions.hvm"; printf 'Main = %s\n' "$2"; } >portions.hvm
  "$HVM" check --steps "$1" portions.hvm | grep -c 'a portion'
}
has_portions() { [ "$(portions "$@")" -gt 0 ]; }
has_none() { [ "$(portions "$@")" = 0 ]; }
check "portions for a fork" has_portions Make '(Check (Make 5))'
check "portions in a loop" has_portions Make '(Rounds 5 0)'
check "portions for an operand" has_portions Make '(+ (Check (Make 5)) (Check (Make 6)))'
check "portions through a function that keeps parts apart" has_portions Build '(Sum (Scale (Build 5 0)))'
check "portions of both branches" has_portions Grow '(Sum (Mirror (Grow 5 0)))'
check "portions beside another argument" has_portions Build '(Steps 1 (Build 5 0))'
check "no portions for what goes from part to part" has_none Build '(Hash 7 (Scale (Build 5 0)))'
check "no portions for a list of what is in the parts" has_none Build '(List (Build 5 0) End)'
check "no portions for what uses a part twice" has_none Build '(Twice (Build 5 0))'
check "no portions of parts that share a tree" has_none Filled '(Sum (Filled 3 (Build 2 0)))'
check "no portions for what is shown" has_none Build '(Build 5 0)'
finish
