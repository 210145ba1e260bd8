# SPDX-License-Identifier: MIT
"""The first byte of each reply comes within 60 ms of its request's end, whatever the meter computes meanwhile."""
import random
import select
import time

import rtu
import serve

LIMIT = 0.060
REQUESTS = 200

# Each phase of each channel with 39 harmonics and noise, everything in motion: ramps move every 10 ms.
HARMONICS = [[order, 30 / order, 11 * order % 360] for order in range(2, 41)]
HEAVY = {
    "duration": "1h",
    "grid": {"voltage": 230, "harmonics": HARMONICS},
    "load": {"all": {"current": 4, "angle": 30, "harmonics": HARMONICS}},
    "front_end": {"noise": 50},
    "timeline": [
        {"every": "10s", "from": "0s", "times": 300, "do": [
            {"at": "0s", "set": {"all.voltage": 240, "all.current": 5, "frequency": 51}, "over": "5s"},
            {"at": "5s", "set": {"all.voltage": 220, "all.current": 1, "frequency": 49}, "over": "5s"},
        ]},
    ],
}


def first_byte(line, request):
    """Seconds from the request's end to the reply's first byte; takes the whole reply."""
    line.write(request)
    sent = time.monotonic()
    if not line.readable(2):
        raise serve.Late("no reply")
    took = time.monotonic() - sent
    line.receive()
    return took


def report(name, times):
    """Prints percentiles and fails beyond the limit."""
    times = sorted(times)
    shown = [f"{part} % {times[min(len(times) - 1, len(times) * part // 100)] * 1e3:.2f}" for part in (50, 90, 99)]
    print(f"  {name}: {len(times)} requests, ms: {', '.join(shown)}, max {times[-1] * 1e3:.2f}", flush=True)
    assert times[-1] < LIMIT, f"{name}: {times[-1] * 1e3:.1f} ms"


def measure(name, meter):
    """Asks for long and short blocks with gaps of 0 to 15 ms."""
    source = random.Random(60)
    requests = [rtu.read_request(0x5000, 56), rtu.read_request(0x6000, 125), rtu.read_request(0x5002, 2)]
    times = []
    with rtu.Line(meter.link) as line:
        for k in range(REQUESTS):
            times.append(first_byte(line, requests[k % 3]))
            line.silence(source.uniform(0, 0.015))
    report(name, times)


def test_idle():
    """The steady default scenario in real time."""
    with serve.Serve() as meter:
        measure("default, real time", meter)


def test_heavy():
    """The heavy scenario in real time."""
    with serve.Serve(HEAVY, speed=1) as meter:
        measure("heavy, real time", meter)


def test_as_fast_as_it_goes():
    """Both with all the processor's time."""
    with serve.Serve(speed="max") as meter:
        measure("default, speed max", meter)
    with serve.Serve(HEAVY, speed="max") as meter:
        measure("heavy, speed max", meter)


def during_a_step(meter, line):
    """Asks for as long as an hour's step takes; the delays."""
    times = []
    with serve.Control(meter.socket, seconds=100) as control:
        control.send('{"step": "1h"}')
        while not select.select([control.socket], [], [], 0)[0]:
            times.append(first_byte(line, rtu.read_request(0x5000, 56)))
            line.silence(0.002)
        assert control.receive()["ok"]
    return times


def test_during_a_step():
    """While control requests let an hour pass, again and again. Noise: every sample is made."""
    with serve.Serve({"duration": "1h", "load": {"all": {"current": 5}}, "front_end": {"noise": 0.01}}) as meter, rtu.Line(meter.link) as line:
        times = []
        while len(times) < REQUESTS:
            times += during_a_step(meter, line)
        report("step of an hour", times)


def test_paused():
    """A meter whose time stands still answers."""
    with serve.Serve() as meter:
        assert meter.ask({"pause": True})["ok"]
        measure("paused", meter)


def test_control_meanwhile():
    """A client of the control socket that asks without pause, for every name there is."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line, serve.Control(meter.socket) as control:
        names = '{"get": [' + ", ".join(['"total_active_energy"'] * 400) + "]}"
        times = []
        for _ in range(REQUESTS):
            control.send(names)
            times.append(first_byte(line, rtu.read_request(0x5000, 56)))
            assert control.receive()["ok"]
        report("control requests", times)


serve.main(globals(), 300)
