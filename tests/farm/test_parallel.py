#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example for GNU parallel: its merged report is that of one run of all. Skipped where there is no parallel.

    test_parallel.py VMETER SOURCE_ROOT
"""
import os
import shutil
import subprocess
import sys

from farm import ROOT, VMETER, check, put, run_tests, scenario, timeless, vmeter

if not shutil.which("parallel") or b"GNU" not in subprocess.run(["parallel", "--version"], capture_output=True).stdout:
    print("GNU parallel is not installed")
    sys.exit(77)


def test_example(folder):
    cases = folder / "my cases"
    cases.mkdir()
    for k in range(5):
        put(cases, f"it's {k}.json", scenario(f"{k}", power=1 + k // 4))
    put(cases, "v.json", scenario("v", vary={"runs": 9, "values": {"seed": {"integers": [1, 9]}}, "report": ["l1_voltage"]}))
    environment = {**os.environ, "VMETER": VMETER, "HOME": str(folder)}
    done = subprocess.run([ROOT / "examples/gnu-parallel/farm", "3", folder / "out of it", cases], env=environment,
                          capture_output=True, text=True, timeout=250)
    check(done.returncode == 1, f"exit code {done.returncode}: {done.stderr}")
    vmeter("run", cases, "-q", "--report", folder / "whole.json", "--junit", folder / "whole.xml", code=1)
    for kind in "json", "xml":
        check(timeless(folder / "out of it" / f"all.{kind}") == timeless(folder / f"whole.{kind}"), f"another {kind} file")


run_tests(test_example)
