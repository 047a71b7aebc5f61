"""Snippets for masters, made from the table of the registers: Home Assistant, Telegraf, pymodbus.

Sources: Home Assistant, integration "Modbus" (sensors: data_type, scale, nan_value); Telegraf,
plugin inputs.modbus (configuration_type "request"); pymodbus 3, ModbusSerialClient.
"""

from collections.abc import Sequence
from typing import Protocol

PLACES = 5
"""Decimals of the credit unit that the snippets take; who has others changes them."""
BAUD = 9600
PARITY = "E"
UNIT = 1

_HOME = ("live", "energy", "money", "supply")
_LEFT_OUT = ("time", "bytes")
"""Types that a home has no use for, or no type of its own."""
_HOME_TYPES = {"u16": "uint16", "bits": "uint16", "i16": "int16", "u32": "uint32",
               "i32": "int32", "u64": "uint64", "i64": "int64", "ascii": "string"}
_CLASSES = {"V": "voltage", "A": "current", "W": "power", "var": "reactive_power",
            "VA": "apparent_power", "Hz": "frequency", "Wh": "energy", "d": "duration"}
_OFTEN_S = 10
_SELDOM_S = 60

_TELEGRAF = ("identity", "live", "energy", "money", "supply", "demand", "counters")
_TELEGRAF_TYPES = {"u16": "UINT16", "bits": "UINT16", "i16": "INT16", "u32": "UINT32",
                   "time": "UINT32", "i32": "INT32", "u64": "UINT64", "bytes": "UINT64",
                   "i64": "INT64", "ascii": "STRING"}


class Row(Protocol):
    """What the snippets need of a register: see modbus.Register."""

    address: int
    registers: int
    kind: str
    name: str
    scale: int
    unit: str

    @property
    def unknown(self) -> str:
        """What stands for a value that nobody knows."""


class Part(Protocol):
    """What they need of a block: see modbus.Block."""

    space: str
    name: str

    @property
    def rows(self) -> Sequence[Row]:
        """Its registers."""


def scale_text(row: Row) -> str:
    """Return what a number is multiplied by, as a decimal; that of money with PLACES."""
    places = PLACES if row.unit == "CU" else -row.scale
    return "1" if not places else "0." + "0" * (places - 1) + "1"


def home_assistant(blocks: Sequence[Part]) -> str:
    """Return the configuration of the modbus integration."""
    lines = [f"""\
# The meter as sensors of Home Assistant, by its modbus integration. Made by
# `python -m tools.docs.modbus`. To change: port, address (slave), parity, and the scale and unit
# of money: it is that of a meter with money_places {PLACES}, in EUR.
modbus:
  - name: joulegate
    type: serial
    method: rtu
    port: /dev/ttyUSB0
    baudrate: {BAUD}
    bytesize: 8
    parity: {PARITY}
    stopbits: 1
    delay: 1
    message_wait_milliseconds: 20
    sensors:"""]
    for block in blocks:
        if block.name in _HOME:
            for row in block.rows:
                if row.kind not in _LEFT_OUT:
                    lines += _sensor(block, row)
    return "\n".join(lines) + "\n"


def _sensor(block: Part, row: Row) -> list[str]:
    """Return the lines of one sensor."""
    values: list[tuple[str, object]] = [
        ("name", '"' + row.name.replace("_", " ").capitalize() + '"'),
        ("unique_id", "joulegate_" + row.name), ("slave", UNIT), ("address", row.address),
        ("input_type", block.space), ("data_type", _HOME_TYPES[row.kind])]
    if row.kind == "ascii":
        values.append(("count", row.registers))
    else:
        values.append(("nan_value", f'"{row.unknown}"'))
        values += _quantity(row)
    values.append(("scan_interval", _OFTEN_S if block.name == "live" else _SELDOM_S))
    return [f"      {'-' if not i else ' '} {name}: {value}"
            for i, (name, value) in enumerate(values)]


def _quantity(row: Row) -> list[tuple[str, object]]:
    """Return scale, unit and classes of a sensor that has them."""
    scale = scale_text(row)
    values: list[tuple[str, object]] = []
    if scale != "1":
        values += [("scale", scale), ("precision", len(scale) - 2)]
    if row.unit:
        unit = "EUR" if row.unit == "CU" else row.unit.replace("CUR", "EUR")
        values.append(("unit_of_measurement", f'"{unit}"'))
    if row.name == "power_factor":
        values.append(("device_class", "power_factor"))
    elif row.unit in _CLASSES:
        values.append(("device_class", _CLASSES[row.unit]))
    if row.unit.endswith("h") and row.name != "to_next_tier":
        values.append(("state_class", "total_increasing"))
    elif row.unit and row.unit != "CU" and row.name != "to_next_tier":
        values.append(("state_class", "measurement"))
    return values


def telegraf(blocks: Sequence[Part]) -> str:
    """Return the configuration of inputs.modbus."""
    lines = [f"""\
# The meter for Telegraf, by inputs.modbus. Made by `python -m tools.docs.modbus`. To change:
# controller, slave_id and parity, and the scale of money: it is that of a meter with
# money_places {PLACES}. A value that nobody knows comes as the number that stands for it,
# see docs/modbus.md; times are Unix seconds, digests their first 8 bytes as a number.
[[inputs.modbus]]
  name = "joulegate"
  controller = "file:///dev/ttyUSB0"
  transmission_mode = "RTU"
  baud_rate = {BAUD}
  data_bits = 8
  parity = "{PARITY}"
  stop_bits = 1
  timeout = "1s"
  busy_retries = 2
  busy_retries_wait = "200ms"
  configuration_type = "request\""""]
    for block in blocks:
        if block.name not in _TELEGRAF:
            continue
        lines += [f"""
  [[inputs.modbus.request]]
    slave_id = {UNIT}
    byte_order = "ABCD"
    register = "{block.space}"
    measurement = "joulegate_{block.name}"
    fields = ["""]
        lines += [f"      {{ {_field(row)} }}," for row in block.rows]
        lines.append("    ]")
    return "\n".join(lines) + "\n"


def _field(row: Row) -> str:
    values = [f'address = {row.address}', f'name = "{row.name}"',
              f'type = "{_TELEGRAF_TYPES[row.kind]}"']
    if row.kind == "ascii":
        values.append(f"length = {row.registers}")
    elif scale_text(row) != "1":
        values += [f"scale = {scale_text(row)}", 'output = "FLOAT64"']
    return ", ".join(values)


def pymodbus() -> str:
    """Return a script that reads all registers by pymodbus and prints them."""
    return _SCRIPT.replace("BAUD", str(BAUD)).replace("PARITY", PARITY)


_SCRIPT = '''\
"""Read all registers of a meter by pymodbus and print them: see `main`.

Needs pymodbus 3.10 or later and pyserial, and modbus.csv in the folder above. Made by
`python -m tools.docs.modbus`.
"""

import csv
import itertools
import sys
from decimal import Decimal
from pathlib import Path

from pymodbus.client import ModbusSerialClient

TABLE = Path(__file__).resolve().parent.parent / "modbus.csv"
SIGNED = ("i16", "i32", "i64")


def value_of(row: dict[str, str], registers: list[int], places: int) -> str:
    """Return the value of a register as a text."""
    body = b"".join(register.to_bytes(2, "big") for register in registers)
    if row["type"] == "ascii":
        return body.rstrip(bytes(1)).decode()
    if row["type"] == "bytes":
        return body.hex()
    if int.from_bytes(body, "big") == int(row["unknown"], 16):
        return "not known"
    number = int.from_bytes(body, "big", signed=row["type"] in SIGNED)
    scale = -places if row["unit"] == "CU" else int(row["scale"])
    return str(Decimal(number).scaleb(scale))


def read_block(
    client: ModbusSerialClient, unit: int, rows: list[dict[str, str]]
) -> list[int]:
    """Return the registers of a block, all of one moment."""
    count = sum(int(row["registers"]) for row in rows)
    read = (client.read_holding_registers if rows[0]["space"] == "holding"
            else client.read_input_registers)
    answer = read(int(rows[0]["address"]), count=count, device_id=unit)
    if answer.isError():
        raise SystemExit(f"{rows[0]['block']}: {answer}")
    return answer.registers


def main(port: str, unit: str = "1", baud: str = "BAUD", parity: str = "PARITY") -> None:
    """Print all that a meter says: read_meter.py PORT [UNIT [BAUD [PARITY]]]."""
    client = ModbusSerialClient(
        port, baudrate=int(baud), parity=parity, stopbits=1, timeout=1)
    if not client.connect():
        raise SystemExit(f"{port}: cannot be opened")
    with TABLE.open(newline="", encoding="utf-8") as f:
        table = list(csv.DictReader(f))
    places = 0
    for block, group in itertools.groupby(table, key=lambda row: row["block"]):
        rows = list(group)
        registers = read_block(client, int(unit), rows)
        print(f"[{block}]")
        for row in rows:
            at = int(row["address"]) - int(rows[0]["address"])
            text = value_of(row, registers[at:at + int(row["registers"])], places)
            if row["name"] == "money_places" and text.isdigit():
                places = int(text)
            unit_text = row["unit"] if row["unit"] != "CU" else "currency"
            print(f"{row['name']} = {text} {unit_text}")
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
'''
