"""When a tariff prices what: seasons, day types, special days and the periods of a day."""

from micropython import const

from joulegate.core.civil import days_in_month
from joulegate.core.document_fields import (
    TariffError,
    at_key,
    check_date,
    check_id,
    check_list,
    check_object,
    read_minute,
)

SEASONS_MAX = const(4)
DAY_TYPES_MAX = const(6)
PERIODS_MAX = const(6)
EDGES_MAX = const(48)
SPECIAL_DAYS_MAX = const(40)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def pick(table: dict, first: str, second: str) -> object:
    """Return the entry of the most specific key for two ids, or None.

    The order is "a/b", "*/b", "a/*", "*/*".
    """
    for key in (first + "/" + second, "*/" + second, first + "/*", "*/*"):
        if key in table:
            return table[key]
    return None


def check_keys(field: str, table: dict, first: tuple, second: tuple) -> None:
    """Refuse a table with a key that is not two known ids, or "*" for any, about a slash."""
    for key in table:
        a, slash, b = key.partition("/") if isinstance(key, str) else ("", "", "")
        if not slash or (a != "*" and a not in first) or (b != "*" and b not in second):
            raise TariffError(
                field, key, "key must be one of %s or *, '/', one of %s or *"
                % (", ".join(first), ", ".join(second)))


class DocumentCalendar:
    """The calendar of a tariff document.

    Seasons, day types and periods are names; everything else refers to them by index.
    """

    def __init__(self, document: dict) -> None:
        self._read_seasons(document["seasons"])
        self._read_day_types(document["day_types"], document.get("special_days", []))
        self._read_periods(document["periods"])
        self._read_default(document.get("default_period"))

    def _read_seasons(self, value: object) -> None:
        names = []
        self.month_season = bytearray(b"\xff" * 13)
        for i, season in enumerate(check_list("seasons", value, 1, SEASONS_MAX)):
            at = at_key("seasons", i)
            check_object(at, season, ("id", "months"))
            name = check_id(at + ".id", season["id"])
            if name in names:
                raise TariffError(at + ".id", name, "must not repeat")
            names.append(name)
            for month in check_list(at + ".months", season["months"], 1, 12):
                if type(month) is not int or not 1 <= month <= 12:
                    raise TariffError(at + ".months", month, "must be a month from 1 to 12")
                if self.month_season[month] != 0xFF:
                    raise TariffError(at + ".months", month, "must be in one season only")
                self.month_season[month] = i
        for month in range(1, 13):
            if self.month_season[month] == 0xFF:
                raise TariffError("seasons", month, "every month must be in a season")
        self.seasons = tuple(names)

    def _read_day_types(self, value: object, special: object) -> None:
        check_object("day_types", value, _WEEKDAYS)
        names = []
        self.weekday_type = bytearray(7)
        for i, weekday in enumerate(_WEEKDAYS):
            name = check_id("day_types." + weekday, value[weekday])
            if name not in names:
                names.append(name)
            self.weekday_type[i] = names.index(name)
        # Keys: year * 10000 + month * 100 + day, the year 0 for every year.
        self.special_days = {}
        for i, entry in enumerate(check_list("special_days", special, 0, SPECIAL_DAYS_MAX)):
            at = at_key("special_days", i)
            check_object(at, entry, ("date", "day_type"), ("name",))
            name = check_id(at + ".day_type", entry["day_type"])
            if name not in names:
                names.append(name)
            key = self._special_key(at + ".date", entry["date"])
            if key in self.special_days:
                raise TariffError(at + ".date", entry["date"], "must not repeat")
            self.special_days[key] = names.index(name)
        if len(names) > DAY_TYPES_MAX:
            raise TariffError("day_types", names, "at most %d day types" % DAY_TYPES_MAX)
        self.day_types = tuple(names)

    def _special_key(self, field: str, value: object) -> int:
        """Return the key of a yearly day, MM-DD, or of a date."""
        if isinstance(value, str) and len(value) == 5 and value[2] == "-":
            month, day = value[:2], value[3:]
            if all("0" <= c <= "9" for c in month + day):
                # 2000 was a leap year, so 29 February can be a yearly special day.
                if 1 <= int(month) <= 12 and 1 <= int(day) <= days_in_month(2000, int(month)):
                    return int(month) * 100 + int(day)
            raise TariffError(field, value, "must be a day of the calendar, MM-DD")
        check_date(field, value)
        return int(value[:4]) * 10000 + int(value[5:7]) * 100 + int(value[8:])

    def _read_periods(self, value: object) -> None:
        if not isinstance(value, dict) or not value:
            raise TariffError("periods", value, "must be an object of day schedules")
        check_keys("periods", value, self.seasons, self.day_types)
        names = []
        plans = {key: self._read_day("periods." + key, value[key], names)
                 for key in sorted(value)}
        schedule = []
        for season in self.seasons:
            for day_type in self.day_types:
                plan = pick(plans, season, day_type)
                if plan is None:
                    raise TariffError(
                        "periods", season + "/" + day_type, "this day has no schedule")
                schedule.append(plan)
        self.periods = tuple(names)
        self.schedule = tuple(schedule)  # [season * day types + day type] -> (ends, periods)

    def _read_day(self, field: str, value: object, names: list) -> tuple:
        """Return (ends in minutes, period indices) of a day; new names join the list."""
        ends = []
        periods = bytearray()
        minute = 0
        for i, entry in enumerate(check_list(field, value, 1, EDGES_MAX)):
            at = at_key(field, i)
            check_object(at, entry, ("from", "to", "period"))
            if read_minute(at + ".from", entry["from"]) != minute:
                raise TariffError(at + ".from", entry["from"],
                                  "must begin where the one before ends, the first at 00:00")
            end = read_minute(at + ".to", entry["to"])
            if end <= minute:
                raise TariffError(at + ".to", entry["to"], "must be after its beginning")
            name = check_id(at + ".period", entry["period"])
            if name not in names:
                if len(names) >= PERIODS_MAX:
                    raise TariffError(at + ".period", name, "at most %d periods" % PERIODS_MAX)
                names.append(name)
            ends.append(end)
            periods.append(names.index(name))
            minute = end
        if minute != 1440:
            raise TariffError(field, entry["to"], "the last entry must end at 24:00")
        return tuple(ends), bytes(periods)

    def _read_default(self, value: object) -> None:
        """Find the period of each season that holds while the clock is wrong: the one named if
        the season has it, else the one that has most of a week."""
        if value is not None and value not in self.periods:
            raise TariffError("default_period", value,
                              "must be one of %s" % ", ".join(self.periods))
        found = bytearray()
        for s in range(len(self.seasons)):
            if value is not None and self.uses(s, self.periods.index(value)):
                found.append(self.periods.index(value))
                continue
            minutes = self._week(s)
            found.append(minutes.index(max(minutes)))
        self.default_periods = bytes(found)

    def _week(self, season: int) -> list:
        """Return the minutes that each period has in a week without special days."""
        minutes = [0] * len(self.periods)
        for day_type in self.weekday_type:
            ends, periods = self.schedule[season * len(self.day_types) + day_type]
            begin = 0
            for end, period in zip(ends, periods):
                minutes[period] += end - begin
                begin = end
        return minutes

    def uses(self, season: int, period: int) -> bool:
        """Return whether any day of a season has a period."""
        n = len(self.day_types)
        return any(period in plan[1] for plan in self.schedule[season * n:(season + 1) * n])
