"""Messages in pieces, as many bytes each as the air takes at the data rate of the moment.

A piece is two bytes and a part of the message: the code of the topic (0 down, 1 to 5 up, as in
uplink/bodies.py) times 32 plus a tag that rises from message to message; then the piece's place
from 0 on, plus 128 in the last one. Pieces may have any length and come in any order. Rules:
docs/lorawan.md.
"""

from micropython import const

HEAD = const(2)
PIECES_MAX = const(64)
TAGS = const(32)
MESSAGE_MAX = const(512)
GATHER_MS = const(3600000)
"""A message whose next piece does not come within this time is given up."""
_LAST = const(0x80)


class Cutter:
    """A message on its way out, piece by piece."""

    def __init__(self, code: int, tag: int, message: bytes) -> None:
        """code: 1 to 5. tag: 0 to TAGS - 1."""
        self._first = code << 5 | tag
        self._message = message
        self._at = 0
        self._taken = 0
        self._place = 0

    @property
    def over(self) -> bool:
        """Whether all pieces have been passed."""
        return self._at >= len(self._message)

    def fits(self, size_max: int) -> bool:
        """Return whether what is left goes into the pieces that are left, of this length."""
        return len(self._message) - self._at <= (PIECES_MAX - self._place) * (size_max - HEAD)

    def piece(self, size_max: int) -> bytes:
        """Return the next piece, of at most `size_max` bytes, above HEAD; the same again until
        `passed`."""
        self._taken = min(size_max - HEAD, len(self._message) - self._at)
        end = self._at + self._taken
        last = _LAST if end == len(self._message) else 0
        return bytes((self._first, self._place | last)) + self._message[self._at:end]

    def passed(self) -> None:
        """Go on behind the piece given last."""
        self._at += self._taken
        self._place += 1


class Gatherer:
    """A message on its way in. One at a time: a piece of another makes an end of it."""

    def __init__(self, clock: object) -> None:
        """clock: answers ticks_ms and ticks_diff."""
        self._clock = clock
        self._tag = -1
        self._parts: dict = {}
        self._size = 0
        self._count = 0
        self._heard = 0
        self.given_up = 0
        """Messages of which pieces were missing."""
        self.refused = 0
        """Pieces that belong to no message."""

    def take(self, piece: bytes) -> "bytes | None":
        """Take a piece; return the message when it was the one that was missing."""
        place = piece[1] & 0x7F if len(piece) > HEAD else PIECES_MAX
        if place >= PIECES_MAX or piece[0] >> 5:
            self.refused += 1
            return None
        clock = self._clock
        now = clock.ticks_ms()
        part = piece[HEAD:]
        tag = piece[0] & 0x1F
        last = piece[1] & _LAST
        if tag != self._tag or clock.ticks_diff(now, self._heard) > GATHER_MS or (
                not self._agrees(place, part, last)):
            self._begin(tag)
        self._heard = now
        if place not in self._parts:
            self._parts[place] = part
            self._size += len(part)
        if last:
            self._count = place + 1
        if self._size > MESSAGE_MAX:
            self._begin(-1)
            return None
        if len(self._parts) != self._count:
            return None
        message = b"".join([self._parts[i] for i in range(self._count)])
        self._parts = {}
        self._begin(-1)
        return message

    def _agrees(self, place: int, part: bytes, last: int) -> bool:
        """Return whether a piece may be one of the message under way: tags come again."""
        if place in self._parts:
            return self._parts[place] == part and bool(last) == (self._count == place + 1)
        if self._count:
            return place < self._count and not last
        return not last or not self._parts or place > max(self._parts)

    def _begin(self, tag: int) -> None:
        if self._parts:
            self.given_up += 1
        self._tag = tag
        self._parts = {}
        self._size = self._count = 0
