"""What an RP2 program says of itself: name, version, board, storage.

Every program of the Pico SDK carries such a list (pico_binary_info/include/pico/binary_info);
MicroPython puts its version there and where its storage lies (ports/rp2/main.c, rp2_flash.c).
"""

import struct
from dataclasses import dataclass, field

from tools.image.errors import ImageError
from tools.image.uf2 import FLASH_BASE, Program

STORAGE = "MicroPython"
"""The name that ports/rp2/rp2_flash.c gives its storage."""

_START, _END = 0x7188EBF2, 0xE71AA390
_HEADER_WITHIN = 0x400
"""The list's header is in the first 256 bytes behind the boot stage or the vectors."""
_ENTRIES_MOST = 256
_TEXT_MOST = 64
_TYPE_TEXT, _TYPE_STORAGE = 6, 7
_NAME, _VERSION, _BOARD = 0x02031C86, 0x11A9BC3A, 0xB63CFFBB
_FIELDS = {_NAME: "name", _VERSION: "version", _BOARD: "board"}


@dataclass
class BinaryInfo:
    """The entries of the list that matter; `storage` by name, as (flash offset, size)."""

    name: str = ""
    version: str = ""
    board: str = ""
    storage: dict[str, tuple[int, int]] = field(default_factory=dict)


def read(program: Program) -> BinaryInfo:
    """Read the binary information of `program`; ImageError when it has none."""
    first, last = _list(program)
    info = BinaryInfo()
    for at in range(first, last, 4):
        address, = struct.unpack("<I", program.bytes_at(at, 4))
        kind, _ = struct.unpack("<2H", program.bytes_at(address, 4))
        if kind == _TYPE_TEXT:
            identity, value = struct.unpack("<2I", program.bytes_at(address + 4, 8))
            if identity in _FIELDS:
                setattr(info, _FIELDS[identity], _text(program, value))
        elif kind == _TYPE_STORAGE:
            name, start, size = struct.unpack("<3I", program.bytes_at(address + 4, 12))
            info.storage[_text(program, name)] = (start - FLASH_BASE, size)
    return info


def _list(program: Program) -> tuple[int, int]:
    for address in range(FLASH_BASE, FLASH_BASE + _HEADER_WITHIN, 4):
        if address - address % 256 not in program.pages:
            continue
        if program.bytes_at(address, 4) != struct.pack("<I", _START):
            continue
        first, last, _, end = struct.unpack("<4I", program.bytes_at(address + 4, 16))
        if end == _END and first <= last <= first + 4 * _ENTRIES_MOST:
            return first, last
    raise ImageError("UF2: is no MicroPython, it holds no binary information")


def _text(program: Program, address: int) -> str:
    found = bytearray()
    while len(found) < _TEXT_MOST:
        byte = program.bytes_at(address + len(found), 1)
        if byte == b"\0":
            break
        found += byte
    return found.decode("ascii", "replace")
