# SPDX-License-Identifier: MIT
"""Runs a scenario in the emulator and the same calls on the board that QEMU plays, and compares what came of it.

QEMU counts instructions: with -icount shift=0 each takes a nanosecond of its clock, and the board's timer counts 40 of
these a tick. CALI, a loop of known length, shows that this holds."""
import configparser
import os
import struct
import subprocess
import sys
import tempfile

NANOSECONDS_PER_TICK = 40
SETS_PER_SECOND = 8000
BLOCK_SETS = 160  # the longest block that the simulation makes

# Doors by their numbers in target/stimulus.h. The first is em_meter_init with what the comparison adds to it.
DOORS = {2: "sim_works_start", 3: "em_meter_samples", 9: "em_meter_tariff_input", 10: "em_meter_button",
         12: "em_registers_read", 13: "em_registers_write", 14: "em_mbus_byte", 17: "em_meter_lcd",
         19: "em_meter_stop"}
START, SAMPLES = 2, 3


class Board:
    """The program that listens to the emulator, and the image with its limits."""

    def __init__(self, record, image, limits):
        self.record, self.image = os.path.abspath(record), os.path.abspath(image)
        self.limits = configparser.ConfigParser()
        if not self.limits.read(limits):
            sys.exit(f"{limits}: can not be read")

    def emulate(self, scenario, folder, whole=3600, first=0):
        """Returns the meters, the seconds that were run and those that the scenario has; the tapes lie in folder."""
        done = subprocess.run([self.record, scenario, folder, str(whole), str(first)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{scenario}: {done.stderr}")
        meters, run, duration = done.stdout.split()
        return int(meters), float(run), float(duration)

    def replay(self, stimulus, sets=BLOCK_SETS):
        """What the board makes of a stimulus, in blocks of at most so many sample sets: (sections to compare, Costs)."""
        outcome = stimulus + ".board"
        words = ",".join(["enable=on", "target=native", "arg=board", "arg=" + stimulus, "arg=" + outcome, f"arg={sets}"])
        done = subprocess.run(
            ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none",
             "-icount", "shift=0", "-kernel", self.image, "-semihosting-config", words],
            capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the board ends with {done.returncode}: {done.stdout}{done.stderr}")
        found = sections(outcome)
        os.remove(outcome)
        return [s for s in found if s[0] not in ("COST", "CALI")], Costs(found)


def sections(file):
    with open(file, "rb") as f:
        data = f.read()
    found, at = [], 0
    while at < len(data):
        name, size = data[at:at + 4].decode(), struct.unpack_from("<I", data, at + 4)[0]
        found.append((name, data[at + 8:at + 8 + size]))
        at += 8 + size
    return found


class Cost:
    """What the calls of one door took, in instructions and bytes of stack."""

    def __init__(self, calls=0, worst=0, stack=0, ticks=0, sets=0):
        self.calls, self.stack, self.sets = calls, stack, sets
        self.worst, self.instructions = worst * NANOSECONDS_PER_TICK, ticks * NANOSECONDS_PER_TICK

    def add(self, other):
        self.calls += other.calls
        self.sets += other.sets
        self.instructions += other.instructions
        self.worst, self.stack = max(self.worst, other.worst), max(self.stack, other.stack)


class Costs(dict):
    """By door."""

    def __init__(self, found=()):
        super().__init__()
        for name, data in found:
            if name == "COST":
                door, calls, worst, stack, ticks, sets = struct.unpack("<IIIIQQ", data)
                self[door] = Cost(calls, worst, stack, ticks, sets)
            if name == "CALI":
                known, ticks = struct.unpack("<II", data)
                if abs(ticks * NANOSECONDS_PER_TICK - known) > known / 1000:
                    raise RuntimeError(f"{known} instructions are counted as {ticks * NANOSECONDS_PER_TICK}")

    def add(self, other):
        for door, cost in other.items():
            self.setdefault(door, Cost()).add(cost)


def differences(wanted, actual):
    """Texts of what is not equal to the bit."""
    names = [[name for name, _ in side] for side in (wanted, actual)]
    if names[0] != names[1]:
        return [f"sections {' '.join(names[1])} instead of {' '.join(names[0])}"]
    texts = []
    for (name, want), (_, got) in zip(wanted, actual):
        if want == got:
            continue
        at = next((k for k in range(min(len(want), len(got))) if want[k] != got[k]), min(len(want), len(got)))
        texts.append(f"{name}: {len(want)} and {len(got)} bytes, the first difference at {at}: "
                     f"{want[at:at + 8].hex(' ')} in the emulator, {got[at:at + 8].hex(' ')} on the board")
    return texts


def compare(board, scenario, whole=3600, first=0, sets=BLOCK_SETS):
    """Returns the texts of what differs, what Board.emulate returned, and the costs."""
    with tempfile.TemporaryDirectory() as folder:
        emulated = board.emulate(scenario, folder, whole, first)
        bad, costs = [], Costs()
        for k in range(1, emulated[0] + 1):
            stimulus = os.path.join(folder, f"{k}.stimulus")
            wanted = sections(os.path.join(folder, f"{k}.outcome"))
            actual, cost = board.replay(stimulus, sets)
            bad += [f"meter {k}: {text}" for text in differences(wanted, actual)]
            costs.add(cost)
            os.remove(stimulus)
        return bad, emulated, costs


def judge_costs(board, costs):
    """Prints what the doors took; returns the texts of what is above the limits."""
    clock = board.limits.getfloat("speed", "clock_hz")
    between = clock / SETS_PER_SECOND
    bad = []
    print(f"\n  {'door':<24}{'calls':>9}{'instructions':>14}{'most':>9}{'most, ms':>10}{'stack':>7}")
    for door, cost in sorted(costs.items()):
        print(f"  {DOORS[door]:<24}{cost.calls:>9}{cost.instructions / cost.calls:>14.0f}{cost.worst:>9}"
              f"{1000 * cost.worst / clock:>10.2f}{cost.stack:>7}")
        if cost.worst > between * BLOCK_SETS:
            bad.append(f"a call of {DOORS[door]} takes longer than {BLOCK_SETS} sample sets")
        if door != START and cost.stack > board.limits.getint("size", "stack"):
            bad.append(f"{DOORS[door]} takes more stack than is allowed")
    each = costs[SAMPLES].instructions / costs[SAMPLES].sets
    share, limit = each / between, board.limits.getfloat("speed", "share")
    print(f"\n  {each:.1f} instructions a sample set: {100 * share:.2f} % of {clock / 1e6:.0f} MHz at "
          f"{SETS_PER_SECOND} sets a second (limit {100 * limit:.0f} %)")
    if share > limit:
        bad.append(f"{100 * share:.1f} % of the processor, {100 * limit:.0f} % are allowed")
    return bad


def finish(bad):
    print("\n".join(bad) if bad else "  equal to the bit: registers, telegram, display, memory, pulses, answers")
    sys.exit(1 if bad else 0)
