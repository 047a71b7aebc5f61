"""`python -m tools.docs.modbus [PART]`: print docs/modbus.md, or another part, from the table of
the firmware; `write` writes all parts to docs/.

The page, the CSV and the snippets say what the table of `bus/modbus/register_table.py` says:
nothing about a register is written here.
"""

import csv
import io
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.docs import firmware
from tools.docs.modbus_snippets import home_assistant, pymodbus, telegraf

COLUMNS = (
    "space", "address", "hex", "registers", "type", "name", "scale", "unit", "unknown", "block",
    "meaning")
BITS = {"u16": 16, "i16": 16, "bits": 16, "u32": 32, "i32": 32, "time": 32, "u64": 64, "i64": 64}
MADE = "python -m tools.docs.modbus"


@dataclass
class Register:
    """A row of the table, at its address."""

    space: str
    address: int
    registers: int
    kind: str
    name: str
    scale: int
    unit: str
    meaning: str
    block: str

    @property
    def unknown(self) -> str:
        """What stands for a value that nobody knows, in hexadecimal; "" for a text or bytes."""
        bits = BITS.get(self.kind)
        if bits is None:
            return ""
        digits = "8" + "0" * (bits // 4 - 1) if self.kind[0] == "i" else "F" * (bits // 4)
        return "0x" + digits


@dataclass
class Block:
    """Registers without a gap between them."""

    space: str
    address: int
    name: str
    title: str
    rows: list[Register]

    @property
    def registers(self) -> int:
        return sum(row.registers for row in self.rows)


def blocks() -> list[Block]:
    """Return the blocks of the table, in its order."""
    table = firmware.load("joulegate.bus.modbus.register_table")
    found: list[Block] = []
    for line in table.TABLE.strip().replace("\n ", " ").splitlines():
        if line.startswith("@"):
            head, _, title = line.partition(": ")
            _, space, at, name = head.split()
            found.append(Block(space, int(at, 16), name, title, []))
            address = found[-1].address
        elif line:
            code, name, scale, unit, meaning = line.split(" ", 4)
            registers: int = table.type_of(code)[1]
            found[-1].rows.append(Register(
                found[-1].space, address, registers, code.partition("*")[0], name, int(scale),
                "" if unit == "-" else unit, meaning, found[-1].name))
            address += registers
    return found


def crc(frame: bytes) -> bytes:
    """Return a frame with its CRC (MODBUS over Serial Line V1.02, section 2.5.1.2)."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return frame + value.to_bytes(2, "little")


INTRODUCTION = """\
# Modbus registers

What a meter answers on its [RS485 bus](modbus-wire.md). This page is printed by
`{made}` from the table in
[`bus/modbus/register_table.py`](../firmware/joulegate/bus/modbus/register_table.py); do not edit
it. The same table as [CSV](modbus.csv), and made of it, ready for use:

- [Home Assistant](modbus/home-assistant.yaml): sensors of its `modbus` integration
- [Telegraf](modbus/telegraf.conf): requests of its `inputs.modbus`
- [pymodbus](modbus/read_meter.py): a script that prints all registers

The script is run against a meter on the bench in every test; the other two are parsed and held
against the table, and were not tried in those programs yet.

## Rules

- Values are in **input registers** (function 04) and are there to be read. **Holding registers**
  (03, 06, 16, 23) are the selectors of the [windows](#windows) and the
  [mailbox](modbus-wire.md#mailbox) for tokens and messages. No register moves money or supply:
  only what is in the mailbox does, and it must prove who it is from.
- Addresses are those in the request, from 0. A master that counts from 1 adds 1, one that
  writes 3xxxx or 4xxxx adds 30001 or 40001.
- Numbers are big-endian, the high word first, without exception.
- A value is the number times ten to the power of *scale*, in *unit*.
- Money in **CU**, credit units, is times ten to the power of minus `money_places` in currency:
  with 5 places, 1234567 is 12.34567. Prices and amounts of statements, in **CUR**, are 1e-8 of
  the currency, rounded down. All are integers, so nothing is lost on the way.
- A **time** counts seconds since 1970-01-01T00:00:00Z, without leap seconds.
- **Not known** has a number of its own, by type:

| type | registers | is | not known |
|---|---:|---|---|
| u16, bits | 1 | unsigned number; a set of bits, 0 the lowest | `0xFFFF` |
| i16 | 1 | signed number | `0x8000` |
| u32 | 2 | unsigned number, modulo 2^32 | `0xFFFFFFFF` |
| i32 | 2 | signed number | `0x80000000` |
| time | 2 | unsigned number | `0xFFFFFFFF` |
| u64 | 4 | unsigned number | `0xFFFFFFFFFFFFFFFF` |
| i64 | 4 | signed number | `0x8000000000000000` |
| ascii | as said | text, zero behind its end | zeros |
| bytes | as said | bytes as they are | zeros |

- A number of 16 bits that would not fit is the nearest that does.
- There is no secret on the wire: whoever is on the bus reads all of this, balance and purchases
  too.
- Every register answers, always: on a meter that is not provisioned, without time, in safe mode,
  with demand off, what nobody knows is not known.

## Requests

- A block has no gap and at most {most} registers: **one request can read all of it**, and then its
  values are of one moment. Between two blocks there is a hole.
- A request holds whole values of one block. One that begins or ends **inside a value**, or touches
  a hole, is refused with exception 02: so nobody puts a number together from two moments.
- Exceptions: 01 another function; 02 registers that are not there, parts of values, and writing
  anything but selectors and the mailbox; 03 a count of 0 or above 125 (to write: 123), and a value
  that a selector cannot have. Then nothing is answered or changed, not even in part.
- To poll often, read `live`; the other blocks change by the minute or the day. The counters tell
  when there is a new record.

Meter 1, `{example}`, is asked with

    {request}

## Windows

Records on flash are many, so a window shows one at a time: write its number into the selector,
counted **backwards, 1 for the newest**, then read the window. The record is read from flash once,
when it is selected, and what comes in meanwhile does not move it: `*_number` says which one it is
and rises by one each. 0 shows nothing. `*_valid` is 0 where there is no such record, and all
behind it is not known then. There is room for {days} days, {months} monthly statements,
{intervals} intervals, {purchases} purchases and as many refusals, and {events} events a class:
a number above that is refused with exception 03.

- Two masters that select in the same window take it from each other: `*_selected` and `*_number`,
  read in one request with the record, say whose it is.
- Days are counted by the calendar; days that are missing are not valid. Months, intervals,
  purchases and events are counted as they were made. A month in which the tariff changed has more
  than one statement; a power cut at its end may have left one twice, with the same date.
- `*_T1` to `*_T6` of a freeze are not known once another tariff is in force, whose periods may be
  others.
- `purchase_list` and `event_class` say from which log; changing one alone reads again.

Codes of events stand in [records](records.md#events), with what each record holds; what their
values mean in [the console](console.md). The reasons of a refusal:
{reasons}.

## Identification

Function 43/14, and the same in the registers:

| object | is |
|---:|---|
| 0x00 | vendor, `Joulegate` |
| 0x01 | product code: `Joulegate` and the name of the board |
| 0x02 | version of the firmware |
| 0x04 | product name |
| 0x05 | model: the name of the board |
| 0x06 | application: `joulegate` and the profile of the image |
| 0x80 | number of the meter, empty before it is provisioned |
| 0x81 | unique id of the processor, hexadecimal |
| 0x82 | id of the tariff in force |

## Registers"""


def page() -> str:
    """Return the whole page."""
    found = blocks()
    example = next(row for block in found for row in block.rows if row.name == "voltage")
    frame = crc(bytes((1, 4)) + example.address.to_bytes(2, "big")
                + example.registers.to_bytes(2, "big"))
    table = firmware.load("joulegate.bus.modbus.register_table")
    parts = [INTRODUCTION.format(
        **_capacities(), reasons=_reasons(), made=MADE, most=table.BLOCK_MAX, example=example.name,
        request=" ".join(f"{byte:02X}" for byte in frame))]
    parts += [_section(block) for block in found]
    return "\n\n".join(parts) + "\n"


def _reasons() -> str:
    names = firmware.load("joulegate.core.purchase_result").REASONS
    told = ", ".join(f"{number} `{name}`" for number, name in enumerate(names) if name)
    return textwrap.fill(told, 98)


def _capacities() -> dict[str, int]:
    """Return how many records there is room for."""
    def store(name: str, made: str, *arguments: object) -> Any:
        return getattr(firmware.load("joulegate.storage." + name), made)("", *arguments)

    freezes = store("freeze_store", "FreezeStore", None, None)
    return {
        "days": freezes.day_ring.capacity, "months": freezes.month_ring.capacity,
        "intervals": store("load_profile", "LoadProfile", None).ring.capacity,
        "purchases": store("purchase_log", "PurchaseLog", None).credits.capacity,
        "events": store("event_store", "EventStore", None).rings[0].capacity}


def _section(block: Block) -> str:
    """Return a block as a section of the page."""
    lines = [
        f"### {block.name}: {_lower(block.title)}", "",
        f"{block.space.capitalize()} registers {block.address:#06x} ({block.address}) on, "
        f"{block.registers} of them.", "",
        "| address | | registers | type | name | scale | unit | |",
        "|---:|---:|---:|---|---|---:|---|---|"]
    for row in block.rows:
        lines.append(
            f"| {row.address:#06x} | {row.address} | {row.registers} | {row.kind} | `{row.name}` "
            f"| {row.scale or ''} | {row.unit} | {row.meaning} |")
    return "\n".join(lines)


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def table_csv() -> str:
    """Return the table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for block in blocks():
        for row in block.rows:
            writer.writerow((
                row.space, row.address, f"{row.address:#06x}", row.registers, row.kind, row.name,
                row.scale, row.unit, row.unknown, row.block, row.meaning))
    return out.getvalue()


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "page": ("modbus.md", page),
    "csv": ("modbus.csv", table_csv),
    "home-assistant": ("modbus/home-assistant.yaml", lambda: home_assistant(blocks())),
    "telegraf": ("modbus/telegraf.conf", lambda: telegraf(blocks())),
    "pymodbus": ("modbus/read_meter.py", pymodbus),
}
"""The parts by name: file below docs/, and what makes it."""


def main(arguments: list[str]) -> int:
    """Print a part, the page without one, or write all; return the exit code."""
    name = arguments[0] if arguments else "page"
    if name == "write":
        folder = firmware.ROOT / "docs"
        for file, make in PARTS.values():
            _write(folder / file, make())
        return 0
    if len(arguments) > 1 or name not in PARTS:
        print(f"{' '.join(arguments)}: must be one of {', '.join(PARTS)}, write", file=sys.stderr)
        return 2
    print(PARTS[name][1](), end="")
    return 0


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
