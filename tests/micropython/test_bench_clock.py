"""The simulated clock: waits, alarms, the RTC's calendar, and asyncio in all its modes."""

import asyncio
import os
import select
import time
import unittest

import utime
from scratch import scratch_folder

from world import bench_clock
from world.calendar import seconds_of, tuple_of

DAY_S = 86400
START = 1767225600  # 2026-01-01 00:00:00, a Thursday


class ClockCase(unittest.TestCase):
    def setUp(self) -> None:
        bench_clock.set_mode(bench_clock.VIRTUAL)
        bench_clock.start(START)
        asyncio.new_event_loop()

    def tearDown(self) -> None:
        bench_clock.set_mode(bench_clock.VIRTUAL)


class TestClock(ClockCase):
    def test_virtual_time_moves_by_waits_alone(self) -> None:
        wall = utime.ticks_ms()
        time.sleep(3600)
        time.sleep_ms(1500)
        time.sleep_us(7)
        self.assertEqual(bench_clock.now_us(), 3_601_500_007)
        self.assertEqual(bench_clock.now_us(), 3_601_500_007)
        self.assertTrue(utime.ticks_ms() - wall < 200)

    def test_alarms_run_at_their_own_instants_in_order(self) -> None:
        seen = []

        def note(name: str) -> object:
            return lambda: seen.append((name, bench_clock.now_us()))

        bench_clock.at_us(300, note("c"))
        bench_clock.at_us(100, note("a"))
        bench_clock.at_us(100, note("b"))
        gone = bench_clock.at_us(200, note("gone"))
        bench_clock.cancel(gone)
        bench_clock.cancel(gone)
        bench_clock.advance_us(250)
        self.assertEqual(seen, [("a", 100), ("b", 100)])
        bench_clock.advance_us(250)
        self.assertEqual(seen[2], ("c", 300))
        self.assertEqual(bench_clock.now_us(), 500)

    def test_alarm_may_set_another_within_the_same_wait(self) -> None:
        seen = []

        def ring() -> None:
            seen.append(bench_clock.now_us())
            bench_clock.after_us(10, ring)

        bench_clock.after_us(10, ring)
        bench_clock.advance_us(45)
        self.assertEqual(seen, [10, 20, 30, 40])

    def test_late_alarm_sees_the_instant_it_was_due_at(self) -> None:
        bench_clock.set_mode(1000)
        seen = []
        due = bench_clock.now_us() + 1000
        bench_clock.at_us(due, lambda: seen.append(bench_clock.now_us()))
        utime.sleep_ms(3)
        after = bench_clock.now_us()
        self.assertEqual(seen, [due])
        self.assertTrue(after >= due + 2_000_000 - 1000)

    def test_exception_in_an_alarm_leaves_a_sound_clock(self) -> None:
        def fail() -> None:
            raise OSError(5)

        bench_clock.at_us(100, fail)
        with self.assertRaises(OSError):
            bench_clock.advance_us(500)
        self.assertEqual(bench_clock.now_us(), 100)
        bench_clock.advance_us(1)
        self.assertEqual(bench_clock.now_us(), 101)

    def test_listeners_hear_of_every_wait(self) -> None:
        heard = []
        bench_clock.on_advance(heard.append)
        time.sleep_ms(5)
        bench_clock.advance_us(3)
        select.poll().poll(7)
        self.assertEqual(heard, [5000, 3, 7000])

    def test_change_of_mode_does_not_jump(self) -> None:
        bench_clock.advance_us(1_000_000)
        bench_clock.set_mode(1)
        self.assertTrue(1_000_000 <= bench_clock.now_us() < 1_100_000)
        bench_clock.set_mode(bench_clock.VIRTUAL)
        now = bench_clock.now_us()
        utime.sleep_ms(5)
        self.assertEqual(bench_clock.now_us(), now)

    def test_bad_arguments_are_refused(self) -> None:
        for rate in (-1, bench_clock.RATE_MAX + 1):
            with self.assertRaises(ValueError):
                bench_clock.set_mode(rate)
        with self.assertRaises(ValueError):
            bench_clock.advance_us(-1)
        with self.assertRaises(ValueError):
            bench_clock.start(-1)


class TestTime(ClockCase):
    def test_ticks_wrap_as_on_the_boards(self) -> None:
        bench_clock.start(START, ticks_us=((1 << 30) - 10) * 1000)
        before = time.ticks_ms()
        time.sleep_ms(25)
        after = time.ticks_ms()
        self.assertEqual((before, after), ((1 << 30) - 10, 15))
        self.assertEqual(time.ticks_diff(after, before), 25)
        self.assertEqual(time.ticks_diff(before, after), -25)
        self.assertEqual(time.ticks_add(before, 25), after)
        with self.assertRaises(OverflowError):
            time.ticks_add(0, 1 << 29)

    def test_calendar(self) -> None:
        self.assertEqual(tuple_of(0), (1970, 1, 1, 0, 0, 0, 3, 1))
        self.assertEqual(tuple_of(951782400), (2000, 2, 29, 0, 0, 0, 1, 60))
        self.assertEqual(tuple_of(4102444799), (2099, 12, 31, 23, 59, 59, 3, 365))
        for day in range(0, 60000, 37):
            seconds = day * DAY_S + 12345
            civil = tuple_of(seconds)
            self.assertEqual(seconds_of(*civil[:6]), seconds)
            self.assertEqual(civil, utime.gmtime(seconds)[:8])

    def test_time_is_what_the_rtc_shows(self) -> None:
        time.sleep(90)
        self.assertEqual(time.time(), START + 90)
        self.assertEqual(time.gmtime(), (2026, 1, 1, 0, 1, 30, 3, 1))
        self.assertEqual(time.mktime(time.localtime()), START + 90)
        bench_clock.set_rtc_us(0)
        time.sleep(5)
        self.assertEqual(time.time(), 5)
        self.assertEqual(bench_clock.civil_us(), (START + 95) * 1_000_000)


class TestAsyncio(ClockCase):
    def test_thirty_days_of_two_tasks_are_exact_and_fast(self) -> None:
        counts = [0, 0]

        async def every(i: int, seconds: int) -> None:
            while True:
                await asyncio.sleep(seconds)
                counts[i] += 1

        async def main() -> None:
            tasks = [asyncio.create_task(every(0, 15)), asyncio.create_task(every(1, 60))]
            # A wait is at most 2**29 - 1 ms, as on the boards: 30 days are five of six days,
            # and one second for what is due at the last instant.
            for _ in range(5):
                await asyncio.sleep(6 * DAY_S)
            await asyncio.sleep(1)
            for task in tasks:
                task.cancel()

        wall = utime.ticks_ms()
        asyncio.run(main())
        wall = utime.ticks_ms() - wall
        self.assertEqual(counts, [30 * DAY_S // 15, 30 * DAY_S // 60])
        self.assertEqual(bench_clock.now_us(), (30 * DAY_S + 1) * 1_000_000)
        # About 1 s; the bound only tells a clock that jumps from one that waits.
        self.assertTrue(wall < 60_000, "%d ms" % wall)

    def test_accelerated_clock_keeps_its_rate_and_hears_input(self) -> None:
        path = scratch_folder("bench_clock") + "/fifo"
        os.system("mkfifo " + path)
        fifo = open(path, "r+b")
        seen = []

        async def tick() -> None:
            while True:
                await asyncio.sleep(1)
                seen.append(bench_clock.now_us())

        async def listen() -> None:
            await asyncio.StreamReader(fifo).readexactly(1)
            seen.append("input")

        async def main() -> None:
            ticking = asyncio.create_task(tick())
            listening = asyncio.create_task(listen())
            # Each instant lies between two looks at the wall clock, however busy the host is.
            begun = [utime.ticks_us(), bench_clock.now_us(), utime.ticks_us()]
            os.system("(sleep 0.2; printf x > %s) &" % path)
            while not listening.done() and utime.ticks_us() - begun[0] < 30_000_000:
                await asyncio.sleep_ms(500)
            heard = len(seen)
            while len(seen) < heard + 3:
                await asyncio.sleep_ms(500)
            ended = [utime.ticks_us(), bench_clock.now_us(), utime.ticks_us()]
            self.assertTrue(listening.done())
            ticking.cancel()
            simulated = ended[1] - begun[1]
            self.assertTrue(600 * (ended[0] - begun[2]) <= simulated + 600, simulated)
            self.assertTrue(simulated - 600 <= 600 * (ended[2] - begun[0]), simulated)

        bench_clock.set_mode(600)
        asyncio.run(main())
        fifo.close()
        # Ticks before the input was heard, and ticks after it.
        self.assertTrue(0 < seen.index("input") < len(seen) - 3, seen.index("input"))

    def test_tasks_that_keep_waking_each_other_starve_no_timer(self) -> None:
        ping = asyncio.Event()
        pong = asyncio.Event()
        rounds = [0]

        async def play(mine: object, other: object) -> None:
            while True:
                await mine.wait()
                mine.clear()
                rounds[0] += 1
                bench_clock.advance_us(1000)
                other.set()

        async def main() -> None:
            players = [asyncio.create_task(play(ping, pong)),
                       asyncio.create_task(play(pong, ping))]
            ping.set()
            await asyncio.sleep_ms(50)
            for player in players:
                player.cancel()

        asyncio.run(main())
        self.assertTrue(50 <= rounds[0] <= 52, rounds[0])

    def test_equal_instants_keep_their_order(self) -> None:
        order = []

        async def note(i: int) -> None:
            for _ in range(3):
                await asyncio.sleep_ms(10)
                order.append(i)

        async def main() -> None:
            await asyncio.gather(*[note(i) for i in range(5)])

        asyncio.run(main())
        self.assertEqual(order, [0, 1, 2, 3, 4] * 3)

    def test_tasks_end_are_awaited_cancelled_and_time_out(self) -> None:
        log = []

        async def work(ms: int) -> int:
            try:
                await asyncio.sleep_ms(ms)
            except asyncio.CancelledError:
                log.append("cancelled")
                raise
            return ms

        async def fail() -> None:
            raise ValueError("planned")

        async def main() -> None:
            task = asyncio.create_task(work(10))
            self.assertEqual(await task, 10)
            self.assertTrue(task.done())
            self.assertEqual(await task, 10)
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(work(1000), 1)
            task = asyncio.create_task(work(10))
            await asyncio.sleep_ms(0)
            self.assertTrue(task.cancel())
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertFalse(task.cancel())
            with self.assertRaises(ValueError):
                await asyncio.create_task(fail())
            results = await asyncio.gather(work(5), fail(), return_exceptions=True)
            self.assertEqual(results[0], 5)
            with self.assertRaises(RuntimeError):
                asyncio.current_task().cancel()

        asyncio.run(main())
        self.assertEqual(log, ["cancelled", "cancelled"])

    def test_poll_stops_at_the_alarm_that_makes_input_ready(self) -> None:
        flag = asyncio.ThreadSafeFlag()
        bench_clock.after_us(40_000, flag.set)

        async def sleep() -> None:
            await asyncio.sleep_ms(100_000)

        async def main() -> int:
            sleeper = asyncio.create_task(sleep())
            await flag.wait()
            sleeper.cancel()
            return bench_clock.now_us()

        self.assertEqual(asyncio.run(main()), 40_000)
