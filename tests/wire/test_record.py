# SPDX-License-Identifier: MIT
"""What is done to a running meter, written down with --record, plays again to the same registers, pulses and display."""
import csv
import io
import json
import os
import random

import serve

BUTTONS = ("left", "middle", "right")
LINES = ("frames", "damaged", "answered", "bytes_in", "bytes_out", "bits_flipped", "bytes_dropped", "lost_cut", "echoed",
         "collisions", "delayed")


def names():
    """Every name of the register map, with pulses, display and lines."""
    table = csv.DictReader(io.StringIO(serve.run("map", "--csv").stdout))
    registers = [row["name"] for row in table if row["name"] not in ("reserved", "not_in_use", "")]
    assert len(registers) == 291
    lines = [f"lines.{bus}.{name}" for bus in ("modbus", "mbus") for name in LINES]
    return (registers, ["pulses.led", "pulses.s0_1", "pulses.s0_2"], ["lcd.part1", "lcd.part2", "lcd.part3", "lcd.icons"],
            lines)


def deed(draw):
    """Something that a user may do."""
    phase = draw.choice(("L1", "L2", "L3", "all"))
    return draw.choice((
        {"set": {f"{phase}.current": draw.randint(0, 5000) / 1000}},
        {"set": {f"{phase}.voltage": draw.randint(180, 260)}, "over": "3s"},
        {"set": {f"{phase}.angle": draw.randint(-180, 180)}},
        {"set": {"frequency": draw.randint(470, 530) / 10}},
        {"set": {f"{phase}.current_harmonics": [[5, draw.randint(0, 30), 0]]}},
        {"tariff_input": draw.random() < 0.5},
        {"press": draw.choice(BUTTONS)},
        {"press": "middle", "hold": "3.2s"},
        {"press": draw.choice(BUTTONS), "hold": True},
        {"press": draw.choice(BUTTONS), "hold": False},
        {"power": draw.random() < 0.7},
        {"modbus": "01 06 60 48 00 03"},
        {"modbus": "01 10 40 1f 00 02 04 01 00 00 05"},
        {"mbus": "68 08 08 68 53 00 51 09 7c 01 54 02 80 16"},
        {"mbus": "10 7b 00 7b 16"},
        {"power_cut": {"after_writes": draw.randint(1, 4)}},
        {"line": {"bus": draw.choice(("modbus", "mbus")), "bit_errors": draw.choice((0, 1e-3, 1e-2)), "drop": 0.01}},
        {"line": {"bus": draw.choice(("modbus", "mbus")), "delay": "700ms", "echo": True, "second_talker": "e5 00"}},
        {"line": {"bus": draw.choice(("modbus", "mbus")), "clean": True}},
    ))


def report(file):
    """The report of the recorded scenario."""
    done = serve.run("run", file, "-q", "--report", "-")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def played_again(seed, scenario=None, speed=None):
    """Does things by chance for a while, and compares."""
    draw = random.Random(seed)
    registers, pulses, lcd, lines = names()
    with serve.Serve(scenario, speed=speed, options=("--record", "record.json")) as meter:
        file = os.path.join(meter.folder, "record.json")
        for _ in range(60):
            answer = meter.ask(deed(draw))
            assert answer["ok"], answer
            if draw.random() < 0.7:
                assert meter.ask({"pause": True})["ok"]
                assert meter.ask({"step": draw.randint(1, 80000) / 8000})["ok"]
                assert meter.ask({"pause": draw.random() < 0.5})["ok"]
        assert meter.ask({"pause": True})["ok"]
        assert meter.ask({"line": {"bus": "mbus", "cut": False}})["ok"]
        live = meter.get(*registers, *pulses, *lcd, *lines)
        meter.stop()
        again = report(file)
    assert len(again["registers"]) == 291
    for name in registers:
        assert again["registers"][name] == live[name], f"{name}: {live[name]} live, {again['registers'][name]} again"
    for name in pulses + lcd:
        kind, key = name.split(".")
        assert again[kind][key] == live[name], f"{name}: {live[name]} live, {again[kind][key]} again"
    for name in lines:
        _, bus, key = name.split(".")
        assert again["lines"][bus][key] == live[name], f"{name}: {live[name]} live, {again['lines'][bus][key]} again"


def test_played_again():
    """From the works, at several speeds."""
    for seed, speed in ((1, 1), (2, 60), (3, 3600)):
        played_again(seed, speed=speed)


def test_a_scenario_goes_on_in_the_record():
    """With a timeline of its own, noise, and a repetition without an end."""
    scenario = {"duration": "10m", "seed": 7, "front_end": {"noise": 20}, "load": {"all": {"current": 2, "pf": 0.7}},
                "timeline": [{"at": "2s", "set": {"L1.current": 4}, "over": "20s"},
                             {"every": "7s", "do": [{"at": 0, "tariff_input": True}, {"at": "3s", "tariff_input": False}]}]}
    for seed in (4, 5):
        played_again(seed, scenario, speed=10)


def test_unwritable():
    """A record that can not be written is known before anything runs."""
    done = serve.run("serve", "--record", "/nowhere/record.json")
    assert done.returncode == 3
    assert done.stderr.strip() == "vmeter: /nowhere/record.json: No such file or directory"


serve.main(globals(), 150)
