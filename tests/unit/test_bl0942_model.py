"""The BL0942's model against the sheet: frames, protection, rates, and both ways to count."""

import unittest

from world.bl0942_model import Bl0942Model

CF_CNT, MODE, WRPROT = 0x07, 0x19, 0x1D


class Case(unittest.TestCase):

    def setUp(self):
        self.chip = Bl0942Model()  # 1 milliohm, five times 390 kilohm and 510 ohm
        self.chip.advance(5)

    def frame(self, *tx):
        rx = bytearray(len(tx))
        self.chip.cs(0)
        self.chip.exchange(bytes(tx), rx)
        self.chip.cs(1)
        return rx

    def read(self, register):
        rx = self.frame(0x58, register, 0, 0, 0, 0)
        self.assertEqual((0x58 + register + sum(rx[2:])) & 0xFF, 0xFF)
        return rx[2] << 16 | rx[3] << 8 | rx[4]

    def write(self, register, value):
        data = [0xA8, register, value >> 16, value >> 8 & 0xFF, value & 0xFF]
        self.frame(*data, ~sum(data) & 0xFF)

    def set(self, register, value):
        self.write(WRPROT, 0x55)
        self.write(register, value)
        self.write(WRPROT, 0)


class Frames(Case):

    def test_values_after_power(self):
        for register, value in ((0x08, 20000), (0x14, 0x0B), (0x15, 0xFFFF), (0x16, 1),
                                (0x17, 3), (0x18, 0x24), (MODE, 0x87), (0x1A, 2), (WRPROT, 0)):
            self.assertEqual(self.read(register), value)

    def test_deaf_for_5_ms(self):
        chip = self.chip = Bl0942Model()
        self.assertEqual(bytes(self.frame(0x58, MODE, 0, 0, 0, 0)), b"\xff" * 6)
        chip.advance(5)
        self.assertEqual(self.read(MODE), 0x87)

    def test_write_protection(self):
        self.write(MODE, 0x07)
        self.assertEqual(self.read(MODE), 0x87)
        self.set(MODE, 0x07)
        self.assertEqual(self.read(MODE), 0x07)
        self.write(MODE, 0x87)
        self.assertEqual(self.read(MODE), 0x07)

    def test_a_write_with_a_wrong_check_sum(self):
        self.frame(0xA8, WRPROT, 0, 0, 0x55, 0x12)
        self.assertEqual(self.read(WRPROT), 0)

    def test_soft_reset_locks_again(self):
        self.set(MODE, 0x07)
        self.write(WRPROT, 0x55)
        self.write(0x1C, 0x5A5A5A)
        self.chip.advance(5)
        self.assertEqual((self.read(MODE), self.read(WRPROT)), (0x87, 0))

    def test_measured_registers_are_not_written(self):
        self.set(CF_CNT, 0x1234)
        self.assertEqual(self.read(CF_CNT), 0)

    def test_a_select_ends_a_frame(self):
        self.frame(0x58, MODE, 0)
        self.assertEqual(self.read(MODE), 0x87)


class Measures(Case):

    def near(self, got, expected):
        self.assertTrue(abs(got - expected) <= 1 + expected // 2000, (got, expected))

    def test_the_sheets_figures(self):
        self.chip.apply(22000, 5000, 1100000, 0, frequency_cHz=5000)
        self.near(self.read(0x03), 251213 * 5)
        self.near(self.read(0x04), 15883 * 220)
        self.near(self.read(0x05), 251213 * 5 * 363 // 1000)
        self.near(self.read(0x06), 623390 * 1100 // 1000)
        self.assertEqual(self.read(0x08), 20000)
        self.chip.apply(22000, 5000, -1100000, 0, frequency_cHz=6000)
        self.near(0x1000000 - self.read(0x06), 623390 * 1100 // 1000)
        self.assertEqual(self.read(0x08), 16667)

    def test_pulses_of_a_kWh(self):
        self.chip.apply(22000, 5000, 1000000, 0)
        self.chip.advance(3600000)
        self.near(self.read(CF_CNT), 5351)
        self.assertEqual(self.chip.emitted, [self.read(CF_CNT), 0])

    def test_absolute_and_algebraic(self):
        for mode, sign in ((0x87, 1), (0x07, -1)):
            self.set(MODE, mode)
            before = self.read(CF_CNT)
            self.chip.apply(22000, 5000, -1000000, 0)
            self.chip.advance(3600000)
            after = self.read(CF_CNT)
            self.near((sign * (after - before)) & 0xFFFFFF, 5351)
            self.assertEqual(self.read(0x09) & 1, 1)

    def test_clear_by_reading(self):
        self.set(MODE, 0xC7)
        self.chip.apply(22000, 5000, 1000000, 0)
        self.chip.advance(60000)
        self.near(self.read(CF_CNT), 89)
        self.assertEqual(self.read(CF_CNT), 0)

    def test_creep(self):
        # 0B * 3125 / 256 = 134.3 of WATT, 0.215 W.
        self.chip.apply(22000, 1, 215, 0)
        self.chip.advance(36000000)
        self.assertEqual((self.read(0x03), self.read(0x06), self.read(CF_CNT)), (0, 0, 0))
        self.assertEqual(self.read(0x09) & 2, 2)
        self.chip.apply(22000, 1, 216, 0)
        self.chip.advance(36000000)
        self.assertTrue(self.read(CF_CNT) > 10)

    def test_clipped_beyond_30_mV(self):
        self.chip.apply(22000, 60000, 13200000, 0)
        self.near(self.read(0x03), 251213 * 30)
        self.near(self.read(0x06), 623390 * 66 // 10)

    def test_over_current(self):
        self.set(0x15, 251213 * 20 * 363 // 256000)
        for current_mA, level in ((19900, 0), (20100, 1)):
            self.chip.apply(22000, current_mA, 220 * current_mA, 0)
            self.assertEqual(self.chip.over_current, level)
        self.set(0x18, 0)  # every pin has pulses
        self.assertEqual(self.chip.over_current, 0)

    def test_bad_loads(self):
        with self.assertRaises(ValueError):
            self.chip.apply(100001, 0, 0, 0)
        with self.assertRaises(ValueError):
            self.chip.advance(-1)


if __name__ == "__main__":
    unittest.main()
