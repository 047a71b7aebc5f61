"""What is done about a modem that does not do its work: a bit more each time, and ever later.

Each step is taken only after the one before has failed, and those that wear the modem's flash
or burden the network only so often a day. Source: the modem sheet, sections 3 and 10 (failure
18): a maker allows about 30 power or radio cycles a day.
"""

from micropython import const

# The steps, from mild to hard. Commands are repeated three times before any of them.
NOTHING = const(0)
REOPEN = const(1)
CONTEXT = const(2)
RADIO = const(3)
SOFT_RESET = const(4)
HARD_RESET = const(5)
SUPPLY = const(6)
NAMES = ("nothing", "reopen", "context", "radio", "soft reset", "hard reset", "supply")

RADIO_A_DAY = const(12)
RESETS_A_DAY = const(16)
"""Soft, hard and by the supply together: 28 a day with those of the radio."""

BACK_OFF_S = (10, 30, 120, 600, 3600)
_DAY_S = const(86400)


class Ladder:
    """A day is 24 hours of the meter's running, since the time itself may come from the modem."""

    def __init__(self, uptime: object, hard: bool, supply: bool) -> None:
        """uptime: () -> seconds since the start. hard, supply: whether there is a line for it."""
        self._uptime = uptime
        self._top = SUPPLY if supply else HARD_RESET if hard else SOFT_RESET
        self._hard = hard
        self._step = NOTHING
        self._due = 0
        self._day = 0
        self.failures = 0
        """Failures one after the other."""
        self.radio_cycles = 0
        self.resets = 0
        """How many there were in this day."""

    @property
    def wait_s(self) -> int:
        """How long the next step is still to wait."""
        return max(0, self._due - self._uptime())

    def failed(self, least: int = REOPEN, most: int = SUPPLY) -> int:
        """Count a failure; return the step to take when `wait_s` has passed.

        least: a milder step is known to be of no use, as when the modem answers nothing. most: a
        harder one is, as when the SIM has refused the PIN.
        """
        self._due = self._uptime() + BACK_OFF_S[min(self.failures, len(BACK_OFF_S) - 1)]
        self.failures += 1
        if most < self._step:
            return most
        self._step = min(max(self._step + 1, least), self._top, most)
        if self._step == HARD_RESET and not self._hard:
            self._step = SUPPLY
        return self._step

    def may(self, step: int) -> bool:
        """Return whether a step may be taken today, and count it if it may."""
        self._new_day()
        if step <= CONTEXT:
            return True
        if step == RADIO:
            if self.radio_cycles >= RADIO_A_DAY:
                return False
            self.radio_cycles += 1
            return True
        if self.resets >= RESETS_A_DAY:
            return False
        self.resets += 1
        return True

    def succeeded(self) -> None:
        """Begin at the mildest step again: data has come through."""
        self.failures = 0
        self._step = NOTHING

    def _new_day(self) -> None:
        day = self._uptime() // _DAY_S
        if day != self._day:
            self._day = day
            self.radio_cycles = self.resets = 0
