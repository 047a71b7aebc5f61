"""Read a meter's flash image without its firmware: the auditor who opens the box.

The layouts are those of docs/ledger.md, written down here once more by hand; littlefs is read
by the littlefs-python package.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from littlefs import LittleFS

SECTOR = 4096
LIMB = 2**29


@dataclass
class Purchase:
    sequence: int
    tid: int
    units: int
    credits: int
    balance: int
    debt: int


@dataclass
class Records:
    """What the records of one image say; amounts in credit units, energy in counts."""

    sequence: int
    balance: int
    charges: int
    credits: int
    remainder: tuple[int, int]
    cells: tuple[int, ...]
    days_charged: int
    settled: tuple[int, int]
    marks: tuple[int, ...]
    closed: int
    debts: tuple[int, ...]
    recovered: int
    other_energies: int
    import_mark: int
    registers_Wh: tuple[int, ...]
    register_remainders: tuple[int, ...]
    purchases: list[Purchase]


def open_image(path: Path) -> LittleFS:
    image = bytearray(path.read_bytes())
    fs = LittleFS(block_size=SECTOR, block_count=len(image) // SECTOR, prog_size=256,
                  read_size=32, lookahead_size=32, cache_size=256, mount=False)
    fs.context.buffer = image
    fs.mount()
    return fs


def read_image(path: Path) -> Records:
    """Return the records of a flash image; AssertionError if one is damaged."""
    fs = open_image(path)
    with fs.open("ledger.bin", "rb") as f:
        hot = f.read()
    with fs.open("registers.bin", "rb") as f:
        registers = f.read()
    with fs.open("journal/purchases.bin", "rb") as f:
        journal = f.read()
    for record in (hot, registers):
        assert crc32(record[:-4]) == struct.unpack("<I", record[-4:])[0]
    assert hot[:4] == b"JGLH" and registers[:4] == b"JGLR"
    return _parse(hot, registers, journal)


def _parse(hot: bytes, registers: bytes, journal: bytes) -> Records:
    at = 4

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from("<" + form, hot, at)
        at += struct.calcsize("<" + form)
        return values

    _, sequence = take("BI")
    take("13s3s")  # meter id, counts per kWh
    balance, r1, r2 = take("q3s3s")
    rem1, rem2 = (int.from_bytes(limb, "little") for limb in (r1, r2))
    charges_low, charges_high, credits_low, credits_high = take("IhIh")
    take("I")  # latest purchase
    *debts, recovered_low, recovered_high, _ = take("3IIHI")
    other_energies, _ = take("qB")
    take("8s8si")  # tariffs, start
    take("hiHH")  # day, last second seen, month, window
    take("6I")  # positions
    cells = take("24I")
    take("6I6B")  # exports, bands
    days_charged, = take("B")
    take("Qq")  # the month's earlier part
    settled = take("qQ")
    marks = tuple(int.from_bytes(hot[at + 3 * i:at + 3 * i + 3], "little") for i in range(50))
    at += 150
    take("I")  # messages: end of the lease
    take("BBBiiB")  # supply: reasons, what it keeps, overloads, until, limit left, trips
    import_mark, _ = take("II")
    _, flags = take("BB")
    closed = flags >> 2 & 1
    assert at == len(hot) - 4
    values = struct.unpack_from("<8I8I", registers, 9)
    purchases = []
    for slot in range(0, len(journal), 42):
        entry = journal[slot:slot + 42]
        if entry == bytes(42):
            continue
        sequence_of, _, _, _, tid, units, credits, after, debt, check = struct.unpack(
            "<IiBBIiqqII", entry)
        assert crc32(entry[:-4]) == check
        purchases.append(Purchase(sequence_of, tid, units, credits, after, debt))
    purchases.sort(key=lambda p: p.sequence)
    return Records(
        sequence, balance, charges_high * LIMB + charges_low, credits_high * LIMB + credits_low,
        (rem1, rem2), cells, days_charged, (settled[0], settled[1]), marks, closed,
        tuple(debts), recovered_high * LIMB + recovered_low,
        other_energies, import_mark,
        values[:8], values[8:], purchases)
