"""The voltage by the hour on flash, and the days and months made of it."""

from micropython import const

from joulegate.core.civil import DAY_S, date_of
from joulegate.core.events import EventLog
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import Ring

FILES = const(5)

FIELDS = """
    time i: UTC second at which it began
    seconds H 1..3720: measured in it
    below H 0..3720: seconds below the band
    above H 0..3720: seconds above the band
    lowest H: voltage, 0.01 V, as the two that follow
    highest H: of the hour
    mean H: of the measured time
"""

# What a sum of hours is, in this order.
SECONDS = const(0)
BELOW = const(1)
ABOVE = const(2)
LOWEST = const(3)
HIGHEST = const(4)
MEAN = const(5)
"""Of a sum: the mean times the seconds."""


class VoltageStore:
    def __init__(self, folder: str, log: EventLog) -> None:
        """folder: of the meter's storage; log: for failing storage. Touches no file."""
        self._log = log
        self.ring = Ring(folder + "/voltage/v", FILES, Layout(b"JGVP", 1, FIELDS))

    def load(self) -> None:
        """Find where the record ends when it is first needed."""
        self.ring.load()

    def keep(self, hour: tuple) -> None:
        """Write an hour, as core.quality.voltage_profile gives it. Never raises."""
        self.ring.keep(hour, self._log, hour[0])

    def sums(self, offset: object, running: "tuple | None") -> tuple:
        """Return the hours summed up by local day and by month, each a list of (day or month,
        [SECONDS...MEAN]) in order.

        A month is year * 12 + month - 1. offset: a function that returns the seconds by which
        local time is ahead of a UTC second. running: the hour that is not over.
        """
        days: list = []
        months: list = []
        for entry in self.ring.entries():
            hour = (entry["time"], entry["seconds"], entry["below"], entry["above"],
                    entry["lowest"], entry["highest"], entry["mean"])
            _add_hour(days, months, hour, offset)
        if running is not None:
            _add_hour(days, months, running, offset)
        return days, months


def _add_hour(days: list, months: list, hour: tuple, offset: object) -> None:
    day = (hour[0] + offset(hour[0])) // DAY_S
    year, month, _ = date_of(day)
    _add(days, day, hour)
    _add(months, year * 12 + month - 1, hour)


def _add(sums: list, key: int, hour: tuple) -> None:
    # In order of time, but for a clock that was set back: the same day is then not the last.
    known = [total for other, total in sums if other == key]
    if known:
        total = known[0]
    else:
        total = [0, 0, 0, 0xFFFF, 0, 0]
        sums.append((key, total))
    for i in (SECONDS, BELOW, ABOVE):
        total[i] += hour[1 + i]
    total[LOWEST] = min(total[LOWEST], hour[4])
    total[HIGHEST] = max(total[HIGHEST], hour[5])
    total[MEAN] += hour[6] * hour[1]
