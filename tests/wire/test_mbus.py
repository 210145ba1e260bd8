# SPDX-License-Identifier: MIT
"""The M-Bus on its pseudo terminal, with a master of our own: every frame, every rate, times, rubbish."""
import csv
import os
import select
import time

import mbus
import rtu
import serve

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "mbus", "frames.csv")
FACTORY = {"tariff": 1, "combination_code": 1, "s0_rate": 1000}
TRIES = 9


def scenario(**meter):
    """A meter with these settings and a bit of everything in its counters."""
    energy = {"t1_forward_active_energy": 123.456, "resettable_day_counter": 4.5}
    return {"duration": "1s", "meter": {"mbus_address": 1, "mbus_baud": 2400, "energy": energy, **meter}}


def fine(answer):
    """The answer to a control request that was carried out."""
    assert answer["ok"] is True, answer
    return answer


def restore(control, number):
    """Settings and selection as from the works, but address 1, through the control socket."""
    settings = f"51 01 7a 01 0c 79 {bytes.fromhex(number)[::-1].hex()} 09 7c 01 54 01 09 fd 3a 01 0c fd 3a 00 00 10 00"
    for frame in (mbus.long(mbus.ANY_ANSWERS, settings), mbus.set_baud(mbus.ANY_ANSWERS, 2400)):
        answer = fine(control.ask({"mbus": frame.hex(" ")}))
        assert answer["reply"] == "e5", (frame.hex(" "), answer)
    control.ask({"mbus": mbus.reset(mbus.SELECTED).hex(" ")})


def check_effect(meter, row, line):
    """Is the row's setting what the row says, wherever it can be seen from outside?"""
    setting, value = row["setting"], row["value"]
    if setting == "mbus_baud":
        with mbus.Line(meter.mbus, mbus.BAUDS[int(value) - 1]) as other:
            assert other.ask(mbus.reset(1)) == mbus.ACK
    elif setting == "mbus_address":
        assert line.telegram(int(value))[5] == int(value)
    elif setting == "mbus_id":
        assert line.telegram(1)[7:11][::-1].hex() == value
    elif setting == "trip":
        assert meter.get("resettable_day_counter") == 0
    elif setting:
        wanted = int(value) / 100 if setting == "s0_rate" else int(value)
        assert meter.get(setting) == wanted, (setting, meter.get(setting))
    for name, factory in FACTORY.items():
        if name != setting:
            assert meter.get(name) == factory, name


def check_row(meter, row):
    """One row of the table: what is answered, and what it does."""
    frame = bytes.fromhex(row["frame"])
    with mbus.Line(meter.mbus) as line:
        if row["selected"] == "yes":
            assert line.ask(mbus.select(row["id"])) == mbus.ACK
        if row["answer"] == "silence":
            line.write(frame)
            meter.round()
            line.silence()
        else:
            assert len(line.ask(frame)) == (1 if row["answer"] == "ack" else mbus.TELEGRAM_SIZE)
        check_effect(meter, row, line)


def check_rows(rows):
    """Takes rows from the list, one after another; the meter is as new before each. Stops behind C-05, which a meter
    never leaves."""
    with serve.Serve(scenario(), mbus=True) as meter, serve.Control(meter.socket) as control:
        for off in (False, True):
            fine(control.ask({"power": not off}))
            fine(control.ask({"step": "10s"}))
        fine(control.ask({"power": True}))
        fine(control.ask({"step": "10s"}))
        fine(control.ask({"pause": True}))
        assert meter.get("power_down_counter") == 1 and meter.get("resettable_day_counter") > 4
        while rows:
            row = rows.pop(0)
            restore(control, row["id"])
            if row["address"] != "1":
                control.ask({"mbus": mbus.long(mbus.ANY_ANSWERS, f"51 01 7a {int(row['address']):02x}").hex(" ")})
            try:
                check_row(meter, row)
            except Exception as error:
                raise AssertionError(f"{row['name']}: {error!r}") from error
            if row["setting"] == "combination_code" and row["value"] == "5":
                break


def test_every_frame():
    """All rows of the table that the unit tests use, now over a line."""
    with open(GOLDEN, encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 93, len(rows)
    while rows:
        check_rows(rows)


def test_telegram():
    """What the telegram says is what the registers say."""
    with serve.Serve(scenario(), mbus=True) as meter, mbus.Line(meter.mbus) as line:
        fine(meter.ask({"pause": True}))
        first, second = line.telegram(1), line.telegram(mbus.ANY_ANSWERS)
        assert second[15] == first[15] + 1, "access number"
        assert first[7:15] == bytes.fromhex("46 02 02 19 cd 25 01 02") and first[16:19] == bytes(3)
        assert first[19:21] == b"\x04\x03"
        assert int.from_bytes(first[21:25], "little") == round(1000 * meter.get("forward_active_energy"))


def test_new_rate():
    """The answer comes at the old rate; then only the new one is heard. A wrong rate is silence and one message."""
    with serve.Serve(scenario(), mbus=True) as meter:
        old = 2400
        for new in (300, 9600, 600, 4800, 1200, 2400):
            with mbus.Line(meter.mbus, old) as line:
                assert line.ask(mbus.set_baud(1, new)) == mbus.ACK
                assert meter.messages() == []
                for _ in range(3):
                    line.write(mbus.reset(1))
                    meter.round()
                    line.silence()
            told = meter.messages()
            assert len(told) == 1 and f"{old} baud" in told[0] and f"meter's at {new}:" in told[0], told
            with mbus.Line(meter.mbus, new) as line:
                assert line.ask(mbus.reset(1)) == mbus.ACK
                line.telegram(1)
            old = new


def test_times():
    """An answer begins 11 bit times after the request at the earliest. At the latest after 330 bit times and 50 ms:
    half of the tries must do it, for the machine may be busy."""
    for baud in (300, 2400, 9600):
        with serve.Serve(scenario(mbus_baud=baud), mbus=True) as meter, mbus.Line(meter.mbus, baud) as line:
            times = []
            for k in range(TRIES):
                started = time.monotonic()
                line.write(mbus.request(1) if k % 3 == 0 else mbus.reset(1))
                assert line.readable(5)
                times.append(time.monotonic() - started)
                line.receive()
            times.sort()
            print(f"  {baud}: {times[0] * 1e3:.1f} to {times[-1] * 1e3:.1f} ms, half within {times[TRIES // 2] * 1e3:.1f}")
            assert times[0] >= 11 / baud, f"{baud} baud: {times[0] * 1e3:.2f} ms"
            assert times[TRIES // 2] <= 330 / baud + 0.05, f"{baud} baud: {times[TRIES // 2] * 1e3:.1f} ms"


def test_stale_answers():
    """A client asks and is gone before the answer, or before it has read it: the next one gets none of it."""
    for baud in (300, 2400):
        with serve.Serve(scenario(mbus_baud=baud), mbus=True) as meter:
            for waits in (False, True, False, True):
                with mbus.Line(meter.mbus, baud) as line:
                    line.write(mbus.request(1))
                    if waits:
                        assert line.readable(5)
                meter.round()
                with mbus.Line(meter.mbus, baud) as line:
                    line.silence(0.1)
                    assert line.ask(mbus.reset(1)) == mbus.ACK


def test_rubbish_then_request():
    """What is no frame is forgotten after an idle line; the next request is answered."""
    request = mbus.request(1)
    rubbish = [b"\x00", b"\x68", b"\x68\xff\xff\x68", b"\x68\x03\x03\x68\x53", request[:4], b"\x10" * 3, mbus.ACK,
               mbus.long(1, "51 01 7a 05")[:-2], bytes(range(256)), b"\x68\xff\xff\x68" + bytes(200), b"\x16" * 300]
    with serve.Serve(scenario(), mbus=True) as meter, mbus.Line(meter.mbus) as line:
        for data in rubbish:
            line.write(data)
            meter.round()
            line.silence()
            line.telegram(1)


def test_rubbish_before_a_request():
    """In one piece with the request, as far as it does not look like a frame's start."""
    with serve.Serve(scenario(), mbus=True) as meter, mbus.Line(meter.mbus) as line:
        for data in (b"\x00", b"\xff\xff", b"\x16", mbus.ACK, mbus.reset(2), mbus.long(2, "51 01 7a 05"), b"\x68\x01"):
            line.write(data + mbus.request(1))
            assert len(line.receive()) == mbus.TELEGRAM_SIZE, data.hex(" ")


def test_byte_by_byte():
    """A frame in as many writes as it has bytes."""
    with serve.Serve(scenario(mbus_baud=300), mbus=True) as meter, mbus.Line(meter.mbus, 300) as line:
        for byte in mbus.request(1):
            line.write(bytes([byte]))
        assert len(line.receive()) == mbus.TELEGRAM_SIZE


def test_modbus_meanwhile():
    """Both lines of one meter at once; a tariff set on one is read on the other."""
    with serve.Serve(scenario(), mbus=True) as meter, mbus.Line(meter.mbus) as line, rtu.Line(meter.link) as other:
        for tariff in (2, 3, 4, 1):
            other.write(rtu.read_request(0x6048, 1))
            line.write(mbus.request(1))
            assert len(line.receive()) == mbus.TELEGRAM_SIZE
            assert len(other.receive()) == 5
            assert line.ask(mbus.long(1, f"51 09 7c 01 54 {tariff:02x}")) == mbus.ACK
            assert other.registers(0x6048, 1) == (tariff,)


def test_many_meters():
    """Twenty meters: each at its address, all at once as a bus shows it, one by its number."""
    meters = {"duration": "1s", "meters": [{"count": 20, "first_mbus_id": "30000001", "first_address": 1,
                                            "first_modbus_id": 1}]}
    with serve.Serve(meters, mbus=True) as meter, mbus.Line(meter.mbus) as line, rtu.Line(meter.link) as other:
        assert "20 meters" in meter.lines[1], meter.lines
        for k in range(1, 21):
            assert line.telegram(k)[7:11] == bytes.fromhex(f"{30000000 + k}")[::-1]
            assert other.registers(0x4003, 1, k) == (k,)
        line.write(mbus.request(21))
        line.silence()
        assert line.ask(mbus.reset(mbus.ANY_ANSWERS)) == mbus.ACK
        line.write(mbus.request(mbus.ANY_ANSWERS))
        assert not mbus.check(line.receive())
        assert line.ask(mbus.select("3000000f")) == mbus.ACK
        line.write(mbus.request(mbus.SELECTED))
        assert not mbus.check(line.receive())
        assert line.ask(mbus.select("30000017")) == mbus.ACK
        assert line.telegram(mbus.SELECTED)[5] == 17


def test_flood():
    """A client that writes without end and reads nothing stops neither time nor the control socket."""
    with serve.Serve(scenario(), mbus=True) as meter:
        with mbus.Line(meter.mbus) as line:
            before, sent = meter.time(), 0
            while sent < 200000:
                if select.select([], [line.fd], [], 5)[1]:
                    sent += os.write(line.fd, mbus.request(1) * 50)
            serve.wait_for(lambda: meter.time() > before + 0.2, 10, "time goes on")
        meter.round()
        with mbus.Line(meter.mbus) as line:
            line.silence(0.2)
            line.telegram(1)


serve.main(globals(), 150)
