"""Civil time: day numbers, and local time by a POSIX TZ rule.

Inside the meter time is UTC in whole seconds since 2020-01-01T00:00:00Z. That origin keeps
every second from 1986 to January 2054 inside a 31-bit small int; dates to 2099 are right
beyond it, only no longer free of allocation. Days count from the same date (day 0 was a
Wednesday) and may be negative.

Source: proleptic Gregorian calendar; POSIX.1-2017 section 8.3 for TZ.
"""

from micropython import const

DAY_S = const(86400)
FAR = 1 << 33  # a second that never comes (year 2292)
YEAR_MIN = const(2000)
YEAR_MAX = const(2099)

NO_TIME = const(-0x3FFFFFFF)
"""A clock that does not know the time counts from here, the seconds since it started: every
second before TIME_MIN is no time, and says how long nobody has known it."""
TIME_MIN = const(-631152000)
"""2000-01-01T00:00:00Z, the earliest second that is a time."""
TIME_END = const(1041465600)
"""2053-01-01T00:00:00Z: a clock may be set up to here, within the small ints."""

# Days from 0000-03-01 to 2020-01-01.
_ORIGIN = const(737730)


class ZoneError(ValueError):
    """A TZ text that cannot be used, with the reason."""


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def day_number(year: int, month: int, day: int) -> int:
    """Return the day number of a date; ValueError for one that the calendar has not."""
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise ValueError("year %d: must be %d to %d" % (year, YEAR_MIN, YEAR_MAX))
    if not 1 <= month <= 12:
        raise ValueError("month %d: must be 1 to 12" % month)
    if not 1 <= day <= days_in_month(year, month):
        raise ValueError("day %d: not in month %d of %d" % (day, month, year))
    # Years that begin in March put the leap day last.
    if month < 3:
        year -= 1
        month += 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (
        153 * (month - 3) + 2) // 5 + day - 1 - _ORIGIN


def date_of(day: int) -> tuple:
    """Return (year, month, day of month) of a day number."""
    z = day + _ORIGIN
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month < 3 else 0)
    return year, month, doy - (153 * mp + 2) // 5 + 1


def weekday(day: int) -> int:
    """Return the day of the week: 0 Monday to 6 Sunday."""
    return (day + 2) % 7


def seconds_of(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> int:
    """Return the second since 2020-01-01 of a date and time of one and the same clock."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise ValueError("time %d:%d:%d: must be 0:0:0 to 23:59:59" % (hour, minute, second))
    return day_number(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second


def parse_time(text: str) -> int:
    """Return the second of an ISO 8601 text: "2007-05-10", "2007-05-10T12:00[:00]"."""
    rule = "must be YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss]"
    day, separator, clock = text.partition("T")
    date = day.split("-")
    time = clock.split(":") if separator else []
    if [len(p) for p in date] != [4, 2, 2] or [len(p) for p in time] not in (
            [], [2, 2], [2, 2, 2]):
        raise ValueError("time %r: %s" % (text, rule))
    parts = date + time
    for part in parts:
        if not all("0" <= c <= "9" for c in part):
            raise ValueError("time %r: %s" % (text, rule))
    return seconds_of(*[int(p) for p in parts])


def civil_of(second: int) -> tuple:
    """Return (year, month, day, weekday, hour, minute, second, 0), as machine.RTC has it."""
    day = second // DAY_S
    rest = second % DAY_S
    return date_of(day) + (weekday(day), rest // 3600, rest // 60 % 60, rest % 60, 0)


def format_time(seconds: int) -> str:
    """Return "YYYY-MM-DDThh:mm:ss" of a second since 2020-01-01, on the same clock."""
    s = seconds % DAY_S
    return "%04d-%02d-%02dT%02d:%02d:%02d" % (
        date_of(seconds // DAY_S) + (s // 3600, s // 60 % 60, s % 60))


def time_text(second: int) -> str:
    """Return format_time of a second, or "start+Ns" of one at which nobody knew the time."""
    return format_time(second) if second >= TIME_MIN else "start+%ds" % (second - NO_TIME)


class Zone:
    """Offset of local time from UTC by a POSIX TZ text.

    Taken: "CST-8", "<+0530>-5:30", "CET-1CEST,M3.5.0,M10.5.0/3". Not taken: rules by Julian
    day, and daylight saving without rules, since what those mean is up to the machine.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.summer = 0
        self._rules = None  # ((month, week, weekday, second), the same for the end)
        scan = _Scan(text)
        scan.name()
        self.standard = -scan.offset(24 * 3600)
        if not scan.at_end():
            scan.name()
            self.summer = self.standard + 3600
            if scan.peek() != ",":
                self.summer = -scan.offset(24 * 3600)
            self._rules = (scan.rule(), scan.rule())
            if not scan.at_end():
                scan.fail("nothing may follow the second rule")

    def offset(self, utc: int) -> int:
        """Return local time minus UTC, in seconds, at a UTC second."""
        if self._rules is None:
            return self.standard
        start, end = self._changes(date_of((utc + self.standard) // DAY_S)[0])
        inside = start <= utc < end if start < end else not end <= utc < start
        return self.summer if inside else self.standard

    def next_change(self, utc: int) -> int:
        """Return the first UTC second after this one at which the offset changes, or FAR."""
        if self._rules is None:
            return FAR
        year = date_of((utc + self.standard) // DAY_S)[0]
        # There is none after the last year of the calendar.
        return min((t for y in (year, year + 1) for t in self._changes(y) if t > utc),
                   default=FAR)

    def first_instant(self, day: int) -> int:
        """Return the UTC second at which a local day begins for good.

        Where the clocks go forward over midnight the day has no 00:00 and begins with the
        change; where they go back over midnight it begins when 00:00 comes the second time.
        """
        midnight = day * DAY_S
        if self._rules is None:
            return midnight - self.standard
        low = min(self.standard, self.summer)
        latest = midnight - low
        if self.offset(latest - 1) == low:
            return latest
        earliest = midnight - max(self.standard, self.summer)
        change = self.next_change(earliest - 1)
        return change if change < latest else earliest

    def _changes(self, year: int) -> tuple:
        start, end = self._rules
        return (_rule_second(year, start) - self.standard, _rule_second(year, end) - self.summer)


def _rule_second(year: int, rule: tuple) -> int:
    """Return the local second at which a rule Mm.w.d/time falls in a year."""
    month, week, wanted, second = rule
    # The arithmetic must also serve the years just outside the calendar's bounds.
    first = day_number(min(max(year, YEAR_MIN), YEAR_MAX), month, 1)
    day = first + (wanted + 6 - weekday(first)) % 7 + (week - 1) * 7
    if day >= first + days_in_month(year, month):
        day -= 7
    return day * DAY_S + second


class _Scan:
    """Reader of one TZ text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fail(self, rule: str) -> None:
        raise ZoneError("zone %r: at %r: %s" % (self._text, self._text[self._at:], rule))

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def peek(self) -> str:
        return self._text[self._at:self._at + 1]

    def _take(self, wanted: str) -> bool:
        if wanted and self.peek() == wanted:
            self._at += 1
            return True
        return False

    def name(self) -> None:
        quoted = self._take("<")
        begin = self._at
        while not self.at_end():
            c = self.peek()
            letter = "a" <= c <= "z" or "A" <= c <= "Z"
            if not (letter or (quoted and (c in "+-" or "0" <= c <= "9"))):
                break
            self._at += 1
        if self._at - begin < 3:
            self.fail("a zone name of three letters or more is needed")
        if quoted and not self._take(">"):
            self.fail("'>' is needed")

    def number(self, low: int, high: int) -> int:
        begin = self._at
        while "0" <= self.peek() <= "9" and self._at - begin < 3:
            self._at += 1
        digits = self._text[begin:self._at]
        if not digits or not low <= int(digits) <= high:
            self._at = begin
            self.fail("a number from %d to %d is needed" % (low, high))
        return int(digits)

    def offset(self, limit: int) -> int:
        sign = 1
        if self._take("-"):
            sign = -1
        else:
            self._take("+")
        begin = self._at
        seconds = self.number(0, limit // 3600) * 3600
        if self._take(":"):
            seconds += self.number(0, 59) * 60
            if self._take(":"):
                seconds += self.number(0, 59)
        if seconds > limit:
            self._at = begin
            self.fail("an offset of at most %d hours is needed" % (limit // 3600))
        return sign * seconds

    def rule(self) -> tuple:
        if not self._take(","):
            self.fail("',' and a rule are needed")
        if not self._take("M"):
            self.fail("a rule Mmonth.week.day is needed")
        month = self.number(1, 12)
        if not self._take("."):
            self.fail("'.' is needed")
        week = self.number(1, 5)
        if not self._take("."):
            self.fail("'.' is needed")
        wanted = self.number(0, 6)
        second = 7200
        if self._take("/"):
            second = self.offset(167 * 3600)
        return month, week, wanted, second
