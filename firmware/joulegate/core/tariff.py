"""A tariff made ready for one meter: prices per energy count in credit units, exactly.

A price A / 10**j credit units per kWh (tax and adders inside) costs, per count,

    A / (10**j * d1) = q + (r1 + r2 / d2) / d1,   d1 = counts per kWh, d2 = 10**j

with q, r1 < d1 and r2 < d2 small ints. `n_max` is the most counts that one debit may take so
that no product passes 2**30; a tariff that leaves it below N_MIN, or whose credit unit is too
fine to hold a useful balance, is refused. Limits of tiers are whole counts.
"""

from micropython import const

from joulegate.core.civil import days_in_month
from joulegate.core.tariff_document import (
    EXPORT_CAPPED,
    LIMIT_PLACES,
    WINDOW_MONTH_BY_DAYS,
    WINDOW_NONE,
    WINDOW_TWO_MONTHS,
    WINDOW_YEAR,
    TariffDocument,
    TariffError,
)

N_MIN = const(64)
POSITION_MAX = const(0x20000000)
UNIT_PLACES_MAX = const(5)
COUNTS_PER_KWH_MAX = const(131072)

_SMALL = const(0x40000000)
# What one debit may come to: the account adds its running total, as large again at most.
_LIMB = const(0x20000000)
# A balance of 2**30 units must buy at least this much at the dearest price.
_USEFUL_KWH = const(100)


class Price:
    """What one count costs: q + (r1 + r2 / d2) / d1 credit units."""

    def __init__(self, amount: int, d1: int, d2: int) -> None:
        """amount: the price of a kWh in 1/d2 of a credit unit."""
        self.amount = amount
        self.q, rest = divmod(amount, d1 * d2)
        self.r1, self.r2 = divmod(rest, d2)


class Tariff:
    def __init__(
        self, document: TariffDocument, counts_per_kWh: int, unit_places: int,
        digest: bytes = bytes(8),
    ) -> None:
        """digest: first 8 bytes of the SHA-256 of the document as stored."""
        if not 0 <= unit_places <= UNIT_PLACES_MAX:
            raise ValueError("unit_places %d: must be 0 to %d" % (unit_places, UNIT_PLACES_MAX))
        if not 1000 <= counts_per_kWh <= COUNTS_PER_KWH_MAX:
            raise ValueError(
                "counts_per_kWh %d: must be 1000 to %d" % (counts_per_kWh, COUNTS_PER_KWH_MAX))
        self.document = document
        self.digest = digest
        self.counts_per_kWh = counts_per_kWh
        self.unit_places = unit_places
        self.tiers = document.tiers
        self.n_periods = len(document.periods)
        fine = max(0, document.places + document.tax_places - unit_places)
        self.d1 = counts_per_kWh
        self.d2 = 10 ** fine
        self._make_prices()
        self._make_limits()
        self._check_sizes()

    def _units(self, amount: int, taxed: bool) -> int:
        """Return an amount of the document in 1/d2 of a credit unit, tax added."""
        d = self.document
        amount *= 10 ** d.tax_places + (d.tax_rate if taxed else 0)
        # Exact: d2 * 10**unit_places is a multiple of 10**(places + tax_places).
        return amount * self.d2 * 10 ** self.unit_places // 10 ** (d.places + d.tax_places)

    def _make_prices(self) -> None:
        d = self.document
        adders = sum(self._units(price, taxed)
                     for (_, price), taxed in zip(d.adders, d.tax_adders))
        prices = []  # [(season * periods + period) * tiers + tier]
        for entry in d.energy:
            amounts = entry[1] if entry else ()
            for t in range(self.tiers):
                amount = None
                if amounts:
                    # A period with fewer tiers stays in its last one.
                    amount = amounts[min(t, len(amounts) - 1)]
                    amount = Price(
                        self._units(amount, d.tax_energy) + adders, self.d1, self.d2)
                prices.append(amount)
        self.prices = tuple(prices)
        self.export_prices = tuple(
            None if a is None else Price(self._units(a, d.tax_export), self.d1, self.d2)
            for a in d.export_prices)
        self.capped = d.export == EXPORT_CAPPED

    def _make_limits(self) -> None:
        """Turn limits in kWh into whole counts (counts a day where the window says so)."""
        self.limits = tuple(
            tuple(self._counts(limit) for limit in entry[0]) if entry else ()
            for entry in self.document.energy)
        days = 31 if self.document.window == WINDOW_MONTH_BY_DAYS else 1
        for limits in self.limits:
            if limits and limits[-1] * days >= POSITION_MAX:
                raise TariffError("energy", limits[-1] * days,
                                  "a limit must be below %d counts" % POSITION_MAX)

    def _counts(self, limit: int) -> int:
        counts, rest = divmod(limit * self.counts_per_kWh, 10 ** LIMIT_PLACES)
        if rest:
            raise TariffError(
                "energy", "%d/1000 kWh" % limit,
                "a limit must be a whole number of counts, %d to the kWh" % self.counts_per_kWh)
        return counts

    def _check_sizes(self) -> None:
        prices = [p for p in self.prices + self.export_prices if p is not None]
        dearest = max([p.amount for p in prices]
                      + [self._units(self.document.true_up_price or 0, self.document.tax_export)])
        if dearest * _USEFUL_KWH > _LIMB * self.d2:
            raise TariffError(
                "energy", "%d units/kWh" % (dearest // self.d2),
                "the credit unit is too fine: %d kWh must cost at most 2**29 units" % _USEFUL_KWH)
        self._check_charges()
        largest = max(p.q for p in prices)
        self.n_max = min(_SMALL // max(self.d1, self.d2), _LIMB // (largest + 2)) - 2
        if self.n_max < N_MIN:
            raise TariffError(
                "energy", self.document.places,
                "too many decimals for the credit unit: %d counts at a time, must be %d or more"
                % (self.n_max, N_MIN))

    def _check_charges(self) -> None:
        d = self.document
        for field, amount in (
            ("fixed", max([d.day_charge, d.month_charge] + [a for _, a in d.steps])),
            ("minimum", d.minimum or 0),
        ):
            units = self._units(amount, d.tax_fixed) // self.d2
            if units > _LIMB:
                raise TariffError(
                    field, "%d units" % units,
                    "the credit unit is too fine: a charge must be at most 2**29 units")

    def priced(self, season: int, period: int) -> bool:
        """Return whether energy of a period has its prices in a season, export included."""
        at = season * self.n_periods + period
        if self.export_prices and self.export_prices[at] is None:
            return False
        return self.prices[at * self.tiers] is not None

    def price(self, season: int, period: int, tier: int) -> Price:
        return self.prices[(season * self.n_periods + period) * self.tiers + tier]

    def season_of(self, month: int) -> int:
        """Return the season of a month, year * 12 + month - 1."""
        return self.document.month_season[month % 12 + 1]

    def default_period(self, month: int) -> int:
        """Return the period whose price holds, in a month as above, while nobody knows the
        time."""
        return self.document.default_periods[self.season_of(month)]

    def limits_in(self, month: int, period: int) -> tuple:
        """Return the limits of a period's tiers, in counts, in a month as above."""
        return self.limits_of(
            self.season_of(month), period, days_in_month(month // 12, month % 12 + 1))

    def limits_of(self, season: int, period: int, days: int) -> tuple:
        """Return the tiers' upper limits in counts for a month of so many days."""
        limits = self.limits[season * self.n_periods + period]
        if self.document.window == WINDOW_MONTH_BY_DAYS:
            return tuple(limit * days for limit in limits)
        return limits

    def plan(self, month: int, weekday: int, special_key: int) -> tuple:
        """Return (ends in minutes, period indices) of a day.

        special_key: year * 10000 + month * 100 + day; a special day rules the weekday.
        """
        d = self.document
        day_type = d.special_days.get(special_key)
        if day_type is None:
            day_type = d.special_days.get(special_key % 10000)
        if day_type is None:
            day_type = d.weekday_type[weekday]
        return d.schedule[d.month_season[month] * len(d.day_types) + day_type]

    def window_of(self, month: int) -> int:
        """Return the window in which a month (year * 12 + month - 1) lies, by its first month."""
        window = self.document.window
        if window == WINDOW_YEAR:
            return month - month % 12
        if window == WINDOW_TWO_MONTHS:
            return month - month % 2
        if window == WINDOW_NONE:
            return 0
        return month

    def charge(self, amount: int) -> int:
        """Return a fixed amount of the document, tax added, in 1/(d1 * d2) of a unit."""
        return self._units(amount, self.document.tax_fixed) * self.d1

    def cell_name(self, season: int, period: int, tier: int) -> str:
        """Return "season/period#tier", tiers counted from 1."""
        d = self.document
        return "%s/%s#%d" % (d.seasons[season], d.periods[period], tier + 1)
