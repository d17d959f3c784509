#!/usr/bin/env python3
"""errors.py [PREFIX]: runs tests/conformance/errors/PREFIX*.hvm, which are wrong programs.

Beside each, NAME.want has on line 1 the acceptable line:column places (divided by |, - for none, ok where accepting the
program is right too) and on line 2 groups of words, divided by two spaces: of each group one must be in the message."""
import glob, os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVM = os.environ.get("HVM", os.path.join(ROOT, "build", "hvm"))
LIMIT = 100 if os.environ.get("REDUCED") == "1" else 10


def complaints(path):
    with open(path[:-4] + ".want", encoding="utf-8") as wanted:
        places, words = wanted.read().split("\n")[:2]
    places = places.split("|")
    try:
        run = subprocess.run([HVM, "run", path], capture_output=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return ["timed out"], ""
    text = run.stderr.decode("utf-8", "replace")
    if run.returncode == 0:
        return ([] if "ok" in places else ["exit status 0"]), text
    found = [] if run.returncode == 1 else ["exit status %d" % run.returncode]
    exact = [p for p in places if p not in ("-", "ok")]
    if "-" not in places and not any(":%s: " % p in text for p in exact):
        found.append("no place " + " or ".join(exact))
    for group in words.split("  "):
        if group.strip() and not any(w and w.lower() in text.lower() for w in group.strip().split("|")):
            found.append("no word of " + group.strip())
    return found, text


def main():
    prefix = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/conformance/errors", prefix + "*.hvm"))):
        found, text = complaints(path)
        if not found:
            passed += 1
            continue
        failed += 1
        print("FAIL  %s: %s" % (os.path.basename(path), "; ".join(found)))
        print("      " + text.strip()[:600].replace("\n", "\n      "))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
