"""Frames among the bytes of an RS485 line, by length and CRC, with silence to begin anew after.

MicroPython sees no silence of 1.5 characters, and a flash that is erased may hide many of 3.5:
so bytes are gathered until the line is quiet and then taken apart, one good frame after another.
What is for others is told by its length too, whether it asks or answers. After damage, a frame
to this meter is looked for byte by byte, within a bound. Allocates nothing once it is made.

Source: MODBUS over serial line V1.02, section 2.5.1; lengths by MODBUS Application Protocol
V1.1b3, section 6.
"""

from micropython import const

from joulegate.bus.modbus import counters as count
from joulegate.bus.modbus.crc import crc16

FRAME_MAX = const(256)
SIZE = const(512)
"""Bytes gathered: more than the line brings while a sector of flash is erased at 57600 baud."""
BROADCAST = const(0)
_FRAME_MIN = const(4)
_SHORT = const(8)
_EXCEPTION = const(0x80)
_SEARCH_BYTES = const(1024)
"""Bytes whose CRC is computed at most to find a frame after damage: some 15 ms of an RP2040."""


def request_size(data: bytearray, at: int, left: int) -> int:
    """Return the size of the request that begins at a place, CRC included; 0 if its function
    is unknown, or too little of it is there to tell."""
    function = data[at + 1]
    if 1 <= function <= 6 or function == 8:
        return _SHORT
    if function in (15, 16):
        return 9 + data[at + 6] if left > 6 else 0
    if function == 23:
        return 13 + data[at + 10] if left > 10 else 0
    if function == 43:
        return 7
    return _FRAME_MIN if function == 17 else 0


def answer_size(data: bytearray, at: int) -> int:
    """Return the size of the answer that begins at a place, CRC included; 0 if unknown."""
    function = data[at + 1]
    if function >= _EXCEPTION:
        return 5
    if function <= 4 or function in (17, 23):
        return 5 + data[at + 2]
    return _SHORT if function in (5, 6, 8, 15, 16) else 0


class FrameReader:
    def __init__(self, counters: object) -> None:
        """counters: a Counters, told of good frames, damage and bytes dropped."""
        self._counters = counters
        self.unit = 1
        """The address of this meter: what is searched for after damage."""
        self.data = bytearray(SIZE)
        self.filled = 0
        """How many bytes have been gathered."""
        self.first = 0
        """Where the frame that was found begins."""
        self.size = 0
        """Its size, CRC included."""
        self._at = 0
        self._damaged = False
        self._search = _SEARCH_BYTES

    @property
    def last(self) -> bool:
        """Whether nothing came behind the frame that was found."""
        return self._at == self.filled

    @property
    def whole(self) -> bool:
        """Whether what was gathered is as long as the request to this meter that it begins."""
        return (self.filled >= _FRAME_MIN and self._ours(self.data[0])
                and request_size(self.data, 0, self.filled) == self.filled)

    def clear(self) -> None:
        """Begin anew, with nothing gathered."""
        self.filled = self._at = 0
        self._damaged = False
        self._search = _SEARCH_BYTES

    def next(self, quiet: bool) -> bool:
        """Find the next good frame, in `first` and `size`; return whether there is one.

        quiet: whether the line is, so that what is left is all there will be. When there is none,
        what cannot belong to a frame any more is dropped, and all of it if it is quiet.
        """
        data = self.data
        while True:
            left = self.filled - self._at
            if left < _FRAME_MIN or self._search <= 0:
                break
            size = self._good(self._at, left, quiet, self._damaged)
            if size and not self._followed(self._at + size, quiet):
                if not quiet and left - size < FRAME_MAX:
                    break  # what follows may only be half there
                size = 0
            if size:
                self.first = self._at
                self.size = size
                self._at += size
                self._tell_damage()
                self._counters.add(count.MESSAGES)
                return True
            if not quiet and left < FRAME_MAX:
                break  # it may only be half there
            self._damaged = True
            self._at += 1
            while self._at < self.filled and not self._ours(data[self._at]):
                self._at += 1
        self._keep(quiet)
        return False

    def _ours(self, address: int) -> bool:
        return address == self.unit or address == BROADCAST

    def _followed(self, at: int, quiet: bool) -> bool:
        """Whether a frame that ends here does: the line is quiet, or another one begins.

        Bytes on the heels of a frame make it a damaged one, by the standard.
        """
        left = self.filled - at
        if not left:
            return quiet
        return left >= _FRAME_MIN and self._good(at, left, quiet, False) > 0

    def _good(self, at: int, left: int, quiet: bool, searching: bool) -> int:
        """Return the size of the good frame that begins at a place, 0 if none does.

        searching: after damage, for what this meter is asked in a known way.
        """
        data = self.data
        size = request_size(data, at, left)
        if searching:
            self._search -= min(size, left)
        if self._fits(at, size, left):
            return size
        if searching:
            return 0
        if not self._ours(data[at]):
            other = answer_size(data, at)
            if other != size and self._fits(at, other, left):
                return other
            size = other if other == left else size
        if quiet and left != size and self._fits(at, left, left):
            return left
        return 0

    def _fits(self, at: int, size: int, left: int) -> bool:
        if not _FRAME_MIN <= size <= min(left, FRAME_MAX):
            return False
        return crc16(self.data, at, size) == 0

    def _tell_damage(self) -> None:
        if self._damaged:
            self._damaged = False
            self._search = _SEARCH_BYTES
            self._counters.add(count.ERRORS)

    def _keep(self, quiet: bool) -> None:
        """Drop what was taken or is of no use; move what may be half a frame to the front."""
        left = self.filled - self._at
        if quiet or self._search <= 0:
            self._damaged = self._damaged or left > 0
            self._tell_damage()
            self.clear()
            return
        if left == SIZE:
            self._counters.add(count.OVERRUNS)
            self.clear()
            return
        for i in range(left):
            self.data[i] = self.data[self._at + i]
        self.filled = left
        self._at = 0
