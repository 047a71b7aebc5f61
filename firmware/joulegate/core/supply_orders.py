"""Orders to the supply by whoever has proven to be an administrator.

Each changes what the ledger keeps, and holds from the next tick. The caller commits, and puts
back the snapshot when storage fails.
"""

from micropython import const

from joulegate.core.civil import DAY_S, NO_TIME, TIME_MIN, format_time
from joulegate.core.supply import (
    ALARMED,
    NEWS_READY,
    REMOTE,
    REMOTE_WH,
    WAITING,
    Supply,
)
from joulegate.core.supply_reasons import (
    ADMINISTRATOR,
    ALARM,
    ALWAYS_ON,
    DIRECT,
    EMERGENCY,
    KEEP_POWER,
)

TEMPORARY_MAX_S = const(2678400)


class SupplyError(ValueError):
    """What is asked of the supply and cannot be, with the rule."""


class SupplyOrders:
    def __init__(self, supply: Supply, account: object, registers: object) -> None:
        self._supply = supply
        self._account = account
        self._registers = registers

    def turn_off(self) -> None:
        """Forbid supply."""
        supply = self._supply
        if supply.mode & ALWAYS_ON:
            raise SupplyError("control_mode 0: supply is never disconnected")
        supply.reasons |= ADMINISTRATOR
        supply.kept &= ~WAITING

    def turn_on(self) -> None:
        """Lift what `turn_off` did; with a button, most control modes then wait for a press."""
        supply = self._supply
        self._reconnect(bool(supply.mode & DIRECT) or not supply.button)

    def make_ready(self) -> None:
        """Lift what `turn_off` did and wait for the press; the meter has a button."""
        self._reconnect(False)

    def _reconnect(self, direct: bool) -> None:
        supply = self._supply
        was_off = supply.reasons & ADMINISTRATOR
        supply.reasons &= ~ADMINISTRATOR
        if not direct:
            if was_off:
                supply.kept |= WAITING
                supply.news |= NEWS_READY
        elif not (supply.button and supply.forbidding):
            # What the meter itself has cut waits for its own press all the same.
            supply.kept &= ~WAITING

    def supply_until(self, until: int, now: int) -> None:
        """Supply without credit until a UTC second, at most 31 days ahead."""
        if now < TIME_MIN:
            raise SupplyError("supply until %s: the clock has no time" % format_time(until))
        if not 0 < until - now <= TEMPORARY_MAX_S:
            raise SupplyError("supply until %s: must be at most %d days after %s" % (
                format_time(until), TEMPORARY_MAX_S // DAY_S, format_time(now)))
        self._supply.until = until

    def keep_power(self, on: bool) -> None:
        """Supply whatever the credit, until taken back."""
        supply = self._supply
        supply.kept = supply.kept | KEEP_POWER if on else supply.kept & ~KEEP_POWER

    def use_local(self) -> None:
        """Have the balance decide."""
        supply = self._supply
        supply.kept &= ~(REMOTE | REMOTE_WH)
        supply.left = 0
        supply.follow_account(self._account, self._registers)

    def use_remote(self, limit: int, energy: bool) -> None:
        """Have the head-end keep the account, and deliver so much more.

        limit: Wh if `energy`, otherwise credit units; 0 to remote_account.LIMIT_MAX.
        """
        supply = self._supply
        supply.kept = supply.kept & ~REMOTE_WH | REMOTE | (REMOTE_WH if energy else 0)
        supply.left = limit
        supply.follow_account(self._account, self._registers)

    def forget_customer(self) -> None:
        """Drop what was given to the customer whose account ends."""
        supply = self._supply
        supply.kept &= ~(EMERGENCY | ALARMED)
        supply.reasons &= ~ALARM
        supply.until = NO_TIME

    def snapshot(self) -> tuple:
        """Return all that the ledger keeps."""
        supply = self._supply
        return supply.reasons, supply.kept, supply.until, supply.left, supply.tries

    def put_back(self, snapshot: tuple) -> None:
        """Be as at a snapshot again."""
        supply = self._supply
        supply.reasons, supply.kept, supply.until, supply.left, supply.tries = snapshot
        supply.follow_account(self._account, self._registers)
