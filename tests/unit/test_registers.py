"""Energy registers: exact for every meter constant, and caught up after a cut."""

import unittest

from tariff_documents import Random

from joulegate.core.quadrants import everything
from joulegate.core.reading import (
    EXPORT,
    IMPORT,
    REACTIVE_EXPORT,
    REACTIVE_IMPORT,
    Reading,
)
from joulegate.core.registers import CATCH_UP_MAX, GATHER_COUNTS, Registers, apparent


def reading_of(*counts: int) -> Reading:
    reading = Reading()
    (reading.import_counts, reading.export_counts,
     reading.reactive_import_counts, reading.reactive_export_counts) = counts
    return reading


class TestAdd(unittest.TestCase):
    def test_four_quantities_go_to_four_registers(self) -> None:
        registers = Registers(1000)
        registers.add(reading_of(1, 2, 3, 4))
        registers.add(reading_of(10, 0, 0, 40))
        self.assertEqual(list(registers.wh)[:4], [11, 2, 3, 44])
        self.assertEqual([registers.counts(q) for q in (
            IMPORT, EXPORT, REACTIVE_IMPORT, REACTIVE_EXPORT)], [11, 2, 3, 44])

    def test_no_count_is_lost_whatever_the_constant(self) -> None:
        random = Random(4)
        for constant in (1000, 3200, 32000, 16001, 99991, 131072):
            registers = Registers(constant)
            total = 0
            for _ in range(2000):
                counts = random.choice((0, 1, 7, random.below(65536)))
                registers.add(reading_of(counts, 0, 0, 0))
                total += counts
                if registers.counts(IMPORT) != total:
                    self.fail("constant %d: %d, not %d" % (
                        constant, registers.counts(IMPORT), total))
            self.assertEqual(registers.wh[IMPORT], total * 1000 // constant)

    def test_the_largest_reading_stays_inside_31_bits(self) -> None:
        self.assertTrue(131071 + 65535 * 1000 < 1 << 30)
        self.assertTrue(131071 + (CATCH_UP_MAX - 1) * 1000 < 1 << 30)


class Oracle:
    """Quadrants and apparent energy of readings, in counts, written from docs/registers.md."""

    def __init__(self) -> None:
        self.quadrants = [0, 0, 0, 0]
        self.active = [0, 0]
        self._exports = False

    def add(self, p: int, n: int, q: int, r: int) -> None:
        self.active[0] += p
        self.active[1] += n
        if p != n:
            self._exports = n > p
        self.quadrants[1 if self._exports else 0] += q
        self.quadrants[2 if self._exports else 3] += r


def root(n: int) -> int:
    """Return the whole part of a square root, by halving."""
    low = 0
    high = n + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle * middle <= n:
            low = middle
        else:
            high = middle
    return low


class TestQuadrants(unittest.TestCase):
    def test_each_sign_has_its_quadrant(self) -> None:
        registers = Registers(1000)
        for counts in ((9, 0, 1, 0), (0, 9, 2, 0), (0, 9, 0, 3), (9, 0, 0, 4)):
            registers.add(reading_of(*counts))
        self.assertEqual(everything(registers)[4:8], [1, 2, 3, 4])

    def test_both_ways_in_a_reading_the_larger_counts_and_without_any_the_last(self) -> None:
        registers = Registers(1000)
        registers.add(reading_of(0, 0, 1, 0))  # nothing yet: as import
        registers.add(reading_of(3, 4, 10, 0))
        registers.add(reading_of(0, 0, 100, 0))
        registers.add(reading_of(5, 5, 1000, 0))
        registers.add(reading_of(5, 4, 10000, 0))
        self.assertEqual(everything(registers)[4:6], [10001, 1110])

    def test_sums_hold_at_every_reading_whatever_the_constant(self) -> None:
        random = Random(9)
        for constant in (1000, 32000, 99991):
            registers = Registers(constant)
            oracle = Oracle()
            emitted = [0, 0]
            before = everything(registers)
            for _ in range(600):
                p, n, q, r = [random.choice((0, 0, 3, random.below(9000))) for _ in range(4)]
                registers.add(reading_of(p, n, q, r))
                oracle.add(p, n, q, r)
                emitted[0] += q
                emitted[1] += r
                now = everything(registers)
                found = now[4:8]
                self.assertEqual(found, [c * 1000 // constant for c in oracle.quadrants])
                self.assertEqual(
                    [registers.counts(2), registers.counts(3)], emitted)
                self.assertEqual(
                    [oracle.quadrants[0] + oracle.quadrants[1],
                     oracle.quadrants[2] + oracle.quadrants[3]], emitted)
                self.assertTrue(all([now[i] >= before[i] for i in range(10)]))
                before = now


class TestApparent(unittest.TestCase):
    def test_the_root_is_within_two_parts_in_ten_thousand(self) -> None:
        random = Random(12)
        pairs = [(3, 4), (0, 7), (7, 0), (0, 0), (16384, 1), (1, 16384), (92000000, 1)]
        for _ in range(400):
            bits = 1 + random.below(26)
            pairs.append((random.below(1 << bits), random.below(1 << random.below(27))))
        for active, reactive in pairs:
            exact = root(10000 * (active * active + reactive * reactive))  # hundredths
            for sign in (1, -1):
                found = apparent(active, sign * reactive)
                if abs(100 * found - exact) * 5000 > exact + 5000 * 100:
                    self.fail("%d, %d: %d" % (active, reactive, found))
                self.assertTrue(found >= active)

    def test_a_steady_load_to_two_parts_in_ten_thousand(self) -> None:
        registers = Registers(32000)
        for _ in range(20000):
            registers.add(reading_of(4, 0, 0, 3))
            registers.add(reading_of(0, 12, 5, 0))
        registers.gather()
        for found, counts in ((registers.counts(6), 100000), (registers.counts(7), 260000)):
            self.assertTrue(abs(found - counts) * 5000 <= counts, (found, counts))

    def test_it_is_no_less_than_the_active_energy(self) -> None:
        random = Random(5)
        registers = Registers(3200)
        for _ in range(3000):
            registers.add(reading_of(*[random.choice((0, random.below(300))) for _ in range(4)]))
        registers.gather()
        self.assertTrue(registers.counts(6) >= registers.counts(0))
        self.assertTrue(registers.counts(7) >= registers.counts(1))

    def test_it_waits_for_enough_energy(self) -> None:
        registers = Registers(1000)
        registers.add(reading_of(GATHER_COUNTS - 1, 0, 0, 0))
        self.assertEqual(registers.wh[6], 0)
        registers.add(reading_of(1, 0, 0, 0))
        self.assertEqual(registers.wh[6], GATHER_COUNTS)

    def test_what_is_caught_up_is_apparent_too_and_what_was_restored_is_not(self) -> None:
        registers = Registers(1000)
        registers.wh[IMPORT] = 5000
        registers.wh[6] = 6000
        self.assertEqual(registers.catch_up(5100, 0), 100)
        self.assertEqual(registers.wh[6], 6100)

    def test_the_largest_reading_stays_inside_31_bits(self) -> None:
        # What a gathering can hold: the most before it, and one more reading of all four.
        most = (GATHER_COUNTS - 1 + 2 * 65535) * 1000 + 131071
        self.assertTrue(most < 1 << 30)
        self.assertTrue((CATCH_UP_MAX - 1) * 1000 + 131071 < 1 << 30)
        self.assertTrue(2 * (0x3FFF + 1) ** 2 < 1 << 30)
        self.assertTrue(apparent(most, most) < 1 << 30)
        registers = Registers(1000)
        registers.add(reading_of(65535, 65535, 65535, 65535))
        self.assertEqual(registers.wh[6], 65535)


class TestCatchUp(unittest.TestCase):
    def test_a_register_that_is_behind_is_brought_up(self) -> None:
        registers = Registers(3200)
        registers.add(reading_of(1000, 500, 0, 0))
        self.assertEqual(registers.catch_up(1234, 507), 241)
        self.assertEqual((registers.counts(IMPORT), registers.counts(EXPORT)), (1234, 507))
        self.assertEqual((registers.import_mark, registers.export_mark), (1234, 507))

    def test_it_is_done_once(self) -> None:
        registers = Registers(3200)
        self.assertEqual(registers.catch_up(77, 0), 77)
        self.assertEqual(registers.catch_up(77, 0), 0)

    def test_a_register_that_is_ahead_stays(self) -> None:
        registers = Registers(3200)
        registers.add(reading_of(1000, 0, 0, 0))
        self.assertEqual(registers.catch_up(999, 0), 0)
        self.assertEqual(registers.catch_up(0, 0), 0)
        self.assertEqual(registers.counts(IMPORT), 1000)

    def test_too_much_is_not_believed(self) -> None:
        registers = Registers(3200)
        self.assertEqual(registers.catch_up(CATCH_UP_MAX, CATCH_UP_MAX - 1), CATCH_UP_MAX - 1)
        self.assertEqual((registers.counts(IMPORT), registers.counts(EXPORT)),
                         (0, CATCH_UP_MAX - 1))

    def test_marks_wrap_at_29_bits(self) -> None:
        registers = Registers(1000)
        registers.wh[IMPORT] = (1 << 29) - 3
        registers.add(reading_of(2, 0, 0, 0))
        self.assertEqual(registers.import_mark, (1 << 29) - 1)
        self.assertEqual(registers.catch_up(4, 0), 5)
        self.assertEqual(registers.counts(IMPORT), (1 << 29) + 4)
        self.assertEqual(registers.import_mark, 4)


if __name__ == "__main__":
    unittest.main()
