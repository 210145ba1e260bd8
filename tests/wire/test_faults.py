# SPDX-License-Identifier: MIT
"""Faults of the lines, set over the control socket while masters talk: what they hear, what is counted, and that all is
well when the line is."""
import json
import os
import random
import tempfile
import time

import mbus
import rtu
import serve

SCENARIO = {"duration": "1s", "seed": 21, "meter": {"mbus_address": 1}, "load": {"all": {"current": 5}}}
READ_ID = rtu.frame("01 03 40 03 00 01")
ID = bytes.fromhex("01 03 02 00 01")
NAMES = ("frames", "damaged", "answered", "bytes_in", "bytes_out", "bits_flipped", "bytes_dropped", "lost_cut", "echoed",
         "collisions", "delayed")


def line(meter, bus, **faults):
    """Sets faults."""
    answer = meter.ask({"line": {"bus": bus, **faults}})
    assert answer["ok"], answer


def counts(meter, bus):
    """All counters of a line."""
    values = meter.get(*(f"lines.{bus}.{name}" for name in NAMES))
    return {name: values[f"lines.{bus}.{name}"] for name in NAMES}


def say(meter, bus, master, frame):
    """Sends a frame and returns what comes back, as the counters tell that nothing more will."""
    before = counts(meter, bus)
    master.write(frame)
    after = serve.wait_for(lambda: done(meter, bus, before, len(frame)), 10, "the frame gets through")
    size = after["bytes_out"] - before["bytes_out"] + after["echoed"] - before["echoed"]
    data = b""
    while len(data) < size:
        assert master.readable(10), f"{size} bytes should come, have {data.hex(' ')}"
        data += os.read(master.fd, 512)
    assert len(data) == size, data.hex(" ")
    return data


def done(meter, bus, before, size):
    """The counters, when size bytes more have been heard of."""
    now = counts(meter, bus)
    return now if now["bytes_in"] == before["bytes_in"] + size else None


def silence(meter, bus, master):
    """Lets time pass that ends a frame on the M-Bus: a byte that nobody understands is forgotten."""
    time.sleep(mbus.SILENCE if bus == "mbus" else rtu.SILENCE)
    meter.round()
    assert not master.readable(0)


def headless(events):
    """The counters after these events in a run."""
    scenario = {**SCENARIO, "duration": "1h", "timeline": events}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(scenario, out)
        done_run = serve.run("run", path, "-q", "--report", "-")
    assert done_run.returncode == 0, done_run.stderr
    return json.loads(done_run.stdout)["lines"]


def test_a_cut_wire():
    """Nothing comes; the meter does not even see that somebody talks; mended, it answers at once."""
    with serve.Serve(SCENARIO) as meter, rtu.Line(meter.link) as master:
        assert master.ask(READ_ID, 10) == ID
        line(meter, "modbus", cut=True)
        serve.wait_for(lambda: "modbus" not in meter.get("lcd.icons"), 10, "the symbol goes out")
        for _ in range(3):
            assert say(meter, "modbus", master, READ_ID) == b""
        assert "modbus" not in meter.get("lcd.icons")
        assert counts(meter, "modbus")["lost_cut"] == 24
        line(meter, "modbus", clean=True)
        assert master.ask(READ_ID, 10) == ID
        assert "modbus" in meter.get("lcd.icons")


def test_noise_is_the_same_live_and_in_a_run():
    """Frame by frame over a pty: each as its damage has it, and all counters as in a run of the same frames."""
    faults = {"bit_errors": 0.01, "drop": 0.003}
    requests = [rtu.frame("01 03 40 00 00 02"), READ_ID, rtu.frame("01 06 60 48 00 02"), rtu.frame("07 03 40 03 00 01")]
    draw = random.Random(1)
    order = [draw.choice(requests) for _ in range(150)]
    right = {bytes.fromhex("01 03 04 19 02 02 46"), ID, requests[2][:-2]}
    believed = 0
    with serve.Serve(SCENARIO) as meter, rtu.Line(meter.link) as master:
        line(meter, "modbus", **faults)
        for request in order:
            data = say(meter, "modbus", master, request)
            if len(data) > 4 and rtu.crc(data[:-2]) == data[-2:]:
                assert data[:-2] in right, data.hex(" ")
                believed += 1
        live = counts(meter, "modbus")
        line(meter, "modbus", clean=True)
        assert say(meter, "modbus", master, READ_ID)[:-2] == ID
    assert live["damaged"] > 50 and live["answered"] > 20 and believed > 10, (live, believed)
    events = [{"at": 0, "line": {"bus": "modbus", **faults}}]
    events += [{"at": k + 1, "modbus": request[:-2].hex(" ")} for k, request in enumerate(order)]
    again = headless(events)["modbus"]
    assert again == live, (again, live)


def test_noise_on_the_mbus():
    """Over TCP: telegrams and SND_NKE come damaged or not at all; after silence and a clean line all is well."""
    with serve.Serve(SCENARIO, tcp=True) as meter, mbus.Tcp(meter.port()) as master:
        line(meter, "mbus", bit_errors=0.002)
        good = 0
        for k in range(60):
            data = say(meter, "mbus", master, mbus.request(1) if k % 2 else mbus.reset(1))
            good += mbus.check(data)
            if not data:
                silence(meter, "mbus", master)
        live = counts(meter, "mbus")
        assert live["damaged"] and live["answered"] == 60 - live["damaged"] and 10 < good < 60, (live, good)
        line(meter, "mbus", clean=True)
        assert master.ask(mbus.reset(1), 10) == mbus.ACK
        master.telegram(1)


def test_an_echo():
    """What is said comes back, be it understood or not; then the answer."""
    with serve.Serve(SCENARIO, mbus=True) as meter:
        with rtu.Line(meter.link) as master:
            line(meter, "modbus", echo=True)
            assert say(meter, "modbus", master, READ_ID) == READ_ID + ID + rtu.crc(ID)
            line(meter, "modbus", clean=True)
            assert say(meter, "modbus", master, READ_ID) == ID + rtu.crc(ID)
        with mbus.Line(meter.mbus) as master:
            line(meter, "mbus", echo=True)
            assert say(meter, "mbus", master, mbus.reset(1)) == mbus.reset(1) + mbus.ACK
            assert say(meter, "mbus", master, mbus.reset(9)) == mbus.reset(9)
            assert counts(meter, "mbus")["echoed"] == 10


def test_a_second_talker():
    """AND on the M-Bus, a broken frame on the Modbus."""
    with serve.Serve(SCENARIO, mbus=True) as meter:
        with rtu.Line(meter.link) as master:
            line(meter, "modbus", second_talker="01 03 02 00 fe 86 7b")
            data = say(meter, "modbus", master, READ_ID)
            assert data[:4] == ID[:4] and len(data) == 7 and rtu.crc(data[:-2]) != data[-2:], data.hex(" ")
        with mbus.Line(meter.mbus) as master:
            line(meter, "mbus", second_talker="7a 55")
            assert say(meter, "mbus", master, mbus.reset(1)) == b"\x60\x55"
            line(meter, "mbus", second_talker=None)
            assert master.ask(mbus.reset(1), 10) == mbus.ACK


def test_late_answers():
    """They come when they are said to, several at a time, in order."""
    with serve.Serve(SCENARIO) as meter, rtu.Line(meter.link) as master:
        line(meter, "modbus", delay="400ms")
        started = time.monotonic()
        for unit in range(3):
            master.write(rtu.frame(f"01 03 40 0{2 + unit} 00 01"))
        data = b""
        while len(data) < 21:
            assert master.readable(10), data.hex(" ")
            data += os.read(master.fd, 512)
        assert time.monotonic() - started >= 0.4
        assert [data[k + 3:k + 5].hex() for k in (0, 7, 14)] == ["1113", "0001", "0006"], data.hex(" ")
        assert counts(meter, "modbus")["delayed"] == 3
        line(meter, "modbus", clean=True)
        assert master.ask(READ_ID, 10) == ID


def test_a_master_that_goes_takes_late_answers_along():
    """Nobody else gets them."""
    with serve.Serve(SCENARIO) as meter:
        line(meter, "modbus", delay="200ms")
        with rtu.Line(meter.link) as master:
            master.write(rtu.frame("01 03 40 02 00 01"))
            serve.wait_for(lambda: counts(meter, "modbus")["answered"] == 1, 10, "an answer")
        meter.round()
        with rtu.Line(meter.link) as master:
            assert master.ask(READ_ID, 10) == ID
            master.silence(0.25)


def test_a_real_port():
    """The same line behind a serial port."""
    preload = os.environ.get("VMETER_PTY_AS_PORT")
    if not preload:
        print("  VMETER_PTY_AS_PORT is not set")
        return
    env = {"LD_PRELOAD": preload, "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with mbus.Master() as master, serve.Serve(SCENARIO, options=["--mbus-port", master.device], env=env) as meter:
        master.telegram(1)
        line(meter, "mbus", cut=True, echo=True)
        assert say(meter, "mbus", master, mbus.reset(1)) == mbus.reset(1)
        silence(meter, "mbus", master)
        line(meter, "mbus", clean=True)
        master.telegram(1)


def test_by_ctl():
    """`vmeter ctl` takes the event, and tells what is wrong with one."""
    with serve.Serve(SCENARIO) as meter, rtu.Line(meter.link) as master:
        ask = ["ctl", meter.socket]
        assert serve.run(*ask, '{"line": {"bus": "modbus", "cut": true}}').returncode == 0
        assert say(meter, "modbus", master, READ_ID) == b""
        assert serve.run(*ask, '{"modbus": "01 03 40 03 00 01", "reply": null}').returncode == 0
        assert serve.run(*ask, '{"line": {"bus": "modbus", "clean": true}}').returncode == 0
        assert master.ask(READ_ID, 10) == ID
        bad = serve.run(*ask, '{"line": {"bus": "modbus", "noise": 1}}')
        assert "noise" in bad.stdout + bad.stderr and "bit_errors" in bad.stdout + bad.stderr, bad
        for wrong in ({}, {"bus": "modbus"}, {"bus": "can", "cut": True}, {"bus": "mbus", "bit_errors": 2}):
            answer = meter.ask({"line": wrong})
            assert answer["ok"] is False and answer["error"], (wrong, answer)
        assert meter.ask({"line": {"bus": "mbus", "cut": True}, "meter": 1})["ok"] is False


serve.main(globals(), 200)
