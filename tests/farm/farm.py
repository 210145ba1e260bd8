# SPDX-License-Identifier: MIT
"""Shared by the tests of many scenarios: small scenarios in a folder, runs of vmeter, and reports without wall time."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

VMETER = str(pathlib.Path(sys.argv[1]).resolve())
ROOT = pathlib.Path(sys.argv[2]).resolve()
failures = []


def check(condition, text):
    if not condition:
        failures.append(text)
        print("FAIL", text)


def vmeter(*arguments, code=0, cwd=None):
    done = subprocess.run([VMETER, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=250)
    check(done.returncode == code, f"{arguments}: exit code {done.returncode}, wanted {code}: {done.stderr[-300:]}")
    return done


def scenario(name, power=1.0, duration="2s", **keys):
    """4 A on L1 at 250 V: 1 kW. `power` is what it expects."""
    return {"name": name, "duration": duration, "grid": {"voltage": 250}, "load": {"L1": {"current": 4}},
            "timeline": [{"at": duration, "expect": {"l1_active_power": {"value": power, "tol": "0.1%"},
                                                     "l2_active_power": 0}}], **keys}


def put(folder, name, what):
    file = folder / name
    file.write_text(what if isinstance(what, str) else json.dumps(what), encoding="utf-8")
    return file


def timeless(file):
    """A report, JSON or JUnit, as text without what the wall clock says."""
    text = pathlib.Path(file).read_text(encoding="utf-8")
    text, count = re.subn(r'\t"wall_seconds":\t[0-9.]+,?\n| time="[0-9.]+"', "", text)
    check(count > 0, f"{file}: no wall time")
    return text


def read(file):
    return json.loads(pathlib.Path(file).read_text(encoding="utf-8"))


def run_tests(*tests):
    for test in tests:
        with tempfile.TemporaryDirectory() as name:
            test(pathlib.Path(name))
    sys.exit(1 if failures else 0)
