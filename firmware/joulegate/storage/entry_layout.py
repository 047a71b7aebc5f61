"""The layout of a fixed entry: one table of fields, from which it is packed, checked, described.

An entry is its sequence number, the fields, and a CRC-32 that is begun with the name, version
and length of the layout, so that an entry of another layout is never believed.
"""

import struct
from binascii import crc32

from micropython import const

BLANK = const(-2)
"""Nothing was ever written here."""
DAMAGED = const(-1)

_RANGES = {
    "B": (0, 0xFF), "H": (0, 0xFFFF), "h": (-0x8000, 0x7FFF), "I": (0, 0xFFFFFFFF),
    "i": (-0x80000000, 0x7FFFFFFF), "Q": (0, (1 << 64) - 1), "q": (-(1 << 63), (1 << 63) - 1),
}


class Layout:
    """tables: texts of a field a line, "name code: meaning" or "name code low..high: meaning".

    Code is that of struct; a number before it makes a sequence, but "8s" is eight bytes.
    Without low..high every value of the code is in range. No entry is written, and none
    believed, with a value out of its range. Texts, because they stay where the program is; a
    table of tuples would take more of the heap than all records do.
    """

    def __init__(self, magic: bytes, version: int, *tables: str) -> None:
        self.magic = magic
        self.version = version
        self._tables = tables
        codes = "".join(code if count == 1 else "%d%s" % (count, code)
                        for _, code, count, _, _, _ in self.rows())
        self.form = "<I" + codes + "I"
        self.size = struct.calcsize(self.form)
        self._seed = crc32(struct.pack("<4sBH", magic, version, self.size))
        self.buffer = bytearray(self.size)

    def rows(self) -> object:
        """Yield (name, code, count, low, high, meaning) of every field."""
        for table in self._tables:
            for line in table.strip().split("\n"):
                head, _, meaning = line.strip().partition(": ")
                parts = head.split()
                code = parts[1]
                count = 1
                if code[-1] != "s":
                    count = int(code[:-1] or 1)
                    code = code[-1]
                    low, high = _RANGES[code]
                else:
                    low, high = None, None
                if len(parts) > 2:
                    low, high = [int(limit) for limit in parts[2].split("..")]
                yield parts[0], code, count, low, high, meaning

    def plan(self) -> list:
        """Return the rows without meanings, for `unpack`; made for a while, not kept."""
        return [row[:5] for row in self.rows()]

    def pack(self, sequence: int, values: tuple) -> None:
        """Fill `buffer` with an entry; `values` in the order of the fields.

        ValueError for a value out of its range, and the buffer is as it was.
        """
        flat = [sequence]
        for field, value in zip(self.plan(), values):
            if not _fits(field, value):
                raise ValueError("entry %s: %s %r: out of range" % (
                    self.magic.decode(), field[0], value))
            if field[2] > 1:
                flat.extend(value)
            else:
                flat.append(value)
        buffer = self.buffer
        struct.pack_into(self.form, buffer, 0, *flat, 0)
        end = self.size - 4
        struct.pack_into("<I", buffer, end, crc32(memoryview(buffer)[:end], self._seed))

    def sequence(self, buffer: bytearray, at: int) -> int:
        """Return the number of the entry at an offset, or BLANK, or DAMAGED."""
        end = at + self.size - 4
        view = memoryview(buffer)
        if struct.unpack_from("<I", buffer, end)[0] != crc32(view[at:end], self._seed):
            blank = not any(view[at:end + 4])
            return BLANK if blank else DAMAGED
        number: int = struct.unpack_from("<I", buffer, at)[0]
        return number

    def unpack(self, buffer: bytearray, at: int, plan: list) -> "dict | None":
        """Return the values of the entry at an offset by name, None for one out of range.

        Its CRC must have been looked at, by `sequence`. plan: of this layout.
        """
        flat = struct.unpack_from(self.form, buffer, at)
        values = {"sequence": flat[0]}
        i = 1
        for field in plan:
            count = field[2]
            value = flat[i] if count == 1 else list(flat[i:i + count])
            if not _fits(field, value):
                return None
            values[field[0]] = value
            i += count
        return values


def _fits(field: tuple, value: object) -> bool:
    _, _, count, low, high = field
    if low is None:
        return True
    if count == 1:
        return low <= value <= high
    return len(value) == count and low <= min(value) and max(value) <= high
