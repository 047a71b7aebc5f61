"""A record in FRAM: two slots written in turn, the newest whole one counts.

FRAM stores byte by byte at once, so power may go in the middle of a record. A slot is a seal and
the record's bytes. The record is written first, over the older slot, then its seal:

    offset 0   4  generation, one higher at each commit
    offset 4   4  check sum of the record, its last four bytes
    offset 8   4  CRC-32 of the eight bytes before and of the record's magic
    offset 12     the record, as in a file

Until the new seal stands, the other slot is the newest. A slot whose seal and record do not
belong together is passed over; a record that is whole but cannot be read by this firmware is
refused, since an older one must not take its place.
"""

import struct
from binascii import crc32
from errno import EEXIST

from micropython import const

from joulegate.storage.record import Record, RecordError

SEAL = const(12)

_BLANK_SEAL = bytes(SEAL)


class FramRecord(Record):
    """A Record (storage/record.py) whose home is FRAM; `path` is its name in errors."""

    def __init__(
        self, fram: object, offset: int, room: int, path: str, magic: bytes, version: int,
        fields: tuple
    ) -> None:
        """fram: answers read_into(offset, buffer) and write(offset, data), and has a size.
        offset: of the first slot; room: bytes of a slot, fixed, so that a record of another
        length finds what the one before left. ValueError if it does not fit."""
        super().__init__(path, magic, version, fields)
        if SEAL + len(self.buffer) > room or offset + 2 * room > fram.size:
            raise ValueError("record %s: %d bytes in slots of %d at %d, FRAM of %d" % (
                path, SEAL + len(self.buffer), room, offset, fram.size))
        self._fram = fram
        self.slots = (offset, offset + room)
        """Where the slots begin."""
        self._seal = bytearray(SEAL)
        self._newest = 0  # slot, 0 or 1
        self._generation = 0

    def exists(self) -> bool:
        """Return whether there is a record, believable or not.

        A FRAM that does not answer may hold one: nothing is to be made in its place.
        """
        try:
            return bool(self._sealed())
        except OSError:
            return True

    def remove(self) -> None:
        """Take the record away, if there is one; OSError from the bus."""
        for slot in self.slots:
            self._fram.write(slot, _BLANK_SEAL)

    def create(self, owners: dict) -> None:
        """Write the record for the first time; OSError EEXIST if there is one already."""
        self.pack(owners)
        self.take_over(self.buffer)

    def take_over(self, content: bytearray) -> None:
        """Make the record of the bytes of another; OSError EEXIST if there is one already."""
        if self._sealed():
            raise OSError(EEXIST, self.path)
        self.buffer[:] = content
        self._newest = 1
        self._generation = 0
        self._write()

    def commit(self, owners: dict) -> None:
        """Write the owners' state with a sequence one higher over the older slot."""
        self.sequence += 1
        self.pack(owners)
        self._write()

    def load(self) -> dict:
        """Read the newest whole slot into the buffer and return its values.

        RecordError if there is none or it cannot be believed, OSError from the bus.
        """
        for generation, slot, check in self._sealed():
            self._fram.read_into(self.slots[slot] + SEAL, self.buffer)
            if check == self._stored_check() == crc32(memoryview(self.buffer)[:-4]):
                self._newest = slot
                self._generation = generation
                return self.unpack()
        raise RecordError("record %s: neither slot of the FRAM is whole" % self.path)

    def _write(self) -> None:
        """Write the buffer, then its seal. What fails is the older slot again next time."""
        slot = 1 - self._newest
        generation = self._generation + 1
        at = self.slots[slot]
        seal = self._seal
        struct.pack_into("<II", seal, 0, generation, self._stored_check())
        struct.pack_into("<I", seal, 8, crc32(self.magic, crc32(memoryview(seal)[:8])))
        self._fram.write(at + SEAL, self.buffer)
        self._fram.write(at, seal)
        self._newest = slot
        self._generation = generation

    def _stored_check(self) -> int:
        return struct.unpack_from("<I", self.buffer, len(self.buffer) - 4)[0]

    def _sealed(self) -> list:
        """Return (generation, slot, check sum of the record) of the sound seals, newest first."""
        found = []
        seal = self._seal
        for slot in (0, 1):
            self._fram.read_into(self.slots[slot], seal)
            generation, check, own = struct.unpack("<III", seal)
            if own == crc32(self.magic, crc32(memoryview(seal)[:8])):
                found.append((generation, slot, check))
        found.sort(reverse=True)
        return found
