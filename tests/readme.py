#!/usr/bin/env python3
"""readme.py [--update]: what README.md shows is what happens.

A block ```hvm that begins with '// NAME' is written to the file NAME. In a block ```console every line that begins with
'$ ' is run, and what follows must be its output (times may differ). --update writes the actual output into README.md."""
import os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVM = os.path.abspath(os.environ.get("HVM", os.path.join(ROOT, "build", "hvm")))
README = os.path.join(ROOT, "README.md")


def run(command, folder):
    environment = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"])
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.stdout.decode()


def comparable(text):
    return re.sub(r"TIME: \S+ \|(.*)RPS: \S+\]", r"TIME |\1RPS]", text)


def main():
    update = "--update" in sys.argv
    passed = failed = 0
    with open(README, encoding="utf-8") as file:
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
                    print("FAIL  README.md: %s\n      wanted:\n%s      got:\n%s" % (command, wanted, got))
            return shown + "```\n"

        text = re.sub(r"```(hvm|console)\n(.*?)```\n", block, text, flags=re.S)
    if update:
        with open(README, "w", encoding="utf-8") as file:
            file.write(text)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
