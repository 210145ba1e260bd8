# SPDX-License-Identifier: MIT
"""The app of the Bluetooth page over HTTP: who is served and when, what the API reads, and what it lets be changed."""
import http.client
import json
import os
import signal
import socket

import serve
from app import SERIAL, App

JSON = {"Content-Type": "application/json"}
SETTINGS = f"/api/meters/{SERIAL}/settings"


def test_only_while_bluetooth_is_on():
    """Off: nobody there. Each switching is followed, on the same port; who is connected is hung up on."""
    with App(on=False) as meter:
        assert meter.refuses()
        for _ in range(3):
            meter.switch()
            kept = http.client.HTTPConnection(meter.address, timeout=30)
            assert meter.request("GET", "/", connection=kept).status == 200
            assert meter.get("lcd.icons").startswith("bluetooth")
            meter.switch()
            assert meter.refuses()
            try:
                meter.request("GET", "/", connection=kept)
                raise AssertionError("a connection outlived Bluetooth")
            except (http.client.RemoteDisconnected, ConnectionError):
                pass


def test_no_supply_no_radio():
    """A meter without supply is out of reach, and Bluetooth is off when it is back."""
    with App() as meter:
        meter.read(f"/{SERIAL}")
        for power in (False, True):
            meter.ask({"power": power})
            meter.ask({"step": "3s"})
            meter.round()
            assert meter.refuses()


def test_files():
    """The page under each of its addresses, with headers that let nothing else in."""
    with App() as meter:
        page = meter.request("GET", "/").body
        assert b"<!DOCTYPE html>" in page and b"http" not in page, "the page names something outside"
        for path in (f"/m/{SERIAL}", f"/m/{SERIAL}/data", f"/m/{SERIAL}/settings", "/m/00000000"):
            assert meter.request("GET", path).body == page
        for path, kind in (("/", "text/html; charset=utf-8"), ("/app.css", "text/css; charset=utf-8"),
                           ("/app.js", "text/javascript; charset=utf-8"), ("/icon.svg", "image/svg+xml")):
            response = meter.request("GET", path)
            assert (response.status, response.headers["Content-Type"]) == (200, kind)
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            head = meter.request("HEAD", path)
            assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(response.body)))


def test_nothing_else():
    """Paths that are not there."""
    with App() as meter:
        for path in ("/nothing", "/app.css/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/m/", "/m/1902024",
                     "/m/190202466", "/m/1902024x", f"/m/{SERIAL}/", f"/m/{SERIAL}/../../app", "//", "/api", "/api/",
                     "/api/meters/", "/api/meters/1902024", "/api/meters/190202460", f"/api/meters/{SERIAL}/",
                     f"/api/meters/{SERIAL}/password", f"/api/meters/{SERIAL}/settings/tariff", "/api/meters/-9020246",
                     "/" + "a" * 3000):
            response = meter.request("GET", path)
            assert response.status == 404, (path, response.status)
            assert "error" in json.loads(response.body)
        assert meter.read("/00000001", 404) == {
            "error": "no meter 00000001 with Bluetooth switched on is in reach"}


def test_methods():
    """Only those that make sense."""
    with App() as meter:
        for method, path, allow in (("POST", "/", "GET, HEAD"), ("DELETE", "/app.js", "GET, HEAD"),
                                    ("PUT", SETTINGS, "GET, HEAD, POST"), ("OPTIONS", SETTINGS, "GET, HEAD, POST"),
                                    ("POST", "/api/meters", "GET"), ("POST", f"/api/meters/{SERIAL}/data", "GET")):
            response = meter.request(method, path, "{}" if method == "POST" else None, JSON)
            assert (response.status, response.headers["Allow"]) == (405, allow), (method, path, response.status)


def test_other_names_and_pages():
    """A name that somebody lets point here, and a page from elsewhere, get nothing."""
    with App() as meter:
        port = meter.address.rsplit(":", 1)[1]
        for host, status in (("127.0.0.1", 200), (f"localhost:{port}", 200), ("LOCALHOST", 200), ("[::1]:1", 200),
                             ("[::1]", 200), ("192.168.1.7:80", 200), ("evil.example", 421),
                             (f"evil.example:{port}", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("[", 421),
                             ("[::1", 421), (":::", 421), ("a" * 300, 421)):
            for path in ("/", "/api/meters"):
                assert meter.request("GET", path, headers={"Host": host}).status == status, host
        for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                                ({"Origin": f"https://{meter.address}"}, 403), ({"Origin": "http://127.0.0.1:1"}, 403),
                                ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
                                ({"Origin": meter.url, "Sec-Fetch-Site": "same-origin"}, 200)):
            assert meter.change({"tariff": 2}, **headers)[0] == status, headers
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"):
            assert meter.change({"tariff": 1}, **{"Content-Type": kind})[0] == 415
        assert meter.get("tariff") == 2
        assert meter.change({"tariff": 1}, **{"Content-Type": "application/json; charset=utf-8"})[0] == 200


def test_device_and_list():
    """Type, serial number, software version."""
    with App() as meter:
        device = meter.read(f"/{SERIAL}")
        assert device["type"] == "2PU CT" and device["serial_number"] == SERIAL and device["software_version"] == 1
        assert device["checksum"] == meter.get("checksum")
        assert meter.read("") == {"meters": [device]}


def test_data_is_what_a_master_reads():
    """All 291 registers as Modbus has them, also as integers."""
    for data_type in (1, 2):
        with App({"duration": "1d", "meter": {"ct_ratio": "100/5", "data_type": data_type},
                  "load": {"all": {"power": 1234, "reactive": -321}}}) as meter:
            meter.ask({"step": "1h"})
            meter.ask({"pause": True})
            wanted = json.loads(serve.run("read", meter.link, "--json").stdout)
            data = meter.read(f"/{SERIAL}/data")
            got = {item["name"]: item for group in data["groups"] for item in group["values"]}
            assert {name: item["value"] for name, item in got.items()} == wanted
            assert len(got) == 291
            assert (got["l1_active_power"]["unit"], got["l1_active_power"]["address"]) == ("kW", "5014")
            assert data["simulated_seconds"] == meter.time()
            unused = {name for name, item in got.items() if item.get("unused")}
            assert "t3_total_active_energy" in unused and "ct2_forward_active_energy" in unused
            assert not unused & {"t2_total_active_energy", "ct1_forward_active_energy", "total_active_energy"}


CHANGES = {  # value, and what the register reads then
    "tariff": (4, 4), "combination_code": (3, 3), "ct_ratio": ("250/5", "250/5"), "s0_rate": (0.01, 0.01),
    "pulse_width": (99, 99), "pulse_type": (2, 2), "modbus_id": (17, 17), "modbus_baud": (19200, 7),
    "modbus_parity": ("none", 2), "data_type": (2, 2), "lcd_cycle_time": (30, 30), "screen_direction": (1, 1),
    "obis_code_display": (1, 1), "power_down_counter": (0, 0), "resettable_day_counter": (0, 0), "mbus_id": ("12345678", None),
}


def test_each_setting():
    """One by one; the rest stays. What may be changed is this and nothing else."""
    with App({"duration": "1d", "meter": {"power_down_counter": 7}, "load": {"all": {"power": 1000}}}) as meter:
        meter.ask({"step": "1h"})
        meter.ask({"pause": True})
        before = {item["key"]: item for item in meter.read(f"/{SERIAL}/settings")["settings"]}
        assert set(before) == set(CHANGES)
        assert before["power_down_counter"]["value"] == 7 and before["resettable_day_counter"]["value"] > 1
        assert all(item["source"] and item["label"] for item in before.values())
        for key, (value, register) in CHANGES.items():
            status, answer, _ = meter.change({key: value})
            assert status == 200, (key, answer)
            after = {item["key"]: item for item in answer["settings"]}
            assert after[key]["value"] == value
            assert [k for k in after if after[k]["value"] != before[k]["value"]] == [key], key
            if register is not None:
                assert meter.get(key) == register
            before = after
        assert meter.ask({"modbus": "11 03 60 48 00 01"})["reply"].startswith("11 03 02 00 04"), "the new Modbus ID"


def test_several_are_all_or_nothing():
    """One wrong value, and nothing is changed; each wrong one is named."""
    with App() as meter:
        status, answer, _ = meter.change({"tariff": 3, "pulse_width": 1, "ct_ratio": "1/5", "mbus_id": "7"})
        assert status == 422 and answer["error"] == "nothing was changed"
        assert set(answer["fields"]) == {"pulse_width", "ct_ratio", "mbus_id"}
        assert "2" in answer["fields"]["pulse_width"] and "99" in answer["fields"]["pulse_width"]
        assert meter.get("tariff", "pulse_width") == {"tariff": 1, "pulse_width": 30}
        assert meter.change({"tariff": 3, "pulse_width": 2, "s0_rate": 10})[0] == 200
        assert meter.get("tariff", "pulse_width", "s0_rate") == {"tariff": 3, "pulse_width": 2, "s0_rate": 10}


BAD = [
    ("tariff", 0), ("tariff", 5), ("tariff", 1.5), ("tariff", "2"), ("tariff", None), ("tariff", [2]), ("tariff", True),
    ("combination_code", 6), ("ct_ratio", "5"), ("ct_ratio", "10000/5"), ("ct_ratio", "100/2"), ("ct_ratio", 20),
    ("s0_rate", 50), ("s0_rate", -1), ("pulse_width", 100), ("pulse_type", 0), ("modbus_id", 0), ("modbus_id", 248),
    ("modbus_baud", 9601), ("modbus_baud", 6), ("modbus_parity", "mark"), ("data_type", 3), ("mbus_id", "1234567"),
    ("mbus_id", "12345x78"), ("lcd_cycle_time", 31), ("screen_direction", 2), ("obis_code_display", -1),
    ("power_down_counter", 1), ("resettable_day_counter", 1), ("resettable_day_counter", "0"), ("tariff", 1e300),
    # Not for Bluetooth, or not at all.
    ("password", "1234"), ("serial_number", "00000001"), ("backlight", 2), ("mbus_address", 1), ("mbus_baud", 9600),
    ("l1_voltage", 1), ("", 1), ("nothing", 1),
]


def test_bad_values():
    """Each has a message of its own, and nothing happens."""
    with App() as meter:
        meter.ask({"pause": True})
        before = meter.read(f"/{SERIAL}/settings")
        for key, value in BAD:
            status, answer, _ = meter.change({key: value, "obis_code_display": 1} if key != "obis_code_display"
                                             else {key: value})
            assert status == 422 and list(answer["fields"]) == [key] and answer["fields"][key], (key, value, answer)
        assert meter.change({"password": "1"})[1]["fields"] == {
            "password": "can be changed with the meter's buttons only"}
        assert meter.read(f"/{SERIAL}/settings") == before


def test_bad_requests():
    """What is no request at all; and none of these counts as a wrong password."""
    with App() as meter:
        for body in ("", "{", "null", "[]", "1", '"0000"', "{}", '{"password": "0000"}', '{"changes": {"tariff": 2}}',
                     '{"password": 0, "changes": {"tariff": 2}}', '{"password": "0000", "changes": {}}',
                     '{"password": "0000", "changes": [2]}', '{"password": "0000", "changes": {"tariff": 2}, "x": 1}',
                     '{"password": "0000", "changes": {"tariff": 2}} x', '{"password": "0000", "changes": {"tariff": 2}}\0',
                     "[" * 8000, "\xff\xfe"):
            response = meter.request("POST", SETTINGS, body.encode("latin-1"), JSON)
            assert response.status == 400, (body[:60], response.status)
        assert meter.request("POST", SETTINGS, b" " * 8193, JSON).status == 413
        twice = meter.request("POST", SETTINGS, '{"password": "0000", "changes": {"tariff": 2, "tariff": 3}}', JSON)
        assert twice.status == 422 and json.loads(twice.body)["fields"] == {"tariff": "is given twice"}
        assert meter.get("tariff") == 1
        assert meter.change({"tariff": 2})[0] == 200


def test_locked():
    """C-05 for ever, and seven changes of the CT ratio."""
    with App() as meter:
        assert meter.change({"combination_code": 5})[0] == 200
        status, answer, _ = meter.change({"combination_code": 1, "tariff": 2})
        assert status == 422 and answer["fields"] == {"combination_code": "C-05 can not be left again"}
        for primary in range(11, 18):
            assert meter.change({"ct_ratio": f"{primary}/5"})[0] == 200
        status, answer, _ = meter.change({"ct_ratio": "100/5"})
        assert status == 422 and "seven" in answer["fields"]["ct_ratio"], answer
        locked = {item["key"] for item in meter.read(f"/{SERIAL}/settings")["settings"] if item["locked"]}
        assert locked == {"combination_code", "ct_ratio"}


def after_a_while(meter, changes, **more):
    """The answer once the meter takes a password again."""
    return serve.wait_for(lambda: (lambda a: a if a[0] != 429 else None)(meter.change(changes, **more)), 60,
                          "the end of a delay")


def test_wrong_password():
    """Refused; the next one, right or wrong, only after a delay that grows; the other meter does not mind. In real
    time, however fast the simulation runs."""
    two = {"duration": "1d", "meters": [{"first_serial_number": "10000001", "count": 2, "first_address": 1}]}
    with App(two, on=False, speed="max") as meter:
        meter.switch(1)
        meter.switch(2)
        first, second = "10000001", "10000002"
        assert {item["serial_number"] for item in meter.read("")["meters"]} == {first, second}
        assert meter.change({"tariff": 2}, "1234", first) == (403, {"error": "wrong password"}, 1)
        status, answer, wait = meter.change({"tariff": 2}, "0000", first)
        assert status == 429 and wait == 1 and "wait" in answer["error"]
        assert meter.change({"tariff": 3}, "0000", second)[0] == 200
        for password, wait in (("0001", 2), ("", 4)):
            assert after_a_while(meter, {"tariff": 2}, password=password, serial=first)[::2] == (403, wait)
        assert meter.get("meter1.tariff", "meter2.tariff") == {"meter1.tariff": 1, "meter2.tariff": 3}
        assert after_a_while(meter, {"tariff": 2}, serial=first)[0] == 200
        assert meter.change({"tariff": 2}, "1111", first)[::2] == (403, 1), "the right one has ended the row"


def test_password_is_never_told():
    """Neither in messages nor in what is recorded or answered."""
    with App({"duration": "1d", "meter": {"password": "4711"}}, options=("-v", "--record", "r.json")) as meter:
        answers = [meter.change({"tariff": 2}, "8352"), after_a_while(meter, {"tariff": 2}, password="4711"),
                   meter.change({"password": "8352"}, "4711")]
        assert [answer[0] for answer in answers] == [403, 200, 422]
        answers.append(meter.read(f"/{SERIAL}/settings"))
        answers.append(meter.read(f"/{SERIAL}/data"))
        assert "8352" not in str(answers) and "4711" not in str(answers)
        meter.stop()
        said = meter.messages()
        assert any("Bluetooth is on" in line for line in said)
        with open(os.path.join(meter.folder, "r.json"), encoding="utf-8") as record:
            assert "8352" not in str(said) + record.read()


def test_saved():
    """In the EEPROM at once: a meter that is killed has it when it starts again."""
    with serve.Serve() as keep:
        nvm = os.path.join(keep.folder, "nvm")
        with App(options=("--nvm", nvm), code=-signal.SIGKILL) as meter:
            assert meter.change({"tariff": 3, "mbus_id": "87654321"})[0] == 200
            meter.stop(signal.SIGKILL)
        with App(options=("--nvm", nvm)) as meter:
            values = {item["key"]: item["value"] for item in meter.read(f"/{SERIAL}/settings")["settings"]}
            assert (values["tariff"], values["mbus_id"]) == (3, "87654321")


def test_supply_lost_while_saving():
    """The meter is gone in the middle of it: told so, and all or nothing when it is back."""
    with App() as meter:
        assert meter.ask({"power_cut": {"after_writes": 1}})["ok"]
        status, answer, _ = meter.change({"tariff": 2, "pulse_width": 50})
        assert (status, answer) == (503, {"error": "the meter lost its supply"})
        meter.ask({"step": "3s"})
        meter.round()
        assert meter.refuses()
        values = meter.get("tariff", "pulse_width")
        assert values in ({"tariff": 1, "pulse_width": 30}, {"tariff": 2, "pulse_width": 50}), values


def test_slow_and_many_clients():
    """Nobody who dawdles holds up others, nor the meter."""
    with App() as meter:
        host, port = meter.address.rsplit(":", 1)
        dawdlers = []
        try:
            for k in range(20):
                dawdlers.append(socket.create_connection((host, int(port)), timeout=30))
                dawdlers[-1].sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"[:5 + k])
            for _ in range(50):
                assert meter.request("GET", f"/api/meters/{SERIAL}/data").status == 200
            for _ in range(40):
                dawdlers.append(socket.create_connection((host, int(port)), timeout=30))
            before = meter.time()
            serve.wait_for(lambda: meter.time() > before, 30, "time going on")
        finally:
            for one in dawdlers:
                one.close()
        assert serve.wait_for(lambda: answers(meter), 30, "an answer when they have gone")


def answers(meter):
    """Is a connection taken?"""
    try:
        return meter.request("GET", "/").status == 200
    except (http.client.HTTPException, OSError):
        return False


def test_garbage():
    """Bytes that are no HTTP."""
    with App() as meter:
        host, port = meter.address.rsplit(":", 1)
        for data in (b"\0" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00", b"A" * 100000, b"GET / HTTP/9.9\r\n\r\n",
                     b"POST " + SETTINGS.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST " + SETTINGS.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"):
            with socket.create_connection((host, int(port)), timeout=30) as one:
                try:
                    one.sendall(data)
                except ConnectionError:
                    pass
            assert meter.request("GET", "/").status == 200
        old = socket.create_connection((host, int(port)), timeout=30)
        old.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 421 " in old.recv(100), "who does not say whom he asks"
        old.close()


def test_addresses():
    """Messages about --app, and the name that the QR code then has."""
    with App() as meter:
        for address, code, text in ((meter.address, 3, "in use"), ("nonsense", 3, "HOST:PORT"), ("a:b:c", 3, "HOST:PORT"),
                                    ("127.0.0.1:65536", 3, "HOST:PORT")):
            done = serve.run("serve", "--app", address)
            assert done.returncode == code and text in done.stderr and done.stderr.startswith("vmeter: "), done.stderr
            assert done.stdout == ""
    with App(on=False) as first, App(on=False, address=first.address) as second:
        first.switch()
        second.switch()
        assert second.messages() == [f"vmeter: app {first.address}: Address already in use"]
        assert first.read(f"/{SERIAL}")
        first.switch()
        assert first.refuses()
        second.switch()
        second.switch()
        assert second.read(f"/{SERIAL}")
    with App(on=False, address="0") as meter:
        assert meter.url.startswith("http://127.0.0.1:")
    with App(on=False, address="localhost:0") as meter:
        assert meter.url.startswith("http://localhost:")
        meter.switch()
        assert meter.request("GET", "/").status == 200
    with App(on=False, address="0.0.0.0:0") as meter:
        assert "0.0.0.0" not in meter.url


if __name__ == "__main__":
    serve.main(globals(), 300)
