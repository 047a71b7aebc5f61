"""The last moments: what is done, once and in this order, when mains fails.

The coils first: a relay pulse takes more energy than a small hold-up capacitor holds. Then radio
and lamps. The metering task reads and charges what was used so far, commits, and leaves the
relay alone until mains is back or the reset comes. See docs/power-fail.md for the times.
"""


class PowerFail:
    def __init__(self, mains_good: object, coils_off: object, loads_off: tuple = ()) -> None:
        """mains_good: a function, False once only the hold-up store is left. coils_off: a
        function that ends a pulse that is running and returns whether there was one. loads_off:
        functions that switch radio, lamps and the like off."""
        self._mains_good = mains_good
        self._coils_off = coils_off
        self._loads_off = loads_off
        self.failing = False
        """Whether mains was failing at the last look."""
        self.reset_needed = False
        """Whether something was switched off that only a reset brings back."""
        self.errors = 0
        """Steps that raised since the start; those after them were done all the same."""

    def look(self) -> bool:
        """Return whether mains is failing; switch off what is to be off when it begins to."""
        failing = not self._mains_good()
        if failing and not self.failing:
            self._switch_off()
        self.failing = failing
        return failing

    def begins(self) -> bool:
        """Return whether mains has begun to fail since the last look; cheap, changes nothing."""
        return not (self.failing or self._mains_good())

    def _switch_off(self) -> None:
        try:
            if self._coils_off():
                self.reset_needed = True
        except Exception:  # whatever it is, the commit comes after it
            self.errors += 1
        for off in self._loads_off:
            self.reset_needed = True
            try:
                off()
            except Exception:
                self.errors += 1
