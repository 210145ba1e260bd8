#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The folder of scenarios: every file is run as a test and stands in the README's table, and the household's load
profile and the recordings are what their scripts make.

    test_folder.py SOURCE_ROOT NAME...     NAME: the scenarios that are run, without .json
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

root = os.path.abspath(sys.argv[1])
listed = sys.argv[2:]
failures = []


def check_list():
    files = glob.glob(os.path.join(root, "scenarios", "*.json"))
    there = {os.path.basename(f)[:-5] for f in files if not f.endswith(".schema.json")}
    for name in sorted(there - set(listed)):
        failures.append(f"scenarios/{name}.json is not in the list of tests/scenario/meson.build")
    for name in sorted(set(listed) - there):
        failures.append(f"scenarios/{name}.json is in the list of tests/scenario/meson.build, but is not there")
    with open(os.path.join(root, "scenarios", "README.md"), encoding="utf-8") as f:
        readme = f.read()
    # "x-1.json to -5.json" stands for all between.
    for name in sorted(there):
        if f"`{name}.json`" not in readme and not name.startswith("combination-c0"):
            failures.append(f"scenarios/{name}.json is not in the table of scenarios/README.md")
    for name in re.findall(r"^\| `([a-z0-9-]+)\.json`", readme, re.M):
        if name not in there:
            failures.append(f"scenarios/README.md tells of {name}.json, which is not there")


def check_household():
    script = os.path.join(root, "scripts", "make-household-day.py")
    with open(os.path.join(root, "scenarios", "household-day.csv"), "rb") as f:
        kept = f.read()
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made.csv")
        subprocess.run([sys.executable, script, made], check=True)
        with open(made, "rb") as f:
            if f.read() != kept:
                failures.append("scenarios/household-day.csv is not what scripts/make-household-day.py makes")
    active = sum(int(line.split(",")[2]) for line in kept.decode().splitlines()[1:]) // 60
    with open(os.path.join(root, "scenarios", "household-day.json"), encoding="utf-8") as f:
        last = json.load(f)["timeline"][-1]["expect"]["total_active_energy"]
    if round(last * 1000) != active:
        failures.append(f"household-day.json expects {last} kWh, the rows sum to {active} Wh")


def check_recordings():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(root, "scripts", "make-recordings.py"), folder], check=True)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as a, open(os.path.join(root, "scenarios", name), "rb") as b:
                if a.read() != b.read():
                    failures.append(f"scenarios/{name} is not what scripts/make-recordings.py makes")


check_list()
check_household()
check_recordings()
for failure in failures:
    print("FAIL", failure)
sys.exit(1 if failures else 0)
