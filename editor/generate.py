#!/usr/bin/env python3
"""generate.py [--check]: makes from grammar/ what other editors read of it. --check changes nothing; status 1 if a file is
not as it would be made.

  helix/queries/hvm/*.scm, zed/languages/hvm/*.scm   the queries with the names of captures that these editors use
  vscode/syntaxes/hvm.tmLanguage.json                tokens of the grammar with the colours of its highlights query"""
import json, os, re, sys

HERE = os.path.dirname(os.path.abspath(__file__))
QUERIES = os.path.join(HERE, "..", "grammar", "queries")
GRAMMAR = os.path.join(HERE, "..", "grammar", "src", "grammar.json")
MADE = "; Made by editor/generate.py from grammar/queries/%s.scm.\n"

HELIX = {
    "number": "constant.numeric.integer", "number.float": "constant.numeric.float", "character": "constant.character",
    "string.escape": "constant.character.escape", "keyword.conditional": "keyword.control.conditional",
    "function.call": "function", "variable.special": "variable.other",
    "local.definition": "local.definition.variable.parameter",
    "indent.begin": "indent", "indent.branch": "outdent", "indent.end": None, "indent.auto": None,
    "function.outer": "function.around", "function.inner": "function.inside", "parameter.outer": "parameter.around",
    "parameter.inner": "parameter.inside", "comment.outer": "comment.around",
    "call.outer": None, "conditional.outer": None, "conditional.inner": None, "block.outer": None, "block.inner": None,
}
ZED = {
    "number.float": "number", "character": "string", "keyword.conditional": "keyword", "keyword.function": "keyword",
    "function.call": "function", "function.builtin": "function", "variable.builtin": "variable.special",
    "constant.builtin": "constant", "function.outer": "function.around", "function.inner": "function.inside",
    "comment.outer": "comment.around", "parameter.outer": None, "parameter.inner": None,
    "call.outer": None, "conditional.outer": None, "conditional.inner": None, "block.outer": None, "block.inner": None,
}
TOKEN = re.compile(r';[^\n]*|"(?:\\.|[^"\\])*"|[()\[\]]|\s+|[^\s()\[\]";]+')


def forms(text):
    """The patterns of a query, each with the comments and space before it."""
    form, depth = "", 0
    for match in TOKEN.finditer(text):
        token = match.group()
        if depth == 0 and form.strip() and token[0] in '(["' and not re.fullmatch(r"(\s|;[^\n]*)*", form):
            yield form
            form = ""
        depth += (token in "([") - (token in ")]")
        if depth == 0 and token.isspace() and "\n\n" in token and not re.fullmatch(r"(\s|;[^\n]*)*", form):
            yield form + "\n"
            form, token = "", "\n"
        form += token
    yield form


def query(name, captures):
    with open(os.path.join(QUERIES, name + ".scm"), encoding="utf-8") as file:
        text = file.read()
    made = MADE % name + "\n"
    for form in forms(text):
        found = re.findall(r"@([\w.-]+)", re.sub(r";[^\n]*", "", form))
        if any(captures.get(capture, capture) is None for capture in found):
            comments = re.match(r"(\s|;[^\n]*)*", form).group()
            form = comments if ";" in comments and "\n\n" in comments else ""
        made += re.sub(r"@([\w.-]+)", lambda m: "@" + captures.get(m.group(1), m.group(1)), form)
    return re.sub(r"\n{3,}", "\n\n", made).rstrip() + "\n"


# Capture of the highlights query -> scope of TextMate.
SCOPES = {
    "comment": "comment.line.double-slash", "string": "string.quoted", "string.escape": "constant.character.escape",
    "character": "constant.character", "string.special.symbol": "constant.other.symbol", "number": "constant.numeric.integer",
    "number.float": "constant.numeric.float", "function": "entity.name.function", "function.call": "entity.name.function.call",
    "function.builtin": "support.function", "constructor": "entity.name.type", "keyword": "keyword.other",
    "keyword.conditional": "keyword.control.conditional", "keyword.function": "storage.type.function",
    "operator": "keyword.operator", "variable": "variable.other", "variable.parameter": "variable.parameter",
    "variable.special": "variable.other.scopeless", "variable.builtin": "variable.language", "label": "entity.name.label",
    "punctuation.bracket": "punctuation.section.bracket", "punctuation.delimiter": "punctuation.separator",
}


def regex(rule):
    """A regular expression for a token of grammar.json."""
    kind = rule["type"]
    if kind == "PATTERN":
        return rule["value"]
    if kind == "STRING":
        return re.escape(rule["value"])
    if kind == "SEQ":
        return "".join(regex(member) for member in rule["members"])
    if kind == "CHOICE":
        members = sorted((regex(m) for m in rule["members"] if m["type"] != "BLANK"), key=len, reverse=True)
        blank = any(m["type"] == "BLANK" for m in rule["members"])
        return "(?:%s)%s" % ("|".join(members), "?" if blank else "")
    if kind in ("REPEAT", "REPEAT1"):
        return "(?:%s)%s" % (regex(rule["content"]), "*" if kind == "REPEAT" else "+")
    return regex(rule["content"])  # TOKEN, IMMEDIATE_TOKEN, PREC


def textmate():
    with open(GRAMMAR, encoding="utf-8") as file:
        rules = json.load(file)["rules"]
    with open(os.path.join(QUERIES, "highlights.scm"), encoding="utf-8") as file:
        highlights = re.sub(r"^;[^\n]*", "", file.read(), flags=re.M)
    colour, quoted = {}, set()  # of nodes and of tokens; tokens
    for group, capture in re.findall(r'^\[((?:"[^"]*"|[^\]"])*)\]\s*@([\w.]+)', highlights, re.M):
        for item in re.findall(r'"([^"]+)"|\((\w+)\)', group):
            colour.setdefault(item[0] or item[1], capture)
            quoted.add(item[0])
    for node, capture in re.findall(r"^\((\w+)\)\s*@([\w.]+)", highlights, re.M):
        colour[node] = capture
    matches = {capture: pattern.replace("\\\\", "\\") for capture, pattern in
               re.findall(r'#match\? @([\w.]+) "((?:\\.|[^"\\])*)"', highlights)}

    def scope(capture):
        return SCOPES[capture] + ".hvm"

    def token(node, pattern=None, capture=None):
        return {"match": pattern or regex(rules[node]), "name": scope(capture or colour[node])}

    def words(capture):
        found = sorted(word for word in quoted if colour.get(word) == capture and word.isalpha())
        return "(?<![\\w$.])(?:%s)(?![\\w$])" % "|".join(found)

    def started(capture):
        """A name that a #match? of the query picks by its beginning."""
        return matches[capture].rstrip("$")

    name, variable = regex(rules["name"]), regex(rules["variable"]).replace("(\\.", "(?:\\.")
    escape = token("escape_sequence")
    parameter = {"name": scope("variable.parameter")}
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "information_for_contributors": ["Made by editor/generate.py from grammar/."],
        "name": "HVM", "scopeName": "source.hvm", "fileTypes": ["hvm"],
        "patterns": [
            {"match": "//.*$", "name": scope(colour["comment"])},
            {"begin": '"', "end": '"', "name": scope(colour["string"]), "patterns": [escape]},
            {"begin": "`", "end": "`", "name": scope(colour["string"]), "patterns": [escape]},
            {"match": "'(?:(%s)|[^'\\\\])'" % escape["match"], "name": scope(colour["character"]),
             "captures": {"1": {"name": escape["name"]}}},
            {"match": "^(\\(?)(%s)(?=[^\\n]*?(?<![=<>!])=(?!=))" % name,
             "captures": {"1": {"name": scope("punctuation.bracket")}, "2": {"name": scope("function")}}},
            {"match": "([λ@])\\s*(%s|\\*)" % variable, "captures": {"1": {"name": scope(colour["λ"])}, "2": parameter}},
            {"match": "[λ@]", "name": scope(colour["λ"])},
            {"match": "(?<![\\w$.])(let|ask)\\s+(%s)(?=\\s*=)" % variable,
             "captures": {"1": {"name": scope(colour["let"])}, "2": parameter}},
            {"match": "(?<![\\w$.])(dup)\\s+(%s)\\s+(%s)" % (variable, variable),
             "captures": {"1": {"name": scope(colour["dup"])}, "2": parameter, "3": parameter}},
            {"match": words("keyword"), "name": scope("keyword")},
            {"match": words("keyword.conditional"), "name": scope("keyword.conditional")},
            {"match": "(?<!\\()" + regex(rules["_negative_float"]), "name": scope(colour["float"])},
            token("float"), token("integer"),
            {"match": "(?<!\\()" + regex(rules["symbol"]), "name": scope(colour["symbol"])},
            {"match": "(?:%s)[A-Za-z0-9_$.]*" % started("function.builtin")[1:], "name": scope("function.builtin")},
            {"match": "(?<![\\w$.])(?:%s)(?![\\w$.])" % started("constructor")[1:], "name": scope("constructor")},
            {"match": "(?<=\\()" + name + "(?=[^\\w$.)])", "name": scope("function.call")},
            token("name", capture="constructor"),
            {"match": "\\$[01][A-Za-z0-9_$]+", "name": scope("label")},
            {"match": "\\$[A-Za-z0-9_$]+", "name": scope("variable.special")},
            token("variable", variable), token("operator"),
            {"match": "[=!]", "name": scope(colour["="])},
            {"match": "[()\\[\\]{}]", "name": scope(colour["("])},
            {"match": "[,;.]", "name": scope(colour[","])},
        ],
    }


def files():
    for name in ("highlights", "locals", "indents", "injections", "textobjects"):
        yield "helix/queries/hvm/%s.scm" % name, query(name, HELIX)
    for name in ("highlights", "injections", "textobjects"):
        yield "zed/languages/hvm/%s.scm" % name, query(name, ZED)
    yield "vscode/syntaxes/hvm.tmLanguage.json", json.dumps(textmate(), indent=2, ensure_ascii=False) + "\n"


def main():
    status = 0
    for path, text in files():
        path = os.path.join(HERE, path)
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        if old == text:
            continue
        if "--check" in sys.argv:
            print("%s is not what editor/generate.py makes" % os.path.relpath(path))
            status = 1
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return status


sys.exit(main())
