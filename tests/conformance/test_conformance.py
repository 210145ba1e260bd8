#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vmeter conformance and vmeter calibrate as a user has them: table, JSON, SVG, exit codes, a meter's memory.

usage: test_conformance.py VMETER SOURCE_ROOT"""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

VMETER, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
REALISTIC = str(ROOT / "assets/front-end-realistic.json")
failures = []


def check(condition, text):
    if not condition:
        failures.append(text)
        print("FAIL", text)


def run(*arguments, code=0):
    done = subprocess.run([VMETER, *arguments], capture_output=True, text=True)
    check(done.returncode == code, f"{arguments}: exit code {done.returncode}, wanted {code}: {done.stderr[-300:]}")
    return done


def rows_of(file):
    return {row["id"]: row for row in json.loads(file.read_text())["rows"]}


def test_results(folder):
    report, plot = folder / "r.json", folder / "p.svg"
    done = run("conformance", "--rows", "A03,A04,A10,N01,I23,I33,S03", "--report", str(report), "--plot", str(plot))
    lines = done.stdout.splitlines()
    check(max(map(len, lines)) <= 100, f"the table is {max(map(len, lines))} columns wide")
    by_id = {line.split()[0]: line for line in lines if line and line.split()}
    check(by_id["A03"].rstrip().endswith("!="), "A03: manual and standard differ, and it is not told")
    check("S2?" in by_id["A10"] and "S3?" in by_id["I23"], "an uncertain limit is not marked")
    check("claims no conformity" in done.stdout, "the disclaimer is missing")
    check("direct-connected" in by_id["I33"], "I33 does not say why it is not done")

    rows = rows_of(report)
    check(abs(rows["A04"]["by_pulses"]) < 0.01, "A04")
    check(rows["A03"]["manual"]["limit"] == 1.5 and rows["A03"]["en"]["limit"] == 1.0, "the limits of A03")
    check(rows["A03"]["manual_and_standard_differ"] and not rows["A04"]["manual_and_standard_differ"], "differing")
    check(rows["A10"]["uncertain"] and rows["A10"]["en"]["mark"] == "S2" and rows["A10"]["iec"]["mark"] == "S1", "A10")
    check(rows["I23"]["base"] == "A07" and "A07" in rows, "the base of I23 was not measured")
    check(rows["S03"]["reported_only"] and rows["S03"]["standard"] == "none", "S03 is judged")
    check("A05" not in rows, "a row that nobody asked for")
    summary = json.loads(report.read_text())["summary"]
    check(summary["rows"] == len(rows) and summary["manual_failed"] == 0, f"summary {summary}")

    root = ElementTree.parse(plot).getroot()
    check(root.tag.endswith("svg") and len(list(root.iter())) > 100, "the figure is empty")


def test_is_repeatable(folder):
    texts = []
    for jobs in "1", "4":
        report, plot = folder / f"{jobs}.json", folder / f"{jobs}.svg"
        run("conformance", "-q", "--front-end", REALISTIC, "--calibrate", "--rows", "A07,A30.1c,I31", "--jobs", jobs,
            "--report", str(report), "--plot", str(plot))
        result = json.loads(report.read_text())
        result.pop("wall_seconds")
        texts.append((result, plot.read_text()))
    check(texts[0] == texts[1], "results depend on the number of threads")


def test_calibration(folder):
    nvm, report = folder / "m.nvm", folder / "c.json"
    failed = run("conformance", "-q", "--front-end", REALISTIC, "--rows", "A07", code=1)
    check("FAILS" in failed.stdout, "a failure is not printed with -q")
    run("calibrate", "--front-end", REALISTIC, "--nvm", str(nvm), "--report", str(report))
    result = json.loads(report.read_text())
    check(result["before"][0]["power_error_percent"]["total"] > 1, "before")
    check(abs(result["after"][1]["power_error_percent"]["total"]) < 0.001, "after")
    check(nvm.stat().st_size == 4096, "the memory's size")
    before = nvm.read_bytes()
    run("conformance", "-q", "--front-end", REALISTIC, "--nvm", str(nvm), "--rows", "A07,A18")
    check(nvm.read_bytes() == before, "the bench writes to the meter that it looks at")

    # The same meter in a scenario: its constants are in force, and no master can reach them.
    scenario = {"name": "calibrated", "duration": "60s", "load": {"all": {"current": 1}},
                "front_end": json.loads(pathlib.Path(REALISTIC).read_text()),
                "timeline": [{"at": "60s", "expect": {"total_active_power": {"value": 0.69, "tol": "0.01%"}}}]}
    (folder / "s.json").write_text(json.dumps(scenario))
    run("run", "-q", str(folder / "s.json"), "--nvm", str(nvm))
    run("run", "-q", str(folder / "s.json"), code=1)


def test_messages(folder):
    bad = folder / "bad.json"
    for text, wanted in (('{"nois": 1}', "noise"), ('{"adc_bits": 7}', "adc_bits"),
                         ('{"transformer": [[1, 0, 0], [0.5, 0, 0]]}', "transformer[1][0]"),
                         ('{"transformer": [[1, 0]]}', "transformer[0]"), ('{"offset": {"L4.current": 1}}', "L4")):
        bad.write_text(text)
        done = run("conformance", "--front-end", str(bad), "--rows", "A07", code=2)
        check(wanted in done.stderr and str(bad) in done.stderr, f"{text}: {done.stderr}")
    for arguments in (("conformance", "--rows", "Z"), ("conformance", "x"), ("conformance", "--jobs", "0"),
                      ("conformance", "--calibrate", "--nvm", "x"), ("calibrate",), ("calibrate", "--front-end")):
        check("Try 'vmeter" in run(*arguments, code=2).stderr, f"{arguments}: no hint")
    run("conformance", "--rows", "A07", "--nvm", str(folder / "missing.nvm"), code=3)
    run("conformance", "--rows", "A07", "--report", str(folder / "no/such/file"), code=3)
    (folder / "short.nvm").write_bytes(b"abc")
    run("conformance", "--rows", "A07", "--nvm", str(folder / "short.nvm"), code=3)
    (folder / "strange.nvm").write_bytes(bytes(4096))
    check("error 80" in run("conformance", "--rows", "A07", "--nvm", str(folder / "strange.nvm"), code=3).stderr,
          "a strange memory")
    check("error 80" in run("calibrate", "--front-end", REALISTIC, "--nvm", str(folder / "strange.nvm"), code=3).stderr,
          "calibrating a strange memory")
    bad.write_text('{"gain_error": {"L2.current": -0.6}}')
    check("take back" in run("calibrate", "--front-end", str(bad), code=1).stderr, "a hopeless front end")


for test in (test_results, test_is_repeatable, test_calibration, test_messages):
    with tempfile.TemporaryDirectory() as name:
        test(pathlib.Path(name))
sys.exit(1 if failures else 0)
