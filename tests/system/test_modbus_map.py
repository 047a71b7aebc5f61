"""Every register of the CSV, every hole and every bad value, by pymodbus from a running meter."""

import csv
import itertools
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pymodbus.client import ModbusSerialClient
from pymodbus.pdu.register_message import ReadInputRegistersRequest

from tests.system.bus_peer import UNIT, BusMeter
from tests.system.modbus_masters import Pymodbus
from tools.bench.process import ROOT

HOLE, VALUE = 2, 3
ADDRESSES = 0x10000
NEAR = 0x1500
METER = "01234567890"
MAILBOX = range(0x1000, 0x1400)
"""Holding registers of another part: tests/system/test_modbus_masters.py."""
TYPES = {
    "u16": ModbusSerialClient.DATATYPE.UINT16, "bits": ModbusSerialClient.DATATYPE.UINT16,
    "i16": ModbusSerialClient.DATATYPE.INT16, "u32": ModbusSerialClient.DATATYPE.UINT32,
    "i32": ModbusSerialClient.DATATYPE.INT32, "time": ModbusSerialClient.DATATYPE.UINT32,
    "u64": ModbusSerialClient.DATATYPE.UINT64, "i64": ModbusSerialClient.DATATYPE.INT64,
    "ascii": ModbusSerialClient.DATATYPE.STRING,
}
MOVING = {"identity", "live", "energy", "money", "demand", "counters"}
"""Blocks in which a second may change something."""
Row = dict[str, str]


class Count(ReadInputRegistersRequest):
    """A request for any count: pymodbus itself sends none that is wrong."""

    def verifyCount(self, *_: object, **__: object) -> None:  # noqa: N802
        """Let it be wrong."""


@pytest.fixture(scope="module")
def meter() -> Iterator[BusMeter]:
    with BusMeter(demand_minutes=15) as found:
        yield found


@pytest.fixture(scope="module")
def master(meter: BusMeter) -> Iterator[Pymodbus]:
    found = Pymodbus(meter.path)
    yield found
    found.close()


def table() -> list[Row]:
    with (ROOT / "docs/modbus.csv").open(newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def blocks() -> list[list[Row]]:
    return [list(rows) for _, rows in itertools.groupby(table(), key=lambda row: row["block"])]


def place(row: Row) -> tuple[bool, int, int]:
    return row["space"] == "holding", int(row["address"]), int(row["registers"])


def value_of(row: Row, registers: list[int]) -> Any:
    """Return a value by pymodbus's own types, None for one that is not known."""
    if row["type"] == "bytes":
        return b"".join(register.to_bytes(2, "big") for register in registers)
    value: Any = ModbusSerialClient.convert_from_registers(registers, TYPES[row["type"]])
    if row["type"] == "ascii":
        return value.rstrip("\x00")
    unknown = int(row["unknown"], 16)
    bits = 16 * int(row["registers"])
    return None if value % (1 << bits) == unknown else value


def read_all(master: Pymodbus) -> dict[str, Any]:
    """Return all values by name, a request a block."""
    found = {}
    for rows in blocks():
        holding, first, _ = place(rows[0])
        answer = master.read(holding, first, sum(int(row["registers"]) for row in rows))
        assert isinstance(answer, list), rows[0]
        for row in rows:
            _, address, count = place(row)
            found[row["name"]] = value_of(row, answer[address - first:address - first + count])
    return found


def test_each_register_alone_says_what_its_block_says(master: Pymodbus) -> None:
    whole = read_all(master)
    for row in table():
        answer = master.read(*place(row))
        assert isinstance(answer, list) and len(answer) == int(row["registers"]), row["name"]
        if row["block"] not in MOVING:
            assert value_of(row, answer) == whole[row["name"]], row["name"]


def test_values_are_those_of_the_meter(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("facts")
    found = read_all(master)
    after = meter("facts")
    assert found["meter_id"] == METER
    assert (found["board"], found["currency"], found["phases"]) == ("BENCH", "EUR", 1)
    assert found["status"] & 0x0F == 0x0F
    assert 20000 < found["voltage"] < 26000
    assert 4900 < found["frequency"] < 5100
    assert before["balance"] >= found["balance"] >= after["balance"]
    assert found["credits"] == before["credits"]
    assert found["balance"] == found["credits"] - found["charges"]
    assert found["price"] == 30_000_000
    assert found["output_state"] == before["relay"]
    assert found["forbidding"] == before["supply"]
    assert before["sequence"] <= found["commits"] <= after["sequence"]
    assert found["demand_minutes"] == 15


def test_every_partial_read_is_refused(master: Pymodbus) -> None:
    """Of each value that takes more than one register: without its first, or its last."""
    for row in table():
        holding, address, count = place(row)
        if count > 1:
            assert master.read(holding, address, count - 1) == HOLE, row["name"]
            assert master.read(holding, address + 1, count - 1) == HOLE, row["name"]


def test_the_edges_of_every_hole(master: Pymodbus) -> None:
    """One request may neither lie in a hole nor reach over the edge of a block."""
    begins = {place(row)[:2] for row in table()}
    for rows in blocks():
        holding, first, width = place(rows[0])
        _, last, count = place(rows[-1])
        end = last + count
        assert master.read(holding, end, 1) == HOLE
        assert master.read(holding, last, count + 1) == HOLE
        if (not holding, first) not in begins:
            assert master.read(not holding, first, width) == HOLE
        if first:
            assert master.read(holding, first - 1, 1) == HOLE
            assert master.read(holding, first - 1, width + 1) == HOLE
    for address in (0x0080, 0x0700, 0x0FFF, 0x1000, 0x1400, 0x8000, 0xFFFF):
        assert master.read(False, address, 1) == HOLE
    for address in (0x0000, 0x0100, 0x0FFF, 0x1400, 0x8000, 0xFFFF):
        assert master.read(True, address, 1) == HOLE


def test_writing_moves_nothing_but_selectors(meter: BusMeter, master: Pymodbus) -> None:
    before = meter("facts")
    for row in table():
        holding, address, count = place(row)
        if not holding and not 0x0800 <= address < 0x0807:
            assert master.write(address, [0] * count) == HOLE, row["name"]
    after = meter("facts")
    for name in ("credits", "marks", "supply", "relay", "settings"):
        assert before[name] == after[name]


def test_bad_values_of_selectors(master: Pymodbus) -> None:
    first = {row["name"]: int(row["address"]) for row in table()}
    assert master.write(first["day_select"], [1, 1, 1, 0, 1, 0, 1]) == 0
    for name, most in (("day_select", 75), ("month_select", 24), ("purchase_list", 1),
                       ("purchase_select", 113), ("event_class", 8), ("event_select", 127)):
        assert master.write(first[name], [most + 1]) == VALUE, name
        assert master.write(first[name], [0xFFFF]) == VALUE, name
        assert master.write(first[name], [most]) == 0, name
    assert master.write(first["profile_select"], [0xFFFF]) == VALUE
    assert master.write(first["event_select"], [1, 1]) == HOLE
    # All or nothing.
    assert master.write(first["purchase_list"], [0, 1, 0, 1]) == 0
    assert master.write(first["purchase_list"], [0, 3, 9, 1]) == VALUE
    assert master.read(True, first["purchase_list"], 4) == [0, 1, 0, 1]


def test_windows_show_what_the_meter_did(meter: BusMeter, master: Pymodbus) -> None:
    first = {row["name"]: int(row["address"]) for row in table()}
    assert master.write(first["purchase_list"], [0, 1]) == 0
    found = read_all(master)
    assert (found["purchase_valid"], found["purchase_tid"]) == (1, 1)
    assert found["purchase_amount"] == meter("facts")["credits"]
    assert master.write(first["event_class"], [2, 1]) == 0  # credit
    found = read_all(master)
    assert (found["event_valid"], found["event_log"]) == (1, 2)
    assert found["event_value"] == meter("facts")["credits"]
    assert master.write(first["month_select"], [24]) == 0
    found = read_all(master)
    assert (found["month_selected"], found["month_valid"]) == (24, 0)
    assert found["month_balance"] is None


def test_counts_that_no_request_may_have(master: Pymodbus) -> None:
    for count in (0, 126, 127, 2000, 65535):
        said = master.client.execute(False, Count(address=0x0100, count=count, dev_id=UNIT))
        assert said.exception_code == VALUE, count


def test_the_script_in_docs(meter: BusMeter, master: Pymodbus) -> None:
    """It prints every register, and what it prints is what the meter says."""
    master.client.close()
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/modbus/read_meter.py"), meter.path, str(UNIT), "115200",
         "N"],
        capture_output=True, text=True, timeout=60, check=True)
    assert master.client.connect()
    lines = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
    assert list(lines) == [row["name"] for row in table()]
    assert lines["meter_id"].strip() == METER
    assert lines["price"] == "0.30000000 CUR/kWh"
    assert float(lines["credits"].split()[0]) == meter("facts")["credits"] / 1e5
    assert lines["next_tariff_start"] == "not known s"


@pytest.mark.sweep
def test_every_address_of_both_spaces(master: Pymodbus) -> None:
    """Beyond those that are used, some; all are asked in tests/unit/test_register_map.py."""
    single = {place(row)[:2] for row in table() if row["registers"] == "1"}
    for holding in (False, True):
        for address in itertools.chain(range(NEAR), range(NEAR, ADDRESSES, 61)):
            if holding and address in MAILBOX:
                continue
            answer = master.read(holding, address, 1)
            if (holding, address) in single:
                assert isinstance(answer, list), (holding, address)
            else:
                assert answer == HOLE, (holding, address)


def test_nothing_fell_over(meter: BusMeter) -> None:
    status = meter("status")
    assert (status["failures"], status["refused"], status["stuck"]) == (0, 0, 0)
    assert "software_failed" not in status["events"]
