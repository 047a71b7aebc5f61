"""Pricing: the price in force, what energy costs at it, and when a tier gives way to the next.

Counts by period in the window move the tiers; counts by price cell (period and tier) and
exported counts by period, both of the month, make the statement. (Where a tariff nets export,
counts are net and `exports` is the bank: core.netting.) `consume` and `produce` run
in the tick: small ints only, nothing allocated while the tier stays. (No properties here or in
a base: MicroPython would search them at every store to an attribute.)
"""

from array import array

from micropython import const

from joulegate.core.account import Account
from joulegate.core.tariff import POSITION_MAX, Price, Tariff
from joulegate.core.tariff_document import CELLS_MAX, PERIODS_MAX

PRICE = const(1)
"""The price in force may have changed."""


class Pricing:
    """The energy of the open month and window, and the price of the moment."""

    def __init__(self, account: Account, tariff: Tariff) -> None:
        self.account = account
        self.tariff = tariff
        account.use_denominator(tariff.d1, tariff.d2)
        self.positions = array("I", [0] * PERIODS_MAX)
        self.cells = array("I", [0] * CELLS_MAX)
        self.exports = array("I", [0] * PERIODS_MAX)
        self.first_bands = bytearray(PERIODS_MAX)
        # The price in force, derived from the state above.
        self.season = 0
        self.period = 0
        self.tier = 0
        self.flags = 0
        """What has happened and was not taken yet: PRICE, and what billing adds."""
        self._room = 0
        self._cell = 0
        self._n_max = tariff.n_max
        self._price: Price | None = None
        self._export_price: Price | None = None
        self._limits: tuple = ()
        self._credited = 0

    # --- energy ---------------------------------------------------------------------------

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

    def take_back(self, n: int) -> int:
        """Give back up to n counts that the period was charged in this month; return the rest.

        The last one charged goes first, at the price of the tier it lies in.
        """
        account = self.account
        t = self.tariff
        fell = False
        while n:
            k = self.cells[self._cell]
            if not k:
                if not self._fall_back():
                    break
                fell = True
                continue
            if k > n:
                k = n
            if k > self._n_max:
                k = self._n_max
            price = self._price
            account.debit(-k, price.q, price.r1, price.r2)
            self._room += k
            self.positions[self.period] -= k
            self.cells[self._cell] -= k
            n -= k
            if t.document.whole:
                while self.tier and self._position(self.period) <= self._limits[self.tier - 1]:
                    self._reprice(self.tier, self.tier - 1)
                    self._use_tier(self.tier - 1)
        if fell:
            self._use_tier(self._band(self.period, self._limits))
        elif self._room > POSITION_MAX:
            self._room = POSITION_MAX
        return n

    def _fall_back(self) -> bool:
        """Go to the tier of what the period was charged last; return False if there is none."""
        at = self.period * self.tariff.tiers
        for tier in range(self.tariff.tiers - 1, -1, -1):
            if self.cells[at + tier]:
                self._use_tier(tier)
                return True
        return False

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

    # --- tiers ----------------------------------------------------------------------------

    def _cross(self) -> None:
        """Go to the next tier: the next count lies beyond the limit of the one in force."""
        if self.tier >= len(self._limits):
            self._room = POSITION_MAX
            return
        if self.tariff.document.whole:
            self._reprice(self.tier, self.tier + 1)
        self._use_tier(self.tier + 1)
        if not self.tariff.document.nets:
            # Net import may cross a limit at every tick, and each flag is a commit.
            self.flags |= PRICE

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
            self._room = self._limits[tier] - self._position(self.period)

    def _position(self, period: int) -> int:
        """Return the counts that have moved the tiers of a period."""
        if self.tariff.document.count_period:
            return self.positions[period]
        return sum(self.positions)

    def _band(self, period: int, limits: tuple) -> int:
        """Return the tier of the position reached; at a limit still the lower one."""
        position = self._position(period)
        tier = 0
        while tier < len(limits) and position > limits[tier]:
            tier += 1
        return tier

    def to_next_tier(self) -> int:
        """Return the counts until another tier is in force, -1 in the last one."""
        return self._room if self.tier < len(self._limits) else -1

    # --- the price in force ---------------------------------------------------------------

    def use_period(self, period: int, month: int) -> None:
        """Put the price of a period in force, in the season and tiers of the open month.

        month: year * 12 + month - 1.
        """
        t = self.tariff
        self.season = t.season_of(month)
        self.period = period = self._priced(period)
        self._n_max = t.n_max
        self._limits = t.limits_in(month, period)
        if not t.document.whole and not t.document.nets:
            self.bound_positions()
        self._use_tier(self._band(period, self._limits))
        self._export_price = None
        if t.export_prices:
            self._export_price = t.export_prices[self.season * t.n_periods + period]
        self._credited = self._under_cap()
        self.flags |= PRICE

    def _priced(self, period: int) -> int:
        """Return the period, or one with a price in the season of the open month.

        They part only while the clock is in another season than the last charged month.
        """
        t = self.tariff
        if t.priced(self.season, period):
            return period
        return next(p for p in range(t.n_periods) if t.priced(self.season, p))

    # --- the ends of months and tariffs ---------------------------------------------------

    def begin_window(self) -> None:
        """Let the tiers begin again."""
        _clear(self.positions)
        _clear(self.first_bands)

    def begin_month(self, ending: bool) -> None:
        """Let the statement begin again; ending: a netted surplus has ended too."""
        _clear(self.cells)
        if not self.tariff.document.nets or ending:
            _clear(self.exports)

    def note_bands(self, month: int) -> None:
        """Note the band at which a month that ends has priced each period of the window."""
        for p in range(self.tariff.n_periods):
            self.first_bands[p] = self._band(p, self.tariff.limits_in(month, p))

    def bound_positions(self) -> None:
        """Keep positions small: beyond every limit they say nothing more.

        A band over the whole window prices by them until the month of its change is closed;
        where export is netted they may fall until then.
        """
        for p in range(PERIODS_MAX):
            if self.positions[p] > POSITION_MAX:
                self.positions[p] = POSITION_MAX

    def use_tariff(self, tariff: Tariff) -> None:
        """Take another tariff; the window's counts are carried where both count alike.

        Bands over the whole window begin again: energy that another tariff has priced must
        not be priced a second time.
        """
        a = self.tariff.document
        b = tariff.document
        self.tariff = tariff
        self.account.use_denominator(tariff.d1, tariff.d2)
        kept = list(self.positions)
        self.begin_window()
        if a.window != b.window or a.count_period != b.count_period or a.whole or b.whole:
            return
        for p, name in enumerate(a.periods):
            if name in b.periods:
                self.positions[b.periods.index(name)] += kept[p]
            elif not b.count_period:
                self.positions[0] += kept[p]


def _clear(counters: object) -> None:
    for i in range(len(counters)):
        counters[i] = 0
