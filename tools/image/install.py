"""Copy an image's files onto a running MicroPython, through mpremote, and prove each by SHA-256.

The folder of the meter's records is never touched. A meter that runs this firmware goes on
metering meanwhile: its console serves the raw REPL.
"""

import ast
import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mpremote.transport import (  # type: ignore[import-untyped]
    TransportError,
    TransportExecError,
)
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]
from serial import SerialException  # type: ignore[import-untyped]

from tools.image.boards import VERSION, Board
from tools.image.compiler import File
from tools.image.errors import ImageError
from tools.image.filesystems import RECORDS
from tools.image.profiles import PLAIN

PACKAGE = "joulegate"
"""The folder that belongs to the image alone: what is not in the image is removed from it."""
_CHUNK = 512
_FOLDER = "folder"
_IDENTITY = """\
import sys
print((sys.platform, sys.implementation.version[:3],
    getattr(sys.implementation, "_mpy", 0) & 0x3ff, getattr(sys.implementation, "_machine", "")))
"""
_LISTING = """\
import hashlib, os
from binascii import hexlify
def _digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        part = file.read(1024)
        while part:
            found.update(part)
            part = file.read(1024)
    return hexlify(found.digest()).decode()
def _list(folder, skipped):
    for entry in os.ilistdir(folder or "/"):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            print(path, "folder")
            if entry[0] not in skipped:
                _list(path, ())
        else:
            print(path, _digest(path))
_list({root!r}, {skipped!r})
"""
_RESET = """\
try:
    meter.call(r'{"do": "reset"}')
except NameError:
    import machine
    machine.reset()
"""
_MPY_6_3 = 6 | 3 << 8


def connect(port: str) -> Any:
    """Open the raw REPL on `port`, a device or a URL that pyserial knows."""
    try:
        transport = SerialTransport(port, timeout=10)
        transport.enter_raw_repl(soft_reset=True)
    except (TransportError, SerialException, OSError) as error:
        raise ImageError(f"port {port}: no MicroPython answers: {error}") from error
    return transport


def identity(transport: Any) -> tuple[str, tuple[int, ...], int, str]:
    """Return the device's platform, version, .mpy format and description of the machine."""
    found: tuple[str, tuple[int, ...], int, str] = ast.literal_eval(
        transport.exec(_IDENTITY).decode().strip())
    return found


def check_identity(board: Board, found: tuple[str, tuple[int, ...], int, str]) -> None:
    """Refuse a device that is not MicroPython 1.28 on the chip of `board`."""
    platform, version, mpy, machine = found
    if platform != board.family:
        raise ImageError(f"the device is {machine or platform!r}, platform {platform}; "
                         f"{board.name} must be {board.family}")
    chip = board.chip_name.replace("-", "")
    if chip not in machine.rpartition(" with ")[2].split("-"):
        raise ImageError(f"the device is {machine!r}, {board.name} must have a {chip}")
    number = ".".join(str(part) for part in version)
    if not number.startswith(f"{VERSION}.") or mpy != _MPY_6_3:
        raise ImageError(f"the device runs MicroPython {number} with .mpy format {mpy & 0xff}."
                         f"{mpy >> 8}, must be {VERSION}.x with 6.3")


def copy(transport: Any, files: list[File],
         progress: Callable[[str], None] = lambda path: None, root: str = "") -> int:
    """Bring the device's files to `files` below `root`; return how many were written.

    What is there already with the same SHA-256 stays. Files of the package that the image does
    not have go, and so does a .py beside a .mpy, which would be imported in its place. boot.py
    and main.py come last: an installation that breaks off starts nothing half.
    """
    try:
        there = _listing(transport, root)
        for path in sorted(_strangers(files, there, root)):
            transport.fs_rmfile(path)
        for folder in _folders(files, root):
            if there.get(folder) != _FOLDER:
                transport.fs_mkdir(folder)
        written = 0
        for file in sorted(files, key=lambda file: (file.path in PLAIN, file.path)):
            progress(file.path)
            if there.get(f"{root}/{file.path}") != _sha256(file):
                transport.fs_writefile(f"{root}/{file.path}", file.data, chunk_size=_CHUNK)
                written += 1
    except (TransportError, OSError) as error:
        raise ImageError(f"copying stopped, start it again: {_cause(error)}") from error
    return written


def verify(transport: Any, files: list[File], root: str = "") -> None:
    """Read every file back by its SHA-256; ImageError for the first that differs."""
    try:
        there = _listing(transport, root)
    except (TransportError, OSError) as error:
        raise ImageError(f"the files cannot be read back: {_cause(error)}") from error
    for file in files:
        if there.get(f"{root}/{file.path}") != _sha256(file):
            raise ImageError(f"{root}/{file.path}: what the device reads back is not what was "
                             "written: flash it again")


def reset(transport: Any) -> None:
    """Restart the device; a running meter commits first."""
    with suppress(TransportError, OSError):
        transport.exec_raw_no_follow(_RESET)
    transport.close()


def _listing(transport: Any, root: str) -> dict[str, str]:
    """Return what the device has below `root`: path -> SHA-256, or _FOLDER.

    One program for all of it: a meter that runs answers between its ticks, and each answer
    takes its time. What lies in the folders of records and of ROMFS is left out.
    """
    answer = transport.exec(_LISTING.format(root=root, skipped=(RECORDS, "rom"))).decode()
    lines = (line.rpartition(" ") for line in answer.splitlines())
    return {path: digest for path, _, digest in lines}


def _sha256(file: File) -> str:
    return hashlib.sha256(file.data).hexdigest()


def _strangers(files: list[File], there: dict[str, str], root: str) -> set[str]:
    """Return the files to remove: others in the package's folder, and a .py beside a .mpy."""
    wanted = {f"{root}/{file.path}" for file in files}
    package = f"{root}/{PACKAGE}/"
    shadows = {path.removesuffix(".mpy") + ".py" for path in wanted if path.endswith(".mpy")}
    return {path for path, digest in there.items() if digest != _FOLDER and path not in wanted
            and (path.startswith(package) or path in shadows)}


def _folders(files: list[File], root: str) -> list[str]:
    """Return every folder that the files need, outer ones first, and that of the records."""
    folders = {f"{root}/{RECORDS}"}
    for file in files:
        parts = file.path.split("/")[:-1]
        folders |= {f"{root}/{'/'.join(parts[:depth])}" for depth in range(1, len(parts) + 1)}
    return sorted(folders)


def _cause(error: Exception) -> str:
    if isinstance(error, TransportExecError):
        return error.error_output.strip().splitlines()[-1]
    return str(error)
