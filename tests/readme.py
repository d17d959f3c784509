#!/usr/bin/env python3
"""readme.py [--update]: what README.md and the tutorials show is what happens.

A block ```hvm that begins with '// NAME' is written to the file NAME. In a block ```console every line that begins with
'$ ' is run, and what follows must be its output (times may differ). --update writes the actual output into the files."""
import os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVM = os.path.abspath(os.environ.get("HVM", os.path.join(ROOT, "build", "hvm")))
FILES = ["README.md", "docs/parallel.md", "docs/lazy-cloning.md", "docs/trace.md"]


def run(command, folder):
    environment = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"])
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.stdout.decode()


def comparable(text):
    return re.sub(r"TIME: \S+ \|(.*)RPS: \S+\]", r"TIME |\1RPS]", text)


def check(name, update):
    passed = failed = 0
    path = os.path.join(ROOT, name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "bin"))
        os.symlink(HVM, os.path.join(folder, "bin", "hvm"))

        def block(match):
            nonlocal passed, failed
            kind, body = match.groups()
            if kind == "hvm":
                with open(os.path.join(folder, body.split("\n")[0][3:]), "w", encoding="utf-8") as file:
                    file.write(body)
                return match.group()
            shown = "```console\n"
            for command, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.M):
                got = run(command, folder)
                shown += "$ %s\n%s" % (command, got)
                if comparable(got) == comparable(wanted):
                    passed += 1
                else:
                    failed += 1
                    print("FAIL  %s: %s\n      wanted:\n%s      got:\n%s" % (name, command, wanted, got))
            return shown + "```\n"

        text = re.sub(r"```(hvm|console)\n(.*?)```\n", block, text, flags=re.S)
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return passed, failed


def main():
    counts = [check(name, "--update" in sys.argv) for name in FILES]
    passed, failed = (sum(count[i] for count in counts) for i in (0, 1))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
