"""Billing: what falls due when, and which tariff is in force.

The state here says where billing stands: marks of the last day and month charged, the window
of the tiers, and what statements have been closed. Marks only rise, so a clock set back
charges nothing twice. All of it is committed in one record with the balance.

Energy belongs to the price in force when its interval began, so a tick prices first and
looks at the clock afterwards.

A second before TIME_MIN means that nobody knows the time: energy then has the price of the
tariff's default period, and days and months wait until the time is known again.
"""

from micropython import const

from joulegate.core.account import Account
from joulegate.core.civil import DAY_S, FAR, NO_TIME, TIME_MIN, Zone, date_of, weekday
from joulegate.core.pricing import PRICE as PRICE
from joulegate.core.pricing import Pricing
from joulegate.core.statement import Statement
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument, TariffError

# What advance() and tick() report besides PRICE, or-ed together.
DAY = const(2)
MONTH = const(4)
TARIFF = const(8)
DEBT = const(32)
"""A debt is settled: see `take_settled` of core/debts.py."""
WAITING = const(16)
"""The clock is further ahead of the last charged day than the meter may settle by itself."""

SETTLE_DAYS_MAX = const(62)
NEVER = const(0x3FFFFFFF)
"""The start of a tariff that is not there."""

BEHIND_MAX_S = const(60)
"""How far a clock may be behind the last second seen and still be believed at a start."""


class Listener:
    """What wants to know of the ends of days, months and tariffs; the default does nothing."""

    def day_end(self, billing: "Billing", day: int) -> None:
        """A local day is over and everything until its end is priced."""

    def month_end(self, billing: "Billing", statement: Statement) -> None:
        """A month is over; step charges and the minimum are in the statement."""

    def tariff_end(self, billing: "Billing", statement: Statement) -> None:
        """Another tariff takes over; the statement holds this tariff's part of the month."""


class Billing:
    def __init__(self, account: Account, zone: Zone, tariff: Tariff) -> None:
        self.account = account
        self.zone = zone
        self.tariff = tariff
        self.pricing = pricing = Pricing(account, tariff)
        self._direct_energy()
        # The very arrays of pricing, under the names that records and statements know.
        self.positions = pricing.positions
        self.cells = pricing.cells
        self.exports = pricing.exports
        self.first_bands = pricing.first_bands
        self.listener = Listener()
        self.next_tariff: Tariff | None = None
        self.next_start = NEVER
        self.opened = 0
        self.day = 0
        self.month = 0
        self.window = 0
        self.seen = 0
        """The last second at which a believed clock was looked at."""
        self.days_charged = 0
        self.months_charged = 0
        # The part of this month that other tariffs have priced: counts, and cost before tax
        # in 1e-8 of the currency. They count towards steps and the minimum.
        self.earlier_counts = 0
        self.earlier_cost = 0
        # Statements closed so far; with the open month, what was recovered of debts and what
        # other energies cost, they must equal the account's charges.
        self.settled_units = 0
        self.settled_remainder = 0
        # When to look at the clock again: at next_edge, or when it is before `entered`.
        self.next_edge = -FAR
        self.entered = FAR

    def _direct_energy(self) -> None:
        """Let energy go straight to what prices it: a call less in every tick."""
        self.consume = self.pricing.consume
        self.produce = self.pricing.produce
        if self.tariff.document.nets:
            from joulegate.core.netting import Netting
            netting = Netting(self.pricing)
            self.consume = netting.consume
            self.produce = netting.produce

    def take_flags(self) -> int:
        """Return what has happened since the last call."""
        pricing = self.pricing
        flags = pricing.flags
        pricing.flags = 0
        return flags

    @property
    def season(self) -> int:
        return self.pricing.season

    @property
    def period(self) -> int:
        return self.pricing.period

    @property
    def tier(self) -> int:
        return self.pricing.tier

    # --- the clock ------------------------------------------------------------------------

    def open(self, now: int) -> None:
        """Open the account: the day and the month it opens in are charged at once."""
        if self.opened:
            raise ValueError("account: is open already")
        if now < TIME_MIN:
            raise ValueError("account: cannot be opened, nobody knows the time")
        self.opened = 1
        self.day = (now + self.zone.offset(now)) // DAY_S
        self.month = _month_of(self.day)
        self.window = self.tariff.window_of(self.month)
        self._charge_day(True)
        self.advance(now)

    def advance(self, now: int) -> None:
        """Do what the clock asks for at a UTC second: close days, change price or tariff."""
        if not self.opened:
            raise ValueError("account: is not open")
        if now < TIME_MIN:
            self._go_on_without_time(now)
            return
        local = now + self.zone.offset(now)
        day = local // DAY_S
        if day > self.day + SETTLE_DAYS_MAX:
            self.pricing.flags |= WAITING
        else:
            while self.day < day:
                self._next_day()
            if self.next_tariff is not None and now >= self.next_start:
                self._activate()
            self.seen = min(now, NEVER)
        self._enter(now, local)

    def saw(self, now: int) -> None:
        """Take note of a time that is believed, so that a start knows how long power was off."""
        if self.seen < now <= NEVER:
            self.seen = now

    @property
    def time_floor(self) -> int:
        """The UTC second before which a clock is not believed at a start."""
        return self.seen - BEHIND_MAX_S

    def resume(self, now: int) -> None:
        """Go on at a start; a time before the floor counts as none."""
        self.advance(now if now >= self.time_floor else NO_TIME)

    def settle(self, now: int) -> int:
        """Settle SETTLE_DAYS_MAX of the days that wait; return how many still do.

        For an administrator, who knows that the meter really was off for so long.
        """
        if now < TIME_MIN:
            raise ValueError("days: cannot be settled, nobody knows the time")
        day = (now + self.zone.offset(now)) // DAY_S
        last = min(day, self.day + SETTLE_DAYS_MAX)
        while self.day < last:
            self._next_day()
        self.advance(now)
        return max(0, day - self.day)

    def _go_on_without_time(self, now: int) -> None:
        """Take the price of the default period until there is a time again."""
        self.pricing.use_period(self.tariff.default_period(self.month), self.month)
        self.next_edge = TIME_MIN
        self.entered = now

    def _enter(self, now: int, local: int) -> None:
        """Take the price in force now, and the second at which to look again."""
        day = local // DAY_S
        minute = local % DAY_S // 60
        year, month, mday = date_of(day)
        ends, periods = self.tariff.plan(
            month, weekday(day), year * 10000 + month * 100 + mday)
        i = 0
        while minute >= ends[i]:
            i += 1
        self.pricing.use_period(periods[i], self.month)
        edge = now + day * DAY_S + ends[i] * 60 - local
        self.next_edge = min(edge, self.zone.next_change(now))
        # A start that has passed waits with the days, for a clock that is believed.
        if now < self.next_start < self.next_edge:
            self.next_edge = self.next_start
        self.entered = now

    def _next_day(self) -> None:
        self.listener.day_end(self, self.day)
        day = self.day + 1
        month = _month_of(day)
        new_month = month != self.month
        if new_month:
            self._end_month(month)
        self.day = day
        self.month = month
        if self.next_tariff is not None and self.next_start <= self.zone.first_instant(day):
            self._activate()
        self._charge_day(new_month)
        self.pricing.flags |= DAY

    # --- charges --------------------------------------------------------------------------

    def _charge_day(self, new_month: bool) -> None:
        recovery = self.account.debts.recovery
        if recovery is not None:
            recovery.begin_day(self.day, new_month, self.zone.first_instant(self.day))
            if recovery.settled:
                self.pricing.flags |= DEBT
        energies = self.account.energies
        if energies is not None:
            energies.begin_day(self.month, self.zone.first_instant(self.day))
        document = self.tariff.document
        due = document.day_charge
        self.days_charged += 1
        if new_month:
            due += document.month_charge
            self.months_charged = 1
        if due:
            self.account.debit_fraction(self.tariff.charge(due))

    def _end_month(self, month: int) -> None:
        """Settle steps and the minimum, hand out the statement and begin anew."""
        document = self.tariff.document
        ending = self.month % 12 + 1 == document.true_up_month
        statement = Statement(self, True, ending)
        self._settle(statement)
        self.listener.month_end(self, statement)
        self._begin_part(ending)
        self._carry(document, month)
        self.earlier_counts = 0
        self.earlier_cost = 0
        window = self.tariff.window_of(month)
        if window != self.window:
            self.window = window
            self.pricing.begin_window()
        elif document.whole:
            self.pricing.note_bands(self.month)
        self.pricing.bound_positions()
        self.pricing.flags |= MONTH

    def _settle(self, statement: Statement) -> None:
        """Charge what a statement has beyond the charges so far, and count it as closed."""
        due = statement.fraction - Statement(self, False).fraction
        if due:
            self.account.debit_fraction(due)
        d = self.tariff.d1 * self.tariff.d2
        total = self.settled_remainder + statement.fraction
        self.settled_units += total // d
        self.settled_remainder = total % d

    def _carry(self, old: TariffDocument, month: int) -> None:
        """Let a netted surplus, in the periods of a document, go on in a month."""
        document = self.tariff.document
        if document.nets:
            from joulegate.core.netting import carry
            carry(self.exports, old.periods, document, self.tariff.season_of(month))

    def _begin_part(self, ending: bool) -> None:
        """Begin a month, or another tariff's part of it, with nothing to state."""
        self.pricing.begin_month(ending)
        self.days_charged = 0
        self.months_charged = 0

    def close_account(self, now: int) -> None:
        """End what one customer has used: state and charge it, and begin anew for another.

        Steps and the minimum are charged as at a month's end. The tiers begin again, whatever
        their window; the charges of this day and month stay with who leaves.
        """
        self.advance(now)
        if self.account.energies is not None:
            self.account.energies.end_customer(now)
        statement = Statement(self, True, True)
        self._settle(statement)
        self.listener.tariff_end(self, statement)
        self._begin_part(True)
        self.earlier_counts = 0
        self.earlier_cost = 0
        self.pricing.begin_window()
        self.advance(now)

    # --- change of tariff -----------------------------------------------------------------

    def load_next(self, tariff: Tariff, start: int) -> None:
        """Keep a tariff that takes over at a UTC second; TariffError if it does not fit."""
        now = self.tariff
        if not -NEVER <= start < NEVER:
            raise TariffError("start", start, "must be within +-%d seconds" % NEVER)
        if tariff.document.currency != now.document.currency:
            raise TariffError("currency", tariff.document.currency,
                              "must be the account's currency, " + now.document.currency)
        if (tariff.unit_places, tariff.d1) != (now.unit_places, now.d1):
            raise TariffError("unit", tariff.unit_places, "must be made for this meter")
        self.next_tariff = tariff
        self.next_start = start
        self.next_edge = min(self.next_edge, start)

    def _activate(self) -> None:
        """Put the next tariff in force, carrying remainders and tier positions over."""
        old = self.tariff
        new = self.next_tariff
        ending = not new.document.nets
        statement = Statement(self, False, ending)
        self._settle(statement)
        self.listener.tariff_end(self, statement)
        self.earlier_counts += statement.import_counts
        self.earlier_cost += statement.in_1e8(statement.before_tax)
        self._begin_part(ending)
        d = new.d1 * new.d2
        self.settled_remainder = self.settled_remainder * d // (old.d1 * old.d2)
        self.tariff = new
        self.pricing.use_tariff(new)
        self._carry(old.document, self.month)
        self._direct_energy()
        self.window = new.window_of(self.month)
        self.next_tariff = None
        self.next_start = NEVER
        self.pricing.flags |= TARIFF

    @property
    def tariff_digest(self) -> bytes:
        return self.tariff.digest

    @property
    def next_digest(self) -> bytes:
        """The digest of the tariff that is to follow, zeros when there is none."""
        return self.next_tariff.digest if self.next_tariff is not None else bytes(8)

    # --- audit ----------------------------------------------------------------------------

    def statement(self, closing: bool = False) -> Statement:
        """Return the open month's statement; `closing` adds what its end would charge."""
        return Statement(self, closing)

    def audit(self) -> str:
        """Recompute the account from the statements, and what was recovered of debts and charged
        for other energies; return "" or what disagrees."""
        account = self.account
        if account.balance != account.credits - account.charges:
            return "balance %d: credits %d less charges %d" % (
                account.balance, account.credits, account.charges)
        d = self.tariff.d1 * self.tariff.d2
        stated = self.settled_units * d + self.settled_remainder + Statement(self, False).fraction
        charged = account.charges - account.debts.recovered - account.other_charges
        charged = charged * d + account.remainder
        if stated != charged:
            return "charges %d/%d: statements say %d/%d" % (charged, d, stated, d)
        return ""


def _month_of(day: int) -> int:
    year, month, _ = date_of(day)
    return year * 12 + month - 1
