"""Keys in files, for a board without protected storage.

The ring is one record of fixed length, overwritten in place in one write, which littlefs makes
atomic. It stands twice, in two folders and so in two metadata pairs: littlefs silently falls
back to an older commit when the newest is damaged, and then the other copy has the higher
sequence. Numbers that were used up so stay used up.

The files are readable by the firmware, and by whoever can read the flash: docs/messages.md.

    0    4   "JGKY"
    4    1   version, 1
    5    4   sequence
    9    1   keys in use
   10  410   10 keys of 41 bytes: role, flags (1 factory, 2 retired), length of the kid, kid (8),
             key (16), number (4), status, reason, balance (4, signed), mark (4)
  420    4   CRC-32 of all before

Numbers are little-endian.
"""

import os
import struct
from binascii import crc32
from errno import ENOENT

from micropython import const

from joulegate.vending.keys import KEYS_MAX, KeyEntry, KeyRingError

_FOLDERS = ("/keys", "/keys.copy")
_NAME = "/ring.bin"
_MAGIC = b"JGKY"
_VERSION = const(1)
_HEADER = "<4sBIB"
_HEADER_SIZE = const(10)
_SLOT = "<BBB8s16sIBBi4s"
_SLOT_SIZE = const(41)
_SIZE = const(424)  # below 512, up to where littlefs writes inline
_FACTORY = const(1)
_RETIRED = const(2)


class KeyFile:
    """The store of a KeyRing."""

    def __init__(self, folder: str) -> None:
        """folder: of the meter's storage."""
        self._folder = folder
        self._paths = [folder + name + _NAME for name in _FOLDERS]
        self._sequence = 0
        self._buffer = bytearray(_SIZE)
        self.problem = ""
        """What was wrong with one of the two copies at the last load or save; the other holds."""

    def load(self) -> list:
        """Return the entries of the newer copy; KeyRingError when neither can be believed,
        OSError ENOENT when there is none."""
        self.problem = ""
        newest = None
        missing = 0
        for path in self._paths:
            try:
                found = self._read(path)
            except (OSError, KeyRingError) as e:
                missing += isinstance(e, OSError) and e.errno == ENOENT
                self.problem = "keys %s: %s" % (path, e)
                continue
            if newest is None or found[0] > newest[0]:
                newest = found
        if newest is None:
            if missing == len(self._paths):
                raise OSError(ENOENT)
            raise KeyRingError(self.problem)
        self._sequence = newest[0]
        return newest[1]

    def save(self, entries: list) -> None:
        """Put entries in place of those there are; OSError when neither copy can be written."""
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
        self._pack(entries)
        written = 0
        error = None
        for name, path in zip(_FOLDERS, self._paths):
            try:
                self._write(self._folder + name, path)
                written += 1
            except OSError as e:
                error = e
                self.problem = "keys %s: %s" % (path, e)
        if not written:
            raise error
        if written == len(self._paths):
            self.problem = ""

    def _write(self, folder: str, path: str) -> None:
        try:
            if os.stat(path)[6] == _SIZE:
                with open(path, "r+b") as f:
                    f.write(self._buffer)
                return
        except OSError as e:
            if e.errno != ENOENT:
                raise
        if folder[len(self._folder) + 1:] not in os.listdir(self._folder):
            os.mkdir(folder)
        with open(path + ".new", "wb") as f:
            f.write(self._buffer)
        os.rename(path + ".new", path)

    def _pack(self, entries: list) -> None:
        buffer = self._buffer
        struct.pack_into(_HEADER, buffer, 0, _MAGIC, _VERSION, self._sequence, len(entries))
        at = _HEADER_SIZE
        for entry in entries:
            flags = (_FACTORY if entry.factory else 0) | (_RETIRED if entry.retired else 0)
            struct.pack_into(
                _SLOT, buffer, at, entry.role, flags, len(entry.kid), entry.kid, entry.key,
                entry.number, entry.status, entry.reason, entry.balance, entry.mark)
            at += _SLOT_SIZE
        for i in range(at, _SIZE - 4):
            buffer[i] = 0
        struct.pack_into("<I", buffer, _SIZE - 4, crc32(memoryview(buffer)[:_SIZE - 4]))

    def _read(self, path: str) -> tuple:
        """Return (sequence, entries) of a copy."""
        buffer = self._buffer
        with open(path, "rb") as f:
            size = f.readinto(buffer)
            if size != _SIZE or f.read(1):
                raise KeyRingError("must be %d bytes long" % _SIZE)
        if struct.unpack_from("<I", buffer, _SIZE - 4)[0] != crc32(
                memoryview(buffer)[:_SIZE - 4]):
            raise KeyRingError("check sum is wrong")
        magic, version, sequence, count = struct.unpack_from(_HEADER, buffer, 0)
        if magic != _MAGIC or version != _VERSION or count > KEYS_MAX:
            raise KeyRingError("is not of version %d" % _VERSION)
        entries = []
        for i in range(count):
            slot = struct.unpack_from(_SLOT, buffer, _HEADER_SIZE + i * _SLOT_SIZE)
            entry = KeyEntry(slot[0], slot[3][:slot[2]], slot[4], bool(slot[1] & _FACTORY),
                             bool(slot[1] & _RETIRED))
            entry.number, entry.status, entry.reason, entry.balance, entry.mark = slot[5:]
            entries.append(entry)
        return sequence, entries
