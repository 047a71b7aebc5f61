"""Keys of 3 by 4 without diodes, as wires: a pressed key joins its row to its column.

Whoever drives a wire low pulls down all that is joined to it. So three keys at the corners of a
rectangle look like four, as with real keys, and nobody has to know of that here. Contacts bounce:
for BOUNCE_US after a press or a release they open and close.
"""

from world import bench_clock

KEYS = "123456789*0#"
ROWS = 4
COLUMNS = 3
BOUNCE_US = 5000
_STEP_US = 700
"""Between two changes of a bouncing contact."""


class KeyMatrix:
    """Wires 0 to 3 are the rows, 4 to 6 the columns."""

    def __init__(self) -> None:
        self._closed = set()

    def press(self, key: str) -> None:
        """Press a key, and keep it down. ValueError for one that is not there."""
        self._move(self._number(key), True)

    def release(self, key: str) -> None:
        """Let go of a key."""
        self._move(self._number(key), False)

    def _number(self, key: str) -> int:
        if len(key) != 1 or key not in KEYS:
            raise ValueError("key %r: must be one of %s" % (key, KEYS))
        return KEYS.index(key)

    def _move(self, number: int, closed: bool) -> None:
        """Bring a contact to its new state, to and fro until it has settled."""
        at = 0
        state = closed
        while at < BOUNCE_US:
            bench_clock.after_us(at, self._setter(number, state))
            state = not state
            at += _STEP_US
        bench_clock.after_us(BOUNCE_US, self._setter(number, closed))

    def _setter(self, number: int, closed: bool) -> object:
        def put() -> None:
            if closed:
                self._closed.add(number)
            else:
                self._closed.discard(number)
        return put

    def pulled_down(self, low: set) -> set:
        """Return the wires that are low when those in `low` are driven so."""
        bench_clock.now_us()  # contacts move by themselves
        found = set(low)
        grown = True
        while grown:
            grown = False
            for number in self._closed:
                row = number // COLUMNS
                column = ROWS + number % COLUMNS
                if (row in found) is not (column in found):
                    found.add(row)
                    found.add(column)
                    grown = True
        return found
