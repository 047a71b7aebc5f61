"""Which season and which period of a tariff document a local time falls in.

Source: the `schema` block of data/tariffs/tariffs.json.
"""

from datetime import date, datetime
from typing import TypeVar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

T = TypeVar("T")


def most_specific(table: dict[str, T], first: str, second: str, what: str) -> T:
    """Return the entry of a table with keys 'first/second' in which '*' stands for any.

    Order: 'first/second', '*/second', 'first/*', '*/*'.

    Raises:
        ValueError: no key fits.
    """
    for key in (f"{first}/{second}", f"*/{second}", f"{first}/*", "*/*"):
        if key in table:
            return table[key]
    raise ValueError(f"{what}: no entry for {first}/{second}")


def minute_of_day(text: str) -> int:
    """Return the minutes from midnight to 'HH:MM', 0 to 1440."""
    hours, minutes = text.split(":")
    minute = int(hours) * 60 + int(minutes)
    if not (0 <= int(minutes) < 60 and 0 <= minute <= 24 * 60):
        raise ValueError(f"time of day {text}: from 00:00 to 24:00")
    return minute


class TariffClock:
    """The calendar part of a tariff document."""

    def __init__(self, tariff: dict) -> None:
        self._seasons = tariff["seasons"]
        self._periods = tariff["periods"]
        self._day_types = tariff["day_types"]
        self._special_days = {
            entry["date"]: entry["day_type"] for entry in tariff.get("special_days") or []
        }

    def season(self, day: date) -> str:
        """Return the season id of a day."""
        for season in self._seasons:
            if day.month in season["months"]:
                return season["id"]
        raise ValueError(f"seasons: none holds month {day.month}")

    def day_type(self, day: date) -> str:
        """Return the day type; a special day of that very year goes before a yearly one."""
        for key in (day.isoformat(), day.strftime("%m-%d")):
            if key in self._special_days:
                return self._special_days[key]
        return self._day_types[DAYS[day.weekday()]]

    def week(self, season: str) -> dict[str, int]:
        """Return the minutes that each period of a season has of a week without special days."""
        minutes: dict[str, int] = {}
        for day in DAYS:
            key = self._day_types[day]
            for entry in most_specific(self._periods, season, key, "periods"):
                length = minute_of_day(entry["to"]) - minute_of_day(entry["from"])
                minutes[entry["period"]] = minutes.get(entry["period"], 0) + length
        return minutes

    def cell(self, start: datetime) -> tuple[str, str]:
        """Return (season, period) at a local time; a period runs from its start up to its end."""
        day = start.date()
        season, day_type = self.season(day), self.day_type(day)
        minute = start.hour * 60 + start.minute
        for entry in most_specific(self._periods, season, day_type, "periods"):
            if minute_of_day(entry["from"]) <= minute < minute_of_day(entry["to"]):
                return season, entry["period"]
        raise ValueError(f"periods: {season}/{day_type} leaves {start:%H:%M} uncovered")
