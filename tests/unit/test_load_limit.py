"""The load limit: blocks, trips, tries by itself, and then somebody's word."""

import gc
import unittest

import micropython

from joulegate.core.civil import Zone
from joulegate.core.supply import NEWS_LOAD_LIMIT, Supply
from joulegate.core.supply_press import NOTHING, RECONNECTED, press
from joulegate.core.supply_reasons import LOAD_LIMIT, TECHNICIAN

COUNTS = 3600  # a kWh: one count a second is 1 kW
SETTINGS = {
    "cut_off": 0, "warnings": [], "maximum_power_W": 5000, "emergency_power_W": 0,
    "tick_ms": 1000, "emergency_threshold": 50, "load_limit_s": 60, "load_limit_retries": 2,
    "load_limit_wait_s": 30,
}


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.up = 0
        self.balance = 100
        self.make()

    def make(self, button: bool = True, **settings: object) -> None:
        self.settings = dict(SETTINGS, **settings)
        self.supply = Supply()
        self.supply.configure(self.settings, button, Zone("UTC0"), COUNTS)
        self.up = 0

    def draw(self, kilowatts: int, seconds: int) -> "int | None":
        """Draw power as long as supply is on; return the second of the trip, from here."""
        for second in range(1, seconds + 1):
            self.up += 1
            counts = kilowatts if self.supply.allowed else 0
            self.supply.step(self.up, self.up, self.balance, counts)
            if counts and not self.supply.allowed:
                return second
        return None


class TestBlock(Case):
    def test_the_limit_itself_is_no_trip(self) -> None:
        self.assertEqual(self.draw(5, 1000), None)

    def test_a_block_that_has_more_trips_it_at_once(self) -> None:
        self.assertEqual(self.draw(6, 1000), 52)
        self.assertEqual(self.supply.reasons, LOAD_LIMIT)
        self.assertEqual(self.supply.take_news(), NEWS_LOAD_LIMIT)

    def test_a_short_peak_is_averaged(self) -> None:
        for _ in range(20):
            self.assertEqual(self.draw(20, 10), None)
            self.assertEqual(self.draw(1, 50), None)

    def test_a_block_is_whole_ticks(self) -> None:
        self.make(tick_ms=60000, load_limit_s=30)
        for up in range(60, 6000, 60):
            self.supply.step(up, up, 100, 300)
            self.assertTrue(self.supply.allowed)
        self.supply.step(6000, 6000, 100, 301)
        self.assertFalse(self.supply.allowed)

    def test_the_largest_limit_and_block(self) -> None:
        self.make(maximum_power_W=18201624, load_limit_s=3600)
        self.supply.configure(self.settings, True, None, 131072)
        for up in range(1, 20000):
            self.supply.step(up, up, 100, 65535)
        self.assertTrue(self.supply.allowed)

    def test_export_is_not_limited(self) -> None:
        self.assertEqual(self.draw(0, 500), None)

    def test_reduced_on_emergency_credit(self) -> None:
        self.make(emergency_credit=1000, emergency_power_W=1000)
        self.balance = 50
        self.assertEqual(self.draw(5, 200), None)
        self.assertNotEqual(press(self.supply, False), NOTHING)
        self.assertEqual(self.draw(1, 200), None)
        self.assertNotEqual(self.draw(2, 200), None)

    def test_reduced_alone(self) -> None:
        self.make(maximum_power_W=0, emergency_credit=1000, emergency_power_W=1000)
        self.assertEqual(self.draw(50, 200), None)


class TestTries(Case):
    def test_tries_by_itself_are_counted(self) -> None:
        for tries in (1, 2):
            self.assertEqual(self.draw(10, 100), 32)
            self.assertEqual(self.supply.tries, tries)
            self.assertEqual(press(self.supply, False), NOTHING)
            self.draw(0, 29)
            self.assertFalse(self.supply.allowed)
            self.draw(0, 1)
            self.assertTrue(self.supply.allowed)
        self.assertEqual(self.draw(10, 100), 32)
        self.draw(0, 10000)
        self.assertFalse(self.supply.allowed)
        self.assertEqual(press(self.supply, False), RECONNECTED)
        self.draw(0, 1)
        self.assertTrue(self.supply.allowed)
        self.assertEqual(self.supply.tries, 0)

    def test_none_at_all(self) -> None:
        self.make(load_limit_retries=0)
        self.draw(10, 100)
        self.draw(0, 5000)
        self.assertFalse(self.supply.allowed)

    def test_a_quiet_hour_forgets_them(self) -> None:
        self.draw(10, 100)
        self.draw(0, 30)
        self.draw(5, 3599 - 30)
        self.assertEqual(self.supply.tries, 1)
        self.draw(5, 1)
        self.assertEqual(self.supply.tries, 0)

    def test_a_start_does_not_forget_them(self) -> None:
        for _ in range(3):
            self.draw(10, 100)
            self.draw(0, 30)
        kept = self.supply.reasons, self.supply.tries
        self.make()
        self.supply.reasons, self.supply.tries = kept
        self.draw(0, 500)
        self.assertFalse(self.supply.allowed)
        self.supply.lift_for(TECHNICIAN, LOAD_LIMIT)
        self.draw(0, 1)
        self.assertTrue(self.supply.allowed)

    def test_no_limit_any_more(self) -> None:
        self.draw(10, 100)
        self.supply.configure(dict(self.settings, maximum_power_W=0))
        self.assertEqual((self.supply.reasons, self.supply.load), (0, None))


class TestAllocation(Case):
    @unittest.skipUnless(hasattr(gc, "mem_alloc"), "CPython counts no heap")
    def test_a_steady_step_allocates_nothing_with_everything_on(self) -> None:
        self.make(emergency_credit=1000, alarm_trip=60,
                  friendly_hours=["all 18:00-08:00"], close_permit=10)
        supply = self.supply
        supply.until = 1000000
        supply.step(0, 0, 100, 1)
        gc.collect()
        before = gc.mem_alloc()
        micropython.heap_lock()
        try:
            for up in range(1000):
                supply.step(up, up, 40, 5)
        finally:
            micropython.heap_unlock()
        self.assertEqual(gc.mem_alloc(), before)


if __name__ == "__main__":
    unittest.main()
