# heapsize: 16M
"""When garbage is collected, and in what order a meter loads its parts."""

import asyncio
import gc
import time
import unittest

import vfs
from flat_tariff import TARIFF
from parts import event_names

import board
from joulegate import metering_task
from joulegate.loading import IN_USE_BYTES
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
LIFE_MS = 20000
TICK_MS = 1000


class Bus:
    """A bus whose line is driven, or not."""

    def __init__(self, sending):
        self.sending = sending


class Case(unittest.TestCase):

    def setUp(self):
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        self.kept_ms = board.COLLECT_MS
        board.COLLECT_MS = 0
        self.bed = Bed(LOAD, display="ht1621", panel=True)
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5)
        asyncio.new_event_loop()

    def tearDown(self):
        board.COLLECT_MS = self.kept_ms
        vfs.umount(board.FOLDER)


class Collections(Case):

    def setUp(self):
        super().setUp()
        self.ticks = []
        self.collections = []
        self.kept = metering_task._collect_garbage
        metering_task._collect_garbage = lambda: self.collections.append(time.ticks_ms())
        step = self.app.metering.step

        def noted():
            self.ticks.append(time.ticks_ms())
            return step()

        self.app.metering.step = noted

    def tearDown(self):
        metering_task._collect_garbage = self.kept
        super().tearDown()

    def live(self):
        async def run():
            task = asyncio.create_task(self.app.task.run(self))
            await asyncio.sleep_ms(LIFE_MS)
            task.cancel()
        asyncio.run(run())

    def feed(self):
        """The watchdog of the metering task."""

    def test_once_between_two_ticks_and_near_none(self):
        self.live()
        self.assertTrue(len(self.ticks) >= 20)
        self.assertTrue(18 <= len(self.collections) <= len(self.ticks))
        for collection in self.collections:
            for tick in self.ticks:
                self.assertTrue(abs(time.ticks_diff(collection, tick)) > TICK_MS // 4)

    def test_none_while_the_bus_drives_its_line(self):
        self.app.bus = Bus(True)
        self.live()
        self.assertEqual(self.collections, [])
        self.app.bus = Bus(False)
        asyncio.new_event_loop()
        self.live()
        self.assertTrue(len(self.collections) >= 18)

    def test_as_seldom_as_the_board_says(self):
        self.app.task._collect_ms = 9000
        self.live()
        self.assertTrue(2 <= len(self.collections) <= 3)

    def test_none_between_hurried_ticks(self):
        step = self.app.metering.step
        self.app.metering.step = lambda: step() and 100
        self.live()
        self.assertTrue(len(self.ticks) >= 190)
        self.assertEqual(self.collections, [])

    def test_a_large_heap_takes_no_more_than_its_share(self):
        def slow():
            self.collections.append(time.ticks_ms())
            bench_clock.advance_us(450000)

        metering_task._collect_garbage = slow
        self.live()
        # 450 ms in every 9.45 s and until the next look.
        self.assertEqual(len(self.collections), 2)

    def test_the_garbage_goes(self):
        metering_task._collect_garbage = self.kept
        most = []
        step = self.app.metering.step

        def littering():
            for _ in range(100):
                bytearray(1000)
            most.append(gc.mem_alloc())
            return step()

        gc.collect()
        before = gc.mem_alloc()
        self.app.metering.step = littering
        self.live()
        # Without it 2 MB would have come together; the first ticks follow each other closely.
        self.assertTrue(len(most) >= 20 and max(most) - before < 1200000)


class Loading(Case):

    def setUp(self):
        super().setUp()
        self.order = []
        self.thresholds = []
        self.kept_threshold = gc.threshold()
        gc.threshold(IN_USE_BYTES)
        app = self.app
        self.run_network = app.network.run
        self.find_panel = app.find_panel
        step = app.metering.step

        def first():
            if "tick" not in self.order:
                self.order.append("tick")
            return step()

        async def network():
            self.order.append("network")
            await asyncio.sleep_ms(LIFE_MS)

        app.metering.step = first
        app.find_panel = self.panel
        app.network.run = network
        app.loaded = lambda: self.order.append("loaded")

    def tearDown(self):
        gc.threshold(self.kept_threshold)
        super().tearDown()

    def panel(self):
        self.order.append("panel")
        self.thresholds.append(gc.threshold())
        self.find_panel()

    def live(self):
        async def run():
            task = asyncio.create_task(self.app.run())
            await asyncio.sleep_ms(3000)
            task.cancel()
        asyncio.run(run())

    def test_tick_then_panel_then_link(self):
        self.live()
        self.assertEqual(self.order, ["tick", "panel", "loaded", "network"])
        self.assertTrue(self.app.panel is not None)
        self.assertEqual(self.thresholds, [4096])
        self.assertEqual(gc.threshold(), IN_USE_BYTES)

    def test_with_a_link_it_says_when_all_is_loaded(self):
        def begin():
            self.order.append("network")
            self.thresholds.append(gc.threshold())
            return []

        network = self.app.network
        network.run = self.run_network
        network.uplink = object()
        network._begin = begin
        network._each_second = lambda: None
        self.live()
        self.assertEqual(self.order, ["tick", "panel", "network", "loaded"])
        self.assertEqual(self.thresholds, [4096, 4096])
        self.assertEqual(gc.threshold(), IN_USE_BYTES)

    def test_a_mistake_in_the_panel_leaves_the_link(self):
        def fail():
            raise ValueError("panel: must not be")

        self.find_panel = fail
        self.live()
        self.assertEqual(self.order, ["tick", "panel", "loaded", "network"])
        self.assertTrue("software_failed" in event_names(self.app.log))
        self.assertEqual(gc.threshold(), IN_USE_BYTES)


if __name__ == "__main__":
    unittest.main()
