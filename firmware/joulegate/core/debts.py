"""Debts: recovered from the balance, by time or as a share of what is bought.

The vocabulary is that of SMETS2: time debt registers 1 and 2, each with a rate and a period,
and a payment debt register with a percentage of each top-up and a cap. What is recovered is a
charge and has its own total. Rules: docs/charges.md.
"""

from micropython import const

from joulegate.core.account import BALANCE_LIMIT, Account
from joulegate.core.civil import weekday
from joulegate.core.debt_state import DEBTS, DebtState
from joulegate.core.supply import REMOTE, Supply
from joulegate.core.supply_reasons import CREDIT, EMERGENCY, FRIENDLY, KEEP_POWER

# Periods, as the settings number them.
DAY = const(1)
WEEK = const(2)
MONTH = const(3)

# Bits of the setting debt_suspend.
IN_EMERGENCY = const(1)
WHILE_OFF = const(2)

_PAYMENT = const(2)
_WEEK_DAYS = const(7)


class DebtError(ValueError):
    """A debt that cannot be set, with the rule."""


def check(number: int, units: int) -> None:
    """Raise DebtError unless register `number`, 1 to 3, may hold so many credit units."""
    if not 1 <= number <= DEBTS:
        raise DebtError("debt %r: must be 1 or 2, by time, or 3, of top-ups" % (number,))
    if not 0 <= units <= BALANCE_LIMIT:
        raise DebtError("debt %d: %r: must be 0 to %d units" % (number, units, BALANCE_LIMIT))


class Recovery:
    """Recovers what a DebtState holds."""

    def __init__(self, account: Account, supply: Supply) -> None:
        """supply: whose kept lifts and reasons say whether collection is suspended."""
        self._state: DebtState = account.debts
        self._account = account
        self._supply = supply
        self.settled = 0
        """A bit for each register that has come to 0 and was not told yet."""
        self._values: dict = {}

    def configure(self, values: object) -> None:
        """Take settings by name."""
        self._values = values

    def take_settled(self) -> list:
        """Return the numbers, from 1, of the registers in `settled`, and begin anew."""
        settled = self.settled
        self.settled = 0
        return [i + 1 for i in range(DEBTS) if settled >> i & 1]

    # --- by time --------------------------------------------------------------------------

    def begin_day(self, day: int, new_month: bool, instant: int) -> None:
        """Take what falls due at the first instant of a local day.

        The caller's mark of the last day charged sees to it that no day comes twice, and so
        that a cap begins anew only once. instant: that instant as a UTC second.
        """
        values = self._values
        state = self._state
        begun = (DAY, WEEK if weekday(day) == 0 else DAY, MONTH if new_month else DAY)
        if values["debt_cap_period"] in begun:
            state.capped = 0
        if self._suspended(instant):
            return
        for i in range(_PAYMENT):
            if values["debt_%d_period" % (i + 1)] in begun:
                self._take(i, min(values["debt_%d_rate" % (i + 1)], state.remaining[i]))

    def _suspended(self, instant: int) -> bool:
        """Return whether collection rests, from what the ledger and the settings say alone, so
        that a day made up after an outage comes out the same however often it is begun."""
        values = self._values
        flags = values["debt_suspend"]
        if not flags:
            return False
        supply = self._supply
        kept = supply.kept
        balance = self._account.balance
        cut_off = values["cut_off"]
        if kept & REMOTE:
            # The balance decides nothing there, and emergency credit rests.
            off = supply.reasons & CREDIT != 0
        else:
            off = balance <= cut_off or (
                supply.reasons & CREDIT != 0 and balance <= values["close_permit"])
        emergency = self._accepted() and balance <= cut_off
        if emergency and flags & IN_EMERGENCY:
            return True
        if not off or not flags & WHILE_OFF or not values["control_mode"]:
            return False
        left = emergency and balance > cut_off - values["emergency_credit"]
        return not (left or kept & (KEEP_POWER | FRIENDLY) or supply.until > instant)

    # --- of top-ups -----------------------------------------------------------------------

    def share(self, units: int) -> int:
        """Return what of a top-up of so many units goes to the payment debt.

        Emergency credit comes first: what brings the balance up to the cut-off again while it is
        in use.
        """
        values = self._values
        state = self._state
        share = min(units * values["debt_percent"] // 100, state.remaining[_PAYMENT])
        share = min(share, max(0, units - self._owed()))
        cap = values["debt_cap"]
        if cap:
            share = min(share, max(0, cap - state.capped))
        return share

    def take_share(self, units: int) -> None:
        """Take a share of a top-up, less only where less remains."""
        state = self._state
        units = self._take(_PAYMENT, min(units, state.remaining[_PAYMENT]))
        state.capped = min(state.capped + units, BALANCE_LIMIT)

    def _accepted(self) -> bool:
        """Return whether emergency credit is accepted and not repaid yet."""
        kept = self._supply.kept
        return bool(kept & EMERGENCY and not kept & REMOTE and self._values["emergency_credit"])

    def _owed(self) -> int:
        """Return the emergency credit that the next top-up repays before anything else."""
        if not self._accepted():
            return 0
        return max(0, self._values["cut_off"] - self._account.balance)

    def _take(self, register: int, units: int) -> int:
        """Charge units and take them off a register; return how many."""
        account = self._account
        # An account at its lowest owes the rest a day longer.
        units = min(units, max(0, account.balance + BALANCE_LIMIT))
        if not units:
            return 0
        account.debit_fraction(units * account.d1 * account.d2)
        state = self._state
        state.count(units)
        state.remaining[register] -= units
        if not state.remaining[register]:
            self.settled |= 1 << register
        return units
