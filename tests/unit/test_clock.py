"""The meter's clock: seconds counted on from an RTC that is asked now and then."""

import unittest

from parts import FakeClock

from joulegate.clock import Clock
from joulegate.core.civil import seconds_of


class FakeRtc:

    def __init__(self):
        self.date = (2024, 2, 29, 3, 23, 59, 58, 0)
        self.asked = 0

    def datetime(self):
        self.asked += 1
        return self.date


START = seconds_of(2024, 2, 29, 23, 59, 58)


class TestClock(unittest.TestCase):

    def setUp(self):
        self.ticks = FakeClock()
        self.ticks.ms = 0x3FFFFFFF - 500  # about to wrap
        self.rtc = FakeRtc()
        self.clock = Clock(self.rtc, self.ticks.ticks_ms, self.ticks.ticks_diff)

    def test_takes_the_time_of_the_rtc(self):
        self.assertEqual(self.clock.now(), START)

    def test_counts_on_without_the_rtc(self):
        for ms, second in ((999, 0), (1, 1), (1000, 2), (3595999, 3597)):
            self.ticks.pass_ms(ms)
            self.assertEqual(self.clock.now(), START + second)
        self.assertEqual(self.rtc.asked, 1)

    def test_asks_again_after_an_hour(self):
        self.ticks.pass_ms(3600000)
        self.rtc.date = (2024, 3, 1, 4, 1, 0, 7, 0)
        self.assertEqual(self.clock.now(), seconds_of(2024, 3, 1, 1, 0, 7))
        self.assertEqual(self.rtc.asked, 2)
        self.ticks.pass_ms(1000)
        self.assertEqual(self.clock.now(), seconds_of(2024, 3, 1, 1, 0, 8))

    def test_sync_takes_a_clock_that_was_set(self):
        self.rtc.date = (2023, 1, 1, 6, 0, 0, 0, 0)
        self.clock.sync()
        self.assertEqual(self.clock.now(), seconds_of(2023, 1, 1))

    def test_goes_on_when_the_rtc_shows_no_date(self):
        self.rtc.date = (1999, 0, 0, 0, 0, 0, 0, 0)
        self.ticks.pass_ms(3601000)
        self.assertEqual(self.clock.now(), START + 3601)
        self.ticks.pass_ms(2000)
        self.assertEqual(self.clock.now(), START + 3603)

    def test_starts_when_the_rtc_shows_no_date(self):
        self.rtc.date = (2255, 45, 85, 165, 85, 85, 85, 0)
        clock = Clock(self.rtc, self.ticks.ticks_ms, self.ticks.ticks_diff)
        self.assertEqual(clock.now(), 0)


if __name__ == "__main__":
    unittest.main()
