"""One output pulse timed by the ESP32's RMT unit.

Once started it ends by itself whatever the processor does: a flash write that holds up
interrupts for tens of milliseconds, which would hold up machine.Timer too, cannot lengthen it.

Source: MicroPython documentation of esp32.RMT; ESP32 technical reference, RMT.
"""

from micropython import const

CLOCK_DIV = const(255)
"""The RMT's divider to make: 80 MHz / 255, a unit of 3.1875 us."""

_UNITS_PER_MS_X100 = const(31373)  # 80000 / 255 = 313.725
_SYMBOL_MAX = const(32767)


class RmtPulse:
    def __init__(self, rmt: object, line: object) -> None:
        """rmt: an esp32.RMT made with clock_div=CLOCK_DIV and idle level 0. line: its Pin."""
        self._rmt = rmt
        self._line = line

    def pulse(self, ms: int) -> None:
        """Drive the output high for so many milliseconds, 1 to 200."""
        if not 1 <= ms <= 200:
            raise ValueError("pulse of %r ms: must be 1 to 200" % ms)
        half = ms * _UNITS_PER_MS_X100 // 200
        # Two symbols of the same level, since one ends at 104 ms.
        self._rmt.write_pulses((min(half, _SYMBOL_MAX), min(half, _SYMBOL_MAX)), (1, 1))

    def busy(self) -> bool:
        """Return whether the pulse is still running."""
        return not self._rmt.wait_done(timeout=0)

    def off(self) -> None:
        """Drive the output low at once and for good: until a reset the RMT does not reach it."""
        self._line.init(self._line.OUT, value=0)
