#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Modbus RTU slave that is nothing but pymodbus, with constant registers: 56 from 5000 on, unit 1.

    pymodbus_server.py PORT

Exit code 77 where pymodbus, or what it needs for a serial port, is missing. Prints `ready` before it listens.
"""
import sys

try:
    import serial_asyncio  # noqa: F401: pymodbus wants it
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
    from pymodbus.server import StartSerialServer
    from pymodbus.transaction import ModbusRtuFramer
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

block = ModbusSequentialDataBlock(0x5000, [k * 257 for k in range(56)])
slave = ModbusSlaveContext(hr=block, zero_mode=True)
print("ready", flush=True)
StartSerialServer(context=ModbusServerContext(slaves={1: slave}, single=False), framer=ModbusRtuFramer, port=sys.argv[1],
                  baudrate=9600, bytesize=8, parity="N", stopbits=1)
