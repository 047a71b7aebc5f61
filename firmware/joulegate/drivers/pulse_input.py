"""A pulse input: a contact to ground, reed or open collector (S0, IEC 62053-31), on a pin.

Closed counts once it has lasted `least_ms`, after an opening that has lasted as long. What is
shorter, the bounce of a reed or a disturbance, is no pulse. The interrupt stores and flags only,
and allocates nothing; pulses wait as a count until they are taken.

A contact that goes away from its state and is back before it was steady has left no pulse: it
is counted as `missed`, and one that never rests once for each two `least_ms`. The interrupts of
some ports come late while flash is written; a pulse that was over by then was never seen.
"""

from micropython import const

_MASK = const(0xFFFFFF)
_CLOSED = const(0)


class PulseInput:
    def __init__(self, pin: object, least_ms: int, ticks_ms: object, ticks_diff: object) -> None:
        """pin: an input that is high while the contact is open; its interrupt becomes this
        one's. least_ms: shortest pulse and pause. A contact that is closed now is no pulse."""
        self._pin = pin
        self._least_ms = least_ms
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._level = self._steady = pin()
        self._changed = self._left = ticks_ms()
        self._away = False  # from the steady level, since `_left`
        self._counted = 0
        self._taken = 0
        self._looking = False
        self._edge_waits = False
        self.missed = 0
        """Pulses or disturbances too short to count, modulo 2**24."""
        pin.irq(self._edge, pin.IRQ_FALLING | pin.IRQ_RISING)

    def take(self) -> int:
        """Return the pulses since the last time."""
        # An edge may come between any two steps of this: it waits until they are done.
        self._looking = True
        self._look()
        self._looking = False
        if self._edge_waits:
            self._edge_waits = False
            self._edge(self._pin)
        counted = self._counted
        n = counted - self._taken & _MASK
        self._taken = counted
        return n

    def release(self) -> None:
        """Give the pin's interrupt back."""
        self._pin.irq(None)

    def _edge(self, pin: object) -> None:
        """Note an edge; an interrupt."""
        if self._looking:
            self._edge_waits = True
            return
        now = self._ticks_ms()
        self._settle(now)
        self._note(pin(), now)

    def _look(self) -> None:
        """See what has become steady, and whether an edge was missed."""
        now = self._ticks_ms()
        level = self._pin()
        if level != self._level:
            self._settle(now)
            self._note(level, now)
        else:
            self._settle(now)

    def _note(self, level: int, now: int) -> None:
        """Note the level after an edge, which is the one before if the edge was a short one."""
        if not self._away:
            self._away = True
            self._left = now
        elif self._ticks_diff(now, self._left) >= 2 * self._least_ms:
            self._left = now
            self.missed = self.missed + 1 & _MASK
        self._level = level
        self._changed = now

    def _settle(self, now: int) -> None:
        """Take the level for steady if it has lasted."""
        if not self._away or self._ticks_diff(now, self._changed) < self._least_ms:
            return
        self._away = False
        if self._level == self._steady:
            self.missed = self.missed + 1 & _MASK
            return
        self._steady = self._level
        if self._level == _CLOSED:
            self._counted = self._counted + 1 & _MASK
