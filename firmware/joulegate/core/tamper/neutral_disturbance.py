"""A mains that no mains is: voltage is there, but its frequency or power factor cannot be.

Direct current, a diode or high frequency on the neutral leave a metering IC without zero
crossings: the ATM90E26 then shows a frequency outside 45 to 65 Hz, for which alone its register
is valid (46002B), or a power factor beyond 1.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm

_LOWEST_CHZ = const(4500)
_HIGHEST_CHZ = const(6500)
_FACTOR_MAX = const(1010)
"""Thousandths, with room for what a measurement may be off."""


class NeutralDisturbance:
    def __init__(self) -> None:
        self._alarm = Alarm(
            event.NEUTRAL_DISTURBED, event.NEUTRAL_CALM, trips.NEUTRAL_DISTURBED)
        self._voltage_cV = 0

    def configure(self, values: object, sight: Sight) -> None:
        self._voltage_cV = values["neutral_missing_V"] * 100
        self._alarm.configure(values, values["disturbance_s"], values["disturbance_s"])

    def step(self, sight: Sight, tell: object) -> int:
        """Return the reasons against supply that begin now; the event has the frequency, cHz."""
        if not sight.measured:
            return 0
        reading = sight.reading
        frequency = reading.frequency_cHz
        return self._alarm.step(
            reading.voltage_cV >= self._voltage_cV
            and (not _LOWEST_CHZ <= frequency <= _HIGHEST_CHZ
                 or abs(reading.power_factor_milli) > _FACTOR_MAX),
            sight, tell, frequency)
