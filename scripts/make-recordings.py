#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the recordings of scenarios/: invented ones, of sines that stand below.

    make-recordings.py            writes scenarios/recorded-drive.cff and scenarios/recorded-dip.wav
    make-recordings.py FOLDER     writes them there
    make-recordings.py --sum      prints what plain sums over the numbers in the files give
"""
import math
import os
import struct
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios")

# --- A drive behind a six-pulse rectifier: COMTRADE 2013, 16 bits, 4800 samples a second, 10 cycles of 50 Hz ---

DRIVE_RATE, DRIVE_SAMPLES = 4800, 960
VOLT, AMPERE = 0.0125, 0.00025  # of one step
# Harmonics: order, part of the fundamental, degrees. Currents are those of a 100/5 transformer's secondary.
U_HARMONICS = ((5, 0.025, 180), (7, 0.015, 0))
I_HARMONICS = ((5, 0.38, 175), (7, 0.14, 10), (11, 0.08, 170), (13, 0.05, 0), (17, 0.03, 90))


def tone(rms, degrees, harmonics, cycles):
    w = 2 * math.pi * cycles + math.radians(degrees)
    return rms * math.sqrt(2) * (math.sin(w) + sum(part * math.sin(k * w + math.radians(a)) for k, part, a in harmonics))


def drive():
    """Six lists of steps."""
    out = []
    for p in range(3):
        cycles = [50 * k / DRIVE_RATE for k in range(DRIVE_SAMPLES)]
        out.append([math.floor(tone(231 - p, -120 * p, U_HARMONICS, c) / VOLT + 0.5) for c in cycles])
        out.append([math.floor(tone(2.0 + 0.1 * p, -120 * p - 18, I_HARMONICS, c) / AMPERE + 0.5) for c in cycles])
    return out


def drive_bytes():
    columns = drive()
    lines = ["Pump house,vmeter,2013", "6,6A,0D"]
    for k in range(6):
        name, unit, a, ratio = (("U", "V", VOLT, "1,1,P"), ("I", "A", AMPERE, "100,5,S"))[k % 2]
        lines.append("%d,%s%d,%s,,%s,%r,0,0,-32767,32767,%s" % (k + 1, name, k // 2 + 1, "ABC"[k // 2], unit, a, ratio))
    lines += ["50", "1", "%d,%d" % (DRIVE_RATE, DRIVE_SAMPLES), "01/03/2024,08:00:00.000000", "01/03/2024,08:00:00.000000",
              "BINARY", "1", "+1,+1", "0,0"]
    data = b"".join(struct.pack("<II6h", k + 1, round(k * 1e6 / DRIVE_RATE), *(c[k] for c in columns))
                    for k in range(DRIVE_SAMPLES))
    head = "--- file type: CFG ---\n" + "\n".join(lines) + "\n--- file type: DAT BINARY: %d ---\n" % len(data)
    return head.encode() + data


# --- A dip on L1 while a heater runs: WAV, two channels, 16 bits, 10,000 samples a second, 30 cycles of 50 Hz ---

DIP_RATE, DIP_SAMPLES = 10000, 6000
DIP_FULL = (400.0, 40.0)  # V and A at full scale


def dip():
    out = [], []
    for k in range(DIP_SAMPLES):
        volts = tone(138 if 2000 <= k < 3000 else 230, 0, (), 50 * k / DIP_RATE)
        for c, v in enumerate((volts, volts / 23)):
            out[c].append(math.floor(v / DIP_FULL[c] * 32768 + 0.5))
    return out


def dip_bytes():
    data = b"".join(struct.pack("<2h", u, i) for u, i in zip(*dip()))
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, DIP_RATE, 4 * DIP_RATE, 4, 16) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


# --- ---


def mean(a, b):
    return math.fsum(x * y for x, y in zip(a, b)) / len(a)


def print_sums():
    columns = drive()
    total = 0.0
    for p in range(3):
        u, i = [v * VOLT for v in columns[2 * p]], [v * AMPERE * 20 for v in columns[2 * p + 1]]
        total += mean(u, i)
        print("drive L%d: %.4f V  %.5f A  %.5f kW" % (p + 1, math.sqrt(mean(u, u)), math.sqrt(mean(i, i)), mean(u, i) / 1000))
    print("drive: %.5f kW" % (total / 1000))
    u, i = [[v * full / 32768 for v in c] for c, full in zip(dip(), DIP_FULL)]
    print("dip: %.4f V and %.6f kW before and after, %.4f V and %.6f kW in it, %.5f Wh in the recording" % (
        math.sqrt(mean(u[:2000], u[:2000])), mean(u[:2000], i[:2000]) / 1000, math.sqrt(mean(u[2000:3000], u[2000:3000])),
        mean(u[2000:3000], i[2000:3000]) / 1000, mean(u, i) * 0.6 / 3600))


def main():
    if sys.argv[1:] == ["--sum"]:
        print_sums()
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else HERE
    for name, content in (("recorded-drive.cff", drive_bytes()), ("recorded-dip.wav", dip_bytes())):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)


main()
