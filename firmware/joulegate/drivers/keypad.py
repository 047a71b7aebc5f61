"""A keypad of 3 by 4: bounces taken out, ghosts and keys that stick kept out.

Without diodes three keys at the corners of a rectangle close the fourth one, too: as long as two
rows share two columns nobody knows which keys are down, and nothing counts until all are up.
Contacts bounce for some milliseconds: what SCANS looks, LOOK_MS apart, agree on is what is down.
"""

from micropython import const

KEYS = "123456789*0#"
"""By the bit of a scan, row by row."""

LOOK_MS = const(10)
SCANS = const(3)
STUCK_MS = const(20000)
"""A key that is down for longer is stuck; it counts no more until it has come up."""

NO_KEY = const(-1)
_COLUMNS = const(3)
_ROW_MASK = const(7)
_ALL = const(0xFFF)


class Keypad:
    def __init__(self, scan: object, ticks_ms: object, ticks_diff: object) -> None:
        """scan: a function that returns a bit for each key that closes now; the others are those
        of the time module.

        What is down at the start counts once it was up: it may be stuck.
        """
        self._scan = scan
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._seen = 0
        self._equal = 0
        self._down = _ALL
        self._blocked = True
        self._since = ticks_ms()
        self.stuck = 0
        """The keys that are stuck, a bit each."""

    def look(self) -> int:
        """Look once, every LOOK_MS; return the number, in KEYS, of a key that has just gone
        down, or NO_KEY. OSError from a keypad that does not answer, and nothing is down then."""
        try:
            seen = self._scan()
        except OSError:
            self._seen = self._equal = 0
            self._down = _ALL
            self._blocked = True
            raise
        if seen != self._seen:
            self._seen = seen
            self._equal = 1
            return NO_KEY
        if self._equal < SCANS:
            self._equal += 1
            if self._equal < SCANS:
                return NO_KEY
        self.stuck &= seen
        seen &= ~self.stuck
        if seen == self._down:
            if seen and self._ticks_diff(self._ticks_ms(), self._since) >= STUCK_MS:
                self.stuck |= seen
                self._down = 0
                self._blocked = False
            return NO_KEY
        return self._change(seen)

    def _change(self, seen: int) -> int:
        new = seen & ~self._down
        self._down = seen
        self._since = self._ticks_ms()
        if not seen:
            self._blocked = False
        elif new and (new & (new - 1) or _is_ghostly(seen)):
            # Two at once, or a rectangle: nobody knows which was meant.
            self._blocked = True
        if self._blocked or not new:
            return NO_KEY
        number = 0
        while not new & 1:
            new >>= 1
            number += 1
        return number


def _is_ghostly(keys: int) -> bool:
    """Return whether two rows share two columns."""
    while keys > _ROW_MASK:
        row = keys & _ROW_MASK
        keys >>= _COLUMNS
        other = keys
        while other:
            both = row & other & _ROW_MASK
            if both & (both - 1):
                return True
            other >>= _COLUMNS
    return False
