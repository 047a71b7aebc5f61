"""A glyph as the firmware has it, and the module that holds a table of them.

A record is the advance, then two bytes a column, lower first; bit 0 is the topmost pixel. The
codes are two bytes each, higher first, in rising order, so that they can be searched by halves.
"""

from collections.abc import Iterable
from typing import NamedTuple

HEIGHT = 16
"""Rows that a column of two bytes can have."""
PER_LINE = 22
"""Bytes to a line of a table."""


class Glyph(NamedTuple):
    """Rows from the top, each a string of `.` and `#`, and how far on the next one stands."""

    code: int
    rows: list[str]
    advance: int


def record(glyph: Glyph, columns: int) -> bytes:
    """The bytes of a glyph, as wide as the table. ValueError for one that does not fit in."""
    if len(glyph.rows) > HEIGHT or not 1 <= glyph.advance <= columns:
        raise ValueError(
            f"glyph U+{glyph.code:04X}: {len(glyph.rows)} rows, advance {glyph.advance}: "
            f"must be {HEIGHT} rows and {columns} columns at most")
    found = bytearray([glyph.advance])
    for x in range(columns):
        column = 0
        for y, row in enumerate(glyph.rows):
            if x < len(row) and row[x] == "#":
                column |= 1 << y
        found += column.to_bytes(2, "little")
    return bytes(found)


def module(docstring: str, columns: int, glyphs: Iterable[Glyph]) -> str:
    """The source of a module with the table of some glyphs."""
    table = sorted(glyphs, key=lambda glyph: glyph.code)
    codes = b"".join(glyph.code.to_bytes(2, "big") for glyph in table)
    lines = [f'"""{docstring}"""', "", "from micropython import const", "",
             f"COLUMNS = const({columns})", "", *_constant("CODES", _chunks(codes, PER_LINE)),
             "", "RECORDS = ("]
    for glyph in table:
        chunks = _chunks(record(glyph, columns), PER_LINE + 3)
        lines += [f"    {_literal(chunk)}" for chunk in chunks]
    lines[-1] += ")"
    return "\n".join(lines) + "\n"


def _constant(name: str, chunks: list[bytes]) -> list[str]:
    lines = [f"{name} = ("] + [f"    {_literal(chunk)}" for chunk in chunks]
    lines[-1] += ")"
    return lines


def _chunks(data: bytes, size: int) -> list[bytes]:
    return [data[i:i + size] for i in range(0, len(data), size)]


def _literal(data: bytes) -> str:
    return 'b"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'
