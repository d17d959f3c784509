#!/usr/bin/env python3
"""trace.py REWRITES STEPS OUT [opened]: the JSON lines in the file STEPS are a trace of so many rewrites, whose result is
the end of what is in OUT. Ranges lie in their texts, each term is the one before the next step, and an opened strict
call has as many rewrites as what is inside of it, and its own. opened: all strict calls are."""
import json
import sys


class Reader:
    def __init__(self):
        self.number = 0  # the last rewrite that was shown
        self.last = None  # the whole term after it
        self.open = []  # strict calls that began
        self.back = 0  # those that strict code gave back, which are no rewrites

    def check_step(self, step):
        assert isinstance(step["rule"], str) and step["rule"], step
        assert step["line"] is None or step["line"] >= 1, step
        for text, ranges in (("before", "redex"), ("term", "contractum")):
            at = 0
            for start, stop in step.get(ranges, ()):
                assert at <= start < stop <= len(step[text]), step
                at = stop
        part = step.get("strict")
        if part == "ends":
            self.end_call(step)
        assert step.get("depth", 0) == len(self.open), ("the depth", step)
        assert step.get("parent") == (self.open[-1]["step"] if self.open else None), ("the parent", step)
        if part != "ends":
            assert step["redex"] or step["rule"] == "Move", ("no redex", step)
            if not self.open and self.last is not None:
                assert self.last == step["before"], ("the term changed", self.last, step["before"])
        if part == "begins":
            assert step["step"] == self.number + 1, (self.number, step)
            self.number += 1
            self.open.append(step)
            return
        if part != "ends":
            assert part == "call" or step.get("depth", 0) or step["rewrites"] in (0, 1), step
            assert step["step"] == self.number + min(step["rewrites"], 1), (self.number, step)
            self.number += step["rewrites"]
        if part:
            assert step["left"] in ("result", "graph", "back", "tail"), step
            self.back += step["left"] == "back"
        else:
            assert step["rewrites"] > 0 or step["rule"] in ("Collect", "Move"), step
        if not self.open:
            self.last = step["term"]

    def end_call(self, step):
        assert self.open and self.open[-1]["step"] == step["step"], ("it did not begin", step)
        self.open.pop()
        assert step["step"] + step["rewrites"] == self.number + 1, ("other rewrites inside", self.number, step)


def main():
    rewrites, result = int(sys.argv[1]), open(sys.argv[3], encoding="utf-8").read()
    reader = Reader()
    with open(sys.argv[2], encoding="utf-8") as file:
        end = None
        for line in file:
            assert end is None, end
            step = json.loads(line)
            if "end" in step:
                end = step
            else:
                reader.check_step(step)
    assert not reader.open, reader.open
    # Calls inside of closed ones are not seen, nor is what became of them.
    if "opened" in sys.argv or not reader.back and reader.number == rewrites:
        assert reader.number - reader.back == rewrites, (reader.number, reader.back, rewrites)
    else:
        assert reader.number >= rewrites, (reader.number, rewrites)
    assert end["end"] == "result" and end["rewrites"] == rewrites, end
    assert result.endswith(end["result"] + "\n"), (result, end)


try:
    main()
except AssertionError as error:
    print(error)
    sys.exit(1)
