# SPDX-License-Identifier: MIT
"""A small M-Bus master of our own, for what ready-made clients do not do: every frame at every rate, and timing."""
import os
import shutil
import socket
import tempfile
import time

import rtu
from serve import Late

ACK = b"\xe5"
BAUDS = (300, 600, 1200, 2400, 4800, 9600)
SELECTED = 0xFD
ANY_ANSWERS = 0xFE
TELEGRAM_SIZE = 250

# A line that has been idle for so long surely has nothing more to say, and has ended every frame, at 2400 baud and above.
SILENCE = 0.06


def short(c, address):
    """A short frame."""
    return bytes([0x10, c, address, (c + address) & 255, 0x16])


def long(address, data, c=0x53):
    """A long frame; data (bytes, or hexadecimal text) begins with the CI field."""
    data = bytes([c, address]) + (bytes.fromhex(data) if isinstance(data, str) else data)
    return bytes([0x68, len(data), len(data), 0x68]) + data + bytes([sum(data) & 255, 0x16])


def reset(address):
    """SND_NKE."""
    return short(0x40, address)


def request(address, fcb=True):
    """REQ_UD2."""
    return short(0x7B if fcb else 0x5B, address)


def select(number, rest="ff ff ff ff"):
    """Selection by an identification number (eight digits, F for any), then manufacturer, version and medium."""
    return long(SELECTED, b"\x52" + bytes.fromhex(number)[::-1] + bytes.fromhex(rest))


def set_baud(address, baud):
    """The command for a new rate."""
    return long(address, bytes([0xB8 + BAUDS.index(baud)]))


def answer_length(data):
    """Length of the answer that begins with data; None while that can not be told."""
    if not data:
        return None
    if data[0] == 0x68:
        return data[1] + 6 if len(data) > 1 else None
    return 5 if data[0] == 0x10 else 1


def check(data):
    """Is data one whole answer?"""
    if data == ACK:
        return True
    if len(data) < 9 or data[0] != 0x68 or data[1] != data[2] or data[3] != 0x68 or len(data) != data[1] + 6:
        return False
    return sum(data[4:-2]) & 255 == data[-2] and data[-1] == 0x16


class Line(rtu.Line):
    """A serial port."""

    def __init__(self, path, baud=2400):
        super().__init__(path, baud)

    def silence(self, seconds=SILENCE):
        """Lets time pass in which nothing may arrive."""
        super().silence(seconds)

    def read(self):
        """What is there; an end of file is an error."""
        data = os.read(self.fd, 512)
        if not data:
            raise EOFError("the line was closed")
        return data

    def receive(self, seconds=5.0):
        """One whole answer, as it came."""
        data = b""
        deadline = time.monotonic() + seconds
        while answer_length(data) is None or len(data) < answer_length(data):
            if not self.readable(deadline - time.monotonic()):
                raise Late(f"no answer within {seconds} s; have [{data.hex(' ')}]")
            data += self.read()
        assert len(data) == answer_length(data), f"too much: {data.hex(' ')}"
        return data

    def ask(self, frame, seconds=5.0):
        """Sends a frame and returns the answer, which must be well formed."""
        self.write(frame)
        data = self.receive(seconds)
        assert check(data), f"no good answer: {data.hex(' ')}"
        return data

    def telegram(self, address):
        """Asks for a meter's telegram."""
        data = self.ask(request(address))
        assert len(data) == TELEGRAM_SIZE and data[4] == 8 and data[6] == 0x72, data.hex(" ")
        return data


class Tcp(Line):
    """A connection to a TCP port."""

    def __init__(self, port):
        self.fd = -1
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.setblocking(False)
        self.fd = connection.detach()

    def closed(self, seconds=5.0):
        """Does the other side close it within that time, without a byte?"""
        try:
            return self.readable(seconds) and os.read(self.fd, 1) == b""
        except ConnectionError:
            return True


class Master(Line):
    """The master's side of a pseudo terminal that we have made ourselves. `device` is the other side's name, `link` a
    link to it that goes when it is closed: its name may soon be that of another test's terminal."""

    def __init__(self):
        self.fd, self.other = os.openpty()
        os.set_blocking(self.fd, False)
        self.device = os.ttyname(self.other)
        self.folder = tempfile.mkdtemp(prefix="vmeter-")
        self.link = os.path.join(self.folder, "port")
        os.symlink(self.device, self.link)

    def close(self):
        """Unplugs it."""
        if self.fd >= 0:
            shutil.rmtree(self.folder)
            os.close(self.other)
        super().close()
