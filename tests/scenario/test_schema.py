#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The JSON Schema of scenarios: it takes every scenario of the project, refuses typical mistakes, and agrees with what
`vmeter check` says.

    test_schema.py VMETER SOURCE_ROOT
"""
import copy
import glob
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import comtrade

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

vmeter = os.path.abspath(sys.argv[1])
root = os.path.abspath(sys.argv[2])
failures = []

RECORDED = [
    {"name": "VB", "unit": "V", "value": lambda t: 325 * math.sin(314.159 * t), "primary": 20, "secondary": 10, "side": "S"},
    {"name": "IB", "unit": "A", "value": lambda t: 2 * math.sin(314.159 * t), "primary": 100, "secondary": 5, "side": "S"},
]

# The good scenario that the rows below change. It uses every key once.
BASE = {
    "$schema": "scenario.schema.json",
    "name": "base",
    "description": "all keys",
    "duration": "2h",
    "seed": 5,
    "meter": {
        "serial_number": "00000001",
        "ct_ratio": "100/5",
        "combination_code": 4,
        "tariff": 2,
        "modbus_id": 247,
        "modbus_baud": 115200,
        "modbus_parity": "none",
        "mbus_address": 250,
        "mbus_id": "12345678",
        "mbus_baud": 300,
        "s0_rate": 0.1,
        "pulse_width": 99,
        "pulse_type": 2,
        "password": "1234",
        "lcd_cycle_time": 30,
        "power_down_counter": 7,
        "data_type": 2,
        "screen_direction": 1,
        "obis_code_display": 1,
        "backlight": 3,
        "energy": {
            "t1_forward_active_energy": 123.456,
            "l3_reverse_reactive_energy": 1,
            "q2_reactive_energy": 2,
            "t4_q4_reactive_energy": 3,
            "ct0_t2_reverse_reactive_energy": 4,
            "resettable_day_counter": -5,
            "l2_resettable_day_counter": 999999.999,
        },
    },
    "ct": "1000/1",
    "grid": {
        "frequency": 60,
        "voltage": 120.5,
        "harmonics": [[3, 5, 0], [40, 0.5, -360]],
        "L2": {"voltage": 119, "angle": -119, "harmonics": []},
    },
    "load": {
        "all": {"current": 1, "angle": -90},
        "L1": {"power": -500, "reactive": 100, "harmonics": [[5, 20, 180]]},
        "L2": {"current": 2, "pf": -0.5, "kind": "capacitive"},
    },
    "timeline": [
        {"at": 0.5, "set": {"L1.current": 3, "all.voltage": 230, "L3.voltage_angle": 120}},
        {"at": "1s", "set": {"L2.pf": 1, "L2.kind": "inductive", "L3.angle": 10, "all.power": 1, "L1.reactive": -1}},
        {"at": "250ms", "set": {"frequency": 49.9}, "over": "1m30s"},
        {"at": "1e3s", "set": {"L1.voltage_harmonics": [[2, 1, 0]], "all.current_harmonics": []}},
        {"at": "0.5h", "tariff_input": True},
        {"at": "1h", "power": False},
        {"at": 3600, "modbus": "01 03 50 02 00 02"},
        {"at": 3601, "modbus": "0103500200 02", "reply": "01 03 ?? 43"},
        {"at": 3602, "modbus": "00 06 60 48 00 02", "reply": None},
        {"at": 3603, "expect": {
            "l1_voltage": 230,
            "quadrant": {"min": 1, "max": 4},
            "l1_current_direction": "F",
            "error_percent.total_active_power": {"value": 0, "tol": 0.1},
            "reference.total_active_power": {"value": 1, "tol": "1.5%", "max": 7},
            "ct_ratio": {"value": "100/5"},
            "pulses.s0_2": {"min": 0},
        }},
        {"at": 3604, "mbus": "10 5b 00 5B16", "reply": "68 ?? ?? 68"},
        {"at": 3604, "mbus": "10 40 01 41 16", "reply": None},
        {"at": 3604, "expect": {"meter1.l1_voltage": 230, "meter1.error_percent.l1_voltage": 0, "meter1.pulses.led": 0}},
        {"at": 3604, "tariff_input": False, "meter": 1},
        {"at": 3604, "power_cut": {"after_writes": 3, "torn": "all"}},
        {"at": 3605, "corrupt": {"area": "mantissa", "byte": 1023}},
        {"every": "10m", "from": "1m", "times": 3, "do": [{"at": "1s", "power": True}]},
        {"every": 600, "do": []},
        {"at": 3606, "press": "middle", "hold": "3.5s"},
        {"at": 3607, "press": "left", "hold": False},
        {"at": 3608, "snapshot": "lcd.png"},
        {"at": 3609, "expect": {"lcd.part2": "000000.000", "lcd.icons": "forward q1", "led.backlight": 1}},
        {"at": 3610, "line": {"bus": "modbus", "bit_errors": 1e-3, "drop": 0.01, "delay": "30ms", "echo": True,
                              "second_talker": "01 03", "cut": False}},
        {"at": 3611, "line": {"bus": "mbus", "clean": True}},
        {"at": 3612, "line": {"bus": "mbus", "second_talker": None}},
        {"at": 3613, "modbus": "01 03 50 02 00 02", "timeout": "200ms"},
        {"at": 3614, "expect": {"lines.modbus.bits_flipped": {"min": 1}, "lines.mbus.lost_cut": 0}},
    ],
    "profile": {
        "csv": "p.csv",
        "time": "t",
        "columns": {"p": "L1.power", "f": "frequency"},
        "interpolate": "linear",
    },
    "waveform": {
        "comtrade": "r.cff",
        "channels": {"VB": "L2.voltage", "IB": "L2.current"},
        "scale": {"VB": 2, "IB": -1},
        "values": "primary",
        "at": "10s",
        "from": 0.01,
        "length": "100ms",
        "repeat": True,
    },
    "front_end": {
        "noise": 10,
        "gain_error": {"L1.current": 0.001, "all.voltage": -1},
        "phase_error": {"L3.voltage": 180},
        "offset": {"all.current": -50, "L1.voltage": 1000000},
        "adc_bits": 16,
        "transformer": [[0.01, -0.004, 0.1], [5, 0, 0]],
        "description": "all keys",
    },
    "vary": {
        "runs": 40,
        "seed": 9007199254740992,
        "values": {
            "front_end.gain_error.L2.current": {"normal": [0, 0.001]},
            "load.L2.current": {"log_uniform": [0.01, 6]},
            "load.L2.pf": {"choice": [1, 0.5, -0.8]},
            "grid.voltage": {"uniform": [207, 253]},
            "grid.frequency": {"steps": [45, 60, 4]},
            "load.L3.current": {"normal": [1, 0.5], "min": 0.1, "max": 6},
            "grid.L2.voltage": {"steps": [220, 240]},
            "seed": {"integers": [0, 1000000]},
            "meter.ct_ratio": {"grid": ["100/5", "200/5"]},
        },
        "report": ["error_percent.total_active_power", "meter1.l1_current", "pulses.led"],
    },
}

# Each row: what it is, the place in BASE, and what is put there (GONE: nothing).
GONE = object()
BAD = [
    ("a key that is not known", ["laod"], {}),
    ("a comment key", ["_comment"], "x"),
    ("a name that is no text", ["name"], 5),
    ("a time without a unit", ["duration"], "90"),
    ("a time with a blank", ["duration"], "1 h"),
    ("a negative time", ["duration"], -1),
    ("a time in minutes spelled out", ["duration"], "5min"),
    ("a seed that is not whole", ["seed"], 1.5),
    ("a CT ratio as a number", ["meter", "ct_ratio"], 20),
    ("a CT ratio without a secondary", ["meter", "ct_ratio"], "100"),
    ("a CT ratio with a secondary of 2 A", ["meter", "ct_ratio"], "100/2"),
    ("a CT ratio below one", ["meter", "ct_ratio"], "1/5"),
    ("a CT ratio beyond the meter's", ["meter", "ct_ratio"], "10000/5"),
    ("a field CT beyond 99999 A", ["ct"], "100000/5"),
    ("a sixth combination code", ["meter", "combination_code"], 6),
    ("a fifth tariff", ["meter", "tariff"], 5),
    ("a serial number that is a number", ["meter", "serial_number"], 19020246),
    ("a serial number of 7 digits", ["meter", "serial_number"], "1902024"),
    ("a speed that there is not", ["meter", "modbus_baud"], 9601),
    ("an M-Bus speed beyond 9600", ["meter", "mbus_baud"], 19200),
    ("a parity in capitals", ["meter", "modbus_parity"], "EVEN"),
    ("a Modbus address of 0", ["meter", "modbus_id"], 0),
    ("an S0 rate that there is not", ["meter", "s0_rate"], 500),
    ("a pulse of 1 ms", ["meter", "pulse_width"], 1),
    ("a password of 5 digits", ["meter", "password"], "12345"),
    ("a setting that is not known", ["meter", "ct"], "100/5"),
    ("a sum preloaded", ["meter", "energy", "total_active_energy"], 1),
    ("a negative energy", ["meter", "energy", "t1_forward_active_energy"], -1),
    ("an energy of 7 digits", ["meter", "energy", "t1_forward_active_energy"], 1000000),
    ("a fifth tariff's energy", ["meter", "energy", "t5_forward_active_energy"], 1),
    ("a frequency of 30 Hz", ["grid", "frequency"], 30),
    ("a voltage of 601 V", ["grid", "voltage"], 601),
    ("a fourth phase", ["grid", "L4"], {"voltage": 230}),
    ("a current in the grid", ["grid", "L2", "current"], 1),
    ("a first harmonic", ["grid", "harmonics"], [[1, 5, 0]]),
    ("a harmonic of order 41", ["grid", "harmonics"], [[41, 5, 0]]),
    ("a harmonic without an angle", ["grid", "harmonics"], [[5, 10]]),
    ("a harmonic that is no list", ["grid", "harmonics"], [5, 10, 0]),
    ("a negative current", ["load", "all", "current"], -5),
    ("a power and a current", ["load", "L1", "current"], 5),
    ("an angle and a power factor", ["load", "L2", "angle"], 5),
    ("a power factor above 1", ["load", "L2", "pf"], 1.2),
    ("a kind that there is not", ["load", "L2", "kind"], "resistive"),
    ("a phase in small letters", ["load", "l1"], {"current": 1}),
    ("a timeline that is no list", ["timeline"], {"at": 1, "power": True}),
    ("an event without a time", ["timeline", 4, "at"], GONE),
    ("an event of no kind", ["timeline", 4, "tariff_input"], GONE),
    ("an event of two kinds", ["timeline", 4, "power"], True),
    ("a switch that is a number", ["timeline", 5, "power"], 0),
    ("an event that does not exist", ["timeline", 4], {"at": 1, "push": "middle"}),
    ("a fourth button", ["timeline", 18, "press"], "top"),
    ("a hold of no button", ["timeline", 5, "hold"], True),
    ("a hold of 0 s", ["timeline", 18, "hold"], 0),
    ("a snapshot of a kind", ["timeline", 20, "snapshot"], "lcd.jpg"),
    ("a part of the display that there is not", ["timeline", 9, "expect", "lcd.part4"], "x"),
    ("a set of nothing", ["timeline", 0, "set"], {}),
    ("a path without a phase", ["timeline", 0, "set", "current"], 5),
    ("a path of a fourth phase", ["timeline", 0, "set", "L4.current"], 5),
    ("a path of no quantity", ["timeline", 0, "set", "L1.amps"], 5),
    ("a value out of range", ["timeline", 0, "set", "L1.current"], -1),
    ("a value that is a text", ["timeline", 0, "set", "L1.current"], "3 A"),
    ("a ramp of a kind", ["timeline", 1, "over"], "1s"),
    ("a ramp of harmonics", ["timeline", 3, "over"], "1s"),
    ("a ramp of a switch", ["timeline", 5, "over"], "1s"),
    ("a reply to nothing", ["timeline", 5, "reply"], "01 03"),
    ("a request with half a byte", ["timeline", 6, "modbus"], "01 03 5"),
    ("a request of one byte", ["timeline", 6, "modbus"], "01"),
    ("a request with a wildcard", ["timeline", 6, "modbus"], "01 03 ??"),
    ("a reply in prose", ["timeline", 7, "reply"], "none"),
    ("an expectation of nothing", ["timeline", 9, "expect"], {}),
    ("a name with a capital", ["timeline", 9, "expect", "L1_voltage"], 230),
    ("an unknown prefix", ["timeline", 9, "expect", "ref.l1_voltage"], 230),
    ("an expectation without a value", ["timeline", 9, "expect", "quadrant"], {}),
    ("a tolerance without a value", ["timeline", 9, "expect", "quadrant"], {"tol": 1}),
    ("a tolerance of a text", ["timeline", 9, "expect", "ct_ratio"], {"value": "100/5", "tol": 1}),
    ("a tolerance without its sign", ["timeline", 9, "expect", "l1_voltage"], {"value": 230, "tol": "1"}),
    ("a negative tolerance", ["timeline", 9, "expect", "l1_voltage"], {"value": 230, "tol": -1}),
    ("a tolerance spelled out", ["timeline", 9, "expect", "l1_voltage"], {"value": 230, "tolerance": 1}),
    ("a value that is true", ["timeline", 9, "expect", "l1_voltage"], True),
    ("an output that there is not", ["timeline", 9, "expect", "pulses.s0_3"], 0),
    ("an error of pulses", ["timeline", 9, "expect", "error_percent.pulses.led"], 0),
    ("half a byte on the M-Bus", ["timeline", 10, "mbus"], "10 4"),
    ("nothing on the M-Bus", ["timeline", 10, "mbus"], ""),
    ("a frame to one meter", ["timeline", 10, "meter"], 1),
    ("an expectation of one meter", ["timeline", 12, "meter"], 1),
    ("a name of no meter", ["timeline", 12, "expect", "meter0.l1_voltage"], 230),
    ("meter 0", ["timeline", 13, "meter"], 0),
    ("a meter by its name", ["timeline", 13, "meter"], "1"),
    ("a meter and meters", ["meters"], [{}]),
    ("a cut at no write", ["timeline", 14, "power_cut", "after_writes"], 0),
    ("a cut in some way", ["timeline", 14, "power_cut", "torn"], "most"),
    ("a cut without a number", ["timeline", 14, "power_cut", "after_writes"], GONE),
    ("damage in no area", ["timeline", 15, "corrupt", "area"], "energy"),
    ("damage outside an area", ["timeline", 15, "corrupt"], {"area": "settings", "byte": 512}),
    ("a line of no bus", ["timeline", 22, "line", "bus"], GONE),
    ("a line of a bus that there is not", ["timeline", 22, "line", "bus"], "can"),
    ("a bus of which nothing is said", ["timeline", 22, "line"], {"bus": "mbus"}),
    ("a chance above 1", ["timeline", 22, "line", "bit_errors"], 1.001),
    ("a chance in percent", ["timeline", 22, "line", "drop"], "1%"),
    ("a negative delay", ["timeline", 22, "line", "delay"], -1),
    ("an echo of a number", ["timeline", 22, "line", "echo"], 1),
    ("a talker of half a byte", ["timeline", 22, "line", "second_talker"], "01 0"),
    ("a talker of nothing", ["timeline", 22, "line", "second_talker"], ""),
    ("a talker without an end", ["timeline", 22, "line", "second_talker"], "00" * 262),
    ("a key of a line that there is not", ["timeline", 22, "line", "noise"], 1),
    ("a clean line with an echo", ["timeline", 23, "line", "echo"], True),
    ("a line that is not clean", ["timeline", 23, "line", "clean"], False),
    ("a line of one meter", ["timeline", 23, "meter"], 1),
    ("a master that waits for nothing", ["timeline", 5, "timeout"], 1),
    ("a master that does not wait", ["timeline", 25, "timeout"], 0),
    ("a counter that there is not", ["timeline", 26, "expect", "lines.modbus.crc"], 0),
    ("a line's counter of one meter", ["timeline", 26, "expect", "meter1.lines.modbus.frames"], 0),
    ("a repetition of 0 s", ["timeline", 16, "every"], 0),
    ("a repetition of nothing", ["timeline", 16, "do"], GONE),
    ("a repetition 0 times", ["timeline", 16, "times"], 0),
    ("a repetition with a time of its own", ["timeline", 16, "at"], 1),
    ("a repetition in a repetition", ["timeline", 16, "do"], [{"every": 1, "do": []}]),
    ("a profile without a time", ["profile", "time"], GONE),
    ("a profile without columns", ["profile", "columns"], {}),
    ("a profile of a kind", ["profile", "columns", "p"], "L1.kind"),
    ("a column that sets nothing", ["profile", "columns", "p"], "power"),
    ("an interpolation that there is not", ["profile", "interpolate"], "cubic"),
    ("negative noise", ["front_end", "noise"], -1),
    ("a gain error of a power", ["front_end", "gain_error", "L1.power"], 0.1),
    ("a gain error in percent", ["front_end", "gain_error", "L1.current"], 50),
    ("an offset beyond the converter", ["front_end", "offset", "L1.voltage"], 1e7),
    ("a converter of 25 bits", ["front_end", "adc_bits"], 25),
    ("a converter of 7.5 bits", ["front_end", "adc_bits"], 7.5),
    ("a transformer's point without a phase", ["front_end", "transformer"], [[0.01, 0]]),
    ("a transformer that is no list", ["front_end", "transformer"], 5),
    ("a phase error of a whole turn", ["front_end", "phase_error", "L3.voltage"], 360),
    ("values that are not said", ["vary", "values"], GONE),
    ("nothing that varies", ["vary", "values"], {}),
    ("no runs", ["vary", "runs"], 0),
    ("half a run", ["vary", "runs"], 1.5),
    ("too many runs", ["vary", "runs"], 1000001),
    ("a negative seed of what varies", ["vary", "seed"], -1),
    ("a distribution that there is not", ["vary", "values", "grid.voltage"], {"gauss": [230, 1]}),
    ("two distributions", ["vary", "values", "grid.voltage"], {"uniform": [230, 231], "normal": [230, 1]}),
    ("no distribution", ["vary", "values", "grid.voltage"], {}),
    ("a plain value", ["vary", "values", "grid.voltage"], 230),
    ("a range of one", ["vary", "values", "grid.voltage"], {"uniform": [230]}),
    ("a range of texts", ["vary", "values", "grid.voltage"], {"uniform": ["230", "231"]}),
    ("a negative deviation", ["vary", "values", "grid.voltage"], {"normal": [230, -1]}),
    ("a logarithm of 0", ["vary", "values", "grid.voltage"], {"log_uniform": [0, 1]}),
    ("integers that are none", ["vary", "values", "seed"], {"integers": [1, 2.5]}),
    ("a choice of nothing", ["vary", "values", "seed"], {"choice": []}),
    ("a grid that is no list", ["vary", "values", "seed"], {"grid": 5}),
    ("steps over runs that are not told", ["vary", "runs"], GONE),
    ("a grid with limits", ["vary", "values", "grid.voltage"], {"grid": [1], "max": 1}),
    ("limits alone", ["vary", "values", "grid.voltage"], {"min": 1}),
    ("four numbers of steps", ["vary", "values", "grid.voltage"], {"steps": [220, 240, 3, 1]}),
    ("one step", ["vary", "values", "grid.voltage"], {"steps": [220, 240, 1]}),
    ("a report that is no list", ["vary", "report"], "l1_voltage"),
    ("a report of a number", ["vary", "report"], [5]),
    ("a name that stands twice in a report", ["vary", "report"], ["l1_voltage", "l1_voltage"]),
    ("a waveform of no file", ["waveform", "comtrade"], GONE),
    ("a waveform of two files", ["waveform", "wav"], "r.wav"),
    ("a waveform of no channel", ["waveform", "channels"], {}),
    ("a waveform of a power", ["waveform", "channels", "VB"], "L2.power"),
    ("a waveform of a frequency", ["waveform", "channels", "VB"], "frequency"),
    ("a waveform without channels", ["waveform", "channels"], GONE),
    ("a scale of 0", ["waveform", "scale"], 0),
    ("a scale that is a text", ["waveform", "scale", "VB"], "2"),
    ("values of a kind", ["waveform", "values"], "real"),
    ("a waveform that begins in prose", ["waveform", "at"], "later"),
    ("a waveform of a negative length", ["waveform", "length"], -1),
    ("a repetition that is a number", ["waveform", "repeat"], 3),
    ("a WAV file without a scale", ["waveform"], {"wav": "r.wav", "channels": {"1": "L1.voltage"}}),
]

# Another good scenario, with every key of a list of meters, and what is wrong about it.
METERS = {
    "duration": 1,
    "meters": [
        {**BASE["meter"], "load": BASE["load"]},
        {},
        {"count": 50, "first_serial_number": "00000002", "first_mbus_id": "10000000", "first_address": 201,
         "first_modbus_id": 198, "load_scale": 2,
         "spread": {"load.L1.current": {"uniform": [1, 60]}, "load.L2.pf": {"normal": [0.9, 0.02], "min": 0, "max": 1},
                    "energy.t1_forward_active_energy": {"steps": [0, 100]}, "ct_ratio": {"choice": ["50/5", "100/5"]},
                    "tariff": {"integers": [1, 4]}, "load.L3.current": {"log_uniform": [0.1, 5]},
                    "s0_rate": {"grid": [1, 10, 100]}, "load.L3.pf": {"steps": [0.5, 1, 6]}}},
    ],
    "timeline": [{"at": 1, "expect": {"sum.total_active_power": {"min": 0}, "sum.pulses.led": 0,
                                      "sum.error_percent.total_active_energy": {"min": -5}}}],
}
BAD_METERS = [
    ("no meter", ["meters"], []),
    ("meters that are no list", ["meters"], {}),
    ("meters beside a meter", ["meter"], {}),
    ("a meter that is a number", ["meters", 1], 5),
    ("no meters of a kind", ["meters", 2, "count"], 0),
    ("half a meter", ["meters", 2, "count"], 1.5),
    ("two numbers", ["meters", 2, "mbus_id"], "10000000"),
    ("two addresses", ["meters", 2, "mbus_address"], 1),
    ("an address beyond 250", ["meters", 2, "first_address"], 251),
    ("an id of 7 digits", ["meters", 2, "first_mbus_id"], "1234567"),
    ("a scale below zero", ["meters", 2, "load_scale"], -1),
    ("a spread of nothing", ["meters", 2, "spread"], {}),
    ("a spread count", ["meters", 2, "spread", "count"], {"uniform": [1, 2]}),
    ("a spread without a kind", ["meters", 2, "spread", "tariff"], {"min": 1}),
    ("a spread of two kinds", ["meters", 2, "spread", "tariff"], {"uniform": [1, 1], "steps": [1, 1]}),
    ("a spread of one number", ["meters", 2, "spread", "load_scale"], {"uniform": [1]}),
    ("a choice of nothing", ["meters", 2, "spread", "tariff"], {"choice": []}),
    ("a choice with limits", ["meters", 2, "spread", "tariff"], {"choice": [1], "min": 1}),
    ("the sum of nobody", ["timeline", 0, "expect", "sums.total_active_power"], 1),
    ("a grid of its own", ["meters", 1, "grid"], {}),
    ("a sixth combination code of one", ["meters", 1, "combination_code"], 6),
    ("a current below zero of one", ["meters", 0, "load", "all", "current"], -1),
]


def changed(base, path, value):
    scenario = copy.deepcopy(base)
    node = scenario
    for step in path[:-1]:
        node = node[step]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return scenario


def accepted_by_vmeter(scenario):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "s.json"), "w", encoding="utf-8") as f:
            json.dump(scenario, f)
        with open(os.path.join(folder, "p.csv"), "w", encoding="ascii") as f:
            f.write("t,p,f\n0,100,50\n60,200,50.1\n")
        comtrade.write(os.path.join(folder, "r.cff"), RECORDED, [(1000, 200)], "BINARY", 2013)
        done = subprocess.run([vmeter, "check", "s.json"], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 2):
        failures.append(f"vmeter check ends with {done.returncode}: {done.stderr}")
    return done.returncode == 0, done.stderr.strip()


def check_good(validator, name, scenario):
    for error in validator.iter_errors(scenario):
        failures.append(f"{name}: refused at {list(error.path)}: {error.message[:200]}")


def check_rows(validator):
    for base, bad in ((BASE, BAD), (METERS, BAD_METERS)):
        check_good(validator, "base", base)
        good, message = accepted_by_vmeter(base)
        if not good:
            failures.append(f"base: vmeter refuses it: {message}")
        for what, path, value in bad:
            scenario = changed(base, path, value)
            if validator.is_valid(scenario):
                failures.append(f"{what}: the schema takes it")
            if accepted_by_vmeter(scenario)[0]:
                failures.append(f"{what}: vmeter takes it")


def check_files(validator):
    files = [f for f in sorted(glob.glob(os.path.join(root, "scenarios", "*.json"))) if not f.endswith(".schema.json")]
    if len(files) < 10:
        failures.append(f"only {len(files)} scenarios found")
    for file in files:
        with open(file, encoding="utf-8") as f:
            scenario = json.load(f)
        check_good(validator, os.path.basename(file), scenario)
        for key in ("name", "description", "$schema"):
            if not scenario.get(key):
                failures.append(f"{os.path.basename(file)}: no {key}")
        if scenario.get("name") != os.path.basename(file)[:-5]:
            failures.append(f"{os.path.basename(file)}: its name is \"{scenario.get('name')}\"")


def check_documents(validator):
    """Whole scenarios in the documents are right, too: those blocks that begin with a brace on a line of its own."""
    for name in ("docs/scenario.md", "scenarios/README.md"):
        with open(os.path.join(root, name), encoding="utf-8") as f:
            blocks = re.findall(r"^```json\n(\{\n.*?)^```", f.read(), re.S | re.M)
        whole = [json.loads(b) for b in blocks if '"duration"' in b]
        if not whole:
            failures.append(f"{name}: no example found")
        for scenario in whole:
            check_good(validator, name, scenario)
            with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as f:
                json.dump(scenario, f)
                f.flush()
                done = subprocess.run([vmeter, "run", "-q", f.name], capture_output=True, text=True, timeout=120)
            if done.returncode:
                failures.append(f"{name}: the example ends with {done.returncode}: {done.stdout}{done.stderr}")


def main():
    with open(os.path.join(root, "scenarios", "scenario.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    check_rows(validator)
    check_files(validator)
    check_documents(validator)
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(BAD) + len(BAD_METERS)} bad snippets, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
