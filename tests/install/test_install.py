# SPDX-License-Identifier: MIT
"""What `meson install` installs, into a folder of its own: the files, and that they work from there.

    VMETER_BUILD=BUILD VMETER_SOURCE=SOURCES test_install.py VMETER
"""
import fnmatch
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SOURCE = os.path.abspath(os.environ["VMETER_SOURCE"])
BUILD = os.path.abspath(os.environ["VMETER_BUILD"])
sys.path.insert(0, os.path.join(SOURCE, "tests", "wire"))
import serve  # pylint: disable=wrong-import-position


def install(folder):
    """Installs with DESTDIR=folder and returns what meson says it has written. The note that `ninja uninstall` goes by
    is put back: it may be that of a real installation."""
    log = os.path.join(BUILD, "meson-logs", "install-log.txt")
    kept = None
    if os.path.exists(log):
        with open(log, "rb") as f:
            kept = f.read()
    try:
        done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder],
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(log, encoding="utf-8") as f:
            return [line.rstrip("\n") for line in f if not line.startswith("#")]
    finally:
        if kept is not None:
            with open(log, "wb") as f:
                f.write(kept)


def option(name):
    """An option of the build folder."""
    done = subprocess.run(["meson", "introspect", "--buildoptions", BUILD], capture_output=True, text=True, timeout=60,
                          check=True)
    return next(o["value"] for o in json.loads(done.stdout) if o["name"] == name)


class Installed:
    """An installation in a folder that goes away at the end of the program."""

    def __init__(self):
        self.dest = tempfile.mkdtemp(prefix="vmeter-install-")
        self.written = install(self.dest)
        self.libdir = option("libdir")
        self.prefix = self.dest + option("prefix")

    def path(self, name):
        """A file under the prefix."""
        return os.path.join(self.prefix, name.replace("LIB", self.libdir, 1) if name.startswith("LIB/") else name)

    def files(self):
        """All files under the prefix, by their names below it."""
        return sorted(os.path.relpath(os.path.join(folder, name), self.prefix)
                      for folder, _, names in os.walk(self.dest) for name in names)


HERE = Installed()
WINDOW = os.path.exists(HERE.path("bin/vmeter-ui"))


def of_folder(pattern):
    """Files of a folder of the sources whose names match, by their names below it."""
    base, pattern = os.path.split(pattern)
    base = os.path.join(SOURCE, base)
    return [os.path.relpath(os.path.join(folder, name), base) for folder, _, names in os.walk(base) for name in names
            if fnmatch.fnmatch(name, pattern)]


def wanted_files():
    """What files.txt says."""
    names = []
    with open(os.path.join(SOURCE, "tests", "install", "files.txt"), encoding="utf-8") as f:
        for line in f:
            words = line.split()
            if words[0] == "#" or words[0] == "?" and not WINDOW:
                continue
            words = words[words[0] == "?":]
            name = words[0].replace("LIB", HERE.libdir, 1) if words[0].startswith("LIB/") else words[0]
            if len(words) == 1:
                names.append(name)
            else:
                names += [name[:-1] + found for found in of_folder(words[1])]
    return sorted(names)


def test_files():
    """Exactly the files of the list; and `ninja uninstall` knows each of them."""
    assert WINDOW == os.path.exists(os.path.join(BUILD, "ui", "vmeter-ui")), "vmeter-ui is built, but not installed"
    found, wanted = set(HERE.files()), set(wanted_files())
    assert found == wanted, f"missing: {sorted(wanted - found)}; not in files.txt: {sorted(found - wanted)}"
    noted = {os.path.relpath(path, HERE.prefix) for path in HERE.written if not os.path.isdir(path)}
    assert found == noted, f"would be left by ninja uninstall: {sorted(found - noted)}"


def test_flags():
    """Nothing may change the bits of floating point where doubles are computed, on whatever machine: no fused
    multiply-add (gcc and clang form it on arm64 unless told), no fast math."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as f:
        commands = [entry for entry in json.load(f) if entry["file"].endswith(".c")]
    assert any(entry["file"].endswith("synth.c") for entry in commands)
    for entry in commands:
        flags = entry["command"].split()
        contract = [flag for flag in flags if flag.startswith("-ffp-contract")]
        assert contract and contract[-1] == "-ffp-contract=off", entry["file"]
        assert not {"-ffast-math", "-Ofast", "-funsafe-math-optimizations"} & set(flags), entry["file"]


def test_program():
    """Version, a scenario from where it was installed, a picture: from a folder that has nothing to do with either."""
    with tempfile.TemporaryDirectory() as folder:
        assert re.fullmatch(r"vmeter \d+\.\d+\.\d+\n", serve.run("--version").stdout)
        scenario = HERE.path("share/vmeter/scenarios/voltage-dip.json")
        done = serve.run("run", scenario, "--report", "r.json", "--junit", "r.xml", cwd=folder, seconds=120)
        assert done.returncode == 0 and "all" in done.stdout, done.stdout + done.stderr
        with open(os.path.join(folder, "r.json"), encoding="utf-8") as f:
            report = json.load(f)
        assert report["result"] == "pass" and report["expectations"]
        suite = xml.etree.ElementTree.parse(os.path.join(folder, "r.xml")).getroot()
        assert len(list(suite.iter("testcase"))) == len(report["expectations"])
        done = serve.run("lcd", scenario, "--png", "front.png", "--front", cwd=folder)
        assert done.returncode == 0, done.stderr
        with open(os.path.join(folder, "front.png"), "rb") as f:
            assert f.read(8) == b"\x89PNG\r\n\x1a\n"


def test_library():
    """A program is built with what pkg-config says, and its meter measures."""
    environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": HERE.dest,
                   "PKG_CONFIG_LIBDIR": HERE.path("LIB/pkgconfig")}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libvmeter"], env=environment, capture_output=True,
                           text=True, timeout=20, check=True).stdout.split()
    assert SOURCE not in " ".join(flags)
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "meter")
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program,
                        HERE.path("share/doc/vmeter/examples/core/meter.c"), *flags, "-lm"], timeout=60, check=True)
        text = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True).stdout
    value = {name: float(number) for _, name, number in (line.split() for line in text.splitlines())}
    for name, right in (("l1_voltage", 230), ("l3_current", 5), ("total_active_power", 3.45 * 0.8660254),
                        ("total_reactive_power", 1.725), ("grid_frequency", 50)):
        assert abs(value[name] - right) < 0.0002 * right, f"{name} is {value[name]}"
    assert value["forward_active_energy"] == 0.016  # kWh in whole Wh: 2987.8 W for 20 s are 16.6 Wh


def test_manual():
    """man finds the pages; the second is the first."""
    if not shutil.which("man"):
        return
    for page in ("vmeter", "vmeter-ui") if WINDOW else ("vmeter",):
        done = subprocess.run(["man", "-M", HERE.path("share/man"), page], capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0 and "vmeter conformance" in done.stdout, page + done.stderr


def test_completion():
    """bash takes the completion under the name that it looks for."""
    done = subprocess.run(["bash", "-c", 'source "$1" && complete -p vmeter', "bash",
                           HERE.path("share/bash-completion/completions/vmeter")], capture_output=True, text=True,
                          timeout=20, check=False)
    assert "-F _vmeter vmeter" in done.stdout, done.stdout + done.stderr


def png_size(path):
    """Width and height from a PNG's header."""
    with open(path, "rb") as f:
        head = f.read(24)
    return struct.unpack(">II", head[16:])


def test_desktop():
    """The entry is valid and names what is there; each icon has its folder's size."""
    if not WINDOW:
        return
    entry = HERE.path("share/applications/vmeter-ui.desktop")
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", entry], timeout=20, check=True)
    with open(entry, encoding="utf-8") as f:
        keys = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
    assert os.access(HERE.path("bin/" + keys["Exec"].split()[0]), os.X_OK)
    icons = HERE.path("share/icons/hicolor")
    for folder in os.listdir(icons):
        if folder == "scalable":
            xml.etree.ElementTree.parse(os.path.join(icons, folder, "apps", keys["Icon"] + ".svg"))
        else:
            size = int(folder.split("x")[0])
            assert png_size(os.path.join(icons, folder, "apps", keys["Icon"] + ".png")) == (size, size), folder


def test_window():
    """`vmeter ui` becomes the vmeter-ui beside itself; the window has the class by which a desktop knows its entry."""
    if not WINDOW or not shutil.which("Xvfb") or not shutil.which("xdotool"):
        return
    sys.path.insert(0, os.path.join(SOURCE, "tests", "ui"))
    import screen  # pylint: disable=import-outside-toplevel
    with screen.Screen(), screen.Window() as window:
        program = os.readlink(f"/proc/{window.process.pid}/exe")
        assert program == HERE.path("bin/vmeter-ui"), program
        classes = screen.do("search", "--class", "^vmeter-ui$").split()
        assert window.id in classes, f"{window.id} is not among {classes}"


def clear(*unused):
    """Nothing is left behind, also at the alarm."""
    shutil.rmtree(HERE.dest, ignore_errors=True)


if __name__ == "__main__":
    import atexit
    atexit.register(clear)
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(1))
    sys.argv[1] = HERE.path("bin/vmeter")
    serve.main(globals(), 240)
