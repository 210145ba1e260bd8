# SPDX-License-Identifier: MIT
"""`--capture FILE`: what tshark, which we did not write and do not configure, reads in it."""
import json
import os
import shutil
import signal
import struct
import subprocess
import time

import mbap
import mbus
import node_mbus
import rtu
import serve

TSHARK = shutil.which("tshark") or serve.skip("tshark is not installed")
CAPINFOS = shutil.which("capinfos") or serve.skip("capinfos is not installed")
SCENARIO = {"duration": "1s", "meter": {"mbus_address": 5}}
RECEIVED, SENT = "1", "0"  # frame.p2p_dir as tshark writes it


class Capture:
    """A meter that writes a capture, and tshark's reading of it."""

    def __init__(self, *options, scenario=None, code=0, mbus=True, tcp=True):
        self.meter = serve.Serve(scenario or SCENARIO, options=["--capture", "traffic.pcapng", *options], mbus=mbus,
                                 tcp=tcp, code=code)
        self.file = os.path.join(self.meter.folder, "traffic.pcapng")

    def __enter__(self):
        self.meter.__enter__()
        return self

    def __exit__(self, *what):
        self.meter.__exit__(*what)

    def frames(self):
        """The frames as tshark decodes them: {field: [values]}. The file is read while the meter goes on."""
        return decode(self.file)


def decode(file):
    """All frames of a file."""
    fields = ("frame.interface_name", "frame.p2p_dir", "frame.comment", "frame.time_epoch", "frame.protocols",
              "mbrtu.unit_id", "mbtcp.unit_id", "mbtcp.trans_id", "modbus.func_code", "modbus.reference_num",
              "modbus.word_cnt", "modbus.exception_code", "modbus.regnum16", "modbus.regval_uint16", "data.data",
              "exported_pdu.exported_pdu", "_ws.col.Protocol", "_ws.col.Info")
    command = [TSHARK, "-n", "-r", file, "-T", "json"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and b"cut short" not in done.stderr, done.stderr
    return [packet["_source"]["layers"] for packet in json.loads(done.stdout or b"[]")]


def get(frame, field):
    """Its only value, or None."""
    values = frame.get(field, [None])
    assert len(values) == 1, (field, values)
    return values[0]


def raw(frame):
    """The bytes on the line."""
    return bytes.fromhex(get(frame, "exported_pdu.exported_pdu").replace(":", ""))


def info(file):
    """What capinfos says, as text."""
    return subprocess.run([CAPINFOS, file], capture_output=True, text=True, timeout=60, check=True).stdout


def test_interfaces():
    """One for each line, in the order of the printed ones, with names and settings."""
    with Capture("--modbus-tcp", "0") as capture:
        text = info(capture.file)
        names = [line.split("=", 1)[1].strip() for line in text.splitlines() if line.strip().startswith("Name =")]
        assert len(names) == len(capture.meter.lines) == 4, names
        for name, line in zip(names, capture.meter.lines):
            assert f" {name} " in line, (name, line)
        assert text.count("nanoseconds") >= 4 and "2400 8E1" in text and "modbus tcp" in text, text
        assert capture.frames() == []


def test_modbus_rtu():
    """libmodbus through mbpoll: functions, registers, values, directions, time, comments."""
    mbpoll = shutil.which("mbpoll")
    if not mbpoll:
        print("  mbpoll is not installed")
        return
    with Capture() as capture:
        before = time.time()
        for arguments in (["-t", "4:hex", "-r", "0x5002", "-c", "4", "-1"], ["-t", "4:hex", "-r", "0x5038", "-c", "1",
                                                                           "-1"], ["-t", "4", "-r", "0x6048"]):
            write = ["3"] if arguments[3] == "0x6048" else []
            subprocess.run([mbpoll, "-m", "rtu", "-a", "1", "-b", "9600", "-P", "even", "-0", *arguments,
                            capture.meter.link, *write], capture_output=True, timeout=30, check=False)
        frames = capture.frames()
        assert len(frames) == 6, frames
        assert [get(f, "frame.p2p_dir") for f in frames] == [RECEIVED, SENT] * 3
        assert all(get(f, "frame.interface_name") == capture.meter.link for f in frames)
        assert all(get(f, "frame.protocols") == "exported_pdu:mbrtu:modbus" for f in frames), frames
        assert [get(f, "modbus.func_code") for f in frames] == ["3"] * 4 + ["6"] * 2
        assert all(get(f, "mbrtu.unit_id") == "1" for f in frames)
        assert (get(frames[0], "modbus.reference_num"), get(frames[0], "modbus.word_cnt")) == ("20482", "4")
        assert frames[1]["modbus.regnum16"] == ["20482", "20483", "20484", "20485"], frames[1]
        words = struct.unpack(">2f", struct.pack(">4H", *map(int, frames[1]["modbus.regval_uint16"])))
        assert all(abs(value - 230) < 0.5 for value in words), words
        assert get(frames[3], "modbus.exception_code") == "2"
        assert get(frames[0], "frame.comment") == "1 read 5002 l1_voltage, 4 registers"
        assert get(frames[1], "frame.comment").startswith("1 values 230 V, 230 V")
        assert get(frames[3], "frame.comment") == "1 exception 02, illegal data address"
        assert get(frames[4], "frame.comment") == "1 write 6048 tariff = 3"
        assert raw(frames[4]) == rtu.frame("01 06 60 48 00 03")
        times = [float(get(f, "frame.time_epoch")) for f in frames]
        assert times == sorted(times) and before - 1 <= times[0] and times[-1] <= time.time() + 1, times


def test_modbus_tcp():
    """Two masters at once; each has its own registers, and units and transactions are seen."""
    with Capture("--modbus-tcp", "0", "--modbus-rtu-tcp", "0") as capture:
        port = capture.meter.port("modbus tcp")
        with mbap.Master(port) as one, mbap.Master(port) as other:
            one.send(mbap.request("03 50 02 00 02", 1, 300))
            one.receive()
            other.send(mbap.request("03 60 48 00 01", 9, 301))
            other.receive()
        frames = capture.frames()
        assert [get(f, "frame.protocols") for f in frames] == ["exported_pdu:mbtcp:modbus"] * 4, frames
        assert [get(f, "mbtcp.trans_id") for f in frames] == ["300", "300", "301", "301"]
        assert [get(f, "mbtcp.unit_id") for f in frames] == ["1", "1", "9", "9"]
        assert frames[1]["modbus.regnum16"] == ["20482", "20483"] and get(frames[3], "modbus.exception_code") == "11"
        assert get(frames[3], "frame.comment") == "9 exception 0B, gateway target failed to respond"
        with mbus.Tcp(capture.meter.port("modbus rtu tcp")) as line:
            line.write(rtu.read_request(0x5002, 2))
            rtu.Line.receive(line, 5)
        frames = capture.frames()[4:]
        assert [get(f, "frame.protocols") for f in frames] == ["exported_pdu:mbrtu:modbus"] * 2, frames


def test_mbus():
    """Each frame in words."""
    with Capture() as capture:
        with mbus.Line(capture.meter.mbus) as line:
            line.ask(mbus.reset(5))
            line.telegram(5)
            line.ask(mbus.select("19020246"))
            line.ask(mbus.set_baud(5, 2400))
        frames = capture.frames()
        assert [get(f, "frame.comment") for f in frames] == [
            "SND_NKE to 5", "ACK", "REQ_UD2 to 5", "RSP_UD from 5, id 19020246 of INM, access 0, 32 records",
            "SND_UD to 253, select 19020246", "ACK", "SND_UD to 5, baud rate 2400", "ACK"], frames
        assert [get(f, "frame.p2p_dir") for f in frames] == [RECEIVED, SENT] * 4
        assert all(get(f, "_ws.col.Protocol") == "M-Bus" for f in frames)
        assert get(frames[0], "data.data").replace(":", "") == mbus.reset(5).hex()


def test_node_mbus():
    """What a master that we did not write says over TCP."""
    node = shutil.which("node")
    stamp = os.path.join(node_mbus.FOLDER, "stamp")
    if not node or not os.path.exists(stamp):
        print("  node-mbus is not installed")
        return
    with Capture() as capture:
        with node_mbus.Client(node, host="127.0.0.1", port=capture.meter.port(), timeout=1000) as client:
            client.call("getData", 5)
        comments = [get(f, "frame.comment") for f in capture.frames()]
        assert any(text.startswith("RSP_UD from 5, id 19020246 of INM") for text in comments), comments
        assert any(text == "REQ_UD2 to 5" for text in comments), comments


def test_broken_frames():
    """What is no frame is there too, with the reason; a right request after it is decoded."""
    good = rtu.read_request(0x5002, 2)
    with Capture("--modbus-tcp", "0") as capture:
        with rtu.Line(capture.meter.link) as line:
            line.write(good[:-1] + bytes([good[-1] ^ 1]))
            line.silence()
            line.write(b"\x01\x03")
            line.silence()
            assert len(line.ask(b"\xff\xff" + good)) == 7
        with mbus.Line(capture.meter.mbus) as line:
            line.write(mbus.reset(5)[:3])
            line.silence()
            line.ask(bytes.fromhex("10 40 05 00 16") + mbus.reset(5))
        with mbap.Master(capture.meter.port("modbus tcp")) as master:
            master.send(b"GET / HTTP/1.0\r\n")
            assert master.closed()
        assert len(capture.meter.messages()) == 1
        frames = {get(f, "frame.comment"): f for f in capture.frames()}
        wanted = {
            "no frame, 8 bytes: CRC 74 ca, 74 cb would fit": good[:-1] + bytes([good[-1] ^ 1]),
            "no frame, 2 bytes; silence": b"\x01\x03",
            "no frame, 2 bytes; in front of a request": b"\xff\xff",
            "1 read 5002 l1_voltage, 2 registers": good,
            "no frame, 3 bytes: the rest is missing": mbus.reset(5)[:3],
            "no frame, 5 bytes: checksum 00, 45 would fit": bytes.fromhex("10 40 05 00 16"),
            "SND_NKE to 5": mbus.reset(5),
            "no Modbus TCP, connection closed": b"GET / HTTP/1.0\r\n",
        }
        for start, data in wanted.items():
            found = [f for comment, f in frames.items() if comment.lower().startswith(start.lower())]
            assert len(found) == 1, (start, list(frames))
            assert raw(found[0]) == data and get(found[0], "frame.p2p_dir") == RECEIVED, found


def test_wrong_rate():
    """What comes at another rate is there, with the rate as the reason."""
    with Capture() as capture:
        with rtu.Line(capture.meter.link, 19200) as line:
            line.write(rtu.read_request(0x5002, 2))
            line.silence()
        assert len(capture.meter.messages()) == 1
        frames = capture.frames()
        assert len(frames) == 1 and "another rate" in get(frames[0], "frame.comment"), frames


def test_killed():
    """After kill -9 the file is whole."""
    with Capture(code=-signal.SIGKILL) as capture:
        with rtu.Line(capture.meter.link) as line:
            for _ in range(100):
                line.voltage()
        capture.meter.stop(signal.SIGKILL)
        frames = capture.frames()
        assert len(frames) == 200 and raw(frames[-2]) == rtu.read_request(0x5002, 2)


def test_line_timing():
    """Between request and answer lies the time on the wire; the session's two listeners do not disturb each other."""
    with Capture("--line-timing") as capture:
        with rtu.Line(capture.meter.link) as line:
            line.registers(0x5000, 56)
        ask, answer = (float(get(f, "frame.time_epoch")) for f in capture.frames())
        assert answer - ask > 100 * 11 / 9600


def test_standard_output():
    """`-` is a stream for Wireshark; ports and `ready` then go to stderr."""
    process = subprocess.Popen([serve.VMETER, "serve", "--modbus-tcp", "0", "--capture", "-"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, preexec_fn=serve.die_with_parent)
    try:
        port = None
        for line in process.stderr:
            if line.startswith(b"modbus tcp"):
                port = int(line.split()[2].rsplit(b":", 1)[1])
            if line == b"ready\n":
                break
        with mbap.Master(port) as master:
            assert master.ask(mbap.READ) == mbap.VOLTS
        process.terminate()
        data = process.stdout.read()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    with serve.tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        file.write(data)
        file.flush()
        assert len(decode(file.name)) == 2


def test_files():
    """A file that can not be written is told; one that is there is written anew."""
    done = serve.run("serve", "--capture", "/nonexistent/x.pcapng")
    assert done.returncode == 3 and done.stderr == "vmeter: /nonexistent/x.pcapng: No such file or directory\n", done
    with serve.tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        file.write(b"x" * 100000)
        file.flush()
        with serve.Serve(options=["--capture", file.name]):
            pass
        assert "Number of packets:   0" in info(file.name) and os.path.getsize(file.name) < 2000
    if os.path.exists("/dev/full"):
        with serve.Serve(options=["--capture", "/dev/full"], code=3) as meter:
            with rtu.Line(meter.link) as line:
                line.voltage()
            meter.stop()
            told = meter.messages()
            assert len(told) == 1 and told[0].startswith("vmeter: /dev/full: could not be written"), told


serve.main(globals(), 240)
