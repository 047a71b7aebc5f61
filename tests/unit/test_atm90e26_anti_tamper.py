"""The driver on a chip strapped anti-tamper: the larger of line and neutral is metered."""

import unittest

from joulegate.core.reading import Reading
from joulegate.drivers.atm90e26 import ANTI_TAMPER, LINE_CHANGED, Atm90e26, Atm90e26Error
from joulegate.drivers.atm90e26_calibration import Calibration
from world.atm90e26_model import Atm90e26Model

KW_S = 3600
"""Seconds that make a kWh of 1 kW."""


class Bus:

    def __init__(self, chip):
        self.chip = chip
        self.frames = 0

    def cs(self, level):
        self.chip.cs(level)

    def write_readinto(self, tx, rx):
        self.frames += 1
        self.chip.exchange(tx, rx)


class Case(unittest.TestCase):

    def setUp(self):
        self.build(ANTI_TAMPER)

    def build(self, strap):
        self.chip = Atm90e26Model(strap)
        self.bus = Bus(self.chip)
        self.reading = Reading()
        self.imported = 0
        self.ic = self.driver(strap)
        self.ic.start()

    def driver(self, strap, **found):
        calibration = Calibration(
            meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=250000,
            current_uV=1000, gain=24, u_gain=26400, i_gain_L=31251, **found)
        return Atm90e26(self.bus, self.bus.cs, calibration, self.chip.advance, strap)

    def pass_s(self, seconds):
        events = 0
        for _ in range(0, seconds, 60):
            self.chip.advance(60000)
            events |= self.ic.read(self.reading)
            self.imported += self.reading.import_counts
        return events

    def test_the_bypassed_line_is_charged_by_the_neutral(self):
        # 3 kW by the neutral, of which the line has only 1.
        self.chip.apply(22000, 4545, 1000000, 0, 13636, 3000000, 0)
        events = self.pass_s(KW_S)
        self.assertTrue(events & LINE_CHANGED)
        self.assertEqual(self.imported, self.chip.emitted[0x40])
        self.assertTrue(abs(self.imported - 3 * 32000) <= 60, self.imported)
        self.assertTrue(abs(self.reading.active_W - 3000) <= 3, self.reading.active_W)
        self.assertTrue(abs(self.reading.current_mA - 4545) <= 10)
        self.assertTrue(abs(self.reading.neutral_mA - 13636) <= 20)

    def test_back_on_the_line_when_that_is_larger(self):
        self.chip.apply(22000, 4545, 1000000, 0, 13636, 3000000, 0)
        self.pass_s(60)
        self.chip.apply(22000, 9090, 2000000, 0, 4545, 1000000, 0)
        self.assertTrue(self.pass_s(60) & LINE_CHANGED)
        self.assertTrue(abs(self.reading.active_W - 2000) <= 2, self.reading.active_W)

    def test_a_controller_that_was_reset_finds_the_line(self):
        self.chip.apply(22000, 4545, 1000000, 0, 13636, 3000000, 0)
        self.pass_s(60)
        self.ic = self.driver(ANTI_TAMPER)
        self.assertEqual(self.ic.start(), 0)
        self.pass_s(60)
        self.assertTrue(abs(self.reading.active_W - 3000) <= 3, self.reading.active_W)

    def test_strapped_to_the_line_only_that_is_charged(self):
        self.build(1)
        self.chip.apply(22000, 4545, 1000000, 0, 13636, 3000000, 0)
        self.pass_s(KW_S)
        self.assertTrue(abs(self.imported - 32000) <= 60, self.imported)
        self.assertTrue(abs(self.reading.active_W - 1000) <= 1)

    def test_a_steady_read_asks_no_more_than_with_the_line_only(self):
        counts = []
        for strap in (1, ANTI_TAMPER):
            self.build(strap)
            self.chip.apply(22000, 4545, 1000000, 0)
            self.pass_s(120)
            before = self.bus.frames
            self.pass_s(60)
            counts.append(self.bus.frames - before)
        self.assertEqual(counts[0], counts[1])

    def test_the_neutral_has_its_own_correction(self):
        self.ic = self.driver(ANTI_TAMPER, n_gain=0x0CCD)  # a tenth more
        self.ic.start()
        self.chip.apply(22000, 4545, 1000000, 0, 13636, 3000000, 0)
        self.pass_s(KW_S)
        self.assertTrue(abs(self.imported - 3 * 35200) <= 70, self.imported)

    def test_a_board_strapped_otherwise_is_refused(self):
        with self.assertRaises(Atm90e26Error):
            self.driver(1).start()


if __name__ == "__main__":
    unittest.main()
