# heapsize: 8M
"""The whole meter on an ADE7953: provisioned with its constants, reset, without supply, tested."""

import unittest

import ic_ade7953
from ic_meter import IcMeter, IcOvercurrent


class OnAnAde7953(IcMeter, unittest.TestCase):

    ic = "ade7953"
    part = "ADE7953"
    constants = {"watt_gain": 4200000, "phase": -3}
    away_s = 30

    def test_bus_is_locked_and_constants_are_in_the_chip(self):
        chip = self.bed.ic
        self.assertTrue(chip.locked)
        self.assertEqual([chip.peek(a) for a in (0x282, 0x108, 0x040)], [4200000, 0x203, 7])

    def test_power_lost_and_back(self):
        super().test_power_lost_and_back()
        self.assertTrue(self.bed.ic.locked)


class Overcurrent(IcOvercurrent, unittest.TestCase):
    """IRQ, inverted, in the place of a comparator on the shunt."""

    ic = "ade7953"

    def level_of(self, level):
        return 1 - level

    def setUp(self):
        ic_ade7953.OVERCURRENT_MA = 72000  # of peak: 50.9 A of a sine
        self.start()
        self.app.watch.sight.sensors["overcurrent"] = self.app.ic.overcurrent

    def tearDown(self):
        super().tearDown()
        ic_ade7953.OVERCURRENT_MA = 0

    def test_opens_within_100_ms(self):
        self.assertFalse(self.draw(55000))
        self.assertEqual(self.app.task.overcurrents, 1)

    def test_below_it_stays(self):
        self.assertTrue(self.draw(50000))
        self.assertEqual(self.app.task.overcurrents, 0)

    def test_a_reset_of_the_chip_is_no_overcurrent(self):
        def reset():
            self.bed.ic.reset_in_run()
            self.bed.ic.advance(70)  # IRQ goes low

        self.assertTrue(self.run_tasks(reset))
        self.assertEqual((self.app.task.overcurrents, self.app.task.spikes), (1, 1))


if __name__ == "__main__":
    unittest.main()
