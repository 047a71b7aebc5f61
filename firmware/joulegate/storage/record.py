"""A file of fixed length that is read whole, checked, and overwritten in place in one write.

littlefs copies on write: an overwrite becomes visible at close, all of it or nothing. So a
commit opens 'r+b', writes one ready buffer once and closes; 'wb' would commit an empty file
if anything failed in between. For the same reason a new file is written under another name.
"""

import os
import struct
from binascii import crc32
from errno import EEXIST

from micropython import const

SIZE_MAX = const(480)
"""Longest record: above 512 bytes littlefs leaves inline storage and wears a sector a commit."""

_HEADER = "<4sBI"  # magic, version, sequence
_HEADER_SIZE = const(9)
_NO_BITS = const(-1)


class RecordError(ValueError):
    """A stored record that cannot be believed; says what is wrong."""


class Record:
    """Fields of owners' attributes, in one table.

    fields: ((owner, attribute, code, count, low, high), ...), and a meaning behind those that
    have it in the table. Code is that of struct, or "T" for unsigned 24 bits; "u1" to "u7" are so
    many bits, lowest first, and what follows one goes into the same byte as long as it fits;
    count above 1 is an indexed attribute; "8s" is eight bytes, and so on for other lengths.
    A value read outside low..high makes the whole record unbelievable.
    """

    def __init__(self, path: str, magic: bytes, version: int, fields: tuple) -> None:
        self.path = path
        self.magic = magic
        self._version = version
        self.fields = fields
        self.sequence = 0
        at = _HEADER_SIZE
        free = 0
        plan: list = []
        forms: dict = {}
        """Each form of which many fields are is kept once."""
        for field in fields:
            # What a commit would otherwise work out again, while the hold-up capacitor drains.
            code = field[2]
            if code[0] == "u":
                bits = int(code[1:])
                if bits > free:
                    free = 8
                    at += 1
                plan.append((field, at - 1, None, 8 - free))
                free -= bits
                continue
            free = 0
            form = "<" + code if code[-1] == "s" else "<%d%s" % (field[3], code)
            form = forms.setdefault(form, form)
            plan.append((field, at, None if code == "T" else form, _NO_BITS))
            at += (3 if code == "T" else struct.calcsize("<" + code)) * field[3]
        self.plan = tuple(plan)
        """(field, offset, form or None, lowest bit or -1) of each field."""
        size = at + 4
        if size > SIZE_MAX:
            raise ValueError("record %s: %d bytes, at most %d" % (path, size, SIZE_MAX))
        self.buffer = bytearray(size)

    def pack(self, owners: dict) -> None:
        """Fill the buffer from the owners' attributes; RecordError for one out of its range.

        What could not be believed when read back is never written.
        """
        buffer = self.buffer
        struct.pack_into(
            _HEADER, buffer, 0, self.magic, self._version, self.sequence & 0xFFFFFFFF)
        for field, at, form, bit in self.plan:
            value = getattr(owners[field[0]], field[1])
            if field[4] is not None:
                self._check(field, value)
            if bit > 0:
                buffer[at] |= value << bit
            elif not bit:
                buffer[at] = value
            elif form is None:
                for item in (value,) if field[3] == 1 else value:
                    buffer[at] = item & 0xFF
                    buffer[at + 1] = item >> 8 & 0xFF
                    buffer[at + 2] = item >> 16
                    at += 3
            elif field[3] == 1:
                struct.pack_into(form, buffer, at, value)
            else:
                struct.pack_into(form, buffer, at, *value)
        end = len(buffer) - 4
        struct.pack_into("<I", buffer, end, crc32(memoryview(buffer)[:end]))

    def unpack(self) -> dict:
        """Return the buffer's values as {(owner, attribute): value or list}; RecordError."""
        buffer = self.buffer
        end = len(buffer) - 4
        if struct.unpack_from("<I", buffer, end)[0] != crc32(memoryview(buffer)[:end]):
            raise RecordError("record %s: check sum is wrong" % self.path)
        magic, version, sequence = struct.unpack_from(_HEADER, buffer, 0)
        if magic != self.magic:
            raise RecordError("record %s: starts with %r, not %r" % (
                self.path, magic, self.magic))
        if version != self._version:
            raise RecordError("record %s: version %d, this firmware reads %d" % (
                self.path, version, self._version))
        values = {}
        for field, at, form, bit in self.plan:
            if bit >= 0:
                found = [buffer[at] >> bit & (1 << int(field[2][1:])) - 1]
            elif form is None:
                found = [buffer[i] | buffer[i + 1] << 8 | buffer[i + 2] << 16
                         for i in range(at, at + 3 * field[3], 3)]
            else:
                found = list(struct.unpack_from(form, buffer, at))
            value = found[0] if field[3] == 1 else found
            if field[4] is not None:
                self._check(field, value)
            values[field[0], field[1]] = value
        self.sequence = sequence
        return values

    def _check(self, field: tuple, value: object) -> None:
        """Raise RecordError unless a value, or all of an indexed one, is in its range."""
        owner, attribute, _, count, low, high = field[:6]
        lowest = value if count == 1 else min(value)
        highest = value if count == 1 else max(value)
        if lowest < low or highest > high:
            raise RecordError("record %s: %s.%s %d: must be %d to %d" % (
                self.path, owner, attribute, lowest if lowest < low else highest, low, high))

    def exists(self) -> bool:
        """Return whether there is a file, believable or not."""
        folder, _, name = self.path.rpartition("/")
        try:
            return name in os.listdir(folder)
        except OSError:
            return False

    def remove(self) -> None:
        """Take the file away, if there is one."""
        if self.exists():
            os.remove(self.path)

    def create(self, owners: dict) -> None:
        """Write the file for the first time; OSError EEXIST if there is one already."""
        if self.exists():
            raise OSError(EEXIST, self.path)
        self.pack(owners)
        self._write_new()

    def _write_new(self) -> None:
        with open(self.path + ".new", "wb") as f:
            f.write(self.buffer)
        os.rename(self.path + ".new", self.path)

    def replace(self, owners: dict) -> None:
        """Commit, or write the file for the first time, also over one that cannot be believed."""
        try:
            if os.stat(self.path)[6] == len(self.buffer):
                self.commit(owners)
                return
        except OSError:
            pass
        self.sequence += 1
        self.pack(owners)
        self._write_new()

    def commit(self, owners: dict) -> None:
        """Overwrite the file with the owners' state and a sequence one higher."""
        self.sequence += 1
        self.pack(owners)
        with open(self.path, "r+b") as f:
            f.write(self.buffer)

    def load(self) -> dict:
        """Read the file into the buffer and return its values; OSError, RecordError."""
        with open(self.path, "rb") as f:
            size = f.readinto(self.buffer)
            if size != len(self.buffer) or f.read(1):
                raise RecordError("record %s: must be %d bytes long" % (
                    self.path, len(self.buffer)))
        return self.unpack()


def restore(values: dict, owners: dict) -> None:
    """Set the owners' attributes to loaded values; read-only ones are derived and left."""
    for (owner, attribute), value in values.items():
        target = owners.get(owner)
        if target is None:
            continue
        if isinstance(value, list):
            array = getattr(target, attribute)
            for i in range(len(value)):
                array[i] = value[i]
        else:
            setattr(target, attribute, value)
