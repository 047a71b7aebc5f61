"""The meter on its bus, as masters of three other hands see it, over a pseudo terminal."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pymodbus.exceptions import ModbusIOException
from pymodbus.pdu.diag_message import DiagnosticBase, ReturnQueryDataRequest
from pymodbus.pdu.other_message import ReportDeviceIdRequest

from tests.system.bus_peer import UNIT, BusMeter
from tests.system.modbus_masters import MASTERS, Pymodbus
from tools.vend import envelope, sts
from tools.vend.instructions import body
from tools.vend.key_file import Key

METER = "01234567890"
TOKEN_KEY = bytes(range(16))
KEYS = {
    role: Key(METER, role, kid, bytes(range(first, first + 16)))
    for role, kid, first in (
        ("vending", b"V1", 0x10), ("administrator", b"A1", 0x20), ("technician", b"T1", 0x30),
        ("meter", b"M1", 0x40))
}
HOLE, VALUE = 2, 3
DONE = 2
EXECUTED = 3
MESSAGE, LENGTH, TOKEN, TOKEN_SUBMIT, RESULT, RECEIPT = (
    0x1000, 0x1100, 0x1110, 0x111A, 0x1120, 0x1200)
SAME = [
    (False, 0x0000, 8), (False, 0x0305, 4), (False, 0x0400, 5),
    (True, MESSAGE, 125), (True, TOKEN, 11), (True, RESULT, 11), (True, RECEIPT + 131, 125),
    # Holes, halves of values, and more than there are.
    (False, 0x0FFF, 1), (True, 0x0000, 1), (True, RECEIPT + 255, 2), (False, 0x0201, 1),
    (True, 0xFFFF, 1), (False, 0x1000, 1),
]
"""What all masters are to see alike: holding or not, first register, how many."""


def keys() -> list[Any]:
    return [{"key": TOKEN_KEY.hex(), "base": 1993}, [
        {"role": role, "kid": key.kid.hex(), "key": key.secret.hex()}
        for role, key in KEYS.items()]]


@pytest.fixture(scope="module")
def meter() -> Iterator[BusMeter]:
    with BusMeter() as found:
        found("keys", *keys())
        yield found


@pytest.fixture
def master(meter: BusMeter) -> Iterator[Pymodbus]:
    found = Pymodbus(meter.path)
    yield found
    found.close()


def result(master: Pymodbus, seconds: float = 20) -> list[int]:
    """Poll the mailbox until what was submitted is done."""
    deadline = time.monotonic() + seconds
    while True:
        said = master.read(True, RESULT, 11)
        assert isinstance(said, list)
        if said[0] == DONE:
            return said
        assert said[0] and time.monotonic() < deadline, said


def words(data: bytes) -> list[int]:
    data += bytes(len(data) % 2)
    return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]


def submit(master: Pymodbus, message: bytes, sequence: int) -> tuple[list[int], bytes]:
    """Put a message into the mailbox; return its result and receipt."""
    registers = words(message)
    for at in range(0, len(registers), 100):
        assert master.write(MESSAGE + at, registers[at:at + 100]) == 0
    assert master.write(LENGTH, [len(message), sequence]) == 0
    said = result(master)
    receipt = b""
    for at in range(0, said[5], 100):
        part = master.read(True, RECEIPT + at // 2, min(50, (said[5] - at + 1) // 2))
        assert isinstance(part, list)
        receipt += b"".join(word.to_bytes(2, "big") for word in part)
    return said, receipt[:said[5]]


@pytest.mark.parametrize("writer", MASTERS)
def test_all_masters_agree(meter: BusMeter, writer: str) -> None:
    values = [(len(writer) * 1000 + 7919 * i) & 0x7FFF for i in range(100)]
    one = MASTERS[writer](meter.path)
    try:
        written = [one.write(MESSAGE, values), one.write(0x2000, [1]), one.write(TOKEN, [1])]
    finally:
        one.close()
    assert written == [0, HOLE, VALUE]
    seen = {}
    for name, make in MASTERS.items():
        one = make(meter.path)
        ask = getattr(one, "ask", None)
        seen[name] = ([one.read(*what) for what in SAME] if ask is None else ask(*[
            ["holding" if holding else "input", address, count]
            for holding, address, count in SAME]))
        one.close()
    first = seen["pymodbus"]
    assert first[3][:100] == values
    assert first[-6:] == [HOLE] * 6
    assert not any(isinstance(answer, int) for answer in first[:-6])
    for name, answers in seen.items():
        assert answers == first, name


def test_who_it_is(master: Pymodbus) -> None:
    for level, objects in ((1, {0, 1, 2}), (2, {0, 1, 2, 4, 5, 6})):
        said = master.client.read_device_information(
            read_code=level, object_id=0, device_id=UNIT)
        assert set(said.information) == objects, said
        assert said.conformity in (0x81, 0x82, 0x83)
        assert said.information[0] == b"Joulegate"
    one = master.client.read_device_information(read_code=4, object_id=1, device_id=UNIT)
    assert set(one.information) == {1}
    none = master.client.read_device_information(read_code=4, object_id=0x55, device_id=UNIT)
    assert none.exception_code == HOLE
    said = master.client.execute(False, ReportDeviceIdRequest(dev_id=UNIT))
    assert (said.identifier, said.status) == (one.information[1], True)


def test_diagnostics(meter: BusMeter, master: Pymodbus) -> None:
    said = master.client.execute(False, ReturnQueryDataRequest(b"\xa5\x37", dev_id=UNIT))
    assert said.message == b"\xa5\x37"
    before = meter("status")["counts"]
    assert master.read(True, 0xFFFF, 1) == HOLE
    assert master.client.diag_read_bus_char_overrun_count(device_id=UNIT).message == 0
    counts = meter("status")["counts"]
    assert [now - then for now, then in zip(counts, before, strict=True)] == [
        2, 0, 1, 2, 0, 0, 0, 0]
    refused = DiagnosticBase(0, dev_id=UNIT)
    refused.sub_function_code = 4
    assert master.client.execute(False, refused).exception_code == 1


def test_writing_and_reading_in_one_request(master: Pymodbus) -> None:
    said = master.client.readwrite_registers(
        read_address=MESSAGE, read_count=3, write_address=MESSAGE + 1, values=[4660, 22136],
        device_id=UNIT)
    assert said.registers[1:] == [4660, 22136]
    assert master.client.write_register(MESSAGE, 77, device_id=UNIT).registers == [77]
    answer = master.read(True, MESSAGE, 1)
    assert answer == [77]


def test_a_broadcast_is_taken_by_silence(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("status")["counts"]
    facts = meter("facts")
    master.client.write_registers(MESSAGE, [1, 2], device_id=0, no_response_expected=True)
    time.sleep(0.2)
    counts = meter("status")["counts"]
    assert [now - then for now, then in zip(counts, before, strict=True)] == [
        1, 0, 0, 1, 1, 0, 0, 0]
    assert meter("facts") == facts
    assert isinstance(master.read(False, 0, 1), list)


def test_a_message_in_the_mailbox_is_a_purchase_once(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("facts")["balance"]
    message = envelope.seal(KEYS["vending"], 70001, body("credit", 6_000_000, 123456))
    for sequence in (1, 1, 2):
        said, receipt = submit(master, message, sequence)
        assert said[1:5] == [sequence, 1, EXECUTED, 0]
        assert said[6] << 16 | said[7] == before + 123456
        _, _, found = envelope.open_message([KEYS["meter"]], receipt)
        assert (found[4], found[6]) == (EXECUTED, before + 123456)
    assert meter("facts")["balance"] == before + 123456
    assert meter("status")["failures"] == 0


def test_a_message_nobody_proves_changes_nothing(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("facts")
    good = envelope.seal(KEYS["vending"], 70002, body("credit", 6_000_001, 123456))
    for sequence, bad in enumerate((good[:-1] + bytes([good[-1] ^ 1]), good[:-2], bytes(512))):
        said, receipt = submit(master, bad, 100 + sequence)
        assert said[3] != EXECUTED
        assert receipt == b""
    assert meter("facts") == before


def test_a_token_is_entered_once(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("facts")["balance"]
    digits = sts.with_tid(
        TOKEN_KEY, sts.CREDIT, 0, sts.tid_at(datetime(2007, 5, 1), 1993), 250, 5)
    registers = words(digits.encode())
    for sequence, status in ((7, EXECUTED), (7, EXECUTED), (8, 6)):
        assert master.write(TOKEN, [*registers, sequence]) == 0
        said = result(master)
        assert said[1:4] == [sequence, 2, status]
    assert said[4] != 0
    after = meter("facts")["balance"]
    assert after > before
    assert said[6] << 16 | said[7] == after
    wrong = words(digits[::-1].encode())
    assert master.write(TOKEN, [*wrong, 9]) == 0
    assert result(master)[3] == 4  # format failure: its check sum is wrong
    assert meter("facts")["balance"] == after


def test_settings_by_a_message_hold_once_its_result_is_read(
        meter: BusMeter, master: Pymodbus) -> None:
    message = envelope.seal(
        KEYS["technician"], 80001, body("limits", ["bus_address", UNIT + 1]))
    said, receipt = submit(master, message, 300)
    assert said[3] == EXECUTED and receipt
    time.sleep(0.2)
    other = master.client.read_input_registers(0, count=1, device_id=UNIT + 1)
    assert other.registers == [1]
    with pytest.raises(ModbusIOException):
        master.read(False, 0, 1)
    meter("set", {"bus_address": UNIT})
    time.sleep(0.2)
    assert master.read(False, 0, 1) == [1]


def test_the_console_changes_settings_at_once(meter: BusMeter, master: Pymodbus) -> None:
    meter("set", {"bus_baud": 57600})
    time.sleep(0.2)
    assert master.read(False, 0, 1) == [1]  # a pseudo terminal has no rate
    meter("set", {"bus_baud": 0})
    time.sleep(0.2)
    with pytest.raises(ModbusIOException):
        master.read(False, 0, 1)
    meter("set", {"bus_baud": 115200})
    time.sleep(1.5)
    assert master.read(False, 0, 1) == [1]


def test_nothing_went_wrong(meter: BusMeter) -> None:
    status = meter("status")
    assert (status["failures"], status["refused"], status["stuck"]) == (0, 0, 0)
    assert "software_failed" not in status["events"]
