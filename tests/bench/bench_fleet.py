#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fleets: memory of a meter, time of two threads against one, and a full Modbus and M-Bus line served in real time.

    bench_fleet.py VMETER [SECONDS]     SECONDS: of each load on the lines
"""
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import mbus  # noqa: E402
import rtu  # noqa: E402
import serve  # noqa: E402

serve.VMETER = os.path.abspath(sys.argv[1])
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 20
LIMIT_MS = 60
ROUNDS = 3

# Ramps all the time: nothing is the same for two seconds together.
MOVING = [{"every": "20s", "do": [{"at": 0, "set": {"all.current": 4}, "over": "10s"},
                                  {"at": "10s", "set": {"all.current": 2}, "over": "10s"}]}]


def fleet(meters, seconds):
    return {"duration": seconds, "load": {"all": {"current": 2, "pf": 0.9}}, "timeline": MOVING,
            "meters": [{"count": meters, "spread": {"load_scale": {"uniform": [0.1, 2]}}}]}


def run(folder, scenario, threads):
    """Wall seconds, processor seconds and peak kB of a run."""
    name = os.path.join(folder, "s.json")
    with open(name, "w", encoding="utf-8") as f:
        json.dump(scenario, f)
    began = time.monotonic()
    with subprocess.Popen([serve.VMETER, "run", "-q", name, "--threads", str(threads)]) as process:
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def bench_memory(folder):
    few, many = run(folder, fleet(100, 20), 1)[2], run(folder, fleet(1100, 20), 1)[2]
    print(f"memory: {(many - few) / 1000:.1f} KiB a meter (1100 meters against 100)\n")


def bench_threads(folder):
    """The threads take turns, and the best round of each counts: others use the machine as well."""
    threads = sorted({1, 2, len(os.sched_getaffinity(0))})
    best = {}
    for _ in range(ROUNDS):
        for n in threads:
            wall, cpu, _ = run(folder, fleet(1000, 60), n)
            best[n] = min(best.get(n, (wall, cpu)), (wall, cpu))
    print("1000 meters for a minute, best of three:\n")
    print(f"{'threads':>8} {'wall s':>8} {'cpu s':>8} {'times one':>10} {'cores used':>11}")
    for n in threads:
        wall, cpu = best[n]
        print(f"{n:8} {wall:8.2f} {cpu:8.2f} {best[1][0] / wall:10.2f} {cpu / wall:11.2f}")
    print()


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_byte(line, request):
    """Milliseconds from the request's end to the first byte of its answer."""
    line.write(request)
    sent = time.monotonic()
    if not line.readable(5):
        raise serve.Late("no answer")
    return 1000 * (time.monotonic() - sent)


def modbus_request(line, k):
    took = first_byte(line, rtu.read_request(0x5000, 56, k % 247 + 1))
    assert line.receive(5)[0] == k % 247 + 1
    return took


def mbus_request(line, k):
    took = first_byte(line, mbus.request(k % 250 + 1))
    assert line.receive(5)[5] == k % 250 + 1
    return took


def measure(name, pid, ask, line, rate):
    """So many requests a second (None: none, 0: as many as go), each to the next meter."""
    times = []
    began, cpu = time.monotonic(), cpu_of(pid)
    while time.monotonic() - began < SECONDS:
        if rate is None:
            time.sleep(SECONDS / 20)
            continue
        if rate:
            time.sleep(max(0, began + len(times) / rate - time.monotonic()))
        times.append(ask(line, len(times)))
    took = time.monotonic() - began
    share = 100 * (cpu_of(pid) - cpu) / took
    times.sort()
    worst = f"{times[len(times) // 2]:9.2f} {times[-1]:9.2f}" if times else ""
    print(f"{name:30} {len(times) / took:10.0f} {share:9.1f} {worst}", flush=True)
    return times[-1] if times else 0


def bench_lines():
    scenario = {"duration": "1h", "load": {"all": {"current": 2, "pf": 0.9}}, "timeline": MOVING, "meters": [
        {"count": 247, "first_modbus_id": 1, "first_address": 1, "spread": {"load_scale": {"uniform": [0.1, 2]}}},
        {"count": 3, "first_address": 248, "modbus_baud": 19200}]}
    print(f"250 meters, 247 on the Modbus and all on the M-Bus, real time, {SECONDS:g} s each:\n")
    print(f"{'load':30} {'requests/s':>10} {'% of core':>9} {'median ms':>9} {'worst ms':>9}")
    with serve.Serve(scenario, speed=1, tcp=True) as s:
        worst = [measure("nobody asks", s.process.pid, None, None, None)]
        with rtu.Line(s.link) as line:
            worst += [measure("Modbus, each every 10 s", s.process.pid, modbus_request, line, 25),
                      measure("Modbus, each every second", s.process.pid, modbus_request, line, 247),
                      measure("Modbus, without a pause", s.process.pid, modbus_request, line, 0)]
        with mbus.Tcp(s.port()) as line:
            worst += [measure("M-Bus, each every 10 s", s.process.pid, mbus_request, line, 25),
                      measure("M-Bus, without a pause", s.process.pid, mbus_request, line, 0)]
    print(f"\nworst answer: {max(worst):.1f} ms; a master waits {LIMIT_MS} ms at the least")


def main():
    with tempfile.TemporaryDirectory() as folder:
        bench_memory(folder)
        bench_threads(folder)
    bench_lines()


main()
