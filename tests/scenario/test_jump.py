#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With and without --no-jump a run gives the same: report, EEPROM, pulse edges and CSV file, byte for byte. On every
scenario of the folder and on random ones: odd frequencies, harmonics, loads of all sizes and directions, saves, counters that
roll over, tariffs, supply failures, keys, frames.

    test_jump.py VMETER SOURCE_ROOT [COUNT [SEED]]

COUNT random scenarios; with a minus in front, without the folder.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 200
seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
failures = []

FREQUENCIES = [50] * 8 + [60, 60, 49.5, 50.5, 49.9, 50.2, 49.99, 50.01, 47.5, 45, 62.5, 49.987]
COLUMNS = "l1_voltage,total_active_power,forward_active_energy,pulses.s0_1,lcd.part2,lcd.part1,lcd.icons"


def run(folder, file, name, options):
    """What a run leaves, as a dictionary of texts."""
    out = {kind: os.path.join(folder, f"{name}.{kind}") for kind in ("report", "nvm", "csv", "pulses")}
    command = [vmeter, "run", "-q", file, "--report", out["report"], "--nvm", out["nvm"]]
    if "csv" in options:
        command += ["--csv", out["csv"], "--csv-every", options["csv"], "--csv-columns", COLUMNS]
    if "pulses" in options:
        command += ["--pulses", out["pulses"]]
    done = subprocess.run(command + options.get("more", []), cwd=folder, capture_output=True, timeout=280)
    left = {"exit code and messages": str(done.returncode).encode() + done.stdout + done.stderr}
    for kind, path in out.items():
        if os.path.exists(path):
            with open(path, "rb") as f:
                left[kind] = re.sub(rb'\n\t"wall_seconds":\t[0-9.e-]+,', b"", f.read())
            os.remove(path)
    if done.returncode not in (0, 1):
        failures.append(f"{name}: {done.stderr.decode()}")
    return left


def first_difference(one, other):
    for number, (a, b) in enumerate(zip(one.splitlines(), other.splitlines()), 1):
        if a != b:
            return f"line {number} is {a!r}, without jumps {b!r}"
    return f"{len(one)} bytes, without jumps {len(other)}"


def compare(folder, file, name, options=None):
    options = options or {}
    fast = run(folder, file, name, options)
    slow = run(folder, file, name, {**options, "more": ["--no-jump"] + options.get("more", [])})
    for kind, text in slow.items():
        if fast.get(kind) != text:
            failures.append(f"{name}, {kind}: {first_difference(fast.get(kind, b''), text)}")
            return False
    return True


# --- Random scenarios ---

def random_load(r):
    kind = r.random()
    if kind < 0.1:
        return {"current": 0}
    if kind < 0.2:
        return {"current": round(10 ** r.uniform(-3, 0), 4), "angle": r.choice([0, 180, 90, 30, -120])}
    if kind < 0.3:
        return {"current": round(r.uniform(1, 9), 2), "angle": r.choice([0, 180, 90, 270, 89.998, 60, 120, -60])}
    load = {"current": round(10 ** r.uniform(-1, 0.95), 3), "angle": round(r.uniform(-180, 180), 2)}
    if r.random() < 0.3:
        load["harmonics"] = [[r.choice([2, 3, 5, 7, 11, 40]), round(r.uniform(1, 30), 1), r.randrange(360)]
                             for _ in range(r.randrange(1, 3))]
        load["harmonics"] = list({h[0]: h for h in load["harmonics"]}.values())
    return load


def random_event(r, seconds):
    at = round(r.uniform(0, seconds) * 8000) / 8000 if r.random() < 0.5 else r.randrange(int(seconds) + 1)
    phase = r.choice(["L1", "L2", "L3", "all"])
    choice = r.randrange(12)
    if choice < 3:
        return {"at": at, "set": {f"{phase}.current": round(10 ** r.uniform(-2, 0.95), 3)}}
    if choice == 3:
        return {"at": at, "set": {f"{phase}.angle": r.randrange(-180, 181)}}
    if choice == 4:
        return {"at": at, "set": {"frequency": r.choice(FREQUENCIES)}}
    if choice == 5:
        return {"at": at, "set": {f"{phase}.voltage": r.choice([0, 90, 110, 207, 230, 253])}}
    if choice == 6:
        return {"at": at, "set": {f"{phase}.current": round(r.uniform(0, 9), 2)}, "over": r.choice([0.3, 5, 60])}
    if choice == 7:
        return {"at": at, "tariff_input": r.random() < 0.5}
    if choice == 8:
        return {"at": at, "power": r.random() < 0.5}
    if choice == 9:
        return {"at": at, "press": r.choice(["left", "middle", "right"]), "hold": r.choice([0.2, 3.5])}
    if choice == 10:
        return r.choice([{"at": at, "modbus": "01 03 50 00 00 10"}, {"at": at, "modbus": "01 06 60 48 00 02"},
                         {"at": at, "mbus": "10 7b 00 7b 16"}, {"at": at, "mbus": "10 40 00 40 16"},
                         {"at": at, "power_cut": {"after_writes": r.randrange(1, 30)}}])
    return {"at": at, "expect": {r.choice(["total_active_power", "forward_active_energy", "pulses.led", "l1_current",
                                           "error_percent.forward_active_energy", "reference.total_active_power",
                                           "quadrant", "grid_frequency"]): {"min": -1e12}}}


def random_scenario(r):
    seconds = r.choice([20, 90, 90, 700, 700, 1300, 1300, 1300, 2500, 3700, 7300, 15000])
    frequency = r.choice(FREQUENCIES)
    ratio = r.choice([1, 1, 4, 20, 120, 400])
    meter = {"ct_ratio": f"{5 * ratio}/5", "combination_code": r.randrange(1, 6), "tariff": r.randrange(1, 5),
             "pulse_type": r.choice([1, 2]), "pulse_width": r.choice([2, 30, 99]),
             "s0_rate": r.choice([0.01, 1, 10, 100, 1000, 2000, 10000, 10000])}
    if r.random() < 0.4:
        near = [round(999999.999 - 10 ** r.uniform(-3, 1) * ratio, 3) for _ in range(6)]
        names = ["t1_forward_active_energy", "t2_forward_active_energy", "l1_forward_active_energy",
                 "l2_reverse_active_energy", "t1_reverse_active_energy", "t1_forward_reactive_energy"]
        meter["energy"] = dict(zip(names, near))
    scenario = {"name": "random", "duration": seconds, "meter": meter, "grid": {"frequency": frequency},
                "load": {f"L{k}": random_load(r) for k in (1, 2, 3)}}
    for load in scenario["load"].values():
        load["current"] = round(load["current"] * ratio, 6)
    if r.random() < 0.2:
        scenario["grid"]["L2"] = {"voltage": 231.7, "angle": -118, "harmonics": [[5, 4, 30]]}
    if r.random() < 0.2:
        scenario["front_end"] = {"gain_error": {"L1.current": 0.003}, "phase_error": {"L2.current": 0.4},
                                 "offset": {"L3.current": 12}}
    if r.random() < 0.06:
        scenario["front_end"] = {"noise": 0.1}
    scenario["timeline"] = sorted((random_event(r, seconds) for _ in range(r.choice([0, 0, 1, 3, 8]))),
                                  key=lambda e: e["at"])
    return scenario


def try_random(folder, number):
    r = random.Random(f"{seed} {number}")
    scenario = random_scenario(r)
    options = {}
    if r.random() < 0.25:
        options["csv"] = r.choice(["60s", "373ms", "10s"]) if scenario["duration"] < 2000 else "600s"
    if r.random() < 0.2 and scenario["duration"] < 8000:
        options["pulses"] = True
    file = os.path.join(folder, f"random-{number}.json")
    with open(file, "w", encoding="utf-8") as f:
        json.dump(scenario, f)
    if not compare(folder, file, f"random-{number}", options):
        failures.append(json.dumps(scenario))
    os.remove(file)
    return scenario["duration"]


def beginning(folder, name):
    """A scenario of the folder, of many runs the first; if it lasts for long, one of its first days."""
    file = os.path.join(root, "scenarios", name)
    with open(file, encoding="utf-8") as f:
        scenario = json.load(f)
    if scenario["duration"] != "365d":
        return file, name[:-5], {"more": ["--run", "1"] if "vary" in scenario else []}
    scenario["duration"] = "33h"
    scenario["timeline"] = [dict(e, times=2) for e in scenario["timeline"] if "every" in e]
    file = os.path.join(folder, name)
    with open(file, "w", encoding="utf-8") as f:
        json.dump(scenario, f)
    return file, name[:-5]


def main():
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        names = sorted(os.listdir(os.path.join(root, "scenarios"))) if count >= 0 else []
        for name in names:
            if name.endswith(".json") and not name.endswith("schema.json"):
                pool.submit(compare, folder, *beginning(folder, name))
        simulated = sum(pool.map(lambda number: try_random(folder, number), range(abs(count))))
    print("\n".join(failures) or f"{abs(count)} random scenarios of {simulated / 3600:.0f} h, all the same")
    sys.exit(1 if failures else 0)


main()
