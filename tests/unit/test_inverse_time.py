"""The inverse-time curves against the formula of IEC 60255-151, in floats."""

import random
import unittest

from joulegate.core.protection.inverse_time import EXTREMELY, STANDARD, VERY, InverseTime

# k, alpha and tr of the standard, table 1 and annex A.
CURVES = {STANDARD: (0.14, 0.02, 13.5), VERY: (13.5, 1, 47.3), EXTREMELY: (80, 2, 80)}
TOLERANCE = 0.015
SETTING = 20000


def trip_s(curve, m, multiplier):
    k, alpha, _ = CURVES[curve]
    return multiplier / 100 * k / (m ** alpha - 1)


class Case(unittest.TestCase):

    def make(self, curve=VERY, multiplier=100, setting=SETTING):
        it = InverseTime()
        it.configure(setting, curve, multiplier)
        return it

    def flow(self, it, current, most=100000):
        for second in range(1, most):
            if it.step(current, 1):
                return second
        return None


class Curves(Case):

    def test_time_to_the_trip(self):
        random.seed(11)
        for curve in CURVES:
            for _ in range(60):
                multiplier = random.randrange(5, 151)
                setting = random.randrange(1000, 100001)
                current = setting * random.randrange(1100, 10000) // 1000
                should = trip_s(curve, current / setting, multiplier)
                found = self.flow(self.make(curve, multiplier, setting), current)
                # A trip is seen at the end of its second.
                self.assertTrue(
                    should * (1 - TOLERANCE) <= found <= should * (1 + TOLERANCE) + 1,
                    (curve, multiplier, setting, current, should, found))

    def test_known_points(self):
        # Twice the setting: 10.03 s, 13.5 s and 26.7 s by the standard.
        self.assertEqual(
            [self.flow(self.make(curve), 2 * SETTING) for curve in sorted(CURVES)], [11, 14, 27])

    def test_the_setting_itself_is_no_overcurrent(self):
        it = self.make()
        self.assertEqual(self.flow(it, SETTING, 1000), None)
        self.assertEqual(it.heat, 0)

    def test_more_than_twenty_times_is_twenty_times(self):
        at_twenty, beyond = self.make(EXTREMELY, 150), self.make(EXTREMELY, 150)
        self.assertEqual(self.flow(at_twenty, 20 * SETTING), self.flow(beyond, 50 * SETTING))

    def test_a_long_tick_counts_as_long_as_it_is(self):
        self.assertFalse(self.make().step(2 * SETTING, 13))
        self.assertTrue(self.make().step(2 * SETTING, 14))
        self.assertFalse(self.make().step(20 * SETTING, 0))


class Bursts(Case):

    def test_intermittent_overload_counts(self):
        it = self.make()
        bursts = 0
        while not any(it.step(3 * SETTING, 1) for _ in range(4)):
            bursts += 1
            for _ in range(4):
                it.step(SETTING // 2, 1)
        # 4 s of 6.75 s each, less 4 s of 47.3 / 0.75: 0.59 - 0.06 a burst.
        self.assertEqual(bursts, 1)

    def test_it_cools_in_the_time_of_the_standard(self):
        for curve in CURVES:
            for current in (0, SETTING // 2):
                it = self.make(curve)
                self.flow(it, 5 * SETTING)
                m = current / SETTING
                should = CURVES[curve][2] / (1 - m * m)
                seconds = 0
                while it.heat:
                    it.step(current, 1)
                    seconds += 1
                self.assertTrue(should * 0.98 <= seconds <= should * 1.02 + 1,
                                (curve, current, should, seconds))


if __name__ == "__main__":
    unittest.main()
