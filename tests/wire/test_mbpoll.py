# SPDX-License-Identifier: MIT
"""mbpoll (libmodbus) as an independent master."""
import re
import shutil
import struct
import subprocess

import serve

MBPOLL = shutil.which("mbpoll") or serve.skip("mbpoll is not installed")
NUMBER = re.compile(r"^\[(\d+)\]:\s+(\S+)", re.MULTILINE)


def mbpoll(meter, *more, baud=9600, parity="even", address=0x5000, count=None, write=()):
    """One call of mbpoll; registers are counted from 0."""
    command = [MBPOLL, "-m", "rtu", "-a", "1", "-b", str(baud), "-P", parity, "-0", "-r", hex(address), *more]
    if count:
        command += ["-c", str(count), "-1"]
    command += [meter.link, *map(str, write)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def words(meter, address, count, **more):
    """Reads registers as numbers."""
    done = mbpoll(meter, "-t", "4:hex", address=address, count=count, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [(int(at), int(value, 16)) for at, value in NUMBER.findall(done.stdout)]
    assert [at for at, _ in found] == list(range(address, address + count)), done.stdout
    return [value for _, value in found]


def floats(values):
    """Pairs of words, high word first."""
    return struct.unpack(f">{len(values) // 2}f", struct.pack(f">{len(values)}H", *values))


def near(value, wanted):
    """Within 0.2 percent."""
    return abs(value - wanted) <= 0.002 * abs(wanted)


def test_ten_times_in_a_row():
    """One process after another with the same settings, as a shell loop does."""
    with serve.Serve() as meter:
        for _ in range(10):
            value = floats(words(meter, 0x5000, 56))
            assert value[0] == 0 and value[5] == 0, value
            assert all(near(value[k], 230) for k in (1, 2, 3)), value
            assert near(value[4], 50), value
            assert all(near(value[k], 5) for k in (6, 7, 8)), value
            assert near(value[9], 3.105) and near(value[10], 1.035), value
            assert near(value[21], 0.9), value
            assert near(value[25], 398.37), value


def test_spans():
    """Whole blocks, parts of values, reserved registers alone."""
    with serve.Serve() as meter:
        assert words(meter, 0x4000, 2) == [0x1902, 0x0246]
        assert words(meter, 0x4002, 1) == [0x1113]
        assert len(words(meter, 0x4000, 0x35)) == 0x35
        assert len(words(meter, 0x6000, 0x7D)) == 0x7D
        assert len(words(meter, 0x607D, 0x14)) == 0x14
        assert len(words(meter, 0x6123, 0x7D)) == 0x7D
        assert len(words(meter, 0x6300, 0x7D)) == 0x7D
        assert words(meter, 0x402B, 7) == [0] * 7
        assert words(meter, 0x5003, 1) == [words(meter, 0x5002, 2)[1]]


def test_floats_by_mbpoll():
    """mbpoll's own decoding: 32 bit float, high word first."""
    with serve.Serve() as meter:
        done = mbpoll(meter, "-t", "4:float", "-B", address=0x5002, count=4)
        value = [float(text) for _, text in NUMBER.findall(done.stdout)]
        assert all(near(v, 230) for v in value[:3]) and near(value[3], 50), done.stdout


def refused(done, word):
    """Did mbpoll fail with this exception?"""
    assert done.returncode == 1 and word in done.stderr, (done.returncode, done.stderr)


def test_exceptions():
    """Exceptions as mbpoll prints them."""
    with serve.Serve() as meter:
        refused(mbpoll(meter, "-t", "4:hex", address=0x5038, count=1), "Illegal data address")
        refused(mbpoll(meter, "-t", "4:hex", address=0x5000, count=57), "Illegal data address")
        refused(mbpoll(meter, "-t", "4:hex", address=0x3FFF, count=2), "Illegal data address")
        refused(mbpoll(meter, "-t", "3:hex", address=0x5000, count=2), "Illegal function")
        refused(mbpoll(meter, "-t", "0", address=0x5000, count=2), "Illegal function")
        refused(mbpoll(meter, "-t", "4", address=0x6048, write=[5]), "Illegal data value")
        refused(mbpoll(meter, "-t", "4", address=0x5002, write=[1]), "Illegal data address")


def test_write_the_tariff():
    """A write is heard of on the control socket, too."""
    with serve.Serve() as meter:
        for tariff in (2, 4, 1):
            done = mbpoll(meter, "-t", "4", address=0x6048, write=[tariff])
            assert done.returncode == 0, done.stderr
            assert words(meter, 0x6048, 1) == [tariff]
            assert meter.get("tariff") == tariff


def test_write_several_registers():
    """Function 10: the CT ratio 100/5 in BCD."""
    with serve.Serve() as meter:
        done = mbpoll(meter, "-t", "4:hex", address=0x401F, write=["0x0100", "0x0005"])
        assert done.returncode == 0, done.stderr
        assert words(meter, 0x401F, 2) == [0x0100, 0x0005]
        assert meter.get("ct_ratio") == "100/5"


def test_wrong_baud():
    """A client at another speed hears nothing; the user is told once."""
    with serve.Serve() as meter:
        done = mbpoll(meter, "-t", "4:hex", "-o", "0.2", address=0x5000, count=2, baud=19200)
        assert done.returncode == 1 and "timed out" in done.stderr, done.stderr
        messages = meter.messages()
        assert len(messages) == 1, messages
        assert "19200" in messages[0] and "9600" in messages[0], messages
        assert near(floats(words(meter, 0x5002, 2))[0], 230)


def test_parities():
    """8N1 and 8O1 can not be told from 8E1 on a pseudo terminal and must work all the same."""
    with serve.Serve() as meter:
        for parity in ("none", "odd", "even", "even", "odd", "odd", "none", "none", "even"):
            assert near(floats(words(meter, 0x5002, 2, parity=parity))[0], 230)


def test_a_bad_line():
    """libmodbus behind a cut wire, noise on every bit, and an echo: it fails and says so. On a clean line it reads."""
    with serve.Serve() as meter:
        for faults in ({"cut": True}, {"bit_errors": 1}, {"drop": 1}, {"echo": True}, {"second_talker": "01 03 02 00 fe"}):
            assert words(meter, 0x4003, 1) == [1]
            assert meter.ask({"line": {"bus": "modbus", **faults}})["ok"]
            done = mbpoll(meter, "-t", "4:hex", "-o", "0.3", address=0x4003, count=1)
            assert not NUMBER.search(done.stdout), (faults, done)
            assert meter.ask({"line": {"bus": "modbus", "clean": True}})["ok"]
        assert words(meter, 0x4003, 1) == [1]


serve.main(globals(), 150)
