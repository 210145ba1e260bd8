# SPDX-License-Identifier: MIT
"""`vmeter read`: our own master against our own meter, checked against the control socket and a report."""
import json
import os

import rtu
import serve

REGISTERS = 291

# Settings and preloaded energies that differ from one another as much as they can.
SCENARIO = {
    "name": "read", "duration": "1s",
    "meter": {
        "serial_number": "12345678", "ct_ratio": "250/5", "combination_code": 4, "tariff": 3, "s0_rate": 0.1,
        "pulse_width": 45, "pulse_type": 2,
        "energy": {"t1_forward_active_energy": 123.456, "t3_reverse_active_energy": 7.001,
                   "l1_forward_active_energy": 41.152, "l2_reverse_active_energy": 1.5,
                   "t2_forward_reactive_energy": 99999.999},
    },
    "ct": "250/5",
    "load": {"L1": {"current": 80, "pf": 0.5, "kind": "inductive"}, "L2": {"current": 10, "angle": 180},
             "L3": {"power": 4000, "reactive": -1500}},
}


def read_json(meter, *options):
    """vmeter read --json as an object; names in the order of the map."""
    done = serve.run("read", meter.link, "--json", *options)
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)
    return json.loads(done.stdout)


def names():
    """All names of `vmeter map`."""
    done = serve.run("map", "--csv")
    assert done.returncode == 0
    rows = [line.split(",") for line in done.stdout.splitlines()]
    column = rows[0].index("name")
    return [row[column] for row in rows[1:] if row[column] not in ("", "reserved", "not_in_use")]


def test_all_names():
    """As many as the map has, and in its order."""
    with serve.Serve() as meter:
        values = read_json(meter)
        assert len(values) == REGISTERS, len(values)
        assert list(values) == names()


def test_equal_to_control():
    """Read over the line and asked for on the socket, at the same simulated instant: the same values."""
    with serve.Serve(SCENARIO) as meter:
        meter.ask({"pause": True})
        meter.ask({"step": "10m"})
        values = read_json(meter)
        assert values == meter.get(*values)
        assert values["ct_ratio"] == "250/5" and values["serial_number"] == "12345678" and values["tariff"] == 3
        assert values["total_active_energy"] > 116


def test_equal_to_report():
    """The settings and measured values of a report of the same scenario."""
    with serve.Serve(SCENARIO) as meter:
        meter.ask({"pause": True})
        path = os.path.join(meter.folder, "report.json")
        done = serve.run("run", os.path.join(meter.folder, "scenario.json"), "-q", "--report", path)
        assert done.returncode == 0, done.stderr
        with open(path, encoding="utf-8") as text:
            report = json.load(text)["registers"]
        values = read_json(meter)
        assert list(values) == list(report)
        steady = [name for name in values if "energy" not in name and "counter" not in name]
        assert len(steady) > 50, len(steady)
        for name in steady:
            same = values[name] == report[name]
            if isinstance(values[name], float) and not same:
                same = abs(values[name] - report[name]) <= 1e-5 * abs(report[name])
            assert same, (name, values[name], report[name])


def test_text():
    """A line for each register: address, name, value, unit."""
    with serve.Serve() as meter:
        done = serve.run("read", meter.link)
        assert done.returncode == 0 and done.stderr == ""
        rows = [line.split() for line in done.stdout.splitlines()]
        assert len(rows) == REGISTERS
        assert [row[1] for row in rows] == names()
        assert any(row[:2] == ["5002", "l1_voltage"] and row[3] == "V" for row in rows)
        assert all(int(a[0], 16) < int(b[0], 16) for a, b in zip(rows, rows[1:]))


def test_data_type_2():
    """Integers are noticed and shown in the same units."""
    with serve.Serve() as meter:
        before = read_json(meter)
        assert meter.ask({"modbus": "01 06 40 26 00 02"})["ok"]
        after = read_json(meter)
        assert after["data_type"] == 2 and list(after) == list(before)
        assert abs(after["l1_voltage"] - before["l1_voltage"]) < 0.01
        assert after["s0_rate"] == before["s0_rate"]


def failing(*arguments):
    """A call that ends in exit code 3 with one line of message; the message."""
    done = serve.run("read", *arguments)
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == "" and done.stderr.startswith("vmeter: ") and done.stderr.count("\n") == 1, done
    return done.stderr


def test_wrong_unit():
    """Nobody answers: which unit, and how it was asked."""
    with serve.Serve() as meter:
        message = failing(meter.link, "--unit", 9)
        assert "unit 9" in message and meter.link in message and "9600" in message, message


def test_wrong_baud():
    """The same at another speed; serve tells its side."""
    with serve.Serve() as meter:
        message = failing(meter.link, "--baud", 19200)
        assert "19200" in message, message
        assert len(meter.messages()) == 1


def test_missing_port():
    """A port that is not there, or is no serial port."""
    assert "/nonexistent" in failing("/nonexistent")
    with serve.Serve() as meter:
        path = meter.write("file", "data")
        assert path in failing(path)


def test_parities_and_addresses():
    """What the meter is set to, the master can follow."""
    scenario = {"duration": "1s", "meter": {"modbus_id": 77, "modbus_baud": 19200, "modbus_parity": "none"}}
    with serve.Serve(scenario) as meter:
        assert "19200" in meter.lines[0] and "8N1" in meter.lines[0] and "unit 77" in meter.lines[0]
        for parity in ("none", "odd", "even", "even"):
            values = read_json(meter, "--unit", 77, "--baud", 19200, "--parity", parity)
            assert values["modbus_id"] == 77 and values["modbus_baud"] == 7 and values["modbus_parity"] == 2


def test_again_and_again():
    """Ten times in a row, as a cron job would."""
    with serve.Serve() as meter:
        for _ in range(10):
            assert len(read_json(meter)) == REGISTERS
        with rtu.Line(meter.link) as line:
            assert abs(line.voltage() - 230) < 1


def test_usage():
    """Wrong usage ends in 2."""
    for arguments in ((), ("a", "b"), ("p", "--unit", "0"), ("p", "--unit", "248"), ("p", "--baud", "1234"),
                      ("p", "--parity", "mark"), ("p", "--wrong")):
        done = serve.run("read", *arguments)
        assert done.returncode == 2 and done.stderr.startswith("vmeter: ") and done.stdout == "", (arguments, done)


serve.main(globals(), 150)
