#!/bin/bash
# check.sh: hvm check, its exit status and its JSON.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
printf '(F x) = (+ x 1)\nMain = (F 1)\n' >right.hvm
printf '(F x) = (+ x 1)\n' >library.hvm
printf 'Main = [x y]\n(F = 2\n' >wrong.hvm
printf '(U60.if a b c) = a\nMain = 3\n' >warning.hvm
printf 'Main = (+ 1 "\xff")\n' >bytes.hvm

expect "a right program" 0 '' '' "$HVM" check right.hvm
expect "nothing is run" 0 '' '' bash -c "printf 'Main = (HVM.log 1 (/ 1 0))' | '$HVM' check -"
expect "a program without Main" 0 '' '' "$HVM" check library.hvm
expect "a wrong program" 1 '' 'wrong.hvm:1:*' "$HVM" check wrong.hvm
expect "several files" 1 '' '*wrong.hvm:1:*' "$HVM" check right.hvm wrong.hvm
expect "a warning is no error" 0 '' '*warning: *' "$HVM" check warning.hvm
expect "a missing file" 1 '' '*nowhere.hvm*' "$HVM" check nowhere.hvm right.hvm
INPUT='Main = x' expect "standard input" 1 '' '<stdin>:1:8: error: *' "$HVM" check -
expect "no diagnostics as JSON" 0 '[]' '' "$HVM" check --json right.hvm library.hvm

"$HVM" check --json right.hvm wrong.hvm warning.hvm nowhere.hvm bytes.hvm >out 2>err
check "exit status with --json" test $? = 1
check "nothing else beside the JSON" test ! -s err
cat >check.py <<'END'
import json
found = json.load(open("out", encoding="utf-8"))
keys = {"path", "line", "column", "end_line", "end_column", "severity", "message", "hint"}
for one in found:
    assert set(one) == keys, one
    assert one["severity"] in ("error", "warning") and isinstance(one["message"], str) and one["message"], one
    assert one["hint"] is None or isinstance(one["hint"], str), one
    assert (one["end_line"], one["end_column"]) >= (one["line"], one["column"]), one
assert {one["path"] for one in found} == {"wrong.hvm", "warning.hvm", "nowhere.hvm", "bytes.hvm"}, found
by = lambda path: [one for one in found if one["path"] == path]
assert [one["severity"] for one in by("warning.hvm")] == ["warning"], found
assert (by("warning.hvm")[0]["line"]) == 1, found
assert any((one["line"], one["column"], one["end_column"]) == (1, 9, 10) for one in by("wrong.hvm")) or \
    all(one["line"] for one in by("wrong.hvm")), found
assert by("bytes.hvm")[0]["line"] == 1, found
END
check "the JSON has all keys" python3 check.py
cp right.hvm $'\xff.hvm' 2>/dev/null && echo 'Main = x' >$'\xff.hvm'
"$HVM" check --json $'\xff.hvm' >out
check "a file name that is not UTF-8 gives valid JSON" python3 -c 'import json; json.load(open("out", encoding="utf-8"))'
finish
