"""The meter's clock: counted on, slewed, compared with a real-time clock that may lie."""

import unittest

from parts import error_text, event_names
from tariff_documents import Random

from joulegate.clock import (
    NO_ANSWER,
    NO_DATE,
    NOBODY,
    RTC,
    SETTER,
    SLEW_PART,
    STEP_MAX_S,
    STOPPED,
    UNSTEADY,
    Clock,
)
from joulegate.core.civil import DAY_S, NO_TIME, TIME_END, TIME_MIN, civil_of, seconds_of
from joulegate.core.events import EventLog

START = seconds_of(2024, 2, 29, 23, 59, 58)
EARLIEST = seconds_of(2024, 1, 1)
HOUR_MS = 3600000


class World:
    """Ticks that wrap like a board's, and a real-time clock that runs `ppm` faster."""

    def __init__(self, second: int = START) -> None:
        self.ms = 0
        self.ppm = 0
        self.offset_ms = second * 1000
        self.error: Exception | None = None
        self.trusted = True
        self.asked = 0
        self.written = 0
        self.forged: list = []
        self.reading_ms = 0

    def ticks_ms(self) -> int:
        return self.ms + 0x3FFFFFFF - 500 & 0x3FFFFFFF

    def ticks_diff(self, end: int, start: int) -> int:
        return (end - start + 0x20000000 & 0x3FFFFFFF) - 0x20000000

    def rtc_ms(self) -> int:
        return self.offset_ms + self.ms + self.ms * self.ppm // 1000000

    def datetime(self, civil: "tuple | None" = None) -> "tuple | None":
        if self.error is not None:
            raise self.error
        if civil is not None:
            self.written += 1
            self.trusted = True
            self.offset_ms = seconds_of(*(civil[:3] + civil[4:7])) * 1000 - (
                self.ms + self.ms * self.ppm // 1000000)
            return None
        self.asked += 1
        self.ms += self.reading_ms
        if self.forged:
            return self.forged.pop(0)
        return civil_of(self.rtc_ms() // 1000) if self.trusted else None


class ClockCase(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()
        self.log = EventLog()
        self.start()

    def start(self) -> None:
        self.log = EventLog()
        self.clock = Clock(
            self.world, self.world.ticks_ms, self.world.ticks_diff, self.log, EARLIEST)

    def pass_ms(self, ms: int, step: int = 1000) -> None:
        """Let time pass; the clock is asked at every step, as a meter does."""
        while ms > 0:
            self.world.ms += min(ms, step)
            ms -= step
            self.clock.now()

    def events(self) -> list:
        return [(name, value) for _, _, name, value in self.log.since(0)]


class TestCounting(ClockCase):
    def test_takes_the_time_of_the_rtc(self) -> None:
        self.assertEqual((self.clock.now(), self.clock.source), (START, RTC))
        self.assertTrue(self.clock.valid)
        self.assertEqual(self.events(), [])

    def test_counts_on_without_the_rtc(self) -> None:
        asked = self.world.asked
        for ms, second in ((999, 0), (1, 1), (1000, 2), (3595999, 3597)):
            self.world.ms += ms
            self.assertEqual(self.clock.now(), START + second)
        self.assertEqual(self.world.asked, asked)

    def test_uptime_counts_whatever_the_time_is_set_to(self) -> None:
        self.pass_ms(90500)
        self.clock.set(EARLIEST)
        self.pass_ms(10000)
        self.assertEqual(self.clock.uptime(), 100)
        self.assertEqual(self.clock.now(), EARLIEST + 10)

    def test_follows_a_drifting_rtc_within_a_second_and_never_steps(self) -> None:
        for ppm in (-50, 20, 50):
            self.world = World()
            self.start()
            self.world.ppm = ppm
            before = self.clock.now()
            for _ in range(3 * DAY_S // 60):
                self.world.ms += 60000
                now = self.clock.now()
                self.assertTrue(0 <= now - before <= 61)
                self.assertTrue(abs(now * 1000 - self.world.rtc_ms()) < 2000, "%d ppm" % ppm)
                before = now
            self.assertEqual(self.events(), [])


class TestDisagreement(ClockCase):
    def test_an_rtc_that_jumps_is_told_and_set_right(self) -> None:
        for jump in (-DAY_S * 400, -3700, -5, 5, 60, 3600, DAY_S * 3000):
            self.setUp()
            self.pass_ms(HOUR_MS // 2, 60000)
            self.world.offset_ms += jump * 1000
            self.pass_ms(HOUR_MS, 60000)
            self.assertEqual(self.clock.now(), START + 5400)
            self.assertEqual(self.events(), [("rtc_disagrees", jump)])
            self.assertEqual(self.world.written, 1)
            self.pass_ms(3 * HOUR_MS, 60000)
            self.assertEqual(len(self.events()), 1)
            self.assertTrue(abs(self.world.rtc_ms() - self.clock.now() * 1000) <= 1000)

    def test_one_bad_reading_is_nothing(self) -> None:
        self.world.ms += HOUR_MS
        self.world.forged = [civil_of(START + 1000000)]
        self.assertEqual(self.clock.now(), START + 3600)
        self.assertEqual(self.events(), [])
        self.world.forged = [civil_of(START), civil_of(0)]
        self.world.ms += HOUR_MS
        self.assertEqual(self.clock.now(), START + 7200)
        self.assertEqual((self.events(), self.world.written), ([], 0))

    def test_readings_that_take_long_are_no_jump(self) -> None:
        self.world.reading_ms = 4300
        for _ in range(5):
            self.pass_ms(HOUR_MS, 60000)
        self.assertEqual(self.events(), [])
        self.assertTrue(abs(self.clock.now() * 1000 - self.world.rtc_ms()) < 9000)

    def test_readings_that_never_agree(self) -> None:
        self.world.forged = [civil_of(START + 5 * i) for i in range(4)]
        self.world.ms += HOUR_MS
        self.assertEqual(self.clock.now(), START + 3600)
        self.assertEqual(self.events(), [("rtc_failed", UNSTEADY)])

    def test_an_rtc_that_fails_is_told_once_and_the_count_goes_on(self) -> None:
        for error, reason in ((OSError(5), NO_ANSWER), (ValueError("month 45"), NO_DATE)):
            self.setUp()
            self.world.error = error
            self.pass_ms(5 * HOUR_MS, 60000)
            self.assertEqual(self.clock.now(), START + 5 * 3600)
            self.assertEqual(self.events(), [("rtc_failed", reason)])
            self.assertTrue(self.clock.failure != "")
            self.world.error = None
            self.pass_ms(2 * HOUR_MS, 60000)
            self.assertEqual(self.clock.failure, "")
            self.world.error = error
            self.pass_ms(HOUR_MS, 60000)
            self.assertEqual(len(self.events()), 2)

    def test_an_rtc_that_has_stopped_gets_the_time_again(self) -> None:
        self.world.trusted = False
        self.world.offset_ms = 0
        self.pass_ms(HOUR_MS, 60000)
        self.assertEqual(self.events(), [("rtc_failed", STOPPED)])
        self.assertEqual(self.world.rtc_ms() // 1000, START + 3600)


class TestNoTime(ClockCase):
    def invalid(self, **world: object) -> None:
        self.world = World()
        for name in world:
            setattr(self.world, name, world[name])
        self.start()
        self.assertFalse(self.clock.valid)
        self.assertEqual(self.clock.now(), NO_TIME)

    def test_what_is_not_believed_at_a_start(self) -> None:
        for second in (0, EARLIEST - 1, TIME_END, seconds_of(2099, 12, 31)):
            self.invalid(offset_ms=second * 1000)
            self.assertEqual(event_names(self.log), ["rtc_failed", "clock_invalid"])
        self.invalid(trusted=False)
        self.assertEqual(self.events(), [("rtc_failed", STOPPED), ("clock_invalid", 0)])
        self.invalid(error=OSError(5))
        self.assertEqual(self.events(), [("rtc_failed", NO_ANSWER), ("clock_invalid", 0)])
        for date in ((1999, 0, 0, 0, 0, 0, 0, 0), (2255, 45, 85, 165, 85, 85, 85, 0)):
            self.invalid(forged=[date] * 4)
            self.assertEqual(self.events(), [("rtc_failed", NO_DATE), ("clock_invalid", 0)])

    def test_counts_the_seconds_since_the_start_and_pretends_no_time(self) -> None:
        self.invalid(trusted=False)
        self.pass_ms(100 * HOUR_MS, 60000)
        self.assertEqual(self.clock.now(), NO_TIME + 360000)
        self.assertTrue(self.clock.now() < TIME_MIN)

    def test_an_rtc_that_answers_later_is_believed(self) -> None:
        self.invalid(error=OSError(5))
        self.pass_ms(30000)
        self.world.error = None
        self.pass_ms(40000)
        self.assertEqual((self.clock.now(), self.clock.source), (START + 70, RTC))
        self.assertEqual(self.events()[2:], [("clock_valid", 60)])

    def test_a_time_before_the_last_one_seen_is_dropped_for_good(self) -> None:
        self.assertTrue(self.clock.require(START))
        self.assertFalse(self.clock.require(START + 1))
        self.assertEqual((self.clock.source, self.clock.now()), (NOBODY, NO_TIME))
        self.assertEqual(
            self.events(), [("clock_rolled_back", 1), ("clock_invalid", START)])
        self.assertTrue(self.clock.rolled_back)
        self.pass_ms(2 * HOUR_MS, 60000)
        self.assertFalse(self.clock.valid)
        self.assertFalse(self.clock.require(START))
        self.clock.set(START - DAY_S)
        self.assertEqual(self.events()[2:], [("clock_valid", 7200)])
        self.assertFalse(self.clock.rolled_back)

    def test_an_rtc_that_answers_later_with_a_time_too_early_is_not_believed(self) -> None:
        self.invalid(error=OSError(5))
        self.clock.require(START + DAY_S)
        self.world.error = None
        self.pass_ms(HOUR_MS)
        self.assertFalse(self.clock.valid)

    def test_nobody_unproven_gives_it_a_time(self) -> None:
        self.invalid(trusted=False)
        self.assertFalse(self.clock.adjust(START))
        self.assertFalse(self.clock.valid)


class TestSetting(ClockCase):
    def test_set_is_logged_with_before_and_after(self) -> None:
        self.pass_ms(5700)
        self.assertTrue(self.clock.set(START + 1000))
        self.assertEqual(list(self.log.since(0)), [(0, START + 1000, "clock_set", 995)])
        self.assertEqual(self.clock.source, SETTER)
        self.assertEqual(self.world.rtc_ms() // 1000, START + 1000)
        self.clock.set(EARLIEST)
        self.assertEqual(self.events()[1], ("clock_set", EARLIEST - START - 1000))

    def test_set_refuses_what_cannot_be(self) -> None:
        for second in (EARLIEST - 1, TIME_END):
            text = error_text(ValueError, self.clock.set, second)
            self.assertTrue("must be from 2024-01-01T00:00:00 until 2053-01-01" in text, text)
        self.assertEqual((self.clock.now(), self.events()), (START, []))

    def test_set_holds_when_the_rtc_does_not_take_it(self) -> None:
        self.world.error = OSError(5)
        self.assertFalse(self.clock.set(START + 1000))
        self.assertEqual(self.clock.now(), START + 1000)
        self.assertEqual(event_names(self.log), ["clock_set", "rtc_failed"])
        self.world.error = None
        self.pass_ms(HOUR_MS)
        self.assertEqual(self.world.rtc_ms() // 1000, START + 4600)

    def test_a_small_step_is_slewed_at_one_part_in_a_hundred(self) -> None:
        for change in (-STEP_MAX_S, -7, 2, STEP_MAX_S):
            self.setUp()
            self.assertTrue(self.clock.adjust(START + change))
            self.assertEqual(self.events(), [("clock_slewed", change)])
            before = self.clock.now()
            for _ in range(abs(change) * SLEW_PART * 10 // 4):
                self.world.ms += 400  # an odd part of a second
                now = self.clock.now()
                self.assertTrue(0 <= now - before <= 1)
                before = now
            self.assertTrue(abs(now * 1000 - self.world.rtc_ms()) <= 1000)
            self.pass_ms(4 * HOUR_MS, 60000)
            self.assertTrue(abs(self.clock.now() * 1000 - self.world.rtc_ms()) <= 1000)
            self.assertEqual(len(self.events()), 1)

    def test_larger_and_repeated_steps_are_refused(self) -> None:
        for change in (STEP_MAX_S + 1, -STEP_MAX_S - 1, DAY_S, -40 * DAY_S):
            self.assertFalse(self.clock.adjust(START + change))
        self.assertTrue(self.clock.adjust(START + 1))
        self.assertEqual((self.events(), self.world.written), ([], 0))
        self.assertTrue(self.clock.adjust(START + 10))
        self.pass_ms(2 * HOUR_MS, 60000)
        self.assertFalse(self.clock.adjust(self.clock.now() + 10))
        self.pass_ms(22 * HOUR_MS, 60000)
        self.assertTrue(self.clock.adjust(self.clock.now() + 10))

    def test_a_day_of_attempts_moves_it_by_one_small_step(self) -> None:
        for _ in range(24 * 60 - 1):
            self.clock.adjust(self.clock.now() + STEP_MAX_S)
            self.pass_ms(60000, 60000)
        self.assertTrue(self.clock.now() - START - 86340 in (STEP_MAX_S - 1, STEP_MAX_S))


class TestLives(ClockCase):
    def test_nothing_but_a_set_makes_it_jump(self) -> None:
        """Random lives: an RTC that drifts, jumps, fails and lies, and unproven time."""
        for seed in (1, 20260321):
            random = Random(seed)
            self.setUp()
            world = self.world
            world.ppm = random.below(100) - 50
            clock = self.clock
            true_ms = START * 1000
            last = clock.now()
            for step in range(3000):
                what = random.below(40)
                if what == 0:
                    world.offset_ms += (random.below(2000) - 1000) * 3600000
                elif what == 1:
                    world.error = random.choice((None, OSError(5), ValueError("x")))
                elif what == 2:
                    world.trusted = bool(random.below(2))
                elif what == 3:
                    world.forged = [civil_of(random.below(TIME_END))]
                elif what == 4:
                    change = random.choice((-1, 1)) * (STEP_MAX_S + 1 + random.below(DAY_S))
                    self.assertFalse(clock.adjust(last + change))
                ms = 1 + random.below(60000)
                world.ms += ms
                true_ms += ms
                now = clock.now()
                where = "seed %d step %d" % (seed, step)
                self.assertTrue(last <= now <= last + 62, where)
                self.assertTrue(abs(now * 1000 - true_ms) < 60000, where)
                last = now


if __name__ == "__main__":
    unittest.main()
