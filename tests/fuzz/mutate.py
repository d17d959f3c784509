"""Makes inputs: mutations of programs, random well-formed programs, and texts that are odd on purpose."""
import re

TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\[^\n])*\'|//[^\n]*|[A-Za-z_$%][\w$.]*|\d[\w.]*'
    rb"|\xce\xbb|<<|>>|<=|>=|==|!=|[ \t]+|\r?\n|.",
    re.DOTALL,
)
WORDS = [
    b"(", b")", b"[", b"]", b"{", b"}", b"=", b";", b",", b"!", b"!x", b"\xce\xbb", b"@", b"\xce\xbbx", b"@x ", b"\xce\xbb* ", b"$x", b"\xce\xbb$x ",
    b"dup a b = ", b"dup $a $b = ", b"let x = ", b"let _ = ", b"if 1 { ", b" } else { ", b"else", b"ask ", b"ask x = ", b"//", b"\n", b"\r\n", b"\r",
    b"+", b"-", b"*", b"/", b"%", b"&", b"|", b"^", b"<<", b">>", b"<", b"<=", b"==", b">=", b">", b"!=", b"-1.5", b"(- 1 2)",
    b"0", b"1", b"2", b"60", b"64", b"1152921504606846975", b"1152921504606846976", b"99999999999999999999999", b"0x", b"0xFFFFFFFFFFFFFFF",
    b"0xFFFFFFFFFFFFFFFFF", b"0b", b"0b2", b"1.5", b"1.", b".5", b"1e9", b"1.0e308", b"1.0e309", b"1.0e-400", b"1.0e", b"-0.0", b"12abc",
    b"(/ 1.0 0.0)", b"(/ 0.0 0.0)", b"(/ 1 0)", b"(% 1 0)", b"'a'", b"'\\n'", b"'\\u{3bb}'", b"'\\u{110000}'", b"'\\u{}'", b"'\\q'", b"''", b"'ab'",
    b'"', b'"a"', b'"\\u{10FFFF}"', b'"\\x"', b"`", b"%", b"%name", b"%1", b"_", b"_x", b"$", b"Main", b"(Main)", b"F", b"(F)", b"(F x)", b"Nil.", b"F.0",
    b"x.y", b"x.", b"U60.if", b"(U60.swap 1 2 3)", b"(HVM.log 1 2)", b'(HVM.print "a" 1)', b"(HVM.query \xce\xbbx x)", b"(HVM.load \"f\" \xce\xbbx x)",
    b"(HVM.sleep 1 2)", b"(HVM.spark 1 2)", b"let x = (+ 1 2) (HVM.spark x x)", b"HVM.log", b"String.cons", b"String.nil", b"(List.cons 1 2)", b"List.nil", b"(String.cons 1114112 String.nil)", b"(Both 1 2)",
    b"{1 2}", b"{ {1 2} {3 4} }", b"\xce\xbbx (x x)", b"(\xce\xbbx (x x) \xce\xbbx (x x))", b"\xc3\xa9", b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xed\xa0\x80",
]
BRACKETS = [
    (b"(", b"1", b")"), (b"[", b"1", b"]"), (b"{", b"1", b" 2}"), (b"{1 ", b"2", b"}"), (b"(+ 1 ", b"2", b")"), (b"(F ", b"1", b")"),
    (b"\xce\xbbx ", b"x", b""), (b"@x(", b"x", b" x)"), (b"let x = ", b"1", b"; x"), (b"let x = 1; ", b"x", b""), (b"dup a b = ", b"1", b"; (P a b)"),
    (b"dup a b = 1; ", b"a", b""), (b"if ", b"1", b" { 1 } else { 2 }"), (b"if 1 { ", b"1", b" } else { 2 }"), (b"ask x = ", b"\xce\xbbk (k 1)", b"; x"),
    (b"ask ", b"1", b"; 2"), (b"!", b"x", b""), (b'(String.cons 97 ', b"String.nil", b")"), (b"(List.cons 1 ", b"List.nil", b")"),
    (b"(\xce\xbbx (P x x) ", b"1", b")"), (b"(HVM.log 1 ", b"2", b")"), (b"(", b"", b""), (b"[", b"", b""), (b"{", b"", b""), (b")", b"", b""), (b'"', b"", b"a"),
    (b"`", b"", b"a"), (b"(F (", b"x", b")) = "), (b"$x", b"", b" "), (b"\xce\xbb", b"", b""), (b"(x ", b"x", b")"), (b"((", b"f", b" x) y)"),
]
LIMIT = 60000  # bytes of an input


def tokens(text):
    return TOKEN.findall(text)


def odd_text(random):
    """A text that is odd as a whole: very deep, very long, or in another encoding."""
    kind = random.randrange(14)
    many = random.choice([10, 100, 1000, 5000])
    if kind <= 4:
        opening, inside, closing = random.choice(BRACKETS)
        left = random.choice([many, many, many - 1])
        text = b"Main = " + opening * many + inside + closing * left
        return random.choice([text, text, b"(F x) = x\n" + text, b"(F " + opening * many + inside + closing * left + b") = 1\nMain = (F 1)"])
    if kind == 5:
        nest = [random.choice(BRACKETS) for _ in range(min(many, 1000))]
        return b"Main = " + b"".join(n[0] for n in nest) + b"x" + b"".join(n[2] for n in reversed(nest))
    name = random.choice([b"x", b"_", b"$x", b"X", b"a.b", b"\xce\xbb", b"0", b"9", b"1.", b"0x", b"'", b'"a', b"\\", b"=", b" ", b"\n", b"\r", b"\t", b"/"]) * many
    if kind == 6:
        return b"Main = " + random.choice([b"%s", b"(F %s)", b"@%s 1", b"\"%s\"", b"%%%s", b"// %s"]) % name
    if kind == 7:
        return b"(F " + name + b") = " + name + b"\nMain = (F 1)"
    if kind == 8:
        return b"".join(b"(F %d) = %s\n" % (i, random.choice([b"1", b"(F %d)" % (i + 1), b"x%d" % i])) for i in range(min(many, 1000))) + b"Main = (F 0)"
    if kind == 9:
        arguments = b" ".join(b"x%d" % i for i in range(min(many, 3000)))
        return b"(F %s) = %s\nMain = (F 1)" % (arguments, random.choice([b"x0", b"(P %s)" % arguments]))
    if kind == 10:
        return b"(F x) = (P " + b"x " * many + b")\nMain = (F " + random.choice([b"1", b"\xce\xbby y", b"(+ 1 2)", b"{1 2}", b"(C 1)"]) + b")"
    if kind == 11:
        return bytes(random.randrange(256) for _ in range(random.choice([1, 2, 5, 50, 500])))
    if kind == 12:
        text = random.choice(["Main = λx x", "// ü\nMain = \"é\"", "Main = 1\r\nF = 2\r", "Main = '\u0000'"])
        return text.encode(random.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "utf-7"]), errors="replace")
    digits = random.choice([b"1234567890", b"0", b"9", b"1", b"F"]) * (many // 5)
    return b"Main = " + random.choice([b"%s", b"0x%s", b"0b%s", b"1.%s", b"1.0e%s", b"1.0e-%s", b"-%s.0", b"'\\u{%s}'", b'"\\u{%s}"', b"%s.%s"]).replace(b"%s", digits)


class Grammar:
    """Random well-formed programs, with everything: clones, superpositions, scopeless variables, nested patterns."""

    def __init__(self, random):
        self.random = random

    def program(self):
        random = self.random
        self.functions = [(b"F%d" % i, random.randrange(0, 4)) for i in range(random.randrange(1, 4))]
        self.wild = random.random() < 0.3
        rules = []
        for name, arity in self.functions:
            for _ in range(random.randrange(1, 4)):
                self.names, self.fresh = [], 0
                patterns = [self.pattern(2) for _ in range(arity)]
                rules.append(b"(%s) = %s" % (b" ".join([name] + patterns), self.body(4)))
        self.names, self.fresh = [], 0
        rules.append(b"Main = " + self.body(5))
        return b"\n".join(rules) + b"\n"

    def variable(self):
        self.fresh += 1
        name = b"v%d" % self.fresh
        self.names.append(name)
        return name

    def constructor(self):
        return self.random.choice([(b"A", 0), (b"B", 0), (b"S", 1), (b"P", 2), (b"T", 3), (b"List.cons", 2), (b"List.nil", 0), (b"String.cons", 2), (b"String.nil", 0)])

    def pattern(self, depth):
        kind = self.random.randrange(8)
        if kind < 4 or depth == 0:
            return self.random.choice([b"", b"", b"!"]) * (depth == 2) + self.variable()
        if kind == 4:
            return b"%d" % self.random.randrange(3)
        name, arity = self.constructor()
        return b"(" + b" ".join([name] + [self.pattern(depth - 1) for _ in range(arity)]) + b")" if arity else name

    def body(self, depth):
        self.scopeless = 0
        self.pending = []
        text = self.term(depth)
        return text if not self.pending else b"(P %s %s)" % (text, b" ".join(self.pending[:1]))

    def scoped(self, count, depth):
        old = list(self.names)
        bound = [self.variable() for _ in range(count)]
        body = self.term(depth)
        self.names = old
        return bound, body

    def term(self, depth):
        random = self.random
        kind = random.randrange(22) if depth > 0 else random.randrange(4)
        sub = lambda: self.term(depth - 1)
        if kind < 2 and self.names:
            return random.choice(self.names)
        if kind < 3:
            return random.choice([b"0", b"1", b"2", b"3", b"A", b"B", b"1.5", b"'a'", b"[]", b"*"[:0] or b"7"])
        if kind < 4:
            return random.choice(self.names) if self.names and random.random() < 0.8 else random.choice([b'"ab"', b"4", b"%s", b"-2.0", b"1152921504606846975"])
        if kind < 7:
            (x,), body = self.scoped(1, depth - 1)
            return b"\xce\xbb%s %s" % (x, body)
        if kind < 10:
            return b"(%s)" % b" ".join([sub() for _ in range(random.choice([2, 2, 2, 3]))])
        if kind < 12:
            return b"(%s %s %s)" % (random.choice([b"+", b"-", b"*", b"/", b"%", b"<", b"==", b"!=", b"<<", b"^"]), sub(), sub())
        if kind < 15:
            name, arity = random.choice(self.functions)
            return b"(" + b" ".join([name] + [sub() for _ in range(arity)]) + b")"
        if kind < 17:
            name, arity = self.constructor()
            return b"(" + b" ".join([name] + [sub() for _ in range(arity)]) + b")" if arity else name
        if kind == 17:
            value = sub()
            (x,), body = self.scoped(1, depth - 1)
            return b"let %s = %s; %s" % (x, value, body)
        if kind == 18:
            value = sub()
            (x, y), body = self.scoped(2, depth - 1)
            return b"dup %s %s = %s; %s" % (x, y, value, body)
        if kind == 19:
            return b"{%s %s}" % (sub(), sub()) if self.wild else b"[%s %s]" % (sub(), sub())
        if kind == 20:
            return b"if %s { %s } else { %s }" % (sub(), sub(), sub())
        if not self.wild:
            return sub()
        self.scopeless += 1
        name = b"$s%d" % self.scopeless
        if random.random() < 0.5:
            return b"(P %s \xce\xbb%s %s)" % (name, name, sub())
        return b"(\xce\xbb%s %s %s)" % (name, sub(), sub()) if random.random() < 0.5 else b"\xce\xbb%s (S %s)" % (name, name)


def mutate(text, others, random):
    """One to a few changes of a program, token by token or byte by byte."""
    parts = tokens(text)
    for _ in range(random.choice([1, 1, 1, 2, 3, 6])):
        if not parts:
            parts = [b"Main = 1"]
        at = random.randrange(len(parts))
        kind = random.randrange(15)
        if kind == 0:
            del parts[at : at + random.choice([1, 1, 2, 5])]
        elif kind == 1:
            parts.insert(at, random.choice(parts))
        elif kind in (2, 3):
            parts[at] = random.choice(WORDS)
        elif kind in (4, 5):
            parts.insert(at, random.choice(WORDS))
        elif kind == 6:
            other = random.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 7:
            del parts[at:]
        elif kind == 8:
            other = tokens(random.choice(others))
            start = random.randrange(len(other) + 1)
            parts[at:at] = other[start : start + random.choice([1, 3, 10, 40])]
        elif kind == 9:
            rules, more = b"".join(parts).split(b"\n"), random.choice(others).split(b"\n")
            for _ in range(random.randrange(1, 4)):
                rules.insert(random.randrange(len(rules) + 1), random.choice(more))
            parts = tokens(b"\n".join(rules))
        elif kind == 10:
            rules = b"".join(parts).split(b"\n")
            random.shuffle(rules)
            parts = tokens(b"\n".join(rules))
        elif kind == 11:
            opening, _, closing = random.choice(BRACKETS)
            many = random.choice([1, 1, 2, 30, 300])
            parts[at] = opening * many + parts[at] + closing * many
        elif kind == 12:
            whole = bytearray(b"".join(parts))
            for _ in range(random.choice([1, 1, 3])):
                where = random.randrange(len(whole) + 1)
                whole[where : where + random.randrange(2)] = bytes([random.randrange(256)])
            parts = tokens(bytes(whole))
        elif kind == 13:
            names = [p for p in parts if re.match(rb"[a-z$]", p)]
            if names:
                parts[at] = random.choice(names)
        else:
            names = [p for p in parts if re.match(rb"[A-Z0-9]", p)]
            if names:
                parts[at] = random.choice(names)
    return b"".join(parts)[:LIMIT]
