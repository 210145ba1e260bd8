# SPDX-License-Identifier: MIT
"""A small Modbus RTU master of our own, for what ready-made clients do not do: ill-formed frames, and timing."""
import os
import select
import struct
import termios
import time

from serve import Late

SPEEDS = {300: termios.B300, 600: termios.B600, 1200: termios.B1200, 2400: termios.B2400, 4800: termios.B4800,
          9600: termios.B9600, 19200: termios.B19200}
PARITIES = {"E": termios.PARENB, "N": 0, "O": termios.PARENB | termios.PARODD}

# Silence that surely ends a frame for the meter.
SILENCE = 0.035


def crc(data):
    """Modbus CRC, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def frame(text):
    """Hexadecimal text plus CRC."""
    data = bytes.fromhex(text)
    return data + crc(data)


def read_request(address, count, unit=1):
    """Function 03."""
    data = struct.pack(">BBHH", unit, 3, address, count)
    return data + crc(data)


def reply_length(data):
    """Length of the reply that begins with data; None while that can not be told."""
    if len(data) < 3:
        return None
    if data[1] & 0x80:
        return 5
    return 5 + data[2] if data[1] == 3 else 8


def set_line(fd, baud=9600, parity="E"):
    """Raw mode by glibc's tcsetattr."""
    attributes = termios.tcgetattr(fd)
    attributes[0] = termios.IGNBRK
    attributes[1] = 0
    attributes[2] = termios.CS8 | termios.CREAD | termios.CLOCAL | PARITIES[parity]
    attributes[3] = 0
    attributes[4] = attributes[5] = SPEEDS[baud]
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


class Line:
    """A serial port."""

    def __init__(self, path, baud=9600, parity="E"):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            set_line(self.fd, baud, parity)
        except termios.error:
            os.close(self.fd)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """Hangs up."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def write(self, data):
        """Sends all of data."""
        while data:
            select.select([], [self.fd], [])
            data = data[os.write(self.fd, data):]

    def readable(self, seconds):
        """Does anything come within that time?"""
        return bool(select.select([self.fd], [], [], max(0, seconds))[0])

    def silence(self, seconds=SILENCE):
        """Lets time pass in which nothing may arrive."""
        if self.readable(seconds):
            raise AssertionError(f"bytes on a silent line: {os.read(self.fd, 512)[:40].hex(' ')} ...")

    def receive(self, seconds=1.0):
        """One whole reply with a right CRC, without that CRC."""
        data = b""
        deadline = time.monotonic() + seconds
        while reply_length(data) is None or len(data) < reply_length(data):
            if not self.readable(deadline - time.monotonic()):
                raise Late(f"no reply within {seconds} s; have [{data.hex(' ')}]")
            data += os.read(self.fd, 512)
        assert len(data) == reply_length(data), f"too much: {data.hex(' ')}"
        assert crc(data[:-2]) == data[-2:], f"wrong CRC: {data.hex(' ')}"
        return data[:-2]

    def ask(self, request, seconds=1.0):
        """Sends a frame and returns the reply without CRC."""
        self.write(request)
        return self.receive(seconds)

    def registers(self, address, count, unit=1):
        """Reads registers; fails on an exception."""
        reply = self.ask(read_request(address, count, unit))
        assert reply[:3] == bytes([unit, 3, 2 * count]), reply.hex(" ")
        return struct.unpack(f">{count}H", reply[3:])

    def voltage(self):
        """L1's voltage, by a valid request."""
        return struct.unpack(">f", struct.pack(">2H", *self.registers(0x5002, 2)))[0]
