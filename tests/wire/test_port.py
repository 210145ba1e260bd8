# SPDX-License-Identifier: MIT
"""`--mbus-port` and `--modbus-port`: real serial ports, here pseudo terminals of our own that pass as such."""
import os
import shutil
import termios
import time

import mbus
import rtu
import serve

PRELOAD = os.environ.get("VMETER_PTY_AS_PORT") or serve.skip("VMETER_PTY_AS_PORT is not set")
# The address sanitizer wants to come first, but does not need to.
ENV = {"LD_PRELOAD": PRELOAD, "ASAN_OPTIONS": "verify_asan_link_order=0"}
SCENARIO = {"duration": "1s", "meter": {"mbus_address": 1}}


class ModbusMaster(rtu.Line):
    """The master's side of a pseudo terminal for Modbus."""

    def __init__(self, master):
        self.fd = master.fd


def speed(master):
    """The rate that the other side has set."""
    return termios.tcgetattr(master.fd)[5]


def test_mbus():
    """A telegram; a new rate is followed, once its answer is out."""
    with mbus.Master() as master:
        with serve.Serve(SCENARIO, options=["--mbus-port", master.device], env=ENV) as meter:
            assert any(line.startswith("mbus ") and master.device in line for line in meter.lines), meter.lines
            assert speed(master) == termios.B2400
            master.telegram(1)
            for baud in (300, 9600, 2400):
                assert master.ask(mbus.set_baud(1, baud)) == mbus.ACK
                serve.wait_for(lambda: speed(master) == rtu.SPEEDS[baud], 5, "the new rate")
                master.telegram(1)


def test_modbus():
    """A voltage; a new rate is followed."""
    with mbus.Master() as master:
        with serve.Serve(SCENARIO, options=["--modbus-port", master.device], env=ENV) as meter:
            line = ModbusMaster(master)
            assert abs(line.voltage() - 230) < 1
            assert speed(master) == termios.B9600
            assert line.ask(rtu.frame("01 06 40 04 00 07"))[:2] == b"\x01\x06"
            serve.wait_for(lambda: speed(master) == termios.B19200, 5, "the new rate")
            assert abs(line.voltage() - 230) < 1
            assert meter.get("modbus_baud") == 7


def test_by_a_link():
    """A port under another name, as udev makes them."""
    with mbus.Master() as master, serve.Serve(SCENARIO, options=["--mbus-port", master.link], env=ENV) as meter:
        assert any(master.link in line for line in meter.lines), meter.lines
        master.telegram(1)


def test_unplugged():
    """The port goes away: one message, and everything else goes on."""
    with mbus.Master() as master, serve.Serve(SCENARIO, options=["--mbus-port", master.link], env=ENV,
                                              mbus=True) as meter:
        master.telegram(1)
        master.close()
        told = serve.wait_for(meter.messages, 5, "a message")
        assert len(told) == 1 and master.link in told[0] and "gone" in told[0], told
        before = meter.time()
        serve.wait_for(lambda: meter.time() > before + 1.5, 30, "time goes on")
        with mbus.Line(meter.mbus) as line:
            line.telegram(1)
        assert meter.messages() == []


def test_unplugged_in_a_frame():
    """With half a request sent, and with an answer that waits."""
    for data in (mbus.request(1)[:3], mbus.request(1)):
        with mbus.Master() as master, serve.Serve(SCENARIO, options=["--mbus-port", master.link], env=ENV) as meter:
            master.write(data)
            master.close()
            assert len(serve.wait_for(meter.messages, 5, "a message")) == 1
            meter.round()


def test_plugged_in_again():
    """The device is back under its name: a message, and it answers."""
    with mbus.Master() as first, mbus.Master() as second:
        with serve.Serve(SCENARIO, options=["--mbus-port", first.link], env=ENV) as meter:
            first.telegram(1)
            first.close()
            assert "gone" in serve.wait_for(meter.messages, 5, "a message")[0]
            os.mkdir(first.folder)
            os.symlink(second.device, first.link)
            told = serve.wait_for(meter.messages, 15, "a message")
            assert len(told) == 1 and "back" in told[0], told
            second.telegram(1)
        shutil.rmtree(first.folder)


def test_new_settings_while_away():
    """A Modbus port that is unplugged in a request, and comes back when the meter has other settings, twice."""
    with mbus.Master() as first, mbus.Master() as second, mbus.Master() as third:
        with serve.Serve(SCENARIO, options=["--modbus-port", first.link], env=ENV) as meter:
            old = first
            for new, code, baud in ((second, "07", termios.B19200), (third, "06", termios.B9600)):
                ModbusMaster(old).write(rtu.read_request(0x5002, 2)[:5])
                meter.round()
                if old is first:
                    old.close()
                else:
                    os.unlink(first.link)
                    old.close()
                assert "gone" in serve.wait_for(meter.messages, 5, "a message")[0]
                assert meter.ask({"modbus": f"01 06 40 04 00 {code}"})["ok"]
                os.makedirs(first.folder, exist_ok=True)
                os.symlink(new.device, first.link)
                assert "back" in serve.wait_for(meter.messages, 15, "a message")[0]
                assert speed(new) == baud
                assert abs(ModbusMaster(new).voltage() - 230) < 1
                old = new
        shutil.rmtree(first.folder)


def test_line_timing():
    """A real port has its own time: the option does not slow it down."""
    with mbus.Master() as master:
        with serve.Serve({"duration": "1s", "meter": {"mbus_address": 1, "mbus_baud": 300}},
                         options=["--mbus-port", master.device, "--line-timing"], env=ENV):
            started = time.monotonic()
            master.telegram(1)
            assert time.monotonic() - started < 256 * 11 / 300 / 2


def test_not_there():
    """Exit code 3 and one line of message that names the device."""
    with serve.Serve() as other:
        file = other.write("file", "data")
        for option in ("--mbus-port", "--modbus-port"):
            for device in ("/dev/nonexistent", "/nonexistent", file, "/dev/null", other.folder):
                done = serve.run("serve", option, device)
                assert done.returncode == 3 and done.stdout == "", (device, done)
                assert done.stderr.startswith(f"vmeter: {device}: ") and done.stderr.count("\n") == 1, done.stderr
                assert "Success" not in done.stderr and done.stderr.strip()[-1] != ":", done.stderr


serve.main(globals(), 120)
