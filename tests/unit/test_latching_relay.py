"""The latching relay's driver: one coil at a time, and only pulses that the part can take."""

import unittest

from parts import error_text

from joulegate.drivers.latching_relay import LatchingRelay, RelayError
from joulegate.drivers.pulse_rmt import RmtPulse


class FakeCoil:

    def __init__(self):
        self.pulses = []
        self.running = False

    def pulse(self, ms):
        self.pulses.append(ms)

    def busy(self):
        return self.running

    def off(self):
        self.running = False
        self.pulses.append(0)


class Relay(unittest.TestCase):

    def setUp(self):
        self.close = FakeCoil()
        self.open = FakeCoil()
        self.relay = LatchingRelay(self.close, self.open, pulse_ms=80)

    def test_closes(self):
        self.relay.pulse(True)
        self.assertEqual((self.close.pulses, self.open.pulses), ([80], []))

    def test_opens(self):
        self.relay.pulse(False)
        self.assertEqual((self.close.pulses, self.open.pulses), ([], [80]))

    def test_counts_pulses(self):
        self.relay.pulse(True)
        self.relay.pulse(False)
        self.assertEqual(self.relay.pulses, 2)

    def test_one_pulse_at_a_time(self):
        for coil in (self.close, self.open):
            coil.running = True
            for close in (True, False):
                with self.assertRaises(RelayError):
                    self.relay.pulse(close)
            coil.running = False
        self.assertEqual((self.close.pulses, self.open.pulses), ([], []))
        self.assertEqual(self.relay.pulses, 0)

    def test_load_side(self):
        self.assertIsNone(self.relay.load_voltage())
        for level in (0, 1):
            relay = LatchingRelay(self.close, self.open, lambda level=level: level)
            self.assertIs(relay.load_voltage(), bool(level))

    def test_pulse_length(self):
        for ms in (50, 200):
            self.assertEqual(LatchingRelay(self.close, self.open, pulse_ms=ms).pulse_ms, ms)
        for ms in (0, 49, 201):
            text = error_text(ValueError, LatchingRelay, self.close, self.open, pulse_ms=ms)
            self.assertTrue("pulse_ms %d" % ms in text and "50 to 200" in text, text)


class FakeRmt:

    def __init__(self):
        self.written = []
        self.done = True

    def write_pulses(self, durations, levels):
        self.written.append((durations, levels))

    def wait_done(self, timeout):
        self.timeout = timeout
        return self.done


class FakeLine:
    OUT = 3

    def init(self, mode, value):
        self.made = (mode, value)


class Rmt(unittest.TestCase):

    def test_length(self):
        # A unit is 255 / 80 MHz; the pulse may be off by two of them.
        for ms in (1, 50, 100, 200):
            rmt = FakeRmt()
            RmtPulse(rmt, None).pulse(ms)
            durations, levels = rmt.written[0]
            self.assertEqual(levels, (1, 1))
            self.assertTrue(all(0 < d <= 32767 for d in durations))
            ns = sum(durations) * 255 * 1000 // 80
            self.assertTrue(abs(ns - ms * 1000000) <= 6400, ns)

    def test_refuses_other_lengths(self):
        rmt = FakeRmt()
        for ms in (0, -1, 201):
            with self.assertRaises(ValueError):
                RmtPulse(rmt, None).pulse(ms)
        self.assertEqual(rmt.written, [])

    def test_busy_does_not_wait(self):
        rmt = FakeRmt()
        self.assertFalse(RmtPulse(rmt, None).busy())
        rmt.done = False
        self.assertTrue(RmtPulse(rmt, None).busy())
        self.assertEqual(rmt.timeout, 0)

    def test_off_takes_the_line_back(self):
        line = FakeLine()
        RmtPulse(FakeRmt(), line).off()
        self.assertEqual(line.made, (FakeLine.OUT, 0))


if __name__ == "__main__":
    unittest.main()
