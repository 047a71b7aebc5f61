"""The push button: bounces, short and long presses, a contact that is stuck."""

import unittest

from parts import FakeClock

from joulegate.drivers.push_button import LONG, LONG_MS, NO_PRESS, POLL_MS, SHORT, PushButton


class Presses(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.level = False
        self.button = PushButton(
            lambda: self.level, self.clock.ticks_ms, self.clock.ticks_diff)
        self.hold(False, 200)

    def hold(self, level, ms):
        """Hold the contact for a time; return what was told, without the silence."""
        self.level = level
        told = []
        for _ in range(ms // POLL_MS):
            self.clock.pass_ms(POLL_MS)
            told.append(self.button.look())
        return [what for what in told if what != NO_PRESS]

    def test_short(self):
        for ms in (80, 200, 2900):
            self.assertEqual(self.hold(True, ms), [])
            self.assertEqual(self.hold(False, 200), [SHORT])
            self.assertEqual(self.hold(False, 200), [])

    def test_long_is_told_once_while_it_lasts(self):
        self.assertEqual(self.hold(True, LONG_MS + 200), [LONG])
        self.assertEqual(self.hold(True, 2 * LONG_MS), [])
        self.assertEqual(self.hold(False, 200), [])

    def test_bounces(self):
        for level in (True, False) * 6:
            self.assertEqual(self.hold(level, POLL_MS), [])
        self.hold(False, 80)
        self.assertEqual(self.hold(True, 400), [])
        for level in (False, True) * 6:
            self.assertEqual(self.hold(level, POLL_MS), [])
        self.assertEqual(self.hold(False, 400), [SHORT])

    def test_held_at_the_start_counts_for_nothing(self):
        self.level = True
        self.button = PushButton(
            lambda: self.level, self.clock.ticks_ms, self.clock.ticks_diff)
        self.assertEqual(self.hold(True, 2 * LONG_MS), [])
        self.assertEqual(self.hold(False, 200), [])
        self.hold(True, 200)
        self.assertEqual(self.hold(False, 200), [SHORT])

    def test_over_the_wrap_of_the_ticks(self):
        self.clock.ms = (1 << 30) - 1000
        self.assertEqual(self.hold(True, LONG_MS - 200), [])
        self.assertEqual(self.hold(True, 400), [LONG])


if __name__ == "__main__":
    unittest.main()
