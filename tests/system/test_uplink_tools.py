"""tools/uplink: what is received, refused, asked for and counted; and docs/uplink.md."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.system.message_meter import KEYS, METER
from tests.system.uplink_meter import ALL_KEYS, HEAD_END, UplinkMeter
from tools.uplink import air, bodies
from tools.uplink.receiver import PATIENCE_S, Receiver
from tools.vend import envelope, key_file
from tools.vend.__main__ import main
from tools.vend.errors import VendError
from tools.vend.key_file import Key

ROOT = Path(__file__).resolve().parents[2]
OWN = KEYS["meter"]
UP = f"joulegate/1/{METER}/up/"


class HeadEnd:
    """A receiver whose messages are opened again, and a meter's messages made by pycose."""

    def __init__(self) -> None:
        self.number = 0
        self.receiver = Receiver(METER, ALL_KEYS, self.seal)

    def seal(self, body: dict[int, Any]) -> bytes:
        self.number += 1
        return envelope.seal(HEAD_END, self.number, body)

    def event(self, number: int, first: int, oldest: int = 1, seal: int = 1) -> bytes:
        return envelope.seal(OWN, seal, {
            0: 3, 7: METER, 9: number, 10: oldest, 12: 3, 13: [[first, 1, 12, 0, 0, 0, 0]],
            15: first}, envelope.UP)

    def take(self, number: int, first: int, **more: int) -> bool:
        found = self.receiver.take(UP + "event", self.event(number, first, **more))
        return found is not None

    def due(self, now: float = 0) -> list[dict[int, Any]]:
        return [envelope.open_message([HEAD_END], message, envelope.DOWN)[2]
                for message in self.receiver.due(now)]


@pytest.fixture
def head() -> HeadEnd:
    return HeadEnd()


def test_in_order(head: HeadEnd) -> None:
    assert head.take(1, 10) and head.take(2, 11)
    assert head.due() == [{0: 21, 2: 2}]
    assert head.due() == []
    assert not head.take(2, 11, seal=9)
    assert head.due() == [{0: 21, 2: 2}]


def test_a_gap(head: HeadEnd) -> None:
    for number in (1, 3, 4, 6):
        assert head.take(number, number)
    assert head.due(0) == [{0: 21, 2: 1, 3: bytes((0b1011,))}]
    assert head.due(PATIENCE_S - 1) == []
    assert head.due(PATIENCE_S) == [{0: 22, 2: 2, 3: 1}, {0: 22, 2: 5, 3: 1}]
    assert head.due(PATIENCE_S + 1) == []
    assert head.take(2, 2) and head.take(5, 5)
    assert head.due(PATIENCE_S + 2) == [{0: 21, 2: 6}]
    assert head.receiver.missing() == []


def test_the_tail_is_missed_by_what_a_reading_says(head: HeadEnd) -> None:
    head.take(1, 1)
    head.due()
    reading = envelope.seal(OWN, 7, {0: 2, 7: METER, 10: 2, 16: 5, 13: [[None] + [0] * 10]},
                            envelope.UP)
    found = head.receiver.take(UP + "reading", reading)
    assert found is not None and found.shown()["readings"][0]["time"] is None
    assert head.receiver.missing() == [2, 3, 4]
    head.due(0)
    assert head.due(PATIENCE_S) == [{0: 22, 2: 2, 3: 3}]


def test_what_was_given_up(head: HeadEnd) -> None:
    head.take(1, 1)
    assert head.take(5, 5, oldest=4)
    assert head.receiver.lost == [2, 3]
    assert head.receiver.missing() == [4]
    # One of them comes after all.
    assert head.take(3, 3) and not head.take(3, 3)
    assert head.receiver.lost == [2]


def test_a_number_given_twice(head: HeadEnd) -> None:
    for number in (1, 2, 3):
        head.take(number, number)
    found = head.receiver.take(UP + "event", head.event(2, 77))
    assert found is not None and found.again
    assert head.due() == [{0: 21, 2: 3}]
    assert not head.take(2, 77)


def test_a_receiver_that_begins_late(head: HeadEnd) -> None:
    assert head.take(500, 1, oldest=498)
    assert head.receiver.lost == [] and head.receiver.missing() == [498, 499]


def test_what_is_none_of_the_meter_s(head: HeadEnd) -> None:
    body = {0: 3, 7: METER, 9: 1, 10: 1, 12: 3, 13: [], 15: 0}
    other = Key(METER, "meter", OWN.kid, bytes(range(16)))
    for topic, message in (
            (UP + "event", envelope.seal(other, 1, body, envelope.UP)),
            (UP + "event", envelope.seal(OWN, 1, body, envelope.DOWN)),
            (UP + "event", envelope.seal(OWN, 1, {**body, 7: "999"}, envelope.UP)),
            (UP + "event", envelope.seal(HEAD_END, 1, body, envelope.UP)),
            (UP + "freeze", envelope.seal(OWN, 1, body, envelope.UP)),
            (UP + "event", envelope.seal(OWN, 1, {**body, 0: 9}, envelope.UP)),
            (UP + "event", envelope.seal_bytes(OWN, envelope.UP, 1, b"\x01")),
            (UP + "event", b"offline"), (UP + "event", b"")):
        with pytest.raises(VendError):
            head.receiver.take(topic, message)
    assert head.due() == [] and head.receiver.missing() == []


@pytest.mark.parametrize("change", [
    {0: 9}, {12: 99}, {13: [[1]]}, {13: 5}, {13: [[1] * 7 + [0]]},
    {13: [[0, "x", 0, 0, 0, 0, 0]]}])
def test_bodies_that_are_none(change: dict[int, Any]) -> None:
    body = {0: 3, 7: METER, 9: 1, 10: 1, 12: 3, 13: [], 15: 0}
    with pytest.raises(VendError, match="none of docs/uplink"):
        bodies.shown(body | change)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[UplinkMeter]:
    with UplinkMeter(tmp_path / "meter") as found:
        found("set", {"uplink_minutes": 1, "uplink_batch": 4})
        found("connect")
        yield found


def everything(meter: UplinkMeter) -> list[dict[str, Any]]:
    receiver = Receiver(METER, ALL_KEYS, HeadEnd().seal)
    found = []
    while (offered := meter("next")) is not None:
        token, suffix, message = offered
        meter("handed", token)
        received = receiver.take(UP + suffix, bytes.fromhex(message))
        assert received is not None
        found.append(json.loads(json.dumps(received.shown())))
    return found


def test_what_the_firmware_says_is_what_the_page_says(meter: UplinkMeter) -> None:
    meter("event", 12, 5)
    meter("event", 4, 3)
    meter("day", 2500)
    meter("month")
    meter("down", envelope.seal(KEYS["vending"], 1, {0: 1, 2: 77, 3: 1000}).hex())
    meter("pass", 300, 10)
    said = everything(meter)
    kinds = [(message["kind"], message.get("class"), message.get("of")) for message in said]
    assert kinds[0] == ("receipt", None, None)
    assert ("event", "tamper", None) in kinds and ("event", "quality", None) in kinds
    assert kinds[-2:] == [("status", None, None), ("reading", None, None)]
    by_kind = {message["kind"]: message for message in said}
    assert [message["outbox"] for message in said if "outbox" in message] == [1, 2, 3, 4, 5, 6]
    receipt = said[0]
    assert (receipt["status"], receipt["number"], receipt["meter"]) == ("executed", 1, METER)
    day, month = (m["freeze"] for m in said if m["kind"] == "freeze")
    assert (day["day"], day["counts_per_kWh"], day["unit_places"]) == (2500, 32000, 5)
    assert day["balance"] == day["credits"] - day["charges"]
    assert month["month"] == 2020 * 12
    readings = by_kind["reading"]["readings"]
    assert len(readings) == 5
    assert {r["time"][17:] for r in readings} == {readings[0]["time"][17:]}
    assert [r["time"][14:16] for r in readings] == [
        f"{int(readings[0]['time'][14:16]) + i:02}" for i in range(5)]
    assert by_kind["reading"]["next"] == 7
    assert by_kind["status"]["status"]["time_known"] is True


def vend(*arguments: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert (ended.value.code or 0) == 0
    return out.getvalue().strip()


def test_by_hand(meter: UplinkMeter, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    key_file.store(keys, METER, ALL_KEYS)
    options = ("--meter", METER, "--keys", str(keys))
    for day in range(5):
        meter("day", 100 + day)
    meter("pass", 2, 1)
    assert meter("held")[:2] == [1, 6]
    for command in (("ack", "1", "--beyond", "3", "--beyond", "5"), ("resend", "2"),
                    ("send-reading",), ("send-reading", "--role", "technician")):
        status, has_receipt, text = meter("down", vend(*command, *options))
        assert (status, has_receipt) == (3, False), text
    assert meter("held")[:2] == [2, 6]
    everything(meter)
    meter("down", vend("ack", "4", *options))
    assert meter("held")[:2] == [6, 6]


def test_the_meter_s_overhead_is_what_is_worked_out() -> None:
    text = (ROOT / "firmware/joulegate/link/uplink/budget.py").read_text()
    assert f"OVERHEAD = const({air.overhead()})" in text


def test_the_page_has_the_table() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.uplink"], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    page = (ROOT / "docs/uplink.md").read_text("utf-8")
    assert done.stdout in page, "put what `python -m tools.uplink` prints into docs/uplink.md"
    assert f"its payload and {air.overhead()} bytes" in page


def constant(file: str, name: str) -> int:
    text = (ROOT / "firmware/joulegate" / file).read_text("utf-8")
    found = re.search(rf"^{name} = const\((\d+)\)", text, re.MULTILINE)
    assert found is not None, name
    return int(found[1])


def test_the_page_has_the_firmware_s_bounds() -> None:
    page = " ".join((ROOT / "docs/uplink.md").read_text("utf-8").split())
    outbox, held = "storage/outbox.py", "link/uplink/held.py"
    queue, sources = "link/uplink/reading_queue.py", "link/uplink/sources.py"
    window, receipts = constant(outbox, "WINDOW"), constant(outbox, "FOR_RECEIPTS")
    assert f"holds {window} messages, {receipts} of" in page
    assert f"1 to {constant(outbox, 'EVENTS_MAX')} rows of one class" in page
    assert f"those beyond {constant(outbox, 'RECEIPTS_DAILY')} in 24 hours" in page
    assert f"beyond {constant(outbox, 'REPEATS_DAILY')} only those" in page
    assert f"goes out again {constant(held, 'RESEND_S')} s after" in page
    assert f"{constant(queue, 'CAPACITY')} of them; then the oldest" in page
    assert f"1 to {constant(queue, 'PACKED_MAX')} rows" in page
    assert f"| other events | {constant(sources, 'GATHER_S')} s later" in page
    assert f"at most {constant('link/uplink/reminders.py', 'DAILY')} in a UTC day" in page
    assert constant(held, "RESEND_S") > PATIENCE_S


def test_the_longest_receipt_that_is_held_fits() -> None:
    key = Key("1" * 13, "meter", bytes(8), bytes(16))
    top = (1 << 32) - 1
    body = {0: 1, 1: top, 2: bytes(8), 3: top, 4: 8, 5: 255, 6: -(1 << 31), 7: key.meter,
            8: [1 << 31, 1 << 31], 9: top}
    longest = len(envelope.seal(key, top, body, envelope.UP))
    assert longest <= constant("storage/outbox.py", "RECEIPT_MAX")


def test_less_is_less() -> None:
    assert air.bytes_a_day(air.Habits(minutes=60)) < air.bytes_a_day()
    assert air.bytes_a_day(air.Habits(tls=True)) > air.bytes_a_day()
    none = air.Habits(minutes=0, keepalive_s=0, event_messages=0, receipts=0)
    assert 0 < air.bytes_a_day(none) < 2000
