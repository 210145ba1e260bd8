# SPDX-License-Identifier: MIT
"""The app's page in a headless Chromium with a phone's screen, by keyboard only: what a user does with it from the
QR code on."""
import csv
import glob
import json
import os
import re
import shutil
import subprocess

import serve
from app import SERIAL, App
from browser import BACK, DOWN, ENTER, ESCAPE, SPACE, Browser

if not shutil.which("zbarimg"):
    serve.skip("zbarimg is not installed")

LOAD = {"duration": "10d", "meter": {"ct_ratio": "100/5"},
        "load": {"L1": {"power": 4200}, "L2": {"power": 3100, "reactive": 800}, "L3": {"power": -1500}}}


def password(page, digits):
    """Types it and presses Enter."""
    page.press(*digits, ENTER)


def code_on_display(meter):
    """What a camera reads from the display."""
    assert meter.ask({"snapshot": "lcd.png"})["ok"]
    return subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", os.path.join(meter.folder, "lcd.png")],
                          capture_output=True, text=True, timeout=60, check=False).stdout.strip()


def test_from_the_qr_code_to_the_meter():
    """The code on the display, read from its picture, is the address of this meter's page."""
    with App(LOAD) as meter, Browser() as page:
        seen = code_on_display(meter)
        assert seen == f"{meter.url}/m/{SERIAL}", seen
        page.open(seen)
        page.at(f"Meter {SERIAL}")
        for text in ("2PU CT", SERIAL, "Software version", "1.00"):
            assert text in page.text()
        assert page.messages() == []


def test_long_addresses_in_the_qr_code():
    """With as much error correction as there is room for; what does not fit is said at once."""
    for zeros in (0, 11, 18):
        with App(address=f"127.0.0.{'0' * zeros}1:0") as meter:
            assert code_on_display(meter) == f"{meter.url}/m/{SERIAL}"
    done = serve.run("serve", "--app", f"127.0.0.{'0' * 30}1:0")
    assert done.returncode == 3 and "too long for the QR code" in done.stderr, done.stderr


def test_connect_from_the_list():
    """Meters in reach come and go by themselves; one is chosen, and left again."""
    with App({"duration": "10d", "meters": [{"first_serial_number": "10000001", "count": 3, "first_address": 1}]},
             on=False) as meter, Browser() as page:
        meter.switch(1)
        page.open(meter.url + "/")
        page.sees("One meter in reach")
        meter.switch(3)
        page.sees("2 meters in reach")
        assert "10000002" not in page.text()
        page.push("2PU CT No 10000003")
        page.at("Meter 10000003")
        page.on("Meter 10000003")
        page.push("Disconnect")
        page.at("Connect")
        page.sees("2 meters in reach")
        meter.switch(3)
        page.sees("One meter in reach")
        meter.switch(1)
        page.sees("No meter in reach")


def saved(page, ending):
    """The text of a file that the browser has finished to save."""
    pattern = os.path.join(page.folder, f"2PU-CT-{SERIAL}-*.{ending}")
    name = serve.wait_for(lambda: glob.glob(pattern), 60, f"a saved .{ending}")[0]
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def test_read_refresh_and_save():
    """What is on the screen is what a master reads, refreshed on demand, and saved as it stands there."""
    with App(LOAD) as meter, Browser() as page:
        meter.ask({"pause": True})
        page.open(f"{meter.url}/m/{SERIAL}")
        page.at(f"Meter {SERIAL}")
        page.push("Read meter data")
        page.sees(f"No {SERIAL}, read at")
        page.on("Meter data")
        before = meter.get("l1_forward_active_energy")
        assert f"{before:.3f} kWh" in page.text() and "4.200 kW" in page.text()
        meter.ask({"step": "1h"})
        after = meter.get("l1_forward_active_energy")
        assert f"{after:.3f} kWh" not in page.text(), "it changes by itself"
        page.go("Refresh", back=True)
        page.press(ENTER)
        page.sees(f"{after:.3f} kWh")
        page.on("Refresh")
        wanted = json.loads(serve.run("read", meter.link, "--json").stdout)
        page.push("Save as JSON")
        data = json.loads(saved(page, "json"))
        assert {item["name"]: item["value"] for group in data["groups"] for item in group["values"]} == wanted
        assert data["serial_number"] == SERIAL and data["read_at"].endswith("Z")
        page.push("Save as CSV")
        rows = list(csv.DictReader(saved(page, "csv").splitlines()))
        assert [row["name"] for row in rows if row["name"] in wanted] == [row["name"] for row in rows]
        assert {row["name"]: row["value"] for row in rows} == {
            name: str(value) for name, value in wanted.items()}
        # What is folded opens by keyboard.
        assert "Meter code" not in page.text()
        page.run("document.activeElement.blur()")
        page.push("Meter")
        page.sees("Meter code")
        assert re.search(r"Software version\s+1\.00\s+Hardware version\s+1\.00\s+Meter amps\s+5 A", page.text())
        assert page.messages() == []


def green(page):
    """The labels of what is marked as changed, and their background."""
    return page.run("""return [...document.querySelectorAll('.setting.changed')].map((node) => [
        node.querySelector('label,.name').textContent, getComputedStyle(node).backgroundColor,
        getComputedStyle(node.querySelector('.mark')).display !== 'none'])""")


def is_green(colour):
    """More green than anything else?"""
    red, mid, blue = [int(part) for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    return mid > red and mid > blue


def test_change_settings():
    """Two changes, green; a wrong password changes nothing and costs time; the right one saves both in the meter."""
    with App(LOAD) as meter, Browser() as page:
        page.open(f"{meter.url}/m/{SERIAL}")
        page.at(f"Meter {SERIAL}")
        page.push("Settings")
        page.sees("No changes")
        assert green(page) == []
        page.go("Tariff")
        page.press(DOWN)
        page.go("Pulse width")
        page.type("45")
        page.sees("Save 2 changes")
        marked = green(page)
        assert [label for label, *_ in marked] == ["Tariff", "Pulse width"]
        assert all(is_green(colour) and mark for _, colour, mark in marked), marked
        page.push("Save 2 changes")
        page.sees("Save 2 settings?")
        page.on("Password of the meter")
        assert "Tariff: T2" in page.text() and "Pulse width: 45 ms" in page.text()
        password(page, "1234")
        page.sees("Wrong password. The next one is taken in 1 s.")
        page.on("Password of the meter")
        assert page.run("return document.getElementById('password').value") == ""
        assert meter.get("tariff", "pulse_width") == {"tariff": 1, "pulse_width": 30}
        assert len(green(page)) == 2
        serve.wait_for(lambda: "Wait" not in page.text(), 60, "the end of the delay")
        password(page, "0000")
        page.sees("2 settings are saved in the meter")
        page.sees("No changes")
        assert green(page) == []
        assert meter.get("tariff", "pulse_width") == {"tariff": 2, "pulse_width": 45}
        assert meter.ask({"modbus": "01 03 60 48 00 01"})["reply"].startswith("01 03 02 00 02")
        page.on("Settings")


def test_each_kind_of_control():
    """A ratio of two fields, eight digits, a reset; Undo, Discard, and values that will not do."""
    with App(LOAD) as meter, Browser(dark=True) as page:
        meter.ask({"step": "1h"})
        page.open(f"{meter.url}/m/{SERIAL}/settings")
        page.sees("No changes")
        page.go("CT primary current")
        page.type("3")
        page.sees("The primary current must not be below the secondary.")
        page.type("250")
        page.sees("Save 1 change")
        assert is_green(green(page)[0][1]), "in dark colours, too"
        page.go("Trip counter: Reset to 0")
        page.press(SPACE)
        page.go("Pulse width")
        page.type("200")
        page.sees("A whole number from 2 to 99, please.")
        page.go("Undo Pulse width", back=True)
        page.press(ENTER)
        page.on("Pulse width")
        page.go("M-Bus secondary address")
        page.press(BACK)
        page.sees("Eight digits, please.")
        page.push("Save 3 changes")
        page.on("M-Bus secondary address")
        page.type("12345678")
        page.push("Save 3 changes")
        page.sees("Trip counter: reset to 0")
        page.press(ESCAPE)
        page.on("Save 3 changes")
        assert meter.get("ct_ratio") == "100/5"
        page.press(ENTER)
        page.sees("Save 3 settings?")
        password(page, "0000")
        page.sees("3 settings are saved in the meter")
        assert meter.get("ct_ratio") == "250/5" and meter.get("resettable_day_counter") < 1
        assert meter.read(f"/{SERIAL}/settings")["settings"][12]["value"] == "12345678"
        page.go("OBIS codes")
        page.press(DOWN)
        page.push("Discard")
        page.sees("No changes")
        assert meter.get("obis_code_display") == 0


def test_unsaved_changes_are_not_lost():
    """Who leaves is asked, by the arrow and by the browser's own way back."""
    with App(LOAD) as meter, Browser() as page:
        page.open(f"{meter.url}/m/{SERIAL}")
        page.at(f"Meter {SERIAL}")
        page.push("Settings")
        page.sees("No changes")
        page.go("Tariff")
        page.press(DOWN)
        for leave in (lambda: page.do("POST", "/execute/sync", {"script": "setTimeout(() => history.back())", "args": []}),
                      lambda: (page.go("Back", back=True), page.press(ENTER))):
            leave()
            assert "not saved" in page.question(yes=False)
            page.at("Settings")
            assert page.address().endswith("/settings") and len(green(page)) == 1
        page.press(ENTER)
        page.question(yes=True)
        page.at(f"Meter {SERIAL}")
        page.push("Settings")
        page.sees("No changes")
        assert meter.get("tariff") == 1


def test_what_the_meter_refuses():
    """Set by somebody else meanwhile: the meter says no, and the page says where."""
    with App(LOAD) as meter, Browser() as page:
        page.open(f"{meter.url}/m/{SERIAL}/settings")
        page.sees("No changes")
        page.go("Combination code")
        page.press(DOWN)
        assert meter.change({"combination_code": 5})[0] == 200
        page.push("Save 1 change")
        page.sees("Save this setting?")
        password(page, "0000")
        page.sees("Nothing was changed.")
        assert page.text().count("C-05 can not be left again.") == 2, "the note, and what the meter says"
        page.on("Combination code")
        assert meter.get("combination_code") == 5


def test_out_of_reach():
    """Bluetooth is switched off under the page: it says so, and goes on when it is back."""
    with App(LOAD) as meter, Browser() as page:
        page.open(f"{meter.url}/m/{SERIAL}/data")
        page.sees("read at")
        meter.switch()
        page.go("Refresh")
        page.press(ENTER)
        page.sees("No connection")
        page.sees("Is its Bluetooth still switched on?")
        assert "Refreshed" not in page.text()
        meter.switch()
        page.push("Try again")
        page.sees("read at")


def test_fits_a_phone():
    """Nothing is wider than the screen; what is touched is large enough, has a name, and texts have contrast."""
    with App(LOAD) as meter:
        for width in (360, 430):
            with Browser(dark=width == 430, width=width) as page:
                for path in ("/", f"/m/{SERIAL}", f"/m/{SERIAL}/data", f"/m/{SERIAL}/settings"):
                    page.open(meter.url + path)
                    serve.wait_for(lambda: page.run("return document.querySelectorAll('.card').length"), 60, path)
                    check_layout(page, path, width)


def check_layout(page, path, width):
    """One view on one screen."""
    sizes = page.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert sizes == [width, width], (path, sizes)
    small = page.run("""return [...document.querySelectorAll('a, button, input, select, summary')]
        .filter((node) => node.type !== 'checkbox').map((node) => [node.textContent || node.id,
        node.getBoundingClientRect()]).filter(([, box]) => box.height && box.height < 44).map(([name]) => name)""")
    assert small == [], (path, small)
    unnamed = page.run("""return [...document.querySelectorAll('input, select')].filter((node) =>
        !node.labels.length && !node.getAttribute('aria-label')).length""")
    assert unnamed == 0, path
    pale = page.run(PALE)
    assert pale == [], (path, pale)


# Texts whose colour has less than 4.5:1 against the nearest background that is not transparent.
PALE = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92
    : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
const ground = (node) => {
    const colour = numbers(getComputedStyle(node).backgroundColor);
    return colour[3] === 0 && node.parentElement ? ground(node.parentElement) : colour;
};
const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
return [...document.body.querySelectorAll('*')].filter((node) => node.checkVisibility() && !node.disabled
    && !node.closest('select, noscript') && [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()))
    .map((node) => [node.textContent, ratio(light(numbers(getComputedStyle(node).color)), light(ground(node)))])
    .filter(([, value]) => value < 4.5);
"""


if __name__ == "__main__":
    serve.main(globals(), 640)
