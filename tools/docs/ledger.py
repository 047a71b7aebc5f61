"""`python -m tools.docs.ledger`: print docs/ledger.md, made from the tables of the firmware."""

import struct
from typing import Any

from tools.docs import firmware

Field = tuple[str, str, str, int, int | None, int | None, str]

TYPES = {
    "B": "unsigned 8", "h": "signed 16", "H": "unsigned 16", "I": "unsigned 32", "i": "signed 32",
    "Q": "unsigned 64", "q": "signed 64", "8s": "8 bytes", "13s": "13 bytes",
    "T": "unsigned 24", "16s": "16 bytes", "48s": "48 bytes",
}

INTRODUCTION = """\
# The ledger

What a meter must not lose stands in two files of fixed length, each overwritten in place in one
write, or in FRAM. This page is printed by `python -m tools.docs.ledger` from the tables in
[`storage/ledger.py`](../firmware/joulegate/storage/ledger.py); do not edit it.

- Numbers are little-endian, fields follow each other without gaps. Bits count from the lowest
  of their byte; those without a width share the byte of that offset, its other bits are 0.
- A record is believed only if its length, check sum, magic, version and the range of every field
  are right. The meter never writes what it would not believe.
- The check sum is the CRC-32 of zlib over everything before it.
- The sequence rises by one at every commit; both records of one commit carry the same.
- Seconds count from 2020-01-01T00:00:00Z. A count is a tenth of a pulse of the meter constant.
- `d1` and `d2` are the denominators of the tariff in force, see
  [exact money](architecture.md#exact-money)."""

HOT = """\
## The hot record

`{file}`: money, tariff positions, replay marks and the switch, {size} bytes of at most {limit}.
littlefs keeps so small a file inside its directory entry, so that a commit wears no sector of
its own."""

REGISTERS = """\
## The registers

`{file}`: what has been measured since the meter was made, {size} bytes. It is written after the
hot record. After a cut between the two, the marks of the hot record tell how many counts are
missing here, and they are added at the next start."""

ENERGIES = """\
## Other energies

`{file}`: [counts of pulses](other-energies.md) and more, {size} bytes, only on a
meter that counts any. It holds two states in turn, those of odd and of even generations. It is
written before the hot record, whose `account.other_state` says which of the two is its own, so
that a cut between the two leaves money and counts of the same commit. It is a file on a board with
FRAM too."""


FRAM = """\
## In FRAM

On a board with FRAM both records stand there and no file does; a meter that had files moves them
when it first finds the FRAM. Each has two slots, written in turn: the hot record at {hot} and
{hot2}, the registers at {registers} and {registers2}. The last byte of the chip is for testing
it. A slot is a seal and then the record; the record is written first. The newest slot whose seal
is sound and whose record has the check sum in the seal counts.

| offset | bytes | field | type | meaning |
|---:|---:|---|---|---|
| 0 | 4 | generation | unsigned 32 | rises by one at each write |
| 4 | 4 | record | unsigned 32 | check sum of the record, its last field |
| 8 | 4 | check | unsigned 32 | CRC-32 of the eight bytes before and of the magic |
| 12 | | | | the record |"""


class _AnyFram:
    size = 8192


def page() -> str:
    """Return the whole page."""
    module = firmware.load("joulegate.storage.ledger")
    ledger = module.Ledger("")
    limit = firmware.load("joulegate.storage.record").SIZE_MAX
    parts = [INTRODUCTION]
    for text, record, meanings in (
        (HOT, ledger.hot, module.MEANINGS),
        (REGISTERS, ledger.registers, module.REGISTER_MEANINGS),
    ):
        size = len(record.buffer)
        file = record.path.lstrip("/")
        parts += [text.format(file=file, size=size, limit=limit),
                  _table(record, size, told(meanings))]
    record = firmware.load("joulegate.storage.energy_record").EnergyRecord("", None, None).record
    size = len(record.buffer)
    parts += [ENERGIES.format(file=record.path.lstrip("/"), size=size), _table(record, size, {})]
    home = module.Ledger("", _AnyFram())
    parts.append(FRAM.format(
        hot=home.hot.slots[0], hot2=home.hot.slots[1], registers=home.registers.slots[0],
        registers2=home.registers.slots[1]))
    return "\n\n".join(parts) + "\n"


def told(meanings: str) -> dict[str, str]:
    """Return the meaning of each owner.attribute, from lines as the firmware has them."""
    return dict(line.split(": ", 1) for line in meanings.strip().splitlines())


def _table(record: Any, size: int, meanings: dict[str, str]) -> str:
    lines = [
        "| offset | bytes | field | type | range | meaning |",
        "|---:|---:|---|---|---|---|",
    ]
    at = 0
    for name, code, meaning in (
        ("magic", "4s", f"`{record.magic.decode()}`"),
        ("version", "B", str(record._version)),
        ("sequence", "I", "number of the commit"),
    ):
        width = struct.calcsize("<" + code)
        lines.append(_row(str(at), str(width), name, TYPES.get(code, "4 bytes"), "", meaning))
        at += width
    for stored, at, _, bit in record.plan:
        field = stored
        if meanings:
            field = (*stored, meanings[f"{stored[0]}.{stored[1]}"])
        if bit < 0:
            width = _width(field[2]) * field[3]
            lines.append(_field_row(str(at), str(width), field))
            at += width
        else:
            lines.append(_bits_row(at, bit, field))
            at += 1
    lines.append(_row(str(at), "4", "check", TYPES["I"], "", "CRC-32 of all before"))
    if at + 4 != size:
        raise ValueError(f"{record.path}: the table makes {at + 4} bytes, the record {size}")
    return "\n".join(lines)


def _bits_row(at: int, bit: int, field: Field) -> str:
    owner, attribute, code, _, low, high, meaning = field
    bits = int(code[1:])
    place = f"bit {bit}" if bits == 1 else f"bits {bit} to {bit + bits - 1}"
    return _row(str(at), "", f"{owner}.{attribute}", place, f"{low} to {high}", meaning)


def _field_row(at: str, width: str, field: Field) -> str:
    owner, attribute, code, count, low, high, meaning = field
    kind = f"{count} x {TYPES[code]}" if count > 1 else TYPES[code]
    limits = "" if low is None else f"{low} to {high}"
    return _row(at, width, f"{owner}.{attribute}", kind, limits, meaning)


def _row(at: str, width: str, name: str, kind: str, limits: str, meaning: str) -> str:
    return f"| {at} | {width} | {name} | {kind} | {limits} | {meaning} |"


def _width(code: str) -> int:
    return 3 if code == "T" else struct.calcsize("<" + code)


if __name__ == "__main__":
    print(page(), end="")
