"""Phase and neutral that differ: a load that returns by earth, or one leg bypassed.

Source: IEC 62053-21 meters with two current sensors; ATM90E26 data sheet 46002B, anti-tamper.
"""

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm


class CurrentMismatch:
    def __init__(self) -> None:
        self._alarm = Alarm(
            event.CURRENT_MISMATCH_BEGAN, event.CURRENT_MISMATCH_ENDED, trips.MISMATCH)
        self._percent = 0
        self._least_mA = 0

    def configure(self, values: object, sight: Sight) -> None:
        self._percent = values["mismatch_percent"]
        self._least_mA = values["mismatch_mA"]
        self._alarm.configure(values, values["mismatch_s"], values["mismatch_s"])

    def step(self, sight: Sight, tell: object) -> int:
        """Return the reasons against supply that begin now; the event has the difference, mA.

        What was not measured, or is too small to compare, says nothing either way.
        """
        if not sight.measured:
            return 0
        line = sight.reading.current_mA
        neutral = sight.reading.neutral_mA
        larger = max(line, neutral)
        difference = abs(line - neutral)
        return self._alarm.step(
            larger >= self._least_mA and difference * 100 > larger * self._percent,
            sight, tell, difference)
