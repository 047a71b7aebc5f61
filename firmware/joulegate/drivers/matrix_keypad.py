"""Keys of 3 by 4 on seven pins of the chip itself, for a board that has so many to spare."""


class MatrixKeypad:
    def __init__(self, rows: tuple, columns: tuple, settle_us: object) -> None:
        """rows: four pins as open-drain outputs, high; columns: three as inputs with pull-ups.
        settle_us: a function that waits so many microseconds."""
        self._rows = rows
        self._columns = columns
        self._settle_us = settle_us

    def scan(self) -> int:
        """Look once; return bit i for key i, row by row, that closes."""
        keys = 0
        bit = 1
        for row in self._rows:
            row(0)
            self._settle_us(SETTLE_US)
            for column in self._columns:
                if not column():
                    keys |= bit
                bit <<= 1
            row(1)
        return keys


SETTLE_US = 5
"""A pull-up of 45 kilohm and 50 pF of keypad are there after 2.3."""
