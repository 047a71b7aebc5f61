"""Read the .bin that MicroPython offers for the ESP32 chips: boot loader, table, application.

Sources: ESP-IDF Programming Guide, "Partition Tables" (32-byte entries, MD5 entry); esptool
documentation, "Firmware Image Format"; MicroPython's ports/esp32/makeimg.py, which joins the
parts.
"""

import hashlib
import struct
from dataclasses import dataclass

from tools.image.boards import Board
from tools.image.errors import ImageError

TABLE_AT = 0x8000
TABLE_BYTES = 0xC00
FILE_MOST = 32 << 20

_ENTRY = struct.Struct("<2s2BII16sI")
_ENTRY_MAGIC, _MD5_MAGIC = b"\xaa\x50", b"\xeb\xeb"
_END = b"\xff" * _ENTRY.size
_MD5_DATA_AT = 16

_IMAGE_MAGIC = 0xE9
_HEADER_BYTES = 24
_CHIP_AT, _HASH_FLAG_AT = 12, 23
_SEGMENTS_MOST = 16
_CHECKSUM_SEED = 0xEF
_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2",
          13: "ESP32-C6", 16: "ESP32-H2", 18: "ESP32-P4"}
_APP = 0
_LABELS = ("vfs", "ffat")


@dataclass(frozen=True)
class Partition:
    """One entry of the partition table; offset from the start of the flash."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int


def read(data: bytes, board: Board) -> tuple[list[Partition], bytes]:
    """Check a file for `board`; return its partitions and the bytes of its application.

    Raises ImageError for the first rule it breaks: another chip, a table or an image that is
    not whole.
    """
    if not data or len(data) > FILE_MOST:
        raise ImageError(f"ESP32 file: {len(data)} bytes, must be 1 to {FILE_MOST}")
    _check_chip(data, board, "boot loader")
    table = table_of(data, board.file_offset)
    application = next((part for part in table if part.type == _APP), None)
    if application is None:
        raise ImageError("ESP32 file: its partition table names no application")
    start = application.offset - board.file_offset
    image = data[start:start + application.size] if start >= 0 else b""
    _check_chip(image, board, f"partition {application.label}")
    return table, image[:_check_image(image, application.label)]


def table_of(data: bytes, file_offset: int) -> list[Partition]:
    """Return the partition table of a file that begins at flash offset `file_offset`."""
    at = TABLE_AT - file_offset
    table = data[at:at + TABLE_BYTES]
    found: list[Partition] = []
    for offset in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        entry = table[offset:offset + _ENTRY.size]
        if entry == _END:
            break
        if entry[:2] == _MD5_MAGIC:
            if hashlib.md5(table[:offset]).digest() != entry[_MD5_DATA_AT:]:
                raise ImageError("ESP32 file: the MD5 of the partition table is wrong")
            return found
        if entry[:2] != _ENTRY_MAGIC:
            raise ImageError(f"ESP32 file: no partition table at {TABLE_AT:#x}")
        _, kind, subtype, start, size, label, _ = _ENTRY.unpack(entry)
        text = label.split(b"\0")[0].decode("ascii", "replace")
        found.append(Partition(text, kind, subtype, start, size))
    raise ImageError(f"ESP32 file: the partition table at {TABLE_AT:#x} has no MD5: the file is "
                     "cut short, or none of MicroPython")


def storage(table: list[Partition], flash: int) -> tuple[int, int]:
    """Return offset and size of MicroPython's storage with this table, as ports/esp32/main.c.

    A partition labelled vfs or ffat; without one, what lies behind the last partition.
    """
    for part in table:
        if part.label in _LABELS:
            return part.offset, part.size
    end = max(part.offset + part.size for part in table)
    return end, flash - end


def _check_chip(image: bytes, board: Board, what: str) -> None:
    if len(image) < _HEADER_BYTES or image[0] != _IMAGE_MAGIC:
        raise ImageError(f"ESP32 file: {what}: is no image for an ESP32, it does not begin with "
                         f"{_IMAGE_MAGIC:#x}")
    chip, = struct.unpack_from("<H", image, _CHIP_AT)
    if chip != board.chip:
        name = _CHIPS.get(chip, f"chip {chip}")
        raise ImageError(f"ESP32 file: {what}: is for {name}, the board has {board.chip_name}")


def _check_image(image: bytes, label: str) -> int:
    """Check segments, checksum and SHA-256 of an image; return its length."""
    count = image[1]
    if not 1 <= count <= _SEGMENTS_MOST:
        raise ImageError(f"ESP32 file: partition {label}: {count} segments, must be 1 to "
                         f"{_SEGMENTS_MOST}")
    at, checksum = _HEADER_BYTES, _CHECKSUM_SEED
    for _ in range(count):
        _whole(image, at + 8, label)
        size, = struct.unpack_from("<I", image, at + 4)
        _whole(image, at + 8 + size, label)
        for word in _folded(image[at + 8:at + 8 + size]):
            checksum ^= word
        at += 8 + size
    end = at + 16 - at % 16  # the checksum is the last byte of a block of 16
    _whole(image, end, label)
    if image[end - 1] != checksum:
        raise ImageError(f"ESP32 file: partition {label}: its checksum is wrong")
    if image[_HASH_FLAG_AT] == 1:
        _whole(image, end + 32, label)
        if hashlib.sha256(image[:end]).digest() != image[end:end + 32]:
            raise ImageError(f"ESP32 file: partition {label}: its SHA-256 is wrong")
        end += 32
    return end


def _folded(data: bytes) -> bytes:
    """Return a few bytes whose exclusive or is that of all of `data`."""
    number = int.from_bytes(data, "little")
    bits = len(data) * 8
    while bits > 64:
        bits = -(-bits // 16) * 8
        number = (number >> bits) ^ (number & ((1 << bits) - 1))
    return number.to_bytes(8, "little")


def _whole(image: bytes, end: int, label: str) -> None:
    if end > len(image):
        raise ImageError(f"ESP32 file: partition {label}: the image needs {end} bytes, "
                         f"{len(image)} are there: the file is cut short")
