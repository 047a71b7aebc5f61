"""Latching relay: one pulse closes it, another opens it, none holds it.

Parts such as Hongfa HFE10 take a pulse of 50 to 100 ms; a 1.5 W coil left on overheats and two
coils on at once fight. So each coil hangs on a pulse output that ends the pulse by hardware
(see pulse_rmt), and this driver never starts one while the other runs.
"""

from micropython import const

PULSE_MIN_MS = const(50)
PULSE_MAX_MS = const(200)
OPERATE_MS = const(20)
"""Longest operate time of the contacts after the pulse began (HFE10: 15 ms)."""


class RelayError(RuntimeError):
    """The relay cannot be pulsed now; says why."""


class LatchingRelay:
    def __init__(
        self, close_coil: object, open_coil: object, load_side: object = None,
        pulse_ms: int = 100,
    ) -> None:
        """Coils: objects with pulse(ms), busy() and off(). load_side: Pin, high when the load side
        of the contacts has voltage; None on boards without that detector.
        """
        if not PULSE_MIN_MS <= pulse_ms <= PULSE_MAX_MS:
            raise ValueError("pulse_ms %r: must be %d to %d"
                             % (pulse_ms, PULSE_MIN_MS, PULSE_MAX_MS))
        self._close_coil = close_coil
        self._open_coil = open_coil
        self._load_side = load_side
        self.pulse_ms = pulse_ms
        self.pulses = 0

    def pulse(self, close: bool) -> None:
        """Start a pulse that closes or opens the contacts; returns at once."""
        if self._close_coil.busy() or self._open_coil.busy():
            raise RelayError("relay: a pulse is running, one at a time")
        (self._close_coil if close else self._open_coil).pulse(self.pulse_ms)
        self.pulses += 1

    def off(self) -> bool:
        """End a pulse that is running and return whether there was one.

        Whether the contacts moved is then open, and a reset must come before the next pulse.
        """
        cut = False
        for coil in (self._close_coil, self._open_coil):
            if coil.busy():
                coil.off()
                cut = True
        return cut

    def load_voltage(self) -> object:
        """Return whether the load side has voltage, or None where nothing can tell."""
        if self._load_side is None:
            return None
        return bool(self._load_side())
