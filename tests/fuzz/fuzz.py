#!/usr/bin/env python3
"""Feeds the command rubbish and watches what it does.

usage: fuzz.py HVM [SECONDS] [--sanitized HVM] [--seed N] [--only ORACLE]   fuzzes, 60 seconds unless told
       fuzz.py HVM --replay [--sanitized HVM] [FILE…]                       tries the kept inputs again

A run must end with status 0, 1 or 2, and 1 only with a message in the form of a diagnostic; SIGINT must end it; no
signal, no report of a sanitizer. Beyond that, results are compared: with another memory limit, with the sanitized
build, read back and run again; and no cells may be left after the result was collected.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import command
import mutate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORPUS = HERE / "corpus"
ARGUMENT_LIMIT = 100_000  # bytes of one command line argument, below Linux's 128 KiB
SLOW_INPUT = 200_000  # bytes: a check of less takes seconds only when time is not linear
GRACE = 5  # seconds until an interrupted run has ended: what cli/interrupt.c promises, and something for a busy machine
EFFECTS = (b"HVM.log", b"HVM.print", b"HVM.query", b"HVM.load", b"HVM.store", b"HVM.sleep")


class Case:
    """A program or an expression, and what was already found out about it."""

    def __init__(self, kind, data):
        self.kind = kind  # 'hvm' or 'expr'
        self.data = data if kind == "hvm" else data.replace(b"\0", b"")[:ARGUMENT_LIMIT]
        self.results = {}

    def harmless(self):
        """Files are written below the working folder only."""
        return not (b"HVM.store" in self.data and re.search(rb'["`][^"`\n]*(/|\\)', self.data))

    def plain(self):
        """Whether a result is bound to be free of cells that nothing refers to, and to read back."""
        return not any(word in self.data for word in (b"$", b"{", b"dup") + EFFECTS)


class Fuzzer:
    def __init__(self, hvm, sanitized, folder, slow, limit):
        self.hvm = hvm
        self.sanitized = sanitized
        self.folder = folder
        self.slow = slow  # factor for time limits
        self.limit = limit  # seconds until a run is interrupted
        self.runs = 0

    def command(self, case, sanitized=False, memory="256M", options=(), extra=None):
        key = (sanitized, memory, tuple(options), extra)
        if key in case.results:
            return case.results[key]
        program = self.sanitized if sanitized else self.hvm
        words = [program, "run", "-s", memory, *options]
        if case.kind == "hvm":
            words += ["-f", "in.hvm"]
        if extra is not None:
            words += ["--", extra]
        elif case.kind == "expr":
            words += ["--", case.data]
        factor = self.slow * (5 if sanitized else 1)
        self.runs += 1
        case.results[key] = command.run_begun(words, self.folder, self.limit * factor, GRACE * factor)
        return case.results[key]

    def write(self, case):
        if case.kind == "hvm":
            (self.folder / "in.hvm").write_bytes(case.data)

    # Each oracle returns the name of a fault, or None.

    def oracle_run(self, case, sanitized=False):
        result = self.command(case, sanitized)
        grace = GRACE * self.slow * (5 if sanitized else 1)
        return command.fault(result, grace)

    def oracle_sanitized(self, case):
        if not self.sanitized:
            return None
        found = self.oracle_run(case, sanitized=True)
        if found:
            return found
        plain, other = self.command(case), self.command(case, sanitized=True)
        if plain.status == other.status == 0 and plain.out != other.out and not any(e in case.data for e in EFFECTS):
            return "the sanitized build prints something else"
        return None

    def check(self, case, sanitized, options=()):
        if case.kind != "hvm":
            return None
        program = self.sanitized if sanitized else self.hvm
        self.runs += 1
        factor = self.slow * (5 if sanitized else 1)
        result = command.run_begun([program, "check", *options, "in.hvm"], self.folder, 10 * factor, GRACE * factor)
        if len(case.data) < SLOW_INPUT and result.seconds > 4 * factor and not result.killed:
            return result, "check takes seconds for a small file"
        return result, command.fault(result, GRACE * factor)

    def oracle_check(self, case, sanitized=False):
        checked = self.check(case, sanitized)
        return checked and checked[1]

    def oracle_check_sanitized(self, case):
        return self.oracle_check(case, True) if self.sanitized else None

    def oracle_check_agrees(self, case):
        """What check finds is what run finds before it reduces."""
        checked = self.check(case, False)
        if not checked or checked[0].interrupted:
            return None
        ran = self.command(case)
        if ran.interrupted:  # it may not have come to its errors yet
            return None
        if checked[0].status == 1 and ran.status == 0:
            return "check finds errors, run does not"
        if checked[0].status == 1 and checked[0].err != ran.err:
            return "check and run show different errors"
        return None

    def oracle_json(self, case):
        checked = self.check(case, False, ["--json"])
        if not checked or checked[0].interrupted:
            return None
        if checked[1] and "status 1 without" not in checked[1]:
            return checked[1]
        result = checked[0]
        if len(result.out) >= command.KEEP:
            return None
        try:
            found = json.loads(result.out)
        except ValueError:
            return "check --json prints no JSON"
        lines = case.data.count(b"\n") + 1
        for item in found:
            start, end = (item["line"], item["column"]), (item["end_line"], item["end_column"])
            if item["line"] > lines or start > end or (item["line"] == 0) != (item["column"] == 0):
                return "check --json has an impossible place"
        if any(item["severity"] == "error" for item in found) != (result.status == 1):
            return "check --json disagrees with its status"
        return None

    def oracle_memory(self, case):
        """Another limit gives the same result, or none."""
        first, second = self.command(case), self.command(case, memory="64M")
        tiny = self.command(case, memory="1M")
        for other in (second, tiny):
            found = command.fault(other, GRACE * self.slow)
            if found:
                return found + " with little memory"
            if first.status == other.status == 0 and first.out != other.out:
                return "another memory limit, another result"
        if first.status == 1 and not first.interrupted and second.status == 0:
            return "less memory, more result"
        return None

    def oracle_read_back(self, case):
        first = self.command(case)
        if first.status != 0 or len(first.out) > 40_000 or not case.plain() or b"\0" in first.out:
            return None
        second = self.command(case, extra=first.out.rstrip(b"\n"))
        if second.interrupted or b"out of memory" in second.err:
            return None
        if second.status != 0:
            return "the result cannot be read back"
        return None if second.out == first.out else "the result reads back as another"

    def oracle_live(self, case):
        if not case.plain():
            return None
        result = self.command(case, options=["--stats=json"])
        if result.status != 0 or result.interrupted:
            return None
        found = re.search(rb'"live_cells": (\d+)', result.err)
        if not found:
            return "no statistics"
        return None if found.group(1) == b"0" else "cells left after the result was collected"

    def oracle(self, name, case):
        return getattr(self, "oracle_" + name)(case)

    def shrink(self, name, case, fault, seconds):
        """Drops tokens, in chunks, as long as the same fault remains."""
        end = time.monotonic() + seconds
        parts = mutate.tokens(case.data)
        size = max(1, len(parts) // 2)
        while size >= 1 and time.monotonic() < end:
            at, dropped = 0, False
            while at < len(parts) and time.monotonic() < end:
                smaller = Case(case.kind, b"".join(parts[:at] + parts[at + size :]))
                self.write(smaller)
                if smaller.harmless() and self.oracle(name, smaller) == fault:
                    parts, dropped = mutate.tokens(smaller.data), True
                else:
                    at += size
            if size == 1 and not dropped:
                break
            size = max(1, size // 2)
        return Case(case.kind, b"".join(parts))


# Oracle and how often it is asked. The first is always asked.
ORACLES = {"run": 1.0, "sanitized": 0.25, "check": 0.2, "check_sanitized": 0.05, "check_agrees": 0.1, "json": 0.1, "memory": 0.15, "read_back": 0.5, "live": 0.4}

# What is asked in a replay with a build that has sanitizers.
REDUCED = ["run", "check", "json"]


def programs():
    folders = ["examples", "tests/conformance/cases", "tests/conformance/errors", "tests/conformance/unsound", "bench/programs"]
    files = [f for folder in folders for f in sorted((ROOT / folder).glob("*.hvm"))]
    texts = [f.read_bytes() for f in files]
    for blocks in sorted((ROOT / "tests/diagnostics").glob("*.txt")):
        texts += [block.split(b"\n----", 1)[0] for block in blocks.read_bytes().split(b"\n====\n")]
    texts += [f.read_bytes() for f in sorted(CORPUS.glob("*")) if f.stat().st_size < 5000]
    return [re.sub(rb"(?m)^Size = \d+", b"Size = 3", text) for text in texts]


def generate(texts, chance):
    kind = chance.random()
    if kind < 0.45:
        return Case("hvm", mutate.mutate(chance.choice(texts), texts, chance))
    if kind < 0.7:
        text = mutate.Grammar(chance).program()
        if chance.random() < 0.2:
            text = mutate.mutate(text, texts, chance)
        return Case("hvm", text)
    if kind < 0.8:
        return Case("hvm", mutate.odd_text(chance))
    if kind < 0.84:
        return Case("expr", mutate.odd_text(chance).replace(b"Main = ", b""))
    bodies = [part for part in re.split(rb"\n|Main =", chance.choice(texts)) if part] or [b"1"]
    return Case("expr", mutate.mutate(chance.choice(bodies), texts, chance))


def save(case, fault):
    slug = re.sub(r"[^a-z0-9]+", "-", fault.lower()).strip("-")[:50]
    path = CORPUS / f"{slug}-{hashlib.sha256(case.data).hexdigest()[:8]}.{case.kind}"
    CORPUS.mkdir(exist_ok=True)
    path.write_bytes(case.data)
    return path


def show(path, case):
    text = case.data[:400].decode(errors="backslashreplace")
    print(f"  kept as {path.relative_to(ROOT)} ({len(case.data)} bytes):")
    print("".join(f"    {line}\n" for line in text.split("\n")[:12]), end="", flush=True)


def fuzz(fuzzer, seconds, seed, only):
    chance = random.Random(seed)
    texts = programs()
    found, cases, statuses = {}, 0, {}
    end = time.monotonic() + seconds
    print(f"fuzzing for {seconds:g} s with seed {seed}, starting from {len(texts)} texts", flush=True)
    while time.monotonic() < end:
        case = generate(texts, chance)
        if not case.harmless():
            continue
        cases += 1
        fuzzer.write(case)
        for name in [only] if only else [n for n in ORACLES if chance.random() < ORACLES[n]]:
            fault = fuzzer.oracle(name, case)
            if not fault:
                continue
            found[fault] = found.get(fault, 0) + 1
            if found[fault] <= 3:
                print(f"FAULT {fault} (oracle {name})", flush=True)
                small = fuzzer.shrink(name, case, fault, 20)
                show(save(small, fault), small)
            break
        result = case.results.get((False, "256M", (), None))
        if result:
            kind = "interrupted" if result.interrupted else f"status {result.status}"
            statuses[kind] = statuses.get(kind, 0) + 1
        for entry in fuzzer.folder.iterdir():
            if entry.name != "in.hvm" and entry.is_file():
                entry.unlink()
    for fault, count in sorted(found.items()):
        print(f"{count:6} × {fault}")
    print(", ".join(f"{count} × {kind}" for kind, count in sorted(statuses.items())))
    print(f"{cases} inputs, {fuzzer.runs} runs, {sum(found.values())} faults of {len(found)} kinds")
    return 1 if found else 0


def replay(fuzzer, files):
    files = [pathlib.Path(f) for f in files] or sorted(CORPUS.glob("*"))
    passed = failed = 0
    for path in files:
        case = Case(path.suffix[1:], path.read_bytes())
        fuzzer.write(case)
        fault = None
        for name in ORACLES if fuzzer.slow == 1 else REDUCED:
            fault = fuzzer.oracle(name, case)
            if fault:
                break
        passed += not fault
        failed += bool(fault)
        if fault:
            print(f"FAIL  {path.name}: {fault} (oracle {name})", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("hvm")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--sanitized")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=ORACLES)
    options = parser.parse_args()
    sanitized = options.sanitized and os.path.abspath(options.sanitized)
    # A build with sanitizers given as the command itself is slow in all it does.
    slow = 5 if b"__asan_init" in pathlib.Path(options.hvm).read_bytes() else 1
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hvm-fuzz-"))
    try:
        fuzzer = Fuzzer(os.path.abspath(options.hvm), sanitized, folder, slow, 0.3 if options.replay else 1.0)
        if options.replay:
            return replay(fuzzer, options.words)
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
        return fuzz(fuzzer, float(options.words[0]) if options.words else 60, seed, options.only)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
