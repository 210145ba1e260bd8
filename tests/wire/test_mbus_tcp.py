# SPDX-License-Identifier: MIT
"""The M-Bus through TCP: several clients, too many of them, and such that go in the middle of a frame."""
import socket
import struct

import mbus
import serve

CLIENTS = 8
SCENARIO = {"duration": "1s", "meter": {"mbus_address": 1}}


def test_one_client():
    """Asks a few things; the rate is the meter's own, whatever it is."""
    with serve.Serve(SCENARIO, tcp=True) as meter, mbus.Tcp(meter.port()) as line:
        line.telegram(1)
        for baud in (300, 9600, 2400):
            assert line.ask(mbus.set_baud(1, baud)) == mbus.ACK
            line.telegram(1)


def test_several_clients():
    """Eight take turns, then all ask at once: nobody gets anything that is not whole."""
    with serve.Serve(SCENARIO, tcp=True, mbus=True) as meter:
        lines = [mbus.Tcp(meter.port()) for _ in range(CLIENTS)]
        try:
            for k in range(3 * CLIENTS):
                lines[k % CLIENTS].telegram(1)
            with mbus.Line(meter.mbus) as other:
                other.telegram(1)
            for line in lines:
                line.silence(0.01)
        finally:
            for line in lines:
                line.close()


def test_one_too_many():
    """The ninth is turned away with a message; when one has gone there is room again."""
    with serve.Serve(SCENARIO, tcp=True) as meter:
        lines = [mbus.Tcp(meter.port()) for _ in range(CLIENTS)]
        try:
            for line in lines:
                line.telegram(1)
            with mbus.Tcp(meter.port()) as ninth:
                assert ninth.closed()
            told = serve.wait_for(meter.messages, 5, "a message")
            assert len(told) == 1 and str(CLIENTS) in told[0], told
            for line in lines:
                line.telegram(1)
            lines.pop().close()
            meter.round()
            lines.append(mbus.Tcp(meter.port()))
            lines[-1].telegram(1)
        finally:
            for line in lines:
                line.close()


def test_gone_in_a_frame():
    """A client goes in the middle of a frame, politely or not; the next one is answered."""
    whole = mbus.long(1, "51 01 7a 05")
    with serve.Serve(SCENARIO, tcp=True) as meter:
        for n in range(1, len(whole)):
            with mbus.Tcp(meter.port()) as line:
                if n % 2:
                    with socket.socket(fileno=line.fd) as connection:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        connection.detach()
                line.write(whole[:n])
                meter.round()
            meter.round()
            with mbus.Tcp(meter.port()) as line:
                line.telegram(1)


def test_gone_before_the_answer():
    """A client asks and goes; at 300 baud the answer waits. Whoever comes then gets nothing of it."""
    with serve.Serve({"duration": "1s", "meter": {"mbus_address": 1, "mbus_baud": 300}}, tcp=True) as meter:
        for _ in range(10):
            with mbus.Tcp(meter.port()) as line:
                line.write(mbus.request(1))
            meter.round()
            with mbus.Tcp(meter.port()) as line:
                line.silence(0.06)
                assert line.ask(mbus.reset(1)) == mbus.ACK


def refused(address, word):
    """Serve can not listen there: exit code 3 and a message."""
    done = serve.run("serve", "--mbus-tcp", address)
    assert done.returncode == 3 and done.stdout == "", (address, done)
    assert done.stderr.startswith("vmeter: ") and done.stderr.count("\n") == 1 and word in done.stderr, done.stderr


def test_bad_addresses():
    """Not an address, not ours, or taken."""
    refused("nonsense", "HOST:PORT")
    refused("127.0.0.1:", "HOST:PORT")
    refused("127.0.0.1:1x", "HOST:PORT")
    refused("127.0.0.1:123456", "HOST:PORT")
    refused("127.0.0.1:65536", "HOST:PORT")
    refused("203.0.113.1:2401", "203.0.113.1:2401")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(f"127.0.0.1:{port}", "use")


serve.main(globals(), 100)
