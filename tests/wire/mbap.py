# SPDX-License-Identifier: MIT
"""A small Modbus TCP master of our own, for what ready-made clients do not do."""
import socket
import struct


def request(pdu, unit=1, transaction=7, protocol=0, length=None):
    """A whole request; pdu is hexadecimal text or bytes."""
    pdu = bytes.fromhex(pdu) if isinstance(pdu, str) else pdu
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


READ = "03 50 02 00 02"  # the voltage of L1
VOLTS = bytes.fromhex("03 04 43 66 00 00")


class Master:
    """A connection."""

    def __init__(self, port, seconds=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def send(self, data):
        """Sends bytes."""
        self.socket.sendall(data)

    def take(self, n):
        """n bytes; fails if the other side closes before."""
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise EOFError(f"closed after {data.hex(' ')}")
            data += part
        return data

    def receive(self):
        """One whole answer: transaction, unit, PDU."""
        transaction, protocol, length, unit = struct.unpack(">HHHB", self.take(7))
        assert protocol == 0 and 2 <= length <= 254
        return transaction, unit, self.take(length - 1)

    def ask(self, pdu, unit=1):
        """The answer's PDU; unit and transaction must be those of the request."""
        self.send(request(pdu, unit))
        transaction, its, answer = self.receive()
        assert (transaction, its) == (7, unit), (transaction, its)
        return answer

    def closed(self):
        """Does the other side close it, without a byte?"""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
