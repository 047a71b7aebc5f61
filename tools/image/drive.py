"""Put a UF2 onto the drive that an RP2 chip shows while BOOTSEL is held.

The drive takes the file apart as it comes and can give none of it back, so reading back is for
the program, once it runs (`read_back`).
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError  # type: ignore[import-untyped]

from tools.image import binary_info, uf2
from tools.image.boards import Board
from tools.image.errors import ImageError

INFO = "INFO_UF2.TXT"
_BOARD_IDS = {"RP2040": "RPI-RP2", "RP2350": "RP2350"}
"""RP2040 data sheet, section 2.8.4; RP2350 data sheet, section 5.5."""
_ON_DEVICE = """\
import hashlib, uctypes
from binascii import hexlify
print(hexlify(hashlib.sha256(uctypes.bytearray_at({start}, {size})).digest()).decode())
"""


def flash(board: Board, image: Path, folder: Path) -> None:
    """Check image and drive, and copy; the chip starts the program by itself."""
    try:
        data = image.read_bytes()
    except OSError as error:
        raise ImageError(f"image {image}: cannot be read: {error.strerror}") from error
    uf2.read(data, board.chip)
    check_drive(board, folder)
    target = folder / image.name
    try:
        with target.open("wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
    except OSError as error:
        raise ImageError(f"drive {folder}: the copy stopped: {error.strerror}") from error


def check_drive(board: Board, folder: Path) -> None:
    """Refuse a folder that is not the drive of the chip that `board` has."""
    try:
        text = (folder / INFO).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ImageError(f"drive {folder}: has no {INFO}: hold BOOTSEL while plugging in, and "
                         "name the drive that appears") from error
    found = re.search(r"^Board-ID:\s*(\S+)\s*$", text, re.MULTILINE)
    wanted = _BOARD_IDS[board.chip_name]
    if found is None or found[1] != wanted:
        raise ImageError(f"drive {folder}: its Board-ID is {found[1] if found else 'missing'}, "
                         f"{board.name} must have {wanted}")


def read_back(board: Board, image: Path, transport: Any) -> None:
    """Compare the program in flash with the UF2, over the REPL of the started program.

    The storage is left out: it changes as soon as the program runs.
    """
    program = uf2.read(image.read_bytes(), board.chip)
    own = binary_info.read(program).storage.get(binary_info.STORAGE, board.storage)
    storage = uf2.FLASH_BASE + own[0]
    for start, data in _runs({at: page for at, page in program.pages.items() if at < storage}):
        try:
            answer = transport.exec(_ON_DEVICE.format(start=start, size=len(data)))
        except TransportError as error:
            raise ImageError(f"flash at {start:#x}: cannot be read back: {error}") from error
        if answer.decode().strip() != hashlib.sha256(data).hexdigest():
            raise ImageError(f"flash at {start:#x}, {len(data)} bytes: what the device reads "
                             "back is not what was written: flash it again")


def _runs(pages: dict[int, bytes]) -> list[tuple[int, bytes]]:
    """Join pages that follow one another."""
    runs: list[tuple[int, bytearray]] = []
    for address, payload in sorted(pages.items()):
        if runs and runs[-1][0] + len(runs[-1][1]) == address:
            runs[-1][1].extend(payload)
        else:
            runs.append((address, bytearray(payload)))
    return [(start, bytes(data)) for start, data in runs]
