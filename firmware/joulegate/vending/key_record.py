"""The packed form of the key ring, one frame of fixed length, and a vault that keeps it.

    0    4   "JGKY"
    4    1   version, 1
    5    4   sequence
    9    1   keys in use
   10  410   10 keys of 41 bytes: role, flags (1 factory, 2 retired), length of the kid, kid (8),
             key (16), number (4), status, reason, balance (4, signed), mark (4)
  420    4   CRC-32 of all before

Numbers are little-endian.
"""

import struct
from binascii import crc32

from micropython import const

from joulegate.vending.keys import KEYS_MAX, KeyEntry, KeyRingError
from joulegate.vending.vault import RING

_MAGIC = b"JGKY"
_VERSION = const(1)
_HEADER = "<4sBIB"
_HEADER_SIZE = const(10)
_SLOT = "<BBB8s16sIBBi4s"
_SLOT_SIZE = const(41)
_SIZE = const(424)
_FACTORY = const(1)
_RETIRED = const(2)


class KeyRecord:
    """The store of a KeyRing."""

    def __init__(self, vault: object) -> None:
        """vault: see joulegate.vending.vault."""
        self.vault = vault
        self._sequence = 0
        self._buffer = bytearray(_SIZE)

    @property
    def problem(self) -> str:
        """What the vault found wrong at the last load or save, though it succeeded."""
        return self.vault.problem

    def load(self) -> list:
        """Return the entries; ValueError when they cannot be believed, OSError ENOENT when there
        are none."""
        data = self.vault.read(RING)
        if len(data) != _SIZE:
            raise KeyRingError("key ring: %d bytes, must be %d" % (len(data), _SIZE))
        magic, version, sequence, count = struct.unpack_from(_HEADER, data, 0)
        if magic != _MAGIC or version != _VERSION or count > KEYS_MAX:
            raise KeyRingError("key ring: is not of version %d" % _VERSION)
        entries = []
        for i in range(count):
            slot = struct.unpack_from(_SLOT, data, _HEADER_SIZE + i * _SLOT_SIZE)
            entry = KeyEntry(slot[0], slot[3][:slot[2]], slot[4], bool(slot[1] & _FACTORY),
                             bool(slot[1] & _RETIRED))
            entry.number, entry.status, entry.reason, entry.balance, entry.mark = slot[5:]
            entries.append(entry)
        self._sequence = sequence
        return entries

    def save(self, entries: list) -> None:
        """Put entries in place of those there are; OSError, and those hold."""
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
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
        self.vault.write(RING, buffer)
