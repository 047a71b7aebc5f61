"""Sags and swells: the voltage below or above a share of the nominal one, and for how long.

As the dips and swells of IEC 61000-4-30 and EN 50160: one begins beyond its threshold, and is
over when the voltage has come back within it by 2 % of nominal. Those standards look at every
half cycle, this at every reading, the mean of about a second. What is shorter is seen by the
metering IC alone, if it can: its bit is the event `sag`, told only when no sag of the readings
follows that it would be the beginning of.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight

HYSTERESIS_PERCENT = const(2)
"""Of nominal, 5.4.2.1 and 5.4.3.1 of IEC 61000-4-30."""
TOGETHER_S = const(3)
"""Seconds in which the readings have to follow what the IC has seen."""


class VoltageEvents:
    """Values of the events are voltages in 0.01 V: at the beginning that of the moment, at the
    end the lowest of the sag or the highest of the swell, for `sag` the lowest reading since."""

    def __init__(self) -> None:
        self._low = self._low_end = -1
        self._high = self._high_end = 0x3FFFFFFF
        self._sagging = False
        self._swelling = False
        self._worst = 0
        self._seen: int | None = None  # since when the IC's sag waits for readings of it
        self._seen_cV = 0

    def configure(self, values: object, sight: Sight) -> None:
        """Take the thresholds from the settings; what is on its way goes on."""
        nominal = values["nominal_V"]  # a per cent of it in V is as many 0.01 V
        sag, swell = values["sag_percent"], values["swell_percent"]
        self._low = nominal * (100 - sag) if sag else -1
        self._low_end = self._low + nominal * HYSTERESIS_PERCENT
        self._high = nominal * (100 + swell) if swell else 0x3FFFFFFF
        self._high_end = self._high - nominal * HYSTERESIS_PERCENT

    def step(self, sight: Sight, tell: object) -> int:
        """Look at a reading; returns no reasons against supply."""
        if not sight.measured or not sight.mains_good:
            return 0  # nothing is known of the voltage, or it is an outage
        voltage = sight.reading.voltage_cV
        before = self._sagging
        self._end(voltage, tell)
        if not (self._sagging or self._swelling):
            self._begin(voltage, tell)
        self._short(voltage, before, sight, tell)
        return 0

    def _end(self, voltage: int, tell: object) -> None:
        if self._sagging:
            if voltage < self._worst:
                self._worst = voltage
            elif voltage >= self._low_end:
                self._sagging = False
                tell(event.SAG_ENDED, self._worst)
        elif self._swelling:
            if voltage > self._worst:
                self._worst = voltage
            elif voltage <= self._high_end:
                self._swelling = False
                tell(event.SWELL_ENDED, self._worst)

    def _begin(self, voltage: int, tell: object) -> None:
        if voltage < self._low:
            self._sagging = True
            tell(event.SAG_BEGAN, voltage)
        elif voltage > self._high:
            self._swelling = True
            tell(event.SWELL_BEGAN, voltage)
        self._worst = voltage

    def _short(self, voltage: int, before: bool, sight: Sight, tell: object) -> None:
        if sight.sagged:
            sight.sagged = False
            # The bit is of the time since the last reading: what was a sag then is known.
            if self._seen is None and not before:
                self._seen = sight.up
                self._seen_cV = voltage
        if self._seen is None:
            return
        if voltage < self._seen_cV:
            self._seen_cV = voltage
        if self._sagging:
            self._seen = None
        elif sight.up - self._seen >= TOGETHER_S:
            self._seen = None
            tell(event.SAG, self._seen_cV)
