"""The names in .mpy files, as a module that is frozen in their stead.

MicroPython keeps each name once. One that is frozen lies in flash; one that a .mpy brings along
takes heap, even if its code runs from ROMFS. So an image with ROMFS has the names frozen: a module
that is never imported, in which they all occur.
Source: MicroPython v1.28.0, py/persistentcode.c for the .mpy; py/parse.c for which texts are kept
as names are, those of up to MICROPY_ALLOC_PARSE_INTERN_STRING_LEN characters.
"""

import keyword
import re
from collections.abc import Iterable

from tools.image.compiler import MPY_HEADER, File

_HEADER_BYTES = 4
_ARCH_FLAGS = 0x40
"""In byte 2 of the header: flags of the architecture follow it."""
_TEXT_MOST = 10
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")


def names(mpy: bytes) -> list[str]:
    """Return the names that a .mpy brings along, those that every MicroPython has left out."""
    if not mpy.startswith(MPY_HEADER):
        return []
    at = _HEADER_BYTES
    if mpy[2] & _ARCH_FLAGS:
        _, at = _number(mpy, at)
    count, at = _number(mpy, at)
    _, at = _number(mpy, at)
    found = []
    for _ in range(count):
        size, at = _number(mpy, at)
        if size & 1:  # the number of a name that every MicroPython has
            continue
        found.append(mpy[at:at + (size >> 1)].decode())
        at += (size >> 1) + 1
    return found


def _number(mpy: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, 7 bits a byte, the highest first; and where it ends."""
    value = 0
    while True:
        value = value << 7 | mpy[at] & 0x7F
        at += 1
        if not mpy[at - 1] & 0x80:
            return value, at


def module(files: Iterable[File]) -> str:
    """Return the source of a module with the names of `files`.

    Left out is what no source can say: names of files.
    """
    lines = ['"""Names of the modules in the ROMFS; never imported."""', "", "", "def names():"]
    lines += [f"    {line}" for line in sorted(
        {_line(name) for file in files for name in names(file.data)}) if line]
    return "\n".join([*lines, "    return text", ""])


def _line(name: str) -> str:
    """Return a statement that a name occurs in, empty where there is none."""
    if _NAME.fullmatch(name) and not keyword.iskeyword(name):
        return f"text.{name}"
    if len(name) <= _TEXT_MOST:
        return f"text = {name!r}"
    return f"import {name}" if _DOTTED.fullmatch(name) else ""
