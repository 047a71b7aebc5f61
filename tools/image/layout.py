"""Where a METER_* build of MicroPython has its image, ROMFS and storage, from the board files.

The storage has the same place and size in every build of a board. What lies before it is all the
image's in a frozen build; with ROMFS, the image is small and the modules come behind it.
"""

import csv
import re

from tools.image.boards import KIB, Board, Family
from tools.image.errors import ImageError
from tools.image.paths import BOARDS_FOLDER

_SIZE = r"^#define {name}\s+\((\d+) \* 1024\)$"
PARTITIONS = "partitions.csv"
PARTITIONS_ROMFS = "partitions-romfs.csv"
"""The tables of an ESP32 board, without and with ROMFS."""


def image(board: Board, with_romfs: bool) -> int:
    """Return how many bytes the image, or one of its slots, may have."""
    if board.family is Family.ESP32:
        return _partition(board, "ota_0", with_romfs)[1]
    return romfs(board)[0] if with_romfs else storage(board)[0]


def romfs(board: Board) -> tuple[int, int]:
    """Return offset and size of the ROMFS in the flash, in bytes, in a build that has one.

    On RP2 it ends where the storage begins (ports/rp2/rp2_flash.c); on ESP32 the partition
    table says where.
    """
    if board.family is Family.ESP32:
        return _partition(board, "romfs", True)
    size = _macro(board, "MICROPY_HW_ROMFS_BYTES")
    return storage(board)[0] - size, size


def storage(board: Board) -> tuple[int, int]:
    """Return offset and size of the storage in the flash, in bytes: the end of it on RP2."""
    if board.family is Family.ESP32:
        return _partition(board, "vfs", False)
    size = _macro(board, "MICROPY_HW_FLASH_STORAGE_BYTES")
    return board.flash - size, size


def check_image(board: Board, with_romfs: bool, size: int) -> None:
    """Refuse an image of `size` bytes that is larger than its room."""
    most = image(board, with_romfs)
    if size > most:
        raise ImageError(f"{board.name}: the image has {size} bytes, more than the {most} that "
                         f"{'a build with ROMFS' if with_romfs else 'a frozen build'} has for it")


def _macro(board: Board, name: str) -> int:
    path = BOARDS_FOLDER / board.name / "mpconfigboard.h"
    found = re.search(_SIZE.format(name=name), path.read_text(), re.MULTILINE)
    if found is None:
        raise ImageError(f"boards/{board.name}/mpconfigboard.h: no {name} of the form (N * 1024)")
    return int(found[1]) * KIB


def _partition(board: Board, label: str, with_romfs: bool) -> tuple[int, int]:
    path = BOARDS_FOLDER / board.name / (PARTITIONS_ROMFS if with_romfs else PARTITIONS)
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    for row in csv.reader(lines):
        if row and row[0].strip() == label:
            return int(row[3].strip(), 0), int(row[4].strip(), 0)
    raise ImageError(f"boards/{board.name}/{path.name}: no partition {label}")
