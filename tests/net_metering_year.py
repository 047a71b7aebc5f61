"""The year of tests/vectors/net_metering.json: load and generation by the hour.

The hours are those of a year that begins on a Monday; both interpreters can make it.
"""

YEAR = 2018
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def hours() -> object:
    """Yield (month, day, hour, load in Wh, generation in Wh)."""
    x = 20230301
    for month in range(1, 13):
        for day in range(1, _DAYS[month - 1] + 1):
            for hour in range(24):
                x ^= x << 13 & 0xFFFFFFFF
                x ^= x >> 17
                x ^= x << 5 & 0xFFFFFFFF
                sun = max(0, 36 - (hour - 12) ** 2)
                yield month, day, hour, 300 + x % 1500, sun * (3 + 15 * min(month, 13 - month))
