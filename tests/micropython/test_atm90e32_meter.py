# heapsize: 8M
"""The whole meter on an ATM90E32AS: provisioned with its constants, reset, cut off, tested."""

import unittest

from ic_meter import IcMeter


class OnAnAtm90e32(IcMeter, unittest.TestCase):

    ic = "atm90e32"
    part = "ATM90E32"
    constants = {"i_gain_B": 51421, "phi_C": 0x8003}

    def test_it_meters_and_charges(self):
        super().test_it_meters_and_charges()
        wh = self.app.state.registers.wh
        self.assertTrue(wh[6] >= wh[0])

    def test_constants_are_the_phases_own(self):
        reading = self.app.metering.reading
        self.assertEqual(reading.phases, 3)
        a, b, c = reading.phase_current_mA
        self.assertTrue(abs(b * 100 - a * 101) <= 200, (a, b))
        self.assertTrue(abs(a - c) <= 1, (a, c))
        self.assertEqual(reading.current_mA, b)
        self.assertTrue(abs(sum(reading.phase_active_W) - reading.active_W) <= 1)

    def test_a_wrong_constant_is_refused(self):
        with self.assertRaises(ValueError):
            self.app.board.calibration(i_gain_B=70000)
        with self.assertRaises(TypeError):
            self.app.board.calibration(u_gain=24001)


if __name__ == "__main__":
    unittest.main()
