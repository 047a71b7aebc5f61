"""An account that the head-end keeps: the meter delivers until a cached limit is used up.

The limit is in credit units or in Wh, and the head-end renews it. What is left of it stands in
the ledger beside the charges that it is counted by, so a power cut parts neither. Metering and
the local account go on as ever.
"""

from micropython import const

LIMIT_MAX = const(0x0FFFFFFF)
"""The largest limit, in credit units or Wh."""

_MASK = const(0x1FFFFFFF)
_HALF = const(0x10000000)
_END = const(0x1FFFFFFF)  # what the ledger keeps, either way


class RemoteAccount:
    def __init__(self, energy: bool, account: object, registers: object) -> None:
        """energy: the limit is in Wh imported, otherwise in credit units charged."""
        self._energy = energy
        self._forward = False
        self._account = account
        self._registers = registers
        self._last = self._reached()

    def count(self, forward: bool) -> None:
        """Count export with the import from now on, or not."""
        self._forward = forward
        self._last = self._reached()

    def spend(self, left: int) -> int:
        """Return what is left after what was used since the call before. Part of the tick."""
        reached = self._reached()
        left -= (reached - self._last + _HALF & _MASK) - _HALF
        self._last = reached
        return max(-_END, min(_END, left))

    def _reached(self) -> int:
        """Return how far the count is, modulo 2**29."""
        if not self._energy:
            return self._account.charges_low
        wh = self._registers.wh
        return (wh[0] + wh[1] if self._forward else wh[0]) & _MASK
