# SPDX-License-Identifier: MIT
"""`--line-timing`: bytes take the time that they take on the wire. Lower bounds only: a busy machine is slower."""
import struct
import time

import mbap
import mbus
import rtu
import serve

SCENARIO = {"duration": "1s", "meter": {"mbus_address": 1}}
# A clock may be read a little later here than there.
SLACK = 0.001


def timed(scenario=None, **more):
    """A meter whose lines take time."""
    options = ["--line-timing", "--modbus-tcp", "0", "--modbus-rtu-tcp", "0"]
    return serve.Serve(scenario or SCENARIO, options=options, mbus=True, tcp=True, **more)


def wire(characters, baud=9600, bits=11):
    """Seconds on the wire."""
    return characters * bits / baud


def at_least(seconds, work):
    """Runs work() and returns its value; it may not be faster."""
    started = time.monotonic()
    value = work()
    took = time.monotonic() - started
    assert took >= seconds - SLACK, f"{took:.4f} s, on the wire it is {seconds:.4f} s"
    print(f"  {seconds * 1e3:7.1f} ms on the wire, {took * 1e3:7.1f} ms here")
    return value


def test_modbus():
    """Request, 3.5 characters of silence, answer; at 9600 and at 19200 baud, with parity and without."""
    with timed() as meter:
        with rtu.Line(meter.link) as line:
            reply = at_least(wire(8 + 3.5 + 117), lambda: line.ask(rtu.read_request(0x5000, 56), 20))
            assert len(reply) == 115
            # The answer to a change of rate still comes at the old one.
            at_least(wire(8 + 3.5 + 8), lambda: line.ask(rtu.frame("01 06 40 04 00 07"), 20))
        with rtu.Line(meter.link, 19200) as line:
            at_least(wire(8 + 3.5 + 255, 19200), lambda: line.ask(rtu.read_request(0x6000, 125), 20))
            line.ask(rtu.frame("01 06 40 11 00 02"), 20)
            at_least(wire(8 + 3.5 + 255, 19200, 10), lambda: line.ask(rtu.read_request(0x6000, 125), 20))


def test_the_answer_dribbles():
    """Its bytes come one after the other, none before its time."""
    with timed() as meter, rtu.Line(meter.link) as line:
        started = time.monotonic()
        line.write(rtu.read_request(0x5000, 56))
        n = 0
        while n < 117:
            assert line.readable(20)
            part = len(rtu.os.read(line.fd, 512))
            n += part
            assert time.monotonic() - started >= wire(8 + 3.5 + n) - SLACK, n


def test_a_request_acts_when_it_has_passed():
    """A write takes effect at its end, not before, and does so even if its master has gone meanwhile."""
    with timed({"duration": "1s", "meter": {"modbus_baud": 1200}}) as meter:
        request = rtu.frame("01 10 60 48 00 01 02 00 02")
        with rtu.Line(meter.link, 1200) as line:
            started = time.monotonic()
            line.write(request)
            serve.wait_for(lambda: meter.get("tariff") == 2, 20, "the write")
            assert time.monotonic() - started >= wire(len(request), 1200) - SLACK
            line.receive(20)
        with rtu.Line(meter.link, 1200) as line:
            line.write(rtu.frame("01 06 60 48 00 03"))
        serve.wait_for(lambda: meter.get("tariff") == 3, 20, "the write of one that has gone")


def test_mbus():
    """A telegram at three rates: 5 bytes, 11 bits, 250 bytes."""
    with timed() as meter:
        for kind in ("pty", "tcp"):
            baud = 2400
            for new in (9600, 4800, 2400):
                line = mbus.Line(meter.mbus, baud) if kind == "pty" else mbus.Tcp(meter.port())
                with line:
                    at_least(wire(9 + 1 + 1, baud), lambda: line.ask(mbus.set_baud(1, new), 20))
                line = mbus.Line(meter.mbus, new) if kind == "pty" else mbus.Tcp(meter.port())
                with line:
                    at_least(wire(5 + 1 + 250, new), lambda: line.ask(mbus.request(1), 20))
                baud = new


def test_gateway():
    """What goes through a gateway takes the time of the line behind it, for all its masters together."""
    exchange = wire(8 + 3.5 + 9)
    with timed() as meter:
        port = meter.port("modbus tcp")
        with mbap.Master(port) as master:
            assert at_least(exchange, lambda: master.ask(mbap.READ)) == mbap.VOLTS
            at_least(10 * exchange, lambda: [master.ask(mbap.READ) for _ in range(10)])
            # Nobody answers: the gateway waits for a second.
            assert at_least(wire(8) + 1, lambda: master.ask(mbap.READ, 9)) == b"\x83\x0b"
        masters = [mbap.Master(port) for _ in range(8)]

        def all_at_once():
            for _ in range(3):
                for master in masters:
                    master.send(mbap.request(mbap.READ))
            for _ in range(3):
                for master in masters:
                    assert master.receive()[2] == mbap.VOLTS

        at_least(24 * exchange, all_at_once)
        for master in masters:
            master.socket.close()


def test_raw_tcp():
    """Several masters of a device server share its wire."""
    with timed() as meter:
        lines = [mbus.Tcp(meter.port("modbus rtu tcp")) for _ in range(4)]

        def all_at_once():
            for line in lines:
                line.write(rtu.read_request(0x5002, 2))
            for line in lines:
                reply = rtu.Line.receive(line, 20)
                assert abs(struct.unpack(">f", reply[3:])[0] - 230) < 1

        at_least(4 * wire(8 + 3.5 + 9), all_at_once)
        for line in lines:
            line.close()


def test_pieces_and_rubbish():
    """A request in pieces is one; rubbish takes its time, too, and does no harm."""
    with timed() as meter, rtu.Line(meter.link) as line:
        request = rtu.read_request(0x5002, 2)
        for n in range(1, len(request)):
            line.write(request[:n])
            meter.round()
            line.write(request[n:])
            assert len(line.receive(20)) == 7
        line.write(b"\xff" * 100)
        at_least(wire(8 + 3.5 + 9), lambda: line.ask(request, 20))
        line.write(b"\x10" * 5000)  # more than is kept
        serve.wait_for(lambda: answers(line, request), 60, "an answer after a flood")


def answers(line, request):
    """Is the request answered? The flood may still be on its way."""
    line.write(request)
    try:
        return len(line.receive(1)) == 7
    except serve.Late:
        return False


def test_without_it():
    """Without the option bytes pass at once: a telegram at 300 baud in less than it would take on the wire."""
    with serve.Serve({"duration": "1s", "meter": {"mbus_address": 1, "mbus_baud": 300}}, tcp=True) as meter:
        with mbus.Tcp(meter.port()) as line:
            started = time.monotonic()
            line.telegram(1)
            assert time.monotonic() - started < wire(256, 300) / 2


serve.main(globals(), 150)
