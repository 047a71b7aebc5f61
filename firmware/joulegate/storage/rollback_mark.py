"""A mark outside the file system of how far the ledger is: tells a restored copy of storage.

Whoever copies the flash, buys, uses up and puts the copy back has the credit again. The battery
clock has some registers to spare that the copy does not hold: there stand the low bits of the
ledger's number, written after each commit. So the ledger may be ahead of the mark, by a power
cut in between, but never behind it by more than the one commit that a flash may have lost.
"""

from micropython import const

_BITS = const(0x3FFFF)
_HALF = const(0x20000)
_LOST_MAX = const(1)


class RollbackMark:
    def __init__(self, place: object) -> None:
        """place: answers spare(value) as a battery clock's driver does, 22 bits."""
        self._place = place
        self._kept = -1
        self.held = False
        """Whether the mark stays as it is, until somebody has seen to it."""

    def behind(self, sequence: int) -> int:
        """Return how many commits a ledger is behind the mark, 0 for one that is in order.

        Nobody can tell of a mark that is not there, as after a change of battery: that is 0.
        """
        try:
            value = self._place.spare()
        except OSError:
            return 0
        if value & 15 != _check(value >> 4):
            return 0
        behind = (value >> 4) - sequence & _BITS
        return behind if _LOST_MAX < behind < _HALF else 0

    def keep(self, ledger: object) -> None:
        """Note the ledger's number if it was committed since the last time; after each tick.

        A place that does not answer is tried again after the next commit.
        """
        if ledger.commits == self._kept or self.held:
            return
        self._kept = ledger.commits
        number = ledger.sequence & _BITS
        try:
            self._place.spare(number << 4 | _check(number))
        except OSError:
            pass


def _check(number: int) -> int:
    """Return four bits that a torn or empty mark does not have but by chance."""
    return (number ^ number >> 4 ^ number >> 8 ^ number >> 12 ^ number >> 16 ^ 10) & 15
