"""Overload: what trips for too much current, and a few tries by itself after that.

Inverse time, an instantaneous stage, unbalance of three phases, and the comparator whose interrupt
does not wait for a tick. One owner of the reason, so that all trips count together: they are kept
in the ledger, and a power cut gives no new tries.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import OVERLOAD

QUIET_S = const(3600)
"""After so long without a trip the tries count anew."""

_UNSET = const(-1)


class Overload:
    def __init__(self) -> None:
        self._curve: object = None
        self._unbalance: object = None
        self._peak_mA = 0
        self._up = _UNSET
        self._tripped = _UNSET
        """When supply went off, or the start if it was off then; _UNSET while it is on."""
        self._last = 0

    def configure(self, values: dict, sight: Sight) -> None:
        self._retries = values["overload_retries"]
        self._wait_s = values["overload_wait_s"]
        self._peak_mA = values["overcurrent_peak_mA"]
        if not values["overcurrent_mA"]:
            self._curve = None
        else:
            if self._curve is None:
                # Here and below: a module takes memory.
                from joulegate.core.protection.inverse_time import InverseTime
                self._curve = InverseTime()
            self._curve.configure(
                values["overcurrent_mA"], values["overcurrent_curve"],
                values["overcurrent_multiplier"])
        if not values["phase_unbalance_W"]:
            self._unbalance = None
        else:
            if self._unbalance is None:
                from joulegate.core.protection.phases import Unbalance
                self._unbalance = Unbalance()
            self._unbalance.configure(values["phase_unbalance_W"], values["protection_delay_s"])

    def step(self, sight: Sight, tell: object) -> int:
        """Look; return OVERLOAD while it is held."""
        up = sight.up
        passed = 0 if self._up == _UNSET else up - self._up
        self._up = up
        supply = sight.supply
        if supply.reasons & OVERLOAD:
            return self._wait(sight, tell, passed)
        self._tripped = _UNSET
        if supply.overloads and up - self._last >= QUIET_S:
            supply.overloads = 0
        if not sight.measured:
            return 0
        reading = sight.reading
        current = reading.current_mA if sight.closed else 0
        over = self._curve is not None and self._curve.step(current, passed)
        if over or (self._peak_mA and current >= self._peak_mA):
            return self._trip(sight, tell, current)
        if self._unbalance is not None and reading.phases > 1 and sight.closed:
            if self._unbalance.step(sight, tell):
                return self._trip(sight, tell, current)
        return 0

    def _trip(self, sight: Sight, tell: object, current: int) -> int:
        self.count(sight)
        tell(event.OVERLOAD_TRIPPED, current)
        return OVERLOAD

    def count(self, sight: Sight) -> None:
        """Count a trip and begin to wait."""
        sight.supply.overloads = min(255, sight.supply.overloads + 1)
        self._tripped = self._last = sight.up

    def _wait(self, sight: Sight, tell: object, passed: int) -> int:
        """Return OVERLOAD until another try is due, for ever once there have been enough."""
        if self._curve is not None:
            self._curve.step(0, passed)
        if self._unbalance is not None:
            self._unbalance.end(sight, tell)
        supply = sight.supply
        if self._tripped == _UNSET:
            self._tripped = self._last = sight.up
        if (not sight.measured or supply.overloads > self._retries
                or sight.up - self._tripped < self._wait_s):
            return OVERLOAD
        self._tripped = _UNSET
        self._last = sight.up
        tell(event.OVERLOAD_RETRIED, supply.overloads)
        return 0
