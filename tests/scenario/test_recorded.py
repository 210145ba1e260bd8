#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recorded waveforms: files of every kind, written here, are played, and what the meter reads is compared with what plain
sums over the very numbers in the files give.

    test_recorded.py VMETER SOURCE_ROOT
"""
import cmath
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import comtrade

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
failures = []
checks = 0
MAP = {**{"U%d" % p: "L%d.voltage" % p for p in (1, 2, 3)}, **{"I%d" % p: "L%d.current" % p for p in (1, 2, 3)}}


def check(good, *what):
    global checks
    checks += 1
    if not good:
        failures.append(" ".join(str(w) for w in what))


def near(what, actual, expected, relative, absolute=0.0):
    check(abs(actual - expected) <= relative * abs(expected) + absolute, what + ":", actual, "is not", expected,
          "(%.2e off)" % (actual / expected - 1 if expected else actual))


# --- Signals ---


def wave(rms, f, degrees=0.0, harmonics=(), dc=0.0):
    """harmonics: [(order, fraction, degrees)]."""
    def value(t):
        w = 2 * math.pi * f * t + math.radians(degrees)
        return dc + rms * math.sqrt(2) * (math.sin(w) + sum(
            share * math.sin(order * w + math.radians(angle)) for order, share, angle in harmonics))
    return value


def three_phases(f, u=230.0, i=5.0, lag=30.0, u_harmonics=((5, 0.03, 20), (7, 0.02, 0)), i_harmonics=((3, 0.2, 0), (5, 0.1, 90))):
    channels = []
    for p in range(3):
        channels.append({"name": "U%d" % (p + 1), "unit": "V", "value": wave(u + p, f, -120 * p, u_harmonics)})
        channels.append({"name": "I%d" % (p + 1), "unit": "A", "value": wave(i + p, f, -120 * p - lag - 5 * p, i_harmonics)})
    return channels


def expected(channels, moments, f):
    """What a meter should read: sums over numbers that hold whole cycles. Q is that of the fundamental."""
    v = {c["name"]: [c["value"](t) for t in moments] for c in channels}
    n = len(moments)

    def mean(a, b):
        return math.fsum(x * y for x, y in zip(a, b)) / n

    def first(a):
        return 2 / n * sum(x * cmath.exp(-2j * math.pi * f * t) for x, t in zip(a, moments)) / math.sqrt(2)

    out = {"grid_frequency": f}
    for p in (1, 2, 3):
        u, i = v["U%d" % p], v["I%d" % p]
        out["l%d_voltage" % p] = math.sqrt(mean(u, u))
        out["l%d_current" % p] = math.sqrt(mean(i, i))
        out["l%d_active_power" % p] = mean(u, i) / 1000
        out["l%d_reactive_power" % p] = (first(u) * first(i).conjugate()).imag / 1000
    for a, b in ((1, 2), (1, 3), (2, 3)):
        d = [x - y for x, y in zip(v["U%d" % a], v["U%d" % b])]
        out["l%d_l%d_voltage" % (a, b)] = math.sqrt(mean(d, d))
    out["total_active_power"] = sum(out["l%d_active_power" % p] for p in (1, 2, 3))
    out["total_reactive_power"] = sum(out["l%d_reactive_power" % p] for p in (1, 2, 3))
    return out


# --- Running ---


def play(folder, scenario, code=0):
    path, report = os.path.join(folder, "s.json"), os.path.join(folder, "r.json")
    with open(path, "w") as f:
        json.dump(scenario, f)
    if os.path.exists(report):
        os.unlink(report)
    done = subprocess.run([vmeter, "run", "-q", path, "--report", report], capture_output=True, text=True)
    check(done.returncode == code, scenario, "ended with", done.returncode, done.stderr)
    if not os.path.exists(report):
        return None, done.stderr
    with open(report) as f:
        return json.load(f), done.stderr


def scenario(waveform, duration="3s", **more):
    return {"duration": duration, "waveform": {"channels": MAP, "repeat": True, **waveform}, **more}


def compare(what, report, want, relative=1e-5, reference=None):
    """The meter's registers, and the reference, against what is expected."""
    if report is None:
        return
    for name, value in want.items():
        # The meter's own reactive power is less exact than the rest when there are harmonics.
        own = max(relative, 1e-4) if "reactive" in name else relative
        near("%s: %s" % (what, name), report["registers"][name], value, own, 2e-3 if name == "grid_frequency" else 0)
        near("%s: reference %s" % (what, name), report["reference"][name], value, max(reference or relative, 2e-5 if "reactive" in name else 0))


# --- COMTRADE ---


def every_kind(folder):
    f, rates = 50.0, [(2400, 480)]
    moments = comtrade.times(rates)
    channels = three_phases(f)
    want = expected(channels, moments, f)
    for year in (1991, 1999, 2013):
        for kind in comtrade.FORMATS:
            for eol in ("\r\n", "\n"):
                for name in ("rec.cfg", "rec.cff") if year == 2013 else ("rec.cfg",):
                    if kind in ("BINARY32", "FLOAT32") and year < 2013:
                        continue
                    comtrade.write(os.path.join(folder, name), channels, rates, kind, year, digital=19, eol=eol)
                    report, notes = play(folder, scenario({"comtrade": name}))
                    what = "%d %s %r %s" % (year, kind, eol, name)
                    compare(what, report, want, 3e-5 if kind == "BINARY" else 1e-5)
                    check(notes == "", what, "says", notes)


def rates_and_frequencies(folder):
    """From slow to fast sources nothing is lost or gained, harmonics included as far as the source has them."""
    for rate in (1000, 1200, 1920, 3200, 4800, 6400, 7680, 8000, 10000, 12800, 15360, 25600, 44100, 100000):
        for f in (45.0, 49.97, 50.0, 60.0, 65.0):
            if rate > 16000 and f != 49.97:
                continue
            count = max(round(rate * round(f * 0.3) / f), 60)
            count = round(count)
            top = int(min(0.4 * rate, 3300) // f)
            harmonics = [(k, 0.03, 17 * k) for k in (2, 3, 7, 13, 25, 39, 40) if k <= min(top, 40)]
            channels = three_phases(f, u_harmonics=harmonics, i_harmonics=harmonics)
            comtrade.write(os.path.join(folder, "rate.cfg"), channels, [(rate, count)], "FLOAT32", 2013, eol="\n")
            report, _ = play(folder, scenario({"comtrade": "rate.cfg"}))
            many = [k / (f * 1000) for k in range(10000)] # ten cycles, wherever the file's samples lie
            compare("%g Hz at %d/s" % (f, rate), report, expected(channels, many, f), 2e-5, 1e-5)


def transformers(folder):
    """Numbers of primary and secondary, prefixes of units, skew, scales, turned channels."""
    f, rates = 50.0, [(4800, 960)]
    channels = three_phases(f, u=120.0, i=1.0)
    plain = expected(channels, comtrade.times(rates), f)
    marked = []
    for c in channels:
        voltage = c["name"][0] == "U"
        marked.append({**c, "primary": 240 if voltage else 200, "secondary": 120 if voltage else 5, "side": "S"})
    comtrade.write(os.path.join(folder, "ps.cfg"), marked, rates, "FLOAT32", 2013)

    def ratios(values, ct, u, i):
        report, _ = play(folder, scenario({"comtrade": "ps.cfg", "values": values}, meter={"ct_ratio": ct}))
        near("%s U" % values, report["registers"]["l1_voltage"], plain["l1_voltage"] * u, 1e-5)
        near("%s I" % values, report["registers"]["l1_current"], plain["l1_current"] * i, 1e-5)
        near("%s P" % values, report["registers"]["l1_active_power"], plain["l1_active_power"] * u * i, 1e-5)
        near("%s reference of I" % values, report["reference"]["l1_current"], plain["l1_current"] * i, 1e-5)

    # What is marked as secondary flows through the meter, whose ratio it then gets; the primary goes through the CT in the
    # field. Both give 40 times as much with 200/5.
    ratios("recorded", "200/5", 1, 40)
    ratios("secondary", "200/5", 1, 40)
    ratios("primary", "200/5", 2, 40)
    ratios("recorded", "100/5", 1, 20)
    ratios("primary", "100/5", 2, 40)
    for c in marked:
        c["side"] = "P"
        c["value"] = (lambda v: lambda t: 2 * v(t))(c["value"])
    comtrade.write(os.path.join(folder, "ps.cfg"), marked, rates, "FLOAT32", 2013)
    ratios("recorded", "200/5", 2, 2)
    ratios("secondary", "200/5", 1, 2)
    ratios("primary", "200/5", 2, 2)

    kilo = [{**c, "unit": "kV" if c["name"][0] == "U" else "mA", "a": 1e-6,
             "value": (lambda v, k: lambda t: v(t) * k)(c["value"], 0.001 if c["name"][0] == "U" else 1000),
             "skew": 31 * k} for k, c in enumerate(channels)]
    for c in kilo:
        c["a"] = 1e-6 if c["unit"] == "kV" else 1e-3
    comtrade.write(os.path.join(folder, "unit.cfg"), kilo, rates, "BINARY32", 2013)
    report, _ = play(folder, scenario({"comtrade": "unit.cfg"}))
    compare("kV, mA and skew", report, plain)

    report, _ = play(folder, scenario({"comtrade": "unit.cfg", "scale": {"U1": 4, "I1": -3, "I2": 2}}))
    near("scaled P", report["registers"]["l1_active_power"], plain["l1_active_power"] * -12, 1e-5)
    near("scaled P", report["registers"]["l2_active_power"], plain["l2_active_power"] * 2, 1e-5)
    check(report["registers"]["l1_current_direction"] == "R", "a turned channel does not export")


def odd_times(folder):
    """Two rates in one recording; times of their own; a factor for time stamps; nanoseconds."""
    f = 50.0
    channels = three_phases(f, u_harmonics=(), i_harmonics=((3, 0.1, 0),))
    want = expected(channels, [k / 50000 for k in range(1000)], f)
    comtrade.write(os.path.join(folder, "two.cfg"), channels, [(2400, 480), (6400, 1280), (1600, 320)], "FLOAT32", 2013)
    report, notes = play(folder, scenario({"comtrade": "two.cfg"}))
    compare("three rates", report, want)
    check(notes == "", "three rates say", notes)

    for stamp, timemult, kind in (("us", 1.0, "ASCII"), ("us", 1.0, "FLOAT32"), ("ns", 1.0, "FLOAT32"), ("us", 0.5, "BINARY32")):
        moments = [k / 4800 for k in range(960)]
        comtrade.write(os.path.join(folder, "stamp.cfg"), channels, [], kind, 2013, timed=stamp, moments=moments,
                       timemult=timemult)
        report, _ = play(folder, scenario({"comtrade": "stamp.cfg"}))
        compare("even time stamps %s %s" % (stamp, kind), report, want, 3e-5)
    dice = random.Random(1)
    moments = [k / 4800 + dice.uniform(-0.25, 0.25) / 4800 * (0 < k < 959) for k in range(960)]
    comtrade.write(os.path.join(folder, "uneven.cff"), channels, [], "FLOAT32", 2013, timed="ns", moments=moments)
    report, _ = play(folder, scenario({"comtrade": "uneven.cff"}))
    compare("uneven time stamps", report, want, 3e-5)


def missing_samples(folder):
    f, rates = 50.0, [(9600, 1920)]
    channels = three_phases(f, u_harmonics=(), i_harmonics=())
    want = expected(channels, comtrade.times(rates), f)
    for kind in comtrade.FORMATS:
        comtrade.write(os.path.join(folder, "gap.cfg"), channels, rates, kind, 2013,
                       missing=[(5, 0), (6, 0), (700, 1), (1919, 2), (0, 2)])
        report, notes = play(folder, scenario({"comtrade": "gap.cfg"}))
        compare("missing samples " + kind, report, want, 1e-3)
        check('"U1": 2 of 1920 samples are missing' in notes and '"U2": 2 of' in notes and '"I1": 1 of' in notes,
              "missing samples:", notes)


# --- What a scenario does with a recording ---


def part_and_hold(folder):
    """The second half has another voltage. Before its time and after its end the first and last cycles are heard."""
    f = 49.95
    steps = lambda t: (100.0 if t < 0.5 else 200.0) / 230.0
    channels = [{"name": "U1", "unit": "V", "value": lambda t: steps(t) * wave(230, f)(t)},
                {"name": "I1", "unit": "A", "value": lambda t: steps(t) * wave(2, f)(t)}]
    comtrade.write(os.path.join(folder, "step.cfg"), channels, [(5000, 5000)], "FLOAT32", 2013)
    base = {"comtrade": "step.cfg", "channels": {"U1": "L1.voltage", "I1": "L1.current"}}

    def reads(waveform, when, volts):
        s = {"duration": "20s", "waveform": {**base, **waveform},
             "timeline": [{"at": t, "expect": {"l1_voltage": {"value": v, "tol": "0.01%"}, "error_percent.l1_voltage": {
                 "value": 0, "tol": 0.01}, "grid_frequency": {"value": f, "tol": 0.004}}} for t, v in zip(when, volts)]}
        report, _ = play(folder, s)
        check(report["result"] == "pass", waveform, [e for e in report["expectations"] if not e["pass"]])

    reads({}, (0.3, 1.5, 20), (100, 200, 200))
    reads({"at": "5s"}, (0, 1, 4.9, 7, 20), (100, 100, 100, 200, 200))
    reads({"from": "0.55s"}, (0, 1, 20), (200, 200, 200))
    reads({"length": "0.45s"}, (0, 1, 20), (100, 100, 100))
    reads({"length": "0.45s", "repeat": True}, (0, 1, 20), (100, 100, 100))
    reads({"from": "0.5s", "length": "0.5s", "repeat": True, "at": "3s"}, (0, 1, 20), (200, 200, 200))
    # Without a duration it ends with the recording.
    report, _ = play(folder, {"waveform": {**base, "at": "2s"}})
    near("the duration", report["simulated_seconds"], 3, 0)


def beside_the_generator(folder):
    """Channels that are not recorded go on; a set ends a recording; a lost supply silences it."""
    f, rates = 50.0, [(4000, 800)]
    channels = three_phases(f)
    want = expected(channels, comtrade.times(rates), f)
    comtrade.write(os.path.join(folder, "one.cfg"), channels, rates, "FLOAT32", 2013)
    s = scenario({"comtrade": "one.cfg", "channels": {"U1": "L1.voltage", "I1": "L1.current"}}, "8s",
                 load={"L2": {"current": 3, "pf": 0.5}})
    first = {"l1_voltage": {"value": want["l1_voltage"], "tol": "0.002%"},
             "l1_active_power": {"value": want["l1_active_power"], "tol": "0.002%"},
             "l2_active_power": {"value": 0.345, "tol": "0.01%"}, "error_percent.l2_active_power": {"value": 0, "tol": 0.002},
             "error_percent.l1_active_power": {"value": 0, "tol": 0.002}, "l3_voltage": {"value": 230, "tol": "0.002%"}}
    after = {"l1_voltage": {"value": 120, "tol": "0.01%"}, "error_percent.l1_voltage": {"value": 0, "tol": 0.01},
             "l1_current": {"value": want["l1_current"], "tol": "0.002%"}}
    s["timeline"] = [{"at": "1s", "expect": first}, {"at": "1s", "set": {"L1.voltage": 120}}, {"at": "2s", "expect": after},
                     {"at": "3s", "power": False}, {"at": "3.05s", "power": True}, {"at": "5s", "expect": after}]
    report, _ = play(folder, s)
    check(report["result"] == "pass", "beside", [e for e in report["expectations"] if not e["pass"]])
    s = scenario({"comtrade": "one.cfg"}, "8s", timeline=[
        {"at": "1s", "power": False}, {"at": "3s", "expect": {"reference.l1_voltage": 0, "reference.l2_active_power": 0}},
        {"at": "4s", "power": True}, {"at": "8s", "expect": {"l2_voltage": {"value": want["l2_voltage"], "tol": "0.002%"},
                                                           "power_down_counter": 1}}])
    report, _ = play(folder, s)
    check(report["result"] == "pass", "power", [e for e in report["expectations"] if not e["pass"]])
    # Several meters hear the same, each with its own transformer.
    s = scenario({"comtrade": "one.cfg"}, "2s", ct="100/5", meters=[{"ct_ratio": "100/5"}, {"ct_ratio": "200/5"}],
                 timeline=[{"at": "2s", "expect": {"meter1.l1_current": {"value": want["l1_current"], "tol": "0.01%"},
                                                   "meter2.l1_current": {"value": 2 * want["l1_current"], "tol": "0.01%"}}}])
    report, _ = play(folder, s)
    check(report["result"] == "pass", "meters", [e for e in report["expectations"] if not e["pass"]])


def energy(folder):
    """An hour of a recording that is not a whole number of the meter's samples long, and an export."""
    f, rates = 60.0, [(11025, 2205)]
    channels = three_phases(f, i=8.0)
    channels[5]["value"] = wave(6, f, -240 + 170)
    want = expected(channels, comtrade.times(rates), f)
    comtrade.write(os.path.join(folder, "hour.cff"), channels, rates, "BINARY32", 2013)
    report, _ = play(folder, scenario({"comtrade": "hour.cff"}, "1h"))
    wh = report["energy_wh"]
    forward = 1000 * (want["l1_active_power"] + want["l2_active_power"])
    near("forward", wh["forward_active_energy"], forward, 1e-5, 2)
    near("reverse", wh["reverse_active_energy"], -1000 * want["l3_active_power"], 1e-5, 2)
    near("phase 1", wh["l1_forward_active_energy"], 1000 * want["l1_active_power"], 1e-5, 1)
    near("reference", report["reference"]["forward_active_energy"], forward / 1000, 1e-5)
    near("reference", report["reference"]["l1_total_reactive_energy"], abs(want["l1_reactive_power"]), 1e-5)


def front_end(folder):
    f, rates = 50.0, [(6400, 1280)]
    channels = three_phases(f, lag=60, u_harmonics=(), i_harmonics=())
    want = expected(channels, comtrade.times(rates), f)
    comtrade.write(os.path.join(folder, "fe.cfg"), channels, rates, "FLOAT32", 2013)
    errors = {"gain_error": {"L1.voltage": 0.01}, "phase_error": {"L1.current": 0.1, "L2.voltage": -0.2},
              "offset": {"L3.current": 50000}, "transformer": [[0.1, 0.02, 0], [100, 0.02, 0]]}
    report, _ = play(folder, scenario({"comtrade": "fe.cfg"}, front_end=errors))
    r = report["registers"]
    near("gain", r["l1_voltage"], want["l1_voltage"] * 1.01, 1e-5)
    near("transformer", r["l1_current"], want["l1_current"] * 1.02, 1e-5)
    near("phase of a current", r["l1_active_power"], 230 * 5 * 1.01 * 1.02 * math.cos(math.radians(60 - 0.1)) / 1000, 2e-5)
    near("phase of a voltage", r["l2_active_power"], 231 * 6 * 1.02 * math.cos(math.radians(65 - 0.2)) / 1000, 2e-5)
    near("offset", r["l3_current"], math.hypot(want["l3_current"] * 1.02, 0.5), 2e-5)
    for name, value in want.items():
        near("reference of " + name, report["reference"][name], value, 1e-5)
    coarse, _ = play(folder, scenario({"comtrade": "fe.cfg"}, front_end={"adc_bits": 8}))
    check(abs(coarse["registers"]["l1_voltage"] / want["l1_voltage"] - 1) > 1e-4, "eight bits are seen")
    noisy, _ = play(folder, scenario({"comtrade": "fe.cfg"}, front_end={"noise": 100000}))
    near("noise", noisy["registers"]["l1_current"], math.hypot(want["l1_current"], 1), 0.02)
    # A recording beyond the converter's range is cut off there, as any signal is.
    report, _ = play(folder, scenario({"comtrade": "fe.cfg", "scale": 10}))
    check(report["registers"]["l1_voltage"] < 839, "a converter's end")


def slices(folder):
    """However time is cut, the meter sees the same."""
    f = 49.98
    comtrade.write(os.path.join(folder, "cut.cfg"), three_phases(f), [(3333, 777)], "FLOAT32", 2013)
    s = scenario({"comtrade": "cut.cfg", "at": "0.7s"}, "4s", front_end={"noise": 20, "phase_error": {"L2.current": 0.3}})
    whole, _ = play(folder, s)
    dice = random.Random(2)
    s["timeline"] = [{"at": round(dice.uniform(0, 4), 6), "expect": {"l1_voltage": {"min": 0}, "reference.l1_voltage": {"min": 0}}}
                     for _ in range(300)]
    cut, _ = play(folder, s)
    check(whole["registers"] == cut["registers"] and whole["reference"] == cut["reference"], "slices of time are seen")


# --- WAV ---


def wav_files(folder):
    f, rate = 50.0, 16000
    moments = [k / rate for k in range(3200)]
    channels = three_phases(f)
    want = expected(channels, moments, f)
    names = [c["name"] for c in channels]
    columns = [[c["value"](t) / (500.0 if c["name"][0] == "U" else 20.0) for t in moments] for c in channels]
    chunks = [(b"LIST", b"INFOISFT\x05\0\0\0abcd\0"), (b"bext", b"x" * 7)]
    mapping = {str(k + 1): MAP[name] for k, name in enumerate(names)}
    scale = {str(k + 1): 500 if name[0] == "U" else 20 for k, name in enumerate(names)}
    for bits, floats, extensible, tolerance in ((16, False, False, 1e-4), (16, False, True, 1e-4), (24, False, False, 1e-5),
                                                (24, False, True, 1e-5), (32, False, False, 1e-5), (32, True, False, 1e-5),
                                                (32, True, True, 1e-5), (64, True, False, 1e-5), (8, False, False, 2e-2)):
        for extra in ((), chunks):
            comtrade.write_wav(os.path.join(folder, "rec.wav"), columns, rate, bits, floats, extensible, extra)
            report, notes = play(folder, scenario({"wav": "rec.wav", "channels": mapping, "scale": scale}))
            compare("wav %d %s %s" % (bits, floats, extensible), report, want, tolerance)
            check(notes == "", "wav says", notes)


# --- Refusals ---


def refusals(folder):
    channels = three_phases(50.0)[:2]

    def good(kind="ASCII", year=1999, name="bad.cfg", **more):
        comtrade.write(os.path.join(folder, name), channels, [(1000, 100)], kind, year, digital=2, eol="\n", **more)

    def change(name, old, new, count=1):
        path = os.path.join(folder, name)
        with open(path, "rb") as f:
            text = f.read()
        check(old in text, "test: no", old)
        with open(path, "wb") as f:
            f.write(text.replace(old, new, count))

    def refused(want, waveform=None, **more):
        s = {"duration": 1, "waveform": {"comtrade": "bad.cfg", "channels": {"U1": "L1.voltage"}, **(waveform or {})}, **more}
        _, said = play(folder, s, 2)
        check(want in said and said.startswith("vmeter: " + folder), "said", said, "wanted", want)

    for old, new, want in (
            (b",1999", b",year", 'waveform: bad.cfg:1: the year of the revision: "year" is not a whole number'),
            (b"4,2A,2D", b"5,2A,2D", "waveform: bad.cfg:2: 5 channels are not 2 analog and 2 digital ones"),
            (b"4,2A,2D", b"4,2,2D", 'bad.cfg:2: "2": channels are counted as in "8,6A,2D"'),
            (b"4,2A,2D", b"99999999,2A,2D", "bad.cfg:2: the number of channels: 99999999 is too many"),
            (b"2,I1,,,A,", b"2,I1\n2,I1,,,A,", "bad.cfg:4: an analog channel has 10 fields (13 since 1999), this line has 2"),
            (b"2,I1,,,A", b"2,I1,,,A,x", 'bad.cfg:4: the factor a: "x" is not a number'),
            (b",P\n2,I1", b",Q\n2,I1", 'bad.cfg:3: "Q": the numbers are of the primary (P) or the secondary (S)'),
            (b"\n50\n1\n", b"\nfifty\n1\n", 'bad.cfg:7: the mains frequency: "fifty" is not a number'),
            (b"1000,100", b"10,100", "bad.cfg:9: 10 samples a second are out of range; 100 to 1e+06 can be played"),
            (b"1000,100", b"1000,0", "bad.cfg:9: the last sample, 0, does not come after"),
            (b"1000,100", b"1000,200", "bad.dat:101: the data end here, after 100 of 200 samples"),
            (b"1000,100", b"1000,2000000000", "bytes are promised"),
            (b"01/02/2024,10:00:00.000000", b"today", "bad.cfg:10: this is no date and time"),
            (b"ASCII", b"EBCDIC", 'bad.cfg:12: "EBCDIC" is no format of data; there are ASCII and BINARY'),
            (b"ASCII\n1.0", b"ASCII\n-1", "bad.cfg:13: a factor of -1 for time stamps is out of range"),
            (b"ASCII\n1.0\n", b"", "bad.cfg:12: the file ends here; the format of the data is missing")):
        good()
        change("bad.cfg", old, new)
        refused(want)
    for old, new, want in ((b"\n7,", b"\n7", "bad.dat:7: this line has 3 fields; 6 are wanted"),
                           (b"\n7,6000,", b"\n7,6000,x", "bad.dat:7: \"x")):
        good()
        if want.endswith("wanted"):
            change("bad.dat", b"\n7,6000", b"\n7,6000,1\n7,6000")
        else:
            change("bad.dat", old, new)
        refused(want)
    good("BINARY")
    with open(os.path.join(folder, "bad.dat"), "r+b") as f:
        f.truncate(1000)
    refused("waveform: bad.dat, byte 1000: the data end here; 100 samples of 14 bytes are promised, 1000 bytes are there")
    good(timed="us")
    change("bad.dat", b"\n7,6000,", b"\n7,5000,")
    refused("bad.dat:7: the time 5000 does not come after the one before, 5000")
    good("FLOAT32", 2013, "bad.cff")
    change("bad.cff", b"file type: CFG", b"file type: ABC")
    refused("bad.cff", {"comtrade": "bad.cff"})
    good("FLOAT32", 2013, "bad.cff")
    change("bad.cff", b"DAT FLOAT32: 1800", b"DAT FLOAT32: 9999")
    refused("bad.cff:", {"comtrade": "bad.cff"})

    good()
    for waveform, want in (
            ({"comtrade": "none.cfg"}, "waveform.comtrade: %s: No such file or directory" % os.path.join(folder, "none.cfg")),
            ({"channels": {"UA": "L1.voltage"}}, 'waveform.channels.UA: the recording has no such channel; it has "U1", "I1"'),
            ({"channels": {"3": "L1.voltage"}}, "waveform.channels.3: the recording has no such channel"),
            ({"channels": {"I1": "L1.voltage"}}, 'waveform.channels.I1: its unit is "A"; a voltage is recorded in V, mV, kV'),
            ({"channels": {"U1": "L1.power"}}, 'waveform.channels.U1: "L1.power" is no channel'),
            ({"channels": {"U1": "L1.voltage", "2": "all.voltage"}}, '"all.voltage" has a waveform already'),
            ({"channels": {}}, "waveform.channels: "),
            ({"scale": {"I1": 2}}, 'waveform.scale.I1: "channels" has no such channel'),
            ({"scale": 0}, "waveform.scale: must not be 0"),
            ({"values": "real"}, "waveform.values: "),
            ({"from": "1s"}, "are too short; it lasts 0.1 s"),
            ({"length": "1s"}, "bad.cfg ends after 0.1 s"),
            ({"length": 0}, "waveform.length: must be longer than 0"),
            ({"repeat": "yes"}, "waveform.repeat: "),
            ({"wav": "bad.cfg"}, 'waveform: give one file, as "comtrade" (.cfg or .cff) or as "wav"'),
            ({"loop": True}, 'waveform: unknown key "loop"')):
        refused(want, waveform)
    with open(os.path.join(folder, "p.csv"), "w") as f:
        f.write("t,u\n0,230\n")
    refused('profile.columns: what "waveform" plays on the voltage of L1 can not be set from a profile',
            profile={"csv": "p.csv", "time": "t", "columns": {"u": "L1.voltage"}})

    columns = [[0.5 * math.sin(k / 10) for k in range(1000)]]
    path = os.path.join(folder, "bad.wav")

    def wav_refused(want, old=None, new=None, **more):
        comtrade.write_wav(path, columns, 8000, **more)
        if old:
            change("bad.wav", old, new)
        s = {"duration": 1, "waveform": {"wav": "bad.wav", "channels": {"1": "L1.voltage"}, "scale": 300}}
        _, said = play(folder, s, 2)
        check(want in said, "said", said, "wanted", want)

    wav_refused("waveform: bad.wav, byte 0: this is no WAV file", b"RIFF", b"RIFX")
    wav_refused("waveform: bad.wav, byte 12: samples of kind 2 are compressed", b"fmt \x10\0\0\0\x01", b"fmt \x10\0\0\0\x02")
    wav_refused('waveform: bad.wav, byte 36: 2147485648 bytes of data are promised, 2000 are there',
                b"data\xd0\x07\0\0", b"data\xd0\x07\0\x80")
    wav_refused('the chunk "data" is missing', b"data\xd0\x07\0\0", b"dato\xd0\x07\0\0")
    wav_refused("integers of 12 bits can not be played", b"\x02\0\x10\0data", b"\x02\0\x0c\0data")
    wav_refused("channel 1 has a value that is no number", b"data\xa0\x0f\0\0\0\0\0\0", b"data\xa0\x0f\0\0\xff\xff\xff\xff", bits=32,
                floats=True)
    comtrade.write_wav(path, columns, 8000)
    for waveform, want in (({"channels": {"2": "L1.voltage"}}, 'and this one has "1" to "1"'),
                           ({"channels": {"1": "L1.voltage"}}, '"scale" does not say what full scale'),
                           ({"channels": {"1": "L1.voltage"}, "scale": 1, "values": "primary"}, 'can only be "recorded"')):
        _, said = play(folder, {"duration": 1, "waveform": {"wav": "bad.wav", **waveform}}, 2)
        check(want in said, "said", said, "wanted", want)


# --- A recording of a relay, where it is there ---


def line_fault(folder):
    path = os.path.join(root, "../shared/data/comtrade/line-fault-1991.cfg")
    if not os.path.exists(path):
        print("no line-fault-1991.cfg here; left out")
        return
    path = os.path.abspath(path)
    with open(path[:-4] + ".dat", encoding="utf-8") as f:
        rows = [line.split(",") for line in f if line.strip()]
    # From sample 650 on there is a fault; 0.1 s of it, 5 cycles, 120 samples.
    first, count = 720, 24
    current = [int(r[2]) * 0.001 for r in rows[first:first + count]]
    rms = math.sqrt(math.fsum(v * v for v in current) / count)
    s = {"duration": "2s", "waveform": {"comtrade": path, "channels": {"Ia1": "L1.current", "Ua1": "L1.voltage"},
                                        "from": first / 1200, "length": count / 1200, "repeat": True}}
    report, notes = play(folder, s)
    near("current of the fault", report["registers"]["l1_current"], rms, 2e-3)
    check("gap(s) in time were closed" in notes, "notes of a fault:", notes)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (every_kind, rates_and_frequencies, transformers, odd_times, missing_samples, part_and_hold,
                     beside_the_generator, energy, front_end, slices, wav_files, refusals, line_fault):
            if len(sys.argv) < 4 or test.__name__ in sys.argv[3:]:
                before = len(failures)
                test(folder)
                print("%-24s %s" % (test.__name__, "ok" if len(failures) == before else "FAILED"))
    for f in failures:
        print(f)
    print(checks, "checks,", len(failures), "failed")
    sys.exit(1 if failures else 0)


main()
