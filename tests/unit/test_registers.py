"""Energy registers: exact for every meter constant, and caught up after a cut."""

import unittest

from tariff_documents import Random

from joulegate.core.reading import (
    EXPORT,
    IMPORT,
    REACTIVE_EXPORT,
    REACTIVE_IMPORT,
    Reading,
)
from joulegate.core.registers import CATCH_UP_MAX, Registers


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
        self.assertEqual(list(registers.wh), [11, 2, 3, 44])
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
