# heapsize: 8M
"""The whole meter on a BL0942: provisioned with its constants, reset, without supply, tested."""

import unittest

import ic_bl0942
from ic_meter import IcMeter, IcOvercurrent


class OnABl0942(IcMeter, unittest.TestCase):

    ic = "bl0942"
    part = "BL0942"
    constants = {"p_gain": 1000000, "i_gain": 1010000}

    def test_it_meters_and_charges(self):
        super().test_it_meters_and_charges()
        # No reactive energy: quadrants are empty, and apparent energy is the active.
        wh = self.app.state.registers.wh
        self.assertEqual(list(wh[2:6]), [0, 0, 0, 0])
        self.assertTrue(0 <= wh[0] - wh[6] <= 9, wh)


class OverCurrent(IcOvercurrent, unittest.TestCase):
    """CF2 in the place of a comparator on the shunt."""

    ic = "bl0942"

    def level_of(self, level):
        return level

    def setUp(self):
        ic_bl0942.OVER_CURRENT_MA = 50000
        self.start()

    def tearDown(self):
        super().tearDown()
        ic_bl0942.OVER_CURRENT_MA = 0

    def test_opens_within_100_ms(self):
        self.assertFalse(self.draw(55000))
        self.assertEqual(self.app.task.overcurrents, 1)

    def test_below_it_stays(self):
        self.assertTrue(self.draw(49000))
        self.assertEqual(self.app.task.overcurrents, 0)


if __name__ == "__main__":
    unittest.main()
