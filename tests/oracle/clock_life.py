"""What a life of clock and billing must cost, in exact fractions: docs/charges.md in few words.

It is told the second that the meter's clock showed at each tick and what was used, and nothing
of how the meter works it out. Local time is central European by its own rule, in datetimes.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.clock import TariffClock

EPOCH = datetime(2020, 1, 1)
NO_TIME_BEFORE = datetime(2000, 1, 1)
SETTLED_DAYS = 62
BEHIND_S = 60


def last_sunday(year: int, month: int) -> datetime:
    """Return 01:00 UTC on the last Sunday of a month of 31 days, when Europe changes."""
    day = date(year, month, 31)
    day -= timedelta(days=(day.weekday() + 1) % 7)
    return datetime(year, month, day.day, 1)


def local(utc: datetime) -> datetime:
    summer = last_sunday(utc.year, 3) <= utc < last_sunday(utc.year, 10)
    return utc + timedelta(hours=2 if summer else 1)


class ClockLife:
    """An account of one price a season and period, a daily and a monthly charge."""

    def __init__(self, tariff: dict[str, Any], start: int, default: str) -> None:
        """default: the period that prices while nobody knows the time."""
        self._clock = TariffClock(tariff)
        self._prices = {key: Fraction(rows[0]["price"]) for key, rows in tariff["energy"].items()}
        self._fixed = {row["per"]: Fraction(row["amount"]) for row in tariff["fixed"]}
        self._default = default
        self._seen = start
        self.day = local(EPOCH + timedelta(seconds=start)).date()
        self.charged_days = [self.day]
        self.total = self._fixed["day"] + self._fixed["month"]
        self._period = ""
        self.look(start)

    def start(self, shown: int) -> None:
        """The meter starts, and its real-time clock shows a second."""
        self.look(shown if shown >= self._seen - BEHIND_S else None)

    def tick(self, second: int, kWh: Fraction) -> None:
        """Energy is charged at the price of the tick before; then the clock is looked at."""
        season = self._clock.season(self.day)
        self.total += kWh * self._prices[f"{season}/{self._period}"]
        self.look(second)

    def look(self, second: int | None) -> None:
        if second is None or EPOCH + timedelta(seconds=second) < NO_TIME_BEFORE:
            self._period = self._default
            return
        now = local(EPOCH + timedelta(seconds=second))
        if (now.date() - self.day).days <= SETTLED_DAYS:
            while self.day < now.date():
                self._next_day()
            self._seen = second
        self._period = self._clock.cell(now)[1]

    def _next_day(self) -> None:
        before = self.day
        self.day += timedelta(days=1)
        self.charged_days.append(self.day)
        self.total += self._fixed["day"]
        if self.day.month != before.month:
            self.total += self._fixed["month"]
