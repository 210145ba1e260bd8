#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vmeter run with many scenarios, and vmeter merge, as a user has them.

    test_farm.py VMETER SOURCE_ROOT
"""
import os
import pathlib
import pty
import select
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from farm import ROOT, VMETER, check, put, read, run_tests, scenario, timeless, vmeter

PATIENCE = 120  # seconds: for a loaded machine


def names(report):
    return [pathlib.Path(s["file"]).name for s in report["scenarios"]]


def make_five(folder):
    cases = folder / "cases"
    (cases / "below").mkdir(parents=True)
    for k, letter in enumerate("edcba"):
        put(cases, f"{letter}.json", scenario(letter, duration=f"{k + 1}s"))
    put(cases / "below", "x.json", "no JSON")
    put(cases, "s.schema.json", "no JSON")
    put(cases, ".hidden.json", "no JSON")
    put(cases, "notes.txt", "no JSON")
    return cases


def test_folder(folder):
    cases = make_five(folder)
    done = vmeter("run", cases, "--report", folder / "r.json", "-v")
    report = read(folder / "r.json")
    check(names(report) == ["a.json", "b.json", "c.json", "d.json", "e.json"], f"the files are {names(report)}")
    check([s["simulated_seconds"] for s in report["scenarios"]] == [5, 4, 3, 2, 1], "the durations")
    check(report["passed"] == 5 and report["simulated_seconds"] == 15 and report["result"] == "pass", "the sums")
    check("5 scenarios, 15 s simulated" in done.stdout and "all passed" in done.stdout, done.stdout)
    check(done.stdout.count("ok  ") == 5 and "slowest: " in done.stdout and not done.stderr, done.stdout + done.stderr)
    check(vmeter("run", cases, "-q").stdout == "", "-q prints something when all is well")
    vmeter("run", cases / "e.json", cases, cases / "a.json", "-q", "--report", folder / "r.json")
    check(names(read(folder / "r.json")) == ["e.json", "a.json", "b.json", "c.json", "d.json", "e.json", "a.json"],
          "the order of the arguments")
    (folder / "empty").mkdir()
    check("no scenario in this folder" in vmeter("run", folder / "empty", code=2).stderr, "an empty folder")
    # A report on standard output is alone there.
    check(vmeter("run", cases, "--report", "-").stdout.startswith("{"), "--report -")


def test_one_stays_as_it_is(folder):
    one = put(folder, "one.json", scenario("one"))
    done = vmeter("run", one, "--report", folder / "r.json", "--jobs", 3)
    check("one: 2 s simulated in" in done.stdout and "all 2 expectations held" in done.stdout, done.stdout)
    check("registers" in read(folder / "r.json"), "the report of one scenario has changed")


def test_jobs_and_shards(folder):
    cases = make_five(folder)
    put(cases, "f.json", scenario("f", power=2))
    put(cases, "g.json", scenario("g", vary={"runs": 7, "values": {"load.L1.current": {"uniform": [3.999, 4.001]}},
                                             "report": ["l1_active_power"]}))
    whole, xml = folder / "whole.json", folder / "whole.xml"
    vmeter("run", cases, "--jobs", 1, "--report", whole, "--junit", xml, code=1)
    for jobs in 2, 9:
        vmeter("run", cases, "-q", "--jobs", jobs, "--report", folder / "j.json", "--junit", folder / "j.xml", code=1)
        check(timeless(folder / "j.json") == timeless(whole), f"--jobs {jobs}: another report")
        check(timeless(folder / "j.xml") == timeless(xml), f"--jobs {jobs}: another JUnit file")
    for shards in 1, 3, 20:  # 20: more than there are jobs
        files, seen = [], []
        for k in range(1, shards + 1):
            files.append(folder / f"s{k}.json")
            done = subprocess.run([VMETER, "run", cases, "-q", "--shard", f"{k}/{shards}", "--report", files[-1]],
                                  capture_output=True, timeout=250, check=False)
            part = read(files[-1])
            check(done.returncode == (1 if part["failed"] else 0), f"shard {k}: exit code {done.returncode}")
            for s in part["scenarios"]:
                seen += [(s["file"], r["run"]) for r in s.get("runs", [])] or [(s["file"], 0)]
        check(len(seen) == 13 and len(set(seen)) == 13, f"{shards} shards: {len(seen)} jobs, {len(set(seen))} of them once")
        vmeter("merge", *reversed(files), "-q", "--report", folder / "m.json", "--junit", folder / "m.xml", code=1)
        check(timeless(folder / "m.json") == timeless(whole), f"{shards} shards: the merged report is another")
        check(timeless(folder / "m.xml") == timeless(xml), f"{shards} shards: the merged JUnit file is another")


def test_exit_codes(folder):
    good, wrong = put(folder, "good.json", scenario("good")), put(folder, "wrong.json", scenario("wrong", power=1.01))
    bad = put(folder, "bad.json", {"duration": 1, "laod": {}})
    lost = put(folder, "lost.json", scenario("lost"))
    lost.write_text(lost.read_text().replace('"timeline": [', '"timeline": [{"at": 1, "snapshot": "nosuch/lcd.png"}, '))
    done = vmeter("run", good, wrong, code=1)
    check("FAIL" in done.stdout and "l1_active_power = " in done.stdout, done.stdout)
    check("1 passed, 1 FAILED" in done.stdout, done.stdout)
    done = vmeter("run", bad, wrong, good, "--report", folder / "r.json", "--junit", folder / "r.xml", code=2)
    check(done.stderr == f'vmeter: {bad}: unknown key "laod"; did you mean "load"?\n', done.stderr)
    report = read(folder / "r.json")
    check([s["result"] for s in report["scenarios"]] == ["invalid", "fail", "pass"], "the others did not run")
    check("unknown key" in report["scenarios"][0]["error"] and report["broken"] == 1, "the reason is not in the report")
    failed = [e["name"] for e in report["scenarios"][1]["expectations"] if not e["pass"]]
    check(failed == ["l1_active_power"] and report["scenarios"][1]["expectations"][0]["where"], f"{failed}")
    suites = ElementTree.parse(folder / "r.xml").getroot()
    sums = [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors")) for s in suites]
    check(sums == [(str(bad), "1", "0", "1"), ("wrong", "2", "1", "0"), ("good", "2", "0", "0")], f"{sums}")
    check(suites.find(".//error") is not None and len(suites.findall(".//failure")) == 1, "cases of the JUnit file")
    done = vmeter("run", lost, wrong, code=3)
    check("nosuch/lcd.png" in done.stderr and "lost: " in done.stdout, done.stderr + done.stdout)
    vmeter("run", good, folder / "nosuch.json", code=2)


def children(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as f:
        return [int(pid) for pid in f.read().split()]


def busy(pid):
    """Has it used the processor for a while? Then it is at its job."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return int(f.read().rsplit(")", 1)[1].split()[11]) > 10
    except (OSError, ValueError):
        return False


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    check(False, f"waited in vain for {what}")
    return None


def endless(folder, name):
    """A century, which takes more than a day."""
    return put(folder, name, {"name": name, "duration": "36500d", "front_end": {"noise": 1}, "load": {"all": {"current": 1}}})


def test_crash(folder):
    cases = [put(folder, f"{k}.json", scenario(f"{k}")) for k in range(20)]
    with subprocess.Popen([VMETER, "run", *cases[:10], endless(folder, "endless.json"), *cases[10:], "--jobs", "1",
                           "--report", folder / "r.json"], stdout=subprocess.PIPE, text=True) as farm:
        # The longest is begun first, by the only worker.
        victim = wait_for("a busy worker", lambda: [p for p in children(farm) if busy(p)])
        if victim:
            os.kill(victim[0], signal.SIGKILL)
        output = farm.communicate(timeout=PATIENCE)[0]
    check(farm.returncode == 1, f"exit code {farm.returncode}")
    report = read(folder / "r.json")
    check((report["passed"], report["broken"], report["failed"]) == (20, 1, 0), "the crash has taken others with it")
    check("signal 9" in report["scenarios"][10]["error"], report["scenarios"][10].get("error"))
    check("crashed: its process was ended by signal 9" in output, output)


def test_interrupt(folder):
    cases = [put(folder, f"{k}.json", scenario(f"{k}")) for k in range(3)]
    for number in signal.SIGINT, signal.SIGTERM:
        with subprocess.Popen([VMETER, "run", *cases, endless(folder, "e.json"), endless(folder, "f.json"), "--jobs", "3",
                               "--report", folder / "r.json"], stdout=subprocess.PIPE, text=True) as farm:
            workers = wait_for("two that are left", lambda: len(children(farm)) == 3 and [p for p in children(farm) if busy(p)])
            wait_for("both of them", lambda: len([p for p in children(farm) if busy(p)]) >= 2)
            all_workers = children(farm)
            farm.send_signal(number)
            output = farm.communicate(timeout=PATIENCE)[0]
        check(workers and farm.returncode == -number, f"ended with {farm.returncode}, not by signal {number}")
        report = read(folder / "r.json")
        check(report["not_run"] >= 2 and report["passed"] + report["not_run"] == 5, f"{report['not_run']} not run")
        check("not run" in output, output)
        for pid in all_workers:
            check(not os.path.exists(f"/proc/{pid}"), f"worker {pid} is left")


def on_terminal(folder, *arguments):
    """What comes out on standard error when that is a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([VMETER, *map(str, arguments)], stderr=slave, stdout=subprocess.DEVNULL, cwd=folder) as process:
        os.close(slave)
        text = b""
        while select.select([master], [], [], PATIENCE)[0]:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
        process.wait(PATIENCE)
    os.close(master)
    return text.decode()


def test_progress(folder):
    # Long enough to be told of: a second at least, whatever the machine.
    for minutes in 10, 40, 160, 640:
        cases = [put(folder, f"{k}.json", scenario(f"{k}", duration=f"{minutes}m", front_end={"noise": 1})) for k in range(2)]
        text = on_terminal(folder, "run", *cases, "--jobs", 1, "--set", "timeline=[]")
        if "1 of 2 done" in text:
            break
    check("1 of 2 done, 1 running, 0 failed" in text and " s left" in text, f"no progress on a terminal: {text!r}")
    check(text.endswith("\r\x1b[K"), "the progress line is not taken away")
    quick = put(folder, "quick.json", scenario("quick"))
    check(vmeter("run", quick, quick, "--jobs", 1).stderr == "", "progress without a terminal")


def test_merge_refuses(folder):
    cases = make_five(folder)
    files = []
    for k in range(1, 4):
        files.append(folder / f"s{k}.json")
        vmeter("run", cases, "-q", "--shard", f"{k}/3", "--report", files[-1])
    out = folder / "all.json"

    def refused(text, *shards):
        done = vmeter("merge", *shards, "--report", out, code=2)
        check(text in done.stderr and done.stdout == "" and not out.exists(), f"{text}: {done.stderr}{done.stdout}")

    refused("2 of 3 missing", files[0], files[2])
    refused("1, 3 of 3 missing", files[1])
    refused(f"shard 1 of 3 once more; {files[0]} has it", *files, files[0])
    vmeter("run", cases, "-q", "--shard", "2/2", "--report", folder / "half.json")
    refused("shard 2 of 2", files[0], folder / "half.json")
    vmeter("run", cases, "-q", "--shard", "2/3", "--set", "seed=5", "--report", folder / "other.json")
    refused("other scenarios", files[0], folder / "other.json", files[2])
    vmeter("run", cases, "-q", "--report", folder / "whole.json")
    refused("not of a shard", folder / "whole.json")
    vmeter("run", cases / "a.json", "-q", "--report", folder / "one.json")
    refused("no report", folder / "one.json")
    refused("No such file", folder / "nosuch.json")
    refused("this is not JSON", put(folder, "x.json", "{"))
    # A shard with a part taken away.
    text = read(files[0])
    text["scenarios"].pop()
    refused("4 jobs in all, of 5", put(folder, "cut.json", text), *files[1:])
    vmeter("merge", code=2)
    vmeter("merge", *files, "-q", "--report", folder / "no" / "file", code=3)
    # Nothing changes what a shard is of: other names for the same files do not.
    os.rename(cases, folder / "moved")
    vmeter("run", folder / "moved", "-q", "--shard", "2/3", "--report", files[1])
    vmeter("merge", *files, "-q", "--report", out)
    check(len(read(out)["scenarios"]) == 5, "shards from different places")


def test_all_scenarios_of_the_project(folder):
    """The whole folder, but for what takes long, against runs of one."""
    short = ["mbus.json", "modbus.json", "menu.json", "motor.json", "pulses.json", "bus.json"]
    vmeter("run", *(ROOT / "scenarios" / name for name in short), "-q", "--report", folder / "r.json")
    for item, name in zip(read(folder / "r.json")["scenarios"], short):
        vmeter("run", ROOT / "scenarios" / name, "-q", "--report", folder / "one.json")
        one = read(folder / "one.json")["expectations"]
        many = [{k: v for k, v in e.items() if k != "where"} for e in item["expectations"]]
        check(one == many and one, f"{name}: other expectations than alone")


run_tests(test_folder, test_one_stays_as_it_is, test_jobs_and_shards, test_exit_codes, test_crash, test_interrupt,
          test_progress, test_merge_refuses, test_all_scenarios_of_the_project)
