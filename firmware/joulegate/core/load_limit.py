"""The load limit: power averaged over a block of time, a trip, and a few tries by itself.

A block's energy is what counts (as DLMS/COSEM class 71 has it with a block demand): the trip
comes as soon as the block has more than the limit would give it, at its end at the latest. Then
the meter closes again after a wait, so many times in a row; after that somebody must say so.
"""

from micropython import const

from joulegate.core.supply_reasons import EMERGENCY, LOAD_LIMIT

QUIET_S = const(3600)
"""After so long without a trip the tries count anew."""

_COUNTS_MAX = const(0x1FFFFFFF)


class LoadLimit:
    def __init__(self) -> None:
        self._begun = 0
        self._counts = 0
        self._tripped = 0
        self._limited = 0  # the limit that the block goes by

    def configure(self, values: object, counts_per_kWh: int) -> None:
        """Take the settings; at least one of the two limits is above 0."""
        tick_s = -(-values["tick_ms"] // 1000)
        # Whole ticks: a reading is of one tick, and none may count for more than its time.
        self._block_s = -(-values["load_limit_s"] // tick_s) * tick_s
        self._limit = _energy(values["maximum_power_W"], self._block_s, counts_per_kWh)
        self._reduced = min(self._limit, _energy(
            values["emergency_power_W"], self._block_s, counts_per_kWh))
        self._retries = values["load_limit_retries"]
        self._wait_s = values["load_limit_wait_s"]

    def held(self, supply: object) -> bool:
        """Return whether the meter has had its tries, so that somebody must say so."""
        return supply.reasons & LOAD_LIMIT != 0 and supply.tries > self._retries

    def step(self, supply: object, up: int, counts: int) -> bool:
        """Take in the counts of a tick; True when it has tripped or lifted. Part of the tick.

        up: seconds since the start. Sets and lifts the reason, and counts supply.tries.
        """
        if supply.reasons & LOAD_LIMIT:
            if supply.tries > self._retries or up - self._tripped < self._wait_s:
                return False
            supply.reasons &= ~LOAD_LIMIT
            self._limited = 0
            return True
        if supply.tries and up - self._tripped >= QUIET_S:
            supply.tries = 0
        limit = self._reduced if supply.lifts & EMERGENCY else self._limit
        if limit != self._limited:
            self._limited = limit
            self._begin(up)
            return False
        self._counts += counts
        if self._counts > limit:
            self._limited = 0
            supply.reasons |= LOAD_LIMIT
            supply.tries += 1
            self._tripped = up
            return True
        if up - self._begun >= self._block_s:
            self._begin(up)
        return False

    def _begin(self, up: int) -> None:
        """Begin a block with the next tick."""
        self._begun = up
        self._counts = 0


def _energy(watts: int, seconds: int, counts_per_kWh: int) -> int:
    """Return the counts of a power over a time, no limit for 0 W."""
    if not watts:
        return _COUNTS_MAX
    return min(_COUNTS_MAX, watts * seconds * counts_per_kWh // 3600000)
