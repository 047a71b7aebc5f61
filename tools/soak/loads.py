"""The load of a life: a random walk of the power, with hours of feeding in."""

import math
from random import Random

from tools.soak.judge import Tick

TICKS_MS = (1000, 60000, 900000, 7200000, 14400000, 21600000)
"""A tick a second for years would take years: most of a soak's are hours long."""
COUNTS_MAX = 60000
"""Of one tick: what the metering IC's registers hold."""
WATTS_MAX = 20000


class Load:
    def __init__(self, rng: Random, counts_per_kWh: int) -> None:
        self._rng = rng
        self._counts_per_kWh = counts_per_kWh
        self._watts = 500

    def tick(self) -> Tick:
        rng = self._rng
        ms = rng.choice(TICKS_MS)
        self._watts = min(WATTS_MAX, max(20, int(
            self._watts * math.exp(rng.gauss(0, 0.5)) + rng.randrange(20))))
        if self._watts > 4000 and rng.random() < 0.3:
            self._watts = 300
        used = min(COUNTS_MAX, self._watts * self._counts_per_kWh * ms // 3600000000)
        given = 0
        if rng.random() < 0.1:
            given, used = used // 2, 0
        return ms, (used, given, used // 5, given // 7), None
