"""What the air takes: how long a piece may be, how long it lasts, and how much of that a day.

Lengths and data rates: LoRaWAN Regional Parameters RP002, sections 2.4 to 2.16, the shortest
where a region has several (dwell time limited, repeaters). Time on air: Semtech AN1200.13,
section 4. Duty cycle: ETSI EN 300 220-2, 1 % of any hour.
"""

from micropython import const

SIZE_MIN = const(11)
"""The shortest payload that any region has."""

_DAY_S = const(86400)
_URGENT_PART = const(4)
"""One part in so many of the day is for what is urgent alone."""
_BURST_MS = const(18000)
"""With as much again that comes back in an hour it is 1 % of any hour."""
_BACK_S = const(200)
"""A millisecond of the burst comes back in so many milliseconds."""

_HEADERS = const(13)
"""MHDR, FHDR without options, FPort and MIC."""

# Regions that allow so much in a second less of the air: North America, and those of 400 ms.
_QUICK = ("US915", "LA915")
_DWELL = ("AU915", "AS923-1", "AS923-2", "AS923-3", "AS923-4")
_FREE = ("US915", "LA915", "AU915", "CN470", "IN865")
"""Bands without a duty cycle."""


def size_max(band: str, rate: int) -> int:
    """Return how many bytes a payload may have at a data rate; SIZE_MIN for one that nobody
    knows."""
    sizes: tuple
    if band in _QUICK:
        sizes = (11, 53, 125, 222, 222)
    elif band in _DWELL:
        sizes = (11, 11, 11, 53, 125, 222, 222)
    else:
        sizes = (51, 51, 51, 115, 222, 222, 222)
    return sizes[rate] if 0 <= rate < len(sizes) else SIZE_MIN


def airtime_ms(band: str, rate: int, size: int) -> int:
    """Return how many milliseconds a payload of `size` bytes is on the air, rounded up; at the
    slowest rate for one that nobody knows."""
    if band in _QUICK:
        factor, kHz = (10 - rate, 125) if 0 <= rate < 4 else (8, 500) if rate == 4 else (10, 125)
    else:
        factor, kHz = (12 - rate, 125) if 0 <= rate < 6 else (7, 250) if rate == 6 else (12, 125)
    symbol_us = (1000 << factor) // kHz
    slow = 1 if symbol_us >= 16000 else 0
    bits = 8 * (_HEADERS + size) - 4 * factor + 28 + 16
    chunk = 4 * (factor - 2 * slow)
    symbols = 8 + max(0, (bits + chunk - 1) // chunk) * 5
    # Eight symbols of preamble and four and a quarter to find its end.
    return ((49 + 4 * symbols) * symbol_us // 4 + 999) // 1000


class AirBudget:
    """Milliseconds on the air: of the day, and of the hour where the law has a duty cycle."""

    def __init__(self) -> None:
        self.band = ""
        self.daily_ms = 0
        self._began = self._at = 0
        self._burst_ms = 0
        self.spent_ms = 0

    def pass_time(self, uptime: int) -> None:
        """uptime: powered seconds."""
        if uptime - self._began >= _DAY_S:
            self._began = uptime
            self.spent_ms = 0
        self._burst_ms = max(0, self._burst_ms - (uptime - self._at) * 1000 // _BACK_S)
        self._at = uptime

    @property
    def strait(self) -> bool:
        """Whether what is left of the day is for what is urgent."""
        return self.spent_ms >= self.daily_ms - self.daily_ms // _URGENT_PART

    def allows(self, ms: int) -> bool:
        """Return whether so much may be sent now."""
        return self.spent_ms + ms <= self.daily_ms and (
            self.band in _FREE or self._burst_ms + ms <= _BURST_MS)

    def spend(self, ms: int) -> None:
        self.spent_ms += ms
        self._burst_ms += ms
