# SPDX-License-Identifier: MIT
"""Clients that come and go: the next one must find the port as new.

A pseudo terminal drops PARENB. Where tcsetattr answers EINVAL to a call that changed nothing else (Debian's glibc), a
client's settings must therefore always differ from what stands there.
"""
import os
import select
import signal
import termios

import rtu
import serve

try:
    import serial
except ImportError:
    serial = None

OPENS = 100


def near(value, wanted):
    """Within 0.2 percent."""
    return abs(value - wanted) <= 0.002 * abs(wanted)


def opened(meter):
    """The opened port, or None if it can not be set."""
    try:
        return rtu.Line(meter.link)
    except termios.error:
        return None


def opens(meter):
    """Can the port be opened and set? Asks for nothing."""
    line = opened(meter)
    if line:
        line.close()
    return line is not None


def child(work):
    """Runs work() in a child; returns its pid and a pipe end that gets a byte when work calls its argument."""
    done, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            serve.die_with_parent()
            work(lambda: os.write(tell, b"."))
            signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    return pid, done


def killed_child(work):
    """Runs work() in a child until it tells, kills it there and waits for its end."""
    pid, done = child(work)
    try:
        assert select.select([done], [], [], 10)[0] and os.read(done, 1) == b".", "the child did not come so far"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(done)


def test_reopened_after_a_request():
    """One process, one request for each opening, the same settings each time."""
    with serve.Serve() as meter:
        for _ in range(OPENS):
            with rtu.Line(meter.link) as line:
                assert near(line.voltage(), 230)


def test_reopened_with_pyserial():
    """The same with pyserial."""
    if serial is None:
        print("  pyserial is not installed")
        return
    with serve.Serve() as meter:
        for _ in range(OPENS):
            with serial.Serial(meter.link, 9600, parity="E", timeout=2) as port:
                port.write(rtu.read_request(0x5002, 2))
                assert len(port.read(9)) == 9


def test_opened_again_without_a_request():
    """A client that only looks, like stty, may not spoil the port for the next. Between the two nothing tells that
    serve has noticed the first, hence a deadline."""
    with serve.Serve() as meter:
        for _ in range(20):
            serve.wait_for(lambda: opens(meter), 2, "the port can be opened")
            serve.wait_for(lambda: opens(meter), 2, "the port can be opened again")
        with serve.wait_for(lambda: opened(meter), 2, "the port can be opened") as line:
            assert near(line.voltage(), 230)


def test_set_twice():
    """A client that sets its open port again with the same flags, as pyserial does for a new timeout."""
    def sets(fd):
        try:
            rtu.set_line(fd)
            return True
        except termios.error:
            return False

    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        for _ in range(20):
            serve.wait_for(lambda: sets(line.fd), 2, "the port can be set again")
        assert near(line.voltage(), 230)


def test_parities_in_turn():
    """Even and odd, the two that a pseudo terminal drops, in any order."""
    with serve.Serve() as meter:
        for parity in "EEOOEONNEOENOOE":
            with rtu.Line(meter.link, parity=parity) as line:
                assert near(line.voltage(), 230), parity


def test_killed_in_a_request():
    """A client dies by SIGKILL with half a frame sent; the next asks as soon as it can open the port."""
    with serve.Serve() as meter:
        request = rtu.read_request(0x5002, 2)

        def half(tell):
            line = rtu.Line(meter.link)
            line.write(request[:5])
            tell()

        for _ in range(10):
            killed_child(half)
            with serve.wait_for(lambda: opened(meter), 2, "the port can be opened") as line:
                assert near(line.voltage(), 230)


def test_reply_never_read():
    """A client asks for a lot, never reads and disappears; the next one gets none of it."""
    with serve.Serve() as meter:
        def unread(tell):
            line = rtu.Line(meter.link)
            line.write(rtu.read_request(0x6100, 125) + rtu.read_request(0x5000, 56))
            while not line.readable(1):
                pass
            tell()

        for _ in range(10):
            killed_child(unread)
            meter.time()  # serve has been round once more, hence has seen the hang-up
            with rtu.Line(meter.link) as line:
                line.silence()
                assert near(line.voltage(), 230)


def test_many_unread_replies():
    """A client that floods and reads nothing fills the terminal; serve goes on, and so does the next client."""
    with serve.Serve() as meter:
        def flood(tell):
            line = rtu.Line(meter.link)
            for _ in range(400):
                line.write(rtu.read_request(0x6100, 125))
            tell()

        for _ in range(10):
            killed_child(flood)
            before = meter.time()
            serve.wait_for(lambda: meter.time() > before, 5, "time goes on")
            with rtu.Line(meter.link) as line:
                line.silence()
                assert near(line.voltage(), 230)


def test_wrong_then_right_speed():
    """A client at another speed leaves nothing behind."""
    with serve.Serve() as meter:
        for _ in range(5):
            with rtu.Line(meter.link, 19200) as line:
                line.write(rtu.read_request(0x5002, 2))
                line.silence(0.1)
            with rtu.Line(meter.link) as line:
                assert near(line.voltage(), 230)
        assert all("19200" in message for message in meter.messages())


def test_two_clients_at_once():
    """Two programs with the port open: the one that asks is answered, and one going does not hurt the other."""
    with serve.Serve() as meter, rtu.Line(meter.link) as first:
        assert near(first.voltage(), 230)
        with rtu.Line(meter.link, parity="O") as second:
            assert near(second.voltage(), 230)
        assert near(first.voltage(), 230)


serve.main(globals(), 150)
