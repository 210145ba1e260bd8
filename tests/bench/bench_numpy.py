# SPDX-License-Identifier: MIT
"""The same waveform and the same products with numpy, and how much faster vmeter is; argument: bench_speed.

A second is 8000 samples of six channels, each a fundamental and a 5th harmonic, rounded to integers, and per phase
the sums of u*u, i*i, u*i and of u and i times sine and cosine, and the three cross products of the voltages. numpy
gets what suits it: blocks of a whole second, tables of sines made before, one thread. It closes no cycles and counts
no energy.
"""
import os
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
try:
    import numpy
except ImportError:
    print("skipped: numpy is not installed")
    sys.exit(77)

RATE = 8000
ROUNDS = 5
LONG_ENOUGH = 0.3


def make_tables():
    """Cosine and sine of orders 1 and 5 over a second."""
    angle = 2 * numpy.pi * 50 / RATE * numpy.arange(RATE)
    return numpy.array([function(order * angle) for order in (1, 5) for function in (numpy.cos, numpy.sin)])


def make_tones():
    """Amplitudes of cosine and sine, a row per channel, in counts."""
    rows = []
    for channel in range(6):
        size = 230 * 10000 if channel < 3 else 5 * 100000
        part = 0.1 if channel < 3 else 0.4
        lag = numpy.radians(-120 * (channel % 3) - (25.8 if channel >= 3 else 0))
        rows.append([size * 2 ** 0.5 * x for x in (numpy.sin(lag), numpy.cos(lag), 0.6 * part, 0.8 * part)])
    return numpy.array(rows)


def integers(tables, tones, reference):
    """Samples one tone after the other, all sums exact in 64 bit integers, as the meter has them."""
    channels = []
    for row in tones:
        total = row[0] * tables[0]
        for size, table in zip(row[1:], tables[1:]):
            total += size * table
        channels.append(numpy.rint(total).astype(numpy.int64))
    cosine, sine = reference
    sums = [numpy.dot(channels[a], channels[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    for u, i in zip(channels[:3], channels[3:]):
        sums += [numpy.dot(a, b) for a, b in ((u, u), (i, i), (u, i), (u, cosine), (u, sine), (i, cosine), (i, sine))]
    return sums


def doubles(tables, tones, reference):
    """Samples and sums as two matrix products of doubles: not exact, and more sums than needed."""
    matrix = numpy.vstack((numpy.rint(tones @ tables), reference))
    return matrix @ matrix.T


def measure(second):
    """Simulated seconds a processor second, best of some rounds."""
    tables, tones = make_tables(), make_tones()
    reference = numpy.rint(tables[:2] * 32768).astype(numpy.int64)
    best = 0
    for _ in range(ROUNDS):
        start, seconds = time.process_time(), 0
        while time.process_time() - start < LONG_ENOUGH:
            for _ in range(10):
                second(tables, tones, reference)
            seconds += 10
        best = max(best, seconds / (time.process_time() - start))
    return best


def main():
    """Prints the figures and their ratio."""
    ours = float(subprocess.run([sys.argv[1], "brief"], capture_output=True, text=True, check=True).stdout)
    print("simulated seconds a processor second, fundamental and 5th harmonic on six channels:")
    print(f"  vmeter, the whole way            {ours:9.0f}")
    for what, second in (("64 bit integers", integers), ("products of doubles", doubles)):
        theirs = measure(second)
        print(f"  numpy {numpy.__version__}, {what:20} {theirs:9.0f}   vmeter is {ours / theirs:.1f} times as fast")


main()
