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


def main(port: str, unit: str = "1", baud: str = "9600", parity: str = "E") -> None:
    """Print all that a meter says: read_meter.py PORT [UNIT [9600 [E]]]."""
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
