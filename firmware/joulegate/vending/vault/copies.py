"""A vault of plain copies: in files, or where the board itself protects what is written.

A secret that stands twice is written twice, one after the other. Whatever holds the copies may
silently fall back to an older state of one: then the other has the higher sequence, and numbers
that were used up stay used up.
"""

import struct
from binascii import crc32
from errno import ENOENT

from joulegate.vending.vault import SIZE_MAX, SIZE_MIN, VaultError


class CopiesVault:
    def __init__(self, places: object) -> None:
        """places: FilePlaces, NvsPlaces, or what answers like them."""
        self._places = places
        self.where = places.where
        self.problem = ""
        """What is wrong with one copy, while the other holds."""

    def has(self, name: str) -> bool:
        """Return whether there is a copy, good or bad; OSError."""
        return self._places.has(name)

    def read(self, name: str) -> bytes:
        """Return the newest good copy; VaultError when none is good, OSError ENOENT when there
        is none."""
        self.problem = ""
        places = self._places
        count = places.count(name)
        newest = None
        missing = 0
        for i in range(count):
            try:
                found = places.get(name, i)
                check(found)
            except (OSError, VaultError) as e:
                missing += isinstance(e, OSError) and e.errno == ENOENT
                self._note(name, i, e)
                continue
            if newest is None or sequence_of(found) > sequence_of(newest):
                newest = found
        if newest is None:
            if missing == count:
                self.problem = ""
                raise OSError(ENOENT, "no keys")
            raise VaultError(self.problem)
        return newest

    def write(self, name: str, data: bytes) -> None:
        """Put data in place of every copy; OSError when none can be written."""
        self.problem = ""
        written = False
        error = None
        for i in range(self._places.count(name)):
            try:
                self._places.put(name, i, data)
                written = True
            except OSError as e:
                error = e
                self._note(name, i, e)
        if not written:
            raise error

    def _note(self, name: str, copy: int, error: Exception) -> None:
        self.problem = "%s: %s" % (self._places.label(name, copy), error)


def check(data: bytes) -> None:
    """Raise VaultError unless data is a whole frame."""
    size = len(data)
    if not SIZE_MIN <= size <= SIZE_MAX:
        raise VaultError("%d bytes long, must be %d to %d" % (size, SIZE_MIN, SIZE_MAX))
    if struct.unpack_from("<I", data, size - 4)[0] != crc32(memoryview(data)[:size - 4]):
        raise VaultError("check sum is wrong")


def sequence_of(data: bytes) -> int:
    """Return the sequence of a frame."""
    return struct.unpack_from("<I", data, 5)[0]
