# SPDX-License-Identifier: MIT
"""Starts `vmeter serve` for a test, talks to its control socket, and runs a test file's cases.

Every test file ends with serve.main(globals(), seconds): each function test_* is called with the vmeter program's path
in serve.VMETER. A case that raises fails; exit code 77 (skip) is for a client that is not installed.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

VMETER = None
SKIP = 77
START_SECONDS = 20
STOP_SECONDS = 20


class Late(Exception):
    """A deadline has passed."""


def wait_for(condition, seconds, what):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f"{what}: not within {seconds} s")
        time.sleep(0.002)


def die_with_parent():
    """A child of a killed test is killed, too (Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(*args, seconds=30, **more):
    """Runs vmeter with these arguments and returns the finished process."""
    return subprocess.run([VMETER, *map(str, args)], capture_output=True, text=True, timeout=seconds, check=False,
                          **more)


class Control:
    """One connection to a control socket."""

    def __init__(self, path, seconds=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rw", encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """Hangs up."""
        self.stream.close()
        self.socket.close()

    def send(self, text):
        """Sends a line without waiting for its answer."""
        self.stream.write(text + "\n")
        self.stream.flush()

    def receive(self):
        """The next answer."""
        line = self.stream.readline()
        if not line:
            raise EOFError("the control socket was closed")
        return json.loads(line)

    def ask(self, request):
        """Sends a request (an object, or text as it is) and returns the answer."""
        self.send(request if isinstance(request, str) else json.dumps(request))
        return self.receive()


class Serve:
    """A running `vmeter serve` in a folder of its own: link `m`, control socket `c`, messages in `stderr`; with
    mbus=True also a link `b` to the M-Bus, and with tcp=True a port for it.

    As a context manager it stops the program at the end and fails if that did not go well, or if the program wrote
    messages that the test did not ask for with messages().
    """

    def __init__(self, scenario=None, speed=None, options=(), code=0, mbus=False, tcp=False, env=None,
                 command="serve"):
        self.folder = tempfile.mkdtemp(prefix="vmeter-")
        self.link = os.path.join(self.folder, "m")
        self.socket = os.path.join(self.folder, "c")
        self.mbus = os.path.join(self.folder, "b")
        self.code = code
        self.seen = 0
        arguments = [command, "--modbus", self.link, "--control", self.socket, *options]
        if mbus:
            arguments += ["--mbus", self.mbus]
        if tcp:
            arguments += ["--mbus-tcp", "127.0.0.1:0"]
        if speed is not None:
            arguments += ["--speed", str(speed)]
        if scenario is not None:
            arguments.append(self.write("scenario.json", json.dumps(scenario)))
        self.errors = open(os.path.join(self.folder, "stderr"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([VMETER, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                                        stderr=self.errors, preexec_fn=die_with_parent,
                                        env=dict(os.environ, **env) if env else None)
        self.lines = self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        try:
            code = self.stop()
            left = self.messages()
            if kind is None:
                assert code == self.code, f"exit code {code}, expected {self.code}; {left}"
                assert left == [], f"unexpected messages: {left}"
            elif left:
                print("  serve said:", *left, sep="\n    ")
        finally:
            self.errors.close()
            shutil.rmtree(self.folder)

    def write(self, name, text):
        """Makes a file in the folder and returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def wait_ready(self):
        """The lines printed before `ready`."""
        text = b""
        deadline = time.monotonic() + START_SECONDS
        while not text.endswith(b"ready\n"):
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                self.stop(signal.SIGKILL)
                raise Late("serve did not get ready")
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                code = self.stop(signal.SIGKILL)
                raise RuntimeError(f"serve ended with code {code}: {self.messages()}")
            text += part
        return text.decode().splitlines()[:-1]

    def messages(self):
        """Lines on stderr that were not asked for before."""
        self.errors.flush()
        with open(self.errors.name, encoding="utf-8") as text:
            lines = text.read().splitlines()
        new, self.seen = lines[self.seen:], len(lines)
        return new

    def ask(self, request):
        """Sends one control request over a new connection; the answer."""
        with Control(self.socket) as control:
            return control.ask(request)

    def get(self, *names):
        """Values by name; one value for one name."""
        answer = self.ask({"get": list(names)})
        assert answer["ok"], answer
        return answer["values"][names[0]] if len(names) == 1 else answer["values"]

    def port(self, kind="mbus tcp"):
        """The number of the (first) TCP port of this kind."""
        line = next(line for line in self.lines if line.startswith(kind + " "))
        return int(line[len(kind):].split()[0].rsplit(":", 1)[1])

    def round(self):
        """Lets serve go round its loop at least once: what was done to its lines before, it has seen then."""
        for _ in range(2):
            self.time()

    def time(self):
        """Simulated seconds."""
        return self.ask({"get": []})["time"]

    def stop(self, number=signal.SIGTERM):
        """Ends the program, if it runs, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()


def skip(why):
    """Ends the program as skipped; as failed where nothing may be skipped, as in CI."""
    print(f"skipped: {why}")
    sys.exit(1 if os.environ.get("VMETER_NO_SKIP") else SKIP)


def alarm(*unused):
    """The hard limit of a test program: raises, so that everything is cleared away."""
    raise Late("the test's time is up")


def main(names, seconds):
    """Runs every test_* function of a test file. `seconds` is the limit for all of them."""
    global VMETER
    VMETER = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    failed = 0
    signal.signal(signal.SIGALRM, alarm)
    signal.alarm(seconds)
    for name, case in list(names.items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        started = time.monotonic()
        try:
            case()
            verdict = "ok"
        except Exception:
            traceback.print_exc(file=sys.stdout)
            verdict = "FAILED"
            failed += 1
        print(f"{verdict:6}  {name}  {time.monotonic() - started:.2f} s", flush=True)
    sys.exit(1 if failed else 0)
