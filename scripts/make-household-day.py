#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes scenarios/household-day.csv: one day of one household on one phase, a row a minute.

The household is invented. What runs when is in the tables below; there is no random number in it but a small
integer sequence, and no function of the math library, so that every machine writes the same bytes.

    make-household-day.py            writes scenarios/household-day.csv
    make-household-day.py FILE       writes FILE
    make-household-day.py --sum      prints the day's energies, computed from the rows
"""
import os
import sys

MINUTES = 1440

# from, to (minutes of the day), W, var, name. Times in this form: 6 * 60 + 40 is 6:40.
APPLIANCES = [
    (0 * 60 + 30, 3 * 60 + 0, 2000, 0, "water heater"),
    (6 * 60 + 40, 6 * 60 + 44, 2150, 0, "kettle"),
    (6 * 60 + 45, 7 * 60 + 50, 160, 20, "lights in the morning"),
    (7 * 60 + 0, 7 * 60 + 6, 850, 0, "toaster"),
    (7 * 60 + 15, 7 * 60 + 27, 1400, 15, "hair dryer"),
    (9 * 60 + 0, 9 * 60 + 25, 2050, 60, "washing machine: heating"),
    (9 * 60 + 25, 10 * 60 + 20, 240, 190, "washing machine: motor"),
    (10 * 60 + 20, 10 * 60 + 30, 520, 310, "washing machine: spinning"),
    (12 * 60 + 5, 12 * 60 + 40, 1800, 0, "hob"),
    (12 * 60 + 10, 12 * 60 + 14, 2150, 0, "kettle"),
    (12 * 60 + 45, 12 * 60 + 52, 1250, 180, "microwave oven"),
    (15 * 60 + 0, 15 * 60 + 30, 900, 120, "vacuum cleaner"),
    (17 * 60 + 20, 23 * 60 + 5, 210, 35, "lights in the evening"),
    (18 * 60 + 0, 18 * 60 + 55, 2300, 0, "oven"),
    (18 * 60 + 10, 18 * 60 + 50, 1500, 0, "hob"),
    (19 * 60 + 30, 22 * 60 + 45, 130, -25, "television"),
    (20 * 60 + 0, 20 * 60 + 20, 2000, 40, "dishwasher: heating"),
    (20 * 60 + 20, 20 * 60 + 55, 120, 90, "dishwasher: pump"),
    (20 * 60 + 55, 21 * 60 + 10, 2000, 40, "dishwasher: heating"),
]

STANDBY_W, STANDBY_VAR = 65, -40  # mains filters make it capacitive
FRIDGE_W, FRIDGE_VAR, FRIDGE_ON, FRIDGE_PERIOD = 90, 70, 14, 38  # minutes

# The oven and the hob switch their heating on and off: minutes on, minutes in all.
THERMOSTATS = {"oven": (6, 9), "hob": (3, 4)}

# Voltage without the house's own load: (minute, tenths of a volt), straight lines between.
VOLTAGE = [(0, 2348), (300, 2361), (450, 2312), (720, 2325), (840, 2335), (1140, 2274), (1320, 2318), (1440, 2348)]
OHM_TENTHS = 3  # the line to the house, 0.3 ohm: each kW pulls the voltage down by about 1.3 V


def wobble(minute):
    """A whole number from -9 to 9, different from minute to minute."""
    x = (minute * 1103515245 + 12345) % 2147483648
    return (x >> 16) % 19 - 9


def runs(name, since):
    if name not in THERMOSTATS:
        return True
    on, period = THERMOSTATS[name]
    return since % period < on


def load_at(minute):
    """Active and reactive power in W and var."""
    active, reactive = STANDBY_W + wobble(minute), STANDBY_VAR + wobble(minute + MINUTES) // 3
    if minute % FRIDGE_PERIOD < FRIDGE_ON:
        active += FRIDGE_W
        reactive += FRIDGE_VAR
    for start, end, watt, var, name in APPLIANCES:
        if start <= minute < end and runs(name, minute - start):
            active += watt
            reactive += var
    return active, reactive


def voltage_at(minute, active):
    """Tenths of a volt."""
    for (t0, v0), (t1, v1) in zip(VOLTAGE, VOLTAGE[1:]):
        if t0 <= minute < t1:
            open_tenths = v0 + (v1 - v0) * (minute - t0) // (t1 - t0)
    return open_tenths - active * OHM_TENTHS // 230


def rows():
    for minute in range(MINUTES):
        active, reactive = load_at(minute)
        tenths = voltage_at(minute, active)
        yield 60 * minute, f"{tenths // 10}.{tenths % 10}", active, reactive


def main(arguments):
    if arguments == ["--sum"]:
        table = list(rows())
        total = sum(r[2] for r in table)
        inductive = sum(r[3] for r in table if r[3] > 0)
        capacitive = -sum(r[3] for r in table if r[3] < 0)
        for name, sixtieths in (("active, Wh", total), ("reactive forward, varh", inductive),
                                ("reactive reverse, varh", capacitive)):
            print(f"{name}: {sixtieths / 60:.3f}")
        return
    here = os.path.dirname(os.path.abspath(__file__))
    target = arguments[0] if arguments else os.path.join(here, "..", "scenarios", "household-day.csv")
    with open(target, "w", encoding="ascii", newline="\n") as f:
        f.write("time_s,voltage_v,active_w,reactive_var\n")
        for row in rows():
            f.write(",".join(str(field) for field in row) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
