"""A device that runs MicroPython, through mpremote: what it is, and whether an image fits it."""

import ast
from contextlib import suppress
from typing import Any

from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]
from serial import SerialException  # type: ignore[import-untyped]

from tools.image.boards import VERSION, Board
from tools.image.errors import ImageError

_IDENTITY = """\
import sys
print((sys.platform, sys.implementation.version[:3],
    getattr(sys.implementation, "_mpy", 0) & 0x3ff, getattr(sys.implementation, "_machine", "")))
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


def reset(transport: Any) -> None:
    """Restart the device; a running meter commits first."""
    with suppress(TransportError, OSError):
        transport.exec_raw_no_follow(_RESET)
    transport.close()
