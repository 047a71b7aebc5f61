"""Emergency credit: offered below a threshold, accepted by a press, of a fixed size.

It is no money: the balance goes on falling, below the cut-off, and supply stays on until the
credit is used up. So the next top-up repays it first. It is over, and can be offered again,
once a top-up has brought the balance above the threshold.
"""

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.supply_reasons import EMERGENCY


class EmergencyCredit:
    def __init__(self) -> None:
        self.offered = False

    def configure(self, values: object) -> None:
        """Take the settings; emergency_credit is above 0."""
        cut_off = values["cut_off"]
        self._threshold = max(cut_off, values["emergency_threshold"])
        self._floor = max(-BALANCE_LIMIT, cut_off - values["emergency_credit"])

    def lifts(self, kept: int, balance: int) -> int:
        """Return EMERGENCY while it is accepted and not used up. Part of the tick."""
        return EMERGENCY if kept & EMERGENCY and balance > self._floor else 0

    def left(self, kept: int, balance: int) -> int:
        """Return how many credit units may be used before supply goes off for good."""
        return max(0, balance - self._floor) if kept & EMERGENCY else 0

    def offers(self, balance: int) -> bool:
        """Return whether it is offered just now, for the first time. Part of the tick."""
        offered = self._floor < balance <= self._threshold
        first = offered and not self.offered
        self.offered = offered
        return first

    def over(self, balance: int) -> bool:
        """Return whether the balance has been brought above the threshold."""
        return balance > self._threshold
