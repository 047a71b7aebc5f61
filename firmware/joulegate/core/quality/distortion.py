"""Distortion: the voltage's total harmonic distortion above a limit, where the IC measures it.

EN 50160 and IEC 61000-4-30 judge means of ten minutes, so one begins and ends with such a mean.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight

MEAN_S = const(600)


class Distortion:
    """Values of the events are hundredths of a per cent: the mean at the beginning, and the
    highest mean at the end."""

    def __init__(self) -> None:
        self._limit = 0
        self._active = False
        self._worst = 0
        self._forget()

    def _forget(self) -> None:
        self._began: int | None = None
        self._last = 0
        self._sum = 0
        self._seconds = 0

    def configure(self, values: object, sight: Sight) -> None:
        """Take the limit from the settings, per cent."""
        self._limit = values["distortion_percent"] * 100

    def step(self, sight: Sight, tell: object) -> int:
        """Look at a reading; returns no reasons against supply."""
        reading = sight.reading
        if not sight.measured or reading.distortion_bp is None:
            self._forget()  # a mean over a gap would be none
            return 0
        up = sight.up
        if self._began is None:
            self._began = self._last = up
        passed = up - self._last
        self._last = up
        self._sum += reading.distortion_bp * passed
        self._seconds += passed
        if self._seconds >= MEAN_S:
            mean = self._sum // self._seconds
            self._forget()
            self._judge(mean, tell)
        return 0

    def _judge(self, mean: int, tell: object) -> None:
        if self._active:
            self._worst = max(self._worst, mean)
            if mean <= self._limit:
                self._active = False
                tell(event.DISTORTION_ENDED, self._worst)
        elif mean > self._limit:
            self._active = True
            self._worst = mean
            tell(event.DISTORTION_BEGAN, mean)
