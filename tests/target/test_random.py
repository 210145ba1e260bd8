#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random scenarios on the board: loads, harmonics, noise, writes of settings, M-Bus frames, touches, failures of the
supply and of the memory. Everything must be as in the emulator, however the samples are cut into blocks; and a stimulus of which one bit of one sample has been
turned must not.

    test_random.py RECORD IMAGE LIMITS FIRST_SEED COUNT
"""
import json
import os
import random
import struct
import sys
import tempfile

import board

SECONDS = 8
PIECES = [board.BLOCK_SETS, 40, 7, 1]  # sample sets in a call, at most
PHASES = ["L1", "L2", "L3", "all"]
BLOCKS = [(0x4000, 0x35), (0x5000, 0x36), (0x6000, 0x8E)]
FRAMES = ["10 40 fe 3e 16", "10 5b fe 59 16", "10 7b fe 79 16", "10 5b", "e5 e5 68 68",
          "68 08 08 68 73 fe 51 09 7c 01 54 02 9e 16", "68 06 06 68 73 fe 51 01 7a 05 42 16",
          "68 03 03 68 53 fe bb 0c 16"]


def harmonics(r):
    return [[order, round(r.uniform(0, 20), 2), r.randrange(360)] for order in sorted(r.sample(range(2, 40), r.randrange(6)))]


def load(r):
    way = r.randrange(4)
    if way == 0:
        return {"current": round(r.choice([0, 0.01, 1, 5, 6, 200]) * r.random(), 4), "angle": r.randrange(-180, 181)}
    if way == 1:
        return {"power": r.randrange(-3000, 3000), "reactive": r.randrange(-2000, 2000)}
    if way == 2:
        return {"current": round(r.uniform(0, 10), 3), "harmonics": harmonics(r)}
    return {"current": round(r.uniform(0, 10), 3), "pf": round(r.uniform(-1, 1), 3), "kind": r.choice(["inductive", "capacitive"])}


def meter(r):
    settings = {
        "ct_ratio": r.choice(["5/5", "100/5", "250/5", "9999/5", "1/1", "400/1"]), "combination_code": r.randint(1, 5),
        "tariff": r.randint(1, 4), "pulse_width": r.randint(2, 99), "pulse_type": r.randint(1, 2),
        "s0_rate": r.choice([10000, 2000, 1000, 100, 10, 1, 0.1, 0.01]), "data_type": r.randint(1, 2),
        "screen_direction": r.randint(0, 1), "obis_code_display": r.randint(0, 1), "backlight": r.randint(1, 3),
        "lcd_cycle_time": r.randint(1, 30)}
    chosen = {k: settings[k] for k in sorted(r.sample(sorted(settings), r.randrange(len(settings))))}
    chosen["energy"] = {"t1_forward_active_energy": r.choice([0, 1.5, 999999.999]), "l2_reverse_active_energy": r.random() // 0.001 / 1000}
    return chosen


def words(*values):
    return " ".join(f"{v >> 8:02x} {v & 255:02x}" for v in values)


def write(r):
    unit = r.choice(["00", "00", "01"])
    return unit + " " + r.choice([
        "06 " + words(0x6048, r.randrange(6)), "06 " + words(0x400F, r.randrange(7)),
        "06 " + words(0x4026, r.randint(1, 2)), "06 " + words(0x4022, r.randint(1, 2)),
        "06 " + words(0x4021, r.choice([0x02, 0x30, 0x99, 0x1A])), "06 " + words(0x4016, r.randrange(2)),
        "10 " + words(0x401F, 2) + " 04 " + words(r.choice([0x0100, 0x0250, 0x9999, 0x00FF]), r.choice([1, 5])),
        "10 " + words(0x400D, 2) + " 04 " + words(r.choice([0x447A, 0x42C8, 0x0001]), r.choice([0, 0, 0x86A0])),
        "10 " + words(0x6049, 2) + " 04 00 00 00 00", "06 " + words(r.randrange(65536), r.randrange(65536))])


def read(r):
    first, count = r.choice(BLOCKS)
    at = first + r.randrange(count)
    return f"01 03 {words(at, r.randint(1, 125))}"


def change(r):
    phase = r.choice(PHASES)
    quantity, value = r.choice([("voltage", r.choice([0, 90, 110, 207, 230, 253, 600])), ("current", r.choice([0, 0.1, 5, 40])),
                                ("angle", r.randrange(-180, 181)), ("power", r.randrange(-5000, 5000))])
    return {f"{phase}.{quantity}": value} if r.random() < 0.8 else {"frequency": round(r.uniform(45, 65), 3)}


def event(r):
    kind = r.randrange(9)
    if kind == 0:
        return {"set": change(r), **({"over": r.choice(["50ms", "1s"])} if r.random() < 0.3 else {})}
    if kind == 1:
        return {"press": r.choice(["left", "middle", "right"]), "hold": r.choice(["100ms", "700ms", "3.2s"])}
    if kind == 2:
        return {"modbus": write(r)}
    if kind == 3:
        return {"modbus": read(r)}
    if kind == 4:
        return {"mbus": r.choice(FRAMES)}
    if kind == 5:
        return {"tariff_input": r.random() < 0.5}
    if kind == 6:
        return {"power_cut": {"after_writes": r.randint(1, 12), "torn": r.choice(["nothing", "half", "all"])}}
    if kind == 7:
        return {"corrupt": {"area": r.choice(["energy_main", "energy_backup", "mantissa", "settings"]), "byte": r.randrange(60)}}
    return {"expect": {"lcd.part3": "", "led.backlight": 0}}  # looks at the display; what it shows is compared, not judged


def timeline(r):
    events = [{"at": round(r.uniform(0, SECONDS), 4), **event(r)} for _ in range(r.randint(5, 30))]
    if r.random() < 0.6:
        off = round(r.uniform(0.5, SECONDS - 3), 4)
        events += [{"at": off, "power": False}, {"at": round(off + r.choice([0.03, 0.3, 1]), 4), "power": True}]
    return sorted(events, key=lambda e: e["at"])


def scenario(seed):
    r = random.Random(seed)
    return {"name": f"random-{seed}", "duration": SECONDS, "seed": seed, "meter": meter(r),
            "grid": {"frequency": r.choice([50, 50, 60, round(r.uniform(42, 68), 3)]), "voltage": r.choice([120, 230, 230, 400]),
                     "harmonics": harmonics(r)},
            "load": {p: load(r) for p in PHASES[:3]}, "timeline": timeline(r),
            "front_end": {"noise": r.choice([0, 0, 20])}}


def turn_a_bit(stimulus):
    """Changes the lowest bit of one sample in the middle of the file's samples."""
    with open(stimulus, "rb") as f:
        data = bytearray(f.read())
    places, at = [], 0
    while at < len(data):
        head = struct.unpack_from("<I", data, at)[0]
        if head & 0xFF == board.SAMPLES:
            places.append(at + 4)
        at += 4 + 4 * (head >> 8)
    data[places[len(places) // 2]] ^= 1
    with open(stimulus, "wb") as f:
        f.write(data)


def notices_a_bit(target, folder):
    """Is a turned bit seen? Noisy samples, 2 s."""
    file = os.path.join(folder, "steady.json")
    with open(file, "w") as f:
        json.dump({"duration": 2, "load": {"all": {"current": 5}}, "front_end": {"noise": 20}}, f)
    target.emulate(file, folder)
    stimulus = os.path.join(folder, "1.stimulus")
    wanted = board.sections(os.path.join(folder, "1.outcome"))
    if board.differences(wanted, target.replay(stimulus)[0]):
        return False
    turn_a_bit(stimulus)
    return bool(board.differences(wanted, target.replay(stimulus)[0]))


def main():
    record, image, limits, first, count = sys.argv[1:]
    target = board.Board(record, image, limits)
    bad, costs = [], board.Costs()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(int(first), int(first) + int(count)):
            file = os.path.join(folder, f"random-{seed}.json")
            with open(file, "w") as f:
                json.dump(scenario(seed), f, indent=1)
            different, _, cost = board.compare(target, file, sets=PIECES[seed % len(PIECES)])
            bad += [f"seed {seed}: {text}" for text in different]
            costs.add(cost)
        if not notices_a_bit(target, folder):
            bad.append("a turned bit is not noticed")
    print(f"{os.path.basename(image)}: {count} random scenarios of {SECONDS} s")
    board.finish(bad + board.judge_costs(target, costs))


main()
