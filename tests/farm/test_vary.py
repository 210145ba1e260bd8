#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scenarios that vary, as a user has them: values, statistics worked out anew, one run alone, failures, histograms.

    test_vary.py VMETER SOURCE_ROOT
"""
import json
import math
import os
import statistics
import xml.etree.ElementTree as ElementTree

from farm import check, put, read, run_tests, scenario, timeless, vmeter

GAIN = "front_end.gain_error.L1.current"
RUNS = 300


def spread(**keys):
    """The gain of the current of L1 varies by 0.1 %, and its load over two decades."""
    s = scenario("spread", duration="1s")
    s["timeline"] = [{"at": "1s", "expect": {"error_percent.l1_current": {"min": -0.2, "max": 0.2}}}]
    s["vary"] = {"runs": RUNS, "seed": 11,
                 "values": {GAIN: {"normal": [0, 0.001]}, "load.L1.current": {"log_uniform": [0.05, 5]}},
                 "report": ["error_percent.l1_current", "l1_voltage", "error_percent.l2_current"], **keys}
    return s


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def test_statistics(folder):
    file = put(folder, "s.json", spread())
    done = vmeter("run", file, "--report", folder / "r.json", code=1)
    item = read(folder / "r.json")["scenarios"][0]
    runs = item["runs"]
    check([r["run"] for r in runs] == list(range(1, RUNS + 1)), "the runs")
    values = [r["report"]["error_percent.l1_current"] for r in runs]
    # The front end errs by what was drawn, and the meter shows it: a single-precision number of the current.
    for run, error in zip(runs, values):
        check(abs(error - 100 * run["values"][GAIN]) < 0.002, f"run {run['run']}: {error} % of {run['values']}")
    got = item["statistics"]["error_percent.l1_current"]
    for key, wanted in (("count", RUNS), ("min", min(values)), ("max", max(values)), ("mean", statistics.fmean(values)),
                        ("sd", statistics.stdev(values)), *((f"p{p}", percentile(values, p)) for p in (1, 5, 50, 95, 99))):
        check(math.isclose(got[key], wanted, rel_tol=1e-10, abs_tol=1e-13), f"{key} is {got[key]}, want {wanted}")
    check(0.08 < got["sd"] < 0.12, f"the deviation is {got['sd']}")
    currents = [r["values"]["load.L1.current"] for r in runs]
    check(0.05 <= min(currents) < 0.07 and 4 < max(currents) <= 5, f"currents from {min(currents)} to {max(currents)}")
    check(set(r["report"]["l1_voltage"] for r in runs) == {250}, "the voltage does not vary")
    # What failed is just what lies outside.
    bad = [k + 1 for k, v in enumerate(values) if abs(v) > 0.2]
    check(item["failed_runs"] == bad and bad, f"failed runs {item['failed_runs']}, outside are {bad}")
    check(f"{len(bad)} of {RUNS} runs" in done.stdout and f"run {bad[0]}: " in done.stdout, done.stdout)
    check(f"--run {bad[0]}" in done.stdout and "error_percent.l1_current, %" in done.stdout, done.stdout)
    check(len(runs[bad[0] - 1]["failed"]) == 1 and runs[0]["expectations"] == 1, "expectations of a run")


def test_one_run(folder):
    file = put(folder, "s.json", spread())
    vmeter("run", file, "-q", "--report", folder / "r.json", code=1)
    item = read(folder / "r.json")["scenarios"][0]
    bad = item["failed_runs"][0]
    run = item["runs"][bad - 1]
    done = vmeter("run", file, "--run", bad, "--report", folder / "one.json", "--csv", folder / "one.csv", code=1)
    told = done.stderr.split(": ", 1)
    check(told[0] == f"run {bad} of {RUNS}" and json.loads(told[1]) == run["values"], done.stderr)
    one = read(folder / "one.json")
    failed = [{k: v for k, v in e.items() if k != "where"} for e in run["failed"]]
    check([e for e in one["expectations"] if not e["pass"]] == failed, "the run alone fails otherwise")
    check((folder / "one.csv").read_text().count("\n") == 3, "--csv of one run")
    # The same by hand: the values as --set takes them, and nothing that varies.
    plain = spread()
    del plain["vary"]
    sets = [x for path, value in run["values"].items() for x in ("--set", f"{path}={json.dumps(value)}")]
    vmeter("run", put(folder, "p.json", plain), "-q", *sets, "--report", folder / "set.json", code=1)
    for name in "expectations", "registers", "energy_wh":
        check(read(folder / "set.json")[name] == one[name], f"--set gives other {name}")
    vmeter("run", file, "--run", RUNS + 1, code=2)
    check("add --run K" in vmeter("run", file, "--csv", folder / "x.csv", code=2).stderr, "--csv of many runs")


def test_instruction_sets(folder):
    """What comes of a run is the same with each of the processor's instruction sets."""
    texts = []
    for cpu in "generic", "avx2", "avx512":
        os.environ["VMETER_CPU"] = cpu
        vmeter("run", put(folder, "s.json", spread()), "-q", "--report", folder / "r.json", code=1)
        texts.append(timeless(folder / "r.json"))
    del os.environ["VMETER_CPU"]
    check(texts[0] == texts[1] == texts[2], "another report with other instructions")


def test_combinations(folder):
    s = scenario("grid", vary={"values": {"meter.ct_ratio": {"grid": ["5/5", "100/5"]}, "load.L1.current": {"steps": [1, 4, 4]}},
                               "report": ["l1_active_power"]})
    s["ct"] = "5/5"
    s["timeline"] = []
    vmeter("run", put(folder, "g.json", s), "--report", folder / "r.json")
    runs = read(folder / "r.json")["scenarios"][0]["runs"]
    got = [(r["values"]["meter.ct_ratio"], r["values"]["load.L1.current"], round(r["report"]["l1_active_power"], 4)) for r in runs]
    wanted = [(ct, i, 0.25 * i * factor) for ct, factor in (("5/5", 1), ("100/5", 20)) for i in (1, 2, 3, 4)]
    check(got == wanted, f"{got}")


def test_a_run_that_is_wrong(folder):
    s = spread(values={"load.L1.current": {"uniform": [-1, 1]}}, runs=20, seed=3)
    file = put(folder, "w.json", s)
    message = vmeter("check", file, code=2).stderr
    first = int(message.split("run ")[1].split(":")[0])
    if first == 1:
        check("run 1: load.L1.current: " in vmeter("run", file, code=2).stderr, "the first run is wrong")
        return
    vmeter("run", file, "--report", folder / "r.json", code=2)
    item = read(folder / "r.json")["scenarios"][0]
    for run in item["runs"]:
        wanted = "invalid" if run["values"]["load.L1.current"] < 0 else "pass"
        check(run["result"] == wanted, f"run {run['run']} with {run['values']}: {run['result']}")
    check(item["failed_runs"][0] == first, f"check says run {first}")


def test_histogram(folder):
    file = put(folder, "s.json", spread())
    vmeter("run", file, "-q", "--histogram", folder / "h.svg", "--junit", folder / "j.xml", "--report", folder / "r.json", code=1)
    item = read(folder / "r.json")["scenarios"][0]
    svg = (folder / "h.svg").read_text()
    root = ElementTree.fromstring(svg)
    check(root.tag.endswith("svg"), "no SVG")
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    for text in "spread: error_percent.l1_current", "spread: l1_voltage", "in %", "in V", "p50", "min", "max":
        check(text in texts, f"the figure has no \"{text}\"")
    check(any(t.startswith(f"{RUNS} runs; mean ") and t.endswith("expected -0.2 to 0.2") for t in texts), "the head")
    # L2 has no current, so its error is 0 throughout: one bar as the voltage has. Heights of all bars make all runs.
    bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("fill-opacity")]
    red = sum(float(r.get("height")) for r in bars if r.get("fill") == "#c62828")
    blue = sum(float(r.get("height")) for r in bars if r.get("fill") != "#c62828" and float(r.get("y")) < 340)
    share = len(item["failed_runs"]) / RUNS
    check(abs(red / (red + blue) - share) < 0.01, f"{red} of {red + blue} is red, {share} failed")
    # The same from shards, and the same bytes.
    for k in 1, 2:
        vmeter("run", file, "-q", "--shard", f"{k}/2", "--report", folder / f"{k}.json", code=1)
    vmeter("merge", folder / "1.json", folder / "2.json", "-q", "--histogram", folder / "m.svg", "--report", folder / "m.json",
           code=1)
    check((folder / "m.svg").read_text() == svg, "another figure from shards")
    check(timeless(folder / "m.json") == timeless(folder / "r.json"), "another report from shards")
    suite = ElementTree.parse(folder / "j.xml").getroot()[0]
    check(suite.get("tests") == str(RUNS) and suite.get("failures") == str(len(item["failed_runs"])), "JUnit's sums")
    check(GAIN in suite.find("testcase/failure").text, "JUnit does not say with what values a run failed")


run_tests(test_statistics, test_one_run, test_instruction_sets, test_combinations, test_a_run_that_is_wrong, test_histogram)
