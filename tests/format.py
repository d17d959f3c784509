#!/usr/bin/env python3
"""format.py: hvm fmt on all programs there are and on random ones. The text means the same, formatting it again changes
nothing, its comments are the same, and examples are formatted as they are committed."""
import glob, os, random, re, resource, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVM = os.path.abspath(os.environ.get("HVM", os.path.join(ROOT, "build", "hvm")))
REDUCED = os.environ.get("REDUCED") == "1"
LIMIT = 100 if REDUCED else 10
TOKEN = re.compile(rb"""//[^\n]*|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|'(?:\\u\{[^}]*\}|\\.|[^'\\])+?'|(?<!\()-[0-9]+\.[0-9]+[\w.]*
    |[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?[\w.]*|(?<!\()%[A-Za-z0-9_$.]+|[a-z_$][\w$]*(?:\.[\w$]+)*|[\w$.]+
    |<<|>>|<=|>=|==|!=|\xce\xbb|\S""", re.X | re.S)
passed = failed = 0


def check(good, name, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAIL  %s: %s" % (name, what))
    return good


def fmt(text, *options):
    run = subprocess.run([HVM, "fmt", *options, "-"], input=text, capture_output=True, timeout=LIMIT)
    return run.returncode, run.stdout, run.stderr


def words(text):
    """The tokens that mean something, and the comments."""
    text = text.replace(b"\xef\xbb\xbf", b"") if text.startswith(b"\xef\xbb\xbf") else text
    tokens = [t for t in TOKEN.findall(text)]
    comments = [t.rstrip() for t in tokens if t.startswith(b"//")]
    rest = [t for t in tokens if not t.startswith(b"//") and t not in (b",", b";", b".")]
    joined = b" ".join(b"()" if t == b"()" else t for t in rest)
    joined = re.sub(rb"(?<!\( )\( ([A-Z][\w$.]*) \)", rb"\1", joined)
    return joined.replace(b"( )", b"()"), comments


def check_program(name, text):
    status, once, complaint = fmt(text)
    if not check(status == 0, name, complaint.decode("utf-8", "replace")):
        return
    check(words(text) == words(once), name, "other words:\n%s" % once.decode("utf-8", "replace"))
    status, twice, complaint = fmt(once)
    check(status == 0 and once == twice, name, "formatting again changes it:\n%s\n%s" % (
        once.decode("utf-8", "replace"), twice.decode("utf-8", "replace")))


class Program:
    """Random rules. Between two tokens stands any white space, and sometimes a comment."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.comments = self.random.choice([0, 0, 0.02, 0.2])

    def space(self):
        space = self.random.choice([" "] * 8 + ["\n", "  ", "\n\n\n", "\t", " \r\n "])
        if self.random.random() < self.comments:
            space += "// %s" % self.random.choice(["c", "(", "a comment  ", "λ\n\n  // more"]) + "\n" + space
        return space

    def join(self, *words):
        return self.space().join(words)

    def term(self, depth):
        pick = self.random.random
        if depth <= 0 or pick() < 0.25:
            return self.random.choice(["x", "y.z", "$s", "_", "1", "0x2A", "-1.5", "2.0e-3", "'a'", "'\\n'", '"text"', '"\\""',
                                       "`q`", "%sym", "Nil", "Name.with.Dots.", "()", "(Nil)", "[]", '"a\n  b"', "LongConstructorName",
                                       "a_long_variable_name"])
        some = lambda least: [self.term(depth - 1) for _ in range(least + int(pick() * pick() * 5))]
        head = lambda: self.random.choice(["f", "(f x)", "((Nil) y)", "λq q", "1", '"s"', "[1]"])
        kind = self.random.randrange(12)
        if kind == 0:
            return self.join("(", self.random.choice(["Pair", "HVM.log", "HVM.print", "Fun"]), *some(1), ")")
        if kind == 1:
            return self.join("(", head(), *some(1), ")")
        if kind == 2:
            return self.join("(", self.random.choice("+ - * / % & | ^ << >> < <= == >= > !=".split()), *some(2)[:2], ")")
        if kind == 3:
            return self.join(self.random.choice("λ@") + self.random.choice(["x", "*", "$s", "y."]), self.term(depth - 1))
        if kind == 4:
            return self.join("let", "x", "=", self.term(depth - 1) + self.random.choice([";", ""]), self.term(depth - 1))
        if kind == 5:
            return self.join("dup", "a", "b", "=", self.term(depth - 1), self.term(depth - 1))
        if kind == 6:
            return self.join("ask", *self.random.choice([["x", "="], []]), self.term(depth - 1), self.term(depth - 1))
        if kind == 7:
            return self.join("if", self.term(depth - 1), "{", self.term(depth - 1), "}", "else", "{", self.term(depth - 1), "}")
        if kind == 8:
            return self.join("{", *some(2)[:2], "}")
        if kind == 9:
            return self.join("[", *[t + self.random.choice([",", ""]) for t in some(0)], "]")
        if kind == 10:
            return self.join("(", head(), ")")
        return self.join("(", "Cons", *some(2), ")")

    def rule(self):
        name = self.random.choice(["Main", "(F x)", "(Longer (Cons x xs) !y)", '(G "" [a, b])', "(H)"])
        return self.join(name, "=", self.term(self.random.randrange(6)))

    def text(self):
        rules = [self.rule() for _ in range(self.random.randrange(1, 6))]
        return self.random.choice(["", "// first\n", "\ufeff"]) + "\n".join(
            r + self.random.choice(["", "\n", " // behind", "\n// below\n\n"]) for r in rules) + self.random.choice(["", "\n", "\n\n"])


def programs():
    for folder in ("examples", "bench/programs", "bench/held-out", "tests/cases", "tests/conformance/cases",
                   "tests/conformance/unsound", "grammar/test/highlight", "stdlib"):
        yield from sorted(glob.glob(os.path.join(ROOT, folder, "**", "*.hvm"), recursive=True))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def check_results():
    """Formatted programs have the results of the others."""
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(glob.glob(os.path.join(ROOT, "examples", "*.hvm")))
        for path in paths[::10] if REDUCED else paths:
            copy = os.path.join(folder, os.path.basename(path))
            with open(copy, "wb") as file:
                file.write(read(path))
            subprocess.run([HVM, "fmt", copy], check=True, timeout=LIMIT)
            with open(os.devnull) as empty:
                run = subprocess.run([HVM, "run", copy], stdin=empty, capture_output=True, timeout=LIMIT * 3)
            wanted = subprocess.run([HVM, "run", path], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT * 3)
            check(run.stdout == wanted.stdout, path, "another result")


def check_command():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.hvm")

        def put(text):
            with open(path, "wb") as file:
                file.write(text)

        put(b"(F x)=x   // c")
        os.chmod(path, 0o640)
        run = subprocess.run([HVM, "fmt", "--check", path], capture_output=True, timeout=LIMIT)
        check(run.returncode == 1 and run.stdout.decode().strip() == path, "--check", "names no file")
        check(read(path) == b"(F x)=x   // c", "--check", "it changed the file")
        run = subprocess.run([HVM, "fmt", path], capture_output=True, timeout=LIMIT)
        check(run.returncode == 0 and read(path) == b"(F x) = x // c\n", "fmt", "wrong file")
        check(os.stat(path).st_mode & 0o777 == 0o640, "fmt", "the file's mode changed")
        run = subprocess.run([HVM, "fmt", "-n", path], capture_output=True, timeout=LIMIT)
        check(run.returncode == 0 and run.stdout == b"", "--check", "finds fault with a formatted file")
        put(b"(F x = x\nG = 1   \n")
        run = subprocess.run([HVM, "fmt", path], capture_output=True, timeout=LIMIT)
        check(run.returncode == 1 and b"error" in run.stderr and read(path) == b"(F x = x\nG = 1   \n", "fmt",
              "an erroneous file must stay")
        check(subprocess.run([HVM, "fmt"], capture_output=True).returncode == 2, "fmt", "no file is no error")
        # What there is no room for leaves the file as it is, and nothing beside it.
        text = b"".join(b"(Function%d x  y) =    (+ x   (* y %d))\n" % (i, i) for i in range(300))
        put(text)
        run = subprocess.run([HVM, "fmt", path], capture_output=True, timeout=LIMIT,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
        check(run.returncode == 1 and b"File too large" in run.stderr, "fmt", "no room is no error")
        check(read(path) == text, "fmt", "the file changed though there was no room")
        check(os.listdir(folder) == ["a.hvm"], "fmt", "something is left over")


# What the style is: text and what it becomes.
STYLE = [
    ("", ""),
    ("\n\n// only a comment", "// only a comment\n"),
    ("Main=(F 1   2)", "Main = (F 1 2)\n"),
    ("(A)=(B)\n\n\n\nC = ((B) 1)", "A = B\n\nC = ((B) 1)\n"),
    ("(F a) = 1\n(Go b c) = 2", "(F a)    = 1\n(Go b c) = 2\n"),
    ("A=[1 2,3]", "A = [1, 2, 3]\n"),
    ("A=λx.x @y. let a=1 let b=2 (+ a b)", "A = λx.x @y\n  let a = 1\n  let b = 2\n  (+ a b)\n"),
    ("Main = (HVM.log 1 (HVM.log 2 3))", "Main =\n  (HVM.log 1\n  (HVM.log 2\n  3))\n"),
    ("A = 1 // one\n// two\nB = (F // three\n x)", "A = 1 // one\n// two\nB =\n  (F // three\n    x)\n"),
    ("(F n) = if (== n 0) { (Something long enough here) } else { (Something (Else that is) even longer) }",
     "(F n) = if (== n 0) {\n  (Something long enough here)\n} else {\n  (Something (Else that is) even longer)\n}\n"
     ),
]


def main():
    for text, wanted in STYLE:
        status, out, complaint = fmt(text.encode())
        check(status == 0 and out.decode() == wanted, repr(text), "becomes\n%s%s  not\n%s" % (
            out.decode(), complaint.decode(), wanted))
    paths = list(programs())
    for path in paths[::20] if REDUCED else paths:
        check_program(os.path.relpath(path, ROOT), read(path))
    for seed in range(50 if REDUCED else 400):
        check_program("random program %d" % seed, Program(seed).text().encode())
    deep = b"Main = " + b"(S " * 20000 + b"Z" + b")" * 20000 + b"\n"
    check_program("a deep term", deep)
    check_program("a long list", b"Main = [" + b"1 (F x) " * 20000 + b"]\n")
    check_command()
    check_results()
    for folder in ("examples", "stdlib"):
        files = glob.glob(os.path.join(ROOT, folder, "*.hvm"))
        if files:
            run = subprocess.run([HVM, "fmt", "--check", *files], capture_output=True, timeout=LIMIT)
            check(run.returncode == 0, folder, "not formatted: %s" % run.stdout.decode())
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
