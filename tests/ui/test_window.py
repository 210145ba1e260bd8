# SPDX-License-Identifier: MIT
"""The window, worked as a user does: with a mouse and keys."""
import json
import os
import re
import shutil
import subprocess
import time

import screen
from screen import Screen, Window, do, serve


def hold_middle(window, text):
    """Holds the middle button with the mouse until the display shows something."""
    window.to_button("middle")
    do("mousedown", 1)
    window.shows(text)
    do("mouseup", 1)


def set_up_through_the_menu(window):
    """Tariff 2, Modbus id 2, CT 100/5."""
    hold_middle(window, "MENU BLUETOOTH")
    window.press("Right", "MENU CONFIG")
    window.press("Return", "PASSWORD")
    for _ in range(3):
        do("key", "Return")
    window.press("Return", "^MENU PASSWORD ----$")
    window.press("Right", "MENU TARIFF T1")
    do("key", "Return")
    window.press("Right", "T2")
    window.press("Return", "SAVED")
    window.press("Right", "MENU S0")
    window.press("Right", "MENU MODBUS")
    window.press("Return", "MENU MODBUS ID 1")
    do("key", "Return")
    do("key", "Return")
    do("key", "Return")
    window.press("Right", "002")
    window.press("Return", "SAVED")
    hold_middle(window, "MENU MODBUS$")
    window.press("Right", "MENU M-BUS")
    window.press("Right", "MENU CT RATIO")
    do("key", "Return")
    do("key", "Return")
    window.press("Right", "0105")
    do("key", "Return")
    do("key", "Return")
    for digit in "43210":
        window.press("Left", f"010{digit}")
    window.press("Return", "SECONDARY 5")
    window.press("space", "SET NO")
    window.press("Right", "SET YES")
    window.press("Down", "SAVED")


def read_back(window):
    """What another program finds: mbpoll if there is one."""
    if not shutil.which("mbpoll"):
        return
    for address, count, wanted in ((0x401F, 2, ["0x0100", "0x0005"]), (0x6048, 1, ["0x0002"])):
        done = subprocess.run(["mbpoll", "-m", "rtu", "-a", "2", "-b", "9600", "-P", "even", "-t", "4:hex", "-0", "-r",
                               hex(address), "-c", str(count), "-1", window.link], capture_output=True, text=True,
                              timeout=20, check=False)
        assert re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.MULTILINE) == wanted, done.stdout + done.stderr


def test_menu_and_replay():
    """The menu by mouse and keys, read back over the line; and the recording replays to the same registers."""
    names = ["ct_ratio", "tariff", "modbus_id", "forward_active_energy", "l1_voltage", "l1_current", "lcd.part3",
             "pulses.led"]
    with Screen(), Window(options=["--record", "done.json"]) as window:
        set_up_through_the_menu(window)
        read_back(window)
        assert window.get("ct_ratio") == "100/5" and window.get("modbus_id") == 2 and window.get("tariff") == 2
        window.press("Escape", ".")  # has no meaning
        window.click(screen.PAUSE)
        serve.wait_for(lambda: stands(window), 5, "a pause")
        seen = window.ask({"get": names})
        window.stop()
        report = os.path.join(window.folder, "report.json")
        done = serve.run("run", os.path.join(window.folder, "done.json"), "--report", report)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(report, encoding="utf-8") as text:
            replayed = json.load(text)
        assert replayed["simulated_seconds"] == seen["time"], replayed["simulated_seconds"]
        for name in names[:6]:
            assert replayed["registers"][name] == seen["values"][name], name
        assert replayed["lcd"]["part3"] == seen["values"]["lcd.part3"]
        assert replayed["pulses"]["led"] == seen["values"]["pulses.led"]


def stands(window):
    """Does simulated time stand?"""
    first = window.time()
    time.sleep(0.05)
    return window.time() == first


def test_panel():
    """Folding by tab and key, pausing by click and key, a slider, a number that is typed."""
    with Screen(), Window() as window:
        window.click(screen.TAB)
        serve.wait_for(lambda: window.width() < screen.PANEL + 20, 5, "a folded panel")
        do("key", "F2")
        serve.wait_for(lambda: window.width() == screen.WIDTH, 5, "an open panel")
        window.click(screen.PAUSE)
        serve.wait_for(lambda: stands(window), 5, "a pause")
        do("key", "p")
        serve.wait_for(lambda: not stands(window), 5, "time going on")
        slide_voltage(window)
        type_current(window)
        do("key", "Right")
        window.shows("TRIP")


GRID = 119  # where the card of grid and load begins, below that of time


def slide_voltage(window):
    """L1's voltage from 230 V to some 150 V."""
    x, y = screen.INSIDE + 88, GRID + 33 - 6 + 28
    window.move(x + 72, y)
    do("mousedown", 1)
    for step in (60, 55, 50):
        window.move(x + step, y)
        time.sleep(0.05)
    do("mouseup", 1)
    serve.wait_for(lambda: 100 < window.get("l1_voltage") < 200, 5, "a lower voltage")
    assert abs(window.get("l2_voltage") - 230) < 0.5


def type_current(window):
    """L1's current, typed."""
    window.click((screen.INSIDE + 88 + 45, GRID + 33 - 6 + 45 + 10))
    time.sleep(0.3)
    do("type", "2.5")
    time.sleep(0.3)
    do("key", "Return")
    serve.wait_for(lambda: abs(window.get("l1_current") - 2.5) < 0.01, 5, "2.5 A")


def test_fast_taps():
    """At 60 times real time a short tap is still a short touch."""
    with Screen(), Window(speed=60) as window:
        window.to_button("right")
        do("mousedown", 1, "sleep", 0.1, "mouseup", 1)
        window.shows("TRIP")
        window.to_button("middle")
        do("mousedown", 1, "sleep", 0.1, "mouseup", 1)
        window.shows("^L1")


def test_no_display():
    """Without a screen: an exit code and a reason."""
    done = serve.run("ui", env={**os.environ, "DISPLAY": ":93.7", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"})
    assert done.returncode == 3 and "no window can be opened" in done.stderr, done.stderr


def test_libraries():
    """The program without a window needs no libraries of a desktop."""
    needed = subprocess.run(["ldd", serve.VMETER], capture_output=True, text=True, timeout=20, check=True).stdout
    assert "libcairo" in needed and "SDL" not in needed and "libGL" not in needed, needed


NOISY = {"name": "noisy", "duration": "1h", "load": {"all": {"current": 4, "pf": 0.8, "kind": "inductive"}},
         "front_end": {"noise": 20}}


def measure(window, seconds):
    """Processor time per real second."""
    began, used = time.monotonic(), window.cpu_seconds()
    time.sleep(seconds)
    return (window.cpu_seconds() - used) / (time.monotonic() - began)


def test_frames():
    """How much of a core it takes; only gross failures count, as the machine may be busy."""
    for name, scenario in (("steady", None), ("every picture new", NOISY)):
        with Screen(), Window(scenario, options=["-v"]) as window:
            time.sleep(1)
            share = measure(window, 4)
            do("windowunmap", "--sync", window.id)
            time.sleep(0.3)
            began, before = time.monotonic(), window.time()
            hidden = measure(window, 1)
            pace = (window.time() - before) / (time.monotonic() - began)
            window.stop()
            found = re.search(r"ui: shown for (\S+) s, looked (\d+) times, drew (\d+)", "\n".join(window.messages()))
            print(f"{name}: {share:.2f} of a core; drew {int(found[3]) / float(found[1]):.1f} pictures a second, "
                  f"looked {int(found[2]) / float(found[1]):.1f} times; hidden {hidden:.2f} of a core, and time runs at "
                  f"{pace:.3f}")
            assert 0.8 < pace < 1.2, pace
            assert hidden < 0.3, "a hidden window is drawn"
            assert share < 1.5 and int(found[2]) / float(found[1]) > 5


serve.main(globals(), 240)
