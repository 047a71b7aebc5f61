"""The constants that a calibration of this meter found, beside the board's nominal ones.

A file of JSON text and its CRC-32, since a wrong constant is wrong money: damaged, it is not
used, the nominal constants hold, and the start reports it. Names and ranges are the driver's.
"""

import json
import os
from binascii import crc32
from errno import ENOENT

from micropython import const

_SIZE_MAX = const(1024)
_PREVIOUS = ".before"
_CRC_SIZE = const(9)  # eight hexadecimal digits and a line feed


class CalibrationStoreError(ValueError):
    """Stored constants that cannot be believed; says why."""


class CalibrationStore:
    def __init__(self, path: str) -> None:
        self.path = path

    def load(self) -> dict:
        """Return the constants by name, empty when there are none; CalibrationStoreError or
        OSError."""
        return _load(self.path) or {}

    def load_previous(self) -> "dict | None":
        """Return the constants that `replace` put others in place of, None before it did;
        CalibrationStoreError or OSError."""
        return _load(self.path + _PREVIOUS)

    def replace(self, values: dict) -> None:
        """Store constants, and those there were for going back.

        Cut off at any point the constants are those before or those after; those to go back to
        are the ones before, or those before them. OSError or CalibrationStoreError, and the ones
        before hold; such as cannot be believed are not kept.
        """
        try:
            before = self.load()
        except ValueError:
            before = {}
        _check_size(values)
        _save(self.path + _PREVIOUS, before)
        _save(self.path, values)
    def save(self, values: dict) -> None:
        """Store constants in place of those there were; OSError, and those stay."""
        _save(self.path, values)

    def remove(self) -> None:
        """Go back to the nominal constants; no error when there are no others."""
        try:
            os.remove(self.path)
        except OSError as e:
            if e.errno != ENOENT:
                raise


def _load(path: str) -> "dict | None":
    """Return the constants in a file, None when there is no file."""
    try:
        if os.stat(path)[6] > _SIZE_MAX:
            raise CalibrationStoreError("calibration: longer than %d bytes" % _SIZE_MAX)
        with open(path, "rb") as f:
            stored = f.read()
    except OSError as e:
        if e.errno == ENOENT:
            return None
        raise
    text = stored[_CRC_SIZE:]
    if stored[:_CRC_SIZE] != _check_line(text):
        raise CalibrationStoreError("calibration: check sum is wrong")
    values = json.loads(text)
    if not isinstance(values, dict):
        raise CalibrationStoreError("calibration: must be an object")
    return values


def _check_size(values: dict) -> bytes:
    """Return the text of constants; CalibrationStoreError for more than a file takes."""
    text = json.dumps(values).encode()
    if len(text) > _SIZE_MAX - _CRC_SIZE:
        raise CalibrationStoreError("calibration: longer than %d bytes" % _SIZE_MAX)
    return text


def _save(path: str, values: dict) -> None:
    text = _check_size(values)
    with open(path + ".new", "wb") as f:
        f.write(_check_line(text))
        f.write(text)
    os.rename(path + ".new", path)


def _check_line(text: bytes) -> bytes:
    return b"%08x\n" % (crc32(text) & 0xFFFFFFFF)
