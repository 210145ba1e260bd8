#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fleets from the command line: any number of threads gives the same files byte for byte, sums are those of the
meters, and a table of meters takes the place of the report's list.

    test_fleet.py VMETER SOURCE_ROOT
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
failures = []

# Each meter has work of its own: loads, noise, a ramp for one, a cut for another; and a profile for all.
FLEET = {
    "name": "fleet", "duration": "1m", "seed": 11,
    "load": {"all": {"pf": 0.9}},
    "front_end": {"noise": 5},
    "profile": {"csv": "day.csv", "time": "t", "columns": {"a": "all.current"}, "interpolate": "linear"},
    "meters": [
        {"count": 21, "first_modbus_id": 1, "first_address": 1,
         "spread": {"load_scale": {"uniform": [0.1, 3]}, "load.L2.pf": {"normal": [0.9, 0.05], "min": 0.5, "max": 1},
                    "ct_ratio": {"choice": ["50/5", "100/5"]}}},
        {"count": 2, "first_modbus_id": 100, "load": {"L1": {"harmonics": [[k, 5, 0] for k in range(2, 21)]}}},
    ],
    "timeline": [
        {"at": "9s", "set": {"frequency": 50.2}, "over": "17s", "meter": 5},
        {"at": "20s", "press": "middle", "hold": "4s"},
        {"at": "26s", "modbus": "05 03 50 12 00 02"},
        {"at": "24s", "power_cut": {"after_writes": 2}, "meter": 3},
        {"at": "30s", "power": False, "meter": 8},
        {"at": "33s", "power": True, "meter": 8},
        {"at": "45s", "tariff_input": True},
        {"at": "1m", "expect": {"sum.error_percent.total_active_power": {"min": -0.1, "max": 0.1}}},
    ],
}
FILES = ["r.json", "c.csv", "x.xml", "n.nvm"]
COLUMNS = "sum.total_active_power,meter7.l1_current,sum.reference.total_active_energy,sum.pulses.led"


def read(name):
    with open(name, "rb") as f:
        return f.read()


def run(folder, threads, *options):
    """What a run writes, without the times that it took."""
    for name in FILES:
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    done = subprocess.run([vmeter, "run", "-q", "s.json", "--threads", str(threads), "--report", "r.json", "--junit",
                           "x.xml", "--nvm", "n.nvm", *options], cwd=folder, capture_output=True, text=True, timeout=280)
    if done.returncode:
        failures.append(f"{threads} threads: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return {}
    files = {name: read(os.path.join(folder, name)) for name in FILES if os.path.exists(os.path.join(folder, name))}
    files["r.json"] = re.sub(rb'\n\t"wall_seconds":\t[0-9.]+,', b"", files["r.json"])
    files["x.xml"] = re.sub(rb' time="[0-9.]+"', b"", files["x.xml"])
    return files


def same(what, one, other):
    for name in one:
        if one[name] != other.get(name):
            failures.append(f"{what}: {name} differs")


def check_threads(folder):
    one = run(folder, 1)
    for threads in (2, 3, 8):
        same(f"{threads} threads", one, run(folder, threads))
    table = ["--csv", "c.csv", "--csv-every", "7.3s", "--csv-columns", COLUMNS]
    cut = run(folder, 1, *table)
    same("with a table", one, cut)
    same("3 threads with a table", cut, run(folder, 3, *table))
    if one["r.json"] == run(folder, 2, "--set", "seed=12")["r.json"]:
        failures.append("another seed makes no difference")
    return json.loads(one["r.json"])


def check_sums(report):
    meters, total = report["meters"], report["sum"]
    if len(meters) != 23:
        failures.append(f"{len(meters)} meters in the report")
    for group in ("energy_wh", "pulses"):
        for name, value in total[group].items():
            if value != sum(m[group][name] for m in meters):
                failures.append(f"sum of {group}.{name}: {value}")
    for name in ("total_active_power", "l3_reactive_power", "total_apparent_power"):
        wanted = sum(m["registers"][name] for m in meters)
        if abs(total["registers"][name] - wanted) > 1e-5 * abs(wanted):
            failures.append(f"sum of {name}: {total['registers'][name]}, want {wanted}")
    if total["energy_wh"]["total_active_energy"] < 20 or "l1_voltage" in total["registers"]:
        failures.append(f"sums: {total['registers']}")


def check_table(folder, report):
    brief = json.loads(run(folder, 2, "--meters-csv", "m.csv")["r.json"])
    if "meters" in brief or brief["sum"] != report["sum"]:
        failures.append("--meters-csv: the report should have the same sums, and no list")
    with open(os.path.join(folder, "m.csv"), encoding="ascii", newline="") as f:
        rows = list(csv.DictReader(f))
    if [row["meter"] for row in rows] != [str(k + 1) for k in range(23)]:
        failures.append(f"--meters-csv: meters {[row['meter'] for row in rows]}")
    for row, meter in zip(rows, report["meters"]):
        for name, value in meter["registers"].items():
            if row[name] != (value if isinstance(value, str) else json.dumps(value)) and float(row[name]) != value:
                failures.append(f"--meters-csv: meter {row['meter']}, {name}: {row[name]}, in the report {value}")
        for name, value in meter["pulses"].items():
            if int(row["pulses." + name]) != value:
                failures.append(f"--meters-csv: meter {row['meter']}, pulses.{name}: {row['pulses.' + name]}")


def check_count(folder):
    """A count from the command line; the first meters stay who they are."""
    reports = []
    for count in 9, 12:
        run(folder, 2, "--set", f"meters.0.count={count}")
        with open(os.path.join(folder, "r.json"), encoding="utf-8") as f:
            reports.append(json.load(f)["meters"])
    if [len(r) for r in reports] != [11, 14] or reports[0][:9] != reports[1][:9]:
        failures.append(f"--set meters.0.count: {[len(r) for r in reports]} meters, or the first nine changed")


def main():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "day.csv"), "w", encoding="ascii") as f:
            f.write("t,a\n0,1\n" + "".join(f"{3 * k},{1 + k % 5}\n" for k in range(1, 20)))
        with open(os.path.join(folder, "s.json"), "w", encoding="utf-8") as f:
            json.dump(FLEET, f)
        report = check_threads(folder)
        check_sums(report)
        check_table(folder, report)
        check_count(folder)
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
