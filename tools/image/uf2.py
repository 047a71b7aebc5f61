"""UF2: read with every rule checked, and write.

Sources: the UF2 file format (Microsoft, github.com/microsoft/uf2); boot/uf2.h of the Pico SDK
for the families; RP2350 data sheet, erratum E10, for the block in front of RP2350 files.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tools.image.boards import BLOCK
from tools.image.errors import ImageError

BLOCK_BYTES = 512
PAYLOAD = 256
"""Bytes of flash in a block: what the boot ROM of RP2 takes, one page."""
FLASH_BASE = 0x10000000
"""Address of the flash, RP2040 data sheet section 2.2."""
FILE_MOST = 32 << 20

_HEADER = struct.Struct("<8I")
_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_NOT_MAIN_FLASH, _FAMILY, _EXTENSION = 0x1, 0x2000, 0x8000
ABSOLUTE = 0xE48BFF57
_IGNORED_BLOCK = 0x9957E304
"""Extension of the block that the RP2350 is to ignore: it works round erratum E10."""
_IGNORED_AT = 0x10FFFF00
_PADDING = 476 - PAYLOAD
_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350 RISC-V",
             ABSOLUTE: "absolute", 0xE48BFF58: "data"}


@dataclass(frozen=True)
class Program:
    """The pages of a UF2: address -> PAYLOAD bytes, and the E10 block if there was one."""

    family: int
    pages: dict[int, bytes]
    e10: bytes = b""

    def bytes_at(self, address: int, size: int) -> bytes:
        """Return `size` bytes from `address`; ImageError where the file has none."""
        found = bytearray()
        while len(found) < size:
            at = address + len(found)
            page = self.pages.get(at - at % PAYLOAD)
            if page is None:
                raise ImageError(f"UF2: nothing at address {at:#x}, which the file refers to")
            found += page[at % PAYLOAD:][:size - len(found)]
        return bytes(found)

    @property
    def end(self) -> int:
        """The address behind the last page."""
        return max(self.pages) + PAYLOAD


def family_name(family: int) -> str:
    """Return the name of a UF2 family as people know it."""
    return _FAMILIES.get(family, f"family {family:#010x}")


def read(data: bytes, family: int) -> Program:
    """Read a UF2 that must be of `family`; ImageError for the first rule it breaks."""
    if not data or len(data) > FILE_MOST:
        raise ImageError(f"UF2: {len(data)} bytes, must be 1 to {FILE_MOST}")
    if data[:8] != struct.pack("<2I", *_MAGIC):
        raise ImageError("UF2: is none, it does not begin with the magic numbers of UF2")
    if len(data) % BLOCK_BYTES:
        raise ImageError(f"UF2: {len(data)} bytes, must be a multiple of {BLOCK_BYTES}: "
                         "it is cut short")
    blocks = [data[at:at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    e10 = b""
    if _is_e10(blocks[0]):
        e10 = blocks.pop(0)
    if not blocks:
        raise ImageError("UF2: holds no program")
    pages: dict[int, bytes] = {}
    for number, block in enumerate(blocks):
        address, payload = _page(block, number, len(blocks), family)
        if address in pages:
            raise ImageError(f"UF2: block {number}: address {address:#x} is there twice")
        pages[address] = payload
    return Program(family, pages, e10)


def _is_e10(block: bytes) -> bool:
    _, _, flags, address, _, number, count, family = _HEADER.unpack_from(block)
    extension, = struct.unpack_from("<I", block, _HEADER.size + PAYLOAD)
    return bool((number, count, family, address) == (0, 2, ABSOLUTE, _IGNORED_AT)
                and flags == _FAMILY | _EXTENSION and extension == _IGNORED_BLOCK)


def _page(block: bytes, number: int, count: int, family: int) -> tuple[int, bytes]:
    start, second, flags, address, size, own, total, found = _HEADER.unpack_from(block)
    end, = struct.unpack_from("<I", block, BLOCK_BYTES - 4)
    what = f"UF2: block {number}"
    if (start, second, end) != (*_MAGIC, _MAGIC_END):
        raise ImageError(f"{what}: its magic numbers are not those of UF2")
    if not flags & _FAMILY or flags & _NOT_MAIN_FLASH:
        raise ImageError(f"{what}: flags are {flags:#x}, must name a family and the main flash")
    if found != family:
        raise ImageError(f"{what}: is for {family_name(found)}, the board has "
                         f"{family_name(family)}")
    if (own, total) != (number, count):
        raise ImageError(f"{what}: is numbered {own} of {total}, must be {number} of {count}: "
                         "the file is not whole")
    if size != PAYLOAD:
        raise ImageError(f"{what}: holds {size} bytes, must be {PAYLOAD}")
    if address % PAYLOAD or not FLASH_BASE <= address < FLASH_BASE + (16 << 20):
        raise ImageError(f"{what}: address {address:#x} is no page of the flash")
    return address, block[_HEADER.size:_HEADER.size + PAYLOAD]


def write(program: Program) -> bytes:
    """Return the file of `program`: its E10 block, then its pages by address, numbered anew."""
    count = len(program.pages)
    blocks = [program.e10]
    for number, (address, payload) in enumerate(sorted(program.pages.items())):
        header = _HEADER.pack(*_MAGIC, _FAMILY, address, PAYLOAD, number, count, program.family)
        blocks.append(header + payload + bytes(_PADDING) + struct.pack("<I", _MAGIC_END))
    return b"".join(blocks)


def pages(at: int, data: bytes) -> dict[int, bytes]:
    """Return `data` as pages from address `at`, filled up to a whole erase block of 0xFF.

    An erase block that a file fills in part only is flashed wrongly (RP2040, erratum E14).
    """
    data = data.ljust(-(-len(data) // BLOCK) * BLOCK, b"\xff")
    return {at + offset: data[offset:offset + PAYLOAD]
            for offset in range(0, len(data), PAYLOAD)}


def e10_block() -> bytes:
    """Return the block that stands in front of every file for the RP2350 (erratum E10)."""
    header = _HEADER.pack(*_MAGIC, _FAMILY | _EXTENSION, _IGNORED_AT, PAYLOAD, 0, 2, ABSOLUTE)
    body = b"\xef" * PAYLOAD + struct.pack("<I", _IGNORED_BLOCK)
    return header + body + bytes(_PADDING - 4) + struct.pack("<I", _MAGIC_END)


def merge(program: Program, blocks: Iterable[tuple[int, bytes]], base: int) -> Program:
    """Return `program` with `blocks` of (offset, bytes) added from flash offset `base` on."""
    joined = dict(program.pages)
    for offset, data in blocks:
        for address, payload in pages(FLASH_BASE + base + offset, data).items():
            if address in joined:
                raise ImageError(f"UF2: address {address:#x} is taken by the program already")
            joined[address] = payload
    return Program(program.family, joined, program.e10)
