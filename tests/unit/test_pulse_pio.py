"""The pulse timed by PIO: its length in cycles, its limits, and that nothing prolongs it."""

import sys
import unittest

import fake_rp2
from parts import error_text

sys.modules["rp2"] = fake_rp2

from joulegate.drivers.pulse_pio import FREQUENCY_HZ, PROGRAM, PioPulse  # noqa: E402

CYCLES_PER_MS = 100


class Pulse(unittest.TestCase):

    def setUp(self):
        self.machine = fake_rp2.StateMachine(0, PROGRAM, freq=FREQUENCY_HZ, set_base=None)
        self.machine.active(1)
        self.pulse = PioPulse(self.machine)

    def high_cycles(self):
        """Return the length of each pulse so far."""
        levels = self.machine.levels
        self.assertEqual([level for _, level in levels], [0] + [1, 0] * (len(levels) // 2))
        return [levels[i + 1][0] - levels[i][0] for i in range(1, len(levels), 2)]

    def test_length(self):
        self.assertEqual(FREQUENCY_HZ, 100000)
        for ms in (1, 50, 100, 200):
            self.pulse.pulse(ms)
            self.machine.run(ms * CYCLES_PER_MS + 5)
            self.assertFalse(self.pulse.busy())
        self.assertEqual(self.high_cycles(), [100, 5000, 10000, 20000])

    def test_low_until_asked(self):
        self.machine.run(1000)
        self.assertFalse(self.pulse.busy())
        self.assertEqual(self.machine.levels, [(0, 0)])

    def test_starts_at_once(self):
        self.pulse.pulse(1)
        self.machine.run(3)
        self.assertEqual(self.machine.levels[1], (2, 1))

    def test_refuses_other_lengths(self):
        for ms in (0, -1, 201, 1 << 20):
            text = error_text(ValueError, self.pulse.pulse, ms)
            self.assertTrue("%d ms: must be 1 to 200" % ms in text, text)
        self.machine.run(1000)
        self.assertFalse(self.pulse.busy())
        self.assertEqual(self.machine.levels, [(0, 0)])

    def test_busy_until_the_line_is_low(self):
        self.assertFalse(self.pulse.busy())
        self.pulse.pulse(2)
        self.assertTrue(self.pulse.busy())
        self.machine.run(2 * CYCLES_PER_MS)
        self.assertTrue(self.pulse.busy())
        self.machine.run(4)
        self.assertEqual(self.machine.levels[-1][1], 0)
        self.assertFalse(self.pulse.busy())
        self.assertFalse(self.pulse.busy())

    def test_off_ends_the_pulse_for_good(self):
        for ran in (1, 50):
            self.setUp()
            self.pulse.pulse(100)
            self.machine.run(ran)
            self.pulse.off()
            self.machine.run(20000)
            self.assertEqual(self.machine.levels[-1][1], 0)
            self.assertTrue(self.machine.cycle <= ran or self.high_cycles() in ([], [ran - 2]))
            self.assertTrue(self.pulse.busy())

    def test_a_second_pulse_does_not_prolong_the_first(self):
        self.pulse.pulse(3)
        self.machine.run(250)
        with self.assertRaises(RuntimeError):
            self.pulse.pulse(200)
        self.machine.run(1000)
        self.assertEqual(self.high_cycles(), [300])
        self.pulse.pulse(1)
        self.machine.run(200)
        self.assertEqual(self.high_cycles(), [300, 100])

    def test_no_word_holds_the_line_longer_than_15_bits(self):
        self.machine.put(0xFFFFFFFF)
        self.machine.run(33000)
        self.assertEqual(self.high_cycles(), [32767 + 2])

    def test_nothing_leaves_the_line_high_between_pulses(self):
        for _ in range(6):
            self.pulse.pulse(1)
            self.machine.run(110)
            self.assertFalse(self.pulse.busy())
        self.assertEqual(self.high_cycles(), [100] * 6)


if __name__ == "__main__":
    unittest.main()
