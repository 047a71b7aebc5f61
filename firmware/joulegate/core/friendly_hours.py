"""Friendly hours: times at which nobody is cut off for want of credit.

A table by the day of the week, and days that have one of their own in its place (a
non-disablement calendar). Each entry is a text, "DAYS HOURS":

    mon-fri 17:30-11:00    from Monday to Friday, until 11:00 of the day after
    sun 00:00-24:00        the whole Sunday
    all 22:00-06:00        every day
    12-25 00:00-24:00      every 25 December, whatever its day of the week
    2027-04-02 none        that day none begin

Times are local. While nobody knows the time there are no friendly hours.
"""

from micropython import const

from joulegate.core.civil import DAY_S, TIME_MIN, Zone, date_of, day_number, weekday

ENTRIES_MAX = const(16)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = const(127)
_LEAP = const(2020)
_LONGEST = const(24)


class FriendlyHoursError(ValueError):
    """An entry that cannot be used, with the rule."""


def parse(texts: list) -> list:
    """Return (days of the week as bits or 0, year or 0, month, day, from, to) of each entry.

    From and to are minutes of the day at which it begins, to above from; both 0 for "none".
    """
    if len(texts) > ENTRIES_MAX:
        raise FriendlyHoursError("%d entries: at most %d" % (len(texts), ENTRIES_MAX))
    return [_entry(text) for text in texts]


def _entry(text: object) -> tuple:
    words = text.split() if isinstance(text, str) and len(text) <= _LONGEST else []
    if len(words) != 2:
        raise FriendlyHoursError("%r: must be DAYS HOURS" % (text,))
    try:
        return _days(words[0]) + _hours(words[1])
    except (ValueError, IndexError):
        raise FriendlyHoursError(
            "%r: must be like 'mon-fri 17:30-11:00', '12-25 00:00-24:00' or "
            "'2027-04-02 none'" % (text,)) from None


def _days(text: str) -> tuple:
    if text == "all":
        return _EVERY, 0, 0, 0
    parts = text.split("-")
    if parts[0] in _DAYS and len(parts) <= 2:
        day, last = _DAYS.index(parts[0]), _DAYS.index(parts[-1])
        bits = 1 << day
        while day != last:
            day = (day + 1) % 7
            bits |= 1 << day
        return bits, 0, 0, 0
    year = _number(parts.pop(0), 4) if len(parts) == 3 else 0
    month, day = [_number(part, 2) for part in parts]
    day_number(year or _LEAP, month, day)
    return 0, year, month, day


def _hours(text: str) -> tuple:
    if text == "none":
        return 0, 0
    first, last = [_minutes(part) for part in text.split("-")]
    if first >= 1440 or last == 0 or first == last:
        raise ValueError(text)
    return first, last if last > first else last + 1440


def _minutes(text: str) -> int:
    hour, minute = [_number(part, 2) for part in text.split(":")]
    if hour > 24 or minute > 59 or hour == 24 and minute:
        raise ValueError(text)
    return hour * 60 + minute


def _number(text: str, digits: int) -> int:
    if len(text) != digits or not all("0" <= c <= "9" for c in text):
        raise ValueError(text)
    return int(text)


class FriendlyHours:
    def __init__(self, texts: list, zone: Zone) -> None:
        """texts: entries; FriendlyHoursError for a bad one. zone: of the account."""
        self._entries = parse(texts)
        self._zone = zone
        self._from = 0
        self._to = 0
        self._inside = False

    def hold(self, now: int) -> bool:
        """Return whether a UTC second is within friendly hours.

        Part of the tick; works it out anew only when an edge is passed.
        """
        if now < TIME_MIN:
            return False
        if not self._from <= now < self._to:
            self._find(now)
        return self._inside

    def _find(self, now: int) -> None:
        local = now + self._zone.offset(now)
        day = local // DAY_S
        # A day's own hours end before the second midnight after it.
        edge = (day + 1) * DAY_S
        self._inside = False
        for number in (day - 1, day):
            for entry in self._of(number):
                begin, end = (number * DAY_S + minute * 60 for minute in entry[4:])
                if begin <= local < end:
                    self._inside = True
                for bound in (begin, end):
                    if local < bound < edge:
                        edge = bound
        self._from = now
        self._to = min(now + edge - local, self._zone.next_change(now))

    def _of(self, number: int) -> list:
        """Return the entries of a day: its own, or those of its day of the week."""
        year, month, day = date_of(number)
        own = [e for e in self._entries
               if not e[0] and e[1] in (0, year) and e[2] == month and e[3] == day]
        return own or [e for e in self._entries if e[0] & 1 << weekday(number)]
