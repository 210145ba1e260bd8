# SPDX-License-Identifier: MIT
"""The Bluetooth page's QR code, as a phone's camera would read it from pictures of the display.

    test_qr.py VMETER
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

VMETER = os.path.abspath(sys.argv[1])

# To the Bluetooth page: the menu by a long touch, Bluetooth, on, yes.
PAGE = [{"at": 1, "press": "middle", "hold": "3.1s"}, {"at": 5, "press": "middle"}, {"at": 6, "press": "right"},
        {"at": 7, "press": "middle"}]

ROWS = [  # serial number, more settings, options of lcd
    ("19020246", {}, ["--at", "8s"]),
    ("00000000", {}, ["--at", "8s", "--scale", "6"]),
    ("99999999", {}, ["--at", "8s", "--front", "--scale", "8"]),
    ("12345678", {"backlight": 3}, ["--at", "8s"]),
    ("12345678", {"backlight": 3}, ["--at", "8s", "--front", "--scale", "20"]),
    ("87654321", {"screen_direction": 1}, ["--at", "8s", "--front"]),
]


def main():
    if not shutil.which("zbarimg"):
        print("skipped: zbarimg is not installed")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        scenario, picture = os.path.join(folder, "s.json"), os.path.join(folder, "p.png")
        for serial, settings, options in ROWS:
            with open(scenario, "w", encoding="utf-8") as out:
                json.dump({"duration": "1m", "meter": {"serial_number": serial, **settings}, "timeline": PAGE}, out)
            subprocess.run([VMETER, "lcd", scenario, "--png", picture, *options], check=True, timeout=60)
            read = subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", picture], capture_output=True, text=True,
                                  timeout=60, check=False).stdout.strip()
            good = read == f"2PU CT {serial}"
            failed += not good
            print("ok    " if good else "FAILED", serial, settings, *options, f"reads '{read}'")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
