# SPDX-License-Identifier: MIT
"""The control socket, `vmeter ctl`, and how serve starts and stops."""
import json
import os
import signal
import socket
import stat
import threading

import rtu
import serve

BAD_REQUESTS = ["", "{", "[]", "1", "null", "\"get\"", "{}", '{"get": 1}', '{"get": ["no_such_name"]}',
                '{"get": [5]}', '{"speed": 0}', '{"speed": -1}', '{"speed": "fast"}', '{"pause": 1}', '{"step": "-1s"}',
                '{"step": "3651d"}', '{"step": "soon"}', '{"quit": "yes"}', '{"sing": true}', '{"get": [], "sing": 1}',
                '{"set": {"L4.current": 1}}', '{"set": {"L1.current": "a lot"}}', '{"set": {}}', '{"over": "1s"}',
                '{"set": {"L1.current": 1}, "over": "long"}', '{"power": "off"}', '{"tariff_input": 2}',
                '{"modbus": "01"}', '{"modbus": "01 0"}', '{"modbus": "xx yy"}', '{"modbus": 3}',
                '{"modbus": "01 03 50 02 00 02", "reply": "zz"}', '{"reply": null}', '{"expect": {}}',
                '{"expect": {"l1_voltage": {}}}', '{"expect": {"l1_voltage": {"minimum": 1}}}',
                '{"expect": {"l1_volts": 1}}', '{"set": {"L1.current": 1}, "power": true}']


def near(value, wanted, part=0.002):
    """Within 0.2 percent."""
    return abs(value - wanted) <= part * abs(wanted)


def fine(answer):
    """The answer to a request that was carried out."""
    assert answer["ok"] is True, answer
    return answer


def settled(meter):
    """Lets two windows pass so that what is read is new."""
    fine(meter.ask({"step": "2s"}))


def test_set():
    """At once, and several quantities together."""
    with serve.Serve() as meter:
        fine(meter.ask({"set": {"L1.current": 3, "all.voltage": 220, "L2.pf": 1, "frequency": 50.5}}))
        settled(meter)
        value = meter.get("l1_current", "l1_voltage", "l3_voltage", "grid_frequency", "l2_power_factor")
        assert near(value["l1_current"], 3) and near(value["l1_voltage"], 220) and near(value["l3_voltage"], 220)
        assert near(value["grid_frequency"], 50.5) and near(value["l2_power_factor"], 1)


def test_set_over_a_time():
    """A ramp goes on while time is stepped."""
    with serve.Serve() as meter:
        fine(meter.ask({"pause": True}))
        fine(meter.ask({"set": {"all.voltage": 130}, "over": "100s"}))
        fine(meter.ask({"step": "50s"}))
        assert near(meter.get("l1_voltage"), 180, 0.02)
        fine(meter.ask({"step": "52s"}))
        assert near(meter.get("l1_voltage"), 130)


def test_tariff_input():
    """An edge sets the tariff."""
    with serve.Serve() as meter:
        for on, tariff in ((True, 2), (False, 1)):
            fine(meter.ask({"tariff_input": on}))
            assert meter.get("tariff") == tariff


def test_power():
    """Without voltage the meter is silent on the line; it comes back and has counted the failure."""
    with serve.Serve() as meter, rtu.Line(meter.link) as line:
        assert near(line.voltage(), 230)
        fine(meter.ask({"power": False}))
        settled(meter)
        line.write(rtu.read_request(0x5002, 2))
        line.silence(0.1)
        fine(meter.ask({"power": True}))
        fine(meter.ask({"step": "10s"}))
        assert near(line.voltage(), 230)
        assert meter.get("power_down_counter") == 1


def test_modbus():
    """A request past the line: its reply as text, without a CRC."""
    with serve.Serve() as meter:
        answer = fine(meter.ask({"modbus": "01 03 40 02 00 01"}))
        assert answer["reply"] == "01 03 02 11 13", answer
        assert fine(meter.ask({"modbus": "02 03 40 02 00 01"}))["reply"] == ""
        assert fine(meter.ask({"modbus": "01 04 50 02 00 02"}))["reply"] == "01 84 01"


def test_modbus_with_an_expected_reply():
    """Right, right with wildcards, wrong, expected silence."""
    with serve.Serve(code=1) as meter:
        for reply, passes in (("01 03 02 11 13", True), ("01 03 02 ?? 13", True), ("01 03 02 11 14", False),
                              (None, False)):
            answer = fine(meter.ask({"modbus": "01 03 40 02 00 01", "reply": reply}))
            assert answer["pass"] is passes, answer
            assert answer["expectations"][0]["pass"] is passes
        assert fine(meter.ask({"modbus": "02 03 40 02 00 01", "reply": None}))["pass"] is True


def test_expect():
    """Values, tolerances and limits; a failure tells what it was and ends in exit code 1."""
    with serve.Serve(code=1) as meter:
        holds = {"l1_voltage": {"value": 230, "tol": "0.2%"}, "tariff": 1, "grid_frequency": {"min": 49, "max": 51}}
        assert fine(meter.ask({"expect": holds}))["pass"] is True
        answer = fine(meter.ask({"expect": {"l1_voltage": {"max": 10}, "tariff": 1}}))
        assert answer["pass"] is False
        bad = [item for item in answer["expectations"] if not item["pass"]]
        assert len(bad) == 1 and bad[0]["name"] == "l1_voltage" and near(bad[0]["actual"], 230), answer


def test_expect_that_holds():
    """Expectations that hold leave exit code 0."""
    with serve.Serve() as meter:
        assert fine(meter.ask({"expect": {"tariff": 1}}))["pass"] is True


def test_get():
    """Registers and reference values, in the order asked for."""
    with serve.Serve() as meter:
        names = ["reference.l1_voltage", "serial_number", "error_percent.l1_voltage", "l1_voltage"]
        values = meter.get(*names)
        assert list(values) == names
        assert near(values["reference.l1_voltage"], 230) and values["serial_number"] == "19020246"
        assert abs(values["error_percent.l1_voltage"]) < 0.5


def test_speed():
    """Time goes faster, as fast as it goes, and at real time again."""
    with serve.Serve() as meter:
        fine(meter.ask({"speed": 1000}))
        start = meter.time()
        serve.wait_for(lambda: meter.time() > start + 100, 10, "100 s at 1000 times")
        fine(meter.ask({"speed": "max"}))
        start = meter.time()
        serve.wait_for(lambda: meter.time() > start + 1000, 10, "1000 s at full speed")
        fine(meter.ask({"speed": 0.001}))
        start = meter.time()
        assert meter.time() - start < 0.1


def test_pause_and_step():
    """A paused meter stands still but for steps, which are exact."""
    with serve.Serve() as meter:
        fine(meter.ask({"pause": True}))
        start = meter.time()
        with rtu.Line(meter.link) as line:
            assert near(line.voltage(), 230)
            line.silence()
        assert meter.time() == start
        answer = fine(meter.ask({"step": "1.5s"}))
        assert answer["time"] == start + 1.5 and meter.time() == start + 1.5
        fine(meter.ask({"step": 60}))
        assert meter.time() == start + 61.5
        fine(meter.ask({"pause": False}))
        serve.wait_for(lambda: meter.time() > start + 61.5, 5, "time goes on")


def test_bad_requests():
    """Each gets one line with an error, and the connection goes on."""
    with serve.Serve() as meter, serve.Control(meter.socket) as control:
        for text in BAD_REQUESTS:
            if text == "":
                continue
            answer = control.ask(text)
            assert answer["ok"] is False and answer["error"], (text, answer)
            assert "time" not in answer or answer["time"] >= 0
        fine(control.ask({"get": ["tariff"]}))


def test_errors_say_what_helps():
    """The path in the request and a near name."""
    with serve.Serve() as meter:
        assert "l1_voltage" in meter.ask({"get": ["l1_voltag"]})["error"]
        assert "L4.current" in meter.ask({"set": {"L4.current": 1}})["error"]


def test_many_lines_at_once():
    """Requests need not wait for answers, lines may come in parts, and empty lines are none."""
    with serve.Serve() as meter, serve.Control(meter.socket) as control:
        for _ in range(200):
            control.send('{"get": ["tariff"]}')
        for _ in range(200):
            assert fine(control.receive())["values"]["tariff"] == 1
        for part in ('{"get"', ': ["tar', 'iff"]}', "\n\n \n"):
            control.stream.write(part)
            control.stream.flush()
        fine(control.receive())
        fine(control.ask({"get": []}))


def test_several_clients():
    """As many as fit talk in turn; one too many is told so; a place gets free again."""
    with serve.Serve() as meter:
        clients = [serve.Control(meter.socket) for _ in range(8)]
        for client in clients * 2:
            fine(client.ask({"get": []}))
        extra = serve.Control(meter.socket)
        assert extra.receive()["ok"] is False
        extra.close()
        clients.pop().close()

        def again():
            """One that is turned away is told so and hung up on, maybe before it has asked."""
            try:
                with serve.Control(meter.socket) as client:
                    return client.ask({"get": []})["ok"]
            except (BrokenPipeError, ConnectionResetError):
                return False

        serve.wait_for(again, 5, "a free place")
        for client in clients:
            client.close()


def test_client_that_never_reads():
    """It is dropped, or waits; the others and the meter go on."""
    with serve.Serve() as meter:
        lazy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        lazy.connect(meter.socket)
        lazy.setblocking(False)
        names = json.dumps({"get": ["forward_active_energy"] * 200}).encode() + b"\n"
        try:
            for _ in range(1000):
                lazy.send(names)
        except OSError:
            pass
        fine(meter.ask({"get": []}))
        lazy.close()
        fine(meter.ask({"get": []}))


def test_endless_line():
    """A line without end does not fill the memory: its client is dropped, the others go on."""
    with serve.Serve() as meter:
        with serve.Control(meter.socket) as control:
            try:
                for _ in range(100):
                    control.socket.sendall(b"x" * 4096)
                control.receive()
                raise AssertionError("400 kB without a newline were taken")
            except (OSError, EOFError, ValueError):
                pass
        fine(meter.ask({"get": []}))


def test_quit():
    """Answers, then ends with 0; link and socket are gone."""
    meter = serve.Serve()
    with meter:
        fine(meter.ask({"quit": True}))
        assert meter.process.wait(10) == 0
        assert not os.path.lexists(meter.link) and not os.path.lexists(meter.socket)


def test_signals():
    """SIGINT and SIGTERM end it with 0, also while it is busy or paused."""
    for number in (signal.SIGINT, signal.SIGTERM):
        for speed, pause in ((1, False), ("max", False), (1, True)):
            with serve.Serve(speed=speed) as meter:
                if pause:
                    fine(meter.ask({"pause": True}))
                assert meter.stop(number) == 0
                assert not os.path.lexists(meter.link) and not os.path.lexists(meter.socket)


def test_ready_lines():
    """What is printed before `ready`."""
    with serve.Serve() as meter:
        assert len(meter.lines) == 2 and meter.link in meter.lines[0], meter.lines
        assert meter.lines[0].startswith("modbus rtu ") and meter.lines[0].endswith("9600 8E1  unit 1")
        assert meter.lines[1].startswith("mbus ") and meter.lines[1].endswith("2400 8E1  address 0, id 19020246")
        assert os.readlink(meter.link).startswith("/dev/pts/")
        assert stat.S_ISCHR(os.stat(meter.link).st_mode)


def test_stale_socket():
    """A socket that nobody serves any more is replaced, one in use is not."""
    with serve.Serve() as meter:
        left = os.path.join(meter.folder, "left")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
            old.bind(left)
        with serve.Serve(options=["--control", left]) as other:
            with serve.Control(left) as control:
                fine(control.ask({"get": []}))
            assert not os.path.exists(other.socket)
        done = serve.run("serve", "--control", meter.socket)
        assert done.returncode == 3 and meter.socket in done.stderr, (done.returncode, done.stderr)
        assert done.stdout == ""
        fine(meter.ask({"get": []}))


def test_path_in_use_by_a_file():
    """A regular file is never touched, neither as socket nor as link."""
    with serve.Serve() as meter:
        path = meter.write("precious", "data")
        for option in ("--control", "--modbus"):
            done = serve.run("serve", option, path)
            assert done.returncode == 3 and path in done.stderr, (option, done.returncode, done.stderr)
            assert done.stderr.startswith("vmeter: ") and done.stderr.count("\n") == 1
            with open(path, encoding="utf-8") as text:
                assert text.read() == "data"


def test_impossible_paths():
    """A folder that is not there, a name that is too long for a socket."""
    for option, path in (("--control", "/nonexistent/c"), ("--modbus", "/nonexistent/m"),
                         ("--control", "/tmp/" + "c" * 200)):
        done = serve.run("serve", option, path)
        assert done.returncode == 3 and path in done.stderr, (option, done.returncode, done.stderr)


def test_link():
    """An old link is replaced; at the end it goes, unless somebody else has taken its place."""
    with serve.Serve() as meter:
        link = os.path.join(meter.folder, "link")
        os.symlink("/nowhere", link)
        with serve.Serve(options=["--modbus", link]):
            with rtu.Line(link) as line:
                assert near(line.voltage(), 230)
        assert not os.path.lexists(link)
        with serve.Serve(options=["--modbus", link]):
            os.unlink(link)
            os.symlink("/nowhere", link)
        assert os.readlink(link) == "/nowhere"


def ctl(meter, *arguments):
    """vmeter ctl: exit code and answer."""
    done = serve.run("ctl", *arguments) if meter is None else serve.run("ctl", meter.socket, *arguments)
    return done.returncode, done.stdout, done.stderr


def test_ctl():
    """Exit codes 0, 1, 2 and 3."""
    with serve.Serve(code=1) as meter:
        code, out, err = ctl(meter, '{"get": ["tariff"]}')
        assert code == 0 and json.loads(out)["values"] == {"tariff": 1} and err == ""
        assert ctl(meter, '{"expect": {"tariff": 1}}')[0] == 0
        code, out, _ = ctl(meter, '{"expect": {"tariff": 2}}')
        assert code == 1 and json.loads(out)["pass"] is False
        code, out, _ = ctl(meter, '{"get": ["nothing"]}')
        assert code == 2 and json.loads(out)["ok"] is False
        for arguments in ((), ("{}", "{}"), ("--wrong",)):
            code, out, err = ctl(meter, *arguments)
            assert code == 2 and out == "" and err.startswith("vmeter: "), (code, out, err)
        code, out, err = ctl(None, os.path.join(meter.folder, "none"), "{}")
        assert code == 3 and out == "" and "none" in err, (code, out, err)
        code, out, err = ctl(None, meter.link, "{}")
        assert code == 3 and out == "", (code, out, err)


def hang_up(listener, times):
    """Accepts connections and closes them at once."""
    try:
        for _ in range(times):
            listener.accept()[0].close()
    except OSError:
        pass


def test_ctl_without_an_answer():
    """A server that hangs up at once: exit code 3 and a message, not a signal."""
    with serve.Serve() as meter, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        path = os.path.join(meter.folder, "deaf")
        listener.bind(path)
        listener.listen()
        threading.Thread(target=hang_up, args=(listener, 20), daemon=True).start()
        for _ in range(20):
            code, out, err = ctl(None, path, '{"get": []}')
            assert code == 3 and out == "" and err.startswith("vmeter: "), (code, out, err)


def test_usage():
    """Wrong options end in 2 with a hint."""
    for arguments in (("--speed", "-1"), ("--speed", "fast"), ("--wrong",), ("a.json", "b.json"), ("--modbus",)):
        done = serve.run("serve", *arguments)
        assert done.returncode == 2 and done.stderr.startswith("vmeter: ") and done.stdout == "", (arguments, done)
    done = serve.run("serve", "/nonexistent/scenario.json")
    assert done.returncode in (2, 3) and "scenario.json" in done.stderr


serve.main(globals(), 200)
