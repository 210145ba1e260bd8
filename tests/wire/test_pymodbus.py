# SPDX-License-Identifier: MIT
"""pymodbus with pyserial, the pair that most Python programs use."""
import logging
import struct
import termios
import time

import serve

try:
    from pymodbus import mei_message, register_read_message
    from pymodbus.client import ModbusSerialClient
    from pymodbus.exceptions import ModbusIOException
    from pymodbus.pdu import ExceptionResponse
except ImportError as why:
    serve.skip(f"pymodbus: {why}")

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

CODES = {9600: 6, 19200: 7}
PARITIES = {"E": 1, "N": 2, "O": 3}


class Client:
    """A connected client; 9600 8E1 and unit 1 unless said otherwise. timeout: whole seconds, for pymodbus."""

    def __init__(self, meter, baud=9600, parity="E", unit=1, timeout=2, strict=False):
        self.unit = unit
        self.modbus = ModbusSerialClient(meter.link, baudrate=baud, parity=parity, timeout=timeout, strict=strict,
                                         broadcast_enable=True)

    def __enter__(self):
        assert self.modbus.connect()
        return self

    def __exit__(self, *unused):
        self.modbus.close()

    def read(self, address, count):
        """Registers; fails on an exception."""
        reply = self.modbus.read_holding_registers(address, count, slave=self.unit)
        assert not reply.isError(), reply
        assert len(reply.registers) == count, reply
        return reply.registers

    def value(self, address):
        """A float, high word first."""
        return struct.unpack(">f", struct.pack(">2H", *self.read(address, 2)))[0]

    def write(self, address, value):
        """Function 06; the reply."""
        return self.modbus.write_register(address, value, slave=self.unit)

    def write_several(self, address, values):
        """Function 10; the reply."""
        return self.modbus.write_registers(address, values, slave=self.unit)


def near(value, wanted):
    """Within 0.2 percent."""
    return abs(value - wanted) <= 0.002 * abs(wanted)


def exception(reply, code):
    """Is this reply that exception?"""
    assert isinstance(reply, ExceptionResponse), reply
    assert reply.exception_code == code, reply


def silent(reply):
    """Did nothing come?"""
    assert isinstance(reply, ModbusIOException), reply


def test_blocks():
    """All blocks in long requests, also across their reserved registers."""
    with serve.Serve() as meter, Client(meter) as client:
        for first, last in ((0x4000, 0x4034), (0x5000, 0x5037), (0x6000, 0x6090), (0x6100, 0x619F), (0x6300, 0x639F)):
            words = []
            while len(words) < last - first + 1:
                at = first + len(words)
                words += client.read(at, min(125, last - at + 1))
            assert len(words) == last - first + 1
        assert client.read(0x5000, 2) == [0, 0] and client.read(0x402B, 7) == [0] * 7


def test_floats():
    """Units and signs: V, A, Hz, kW, kvar, kVA; high word first."""
    scenario = {"duration": "1s", "load": {"all": {"current": 4, "angle": 0}, "L2": {"angle": 180}}}
    with serve.Serve(scenario) as meter, Client(meter) as client:
        assert near(client.value(0x5002), 230) and near(client.value(0x5008), 50)
        assert near(client.value(0x500C), 4) and near(client.value(0x500E), -4)
        assert near(client.value(0x5012), 0.92) and near(client.value(0x5016), -0.92)
        assert near(client.value(0x5022), 2.76) and near(client.value(0x5032), 398.37)


def test_single_register_settings():
    """Each one by function 06 and by function 10, read back both here and on the control socket."""
    settings = [
        (0x400F, "combination_code", 2, 2), (0x4010, "lcd_cycle_time", 0x0025, 25),
        (0x4016, "power_down_counter", 0, 0), (0x4021, "pulse_width", 0x0099, 99), (0x4022, "pulse_type", 2, 2),
        (0x4032, "screen_direction", 1, 1), (0x4033, "obis_code_display", 1, 1), (0x6048, "tariff", 3, 3),
        (0x4026, "data_type", 2, 2),
    ]
    for several in (False, True):
        with serve.Serve() as meter, Client(meter) as client:
            for address, name, word, value in settings:
                reply = client.write_several(address, [word]) if several else client.write(address, word)
                assert not reply.isError(), (name, reply)
                assert client.read(address, 1) == [word], name
                assert meter.get(name) == value, name


def test_double_register_settings():
    """CT ratio, S0 rate and the day counter: function 10 only."""
    with serve.Serve() as meter, Client(meter) as client:
        assert not client.write_several(0x401F, [0x0250, 0x0005]).isError()
        assert client.read(0x401F, 2) == [0x0250, 0x0005] and client.read(0x400C, 1) == [0x0250]
        rate = list(struct.unpack(">2H", struct.pack(">f", 100)))
        assert not client.write_several(0x400D, rate).isError()
        assert client.value(0x400D) == 100 and meter.get("s0_rate") == 100
        meter.ask({"step": "10s"})
        assert client.value(0x6049) > 0
        assert not client.write_several(0x6049, [0, 0]).isError()
        assert client.value(0x6049) < 0.02
        exception(client.write_several(0x6049, [0, 1]), 3)
        exception(client.write(0x401F, 0x0100), 2)


def test_illegal_functions():
    """Exception 01 for whatever is not 03, 06 or 10."""
    with serve.Serve() as meter, Client(meter) as client:
        modbus = client.modbus
        requests = [
            lambda: modbus.read_coils(0, 8, slave=1),
            lambda: modbus.read_discrete_inputs(0, 8, slave=1),
            lambda: modbus.read_input_registers(0x5000, 2, slave=1),
            lambda: modbus.write_coil(0, True, slave=1),
            lambda: modbus.write_coils(0, [True] * 20, slave=1),
            lambda: modbus.mask_write_register(address=0x6048, and_mask=0, or_mask=1, unit=1),
            lambda: modbus.readwrite_registers(read_address=0x5000, read_count=2, write_address=0x6048,
                                               write_registers=[1], unit=1),
            lambda: modbus.execute(mei_message.ReadDeviceInformationRequest(1, 0, unit=1)),
        ]
        for request in requests:
            exception(request(), 1)
            assert near(client.value(0x5002), 230)


def test_illegal_addresses():
    """Exception 02: outside the blocks, across their ends, writing what can only be read."""
    with serve.Serve() as meter, Client(meter) as client:
        for address, count in ((0x3FFF, 1), (0x4035, 1), (0x4034, 2), (0x5038, 1), (0x6091, 1), (0x608F, 3),
                               (0x61A0, 1), (0x62FF, 1), (0x63A0, 1), (0x0000, 1), (0xFFFF, 1)):
            exception(client.modbus.read_holding_registers(address, count, slave=1), 2)
        for address in (0x4000, 0x4002, 0x4012, 0x4025, 0x4034, 0x5002, 0x6000, 0x6100, 0x7000):
            exception(client.write(address, 1), 2)
            exception(client.write_several(address, [1, 1]), 2)


def test_illegal_values():
    """Exception 03, and nothing has changed."""
    refused = [(0x6048, 0), (0x6048, 5), (0x4003, 0), (0x4003, 248), (0x4004, 0), (0x4004, 11), (0x4011, 0),
               (0x4011, 4), (0x400F, 6), (0x4010, 0x0031), (0x4010, 0x000A), (0x4021, 0x0001), (0x4021, 0x0100),
               (0x4022, 3), (0x4026, 0), (0x4032, 2), (0x4033, 2), (0x4016, 1)]
    with serve.Serve() as meter, Client(meter) as client:
        for address, word in refused:
            before = client.read(address, 1)
            exception(client.write(address, word), 3)
            exception(client.write_several(address, [word]), 3)
            assert client.read(address, 1) == before, hex(address)
        # 03 for counts that pymodbus does not send of itself
        for count in (0, 126, 0xFFFF):
            request = register_read_message.ReadHoldingRegistersRequest(0x6100, 1, unit=1)
            request.count = count
            exception(client.modbus.execute(request), 3)
        # all or nothing: tariff right, day counter wrong
        exception(client.write_several(0x6048, [2, 0, 1]), 3)
        assert client.read(0x6048, 1) == [1]


def test_broadcast():
    """Unit 0: a write acts, nothing answers."""
    with serve.Serve() as meter, Client(meter) as client:
        client.modbus.write_register(0x6048, 2, slave=0)
        serve.wait_for(lambda: meter.get("tariff") == 2, 5, "the broadcast acts")
        assert client.read(0x6048, 1) == [2]
        client.modbus.write_registers(0x6048, [3], slave=0)
        serve.wait_for(lambda: meter.get("tariff") == 3, 5, "the broadcast acts")
        assert near(client.value(0x5002), 230)


def test_new_unit():
    """The reply to the change comes from the old address; then only the new one answers."""
    with serve.Serve() as meter, Client(meter, timeout=1) as client:
        assert not client.write(0x4003, 17).isError()
        silent(client.modbus.read_holding_registers(0x5002, 2, slave=1))
        client.unit = 17
        assert near(client.value(0x5002), 230) and client.read(0x4003, 1) == [17]


def test_new_baud():
    """9600, 19200 and back; after each change the old speed is silent."""
    with serve.Serve() as meter:
        baud = 9600
        for new in (19200, 9600, 19200):
            with Client(meter, baud) as client:
                assert not client.write(0x4004, CODES[new]).isError()
            with Client(meter, baud, timeout=1) as client:
                silent(client.modbus.read_holding_registers(0x5002, 2, slave=1))
            with Client(meter, new) as client:
                assert near(client.value(0x5002), 230) and client.read(0x4004, 1) == [CODES[new]]
            baud = new
        assert len(meter.messages()) == 3


def test_new_parity():
    """Even, none, odd and back, each read back with a client of that parity."""
    with serve.Serve() as meter:
        old = "E"
        for new in ("N", "O", "E"):
            with Client(meter, parity=old) as client:
                assert not client.write(0x4011, PARITIES[new]).isError()
            with Client(meter, parity=new) as client:
                assert client.read(0x4011, 1) == [PARITIES[new]]
                assert near(client.value(0x5002), 230)
            old = new


def test_all_three_at_once():
    """As an installer's program does: id, baud and parity one by one, following each change."""
    with serve.Serve() as meter:
        with Client(meter) as client:
            assert not client.write(0x4003, 42).isError()
        with Client(meter, unit=42) as client:
            assert not client.write(0x4004, CODES[19200]).isError()
        with Client(meter, 19200, unit=42) as client:
            assert not client.write(0x4011, PARITIES["N"]).isError()
        with Client(meter, 19200, "N", 42) as client:
            assert client.read(0x4003, 2) == [42, CODES[19200]] and client.read(0x4011, 1) == [PARITIES["N"]]


def test_data_type_2():
    """Floats become integers in thousandths of their unit, and floats again."""
    with serve.Serve() as meter, Client(meter) as client:
        assert not client.write(0x4026, 2).isError()
        number = [struct.unpack(">i", struct.pack(">2H", *client.read(at, 2)))[0] for at in (0x5002, 0x5008, 0x5012)]
        assert all(map(near, number, (230000, 50000, 3105))), number
        assert near(meter.get("l1_voltage"), 230)
        assert not client.write(0x4026, 1).isError()
        assert near(client.value(0x5002), 230)


def test_a_bad_line():
    """A cut wire: the client asks as often as it is told to, and gives up. Noise: some of its requests need more than one
    frame, but what it reads is right. Clean: all is well."""
    with serve.Serve({"duration": 1, "seed": 5}) as meter, Client(meter, timeout=1) as client:
        client.modbus.transaction.retries = 2
        client.modbus.transaction.retry_on_empty = True
        assert meter.ask({"line": {"bus": "modbus", "cut": True}})["ok"]
        silent(client.modbus.read_holding_registers(0x4003, 1, slave=1))
        assert meter.get("lines.modbus.frames") == 3
        assert meter.ask({"line": {"bus": "modbus", "cut": False, "bit_errors": 0.005}})["ok"]
        good = 0
        for _ in range(4):
            reply = client.modbus.read_holding_registers(0x4003, 1, slave=1)
            if not reply.isError():
                assert reply.registers == [1]
                good += 1
        frames = meter.get("lines.modbus.frames") - 3
        assert good and frames > 4, (good, frames)
        assert meter.ask({"line": {"bus": "modbus", "clean": True}})["ok"]
        for _ in range(5):
            assert client.read(0x4003, 1) == [1]


def connect_strict(meter):
    """One attempt of pymodbus as it comes: it sets up the open port twice at once, the second time with nothing new."""
    client = Client(meter, strict=True)
    try:
        with client:
            return near(client.value(0x5002), 230)
    except termios.error:
        client.modbus.close()
        return False


def test_as_it_comes():
    """pymodbus's default 'strict' mode with even parity. A pseudo terminal drops PARENB, and some systems' tcsetattr
    then wants to see another change, which serve makes as soon as it notices the first: a race that a retry wins."""
    with serve.Serve() as meter:
        first = 0
        for _ in range(20):
            started = time.monotonic()
            serve.wait_for(lambda: connect_strict(meter), 10, "a strict connection")
            first += time.monotonic() - started < 0.1
        print(f"  {first} of 20 connections at the first try or soon after")


serve.main(globals(), 150)
