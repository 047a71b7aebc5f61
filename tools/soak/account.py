"""What a meter's account must be: a model to judge by, from docs/charges.md, in fractions.

It is told what was used and which second the meter's clock showed, and knows nothing of how
the meter works it out.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tools.soak.tariffs import EPOCH, SoakTariff, day_of, first_instant, local_time

SETTLED_DAYS = 62
MARKS = 50
NO_TIME_BEFORE = -631152000
"""Seconds since 2020 of the year 2000: less is no time."""
DAYS_KEPT = 62

MONTHS_KEPT = 13

_EPOCH_DAY = date(2020, 1, 1)


@dataclass(frozen=True)
class End:
    """The account at the end of a day: its number, the amounts so far, and energy counts."""

    day: int
    charges: int
    credits: int
    counts: tuple[int, int]


@dataclass
class Account:
    """One state of the account; `copy()` is cheap, since what it holds is never changed."""

    tariff: SoakTariff
    zone: str
    counts_per_kWh: int
    terms: dict[str, int] = field(default_factory=dict)
    """Of debts, by the names of the settings; they stay the same for life."""
    debts: tuple[int, int, int] = (0, 0, 0)
    recovered: int = 0
    capped: int = 0
    """Taken of top-ups since the cap's week or month began."""
    total: Fraction = Fraction(0)
    """Charges since the first day, what paid debts among them, credit units, exactly."""
    credits: int = 0
    taken: frozenset[int] = frozenset()
    marks: tuple[int, ...] = ()
    """The highest TIDs taken, rising."""
    purchases: tuple[tuple[int, int], ...] = ()
    """TID and units of the latest, in the order they were taken."""
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    day: int = 0
    position: int = 0
    """Counts imported in the month that is open."""
    period: str = "low"
    next: tuple[SoakTariff, int] | None = None
    seen: int = NO_TIME_BEFORE
    """The last second looked at that was believed."""
    marked: int = NO_TIME_BEFORE
    """The last of them that the meter must have marked: a day, a price or a start began."""
    journaled: tuple[tuple[int, int, int], ...] = ()
    """TID, units and share of a debt of purchases that only the journal holds: the next start
    takes them."""
    ends: tuple[End, ...] = ()
    """The ends of the latest days, and in `month_ends` of the latest months."""
    month_ends: tuple[End, ...] = ()
    changed: bool = False
    """Another tariff took over: the remainder was rounded down and is to be taken from the
    meter."""

    def copy(self) -> Account:
        return copy.copy(self)

    def open(self, now: int) -> None:
        """Open the account: its first day and month are charged."""
        self.day = day_of(self.zone, now)
        self.total += self.tariff.per_day + self.tariff.per_month
        self.look(now)
        self.marked = now

    @property
    def balance(self) -> int:
        return self.credits - self.charges

    @property
    def charges(self) -> int:
        return self.total.numerator // self.total.denominator

    @property
    def lowest_mark(self) -> int:
        """TIDs below this one are refused as old."""
        return self.marks[0] if len(self.marks) == MARKS else 0

    def use(self, counts: tuple[int, int, int, int]) -> None:
        """Charge energy at the price in force, tier by tier, and count it."""
        tariff, left = self.tariff, counts[0]
        season = tariff.season(self._month)
        prices = tariff.prices[season, self.period]
        for limit, price in zip((*tariff.limits, None), prices, strict=True):
            room = left if limit is None else max(0, limit * self.counts_per_kWh - self.position)
            part = min(left, room)
            self.total += part * price / self.counts_per_kWh
            self.position += part
            left -= part
        self.total -= counts[1] * tariff.exports[self.period] / self.counts_per_kWh
        a, b, c, d = self.counts
        self.counts = (a + counts[0], b + counts[1], c + counts[2], d + counts[3])

    def owe(self, number: int, units: int) -> None:
        """Let debt 1, 2 or 3 be so many units."""
        debts = list(self.debts)
        debts[number - 1] = units
        self.debts = (debts[0], debts[1], debts[2])

    def share(self, units: int) -> int:
        """Return what of a top-up pays debt 3."""
        share = min(units * self.terms["debt_percent"] // 100, self.debts[2])
        cap = self.terms["debt_cap"]
        return min(share, max(0, cap - self.capped)) if cap else share

    def _recover(self, number: int, units: int) -> None:
        units = min(units, self.debts[number - 1])
        self.owe(number, self.debts[number - 1] - units)
        self.recovered += units
        self.total += units

    def credit(self, tid: int, units: int, share: int | None = None) -> None:
        """Take a purchase; share: of debt 3, as its receipt has said, None as it is due now."""
        before = self.recovered
        self._recover(3, self.share(units) if share is None else share)
        self.capped += self.recovered - before
        self.credits += units
        self.taken |= {tid}
        self.marks = tuple(sorted((*self.marks, tid))[-MARKS:])
        self.purchases = (*self.purchases, (tid, units))[-MARKS:]

    def start(self, now: int) -> None:
        """Start at a second: first the days that ended, then what only the journal holds.

        The days ended while the ledger did not have those purchases, and nobody a receipt.
        """
        self.look(now)
        if self.seen == now:
            self.marked = now
        waiting, self.journaled = self.journaled, ()
        for tid, units, share in waiting:
            self.credit(tid, units, share)

    def look(self, now: int) -> None:
        """Do what the clock asks for at a UTC second."""
        if now < NO_TIME_BEFORE:
            self.period = self.tariff.default
            return
        before = self.day, self.period
        local = local_time(self.zone, now)
        day = day_of(self.zone, now)
        if day <= self.day + SETTLED_DAYS:
            while self.day < day:
                self._next_day()
            if self.next is not None and now >= self.next[1]:
                self._activate()
            self.seen = now
        self.period = self.tariff.period(local)
        if self.seen == now and (before != (self.day, self.period) or now < self.marked):
            self.marked = now

    @property
    def _month(self) -> int:
        return (_EPOCH_DAY + timedelta(days=self.day)).month

    def _next_day(self) -> None:
        end = End(self.day, self.charges, self.credits, self.counts[:2])
        self.ends = (*self.ends, end)[-DAYS_KEPT:]
        before = self._month
        self.day += 1
        if self._month != before:
            self.month_ends = (*self.month_ends, end)[-MONTHS_KEPT:]
            self.position = 0
        if self.next is not None and self.next[1] <= first_instant(self.zone, self.day):
            self._activate()
        self._pay_debts(self._month != before)
        self.total += self.tariff.per_day
        if self._month != before:
            self.total += self.tariff.per_month

    def _pay_debts(self, new_month: bool) -> None:
        monday = (_EPOCH_DAY + timedelta(days=self.day)).weekday() == 0
        due = {1: True, 2: monday, 3: new_month}
        if due[self.terms["debt_cap_period"]]:
            self.capped = 0
        for number in (1, 2):
            if due[self.terms[f"debt_{number}_period"]]:
                self._recover(number, self.terms[f"debt_{number}_rate"])

    def _activate(self) -> None:
        assert self.next is not None
        self.tariff = self.next[0]
        self.next = None
        self.changed = True


def shown(second: int) -> str:
    """Return a UTC second since 2020 as text."""
    return str(EPOCH + timedelta(seconds=second)) if second >= NO_TIME_BEFORE else "no time"
