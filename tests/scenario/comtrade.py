# SPDX-License-Identifier: MIT
"""Writes recordings for tests: COMTRADE of every revision and kind of data, and WAV. Knows nothing of vmeter's readers.

A channel is a dict: name, unit, value(t) -> a number in the unit, and what else its line may say (a, b, skew in us,
primary, secondary, side). Values are taken at the times of the samples, plus the skew.
"""
import math
import struct

FORMATS = {"ASCII": None, "BINARY": "<h", "BINARY32": "<i", "FLOAT32": "<f"}
TOP = {"ASCII": 99990, "BINARY": 32760, "BINARY32": 2000000000}


def times(rates):
    """Times of all samples of [(rate, count)...] one after another."""
    start, out = 0.0, []
    for rate, count in rates:
        out += [start + k / rate for k in range(count)]
        start += count / rate
    return out


def scale_of(channel, moments, kind):
    """The factors a and b that use the range of the kind well."""
    if kind == "FLOAT32":
        return channel.get("a", 1.0), channel.get("b", 0.0)
    peak = max(abs(channel["value"](t)) for t in moments) or 1.0
    return channel.get("a", float("%.9g" % (peak * 1.01 / TOP[kind]))), channel.get("b", 0.0)


def numbers(channel, moments, kind):
    a, b = scale_of(channel, moments, kind)
    skew = channel.get("skew", 0) * 1e-6
    raw = [(channel["value"](t + skew) - b) / a for t in moments]
    return raw if kind == "FLOAT32" else [math.floor(v + 0.5) for v in raw]


def config(channels, moments, rates, kind, year, digital, line, timed, timemult, eol):
    out = ["Teststand,vmeter" + ("," + str(year) if year > 1991 else "")]
    out.append("%d,%dA,%dD" % (len(channels) + digital, len(channels), digital))
    for k, c in enumerate(channels):
        a, b = scale_of(c, moments, kind)
        low, high = (-3.4e38, 3.4e38) if kind == "FLOAT32" else (-TOP[kind], TOP[kind])
        row = [k + 1, c["name"], c.get("phase", ""), "", c["unit"], repr(a), repr(b), c.get("skew", 0), low, high]
        if year > 1991:
            row += [c.get("primary", 1), c.get("secondary", 1), c.get("side", "P")]
        out.append(",".join(str(field) for field in row))
    for k in range(digital):
        out.append("%d,D%d,,,0" % (k + 1, k + 1) if year > 1991 else "%d,D%d,0" % (k + 1, k + 1))
    out.append(str(line))
    if timed:
        out += ["0", "0,%d" % len(moments)]
    else:
        out.append(str(len(rates)))
        end = 0
        for rate, count in rates:
            end += count
            out.append("%r,%d" % (rate, end))
    fraction = ".000000000" if year >= 2013 and timed == "ns" else ".000000"
    out += ["01/02/2024,10:00:00" + fraction] * 2
    out.append(kind if year != 1991 else kind.capitalize())
    if year > 1991:
        out.append(repr(timemult))
    if year >= 2013:
        out += ["+1h,+1h", "0,0"]
    return eol.join(out) + eol


def data(channels, moments, kind, digital, timed, timemult, eol, missing):
    """missing: {(sample, channel)} that have no value."""
    columns = [numbers(c, moments, kind) for c in channels]
    grain = (1e-9 if timed == "ns" else 1e-6) * timemult
    if kind == "ASCII":
        rows = []
        for k, t in enumerate(moments):
            row = [k + 1, math.floor(t / grain + 0.5)]
            row += [99999 if (k, c) in missing else columns[c][k] for c in range(len(channels))]
            rows.append(",".join(str(v) for v in row + [(k >> d) & 1 for d in range(digital)]))
        return (eol.join(rows) + eol).encode() + (b"\x1a" if eol == "\r\n" else b"")
    none = {"BINARY": struct.pack("<h", -32768), "BINARY32": struct.pack("<i", -2 ** 31),
            "FLOAT32": struct.pack("<f", math.nan)}[kind]
    out = bytearray()
    for k, t in enumerate(moments):
        out += struct.pack("<II", k + 1, math.floor(t / grain + 0.5) & 0xFFFFFFFF)
        for c in range(len(channels)):
            out += none if (k, c) in missing else struct.pack(FORMATS[kind], columns[c][k])
        for word in range((digital + 15) // 16):
            out += struct.pack("<H", k & 0xFFFF)
    return bytes(out)


def write(path, channels, rates, kind="ASCII", year=1999, digital=0, line=50, timed=None, moments=None, timemult=1.0,
          eol="\r\n", missing=()):
    """Writes path (.cfg with its .dat, or .cff). timed: None, or "us" or "ns" for a recording without rates."""
    moments = moments or times(rates)
    text = config(channels, moments, rates, kind, year, digital, line, timed, timemult, eol)
    samples = data(channels, moments, kind, digital, timed, timemult, eol, set(missing))
    if path.endswith(".cff"):
        with open(path, "wb") as f:
            f.write(("--- file type: CFG ---" + eol + text + "--- file type: INF ---" + eol +
                     "--- file type: HDR ---" + eol + "free text" + eol).encode())
            f.write(("--- file type: DAT %s%s ---%s" % (kind, "" if kind == "ASCII" else ": %d" % len(samples), eol)).encode())
            f.write(samples)
        return
    with open(path, "wb") as f:
        f.write(text.encode())
    with open(path[:-4] + ".dat", "wb") as f:
        f.write(samples)


def write_wav(path, columns, rate, bits=16, floats=False, extensible=False, chunks=(), full=1.0):
    """columns: lists of numbers, `full` is full scale. chunks: [(tag, bytes)] that stand before the data."""
    width = bits // 8
    body = bytearray()
    for row in zip(*columns):
        for v in row:
            v /= full
            if floats:
                body += struct.pack("<f" if bits == 32 else "<d", v)
            elif bits == 8:
                body.append(min(255, max(0, math.floor(v * 128 + 128.5))))
            else:
                top = 1 << (bits - 1)
                body += struct.pack("<i", min(top - 1, max(-top, math.floor(v * top + 0.5))))[:width] if bits > 16 \
                    else struct.pack("<h", min(top - 1, max(-top, math.floor(v * top + 0.5))))
    n, tag = len(columns), 3 if floats else 1
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, n, rate, rate * n * width, n * width, bits)
    if extensible:
        fmt += struct.pack("<HHIH", 22, bits, 0, tag) + bytes.fromhex("000000001000800000aa00389b71")
    out = b"WAVE"
    for name, content in [(b"fmt ", fmt)] + list(chunks) + [(b"data", bytes(body))]:
        out += name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
    with open(path, "wb") as f:
        f.write(b"RIFF" + struct.pack("<I", len(out)) + out)
