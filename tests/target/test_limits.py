#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""size.py fails above each of its limits, and only there.

    test_limits.py SIZE.PY LIMITS.INI ARGUMENTS_OF_SIZE.PY...
"""
import configparser
import os
import re
import subprocess
import sys
import tempfile

script, limits, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]


def run(change):
    """size.py under changed limits: exit code and output."""
    ini = configparser.ConfigParser()
    ini.read(limits)
    for name, value in change.items():
        ini["size"][name] = str(value)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "limits.ini")
        with open(file, "w") as f:
            ini.write(f)
        done = subprocess.run([sys.executable, script, file, *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    code, text = run({})
    measured = {name.replace(" ", "_"): int(size) for name, size in re.findall(r"^  ([a-z ]+?) +(\d+) of +\d+ bytes", text, re.M)}
    bad = [] if code == 0 and len(measured) == 4 else [f"{len(measured)} sizes, exit code {code}:\n{text}"]
    for name, size in measured.items():
        for limit, right in ((size, 0), (size - 1, 1)):
            code, text = run({name: limit})
            if code != right or ("ABOVE" in text) != bool(right):
                bad.append(f"{name}: {size} of {limit} gives exit code {code}:\n{text}")
    print("\n".join(bad) or f"fails above each of {', '.join(measured)}")
    sys.exit(1 if bad else 0)


main()
