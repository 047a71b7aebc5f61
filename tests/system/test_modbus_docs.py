"""The page, the CSV and the snippets of the Modbus registers are those of the firmware's table."""

import ast
import csv
import subprocess
import sys
import tomllib

import pytest
import yaml

from tools.bench.process import ROOT
from tools.docs.modbus import PARTS, Block, Register, blocks, crc, main

WIDTHS = {"u16": 1, "i16": 1, "bits": 1, "u32": 2, "i32": 2, "time": 2, "u64": 4, "i64": 4}
HOME_TYPES = {"uint16": ("u16", "bits"), "int16": ("i16",), "uint32": ("u32",), "int32": ("i32",),
              "uint64": ("u64",), "int64": ("i64",), "string": ("ascii",)}
TELEGRAF_TYPES = {"UINT16": ("u16", "bits"), "INT16": ("i16",), "UINT32": ("u32", "time"),
                  "INT32": ("i32",), "UINT64": ("u64", "bytes"), "INT64": ("i64",),
                  "STRING": ("ascii",)}
HOME_KEYS = {
    "name", "unique_id", "slave", "address", "input_type", "data_type", "count", "nan_value",
    "scale", "precision", "unit_of_measurement", "device_class", "state_class", "scan_interval"}
CLASS_UNITS = {
    "voltage": "V", "current": "A", "power": "W", "reactive_power": "var", "apparent_power": "VA",
    "frequency": "Hz", "energy": "Wh", "duration": "d", "power_factor": None}
TOTAL_BLOCKS = 13


def text(part: str) -> str:
    return (ROOT / "docs" / PARTS[part][0]).read_text(encoding="utf-8")


def rows() -> dict[str, Register]:
    return {row.name: row for block in blocks() for row in block.rows}


@pytest.mark.parametrize("part", PARTS)
def test_the_part_is_that_of_the_table(part: str) -> None:
    # In a process of its own: importing the firmware here would stay in every later test.
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs.modbus", part],
        cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == text(part), "run `python -m tools.docs.modbus write`"


def test_csv_is_the_table() -> None:
    """Whoever reads it finds each register where the last one ends."""
    found = list(csv.DictReader(text("csv").splitlines()))
    assert [row["name"] for row in found] == list(rows())
    ends: dict[str, int] = {}
    for row in found:
        address, registers = int(row["address"]), int(row["registers"])
        assert int(row["hex"], 16) == address
        assert registers == WIDTHS.get(row["type"], registers)
        assert ends.get(row["block"], address) == address, row["name"]
        ends[row["block"]] = address + registers
        if row["type"] in WIDTHS:
            assert len(row["unknown"]) == 2 + 4 * registers
        else:
            assert row["unknown"] == ""
        assert row["meaning"]
    assert len(ends) == TOTAL_BLOCKS


def test_page_has_each_register_once() -> None:
    page = text("page")
    for name, row in rows().items():
        assert page.count(f"| {row.address:#06x} | {row.address} | {row.registers} | {row.kind} | "
                          f"`{name}` |") == 1


def test_example_of_a_request() -> None:
    example = next(line for line in text("page").splitlines() if line.startswith("    01 04"))
    frame = bytes.fromhex(example.strip())
    row = rows()["voltage"]
    assert frame[2:6] == row.address.to_bytes(2, "big") + row.registers.to_bytes(2, "big")
    # The example of the standard's text: 02 07 has the CRC 41 12.
    assert crc(bytes((2, 7))) == bytes((2, 7, 0x41, 0x12))
    assert crc(frame[:-2]) == frame


def test_home_assistant() -> None:
    hubs = yaml.safe_load(text("home-assistant"))["modbus"]
    assert len(hubs) == 1 and hubs[0]["type"] == "serial" and hubs[0]["parity"] == "E"
    sensors = hubs[0]["sensors"]
    table = rows()
    names = [sensor["unique_id"].removeprefix("joulegate_") for sensor in sensors]
    assert len(set(names)) == len(names) > 60
    assert len({sensor["name"] for sensor in sensors}) == len(sensors)
    for name, sensor in zip(names, sensors, strict=True):
        row = table[name]
        assert set(sensor) <= HOME_KEYS
        assert (sensor["address"], sensor["input_type"]) == (row.address, row.space)
        assert row.kind in HOME_TYPES[sensor["data_type"]]
        if row.kind == "ascii":
            assert sensor["count"] == row.registers
            continue
        assert sensor["nan_value"] == row.unknown
        places = 5 if row.unit == "CU" else -row.scale
        assert sensor.get("scale", 1) == pytest.approx(10.0 ** -places, rel=1e-12)
        assert sensor.get("precision", 0) == places
        if "device_class" in sensor:
            assert CLASS_UNITS[sensor["device_class"]] == sensor.get("unit_of_measurement")
        if sensor.get("device_class") == "energy":
            # Home Assistant takes no measurement of energy.
            assert sensor.get("state_class") in ("total_increasing", None)


def test_telegraf() -> None:
    plugin = tomllib.loads(text("telegraf"))["inputs"]["modbus"]
    assert len(plugin) == 1 and plugin[0]["configuration_type"] == "request"
    table = rows()
    seen = []
    for request in plugin[0]["request"]:
        assert request["byte_order"] == "ABCD"
        end = request["fields"][0]["address"]
        for field in request["fields"]:
            row = table[field["name"]]
            seen.append(row.name)
            # Without a gap, so that one request has all of the block.
            assert (field["address"], request["register"]) == (row.address, row.space)
            assert row.address == end
            assert row.kind in TELEGRAF_TYPES[field["type"]]
            assert field.get("length", row.registers) == row.registers
            places = 5 if row.unit == "CU" else -row.scale
            assert field.get("scale", 1) == pytest.approx(10.0 ** -places, rel=1e-12)
            assert ("scale" in field) == (field.get("output") == "FLOAT64")
            end = row.address + row.registers
        assert end - request["fields"][0]["address"] <= 125
    assert len(set(seen)) == len(seen) > 100


def test_script_compiles() -> None:
    names = {node.name for node in ast.walk(ast.parse(text("pymodbus")))
             if isinstance(node, ast.FunctionDef)}
    assert names == {"value_of", "read_block", "main"}


def test_write_and_wrong_part(tmp_path, monkeypatch, capsys) -> None:
    from tools.docs import firmware
    monkeypatch.setattr(firmware, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    assert main(["write"]) == 0
    for part, (file, _) in PARTS.items():
        assert (tmp_path / "docs" / file).read_text(encoding="utf-8") == text(part)
    assert main(["pages"]) == 2
    assert "pages: must be one of page, csv" in capsys.readouterr().err


def test_blocks_are_whole() -> None:
    found: list[Block] = blocks()
    assert len(found) == TOTAL_BLOCKS
    assert all(0 < block.registers <= 125 for block in found)
