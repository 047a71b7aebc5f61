"""The voltage by the hour: lowest, highest, mean, and how long it was beyond the allowed band.

The figure made of it is the voltage qualification rate of GB/T 12325: the share of the measured
time in which the voltage was within its limits, for 220 V single phase +7 and -10 % of nominal.
"""

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.core.sight import Sight

HOUR_S = const(3600)
STEP_MAX_S = const(120)
"""A reading stands for no longer than this, two ticks of the longest."""
_HIGHEST = const(0xFFFF)


class VoltageProfile:
    def __init__(self, keep: object, offset: object) -> None:
        """keep: called with (second at which it began, seconds measured, below, above, lowest,
        highest, mean), voltages in 0.01 V, when an hour is over. offset: a function that
        returns the seconds by which local time is ahead of a UTC second."""
        self._keep = keep
        self._offset = offset
        self._low = 0
        self._high = _HIGHEST
        self._up: int | None = None
        self._edge = 0
        self._begin(0)

    def _begin(self, now: int) -> None:
        self._began = now
        self._seconds = 0
        self._below = 0
        self._above = 0
        self._sum = 0
        self._lowest = _HIGHEST
        self._highest = 0

    def configure(self, values: object, sight: Sight) -> None:
        """Take the band from the settings; what has been counted stays."""
        nominal = values["nominal_V"]
        above, below = values["band_above_percent"], values["band_below_percent"]
        self._low = nominal * (100 - below) if below else 0
        self._high = nominal * (100 + above) if above else _HIGHEST

    def step(self, sight: Sight, tell: object) -> int:
        """Count the time since the last step at its voltage; returns no reasons."""
        up = sight.up
        passed = 0 if self._up is None else min(up - self._up, STEP_MAX_S)
        self._up = up
        now = sight.now
        if now < TIME_MIN:
            return 0  # nobody could say of which day it was
        if now >= self._edge or now < self._began:
            self._turn(now)
        if passed and sight.measured and sight.mains_good:
            self._count(min(sight.reading.voltage_cV, _HIGHEST), passed)
        return 0

    def _count(self, voltage: int, passed: int) -> None:
        self._seconds += passed
        self._sum += voltage * passed
        if voltage < self._low:
            self._below += passed
        elif voltage > self._high:
            self._above += passed
        if voltage < self._lowest:
            self._lowest = voltage
        if voltage > self._highest:
            self._highest = voltage

    def _turn(self, now: int) -> None:
        if self._seconds:
            self._keep(self.running())
        self._begin(now)
        self._edge = now + HOUR_S - (now + self._offset(now)) % HOUR_S

    def running(self) -> "tuple | None":
        """Return what `keep` would be called with for the hour that has begun, or None."""
        if not self._seconds:
            return None
        return (self._began, self._seconds, self._below, self._above, self._lowest,
                self._highest, self._sum // self._seconds)
