#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same scenario gives the same report, byte for byte but for wall_seconds: a second time, under each instruction
set, and with a CSV file that cuts time into odd pieces.

    test_determinism.py VMETER SOURCE_ROOT
"""
import os
import re
import subprocess
import sys
import tempfile

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
failures = []

SCENARIOS = ["modbus", "voltage-dip", "motor", "frequency", "harmonics", "noise", "lost-phase", "pulses",
             "power-cut", "line-faults"]
COLUMNS = "l1_voltage,l1_current,total_active_power,grid_frequency,forward_active_energy,tariff"
REFERENCE_COLUMNS = "reference.total_active_power,error_percent.total_active_energy"


def run(folder, scenario, name, *options, cpu=None):
    """Returns the report without wall_seconds, and the CSV file if there is one."""
    environment = {k: v for k, v in os.environ.items() if k != "VMETER_CPU"}
    if cpu:
        environment["VMETER_CPU"] = cpu
    report = os.path.join(folder, name + ".json")
    file = os.path.join(root, "scenarios", scenario + ".json")
    done = subprocess.run([vmeter, "run", "-q", file, "--report", report, *options], env=environment, cwd=folder,
                          capture_output=True, text=True, timeout=280)
    if done.returncode:
        failures.append(f"{scenario}, {name}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return b"", b""
    with open(report, "rb") as f:
        text, count = re.subn(rb'\n\t"wall_seconds":\t[0-9.]+,', b"", f.read())
    if count != 1:
        failures.append(f"{scenario}, {name}: {count} times wall_seconds in the report")
    table = b""
    if "--csv" in options:
        with open(os.path.join(folder, options[options.index("--csv") + 1]), "rb") as f:
            table = f.read()
    return text, table


def compare(scenario, name, one, other):
    if one == other:
        return
    for number, (a, b) in enumerate(zip(one.splitlines(), other.splitlines()), 1):
        if a != b:
            failures.append(f"{scenario}, {name}: line {number} is {b!r}, was {a!r}")
            return
    failures.append(f"{scenario}, {name}: {len(other)} bytes, were {len(one)}")


def check(folder, scenario):
    plain, _ = run(folder, scenario, "plain", cpu="generic")
    compare(scenario, "a second time", plain, run(folder, scenario, "again", cpu="generic")[0])
    compare(scenario, "best", plain, run(folder, scenario, "best")[0])
    # A machine without an instruction set takes the best one that it has.
    tables = []
    for cpu in ("generic", "sse4", "avx2", "avx512"):
        text, table = run(folder, scenario, cpu, "--csv", cpu + ".csv", "--csv-every", "373ms", "--csv-columns", COLUMNS,
                          cpu=cpu)
        compare(scenario, f"{cpu} with a CSV file", plain, text)
        tables.append(table)
        compare(scenario, f"CSV file of {cpu}", tables[0], table)
    if tables[0].count(b"\n") < 100:
        failures.append(f"{scenario}: the CSV file has {tables[0].count(bytes([10]))} lines")
    # How often the reference is read does not move it.
    text, _ = run(folder, scenario, "reference", "--csv", "r.csv", "--csv-every", "373ms", "--csv-columns",
                  REFERENCE_COLUMNS)
    compare(scenario, "with the reference in a CSV file", plain, text)


def main():
    for scenario in SCENARIOS:
        with tempfile.TemporaryDirectory() as folder:
            check(folder, scenario)
    with tempfile.TemporaryDirectory() as folder:
        one, _ = run(folder, "noise", "seed 7")
        other, _ = run(folder, "noise", "seed 8", "--set", "seed=8")
        if one == other:
            failures.append("noise: another seed makes no difference")
        one, _ = run(folder, "line-faults", "seed 7", "--set", "seed=7")
        other, _ = run(folder, "line-faults", "seed 8", "--set", "seed=8")
        if one == other:
            failures.append("line-faults: another seed makes no difference")
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(SCENARIOS)} scenarios, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
