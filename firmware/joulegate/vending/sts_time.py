"""Token identifiers as times: whole minutes since one of three base dates.

Source: IEC 62055-41:2018; 24 bits last until 24 November 2024, 2045 and 2066, 20:15. Counted in
UTC since that edition, in local time before.
"""

BASES = (1993, 2014, 2035)
BASE_DEFAULT = 2014
AHEAD_MIN = 1440
"""How far, in minutes, a token may lie ahead of a valid clock."""

# Minutes from 2020-01-01, where the meter's time begins, to the first minute of each base.
_OFFSETS = (-9861 * 1440, -2191 * 1440, 5479 * 1440)


def base_number(base: int) -> int:
    """Return the number under which the replay store knows a base date's year."""
    return BASES.index(check_base(base))


def check_base(base: int) -> int:
    """Return a base date's year; ValueError for one that is none."""
    if base not in BASES:
        raise ValueError("base date %r: must be 1993, 2014 or 2035" % (base,))
    return base


def minute_of(tid: int, base: int) -> int:
    """Return when a token was issued, in minutes since 2020-01-01T00:00Z."""
    return _OFFSETS[base_number(base)] + tid


def tid_of(minute: int, base: int) -> int:
    """Return the identifier of a minute since 2020-01-01T00:00Z; may lie outside 24 bits."""
    return minute - _OFFSETS[base_number(base)]


def lies_ahead(tid: int, base: int, minute: int) -> bool:
    """Return whether an identifier is of a later time than a valid clock can be wrong by.

    Also keeps out what counts from another base date: there, the same number is another time.
    """
    return minute_of(tid, base) > minute + AHEAD_MIN
