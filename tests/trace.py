#!/usr/bin/env python3
"""trace.py REWRITES STEPS OUT: the JSON lines in the file STEPS are a trace of so many rewrites, whose result is the end
of what is in OUT. Ranges lie in their texts, and each term is the one before the next step."""
import json
import sys


def main():
    rewrites, result = int(sys.argv[1]), open(sys.argv[3], encoding="utf-8").read()
    with open(sys.argv[2], encoding="utf-8") as file:
        *steps, end = [json.loads(line) for line in file]
    number, last = 0, None
    for step in steps:
        assert step["rewrites"] in (0, 1), step
        assert step["step"] == number + step["rewrites"], (number, step["step"])
        number = step["step"]
        assert isinstance(step["rule"], str) and step["rule"], step
        assert step["line"] is None or step["line"] >= 1, step
        for text, ranges in (("before", "redex"), ("term", "contractum")):
            at = 0
            for start, stop in step[ranges]:
                assert at <= start < stop <= len(step[text]), step
                at = stop
        assert step["redex"] or step["rule"] == "Move", ("no redex", step)
        if step["rewrites"] == 0:
            assert step["rule"] in ("Collect", "Move"), step
        if last is not None:
            assert last == step["before"], ("the term changed", last, step["before"])
        last = step["term"]
    assert number == rewrites, (number, rewrites)
    assert end["end"] == "result" and end["rewrites"] == rewrites, end
    assert result.endswith(end["result"] + "\n"), (result, end)


try:
    main()
except AssertionError as error:
    print(error)
    sys.exit(1)
