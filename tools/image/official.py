"""Join the storage with the official MicroPython of a board into one file to flash."""

import re
from pathlib import Path

from tools.image import binary_info, esp32_image, uf2
from tools.image.boards import VERSION, Board, Family
from tools.image.errors import ImageError
from tools.image.filesystems import used

_BANNER = re.compile(rb"MicroPython (v\d[^ \0]{0,31}) on \d{4}-\d\d-\d\d")


def joined(board: Board, official: Path, storage: bytes) -> bytes:
    """Return the bytes of `official` with the littlefs image `storage` joined to it.

    Raises ImageError when the file is not MicroPython 1.28 for this board, is not whole, or
    has its storage elsewhere.
    """
    try:
        data = official.read_bytes()
    except OSError as error:
        raise ImageError(f"MICROPYTHON {official}: cannot be read: {error.strerror}") from error
    try:
        if board.family is Family.RP2:
            return _uf2(board, data, storage)
        return _bin(board, data, storage)
    except ImageError as error:
        raise ImageError(f"MICROPYTHON {official.name}: {error}") from error


def suffix(board: Board) -> str:
    """Return how the joined file of a board is called."""
    return "uf2" if board.family is Family.RP2 else "bin"


def _uf2(board: Board, data: bytes, storage: bytes) -> bytes:
    program = uf2.read(data, board.chip)
    info = binary_info.read(program)
    if info.name != "MicroPython":
        raise ImageError(f"is the program {info.name!r}, must be MicroPython")
    _check_version(info.version)
    if info.board != board.sdk_board:
        raise ImageError(f"is for the board {info.board!r}, {board.name} is {board.sdk_board!r}, "
                         f"MicroPython's {board.official}")
    if "ROMFS" in info.storage:
        raise ImageError("is no official build, it has a ROMFS: put romfs.bin there by `mpremote "
                         "romfs deploy`")
    _check_storage(board, info.storage.get(binary_info.STORAGE, (0, 0)))
    offset = board.storage[0]
    if program.end > uf2.FLASH_BASE + offset:
        raise ImageError(f"ends at {program.end:#x}, beyond {uf2.FLASH_BASE + offset:#x} where "
                         "the storage begins")
    return uf2.write(uf2.merge(program, used(storage), offset))


def _bin(board: Board, data: bytes, storage: bytes) -> bytes:
    table, application = esp32_image.read(data, board)
    banner = _BANNER.search(application)
    if banner is None:
        raise ImageError("is no MicroPython: its banner is not in the application")
    _check_version(banner[1].decode("ascii", "replace"))
    _check_storage(board, esp32_image.storage(table, board.flash))
    start = board.storage[0] - board.file_offset
    if len(data) > start:
        raise ImageError(f"is {len(data)} bytes long, beyond {start} where the storage begins")
    whole = bytearray(data.ljust(start, b"\xff"))
    for offset, block in used(storage):
        whole[len(whole):] = b"\xff" * (start + offset - len(whole)) + block
    return bytes(whole)


def _check_version(found: str) -> None:
    if not re.fullmatch(rf"v{re.escape(VERSION)}\.\d+", found):
        raise ImageError(f"is version {found or 'unknown'}, must be v{VERSION}.x: .mpy files of "
                         "another version may not run")


def _check_storage(board: Board, found: tuple[int, int]) -> None:
    if found != board.storage:
        raise ImageError(f"has its storage at {found[0]:#x}, {found[1] // 1024} KiB, {board.name} "
                         f"must have {board.storage[0]:#x}, {board.storage[1] // 1024} KiB, as "
                         f"{board.official} has")
