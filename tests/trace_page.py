#!/usr/bin/env python3
"""trace_page.py BROWSER SMALL.html LARGE.html STRICT.html WIDE.html: the page of `hvm trace --format html` in headless Chromium, driven through
its debugging pipe: load, step, search, filter, play, by keyboard and mouse, in light and dark, small and large; strict calls that are opened and closed; a term of which only
a part is drawn."""
import json
import os
import subprocess
import sys
import tempfile
import time

passed = failed = 0


class Browser:
    def __init__(self, program, folder):
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def descriptors():  # the pipe is to be 3 and 4
            inside, outside = os.dup(to_read), os.dup(from_write)
            os.dup2(inside, 3), os.dup2(outside, 4)

        words = [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir=" + folder]
        self.process = subprocess.Popen(words, preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(to_read), os.close(from_write)
        self.write, self.read, self.buffer, self.number = to_write, from_read, b"", 0
        self.session, self.errors = None, []

    def message(self):
        while b"\0" not in self.buffer:
            part = os.read(self.read, 1 << 16)
            if not part:
                raise EOFError("the browser ended")
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"].get("text"))
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def key(self, key, text=""):
        codes = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38, "ArrowDown": 40, "Home": 36, "End": 35, "PageDown": 34, "Enter": 13, "Tab": 9, " ": 32}
        code = codes.get(key, ord(key.upper()) if len(key) == 1 else 0)
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def click(self, selector, at=0.5):
        x, y = self.value("(() => { const b = document.querySelector(%s).getBoundingClientRect();"
                          "return [b.left + b.width * %f, b.top + b.height / 2] })()" % (json.dumps(selector), at))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1, buttons=1)

    def open(self, path, width, height, theme):
        if not self.session:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self.call("Page.enable"), self.call("Runtime.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        self.call("Page.navigate", url="file://" + path)
        self.wait("document.readyState === 'complete' && !!document.querySelector('#status')?.textContent")

    def wait(self, condition, seconds=30):
        end = time.time() + seconds
        while not self.value(condition):
            assert time.time() < end, "never: " + condition
            time.sleep(0.02)

    def timed(self, expression):
        """Milliseconds until the page has painted what the expression did."""
        return self.value("new Promise(done => { const start = performance.now(); %s; requestAnimationFrame(() =>"
                          "setTimeout(() => done(performance.now() - start), 0)) })" % expression)


def check(name, condition, more=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print("FAIL  page: %s %s" % (name, more))


POSITION = "document.querySelector('#strip').getAttribute('aria-valuenow')"


def small(browser, path):
    browser.open(path, 1200, 800, "light")
    check("begins at the beginning", browser.value(POSITION) == "0")
    check("light", browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)")
    for key, want in (("ArrowRight", "1"), ("ArrowRight", "2"), ("ArrowLeft", "1"), ("End", "10"), ("Home", "0")):
        browser.key(key)
        check("key " + key, browser.value(POSITION) == want, browser.value(POSITION))
    browser.click("#next"), browser.click("#next")
    check("button forward", browser.value(POSITION) == "2")
    check("term and marks", browser.value("document.querySelector('#term mark.redex, #term mark.both') != null &&"
                                          "document.querySelector('#term').textContent.includes('dup x0 x1 = 2')"))
    browser.wait("document.querySelector('#graph').textContent.includes('dup f0 f1')")
    check("marks in the graph", browser.value("document.querySelectorAll('#graph g.redex, #graph g.both').length") > 0)
    parts = "[...document.querySelectorAll('#graph g.node text')].map(e => e.textContent)"
    check("parts of the graph", {"Pair", "dup x0 x1", "λy"} <= set(browser.value(parts)), browser.value(parts))
    browser.click("#strip", 0.55)
    check("the strip", browser.value(POSITION) in ("5", "6"), browser.value(POSITION))
    browser.key("Home"), browser.key("/")
    check("/ goes to the search", browser.value("document.activeElement.id") == "query")
    for c in "Op2":
        browser.key(c, c)
    browser.key("Enter", "\r")
    browser.wait(POSITION + " === '7'")
    check("search", browser.value("document.querySelector('#status').textContent").startswith("7  Op2-U60"))
    browser.value("document.activeElement.blur()")
    browser.value("[...document.querySelectorAll('#rules button')].find(b => b.textContent.includes('Dup-U60')).click()")
    browser.key("ArrowRight")
    check("a rule that is left out is passed over", browser.value(POSITION) == "9", browser.value(POSITION))
    browser.key("Home"), browser.value("document.querySelector('#speed').value = 40"), browser.key(" ", " ")
    browser.wait(POSITION + " === '10'")
    browser.wait("document.querySelector('#play').getAttribute('aria-pressed') === 'false'")
    check("play ends at the end", True)
    browser.key("t", "t")
    check("dark", browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)")
    browser.key("t", "t")
    browser.value("document.body.focus()")
    browser.key("Tab")
    check("Tab reaches the buttons", browser.value("document.activeElement.tagName") == "BUTTON")
    unnamed = ("[...document.querySelectorAll('button, input, select, canvas, section, svg')].filter(e => !(e.getAttribute("
               "'aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim() || e.closest('label'))).length")
    check("everything has a name for screen readers", browser.value(unnamed) == 0)
    browser.value("localStorage.clear()")
    browser.open(path, 360, 740, "dark")
    check("a phone, dark: nothing is wider than the screen", browser.value(
        "document.documentElement.scrollWidth <= innerWidth && getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)")
    check("a phone: buttons are large enough", browser.value("document.querySelector('#next').offsetHeight") >= 44)


def large(browser, path):
    start = time.time()
    browser.open(path, 1200, 800, "light")
    steps, loading = browser.value("count"), (time.time() - start) * 1e3
    check("large: has many steps", steps > 50000, steps)
    for name, what, share in (("forward", "move(1)", 0.5), ("to the middle", "show(count / 2)", 2), ("to the end", "show(count)", 2),
                              ("back", "move(-1)", 0.5), ("filter", "document.querySelector('#rules button').click()", 1)):
        took = browser.timed(what)
        check("large: %s" % name, took < share * loading, "%d ms, loading %d ms" % (took, loading))
    browser.value("document.querySelector('#rules button').click(), show(0), $('query').value = 'Count 31)', find(1)")
    browser.wait("position > 1000", 20)
    check("large: search", "(Count 31)" in browser.value("document.querySelector('#term').textContent"))


def strict(browser, path):
    status, term = "document.querySelector('#status').textContent", "document.querySelector('#term').textContent"
    browser.open(path, 1200, 800, "light")

    def at(name, number, what, text):
        there = browser.value(status)
        check("strict: " + name, there.startswith("%d  %s" % (number, what)) and text in browser.value(term),
              (there, browser.value(term)))

    browser.key("ArrowRight")
    at("what is reduced is open", 1, "Main, strict call", "Main")
    browser.key("ArrowRight")
    at("a call is one step", 2, "Sum, strict call, 7 rewrites", "(Sum [1, 2, 3])→6")
    browser.key("ArrowDown")
    at("down opens it", 2, "Sum, strict call", "(Sum [1, 2, 3])")
    browser.key("ArrowRight")
    at("inside", 3, "Sum, strict call, 5 rewrites", "(Sum [2, 3])→5")
    browser.click("#open")
    at("a click opens the next", 3, "Sum, strict call", "(Sum [2, 3])")
    check("strict: the way in", browser.value("document.querySelector('#path').textContent") == "1 Main › 2 Sum › ")
    browser.key("ArrowRight"), browser.key("ArrowRight")
    at("inside of that", 7, "Op2-U60", "(+ 2 3)→5")
    browser.key("ArrowUp")
    at("up closes the one around", 3, "Sum, strict call, 5 rewrites", "5")
    browser.key("ArrowRight")
    at("goes on behind it", 8, "Op2-U60", "(+ 1 5)→6")
    browser.key("ArrowRight")
    at("where it ends", 2, "Sum, result", "6")
    browser.click("#close")
    at("a click closes it", 2, "Sum, strict call, 7 rewrites", "6")
    browser.key("ArrowLeft"), browser.key("ArrowRight"), browser.key("Enter")
    at("closed, it is one step again", 2, "Sum, strict call, 7 rewrites", "6")
    browser.key("ArrowDown"), browser.key("Home"), browser.key("/")
    for c in "+ 3 0":
        browser.key(c, c)
    browser.key("Enter", "\r")
    browser.wait(status + ".startsWith('6  Op2-U60')")
    check("strict: what is found is opened", browser.value("unfolded.size") == 4, browser.value("unfolded.size"))
    browser.open(path + "?phone", 360, 740, "dark")
    check("strict, a phone: nothing is wider than the screen", browser.value("document.documentElement.scrollWidth <= innerWidth"))


def wide(browser, path):
    parts = "[...document.querySelectorAll('#graph g.node text')].map(e => e.textContent)"
    note = "document.querySelector('#graph-note').textContent"
    browser.open(path, 1200, 800, "light")
    browser.key("End")
    browser.wait("document.querySelector('#graph .cut') != null")
    check("wide: says what is drawn", browser.value(note).startswith("The upper 220 of "), browser.value(note))
    before = browser.value(parts)
    browser.value("document.querySelector('#graph .cut').scrollIntoView({block: 'center', inline: 'center'})")
    browser.click("#graph .cut")
    check("wide: a click goes into a part", browser.value(note).startswith("Only what is below ") and browser.value(parts) != before)
    browser.click("#whole")
    check("wide: and out", browser.value(parts) == before)
    browser.value("document.querySelector('#graph .cut').focus()")
    browser.key("Enter", "\r")
    check("wide: by keyboard", browser.value(note).startswith("Only what is below "))
    browser.key("Home")
    browser.wait("document.querySelector('#whole').hidden")
    check("wide: another term is drawn from its top", True)


def main():
    program, small_page, large_page, strict_page, wide_page = sys.argv[1:]
    pictures = os.environ.get("PICTURES")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            small(browser, small_page)
            large(browser, large_page)
            strict(browser, strict_page)
            wide(browser, wide_page)
            if pictures:
                import base64
                for theme, width in (("light", 1200), ("dark", 1200), ("dark", 360)):
                    browser.open(small_page + "?" + theme, width, 800, theme)
                    browser.value("show(5)")
                    time.sleep(0.3)
                    data = browser.call("Page.captureScreenshot")["data"]
                    with open("%s/page-%s-%d.png" % (pictures, theme, width), "wb") as file:
                        file.write(base64.b64decode(data))
            check("no errors in scripts", not browser.errors, browser.errors)
        except (AssertionError, EOFError) as error:
            check("browser", False, error)
        browser.process.terminate()
        browser.process.wait()
    print("%d passed, %d failed" % (passed, failed))


main()
