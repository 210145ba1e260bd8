#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What vmeter says about a bad scenario: exit code 2, one line on stderr that names file and place, what is wrong and
what would be right; nothing on stdout.

    test_messages.py VMETER SOURCE_ROOT
"""
import json
import os
import subprocess
import sys
import tempfile

vmeter = os.path.abspath(sys.argv[1])
failures = []

TIMES = '"250ms", "90s", "15m", "24h", "7d"'
PATHS = "voltage, voltage_angle, voltage_harmonics, current, angle, pf, kind, power, reactive, current_harmonics"
KINDS = "an event is just one of set, tariff_input, power, press, modbus, mbus, expect, snapshot, power_cut, corrupt, line"


def at_1s(**keys):
    """A scenario with one event."""
    return {"duration": "1m", "timeline": [{"at": 1, **keys}]}


def expect(name, value):
    return at_1s(expect={name: value})


def line(**keys):
    return at_1s(line={"bus": "modbus", **keys})


def meter(**keys):
    return {"duration": 1, "meter": keys}


def grid(**keys):
    return {"duration": 1, "grid": keys}


def load(**keys):
    return {"duration": 1, "load": {"L1": keys}}


def front_end(**keys):
    return {"duration": 1, "front_end": keys}


def profile(csv="good.csv", columns=None, **keys):
    return {"duration": "2m", "profile": {"csv": csv, "time": "t", "columns": columns or {"p": "L1.power"}, **keys}}


def vary(value=None, path="load.L1.current", report=("l1_voltage",), runs=3, **keys):
    return {"duration": 1, "vary": {"runs": runs, "values": {path: value or {"uniform": [1, 2]}}, "report": list(report), **keys}}


def every(**keys):
    return {"duration": "1m", "timeline": [{"every": "10s", "do": [{"at": 0, "power": True}], **keys}]}


def spread(path, **how):
    return {"duration": 1, "meters": [{"count": 4, "spread": {path: how}}]}


def without(scenario, key, *path):
    node = scenario
    for step in path:
        node = node[step]
    del node[key]
    return scenario


CSV = {
    "good.csv": "t,p\n0,100\n60,200\n",
    "word.csv": "t,p\n0,100\n60,n/a\n",
    "short.csv": "t,p\n0,100\n60\n",
    "back.csv": "t,p\n60,100\n\n30,200\n",
    "twice.csv": "t,p\n0,100\n0,200\n",
    "early.csv": "t,p\n-1,100\n",
    "large.csv": "t,p\n0,100\n60,2000000000\n",
    "clock.csv": "t,p\n00:00,100\n",
    "empty.csv": "",
    "head.csv": "t,p\n",
}

# Scenario (an object, or the text of the file) and what is said behind "vmeter: s.json: ".
ROWS = [
    # The file as such
    ("", "line 1, column 1: this is not JSON"),
    ('{"duration": 1,}', "line 1, column 17: this is not JSON"),
    ('{\n  "duration": "1m"\n  "name": "x"\n}\n', "line 3, column 3: this is not JSON"),
    ('{"duration": 1} x', "line 1, column 17: this is not JSON"),
    ('// a day\n{"duration": 1}', "line 1, column 1: this is not JSON; it has no // comments"),
    ([], "must be an object, not a list"),
    ({}, '"duration" is missing'),
    # Keys
    ({"dration": "1m"}, 'unknown key "dration"; did you mean "duration"?'),
    ({"zzz": 1}, 'unknown key "zzz"; known are name, description, duration, seed, meter, meters, ct, grid, load,'),
    ('{"duration": 1, "duration": 2}', 'key "duration" stands twice'),
    ('{"duration": 1, "load": {"L1": {"current": 1}, "L1": {"current": 2}}}', 'load: key "L1" stands twice'),
    ({"duration": 1, "name": 3}, "name: must be a text, not a number"),
    # Times
    ({"duration": "1 h"}, f'duration: "1 h" is no time; write seconds as a number or a text like {TIMES}'),
    ({"duration": "5min"}, f'duration: "5min" is no time; write seconds as a number or a text like {TIMES}'),
    ({"duration": "-1s"}, f'duration: "-1s" is no time; write seconds as a number or a text like {TIMES}'),
    ({"duration": ""}, f'duration: "" is no time; write seconds as a number or a text like {TIMES}'),
    ({"duration": True}, 'duration: must be a time (seconds as a number, or a text like "15m"), not true or false'),
    ({"duration": -1}, "duration: -1 is out of range; allowed is 0 to "),
    ({"duration": 1, "seed": 1.5}, "seed: must be a whole number, not 1.5"),
    # ct and meter
    ({"duration": 1, "ct": 20}, "ct: must be a text, not a number"),
    ({"duration": 1, "ct": "100"}, 'ct: "100" is no CT ratio; write a text like "100/5"'),
    ({"duration": 1, "ct": "100/2"}, 'ct: "100/2": the secondary is 1 or 5 A, the primary not less than it and at most 99999 A'),
    (meter(ct_ratio="10000/5"),
     'meter.ct_ratio: "10000/5": the secondary is 1 or 5 A, the primary not less than it and at most 9999 A'),
    (meter(ct_ration="100/5"), 'meter: unknown key "ct_ration"; did you mean "ct_ratio"?'),
    (meter(combination_code=6), "meter.combination_code: 6 is out of range; allowed is 1 to 5"),
    (meter(tariff="1"), "meter.tariff: must be a number, not a text"),
    (meter(tariff=1.5), "meter.tariff: must be a whole number, not 1.5"),
    (meter(modbus_id=248), "meter.modbus_id: 248 is out of range; allowed is 1 to 247"),
    (meter(modbus_baud=9601),
     "meter.modbus_baud: 9601 is none of 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"),
    (meter(mbus_baud=19200), "meter.mbus_baud: 19200 is none of 300, 600, 1200, 2400, 4800, 9600"),
    (meter(modbus_parity="Even"), 'meter.modbus_parity: "Even" is none of "even", "none", "odd"'),
    (meter(serial_number=19020246), "meter.serial_number: must be a text, not a number"),
    (meter(serial_number="123"), 'meter.serial_number: "123" must be a text of 8 digits'),
    (meter(password="12345"), 'meter.password: "12345" must be a text of 4 digits'),
    (meter(s0_rate=500), "meter.s0_rate: 500 is none of 10000, 2000, 1000, 100, 10, 1, 0.1, 0.01"),
    (meter(pulse_width=1), "meter.pulse_width: 1 is out of range; allowed is 2 to 99"),
    (meter(energy={"l1_voltage": 1}), 'meter.energy: "l1_voltage" is no energy; `vmeter map` lists them'),
    (meter(energy={"t1_forward_active_energy": "1"}),
     "meter.energy.t1_forward_active_energy: must be a number, not a text"),
    # meters
    ({"duration": 1, "meters": []}, "meters: must have at least one meter"),
    ({"duration": 1, "meters": [{}], "meter": {}}, 'give either "meter" or "meters"'),
    ({"duration": 1, "meters": [{}, {"adress": 1}]}, 'meters[1]: unknown key "adress"; '),
    ({"duration": 1, "meters": [{"count": 0}]}, "meters[0].count: 0 is out of range; allowed is 1 to 10000"),
    ({"duration": 1, "meters": [{"count": 10000}, {}]}, "meters[1]: more than 10000 meters"),
    ({"duration": 1, "meters": [{"count": 64, "first_address": 200}]},
     "meters[0].first_address: the last of 64 would be 263; the highest is 250"),
    ({"duration": 1, "meters": [{"count": 1000, "first_modbus_id": 1}]},
     "meters[0].first_modbus_id: the last of 1000 would be 1000; the highest is 247"),
    ({"duration": 1, "meters": [{"count": 3, "first_modbus_id": 5}, {"modbus_id": 6}]},
     "meters[0].first_modbus_id: meters 2 and 4 would have the same Modbus address, 6, and the same modbus_baud"),
    ({"duration": 1, "meters": [{"mbus_address": 5}, {"count": 2, "first_address": 4}]},
     "meters[1].first_address: meters 1 and 3 would have the same M-Bus address, 5, and the same mbus_baud"),
    ({"duration": 1, "meters": [{}, {"count": 2, "first_serial_number": "19020245"}]},
     "meters[1].first_serial_number: meters 1 and 3 would have the same serial number, 19020246"),
    ({"duration": 1, "meters": [{"load_scale": -1}]}, "meters[0].load_scale: -1 is out of range; allowed is 0 to 1000"),
    (spread("load.L1.curent", uniform=[1, 2]),
     'meters[0].load.L1: unknown key "curent"; did you mean "current"? (as spread for number 1 of 4)'),
    (spread("tariff", steps=[1, 3]),
     "meters[0].tariff: must be a whole number, not 1.66666667 (as spread for number 2 of 4)"),
    (spread("load.all.pf", steps=[0, 3]),
     "meters[0].load.all.pf: 2 is out of range; allowed is -1 to 1 (as spread for number 3 of 4)"),
    (spread("count", uniform=[1, 2]),
     "meters[0].spread.count: can not be spread; what can are keys of one meter, as load.L1.current or tariff"),
    (spread("tariff[0]", uniform=[1, 2]), "meters[0].spread.tariff[0]: there is no such place"),
    (spread("tariff", uniform=[1]), "meters[0].spread.tariff.uniform: must be [from, to]"),
    (spread("tariff", uniform=[2, 1]), "meters[0].spread.tariff.uniform: from 2 to 1: the smaller one first"),
    (spread("tariff", normal=[1, -1]), "meters[0].spread.tariff.normal: a standard deviation is not negative"),
    (spread("tariff", normal=3), "meters[0].spread.tariff.normal: must be [mean, standard deviation]"),
    (spread("tariff", steps=[1, "2"]), "meters[0].spread.tariff.steps[1]: must be a number, not a text"),
    (spread("tariff", choice=[]), "meters[0].spread.tariff.choice: must be a list of values"),
    (spread("tariff", choice=[1], max=2), 'meters[0].spread.tariff: "min" and "max" do not go with "choice"'),
    (spread("tariff", grid=[1], min=2), 'meters[0].spread.tariff: "min" and "max" do not go with "grid"'),
    (spread("tariff", uniform=[1, 2], min=2, max=1), 'meters[0].spread.tariff: "min" is above "max"'),
    (spread("tariff", uniform=[1, 2], steps=[1, 2]),
     'meters[0].spread.tariff: must be just one of uniform, normal, log_uniform, integers, choice, grid, steps, as in {"uniform": [1, 60]}'),
    (spread("tariff", unifrom=[1, 2]), 'meters[0].spread.tariff: unknown key "unifrom"; did you mean "uniform"?'),
    ({"duration": 1, "meters": [{"spread": {}}]},
     'meters[0].spread: must be an object like {"load.L1.current": {"uniform": [1, 60]}}'),
    (expect("sum.l1_voltage", 230),
     'timeline[0].expect: "l1_voltage" does not add up over meters; energies, powers and pulses do'),
    (expect("sum.lcd.part2", "x"),
     'timeline[0].expect: "lcd.part2" does not add up over meters; energies, powers and pulses do'),
    (expect("sum.total_activ_power", 1),
     'timeline[0].expect: unknown name "sum.total_activ_power"; did you mean "total_active_power"?'),
    ({"duration": 1, "meters": [{"first_modbus_id": 3, "modbus_id": 4}]},
     'meters[0]: give either "first_modbus_id" or "modbus_id"'),
    ({"duration": 1, "meters": [{"first_mbus_id": 3}]}, "meters[0].first_mbus_id: must be a text, not a number"),
    ({"duration": 1, "meters": [{"load": {"L1": {"current": -1}}}]},
     "meters[0].load.L1.current: -1 is out of range; allowed is 0 to "),
    ({"duration": 1, "meters": [{}, {}], "timeline": [{"at": 0, "power": False, "meter": 3}]},
     "timeline[0]: there is no meter 3, only 1 to 2"),
    ({"duration": 1, "timeline": [{"at": 0, "expect": {"meter2.l1_voltage": 230}}]},
     "timeline[0]: there is no meter 2, only 1 to 1"),
    ({"duration": 1, "timeline": [{"at": 0, "expect": {"l1_voltage": 230}, "meter": 1}]},
     'timeline[0]: write the names as in "meter1.l1_voltage" instead'),
    ({"duration": 1, "timeline": [{"at": 0, "mbus": "10 40 00 40 16", "meter": 1}]},
     "timeline[0]: a frame goes to the whole bus; its address says which meter answers"),
    ({"duration": 1, "timeline": [{"at": 0, "mbus": ""}]},
     'timeline[0].mbus: is empty; write a whole frame, as in "10 40 00 40 16"'),
    ({"duration": 1, "timeline": [{"at": 0, "mbus": "10 4g"}]}, 'timeline[0].mbus: "4g" is not a byte; write two'),
    # press and snapshot
    ({"duration": 1, "timeline": [{"at": 0, "press": "top"}]},
     'timeline[0].press: "top" is none of "left", "middle", "right"'),
    ({"duration": 1, "timeline": [{"at": 0, "press": "left", "hold": 0}]},
     "timeline[0].hold: must be longer than 0; false lets go of the button"),
    ({"duration": 1, "timeline": [{"at": 0, "power": True, "hold": 1}]}, 'timeline[0]: "hold" goes with "press"'),
    ({"duration": 1, "timeline": [{"at": 0, "snapshot": "lcd.jpg"}]},
     'timeline[0].snapshot: "lcd.jpg": a snapshot\'s name ends in .png or .svg'),
    ({"duration": 1, "timeline": [{"at": 0, "expect": {"lcd.part2": 5}}]},
     "timeline[0].expect.lcd.part2: its value is a text; expect one in quotes"),
    ({"duration": 1, "timeline": [{"at": 0, "expect": {"lcd.part4": "x"}}]},
     'timeline[0].expect: unknown name "lcd.part4"'),
    # grid and load
    (grid(frequency=39), "grid.frequency: 39 is out of range; allowed is 40 to 70"),
    (grid(L1={"current": 1}), 'grid.L1: unknown key "current"; known are voltage, angle, harmonics'),
    (grid(harmonics=[[1, 10, 0]]), "grid.harmonics[0]: 1 is out of range; allowed is 2 to 40"),
    (grid(harmonics=[[5, 10]]), "grid.harmonics[0]: a harmonic is [order, percent of the fundamental, degrees]"),
    (grid(harmonics=[[5, 10, 0], [5, 1, 0]]), "grid.harmonics[1]: harmonic 5 stands twice"),
    (load(current=-1), "load.L1.current: -1 is out of range; allowed is 0 to "),
    (load(current=1, pf=1.1), "load.L1.pf: 1.1 is out of range; allowed is -1 to 1"),
    (load(current=1, kind="ind"), 'load.L1.kind: "ind" is none of "inductive", "capacitive"'),
    (load(power=1, current=1), "load.L1: give either power and reactive, or current with angle or pf, not both"),
    (load(angle=1, pf=1), "load.L1: give either angle, or pf and kind, not both"),
    (load(Current=1), 'load.L1: unknown key "Current"; did you mean "current"?'),
    ({"duration": 1, "load": {"l1": {"current": 1}}}, 'load: unknown key "l1"; did you mean "L1"?'),
    # Events
    ({"duration": 1, "timeline": {}}, "timeline: must be a list, not an object"),
    ({"duration": 1, "timeline": [3]}, "timeline[0]: must be an object, not a number"),
    ({"duration": 1, "timeline": [{"power": True}]}, 'timeline[0]: "at" is missing'),
    (at_1s(), f"timeline[0]: {KINDS}"),
    (at_1s(set={"L1.current": 1}, power=True), f"timeline[0]: {KINDS}"),
    (at_1s(expct={}), 'timeline[0]: unknown key "expct"; did you mean "expect"?'),
    (at_1s(power=1), "timeline[0].power: must be true or false, not a number"),
    (at_1s(power=True, over=1), 'timeline[0]: "over" goes with "set"'),
    (at_1s(power=True, reply=None), 'timeline[0]: "reply" goes with "modbus"'),
    ({"duration": "1m", "timeline": [{"at": 0, "power": True}, {"at": 61, "power": True}]},
     'timeline[1].at: 61 s is after the end of the scenario ("duration" is 60 s)'),
    (at_1s(set={}), 'timeline[0].set: must be an object like {"L1.current": 20}'),
    (at_1s(set={"L4.current": 20}),
     'timeline[0].set: unknown path "L4.current"; known are "frequency" and, behind "L1.", "L2.", "L3." or "all.", '
     + PATHS),
    (at_1s(set={"L1.current": "20"}), "timeline[0].set.L1.current: must be a number, not a text"),
    (at_1s(set={"L1.voltage": 601}), "timeline[0].set.L1.voltage: 601 is out of range; allowed is 0 to 600"),
    (at_1s(set={"L1.kind": "inductive"}, over=1), 'timeline[0]: "kind" can not be set "over" a time'),
    (at_1s(set={"L1.current": 1}, over="soon"),
     f'timeline[0].over: "soon" is no time; write seconds as a number or a text like {TIMES}'),
    (at_1s(modbus="01 3"),
     'timeline[0].modbus: "3" is not a byte; write two hexadecimal digits a byte, as in "01 03 50 02 00 02"'),
    (at_1s(modbus="01"), "timeline[0].modbus: a request has at least a unit and a function byte"),
    (at_1s(modbus=3), "timeline[0].modbus: must be a text, not a number"),
    (at_1s(modbus="01 03", reply="01 ?"),
     'timeline[0].reply: "?" is not a byte; write two hexadecimal digits a byte, as in "01 03 50 02 00 02", '
     "or ?? for any"),
    (at_1s(power_cut={}), 'timeline[0].power_cut: "after_writes" is missing'),
    (at_1s(power_cut={"after_writes": 0}), "timeline[0].power_cut.after_writes: 0 is out of range; allowed is 1 to "),
    (at_1s(power_cut={"after_writes": 1, "torn": "most"}),
     'timeline[0].power_cut.torn: "most" is none of "nothing", "half", "all"'),
    (at_1s(corrupt={"area": "energy", "byte": 0}),
     'timeline[0].corrupt.area: "energy" is none of "energy_main", "energy_backup", "mantissa", "settings"'),
    (at_1s(corrupt={"area": "settings", "byte": 512}),
     "timeline[0].corrupt: byte 512 is outside the area, which has 512 bytes"),
    # Lines
    (line(), "timeline[0].line: needs bit_errors, drop, delay, echo, second_talker or cut, or \"clean\": true to end"),
    (at_1s(line={"cut": True}), 'timeline[0].line: "bus" is missing'),
    (at_1s(line={"bus": "can", "cut": True}), 'timeline[0].line.bus: "can" is none of "modbus", "mbus"'),
    (at_1s(line=True), "timeline[0].line: must be an object, not true or false"),
    (line(biterrors=1), 'timeline[0].line: unknown key "biterrors"; did you mean "bit_errors"?'),
    (line(bit_errors=1.5), "timeline[0].line.bit_errors: 1.5 is out of range; allowed is 0 to 1"),
    (line(drop="1%"), "timeline[0].line.drop: must be a number, not a text"),
    (line(delay="61s"), "timeline[0].line.delay: must not be longer than 60 s"),
    (line(delay=-1), "timeline[0].line.delay: -1 is out of range; allowed is 0 to "),
    (line(echo=1), "timeline[0].line.echo: must be true or false, not a number"),
    (line(second_talker=""), "timeline[0].line.second_talker: is empty; write null if nobody else shall talk"),
    (line(second_talker="e"),
     'timeline[0].line.second_talker: "e" is not a byte; write two hexadecimal digits a byte, as in '),
    (line(second_talker="00" * 262), "timeline[0].line.second_talker: at most 261 bytes"),
    (line(clean=False), "timeline[0].line.clean: can only be true; say what is wrong instead"),
    (line(clean=True, echo=True), 'timeline[0].line: "clean" ends all faults; nothing may stand beside it but "bus"'),
    (at_1s(line={"bus": "mbus", "cut": True}, meter=1), "timeline[0]: a line is that of all meters"),
    (at_1s(line={"bus": "mbus", "cut": True}, reply=None), 'timeline[0]: "reply" goes with "modbus" and "mbus"'),
    (at_1s(power=True, timeout=1), 'timeline[0]: "timeout" goes with "modbus" and "mbus"'),
    (at_1s(modbus="01 03", timeout=0), "timeline[0].timeout: must be longer than 0"),
    (expect("lines.modbus.bits", 1), 'timeline[0].expect: unknown name "lines.modbus.bits"; known are frames, damaged, '),
    (expect("lines.can.frames", 1), 'timeline[0].expect: unknown name "lines.can.frames"; lines are modbus and mbus'),
    (expect("meter1.lines.mbus.frames", 1),
     'timeline[0].expect: a line is that of all meters; write "lines.mbus.frames"'),
    (expect("lines.mbus.frames", "1"),
     "timeline[0].expect.lines.mbus.frames: its value is a number; expect one without quotes"),
    # Expectations
    (at_1s(expect={}), 'timeline[0].expect: must be an object like {"l1_voltage": {"value": 230, "tol": 0.1}}'),
    (expect("l1_volage", 230), 'timeline[0].expect: unknown name "l1_volage"; did you mean "l1_voltage"?'),
    (expect("total_activ_powr", 1),
     'timeline[0].expect: unknown name "total_activ_powr"; did you mean "total_active_power"?'),
    (expect("bananas", 1), 'timeline[0].expect: unknown name "bananas"; `vmeter map` lists them'),
    (expect("error_percent.l1_volage", 0), 'timeline[0].expect: unknown name "error_percent.l1_volage"; did you mean '),
    (expect("reference.tariff", 1),
     'timeline[0].expect: "tariff" has no reference; measured values and the energies of 6000..608A have one'),
    (expect("l1_voltage", {}), 'timeline[0].expect.l1_voltage: needs "value" (with "tol"), "min" or "max"'),
    (expect("l1_voltage", {"value": 1, "tol": "1"}),
     'timeline[0].expect.l1_voltage.tol: "1" is no tolerance; write a number, or a text like "0.1%"'),
    (expect("l1_voltage", {"value": "1", "tol": 1}),
     'timeline[0].expect.l1_voltage: its value is a number; expect one without quotes'),
    (expect("ct_ratio", 5), 'timeline[0].expect.ct_ratio: its value is a text; expect one in quotes'),
    (expect("l1_voltage", {"min": 2, "max": 1}), 'timeline[0].expect.l1_voltage: "min" is above "max"'),
    (expect("error_percent.l1_current_direction", 0),
     'timeline[0].expect: "l1_current_direction" is a text and has no error'),
    ({"duration": "1m", "timeline": [{"at": 1, "modbus": "01 03", "reply": ""}]},
     'timeline[0].reply: is empty; write null if there shall be no reply'),
    ('{"duration": 1, "timeline": [{"at": 0, "set": {"L1.current": 1, "L1.current": 2}}]}',
     'timeline[0].set: "L1.current" stands twice'),
    (expect("l1_voltage", {"value": 1, "tolerance": 1}),
     'timeline[0].expect.l1_voltage: unknown key "tolerance"; known are value, tol, min, max'),
    # Repetitions
    (every(every=0), 'timeline[0]: "every" must be longer than 0'),
    (every(times=0), "timeline[0].times: 0 is out of range; allowed is 1 to "),
    (every(at=1), 'timeline[0]: unknown key "at"; known are every, from, times, do'),
    (without(every(), "do", "timeline", 0), 'timeline[0]: "do" is missing'),
    (without(every(), "duration"), '"duration" is missing; an "every" without "times" needs it'),
    (every(do=[{"at": 0, "power": True}, {"at": 0, "power": 3}]),
     "timeline[0].do[1].power: must be true or false, not a number"),
    (every(**{"from": "2m"}), 'timeline[0].do[0].at: 120 s is after the end of the scenario ("duration" is 60 s)'),
    # Profiles
    (profile("nosuch.csv"), "profile.csv: nosuch.csv: No such file or directory"),
    (profile(columns={"q": "L1.power"}), 'profile.columns: good.csv has no column "q"'),
    (profile(time="time"), 'profile: good.csv has no column "time"'),
    (without(profile(), "time", "profile"), 'profile: "time" is missing'),
    (profile(columns={"p": "L1.kind"}), 'profile.columns.p: "L1.kind" can not come from a profile'),
    (profile(columns={"p": "L1.powr"}),
     'profile.columns.p: unknown path "L1.powr"; known are "frequency" and, behind '),
    (profile(interpolate="cubic"), 'profile.interpolate: "cubic" is none of "step", "linear"'),
    (profile("word.csv"), 'profile: word.csv:3: "n/a" is not a number'),
    (profile("clock.csv"), 'profile: clock.csv:2: "00:00" is not a number'),
    (profile("short.csv"), "profile: short.csv:3: this line has too few columns (1)"),
    (profile("back.csv"), "profile: back.csv:4: time 30 does not come after the line before"),
    (profile("twice.csv"), "profile: twice.csv:3: time 0 does not come after the line before"),
    (profile("early.csv"), "profile: early.csv:2: time -1 is out of range; it is seconds from the start"),
    (profile("large.csv"), "profile: large.csv:3: 2e+09 is out of range; allowed is "),
    (profile("empty.csv"), "profile: empty.csv is empty"),
    (profile("head.csv"), "profile: head.csv has no rows"),
    # Front end
    (front_end(noise=-1), "front_end.noise: -1 is out of range; allowed is 0 to "),
    (front_end(gain_error=3), 'front_end.gain_error: must be an object like {"L1.current": 0.001}'),
    (front_end(gain_error={"L1.power": 0.1}),
     'front_end.gain_error: "L1.power" is no channel; channels are "L1.voltage", "L1.current" and so on'),
    (front_end(phase_error={"L1.current": 200}),
     "front_end.phase_error.L1.current: 200 is out of range; allowed is -180 to 180"),
    (front_end(offset={"all.power": 1}),
     'front_end.offset: "all.power" is no channel; channels are "L1.voltage", "L1.current" and so on'),
    (front_end(adc_bits=6), "front_end.adc_bits: 6 is out of range; allowed is 8 to 24"),
    (front_end(transformer=[[1, 0]]),
     "front_end.transformer[0]: must be [A, gain error, degrees], like [0.1, -0.002, 0.15]"),
    (front_end(transformer=[[1, 0, 0], [1, 0, 0]]),
     "front_end.transformer[1][0]: must be more than 1, the current before it"),
    (front_end(transformer=[[k + 1, 0, 0] for k in range(17)]), "front_end.transformer[16]: at most 16 points"),
    # What varies
    (vary(runs=0), "vary.runs: 0 is out of range; allowed is 1 to 1000000"),
    (without(vary(), "runs", "vary"), 'vary: "runs" is missing; only "grid" and "steps" tell how many there are'),
    (without(vary(), "values", "vary"), 'vary: "values" is missing'),
    (vary(values={}), 'vary.values: must be an object like {"load.all.current": {"uniform": [0.05, 6]}}'),
    (vary({"unform": [1, 2]}), 'vary.values.load.L1.current: unknown key "unform"; did you mean "uniform"?'),
    (vary({"uniform": [1, 2], "grid": [1]}),
     "vary.values.load.L1.current: must be just one of uniform, normal, log_uniform, integers, choice, grid, steps, as in"),
    (vary({"uniform": [2, 1]}), "vary.values.load.L1.current.uniform: from 2 to 1: the smaller one first"),
    (vary({"uniform": 1}), "vary.values.load.L1.current.uniform: must be [from, to]"),
    (vary({"uniform": [1, "2"]}), "vary.values.load.L1.current.uniform[1]: must be a number, not a text"),
    (vary({"normal": [1, -1]}), "vary.values.load.L1.current.normal: a standard deviation is not negative"),
    (vary({"log_uniform": [0, 1]}), "vary.values.load.L1.current.log_uniform: must begin above 0"),
    (vary({"integers": [0, 1.5]}), "vary.values.load.L1.current.integers: must be two whole numbers"),
    (vary({"choice": []}), "vary.values.load.L1.current.choice: must be a list of values"),
    (vary({"steps": [0]}), "vary.values.load.L1.current.steps: must be [from, to] or [from, to, how many values]"),
    (without(vary({"steps": [0, 1]}), "runs", "vary"), 'vary.values.load.L1.current.steps: goes evenly over "runs", '
     "which is missing; or write [from, to, how many values]"),
    (vary({"choice": [1, 2], "max": 1}), 'vary.values.load.L1.current: "min" and "max" do not go with "choice"'),
    (vary({"steps": [0, 1, 1]}), "vary.values.load.L1.current.steps: 1: how many values is a whole number, 2 to 1000000"),
    (vary(values={"a": {"steps": [0, 1, 2000]}, "b": {"steps": [0, 1, 2000]}}),
     "vary: values: 4000000 combinations; at most 1000000"),
    (vary(report=["l1_volage"]), 'vary.report[0]: unknown name "l1_volage"; did you mean "l1_voltage"?'),
    (vary(report=["ct_ratio"]), 'vary.report[0]: "ct_ratio" is a text and has no percentiles'),
    (vary(report=["lcd.part1"]), 'vary.report[0]: "lcd.part1" is a text and has no percentiles'),
    (vary(report=["l1_voltage", "l1_voltage"]), 'vary.report[1]: "l1_voltage" stands twice'),
    (vary(report=["meter2.l1_voltage"]), "vary.report: there is no meter 2, only 1 to 1"),
    (vary(path="timeline[0].at"), "run 1: vary: values: timeline[0].at: there is no such place"),
    (vary(path="laod.L1.current"), 'run 1: unknown key "laod"; did you mean "load"?'),
    (vary({"uniform": [-2, -1]}), "run 1: load.L1.current: "),
]

# Arguments behind `vmeter run s.json` for a good scenario, the exit code, and what is said behind "vmeter: ".
ARGUMENTS = [
    (["--set", "load.L1.current"], 2, '--set: "load.L1.current" must be PATH=VALUE, as in load.L1.current=20'),
    (["--set", "=3"], 2, '--set: "=3" must be PATH=VALUE, as in load.L1.current=20'),
    (["--set", "timeline[3].at=1"], 2, "--set: timeline[3].at: there is no such place"),
    (["--set", "timeline[x].at=1"], 2, "--set: timeline[x].at: there is no such place"),
    (["--set", "duration.x=1"], 2, "--set: duration.x: there is no such place"),
    (["--set", "load.L1.current=abc"], 2, "s.json: load.L1.current: must be a number, not a text"),
    (["--set", "duration=1x"], 2,
     f's.json: duration: "1x" is no time; write seconds as a number or a text like {TIMES}'),
    (["--set", "laod.L1.current=3"], 2, 's.json: unknown key "laod"; did you mean "load"?'),
    (["--set", "timeline[0].at=2h"], 2,
     's.json: timeline[0].at: 7200 s is after the end of the scenario ("duration" is '),
    (["--csv", "x.csv", "--csv-columns", "l1_volage"], 2,
     'run: --csv-columns: unknown name "l1_volage"; did you mean "l1_voltage"?'),
    (["--threads", "0"], 2, 'run: --threads: "0" is not a number from 1 to 256'),
    (["--threads", "2.5"], 2, 'run: --threads: "2.5" is not a whole number'),
    (["--threads", "all"], 2, 'run: --threads: "all" is not a number from 1 to 256'),
    (["--meters-csv", "nosuch/m.csv"], 3, "nosuch/m.csv: No such file or directory"),
    (["--set", "timeline.3.at=1"], 2, "--set: timeline.3.at: there is no such place"),
    (["--csv-columns", "l1_voltage"], 2, "run: --csv-columns goes with --csv"),
    (["--csv", "x.csv", "--csv-every", "often"], 2,
     'run: --csv-every: "often" is no time; write it as 1s, 500ms or 15m'),
    (["second.json", "--csv", "x.csv"], 2, "run: --csv goes with one scenario"),
    (["second.json", "--pulses", "x.vcd"], 2, "run: --pulses goes with one scenario"),
    (["second.json", "--meters-csv", "m.csv"], 2, "run: --meters-csv goes with one scenario"),
    (["second.json", "--nvm", "x.nvm"], 2, "run: --nvm goes with one scenario"),
    (["--shard", "1/2", "--csv", "x.csv"], 2, "run: --csv goes with one scenario"),
    (["second.json", "--run", "1"], 2, "run: --run is one run of one scenario"),
    (["--run", "1"], 2, "run: --run: nothing varies in this scenario"),
    (["--run", "0"], 2, 'run: --run: "0" is not a number from 1 to '),
    (["--histogram", "h.svg"], 2, 'run: --histogram: no scenario has "vary" with "report"'),
    (["--jobs", "0"], 2, 'run: --jobs: "0" is not a number from 1 to '),
    (["--shard", "0/2"], 2, 'run: --shard: "0/2" must be K/M, as in 2/4'),
    (["--shard", "3/2"], 2, 'run: --shard: "3/2" must be K/M, as in 2/4'),
    (["--shard", "2"], 2, 'run: --shard: "2" must be K/M, as in 2/4'),
    (["--shard", "1/2x"], 2, 'run: --shard: "1/2x" must be K/M, as in 2/4'),
    (["--shard", "1/1", "--report", "nosuch/r.json"], 3, "nosuch/r.json: No such file or directory"),
    (["--nosuch"], 2, "run: --nosuch: unknown option"),
    (["--nosuch=3"], 2, "run: --nosuch=3: unknown option"),
    (["-x"], 2, "run: -x: unknown option"),
    (["--csv"], 2, "run: --csv: its argument is missing"),
    (["--report", "nosuch/r.json"], 3, "nosuch/r.json: No such file or directory"),
    (["--csv", "nosuch/r.csv"], 3, "nosuch/r.csv: No such file or directory"),
    (["--pulses", "nosuch/p.vcd"], 3, "nosuch/p.vcd: No such file or directory"),
    (["--nvm", "nosuch/nvm"], 3, "nosuch/nvm: No such file or directory"),
]


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as f:
        f.write(text)


def say(folder, arguments):
    return subprocess.run([vmeter, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def judge(what, done, code, start, lines):
    if done.returncode != code:
        failures.append(f"{what}: exit code {done.returncode}, expected {code}; {done.stderr.strip()}")
    if not done.stderr.startswith("vmeter: " + start):
        failures.append(f"{what}:\n  says     {done.stderr.strip()}\n  expected vmeter: {start}")
    if done.stderr.count("\n") != lines:
        failures.append(f"{what}: says {done.stderr.count(chr(10))} lines: {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in CSV.items():
            write(folder, name, text)
        for scenario, start in ROWS:
            text = scenario if isinstance(scenario, str) else json.dumps(scenario)
            write(folder, "s.json", text)
            for command in ("check", "run"):
                done = say(folder, [command, "s.json"])
                judge(f"{command} {text[:150]}", done, 2, "s.json: " + start, 1)
                if done.stdout:
                    failures.append(f"{command} {text[:150]}: prints {done.stdout}")

        write(folder, "s.json", json.dumps(at_1s(set={"L1.current": 2})))
        for arguments, code, start in ARGUMENTS:
            done = say(folder, ["run", "s.json", *arguments])
            hint = start.startswith("run: ") and code == 2  # usage errors point to --help besides
            judge(f"run s.json {' '.join(arguments)}", done, code, start, 2 if hint else 1)

        done = say(folder, ["run", "--nosuch", "s.json"])
        judge("run --nosuch", done, 2, "run: --nosuch: unknown option", 2)
        done = say(folder, ["run"])
        judge("run", done, 2, "run: which scenario?", 2)
        done = say(folder, ["check", "nosuch.json"])
        judge("check nosuch.json", done, 2, "nosuch.json: No such file or directory", 1)
        done = say(folder, ["check", "s.json", "nosuch.json", "s.json"])
        judge("check of three", done, 2, "nosuch.json: No such file or directory", 1)
        if done.stdout.count("s.json: ok") != 2:
            failures.append(f"check of three: prints {done.stdout}")
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(ROWS)} bad scenarios, {len(ARGUMENTS)} bad command lines, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
