#!/usr/bin/env python3
"""diagnostics.py [--update] [FILE…]: the block files tests/diagnostics/*.txt.

A block is a program, a line of four dashes, and what standard error must be. Blocks are divided by lines of four equals
signs. A block whose program begins with '# name' is reported by that name.
  $ hvm …   as first line of the program: this command instead of 'hvm run main.hvm'; the program is in main.hvm
  ~text     in the expectation: a part that must occur; a block of such lines does not look at the rest
  !text     a part that must not occur
The exit status must be 1 when the expectation holds 'error: ', otherwise 0. --update writes the actual text into the
blocks that expect the whole text; look at the difference before you keep it."""
import glob, os, re, shlex, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVM = os.path.abspath(os.environ.get("HVM", os.path.join(ROOT, "build", "hvm")))
LIMIT = 100 if os.environ.get("REDUCED") == "1" else 10


class Block:
    def __init__(self, path, number, text):
        head, _, self.expected = text.partition("\n----\n")
        self.head = head
        lines = head.split("\n")
        self.name = "%s, block %d" % (os.path.basename(path), number)
        if lines[0].startswith("# "):
            self.name += ": " + lines.pop(0)[2:]
        self.command = ["run", "main.hvm"]
        if lines and lines[0].startswith("$ hvm "):
            self.command = shlex.split(lines.pop(0)[6:])
        self.program = "\n".join(lines)
        self.expected = self.expected.rstrip("\n")
        self.parts = bool(re.match(r"[~!]", self.expected))

    def run(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "main.hvm"), "w", encoding="utf-8", newline="") as file:
                file.write(self.program + "\n")
            try:
                run = subprocess.run([HVM] + self.command, cwd=folder, capture_output=True, timeout=LIMIT,
                                     stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired:
                return -1, "timed out"
            return run.returncode, run.stderr.decode("utf-8", "replace").rstrip("\n")

    def complaints(self, status, text):
        wanted = 1 if re.search(r"^[^!]*error: ", self.expected, re.M) else 0
        found = [] if status == wanted else ["exit status %d, not %d" % (status, wanted)]
        if not self.parts:
            return found + ([] if text == self.expected else ["the text differs"])
        for line in self.expected.split("\n"):
            if line.startswith("!") and line[1:] in text:
                found.append("there is '%s'" % line[1:])
            elif not line.startswith("!") and line.lstrip("~") not in text:
                found.append("no '%s'" % line.lstrip("~"))
        return found


def read_blocks(path):
    with open(path, encoding="utf-8", newline="") as file:
        texts = file.read().rstrip("\n").split("\n====\n")
    return [Block(path, i + 1, text) for i, text in enumerate(texts)]


def write_blocks(path, blocks, results):
    texts = []
    for block, (_, text) in zip(blocks, results):
        texts.append(block.head + "\n----\n" + (block.expected if block.parts else text))
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("\n====\n".join(texts) + "\n")


def indent(text):
    return "      " + text.replace("\n", "\n      ")


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    paths = [a for a in arguments if a != "--update"]
    passed = failed = 0
    for path in paths or sorted(glob.glob(os.path.join(ROOT, "tests/diagnostics/*.txt"))):
        blocks = read_blocks(path)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(Block.run, blocks))
        if update:
            write_blocks(path, blocks, results)
        for block, (status, text) in zip(blocks, results):
            found = block.complaints(status, text)
            if not found:
                passed += 1
                continue
            failed += 1
            print("FAIL  %s: %s" % (block.name, "; ".join(found)))
            print(indent("said:\n" + text[:1500]) if block.parts else
                  indent("wanted:\n%s\nsaid:\n%s" % (block.expected, text[:1500])))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
