#!/usr/bin/env python3
"""texts.py FOLDER: writes texts of 10 MB of several kinds, NAME.hvm, and lines.hvm of 100,000 lines."""
import glob, os, random, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZE = 10_000_000
random.seed(1)


def mixed(i):
    """A bit of everything, as in tests/unit/queries.c."""
    return """// rule number %d
(Map%d f [])               = []
(Map%d f (List.cons x xs)) = (List.cons (f x) (Map%d f xs))
(Go%d 0 a "text\\n") = let b = (+ a 0x2A); dup c d = b; {(P c 'x') (- d -1.5e-3)}
(If%d !x y) =
  if (== x %%sym) { [1, 2 3] } else { λz @w (z w $q) }
Value%d = ask r = (HVM.query); (HVM.print r (Go%d 1 2 3))

""" % ((i,) * 8)


def term(depth):
    if not depth:
        return random.choice(["x", "acc", "tail", str(random.randrange(1000)), "Nil", "(f x)"])
    return "(%s %s %s)" % (random.choice(["Cons", "Tree.node", "List.map", "Pair"]), term(depth - 1), term(depth - 1))


def programs():
    texts = []
    for folder in ("examples", "bench/programs", "bench/held-out"):
        for path in sorted(glob.glob(os.path.join(ROOT, folder, "*.hvm"))):
            with open(path, encoding="utf-8") as file:
                texts.append(file.read() + "\n")
    return lambda i: texts[i % len(texts)]


KINDS = {
    "programs": programs(),  # examples and benchmarks, over and over
    "mixed": mixed,
    "short": lambda i: "(F%d x) = x\n" % (i % 1000),
    "long": lambda i: "(Long.rule %d tree accumulator) =\n  %s\n" % (i, term(9)),
    "numbers": lambda i: "Table%d = [%s]\n" % (i, ", ".join(str(random.randrange(1 << 40)) for _ in range(1000))),
    "strings": lambda i: '(Text %d) = "the quick brown fox jumps over the lazy dog, again and again\\n"\n' % i,
    "comments": lambda i: "// the quick brown fox jumps over the lazy dog, again and again\n// and so on\n(F %d) = x\n" % i,
}


def main():
    for name, part in KINDS.items():
        with open(os.path.join(sys.argv[1], name + ".hvm"), "w", encoding="utf-8") as file:
            size = i = 0
            while size < SIZE:
                text = part(i)
                file.write(text)
                size += len(text.encode())
                i += 1
    with open(os.path.join(sys.argv[1], "lines.hvm"), "w", encoding="utf-8") as file:
        file.write("".join(mixed(i) for i in range(12500)))


main()
