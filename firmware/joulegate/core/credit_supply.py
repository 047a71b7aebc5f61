"""The credit side of supply: cut-off, close permit, and the alarm that trips once.

Amounts are credit units. Supply goes off at a balance of `cut_off` or less; below 0 that is an
overdraft. Once off it comes back only above `close_permit` too. At `alarm_trip` or less it
goes off once, as a warning that nobody overlooks, and comes back by a press.
"""

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.supply_reasons import ALARM, CREDIT


class CreditSupply:
    def __init__(self) -> None:
        self.cut_off = 0
        self._close_permit = -BALANCE_LIMIT
        self.alarm_trip = -BALANCE_LIMIT

    def configure(self, values: object, button: bool) -> None:
        """Take the settings.

        button: whether there is one; without, nobody could end an alarm trip, and none comes.
        """
        self.cut_off = values["cut_off"]
        self._close_permit = values.get("close_permit", -BALANCE_LIMIT)
        self.alarm_trip = values.get("alarm_trip", -BALANCE_LIMIT) if button else -BALANCE_LIMIT

    def decide(self, reasons: int, lifts: int, balance: int) -> int:
        """Return the reasons with `credit` set or lifted. Part of the tick.

        What is lifted has not been off, so no close permit is needed to stay on.
        """
        if balance <= self.cut_off:
            return reasons | CREDIT
        if reasons & CREDIT and (lifts or balance > self._close_permit):
            return reasons & ~CREDIT
        return reasons

    def trips(self, reasons: int, balance: int) -> bool:
        """Return whether the alarm may trip at a balance. Part of the tick."""
        return balance <= self.alarm_trip and not reasons & (CREDIT | ALARM)

    def alarm_over(self, balance: int) -> bool:
        """Return whether a purchase has brought the balance above the alarm."""
        return balance > self.alarm_trip
