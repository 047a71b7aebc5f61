"""The order of the last moments, once, whatever fails on the way."""

import unittest

from joulegate.power_fail import PowerFail

ORDER = ["coils", "radio", "lamps"]


class LastMoments(unittest.TestCase):

    def setUp(self):
        self.good = True
        self.done = []
        self.broken = ()
        self.pulse = False
        self.power_fail = PowerFail(
            lambda: self.good, self.step("coils"), (self.step("radio"), self.step("lamps")))

    def step(self, name):
        def act():
            self.done.append(name)
            if name in self.broken:
                raise OSError(5)
            return self.pulse
        return act

    def test_nothing_while_mains_is_good(self):
        self.assertFalse(self.power_fail.look())
        self.assertFalse(self.power_fail.begins())
        self.assertEqual(self.done, [])

    def test_order_and_once(self):
        self.good = False
        for _ in range(3):
            self.assertTrue(self.power_fail.look())
        self.assertEqual(self.done, ORDER)

    def test_begins_is_told_once_and_switches_nothing(self):
        self.good = False
        self.assertTrue(self.power_fail.begins())
        self.assertTrue(self.power_fail.begins())
        self.assertEqual(self.done, [])
        self.power_fail.look()
        self.assertFalse(self.power_fail.begins())

    def test_again_when_mains_came_back(self):
        for good in (False, True, False):
            self.good = good
            self.assertEqual(self.power_fail.look(), not good)
        self.assertEqual(self.done, ORDER + ORDER)

    def test_what_fails_holds_nothing_up(self):
        self.broken = ("coils", "radio", "lamps")
        self.good = False
        self.assertTrue(self.power_fail.look())
        self.assertEqual((self.done, self.power_fail.errors), (ORDER, 3))

    def test_a_pulse_cut_short_needs_a_reset(self):
        for pulse in (False, True):
            self.pulse = pulse
            power_fail = PowerFail(lambda: self.good, self.step("coils"))
            self.good = False
            power_fail.look()
            self.good = True
            power_fail.look()
            self.assertEqual(power_fail.reset_needed, pulse)

    def test_loads_that_are_off_need_a_reset(self):
        self.good = False
        self.power_fail.look()
        self.assertTrue(self.power_fail.reset_needed)


if __name__ == "__main__":
    unittest.main()
