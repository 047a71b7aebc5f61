"""Seasons and periods out of the 12 x 24 schedules of an OpenEI URDB record.

A record names, for each month and hour, the index of the period in force, once for weekdays and
once for weekends. Months whose days run alike make a season.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .urdb_fields import UrdbError

MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
JANUARY, JULY = 1, 7

Hours = tuple[int, ...]  # index of the period in force in each of 24 hours


@dataclass(frozen=True)
class Season:
    """Months (1 to 12) that share their weekdays and their weekends."""

    id: str
    months: list[int]
    weekday: Hours
    weekend: Hours

    @property
    def periods(self) -> list[int]:
        """The indices of the periods in use, rising."""
        return sorted(set(self.weekday + self.weekend))


def read_seasons(record: dict, period_count: int) -> list[Season]:
    """Group the months of a record into seasons.

    Two seasons are 'summer' (the one with July) and 'winter', one is 'all', more are named by
    their months, for instance 'oct-may'.

    Raises:
        UrdbError: a schedule is not 12 rows of 24 indices of energyratestructure.
    """
    weekdays = _read_schedule(record, "energyweekdayschedule", period_count)
    weekends = _read_schedule(record, "energyweekendschedule", period_count)
    groups: dict[tuple[Hours, Hours], list[int]] = {}
    for month, days in enumerate(zip(weekdays, weekends, strict=True), 1):
        groups.setdefault(days, []).append(month)

    seasons = [
        Season(_months_id(months), months, weekday, weekend)
        for (weekday, weekend), months in groups.items()
    ]
    if len(seasons) == 1:
        return [_renamed(seasons[0], "all")]
    if len(seasons) == 2:
        winter, summer = seasons if JULY in seasons[1].months else reversed(seasons)
        if JANUARY in winter.months:
            return [_renamed(summer, "summer"), _renamed(winter, "winter")]
    return seasons


def _renamed(season: Season, name: str) -> Season:
    return Season(name, season.months, season.weekday, season.weekend)


def _read_schedule(record: dict, name: str, period_count: int) -> list[Hours]:
    rows = record.get(name)
    if not isinstance(rows, list) or len(rows) != 12:
        raise UrdbError(name, rows, "12 rows, one a month")
    for month, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != 24:
            raise UrdbError(f"{name}[{month}]", row, "24 indices, one an hour")
        for hour, index in enumerate(row):
            if type(index) is not int or not 0 <= index < period_count:
                rule = f"an index of energyratestructure, 0 to {period_count - 1}"
                raise UrdbError(f"{name}[{month}][{hour}]", index, rule)
    return [tuple(row) for row in rows]


def _months_id(months: list[int]) -> str:
    """Return names of the runs of months, a run going on from December to January."""
    spans = []
    for first in months:
        if (first - 2) % 12 + 1 in months:
            continue
        last = first
        while last % 12 + 1 in months:
            last = last % 12 + 1
        names = [MONTH_NAMES[first - 1], MONTH_NAMES[last - 1]]
        spans.append(names[0] if first == last else "-".join(names))
    return "+".join(spans) or "all"


def period_ids(periods: list[int], prices: Callable[[int], list]) -> dict[int, str]:
    """Name the periods of a season by their prices, the dearest first.

    One is 'all', two are 'on' and 'off', three 'on', 'mid' and 'off', more 'p1', 'p2' and so on.
    """
    named = {1: ["all"], 2: ["on", "off"], 3: ["on", "mid", "off"]}
    names = named.get(len(periods)) or [f"p{rank + 1}" for rank in range(len(periods))]
    # The sort keeps the record's order where prices are equal.
    return dict(zip(sorted(periods, key=prices, reverse=True), names, strict=True))


def day_rows(hours: Hours, ids: dict[int, str]) -> list[dict[str, str]]:
    """Return a day's half-open spans from 00:00 to 24:00, equal hours joined."""
    rows: list[dict[str, str]] = []
    for hour, index in enumerate(hours):
        end = f"{hour + 1:02}:00"
        if rows and rows[-1]["period"] == ids[index]:
            rows[-1]["to"] = end
        else:
            rows.append({"from": f"{hour:02}:00", "to": end, "period": ids[index]})
    return rows
