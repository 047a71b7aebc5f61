"""Where the registers of the table are, and how each is written into an answer.

Made once, as a few arrays of small numbers: nothing of the table's text is needed again.
"""

from array import array

from micropython import const

from joulegate.bus.modbus.register_table import heads, type_of
from joulegate.core.civil import TIME_MIN

INPUT = const(0)
HOLDING = const(1)

# A block in `blocks`: space, address, its first row, its rows, its registers.
_BLOCK = const(5)

# Places in register_table.TYPES.
_U16 = const(0)
_I16 = const(1)
_BITS = const(2)
_U32 = const(3)
_I32 = const(4)
_TIME = const(5)
_U64 = const(6)
_I64 = const(7)
_ASCII = const(8)
_SIGNED = const(0x92)  # a bit for each of I16, I32 and I64

# 1577836800, the Unix time of 2020-01-01, in halves: the whole is no small int of a board.
_EPOCH_HIGH = const(0x5E0B)
_EPOCH_LOW = const(0xE100)


class RegisterIndex:
    def __init__(self) -> None:
        kinds = bytearray()
        widths = bytearray()
        blocks = array("H")
        row = 0
        for head in heads():
            if head[0] == "@":
                _, space, address, _ = head.split(" ", 3)
                blocks.extend(array("H", (
                    HOLDING if space == "holding" else INPUT, int(address, 16), row, 0, 0)))
                continue
            kind, width = type_of(head)
            kinds.append(kind)
            widths.append(width)
            blocks[-2] += 1
            blocks[-1] += width
            row += 1
        self._kinds = bytes(kinds)
        self._widths = bytes(widths)
        self._blocks = blocks
        # The answer being written: its buffer, the register that comes next, counted from the
        # first that was asked for, how many those are, and the row that comes next.
        self._out: object = None
        self._at = 0
        self._place = 0
        self._count = 0
        self.row = 0

    # --- where they are -------------------------------------------------------------------

    def find(self, space: int, address: int, count: int) -> int:
        """Return the number of the block in which so many registers lie, -1 when they do not
        all lie in one, or begin or end inside of a value."""
        blocks = self._blocks
        for at in range(0, len(blocks), _BLOCK):
            place = address - blocks[at + 1]
            if blocks[at] == space and place >= 0 and place + count <= blocks[at + 4]:
                return at // _BLOCK if self._whole(blocks[at + 2], place, count) else -1
        return -1

    def _whole(self, row: int, place: int, count: int) -> bool:
        """Return whether registers of a block begin and end where values do."""
        widths = self._widths
        while place > 0:
            place -= widths[row]
            row += 1
        if place:
            return False
        while count > 0 and row < len(widths):
            count -= widths[row]
            row += 1
        return not count

    def address(self, block: int) -> int:
        """Return the address of a block's first register."""
        return self._blocks[block * _BLOCK + 1]

    def rows(self, block: int) -> int:
        """Return how many rows a block has."""
        return self._blocks[block * _BLOCK + 3]

    def registers(self, block: int) -> int:
        """Return how many registers it has."""
        return self._blocks[block * _BLOCK + 4]

    def is_time(self) -> bool:
        """Return whether the next row is a time."""
        return self._kinds[self.row] == _TIME

    # --- an answer ------------------------------------------------------------------------

    def begin(self, block: int, address: int, count: int, out: bytearray, at: int) -> None:
        """Begin an answer: then every row of the block is put, in order, and those that were
        not asked for go nowhere."""
        self.row = self._blocks[block * _BLOCK + 2]
        self._place = self._blocks[block * _BLOCK + 1] - address
        self._count = count
        self._out = out
        self._at = at

    def put(self, value: "int | None") -> None:
        """Put the number of the next row; None for one that is not known.

        One of 16 bits beyond its type is put as the nearest that is; longer ones lose what is
        beyond. A time is a second since 2020, and not known before the year 2000.
        """
        kind = self._kinds[self.row]
        if value is None or kind == _TIME and value < TIME_MIN:
            self.put_unknown()
            return
        self.row += 1
        if kind == _BITS:
            self._word(value)
        elif kind == _U16:
            self._word(0 if value < 0 else 0xFFFE if value > 0xFFFE else value)
        elif kind == _I16:
            self._word(-0x7FFF if value < -0x7FFF else 0x7FFF if value > 0x7FFF else value)
        elif kind == _TIME:
            low = (value & 0xFFFF) + _EPOCH_LOW
            self._word((value >> 16) + _EPOCH_HIGH + (low >> 16))
            self._word(low)
        else:
            if kind >= _U64:
                self._word(value >> 48)
                self._word(value >> 32)
            self._word(value >> 16)
            self._word(value)

    def put_unknown(self) -> None:
        """Put what stands for a number, a time or a text that nobody knows."""
        kind = self._kinds[self.row]
        width = self._widths[self.row]
        self.row += 1
        fill = 0 if kind >= _ASCII else 0xFFFF
        first = fill
        if _SIGNED >> kind & 1:
            fill = 0
            first = 0x8000
        self._word(first)
        for _ in range(1, width):
            self._word(fill)

    def put_unknown_rows(self, rows: int) -> None:
        """Put so many rows that nobody knows."""
        for _ in range(rows):
            self.put_unknown()

    def put_limbs(self, high: int, low: int) -> None:
        """Put high * 2**29 + low, 0 <= low < 2**29, which need not be a small int."""
        self.row += 1
        self._word(high >> 19)
        self._word(high >> 3)
        self._word(low >> 16 | (high & 7) << 13)
        self._word(low)

    def put_bytes(self, value: bytes) -> None:
        """Put bytes as they are; zeros fill up what the row has more."""
        width = self._widths[self.row]
        self.row += 1
        for i in range(0, 2 * width, 2):
            high = value[i] if i < len(value) else 0
            self._word(high << 8 | (value[i + 1] if i + 1 < len(value) else 0))

    def put_words(self, shown: bytearray) -> None:
        """Put a whole block as it was written before."""
        for i in range(0, len(shown), 2):
            self._word(shown[i] << 8 | shown[i + 1])

    def _word(self, value: int) -> None:
        place = self._place
        self._place = place + 1
        if 0 <= place < self._count:
            at = self._at + 2 * place
            self._out[at] = value >> 8 & 0xFF
            self._out[at + 1] = value & 0xFF
