"""A condition begins and ends after it has lasted, whatever flickers in between."""

import random
import unittest

from joulegate.core.condition import BEGAN, ENDED, NOTHING, Condition


class Lasts(unittest.TestCase):

    def test_at_once(self):
        c = Condition()
        self.assertEqual([c.step(p, 5) for p in (False, True, True, False, False)],
                         [NOTHING, BEGAN, NOTHING, ENDED, NOTHING])

    def test_begins_after_its_time_and_ends_after_another(self):
        c = Condition(3, 5)
        self.assertEqual([c.step(True, up) for up in range(10, 15)], [0, 0, 0, BEGAN, 0])
        self.assertTrue(c.active)
        self.assertEqual([c.step(False, up) for up in range(15, 22)], [0, 0, 0, 0, 0, ENDED, 0])
        self.assertFalse(c.active)

    def test_flicker_is_told_not_at_all(self):
        c = Condition(2, 2)
        self.assertEqual([c.step(up % 2 == 0, up) for up in range(40)], [0] * 40)

    def test_random_sight_against_a_look_back(self):
        random.seed(7)
        for _ in range(50):
            begin_s, end_s = random.randrange(6), random.randrange(6)
            c = Condition(begin_s, end_s)
            seen = []
            active = False
            for up in range(60):
                seen.append(random.random() < 0.6)
                need = (end_s if active else begin_s) + 1
                lasted = len(seen) >= need and all(s is not active for s in seen[-need:])
                told = c.step(seen[-1], up)
                if lasted:
                    self.assertEqual(told, ENDED if active else BEGAN)
                    active = not active
                    seen = []  # each beginning and end is waited for anew
                else:
                    self.assertEqual(told, NOTHING)
                self.assertIs(c.active, active)


if __name__ == "__main__":
    unittest.main()
