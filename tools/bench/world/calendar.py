"""Civil calendar of the world: the proleptic Gregorian calendar in UTC, from 1970.

Days are counted from 1 March of year 0, so that the leap day ends the year and the lengths of
the months before it follow one straight line (H. Hinnant, "chrono-Compatible Low-Level Date
Algorithms").
"""

_DAYS_TO_1970 = 719468


def seconds_of(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Return the Unix seconds of a civil time. Fields past their range carry over."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    if month <= 2:
        year -= 1
        month += 12
    days = (365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5
            + day - 1 - _DAYS_TO_1970)
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def tuple_of(seconds: int) -> tuple:
    """Return (year, month, day, hour, minute, second, weekday, yearday); Monday is 0."""
    days, rest = divmod(seconds, 86400)
    shifted = days + _DAYS_TO_1970
    era, of_era = divmod(shifted, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + (3 if month_from_march < 10 else -9)
    year = era * 400 + year_of_era + (month <= 2)
    first = seconds_of(year, 1, 1, 0, 0, 0) // 86400
    return (year, month, day, rest // 3600, rest // 60 % 60, rest % 60,
            (days + 3) % 7, days - first + 1)
