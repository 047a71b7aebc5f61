"""Energy registers: what the meter has measured since it was made; they never go back.

Each quantity is kept in Wh (varh, VAh) with a remainder in thousandths of a count, so nothing is
lost to rounding whatever the meter constant. Registers are apart from money: no account or
tariff can change them.

Quadrants are those of IEC 62053-23 annex C: I is +A +R, II -A +R, III -A -R, IV +A -R. Kept are
the four that the chip counts and the reactive energy of exporting, II and III; I is +R less II
and IV is -R less III, exactly and for ever (core/quadrants.py). A meter that never exports
spends nothing on them.

Apparent energy is the vector sum of active and reactive energy, by direction, over some Wh each
time. See docs/registers.md for the rules and why.
"""

from array import array

from micropython import const

from joulegate.core.reading import EXPORT, IMPORT, REACTIVE_EXPORT, REACTIVE_IMPORT, Reading

QUADRANT_2 = const(4)
QUADRANT_3 = const(5)
APPARENT_IMPORT = const(6)
APPARENT_EXPORT = const(7)
REGISTERS = const(8)
"""Registers kept, those of core.reading first."""

DEMAND_VALUES = const(16)
DEMAND_MARKS = const(30)

CATCH_UP_MAX = const(0x100000)
"""More missing counts than this mean that the register is ahead, not behind."""

GATHER_COUNTS = const(256)
"""Counts, active and reactive, after which they become apparent energy: 8 Wh at 3200 imp/kWh."""

_MARK_MASK = const(0x1FFFFFFF)
_SQUARED_MAX = const(0x3FFF)


class Registers:
    def __init__(self, counts_per_kWh: int) -> None:
        """counts_per_kWh: of the metering IC, by its calibration."""
        self.counts_per_kWh = counts_per_kWh
        self.wh = array("I", [0] * REGISTERS)
        self.remainder = array("I", [0] * REGISTERS)
        self.demand = array("i", [0] * DEMAND_VALUES)
        """What core.demand keeps; here, so that it is committed with the registers."""
        self.demand_marks = array("H", [0] * DEMAND_MARKS)
        self._exports = False  # the direction of the last active energy
        # Counts not yet in the apparent registers, and how far the others were before them.
        self._gathered = 0
        self._wh_before = array("I", [0] * APPARENT_IMPORT)
        self._remainder_before = array("I", [0] * APPARENT_IMPORT)

    def add(self, reading: Reading) -> None:
        """Add the energy of a reading; part of the tick, allocates nothing."""
        p = reading.import_counts
        n = reading.export_counts
        q = reading.reactive_import_counts
        r = reading.reactive_export_counts
        if p:
            self._add(IMPORT, p)
        if n:
            self._add(EXPORT, n)
        if p != n:
            self._exports = p < n
        if q:
            self._add(REACTIVE_IMPORT, q)
            if self._exports:
                self._add(QUADRANT_2, q)
        if r:
            self._add(REACTIVE_EXPORT, r)
            if self._exports:
                self._add(QUADRANT_3, r)
        self._gathered += p + n + q + r
        if self._gathered >= GATHER_COUNTS:
            self.gather()

    def _add(self, quantity: int, counts: int) -> None:
        n = self.remainder[quantity] + counts * 1000
        d = self.counts_per_kWh
        if n >= d:
            self.wh[quantity] += n // d
            n %= d
        self.remainder[quantity] = n

    def gather(self) -> None:
        """Put the energy since the last time into the apparent registers; allocates nothing.

        Also called before a commit, so that what is stored belongs together.
        """
        if not self._gathered:
            return
        self._gathered = 0
        quadrant_2 = self._since(QUADRANT_2)
        quadrant_3 = self._since(QUADRANT_3)
        self._add_apparent(APPARENT_IMPORT, self._since(IMPORT), (
            self._since(REACTIVE_IMPORT) - quadrant_2
            - self._since(REACTIVE_EXPORT) + quadrant_3))
        self._add_apparent(APPARENT_EXPORT, self._since(EXPORT), quadrant_2 - quadrant_3)
        self._begin_gathering()

    def _begin_gathering(self) -> None:
        for quantity in range(APPARENT_IMPORT):
            self._wh_before[quantity] = self.wh[quantity]
            self._remainder_before[quantity] = self.remainder[quantity]

    def _since(self, quantity: int) -> int:
        """Return what was added since the last time, in thousandths of a count, below 2**30."""
        return ((self.wh[quantity] - self._wh_before[quantity]) * self.counts_per_kWh
                + self.remainder[quantity] - self._remainder_before[quantity])

    def _add_apparent(self, quantity: int, active: int, reactive: int) -> None:
        added = apparent(active, reactive)
        if added:
            d = self.counts_per_kWh
            # Apart, since the sum with the remainder may be a bit beyond the small ints.
            n = self.remainder[quantity] + added % d
            self.wh[quantity] += added // d + n // d
            self.remainder[quantity] = n % d

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

        To be called once what was stored is restored. The ledger is written first, so after a
        cut between the two writes it knows of energy, charged already, that this record misses.
        A register that is ahead stays as it is.
        """
        self._begin_gathering()
        added = 0
        for quantity, mark in ((IMPORT, import_mark), (EXPORT, export_mark)):
            missing = (mark - self.counts(quantity)) & _MARK_MASK
            if missing < CATCH_UP_MAX:
                self._add(quantity, missing)
                added += missing
        self._gathered = added
        self.gather()
        return added


def apparent(active: int, reactive: int) -> int:
    """Return the square root of the sum of two squares, within 0.02 %, never below `active`.

    0 <= active < 2**30, |reactive| < 2**30. Small ints of 31 bits only: both lose their last bits
    until the sum of the squares is one.
    """
    if not reactive:
        return active
    larger = abs(reactive)
    smaller = active
    if larger < smaller:
        larger, smaller = smaller, larger
    shift = 0
    while larger >> shift > _SQUARED_MAX:
        shift += 1
    half = 1 << shift >> 1
    larger = (larger >> shift) + (1 if larger & half else 0)
    smaller = (smaller >> shift) + (1 if smaller & half else 0)
    n = larger * larger + smaller * smaller
    # Newton from above the root: two or three steps.
    root = larger + (smaller >> 1) + 1
    better = (root + n // root) >> 1
    while better < root:
        root = better
        better = (root + n // root) >> 1
    if n - root * root > root:
        root += 1
    return max(active, root << shift)
