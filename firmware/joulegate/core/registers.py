"""Energy registers: what the meter has measured since it was made; they never go back.

Each quantity is kept in Wh (varh) with a remainder in thousandths of a count, so nothing is
lost to rounding whatever the meter constant. Registers are apart from money: no account or
tariff can change them.
"""

from array import array

from micropython import const

from joulegate.core.reading import EXPORT, IMPORT, QUANTITIES, Reading

CATCH_UP_MAX = const(0x100000)
"""More missing counts than this mean that the register is ahead, not behind."""

_MARK_MASK = const(0x1FFFFFFF)


class Registers:
    def __init__(self, counts_per_kWh: int) -> None:
        """counts_per_kWh: ten times the meter constant in imp/kWh."""
        self.counts_per_kWh = counts_per_kWh
        self.wh = array("I", [0] * QUANTITIES)
        self.remainder = array("I", [0] * QUANTITIES)

    def add(self, reading: Reading) -> None:
        """Add the energy of a reading; part of the tick, allocates nothing."""
        if reading.import_counts:
            self._add(0, reading.import_counts)
        if reading.export_counts:
            self._add(1, reading.export_counts)
        if reading.reactive_import_counts:
            self._add(2, reading.reactive_import_counts)
        if reading.reactive_export_counts:
            self._add(3, reading.reactive_export_counts)

    def _add(self, quantity: int, counts: int) -> None:
        n = self.remainder[quantity] + counts * 1000
        d = self.counts_per_kWh
        if n >= d:
            self.wh[quantity] += n // d
            n %= d
        self.remainder[quantity] = n

    def counts(self, quantity: int) -> int:
        """Return a register in whole counts."""
        return (self.wh[quantity] * self.counts_per_kWh + self.remainder[quantity]) // 1000

    @property
    def import_mark(self) -> int:
        """Imported counts modulo 2**29: what the ledger notes of this register at a commit."""
        return self.counts(IMPORT) & _MARK_MASK

    @property
    def export_mark(self) -> int:
        return self.counts(EXPORT) & _MARK_MASK

    def catch_up(self, import_mark: int, export_mark: int) -> int:
        """Add what the ledger's marks say is missing here; return the counts added.

        The ledger is written first, so after a cut between the two writes it knows of energy,
        charged already, that this record misses. A register that is ahead stays as it is.
        """
        added = 0
        for quantity, mark in ((IMPORT, import_mark), (EXPORT, export_mark)):
            missing = (mark - self.counts(quantity)) & _MARK_MASK
            if missing < CATCH_UP_MAX:
                self._add(quantity, missing)
                added += missing
        return added
