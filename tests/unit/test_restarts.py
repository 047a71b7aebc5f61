"""Starts that nobody wanted: counted, leaking away, and leading to safe mode."""

import unittest

from scratch import scratch_folder

from joulegate.core.reset_cause import OTHER, POWER_ON, RESET, SOFT_RESET, WATCHDOG, reset_cause
from joulegate.health.restarts import LEAK_S, LEVEL_MAX, Restarts


class Case(unittest.TestCase):

    def setUp(self):
        self.path = scratch_folder("restarts") + "/starts.bin"

    def start(self, cause):
        restarts = Restarts(self.path)
        restarts.begin(cause)
        return restarts


class Counting(Case):

    def test_outages_never_lead_to_safe_mode(self):
        for n in range(50):
            restarts = self.start(POWER_ON)
            self.assertEqual((restarts.starts, restarts.level), (n + 1, 0))
        self.assertFalse(restarts.safe_mode)

    def test_more_than_six_in_an_hour_do(self):
        for n in range(LEVEL_MAX):
            self.assertFalse(self.start((WATCHDOG, RESET, SOFT_RESET)[n % 3]).safe_mode)
        self.assertTrue(self.start(WATCHDOG).safe_mode)
        self.assertTrue(self.start(POWER_ON).safe_mode)

    def test_a_reset_that_was_asked_for_does_not_count(self):
        for _ in range(20):
            restarts = self.start(RESET)
            self.assertEqual(restarts.level <= 1, True)
            restarts.expect()
        self.assertEqual(self.start(RESET).level, 1)
        self.assertEqual(self.start(RESET).level, 2)

    def test_running_lets_it_leak(self):
        for _ in range(LEVEL_MAX + 1):
            restarts = self.start(WATCHDOG)
        for second in range(0, LEAK_S, 7):
            restarts.pass_time(second)
        self.assertTrue(restarts.safe_mode)
        restarts.pass_time(LEAK_S)
        self.assertFalse(restarts.safe_mode)
        restarts.pass_time(3 * LEAK_S)
        self.assertEqual(self.start(POWER_ON).level, LEVEL_MAX - 2)

    def test_one_every_ten_minutes_is_borne_for_ever(self):
        for _ in range(100):
            restarts = self.start(WATCHDOG)
            self.assertFalse(restarts.safe_mode)
            restarts.pass_time(LEAK_S)

    def test_the_bucket_is_bounded(self):
        for _ in range(300):
            restarts = self.start(WATCHDOG)
        restarts.pass_time(12 * LEAK_S)
        self.assertEqual(restarts.level, 0)


class Causes(unittest.TestCase):

    def test_a_port_that_has_only_two(self):
        class Rp2:
            PWRON_RESET = 1
            WDT_RESET = 3
            told = 1

            def reset_cause(self):
                return self.told

        machine = Rp2()
        self.assertEqual(reset_cause(machine), POWER_ON)
        machine.told = 3
        self.assertEqual(reset_cause(machine), WATCHDOG)
        machine.told = 9
        self.assertEqual(reset_cause(machine), OTHER)


class Storage(Case):

    def test_damaged_records_begin_anew(self):
        self.start(WATCHDOG)
        with open(self.path, "rb") as f:
            good = f.read()
        for bad in (b"", b"x", good[:-1], good[:-1] + b"\x00", good + b"x", b"\xff" * len(good)):
            with open(self.path, "wb") as f:
                f.write(bad)
            self.assertEqual(self.start(WATCHDOG).starts, 1)
            self.assertEqual(self.start(WATCHDOG).starts, 2)

    def test_no_storage_at_all(self):
        restarts = Restarts(self.path + "/none/starts.bin")
        self.assertFalse(restarts.begin(WATCHDOG))
        restarts.expect()
        restarts.pass_time(10000)


if __name__ == "__main__":
    unittest.main()
