"""The time a mobile network gives, in every spelling modems have for it.

Nobody vouches for it: it is offered, and who is offered it takes no more than a small step.
Source: 3GPP TS 27.007 section 8.13; the modem sheet, sections 4 and 10 (failure 17).
"""

from micropython import const

from joulegate.core.civil import seconds_of

FIRST_YEAR = const(2024)
"""A modem that has not heard the time says 1970, 1980 or 2004."""

_LAST_YEAR = const(2099)
_QUARTER_S = const(900)
_QUARTERS_MAX = const(56)


def parse_time(text: "str | None", utc: bool = False) -> "int | None":
    """Return UTC seconds since 2020 of what followed +CCLK or +QLTS; None when it is no time.

    Taken: years of two or four digits, quotes or none, GMT before the zone or not, the zone in
    quarters of an hour or missing, daylight saving after it or not. utc: what is shown is UTC
    already, and the zone only says where the network is.
    """
    if not text or len(text) > 48:
        return None
    date, _, clock = text.strip().strip('"').partition(",")
    # The time itself is local, daylight saving contained in the zone.
    clock = clock.partition(",")[0].strip().strip('"').replace("GMT", "")
    zone = 0
    for sign in "+-":
        clock, found, quarters = clock.partition(sign)
        if found:
            if not quarters.isdigit() or int(quarters) > _QUARTERS_MAX:
                return None
            zone = int(quarters) if sign == "+" else -int(quarters)
            break
    try:
        year, month, day = _three(date, "/")
        hour, minute, second = _three(clock, ":")
        if year < 100:
            year += 2000 if year < 70 else 1900
        if not FIRST_YEAR <= year <= _LAST_YEAR:
            return None
        return seconds_of(year, month, day, hour, minute, second) - (
            0 if utc else zone * _QUARTER_S)
    except ValueError:
        return None


def _three(text: str, separator: str) -> tuple:
    parts = text.strip().split(separator)
    if len(parts) != 3:
        raise ValueError("%r: three numbers wanted" % text)
    for part in parts:
        if not part.isdigit() or len(part) not in (2, 4):
            raise ValueError("%r: two digits or four wanted" % part)
    return int(parts[0]), int(parts[1]), int(parts[2])
