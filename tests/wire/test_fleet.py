# SPDX-License-Identifier: MIT
"""247 meters on one Modbus line and 250 on one M-Bus line: each answers to its own address with its own numbers."""
import struct

import mbus
import rtu
import serve

MODBUS, MBUS = 247, 250
SERIAL = 30000001

# The last three are on the M-Bus alone: at their rate nobody asks on the Modbus.
FLEET = {
    "duration": "1h",
    "load": {"all": {"pf": 0.9}},
    "meters": [
        {"count": MODBUS, "first_serial_number": str(SERIAL), "first_modbus_id": 1, "first_address": 1,
         "spread": {"load.L1.current": {"steps": [0.1, 0.1 * MODBUS]}}},
        {"count": MBUS - MODBUS, "first_serial_number": str(SERIAL + MODBUS), "first_address": MODBUS + 1,
         "modbus_baud": 19200},
    ],
}


def bcd(number):
    """Eight digits as four bytes, the first ones first."""
    return bytes.fromhex(f"{number:08}")


def ask_modbus(line, unit):
    """Serial number and L1's current of a unit."""
    high, low = line.registers(0x4000, 2, unit)
    current = struct.unpack(">f", struct.pack(">2H", *line.registers(0x500C, 2, unit)))[0]
    return struct.pack(">2H", high, low), current


def test_each_on_the_modbus():
    """In turn, twice: every unit has its own serial number and load."""
    with serve.Serve(FLEET) as meter, rtu.Line(meter.link) as line:
        assert any(f"{MBUS} meters" in text for text in meter.lines), meter.lines
        serve.wait_for(lambda: meter.time() > 0.5, 60, "half a second of simulated time")
        for unit in [*range(1, MODBUS + 1), *range(MODBUS, 0, -1)]:
            serial, current = ask_modbus(line, unit)
            assert serial == bcd(SERIAL + unit - 1), f"unit {unit}: serial number {serial.hex()}"
            assert abs(current - 0.1 * unit) < 1e-4 * unit, f"unit {unit}: {current} A"


def test_a_write_to_one():
    """Tariff 2 for unit 100 is nobody else's."""
    with serve.Serve(FLEET) as meter, rtu.Line(meter.link) as line:
        line.ask(rtu.frame("64 06 60 48 00 02"))
        tariffs = [line.registers(0x6048, 1, unit)[0] for unit in range(90, 111)]
        assert tariffs == [2 if unit == 100 else 1 for unit in range(90, 111)], tariffs
        assert meter.get("meter100.tariff", "meter101.tariff", "sum.pulses.s0_2")["meter100.tariff"] == 2


def test_each_on_the_mbus():
    """Every primary address sends a telegram with its own identification number."""
    with serve.Serve(FLEET, tcp=True) as meter, mbus.Tcp(meter.port()) as line:
        for address in range(1, MBUS + 1):
            telegram = line.telegram(address)
            assert telegram[5] == address, f"address {address}: {telegram[5]} answers"
            assert telegram[7:11] == bcd(SERIAL + address - 1)[::-1], f"address {address}: {telegram[7:11].hex()}"


def test_by_secondary_address():
    """Hundreds share address 0; each is selected by its number."""
    fleet = {"duration": "1h", "meters": [{"count": 600, "first_mbus_id": "70000000"}]}
    with serve.Serve(fleet, tcp=True) as meter, mbus.Tcp(meter.port()) as line:
        for number in (70000000, 70000377, 70000599):
            assert line.ask(mbus.select(str(number))) == mbus.ACK
            assert line.telegram(mbus.SELECTED)[7:11] == bcd(number)[::-1]
        line.write(mbus.select("70000600"))
        line.silence()


serve.main(globals(), 300)
