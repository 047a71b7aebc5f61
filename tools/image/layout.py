"""Where a METER_* build of MicroPython has its ROMFS and storage, read from the board files."""

import csv
import re

from tools.image.boards import KIB, Board, Family
from tools.image.errors import ImageError
from tools.image.paths import BOARDS_FOLDER

_SIZE = r"^#define {name}\s+\((\d+) \* 1024\)$"


def romfs(board: Board) -> tuple[int, int]:
    """Return offset and size of the ROMFS in the flash, in bytes.

    On RP2 it ends where the storage begins, which is at the end of the flash
    (ports/rp2/rp2_flash.c); on ESP32 the partition table says where.
    """
    if board.family is Family.ESP32:
        return _partition(board, "romfs")
    size = _macro(board, "MICROPY_HW_ROMFS_BYTES")
    storage = _macro(board, "MICROPY_HW_FLASH_STORAGE_BYTES")
    return board.flash - storage - size, size


def storage(board: Board) -> tuple[int, int]:
    """Return offset and size of the storage in the flash, in bytes: the end of it on RP2."""
    if board.family is Family.ESP32:
        return _partition(board, "vfs")
    size = _macro(board, "MICROPY_HW_FLASH_STORAGE_BYTES")
    return board.flash - size, size


def _macro(board: Board, name: str) -> int:
    path = BOARDS_FOLDER / board.name / "mpconfigboard.h"
    found = re.search(_SIZE.format(name=name), path.read_text(), re.MULTILINE)
    if found is None:
        raise ImageError(f"boards/{board.name}/mpconfigboard.h: no {name} of the form (N * 1024)")
    return int(found[1]) * KIB


def _partition(board: Board, label: str) -> tuple[int, int]:
    path = BOARDS_FOLDER / board.name / "partitions.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    for row in csv.reader(lines):
        if row and row[0].strip() == label:
            return int(row[3].strip(), 0), int(row[4].strip(), 0)
    raise ImageError(f"boards/{board.name}/partitions.csv: no partition {label}")
