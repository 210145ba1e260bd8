# SPDX-License-Identifier: MIT
"""Bytes that are no request: silence, no harm, and the next request is answered."""
import os
import random
import select
import time

import rtu
import serve

# The meter's answer must begin within this time of the request's end.
LIMIT = 0.060


def near(value, wanted):
    """Within 0.2 percent."""
    return abs(value - wanted) <= 0.002 * abs(wanted)


def ignored(meter, line, data):
    """Sends data, which nobody may answer, then silence; a valid request is answered and time has gone on."""
    before = meter.time()
    line.write(data)
    line.silence()
    assert near(line.voltage(), 230), data.hex(" ")
    assert meter.time() > before


def test_half_a_frame():
    """Every proper beginning of a request."""
    request = rtu.read_request(0x5002, 2)
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for n in range(1, len(request)):
            ignored(meter, line, request[:n])


def test_half_a_write():
    """Every proper beginning of a function 10 request; it takes no effect."""
    request = rtu.frame("01 10 60 48 00 01 02 00 02")
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for n in range(1, len(request)):
            ignored(meter, line, request[:n])
        assert meter.get("tariff") == 1


def test_wrong_crc():
    """Each single bit of a write turned over: nothing is written, or another unit was meant."""
    request = rtu.frame("01 06 60 48 00 02")
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for bit in range(0, 8 * len(request), 3):
            wrong = bytearray(request)
            wrong[bit // 8] ^= 1 << bit % 8
            ignored(meter, line, bytes(wrong))
        assert meter.get("tariff") == 1


def test_noise():
    """Random bytes, from one to 300, the same ones in each run."""
    source = random.Random(20246)
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for n in (1, 2, 3, 4, 7, 8, 9, 31, 64, 255, 256, 257, 300, 300, 300):
            ignored(meter, line, source.randbytes(n))


def test_worst_noise():
    """Bytes that look like beginnings of long frames."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for data in (b"\x01" * 300, b"\x10" * 300, b"\x03" * 300, b"\x00" * 300, b"\xff" * 300, b"\x01\x10" * 150,
                     bytes.fromhex("01 10 60 48 00 01 f6") * 40):
            ignored(meter, line, data)


def test_flood():
    """A client that never stops sending: time and control go on meanwhile, and a request after it is answered."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        deadline = time.monotonic() + 1
        before = meter.time()
        asked = 0
        with serve.Control(meter.socket, seconds=5) as control:
            while time.monotonic() < deadline:
                control.send('{"get": []}')
                until = time.monotonic() + 0.1
                while time.monotonic() < until:
                    if select.select([], [line.fd], [], 0.1)[1]:
                        os.write(line.fd, b"\x10" * 4096)
                assert control.receive()["ok"]
                asked += 1
        assert asked >= 5, f"only {asked} answers while flooded"
        assert meter.time() > before + 0.5
        line.silence()
        assert near(line.voltage(), 230)


def test_dribbled():
    """A request byte by byte, each written on its own, is one request."""
    request = rtu.read_request(0x5002, 2)
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for _ in range(20):
            for k in range(len(request)):
                line.write(request[k:k + 1])
            assert len(line.receive()) == 7


def test_two_requests_in_one_write():
    """Each is answered."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        request = rtu.read_request(0x5002, 1)
        line.write(request + request)
        data = b""
        while len(data) < 14:
            assert line.readable(1), data.hex(" ")
            data += os.read(line.fd, 100)
        assert data[:7] == data[7:]


def test_garbage_then_request():
    """In one write: what the noise on a line does to the next request."""
    source = random.Random(1113)
    request = rtu.read_request(0x5002, 2)
    before = [b"\x00", b"\xff\xff", request[:5], rtu.read_request(0x5002, 2, 2)[:7], rtu.frame("02 03 04 43 66 00 00"),
              rtu.frame("02 83 02"), rtu.frame("02 10 60 48 00 01"), rtu.frame("63 2b 0e 01 00"),
              *(source.randbytes(n) for n in (1, 2, 5, 8, 13, 40, 100, 200, 300, 400))]
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for data in before:
            assert len(line.ask(data + request)) == 7, data.hex(" ")
            line.silence()


def test_other_units():
    """What passes on a shared bus: requests to others, their replies and exceptions, our own unit's echo."""
    traffic = ["02 03 50 02 00 02", "02 03 04 43 66 00 00", "02 83 02", "f7 06 60 48 00 02", "02 10 60 48 00 01",
               "02 10 60 48 00 01 02 00 02", "02 2b 0e 01 00", "08 08 00 00 12 34", "00 03 50 02 00 02",
               "00 08 00 00 12 34", "00 2b 0e 01 00", "01 83 02"]
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for text in traffic:
            ignored(meter, line, rtu.frame(text))
        assert meter.get("tariff") == 1


def test_unknown_functions():
    """Exception 01 to each function but 03, 06 and 10, whatever its length, in time."""
    source = random.Random(6)
    slow = []
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        assert near(line.voltage(), 230)
        for function in range(1, 128):
            if function in (0x03, 0x06, 0x10):
                continue
            data = source.randbytes(source.choice((0, 1, 2, 4, 6, 9, 30)))
            line.write(rtu.frame(f"01 {function:02x}" + data.hex()))
            started = time.monotonic()
            assert line.receive() == bytes([1, function | 0x80, 1]), hex(function)
            slow.append(time.monotonic() - started)
            line.silence()
        assert near(line.voltage(), 230)
    slow.sort()
    print(f"  answers after {slow[0] * 1e3:.2f} to {slow[-1] * 1e3:.2f} ms")
    assert slow[-1] < LIMIT, slow[-5:]


def test_wrong_lengths():
    """Function 10 whose byte count, count and length do not agree."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for text in ("01 10 60 48 00 02 02 00 02", "01 10 60 48 00 01 04 00 02 00 00", "01 10 60 48 00 00 00",
                     "01 10 60 48 00 7c f8" + "00" * 248):
            assert line.ask(rtu.frame(text)) == bytes.fromhex("01 90 03"), text
        assert near(line.voltage(), 230)
        assert meter.get("tariff") == 1


serve.main(globals(), 150)
