# heapsize: 1m
"""How late ticks are, as the bench tells it of a meter on a network."""

import asyncio
import unittest

import utime

from meter import tick_watch
from meter.tick_watch import Bins, TickWatch
from world import bench_clock

WAIT_MS = 1000


class FakeTask:
    def __init__(self):
        self.steps = 0

    def step(self):
        self.steps += 1
        bench_clock.advance_us(5000)
        return WAIT_MS


class TestTickWatch(unittest.TestCase):
    def setUp(self):
        bench_clock.set_mode(bench_clock.VIRTUAL)
        bench_clock.start(0)
        self._kept = tick_watch._STATISTICS
        tick_watch._STATISTICS = "/no/such/file"
        asyncio.new_event_loop()

    def tearDown(self):
        tick_watch._STATISTICS = self._kept

    def run_task(self, *sleeps_ms, between=None):
        task = FakeTask()
        watch = TickWatch(task)

        async def life():
            watch.watch_loop()
            task.step()
            for ms in sleeps_ms:
                await asyncio.sleep_ms(ms // 2)
                if between:
                    between(task)
                await asyncio.sleep_ms(ms - ms // 2)
                task.step()

        asyncio.run(life())
        return task, watch

    def test_a_step_is_not_lateness(self):
        _, watch = self.run_task(WAIT_MS, WAIT_MS)
        self.assertEqual(watch.late.counts[0], 2)
        self.assertEqual(watch.late.longest, 0)

    def test_lateness_is_what_comes_after_the_wait(self):
        _, watch = self.run_task(WAIT_MS + 7, WAIT_MS + 7, WAIT_MS)
        self.assertEqual((watch.late.counts[7], watch.late.counts[0]), (2, 1))
        self.assertEqual(watch.late.longest, 7)

    def test_a_tick_out_of_turn_moves_none(self):
        task, watch = self.run_task(WAIT_MS, between=lambda task: task.step())
        self.assertEqual(task.steps, 3)
        self.assertEqual(sum(watch.late.counts), 1)
        self.assertEqual(watch.late.longest, 5)

    def test_work_is_told_in_slices(self):
        def work(task):
            began = utime.ticks_us()
            while utime.ticks_us() - began < 3000:
                pass

        _, watch = self.run_task(WAIT_MS, between=work)
        self.assertTrue(watch.slices.longest >= 3)

    def test_waiting_for_a_processor_is_taken_off(self):
        path = "/proc/self/schedstat"
        try:
            open(path).close()
        except OSError:
            self.skipTest("this system has no " + path)
        tick_watch._STATISTICS = path

        def stand_still(task):
            utime.sleep_ms(60)

        _, watch = self.run_task(WAIT_MS, between=stand_still)
        self.assertTrue(watch.slices.longest < 30, watch.slices.longest)

    def test_bins(self):
        bins, more = Bins(), Bins()
        for us in (-5, 999, 1000, 10 ** 9):
            bins.add(us)
        more.take(bins)
        self.assertEqual((more.counts[0], more.counts[1], more.counts[-1]), (2, 1, 1))
        self.assertEqual(more.longest, 10 ** 6)
        self.assertEqual((sum(bins.counts), bins.longest), (0, 0))


if __name__ == "__main__":
    unittest.main()
