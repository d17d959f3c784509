"""Runs the command once, bounded in time, output and memory, and judges what it did."""
import os
import re
import resource
import selectors
import signal
import subprocess
import time

KEEP = 4 << 20  # bytes of output that are looked at; more is read and dropped
SANITIZER = re.compile(rb"(AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error): *([^\n]*)")
FRAME = re.compile(rb"#\d+ 0x[0-9a-f]+ in (\w+) [^\n]*?((?:lang|eval|lib|cli)/[\w.]+)")
FIRST_LINE = re.compile(r"^(hvm: |.+?:\d+:\d+: |.+?: )(error|warning): .+")
ENVIRONMENT = dict(
    os.environ,
    ASAN_OPTIONS="exitcode=99:allocator_may_return_null=1:detect_leaks=1:hard_rss_limit_mb=6000",
    UBSAN_OPTIONS="exitcode=98:print_stacktrace=1",
    NO_COLOR="1",
    HVM_CC="/nonexistent",  # thousands of runs would compile thousands of programs
)


class Result:
    def __init__(self, status, out, err, seconds, interrupted, killed):
        self.status = status  # negative: a signal
        self.out = out
        self.err = err
        self.seconds = seconds
        self.interrupted = interrupted  # it was sent SIGINT because its time was over
        self.killed = killed  # it did not end after SIGINT, and got SIGKILL


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(words, folder, limit, grace, stdin=None):
    """Runs words in folder; after limit seconds it is sent SIGINT, after grace more SIGKILL."""
    start = time.monotonic()
    with subprocess.Popen(
        words, cwd=folder, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=ENVIRONMENT, preexec_fn=no_core,
    ) as process:
        kept = {process.stdout: bytearray(), process.stderr: bytearray()}
        deadline, interrupted, killed = start + limit, False, False
        with selectors.DefaultSelector() as selector:
            for stream in kept:
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                now = time.monotonic()
                if now >= deadline and not interrupted:
                    interrupted = True
                    process.send_signal(signal.SIGINT)
                    deadline = now + grace
                elif now >= deadline and not killed:
                    killed = True
                    process.kill()
                    deadline = now + 60
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    data = os.read(key.fileobj.fileno(), 1 << 16)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif len(kept[key.fileobj]) < KEEP:
                        kept[key.fileobj] += data
        status = process.wait()
    out, err = (bytes(kept[stream]) for stream in kept)
    return Result(status, out, err, time.monotonic() - start, interrupted, killed)


def sanitizer_report(err):
    found = SANITIZER.search(err)
    if not found:
        return None
    what = re.sub(rb"0x[0-9a-f]+|\d+", b"N", found.group(2))[:60].decode(errors="replace").strip()
    frame = FRAME.search(err)
    where = f" in {frame.group(1).decode()} {frame.group(2).decode()}" if frame else ""
    return f"sanitizer: {what}{where}"


def run_begun(words, folder, limit, grace):
    """The same, but one whose SIGINT came before it could catch it, on a machine with much else to do, gets more time."""
    result = run(words, folder, limit, grace)
    while result.interrupted and result.status == -signal.SIGINT and limit < 30:
        limit *= 4
        result = run(words, folder, limit, grace)
    return result


def fault(result, grace, statuses=(0, 1)):
    """What is wrong with a run in itself: a short name of the kind of fault, or None."""
    report = sanitizer_report(result.err)
    if report:
        return report
    if result.killed:
        return f"hang: SIGINT does not end it within {grace:g} s"
    if result.status < 0:
        return f"signal {-result.status}"
    if result.status not in statuses:
        return f"exit status {result.status}"
    try:
        err = result.err.decode()
    except UnicodeDecodeError:
        if len(result.err) < KEEP:
            return "standard error is not UTF-8"
        err = result.err.decode(errors="ignore")
    if any(ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 for c in err):
        return "control characters on standard error"
    if result.status == 1:
        if not err:
            return "status 1 without a message"
        if "error: " not in err:
            return "status 1 without an error in the message"
    if err and not FIRST_LINE.match(err.split("\n", 1)[0]) and not err.startswith("{"):
        return "a message of another form"
    if result.status == 0 and "error: " in err and not err.startswith("{"):
        return "status 0 with an error"
    return None
