"""The neutral taken away: current without voltage, so a metering IC counts no energy at all.

What flowed may be estimated at a nominal voltage and power factor 1. The estimate goes to the
account and not to the registers, which hold what was measured; the event of the end says how
much it was. Integrated in whole numbers, so nothing is rounded away.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm

_MW_S_A_KWH = const(3600000000)
_GAP_MAX_S = const(60)
"""A longer time between two looks counts as this: nobody has seen what flowed."""


class MissingNeutral:
    def __init__(self) -> None:
        self._alarm = Alarm(event.NEUTRAL_MISSING, event.NEUTRAL_BACK, trips.NEUTRAL_MISSING)
        self._voltage_cV = 0
        self._least_mA = 0
        self._estimate_V = 0
        self._looked = 0
        self._rest = 0
        """Energy not yet a count: mW s times counts in a kWh."""
        self._counts = 0
        """Estimated since it began."""

    def configure(self, values: object, sight: Sight) -> None:
        self._voltage_cV = values["neutral_missing_V"] * 100
        self._least_mA = values["neutral_missing_mA"]
        self._estimate_V = values["neutral_estimate_V"]
        self._alarm.configure(
            values, values["neutral_missing_s"], values["neutral_missing_s"])

    def step(self, sight: Sight, tell: object) -> int:
        """Return the reasons against supply that begin now.

        The event of the beginning has the current, mA; that of the end what was estimated, Wh.
        """
        if not sight.measured:
            return 0
        reading = sight.reading
        current = max(reading.current_mA, reading.neutral_mA)
        missing = reading.voltage_cV < self._voltage_cV and current >= self._least_mA
        was = self._alarm.active
        held = self._alarm.step(
            missing, sight, tell, current, self._counts * 1000 // sight.counts_per_kWh)
        if not self._alarm.active:
            self._counts = 0
        elif was and missing and self._estimate_V:
            self._estimate(current, min(_GAP_MAX_S, sight.up - self._looked), sight)
        self._looked = sight.up
        return held

    def _estimate(self, current_mA: int, seconds: int, sight: Sight) -> None:
        energy = self._rest + current_mA * self._estimate_V * seconds * sight.counts_per_kWh
        counts = energy // _MW_S_A_KWH
        sight.estimated_counts += counts
        self._counts += counts
        self._rest = energy % _MW_S_A_KWH
