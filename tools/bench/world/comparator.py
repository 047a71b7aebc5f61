"""Model of the overcurrent comparator: an LM393 class part on the shunt, with a peak hold.

The output goes high as soon as the half-wave of the current passes the threshold, and low once
none has for the hold time of its RC, which is longer than a half-wave. From its own parameters;
it knows nothing of the metering IC beside it.
"""

import math

from world import bench_clock

SHUNT_UOHM = 200
THRESHOLD_UV = 34000
"""170 A at the peak, 120 A of a sine: twice what a 60 A meter is for."""
HALF_WAVE_US = 10000
HOLD_US = 25000
DELAY_US = 2
"""Response time of the part, at most."""


class Comparator:
    def __init__(self, output: object) -> None:
        """output: a function that is called with the level of the output when it changes."""
        self._output = output
        self._above = False
        self._alarm = None
        self.level = 0
        self.edge_us: int | None = None
        """When the output last went high."""

    def carry(self, current_mA: int) -> None:
        """Have an effective current flow from now on."""
        peak_uV = current_mA * SHUNT_UOHM * 1414 // 1000000
        above = peak_uV > THRESHOLD_UV
        if above is self._above:
            return
        self._above = above
        bench_clock.cancel(self._alarm)
        now = bench_clock.now_us()
        if above:
            due = now + self._until_above(now, THRESHOLD_UV / peak_uV) + DELAY_US
            self._alarm = bench_clock.at_us(due, lambda: self._set(1))
        else:
            self._alarm = bench_clock.at_us(now + HOLD_US, lambda: self._set(0))

    def _until_above(self, now: int, part: float) -> int:
        """Return the microseconds until a half-wave is above a part of its peak."""
        first = int(HALF_WAVE_US * math.asin(part) / math.pi)
        phase = now % HALF_WAVE_US
        if phase < first:
            return first - phase
        return 0 if phase < HALF_WAVE_US - first else HALF_WAVE_US - phase + first

    def _set(self, level: int) -> None:
        self._alarm = None
        if level != self.level:
            self.level = level
            if level:
                self.edge_us = bench_clock.now_us()
            self._output(level)
