"""Readings that wait to be sent: a ring in memory, made once.

They are on no flash: the load profile is their record on the meter. When the ring is full the
oldest goes, and is counted.
"""

import struct

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.core.reading import Reading
from joulegate.link.uplink.bodies import unix

CAPACITY = const(16)
PACKED_MAX = const(8)
"""Readings in one message."""

_FORM = "<iIIqIIiihHH"
_SIZE = const(42)
_DIFFERENCES = const(4)
"""The first columns of a row, which in all rows but a message's first are differences."""


class ReadingQueue:
    def __init__(self) -> None:
        self._buffer = bytearray(CAPACITY * _SIZE)
        self._first = 0
        self.count = 0
        self.discarded = 0
        """Readings that were given up since the start."""

    def add(
        self, now: int, reading: Reading, wh: object, balance: int, connected: bool,
        reasons: int,
    ) -> None:
        """Keep what is measured at a second of the meter. wh: the registers; balance: units."""
        if self.count == CAPACITY:
            self.take(1)
            self.discarded += 1
        at = (self._first + self.count) % CAPACITY * _SIZE
        struct.pack_into(
            _FORM, self._buffer, at, now, wh[0], wh[1], balance, reading.voltage_cV,
            reading.current_mA, reading.active_W, reading.reactive_var,
            reading.power_factor_milli, reading.frequency_cHz,
            min(reasons, 0x7FFF) << 1 | (1 if connected else 0))
        self.count += 1

    def take(self, count: int) -> None:
        """Forget the oldest so many."""
        self._first = (self._first + count) % CAPACITY
        self.count -= count

    def packed(self) -> list:
        """Return rows of the oldest readings, as many as go into one message; at least one.

        One at a time of which nobody knew is in a message of its own.
        """
        rows: list = []
        before: list = []
        for i in range(min(self.count, PACKED_MAX)):
            row = list(struct.unpack_from(
                _FORM, self._buffer, (self._first + i) % CAPACITY * _SIZE))
            known = row[0] >= TIME_MIN
            if rows and not known:
                break
            row[0] = unix(row[0])
            values = row[:_DIFFERENCES]
            if rows:
                for column in range(_DIFFERENCES):
                    row[column] = values[column] - before[column]
            rows.append(row)
            before = values
            if not known:
                break
        return rows
