"""Model of the latch that notes openings while the supply is off: two D flip-flops on a battery.

Source: a dual D flip-flop with clear such as the 74HC74, function table. Each cover's switch is
the clock of one: the edge of an opening takes over D, which is tied high. CLR, low, resets both
and keeps them so. On the battery, as the covers' switches are, it needs no supply of the meter.
"""

COVER = 1
TERMINAL_COVER = 2


class TamperLatch:
    def __init__(self, changed: object) -> None:
        """changed: called with the outputs, a bit each, whenever they change."""
        self._changed = changed
        self._closed = COVER | TERMINAL_COVER
        self._held = False
        self.outputs = 0

    def switch(self, cover: int, closed: bool) -> None:
        """One of the covers moves."""
        if self._closed & cover and not closed and not self._held:
            self._put(self.outputs | cover)
        self._closed = self._closed | cover if closed else self._closed & ~cover

    def clear(self, level: int) -> None:
        """The CLR input has a level."""
        self._held = not level
        if self._held:
            self._put(0)

    def _put(self, outputs: int) -> None:
        if outputs != self.outputs:
            self.outputs = outputs
            self._changed(outputs)
