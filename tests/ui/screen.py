# SPDX-License-Identifier: MIT
"""A virtual screen with `vmeter ui` on it, worked with real mouse and key events. A tool that is not installed is a
skipped test."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import serve  # pylint: disable=wrong-import-position

for tool in ("Xvfb", "xdotool"):
    if not shutil.which(tool):
        serve.skip(f"{tool} is not installed")

# The window at --size 1, as ui/window.c lays it out, in pixels.
WIDTH, HEIGHT, MARGIN, SHADOW = 1280, 860, 10, 3
SCALE = (HEIGHT - 2 * MARGIN) / (90 + 2 * SHADOW)
PANEL = 388
BUTTONS = {"left": 9, "middle": 18, "right": 27}
BUTTON_Y = 78
TAB = (PANEL + 8, HEIGHT // 2)
INSIDE = PANEL + 24 + 12  # of the left column's cards
PAUSE = (INSIDE + 40, 85)


class Screen:
    """An X server of its own."""

    def __init__(self, size="1600x1000"):
        read, write = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten",
                                         "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL,
                                        preexec_fn=serve.die_with_parent)
        os.close(write)
        with os.fdopen(read) as number:
            os.environ["DISPLAY"] = ":" + number.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def do(*args):
    """One xdotool command; what it prints."""
    return subprocess.run(["xdotool", *map(str, args)], capture_output=True, text=True, timeout=20, check=True).stdout


class Window(serve.Serve):
    """`vmeter ui` with a way to its mouse and keys."""

    def __init__(self, scenario=None, options=(), **more):
        super().__init__(scenario, options=["--size", "1", *options], command="ui", **more)
        self.id = do("search", "--sync", "--onlyvisible", "--name", "^vmeter$").split()[-1]
        do("windowfocus", "--sync", self.id)

    def move(self, x, y):
        """The mouse to a place in the window."""
        do("mousemove", "--window", self.id, int(x), int(y))

    def click(self, place):
        """A click at a place in the window."""
        self.move(*place)
        do("mousedown", 1, "sleep", 0.05, "mouseup", 1)

    def to_button(self, name):
        """The mouse over a button of the meter."""
        self.move(MARGIN + (BUTTONS[name] + SHADOW) * SCALE, MARGIN + (BUTTON_Y + SHADOW) * SCALE)

    def shows(self, text, seconds=5):
        """Waits until part 3 of the display has this text."""
        seen = []

        def there():
            seen[:] = [self.get("lcd.part3")]
            return re.search(text, seen[0])

        try:
            return serve.wait_for(there, seconds, f"{text!r} on the display")
        except serve.Late as late:
            raise serve.Late(f"{late}; it shows {seen[0]!r}") from None

    def press(self, key, text):
        """A key, and what the display shows then."""
        do("key", key)
        self.shows(text)

    def width(self):
        """Of the window."""
        return int(re.search(r"WIDTH=(\d+)", do("getwindowgeometry", "--shell", self.id)).group(1))

    def cpu_seconds(self):
        """Processor time used so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
