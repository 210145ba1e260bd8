# SPDX-License-Identifier: MIT
"""`--modbus-tcp` and `--modbus-rtu-tcp`: clients that we did not write, several at once, and such that misbehave."""
import random
import shutil
import socket
import struct
import subprocess

import mbap
import mbus
import rtu
import serve

CLIENTS = 8
TWO = {"duration": "1s", "meters": [{"modbus_id": 1}, {"modbus_id": 2, "tariff": 3}]}
PORTS = ["--modbus-tcp", "0", "--modbus-rtu-tcp", "127.0.0.1:0"]


def near(value, wanted):
    """Within 0.2 percent."""
    return abs(value - wanted) <= 0.002 * abs(wanted)


class RtuTcp(mbus.Tcp):
    """Raw RTU frames in TCP."""

    receive, ask, registers, voltage = rtu.Line.receive, rtu.Line.ask, rtu.Line.registers, rtu.Line.voltage


def gateway(scenario=None, **more):
    """A meter with both kinds of port."""
    return serve.Serve(scenario, options=PORTS, **more)


def test_lines():
    """The printed lines, and that loopback is meant where no host is named."""
    with gateway() as meter:
        words = [line.split() for line in meter.lines]
        assert [line[:2] for line in words][:3] == [["modbus", "rtu"], ["modbus", "tcp"], ["modbus", "rtu"]], meter.lines
        assert words[1][2].startswith("127.0.0.1:") and words[2][3].startswith("127.0.0.1:"), meter.lines
        assert meter.lines[1].endswith("9600 8E1  unit 1") and words[2][2] == "tcp", meter.lines


def test_several_ports():
    """Options for ports may be repeated."""
    with serve.Serve(options=["--modbus-tcp", "0", "--modbus-tcp", ":0", "--modbus-tcp", "localhost:0"]) as meter:
        ports = [int(line.split()[2].rsplit(":", 1)[1]) for line in meter.lines if line.startswith("modbus tcp")]
        assert len(set(ports)) == 3, meter.lines
        for port in ports:
            with mbap.Master(port) as master:
                assert master.ask(mbap.READ) == mbap.VOLTS
    done = serve.run("serve", *["--modbus-tcp", "0"] * 17)
    assert done.returncode == 2 and "at most 16" in done.stderr, done


def test_units():
    """The meter's own, nobody's, and the two that mean the only meter."""
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as master:
        assert master.ask(mbap.READ) == mbap.VOLTS
        assert master.ask(mbap.READ, 0) == mbap.VOLTS and master.ask(mbap.READ, 255) == mbap.VOLTS
        assert master.ask("06 60 48 00 02", 255) == bytes.fromhex("06 60 48 00 02")
        assert meter.get("tariff") == 2
        for unit in (2, 247, 248, 254):
            assert master.ask(mbap.READ, unit) == b"\x83\x0b", unit
        assert master.ask("83 02", 1) == b"\x83\x0b"


def test_units_of_several_meters():
    """0 is the broadcast: writes act on all and bring no answer, reads nobody answers; 255 is nobody."""
    with gateway(TWO) as meter, mbap.Master(meter.port("modbus tcp")) as master:
        assert master.ask("03 60 48 00 01", 1) == bytes.fromhex("03 02 00 01")
        assert master.ask("03 60 48 00 01", 2) == bytes.fromhex("03 02 00 03")
        assert master.ask(mbap.READ, 255) == b"\x83\x0b" and master.ask(mbap.READ, 0) == b"\x83\x0b"
        master.send(mbap.request("06 60 48 00 04", 0, 100) + mbap.request("03 60 48 00 01", 2, 101))
        assert master.receive() == (101, 2, bytes.fromhex("03 02 00 04"))
        assert master.ask("03 60 48 00 01", 1) == bytes.fromhex("03 02 00 04")


def test_one_unit_twice():
    """Two meters with one address spoil each other's answers: the gateway hears none."""
    twice = {"duration": "1s", "meters": [{"serial_number": "11111111"}, {"serial_number": "22222222"}]}
    with gateway(twice) as meter, mbap.Master(meter.port("modbus tcp")) as master:
        assert master.ask("03 40 00 00 02", 1) == b"\x83\x0b"


def test_without_supply():
    """A meter that is off does not answer."""
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as master:
        assert meter.ask({"power": False})["ok"]
        assert meter.ask({"step": "2s"})["ok"]
        assert master.ask(mbap.READ) == b"\x83\x0b"


def test_byte_by_byte():
    """A request may come in any pieces."""
    request = mbap.request("10 40 1F 00 02 04 01 00 00 05")
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as master:
        for n in range(1, len(request)):
            master.send(request[:n])
            meter.round()
            master.send(request[n:])
            assert master.receive() == (7, 1, bytes.fromhex("10 40 1F 00 02")), n
        for byte in request:
            master.send(bytes([byte]))
            meter.round()
        assert master.receive()[2] == bytes.fromhex("10 40 1F 00 02")


def test_several_in_one_segment():
    """Each is answered, in order, with its own transaction."""
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as master:
        master.send(b"".join(mbap.request(mbap.READ, 1, k) for k in range(200)))
        for k in range(200):
            assert master.receive() == (k, 1, mbap.VOLTS)
        with RtuTcp(meter.port("modbus rtu tcp")) as line:
            line.write(rtu.read_request(0x5002, 2) * 20)
            data = b""
            while len(data) < 20 * 9:
                assert line.readable(5), data.hex(" ")
                data += line.read()
            assert data == data[:9] * 20


def test_raw_rtu_in_pieces():
    """Raw frames, too, with other clients' pieces in between."""
    request = rtu.read_request(0x5002, 2)
    with gateway() as meter:
        lines = [RtuTcp(meter.port("modbus rtu tcp")) for _ in range(4)]
        try:
            for k in range(len(request)):
                for line in lines:
                    line.write(request[k:k + 1])
            for line in lines:
                assert near(struct.unpack(">f", line.receive(5)[3:])[0], 230)
        finally:
            for line in lines:
                line.close()


def test_malformed():
    """Another protocol or an impossible length closes that connection and no other."""
    bad = [mbap.request(mbap.READ, protocol=1), mbap.request(mbap.READ, length=0), mbap.request(mbap.READ, length=1),
           mbap.request(mbap.READ, length=255), mbap.request(mbap.READ, length=65535), b"GET / HTTP/1.1\r\n\r\n",
           rtu.read_request(0x5002, 2)]
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as good:
        for data in bad:
            with mbap.Master(meter.port("modbus tcp")) as master:
                master.send(data)
                assert master.closed(), data.hex(" ")
            assert good.ask(mbap.READ) == mbap.VOLTS
        told = meter.messages()
        assert len(told) == len(bad) and all("no Modbus TCP" in line for line in told), told


def test_wrong_requests():
    """What the meter refuses comes back as its exceptions."""
    rows = [("03 50 37 00 02", "83 02"), ("04 50 02 00 02", "84 01"), ("06 60 48 00 05", "86 03"), ("03", "83 03"),
            ("10 60 48", "90 03"), ("10 60 48 00 02 02 00 02", "90 03"), ("2b 0e 01 00", "ab 01"),
            ("03 50 02 00 02 00", "83 03"), ("10" + " 00" * 252, "90 03")]
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as master:
        for request, answer in rows:
            assert master.ask(request) == bytes.fromhex(answer), request
        assert meter.get("tariff") == 1


def test_noise():
    """Random bytes: the port lives on."""
    source = random.Random(20246)
    with gateway() as meter:
        for n in (1, 2, 5, 6, 7, 8, 12, 100, 300, 2000):
            for kind, port in (("tcp", meter.port("modbus tcp")), ("rtu", meter.port("modbus rtu tcp"))):
                with mbap.Master(port) as master:
                    try:
                        master.send(source.randbytes(n))
                    except ConnectionError:
                        assert kind == "tcp"
                    meter.round()
        with mbap.Master(meter.port("modbus tcp")) as master, RtuTcp(meter.port("modbus rtu tcp")) as line:
            assert master.ask(mbap.READ) == mbap.VOLTS and near(line.voltage(), 230)
        meter.messages()


def test_gone_in_a_request():
    """A client goes in the middle, politely or not; its neighbour and the next one are answered."""
    request = mbap.request(mbap.READ)
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as neighbour:
        for n in range(1, len(request) + 1):
            with mbap.Master(meter.port("modbus tcp")) as master:
                if n % 2:
                    master.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                master.send(request[:n])
            assert neighbour.ask(mbap.READ) == mbap.VOLTS
        with mbap.Master(meter.port("modbus tcp")) as master:
            assert master.ask(mbap.READ) == mbap.VOLTS


def test_a_client_that_does_not_read():
    """What it does not read is lost; all others go on."""
    with gateway() as meter, mbap.Master(meter.port("modbus tcp")) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.socket.setblocking(False)
        try:
            for _ in range(20000):
                deaf.send(mbap.request("03 60 00 00 7D"))
        except BlockingIOError:
            pass
        with mbap.Master(meter.port("modbus tcp")) as master:
            assert master.ask(mbap.READ) == mbap.VOLTS


def test_one_too_many():
    """The ninth is turned away with a message; when one has gone there is room again."""
    with gateway() as meter:
        masters = [mbap.Master(meter.port("modbus tcp")) for _ in range(CLIENTS)]
        try:
            for master in masters:
                assert master.ask(mbap.READ) == mbap.VOLTS
            with mbap.Master(meter.port("modbus tcp")) as ninth:
                assert ninth.closed()
            told = serve.wait_for(meter.messages, 5, "a message")
            assert len(told) == 1 and str(CLIENTS) in told[0], told
            masters.pop().socket.close()
            meter.round()
            masters.append(mbap.Master(meter.port("modbus tcp")))
            assert masters[-1].ask(mbap.READ) == mbap.VOLTS
        finally:
            for master in masters:
                master.socket.close()


def test_all_doors_at_once():
    """Eight masters of Modbus TCP, some of RTU in TCP and one on the pty ask before anybody reads."""
    with gateway(mbus=True, tcp=True) as meter:
        tcp = [mbap.Master(meter.port("modbus tcp")) for _ in range(CLIENTS)]
        raw = [RtuTcp(meter.port("modbus rtu tcp")) for _ in range(4)]
        buses = [mbus.Tcp(meter.port()) for _ in range(4)] + [mbus.Line(meter.mbus)]
        try:
            with rtu.Line(meter.link) as line:
                for _ in range(10):
                    for k, master in enumerate(tcp):
                        master.send(mbap.request(mbap.READ, 1, k))
                    for one in (*raw, line):
                        one.write(rtu.read_request(0x5002, 2))
                    for one in buses:
                        one.write(mbus.request(0))
                    for k, master in enumerate(tcp):
                        assert master.receive() == (k, 1, mbap.VOLTS)
                    for one in (*raw, line):
                        assert one.receive(5)[1:3] == b"\x03\x04"
                    for one in buses:
                        assert mbus.check(one.receive())
        finally:
            for one in (*raw, *buses):
                one.close()
            for master in tcp:
                master.socket.close()


def test_mbpoll():
    """mbpoll over Modbus TCP."""
    program = shutil.which("mbpoll")
    if not program:
        print("  mbpoll is not installed")
        return
    with gateway() as meter:
        command = [program, "-m", "tcp", "-p", str(meter.port("modbus tcp")), "-a", "1", "-t", "4:float", "-B", "-0",
                   "-r", "0x5002", "-c", "4", "-1", "127.0.0.1"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for one in running:
            text = one.communicate(timeout=30)[0]
            assert one.returncode == 0 and text.count("230") == 3, text


def test_pymodbus():
    """pymodbus over Modbus TCP and over RTU in TCP, at once."""
    try:
        from pymodbus.client import ModbusTcpClient
        from pymodbus.transaction import ModbusRtuFramer
    except ImportError as why:
        print(f"  {why}")
        return
    with gateway() as meter:
        tcp = ModbusTcpClient("127.0.0.1", meter.port("modbus tcp"), timeout=20)
        raw = ModbusTcpClient("127.0.0.1", meter.port("modbus rtu tcp"), framer=ModbusRtuFramer, timeout=20)
        assert tcp.connect() and raw.connect()
        for _ in range(10):
            for client in (tcp, raw):
                for first, count in ((0x4000, 0x35), (0x5000, 56), (0x6000, 0x7D)):
                    reply = client.read_holding_registers(first, count, slave=1)
                    assert not reply.isError() and len(reply.registers) == count, reply
        # what other tests of this kind find on a serial line
        assert tcp.read_holding_registers(0x5037, 2, slave=1).exception_code == 2
        assert tcp.read_holding_registers(0x5002, 2, slave=9).exception_code == 11
        assert not tcp.read_holding_registers(0x5002, 2, slave=0).isError()
        assert not raw.write_registers(0x401F, [0x0100, 0x0005], slave=1).isError()
        assert tcp.read_holding_registers(0x401F, 2, slave=1).registers == [0x0100, 0x0005]
        tcp.close()
        raw.close()


serve.main(globals(), 150)
