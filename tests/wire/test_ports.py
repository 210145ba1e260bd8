# SPDX-License-Identifier: MIT
"""`vmeter ports`, on a machine that has what the test gives it: libserialport looks into a sysfs of our own."""
import json
import os
import tempfile

import serve

PRELOAD = os.environ.get("VMETER_OTHER_SYSFS") or serve.skip("VMETER_OTHER_SYSFS is not set")


class Machine:
    """A folder as /sys/class/tty, and the devices behind it."""

    def __init__(self, folder):
        self.folder = folder
        self.tty = os.path.join(folder, "class", "tty")
        os.makedirs(self.tty)

    def add(self, name, place, attributes):
        """A port below devices/<place>, whose first folder has the attributes."""
        device = os.path.join(self.folder, "devices", place)
        os.makedirs(os.path.join(device, name, "tty", name))
        for key, value in attributes.items():
            with open(os.path.join(self.folder, "devices", place.rsplit("/", 1)[0], key), "w",
                      encoding="utf-8") as out:
                out.write(f"{value}\n")
        os.symlink(os.path.join("..", "..", "devices", place, name, "tty", name), os.path.join(self.tty, name))
        os.symlink(os.path.join("..", "..", "..", name),
                   os.path.join(device, name, "tty", name, "device"))

    def run(self, *arguments):
        """vmeter ports on this machine."""
        env = dict(os.environ, LD_PRELOAD=PRELOAD, VMETER_SYSFS_TTY=self.tty,
                   ASAN_OPTIONS="verify_asan_link_order=0")
        return serve.run("ports", *arguments, env=env)


ADAPTER = {"busnum": 1, "devnum": 7, "idVendor": "0403", "idProduct": "6001", "manufacturer": "FTDI",
           "product": "FT232R USB UART", "serial": "A50285BI"}


def test_an_adapter():
    """A USB adapter with all that it tells, and one that tells little."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        machine.add("ttyUSB0", "pci0/usb1/1-2/1-2:1.0", ADAPTER)
        machine.add("ttyACM3", "pci0/usb1/1-3/1-3:1.0", {"busnum": 1, "devnum": 8, "idVendor": "2341",
                                                          "idProduct": "0043"})
        done = machine.run()
        assert done.returncode == 0 and done.stderr == "", done
        lines = {line.split()[0]: line for line in done.stdout.splitlines()}
        assert sorted(lines) == ["/dev/ttyACM3", "/dev/ttyUSB0"], done.stdout
        for word in ("usb", "0403:6001", "FT232R USB UART", "A50285BI"):
            assert word in lines["/dev/ttyUSB0"], done.stdout
        assert "2341:0043" in lines["/dev/ttyACM3"], done.stdout
        ports = {port["name"]: port for port in json.loads(machine.run("--json").stdout)}
        port = ports["/dev/ttyUSB0"]
        assert port["transport"] == "usb" and port["usb"] == "0403:6001", port
        assert (port["manufacturer"], port["product"], port["serial"]) == ("FTDI", "FT232R USB UART", "A50285BI"), port
        assert "serial" not in ports["/dev/ttyACM3"], ports


def test_virtual_ports_are_none():
    """Consoles and the like are left out."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        machine.add("tty0", "virtual/tty", {})
        machine.add("ttyUSB0", "pci0/usb1/1-2/1-2:1.0", ADAPTER)
        names = [port["name"] for port in json.loads(machine.run("--json").stdout)]
        assert names == ["/dev/ttyUSB0"], names


def test_none():
    """No port is no failure; stderr says so."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        done = machine.run()
        assert (done.returncode, done.stdout) == (0, "") and done.stderr == "vmeter: there are no serial ports\n", done
        assert json.loads(machine.run("--json").stdout) == []


def test_usage():
    """What it does not take."""
    assert serve.run("ports", "x").returncode == 2
    assert serve.run("ports", "--nosuch").returncode == 2
    assert "usage: vmeter ports" in serve.run("ports", "--help").stdout


serve.main(globals(), 60)
