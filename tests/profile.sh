#!/bin/bash
# profile.sh: --profile, and the workers in --stats=json. Nothing here depends on how long something takes.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2

# Each task of the tree is some tens of microseconds of work: there are sparks on any machine.
cat >tree.hvm <<'END'
(Slow 0 x) = x
(Slow n x) = (Slow (- n 1) (& (+ (* x 3) n) 65535))
(Tree 0 x) = (Slow 2000 x)
(Tree n x) = (+ (Tree (- n 1) x) (Tree (- n 1) (+ x 1)))
Main = (Tree 8 1)
END
cat >list.hvm <<'END'
(Range 0) = Nil
(Range n) = (Cons n (Range (- n 1)))
(Sum Nil) = 0
(Sum (Cons x xs)) = (+ x (Sum xs))
Main = (Sum (Range 20000))
END
cat >fields.hvm <<'END'
(Slow 0 x) = x
(Slow n x) = (Slow (- n 1) (+ x 1))
(Grow 0 x) = (Tip (Slow 300 x))
(Grow n x) = (Node (Grow (- n 1) x) (Grow (- n 1) (+ x 1)))
Main = (Grow 6 5)
END
cat >lambda.hvm <<'END'
(Power 0 f) = f
(Power n f) = (Power (- n 1) λx (f (f x)))
Main = (HVM.log "begin" ((Power 10 λb λt λf (b f t)) λt λf t))
END

# What the text and the picture say, as far as it holds on every machine.
cat >look.py <<'END'
import json, re, sys, xml.etree.ElementTree as tree
text, picture, lines = open("err").read(), sys.argv[1], {}
for line in text.splitlines():
    for name in ("work", "span", "wall", "sparks"):
        if line.startswith("  %s " % name):
            lines.setdefault(name, line)
number = lambda name: float(re.search(r"[\d.]+", lines[name])[0])
rewrites = lambda name: int(re.search(r"(\d+) rewrites", lines[name])[1])
assert 0 <= number("span") <= number("work") + 1e-3, text
assert 0 < rewrites("span") <= rewrites("work"), text
parallelism = [float(found) for found in re.findall(r"[\d.]+", text.splitlines()[0])]
assert parallelism and all(one >= 1 for one in parallelism), text
stats = json.loads(text.splitlines()[-1])
workers = stats["workers"]
assert len(workers) == stats["threads"], stats
for key in ("rewrites", "sparks", "steals", "waits"):
    assert sum(worker[key] for worker in workers) == stats[key], (key, stats)
for worker in workers:
    times = [worker[key + "_seconds"] for key in ("busy", "idle", "waiting")]
    assert all(time >= 0 for time in times) and sum(times) <= stats["seconds"] + 1e-3, stats
assert workers[0]["busy_seconds"] > 0, stats
assert rewrites("work") == stats["rewrites"], text
sparks = int(re.search(r"\d+", lines["sparks"])[0])
assert sparks == stats["sparks"], text
rows = re.findall(r"^  (\S+|\(in no spark\)) +(\d+) +(\d+) +(\d+) +[\d.]+ \( *\d+ %\) +[\d.]+ \( *\d+ %\)$", text, re.M)
if sparks:
    assert sum(int(row[1]) for row in rows) == sparks, text
    assert sum(int(row[3]) for row in rows) == rewrites("work"), text
    assert {row[0] for row in rows} >= set(sys.argv[3:]), rows
    least = [float(word) for word in re.search(r"at least +(.*)", text)[1].split()]
    most = [float(word) for word in re.search(r"at most +(.*)", text)[1].split()]
    assert len(least) == len(most) == 8, text
    assert all(1 <= a <= b + 0.1 for a, b in zip(least, most)) and least == sorted(least) and most == sorted(most), text
else:
    assert parallelism[0] == 1 and "= note: " in text, text
if picture != "-":
    root = tree.parse(picture).getroot()
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == name + "svg"
    ids = [group.get("id") for group in root.iter(name + "g")]
    assert ids == ["worker-%d" % i for i in range(len(workers))], ids
    words = [word.text for word in root.iter(name + "text")]
    assert sys.argv[2] in words[0] and "busy workers" in words, words
    assert any(word in words for word in ("time in milliseconds", "time in seconds")), words
    style = root.find(name + "style").text
    assert "prefers-color-scheme:dark" in style and "http" not in style, style
END
look() { # name status picture title function… -- option…
  local name=$1 words=()
  shift
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  rm -f out.svg
  timeout -k 5 $((LIMIT * 3)) "$@" --stats=json >out 2>err
  if ! python3 look.py "${words[@]}" >why 2>&1; then fail "$name" "$(tail -n 3 why)" "$(<err)"; else pass; fi
}
for threads in 1 2 4; do
  for native in off on; do
    [ "$native$REDUCED" != on1 ] || continue
    look "tree -t $threads --native=$native" out.svg tree.hvm Tree -- "$HVM" run tree.hvm -t $threads --native=$native --profile=out.svg
    check "the same result" test "$(<out)" = "$("$HVM" run -t 1 tree.hvm)"
    look "fields -t $threads --native=$native" out.svg fields.hvm Grow -- "$HVM" run fields.hvm -t $threads --native=$native --profile=out.svg
    check "the same result" test "$(<out)" = "$("$HVM" run -t 1 fields.hvm)"
  done
  look "list -t $threads" out.svg list.hvm -- "$HVM" run list.hvm -t $threads --profile=out.svg
  check "a list is sequential" grep -q '= note: it is sequential' err
  look "λ -t $threads" - - -- "$HVM" run lambda.hvm -t $threads --profile
  check "programs with open λs and effects have one thread" grep -q '= note: one thread runs this program' err
done
look "--strict=off" out.svg "(Tree 2 1)" -- "$HVM" run '(Tree 2 1)' -f tree.hvm --strict=off --profile=out.svg
"$HVM" run '(Tree 2 1)' -f tree.hvm -t 1 --strict=off --profile >out 2>err
check "the graph on one thread has no sparks" grep -q 'sparks 0,' err
"$HVM" run '(Tree 2 1)' -f tree.hvm -t 2 --strict=off --profile >out 2>err
check "the graph on two threads has sparks" grep -q 'sparks [1-9]' err

# By rewrites the shape of the program shows, whatever the clock says. The tree's first call becomes a spark on any
# machine, which is half of the work; 256 tasks of equal length are all there is.
"$HVM" run tree.hvm -t 1 --native=off --profile >out 2>err
parallelism=$(sed -n 's/.*by rewrites //p' err)
check "the tree's parallelism by rewrites" test "${parallelism%.*}" -ge 2 -a "${parallelism%.*}" -le 256
"$HVM" run list.hvm -t 1 --native=off --profile >out 2>err
check "the list's parallelism by rewrites" grep -q '^parallelism 1.0, by rewrites 1.0$' err

# The profile of a run that is ended early.
printf '(F 0) = (/ 1 0)\n(F n) = (+ (F (- n 1)) (F (- n 1)))\nMain = (F 12)\n' >failing.hvm
for threads in 1 4; do
  expect "a failing program -t $threads" 1 '' '*division by zero*' "$HVM" run failing.hvm -t $threads --profile
  check "it has a profile" grep -q '^parallelism ' "$WORK/err"
done

# Names that XML must not see as they are.
cp tree.hvm 'a<b&c.hvm'
look "a title with < and &" out.svg 'a<b&c.hvm' Tree -- "$HVM" run 'a<b&c.hvm' --native=off --profile=out.svg
expect "a file that cannot be written" 1 '' "hvm: error: cannot write the file './no/where.svg': *" "$HVM" run tree.hvm --profile=./no/where.svg
expect "a full disk" 1 '*' "*cannot write the file '/dev/full': *" "$HVM" run tree.hvm --profile=/dev/full
expect "no file" 2 '' "hvm: error: --profile= needs the name of a file*" "$HVM" run tree.hvm --profile=
expect "--profile of what cannot be loaded" 1 '' '*unbound variable*' "$HVM" run 'x' --profile
if [ "$REDUCED" = 0 ]; then
  "$HVM" compile tree.hvm -o tree || fail "compile" "it failed"
  look "a compiled program" out.svg tree.hvm Tree -- ./tree --profile=out.svg
fi
finish
