"""Billing: which price is in force, what it takes off the account, and what falls due when.

The state here says where a billing window stands: counts by period in the window (they move
the tiers), counts by price cell (period and tier) and exported counts by period in the month
(they make the statement), and marks of the last day and month charged. Marks only rise, so a
clock set back charges nothing twice. All of it is committed in one record with the balance.

Energy belongs to the price in force when its interval began, so a tick prices first and
looks at the clock afterwards.
"""

from array import array

from micropython import const

from joulegate.core.account import Account
from joulegate.core.civil import DAY_S, FAR, Zone, date_of, days_in_month, weekday
from joulegate.core.statement import Statement
from joulegate.core.tariff import POSITION_MAX, Tariff
from joulegate.core.tariff_document import CELLS_MAX, EXPORT_NONE, PERIODS_MAX, TariffError

# What advance() and tick() report, or-ed together.
PRICE = const(1)
"""The price in force may have changed."""
DAY = const(2)
MONTH = const(4)
TARIFF = const(8)
WAITING = const(16)
"""The clock is further ahead of the last charged day than the meter may settle by itself."""

SETTLE_DAYS_MAX = const(62)
NEVER = const(0x3FFFFFFF)
"""The start of a tariff that is not there."""


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
        self.listener = Listener()
        account.use_denominator(tariff.d1, tariff.d2)
        self.next_tariff = None
        self.next_start = NEVER
        self.opened = 0
        self.day = 0
        self.month = 0
        self.window = 0
        self.positions = array("I", [0] * PERIODS_MAX)
        self.cells = array("I", [0] * CELLS_MAX)
        self.exports = array("I", [0] * PERIODS_MAX)
        self.first_bands = bytearray(PERIODS_MAX)
        self.days_charged = 0
        self.months_charged = 0
        # The part of this month that other tariffs have priced: counts, and cost before tax
        # in 1e-8 of the currency. They count towards steps and the minimum.
        self.earlier_counts = 0
        self.earlier_cost = 0
        # Statements closed so far; with the open month they must equal the account's charges.
        self.settled_units = 0
        self.settled_remainder = 0
        # The price in force, derived from the state above.
        self.next_edge = -FAR
        self.entered = FAR
        self.season = 0
        self.period = 0
        self.tier = 0
        self._room = 0
        self._cell = 0
        self._n_max = tariff.n_max
        self._price = None
        self._export_price = None
        self._limits = ()
        self._credited = 0
        self._flags = 0

    # --- the tick -------------------------------------------------------------------------

    def consume(self, n: int) -> None:
        """Charge n imported counts at the price in force, tier by tier."""
        account = self.account
        while n:
            if not self._room:
                self._cross()
            k = n
            if k > self._room:
                k = self._room
            if k > self._n_max:
                k = self._n_max
            price = self._price
            account.debit(k, price.q, price.r1, price.r2)
            self._room -= k
            self.positions[self.period] += k
            self.cells[self._cell] += k
            n -= k
        if self.tariff.capped:
            self._credit_capped()

    def produce(self, n: int) -> None:
        """Credit n exported counts as the tariff says."""
        self.exports[self.period] += n
        if self.tariff.capped:
            self._credit_capped()
        elif self._export_price is not None:
            self._credit_export(n)

    def _credit_export(self, n: int) -> None:
        price = self._export_price
        while n:
            k = n if n < self._n_max else self._n_max
            self.account.debit(-k, price.q, price.r1, price.r2)
            n -= k

    def _credit_capped(self) -> None:
        """Credit what export has gained under the cap: this month's import of the period."""
        due = self._under_cap() - self._credited
        if due:
            self._credited += due
            self._credit_export(due)

    def _under_cap(self) -> int:
        tiers = self.tariff.tiers
        imported = 0
        for t in range(self.period * tiers, self.period * tiers + tiers):
            imported += self.cells[t]
        exported = self.exports[self.period]
        return imported if imported < exported else exported

    def take_flags(self) -> int:
        """Return what has happened since the last call."""
        flags = self._flags
        self._flags = 0
        return flags

    # --- tiers ----------------------------------------------------------------------------

    def _position(self) -> int:
        """Return the counts that have moved the tiers of the period in force."""
        if self.tariff.document.count_period:
            return self.positions[self.period]
        return sum(self.positions)

    def _cross(self) -> None:
        """Go to the next tier: the next count lies beyond the limit of the one in force."""
        if self.tier >= len(self._limits):
            self._room = POSITION_MAX
            return
        if self.tariff.document.whole:
            self._reprice(self.tier, self.tier + 1)
        self._use_tier(self.tier + 1)
        self._flags |= PRICE

    def _reprice(self, old: int, new: int) -> None:
        """Charge the difference of two bands on all that the window has used so far."""
        t = self.tariff
        one = t.document.count_period
        for p in range(self.period if one else 0, self.period + 1 if one else t.n_periods):
            counts = self.positions[p]
            if counts:
                difference = (t.price(self.season, p, new).amount
                              - t.price(self.season, p, old).amount)
                self.account.debit_fraction(counts * difference)
            at = p * t.tiers
            self.cells[at + new] += self.cells[at + old]
            self.cells[at + old] = 0

    def _use_tier(self, tier: int) -> None:
        t = self.tariff
        self.tier = tier
        self._cell = self.period * t.tiers + tier
        self._price = t.price(self.season, self.period, tier)
        self._room = POSITION_MAX
        if tier < len(self._limits):
            self._room = self._limits[tier] - self._position()

    def _band(self) -> int:
        """Return the tier of the position reached; at a limit still the lower one."""
        position = self._position()
        tier = 0
        while tier < len(self._limits) and position > self._limits[tier]:
            tier += 1
        return tier

    # --- the clock ------------------------------------------------------------------------

    def open(self, now: int) -> None:
        """Open the account: the day and the month it opens in are charged at once."""
        if self.opened:
            raise ValueError("account: is open already")
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
        local = now + self.zone.offset(now)
        day = local // DAY_S
        if day > self.day + SETTLE_DAYS_MAX:
            self._flags |= WAITING
        else:
            while self.day < day:
                self._next_day()
            if self.next_tariff is not None and now >= self.next_start:
                self._activate()
        self._enter(now, local)

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
        self._flags |= DAY

    def _charge_day(self, new_month: bool) -> None:
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
        statement = Statement(self, True)
        self._settle(statement)
        self.listener.month_end(self, statement)
        self._clear_month()
        self.earlier_counts = 0
        self.earlier_cost = 0
        window = self.tariff.window_of(month)
        if window != self.window:
            self.window = window
            self._clear(self.positions)
            self._clear(self.first_bands)
        elif self.tariff.document.whole:
            for p in range(self.tariff.n_periods):
                self.first_bands[p] = self._band_of(p)
        self._bound_positions()
        self._flags |= MONTH

    def _bound_positions(self) -> None:
        """Keep positions small: beyond every limit they say nothing more.

        A band over the whole window prices by them until the month of its change is closed.
        """
        for p in range(PERIODS_MAX):
            if self.positions[p] > POSITION_MAX:
                self.positions[p] = POSITION_MAX

    def _settle(self, statement: Statement) -> None:
        due = statement.fraction - Statement(self, False).fraction
        if due:
            self.account.debit_fraction(due)
        d = self.tariff.d1 * self.tariff.d2
        total = self.settled_remainder + statement.fraction
        self.settled_units += total // d
        self.settled_remainder = total % d

    def _band_of(self, period: int) -> int:
        """Return the band that a period's energy of the window is priced at."""
        self.period = period
        self.season = self.tariff.document.month_season[self.month % 12 + 1]
        self._limits = self.tariff.limits_of(self.season, period, self._days())
        return self._band()

    def _clear_month(self) -> None:
        self._clear(self.cells)
        self._clear(self.exports)
        self.days_charged = 0
        self.months_charged = 0

    def _clear(self, counters: object) -> None:
        for i in range(len(counters)):
            counters[i] = 0

    def _days(self) -> int:
        return days_in_month(self.month // 12, self.month % 12 + 1)

    def _enter(self, now: int, local: int) -> None:
        """Take the price in force now, and the second at which to look again."""
        t = self.tariff
        day = local // DAY_S
        minute = local % DAY_S // 60
        year, month, mday = date_of(day)
        ends, periods = t.plan(month, weekday(day), year * 10000 + month * 100 + mday)
        i = 0
        while minute >= ends[i]:
            i += 1
        self.season = t.document.month_season[self.month % 12 + 1]
        self.period = self._priced(periods[i])
        self._n_max = t.n_max
        self._limits = t.limits_of(self.season, self.period, self._days())
        if not t.document.whole:
            self._bound_positions()
        self._use_tier(self._band())
        self._export_price = None
        if t.document.export != EXPORT_NONE:
            self._export_price = t.export_prices[self.season * t.n_periods + self.period]
        self._credited = self._under_cap()
        edge = now + day * DAY_S + ends[i] * 60 - local
        self.next_edge = min(edge, self.zone.next_change(now))
        if now < self.next_start < self.next_edge:
            self.next_edge = self.next_start
        self.entered = now
        self._flags |= PRICE

    def _priced(self, period: int) -> int:
        """Return the period, or one with a price in the season of the billing month.

        They part only while the clock is in another season than the last charged month.
        """
        t = self.tariff
        if t.priced(self.season, period):
            return period
        return next(p for p in range(t.n_periods) if t.priced(self.season, p))

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
        statement = Statement(self, False)
        self._settle(statement)
        self.listener.tariff_end(self, statement)
        self.earlier_counts += statement.import_counts
        self.earlier_cost += statement.in_1e8(statement.before_tax)
        self._clear_month()
        self._carry_positions(old, new)
        d = new.d1 * new.d2
        self.settled_remainder = self.settled_remainder * d // (old.d1 * old.d2)
        self.account.use_denominator(new.d1, new.d2)
        self.tariff = new
        self.window = new.window_of(self.month)
        self.next_tariff = None
        self.next_start = NEVER
        self._flags |= TARIFF

    def _carry_positions(self, old: Tariff, new: Tariff) -> None:
        """Carry the window's counts where both tariffs count alike.

        Bands over the whole window begin again: energy that another tariff has priced must
        not be priced a second time.
        """
        a = old.document
        b = new.document
        kept = list(self.positions)
        self._clear(self.positions)
        self._clear(self.first_bands)
        if a.window != b.window or a.count_period != b.count_period or a.whole or b.whole:
            return
        for p, name in enumerate(a.periods):
            if name in b.periods:
                self.positions[b.periods.index(name)] += kept[p]
            elif not b.count_period:
                self.positions[0] += kept[p]

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
        """Recompute the account from the statements; return "" or what disagrees."""
        account = self.account
        if account.balance != account.credits - account.charges:
            return "balance %d: credits %d less charges %d" % (
                account.balance, account.credits, account.charges)
        d = self.tariff.d1 * self.tariff.d2
        stated = self.settled_units * d + self.settled_remainder + Statement(self, False).fraction
        charged = account.charges * d + account.remainder
        if stated != charged:
            return "charges %d/%d: statements say %d/%d" % (charged, d, stated, d)
        return ""


def _month_of(day: int) -> int:
    year, month, _ = date_of(day)
    return year * 12 + month - 1
