#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Load profiles: 48 hours of a recorded household, where that file is at hand, come out as the sum of its rows.

    test_household.py VMETER SOURCE_ROOT [CSV]

CSV is ../shared/data/household-2007-02-01.csv beside the source root unless given; without it the test is skipped.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
recorded = os.path.abspath(
    sys.argv[3] if len(sys.argv) > 3 else os.path.join(root, "..", "shared", "data", "household-2007-02-01.csv"))

RECORDED_KWH = 58.208
HOURS = 48


def sums(file):
    """Active energy, and reactive energy of either sign, in Wh and varh: each row holds until the next."""
    with open(file, encoding="utf-8", newline="") as f:
        rows = [(int(r["t"]), float(r["active_w"]), float(r["reactive_var"])) for r in csv.DictReader(f)]
    ends = [r[0] for r in rows[1:]] + [HOURS * 3600]
    active = inductive = capacitive = 0.0
    for (start, watt, var), end in zip(rows, ends):
        active += watt * (end - start) / 3600
        inductive += max(var, 0.0) * (end - start) / 3600
        capacitive += max(-var, 0.0) * (end - start) / 3600
    return active, inductive, capacitive


def scenario():
    return {
        "name": "recorded household",
        "duration": f"{HOURS}h1s",
        "meter": {"ct_ratio": "50/5"},
        "profile": {
            "csv": recorded,
            "time": "t",
            "columns": {"voltage_v": "L1.voltage", "active_w": "L1.power", "reactive_var": "L1.reactive"},
            "interpolate": "step",
        },
        "timeline": [{"at": f"{HOURS}h", "set": {"L1.power": 0, "L1.reactive": 0}}],
    }


def near(what, measured, true, failures):
    """Within 1 Wh and 0.02 %."""
    print(f"{what}: {measured} counted, {true:.3f} in the file")
    if abs(measured - true) > 1 + 0.0002 * true:
        failures.append(f"{what}: {measured} counted, {true:.3f} in the file")


def main():
    if not os.path.exists(recorded):
        print(f"no {os.path.basename(recorded)} here")
        return 77
    active, inductive, capacitive = sums(recorded)
    failures = []
    if abs(active / 1000 - RECORDED_KWH) > 0.0005:
        failures.append(f"the file sums to {active / 1000:.3f} kWh, expected {RECORDED_KWH}")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "s.json"), "w", encoding="utf-8") as f:
            json.dump(scenario(), f)
        done = subprocess.run([vmeter, "run", "-q", "s.json", "--report", "r.json"], cwd=folder, capture_output=True,
                              text=True, timeout=280)
        if done.returncode:
            print(f"exit code {done.returncode}: {done.stdout}{done.stderr}")
            return 1
        with open(os.path.join(folder, "r.json"), encoding="utf-8") as f:
            energy = json.load(f)["energy_wh"]
    near("forward active energy, Wh", energy["forward_active_energy"], active, failures)
    near("forward active energy of L1, Wh", energy["l1_forward_active_energy"], active, failures)
    near("forward reactive energy, varh", energy["forward_reactive_energy"], inductive, failures)
    near("reverse reactive energy, varh", energy["reverse_reactive_energy"], capacitive, failures)
    for name in ("reverse_active_energy", "l2_forward_active_energy", "t2_forward_active_energy"):
        if energy[name] != 0:
            failures.append(f"{name} is {energy[name]}")
    for failure in failures:
        print("FAIL", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
