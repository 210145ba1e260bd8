# SPDX-License-Identifier: MIT
"""A headless Chromium with the screen of a phone, worked by keyboard only, over the W3C WebDriver protocol."""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

import serve

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER, SPACE, ESCAPE, BACK = "\ue004", "\ue007", " ", "\ue00c", "\ue003"
SHIFT, CONTROL, DOWN, END = "\ue008", "\ue009", "\ue015", "\ue010"
HEIGHT = 844
SECONDS = 60

for tool in ("chromium", "chromedriver"):
    if not shutil.which(tool):
        serve.skip(f"{tool} is not installed")


class Browser:
    """One browser with one page on a screen of so many pixels. dark: as if the phone were set to dark colours."""

    def __init__(self, dark=False, width=390):
        self.folder = tempfile.mkdtemp(prefix="vmeter-browser-")
        self.errors = open(os.path.join(self.folder, "driver.log"), "w+", encoding="utf-8")
        self.driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, text=True,
                                       stderr=self.errors, preexec_fn=serve.die_with_parent)
        self.session = None
        self.path = ""
        try:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=SECONDS)
            self.start(dark, width)
        except BaseException:
            self.close()
            raise

    def port(self):
        """Where the driver listens, as it says itself."""
        for line in self.driver.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise RuntimeError("chromedriver did not start")

    def start(self, dark, width):
        """Opens the page."""
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                     "--hide-scrollbars", f"--user-data-dir={self.folder}/profile"]
        options = {"args": arguments, "prefs": {"download.default_directory": self.folder},
                   "mobileEmulation": {"deviceMetrics": {"width": width, "height": HEIGHT, "pixelRatio": 2,
                                                         "touch": False, "mobile": True}}}
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "unhandledPromptBehavior": "ignore", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.path = f"/session/{answer['sessionId']}"
        self.session = answer["sessionId"]
        if dark:
            self.devtools("Emulation.setEmulatedMedia",
                          features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def ask(self, method, path, body=None):
        """One WebDriver command."""
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {"Content-Type": "application/json"})
        answer = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"{answer['error']}: {answer['message']}")
        return answer

    def do(self, method, path, body=None):
        """A command to this session."""
        return self.ask(method, self.path + path, body)

    def devtools(self, command, **parameters):
        """What WebDriver has no word for."""
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """Ends browser and driver."""
        try:
            if self.session:
                self.do("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(SECONDS)
            self.driver.stdout.close()
            self.errors.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- looking ---

    def open(self, url):
        """Goes to an address."""
        self.do("POST", "/url", {"url": url})

    def address(self):
        """Where it is."""
        return self.do("GET", "/url")

    def run(self, script, *arguments):
        """The value of a script's return. Only to look, never to act."""
        return self.do("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self):
        """All that can be read."""
        return self.run("return document.body.innerText")

    def sees(self, text, seconds=SECONDS):
        """Waits until this can be read."""
        serve.wait_for(lambda: text in self.text(), seconds, f"{text!r} on the page")

    def at(self, title):
        """Waits for a view with this title."""
        serve.wait_for(lambda: self.run("return document.getElementById('title').textContent") == title, SECONDS,
                       f"the view {title!r}")

    def focus(self):
        """What has the focus, by the name that assistive technology is told; None if it is about to change."""
        try:
            element = self.do("GET", "/element/active")[ELEMENT]
            return self.do("GET", f"/element/{element}/computedlabel")
        except RuntimeError as error:
            if "stale element" not in str(error):
                raise
            return None

    def on(self, name):
        """Waits until the focus is there."""
        serve.wait_for(lambda: self.focus() == name, SECONDS, f"the focus on {name!r}")

    def messages(self):
        """What the browser has to say against the page."""
        return [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, file):
        """The screen as PNG."""
        with open(file, "wb") as out:
            out.write(base64.b64decode(self.do("GET", "/screenshot")))

    # --- keys ---

    def question(self, yes):
        """Waits for the browser's own question, answers it, and returns what it asked."""
        def text():
            try:
                return self.do("GET", "/alert/text")
            except RuntimeError:
                return None
        asked = serve.wait_for(text, SECONDS, "a question")
        self.do("POST", "/alert/accept" if yes else "/alert/dismiss", {})
        return asked

    def press(self, *keys, held=()):
        """Presses keys one after another, while others are held."""
        actions = [{"type": "keyDown", "value": key} for key in held]
        for key in keys:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        actions += [{"type": "keyUp", "value": key} for key in held]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def go(self, name, back=False):
        """Presses Tab until the focus is on what has this name."""
        seen = []
        for _ in range(80):
            self.press(TAB, held=(SHIFT,) if back else ())
            seen.append(self.focus())
            if seen[-1] == name:
                return
        raise AssertionError(f"no way to {name!r} by Tab: {seen}")

    def push(self, name):
        """Goes to a link or button and presses it."""
        self.go(name)
        self.press(ENTER)

    def type(self, text):
        """Replaces what the focused field holds."""
        self.press("a", held=(CONTROL,))
        self.press(*text)


def probe():
    """Whether there is a browser that starts; some machines forbid what it needs."""
    try:
        Browser().close()
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        serve.skip(f"Chromium does not start here: {error}")


probe()
