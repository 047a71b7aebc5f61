# heapsize: 16M
"""The comparator's interrupt: the whole firmware with its tasks, in virtual time, on the models.

Virtual time stands still while code runs, so that what a processor takes is not in it; the real
time from the interrupt to the pulse on this computer is added.
"""

import asyncio
import unittest

import utime
import vfs
from flat_tariff import TARIFF

import board
import pins
from joulegate.core.supply_reasons import OVERLOAD
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
LIMIT_MA = 60000
WITHIN_US = 100000


class Case(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        self.bed = Bed(LOAD)
        self.pulsed_us = self.opened_us = None
        self.spent_us = 0
        self.relay = self.bed.relay
        wiring.wire_pin(pins.RELAY_OPEN, self.note_pulse)
        self.relay.on_change(self.note_contact)
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5, overcurrent_mA=LIMIT_MA)
        bench_clock.advance_us(12000000)  # into the load file
        self.app.credit(1, 1000000000)
        asyncio.new_event_loop()

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)

    def note_pulse(self, level):
        if level and self.pulsed_us is None:
            self.pulsed_us = bench_clock.now_us()
            self.spent_us = utime.ticks_diff(utime.ticks_us(), self.edge_real)
            self.files = self.bed.flash.programs

    def note_contact(self, closed, at_us):
        if not closed:
            self.opened_us = at_us

    def run_tasks(self, seconds, *acts):
        """Run the metering task and the comparator's for so long; acts: (second, function)."""
        async def life():
            tasks = [asyncio.create_task(self.app.task.run(self)),
                     asyncio.create_task(self.app.task.watch_current())]
            done = 0
            for when, act in acts:
                await asyncio.sleep_ms(int((when - done) * 1000))
                done = when
                act()
            await asyncio.sleep_ms(int((seconds - done) * 1000))
            for task in tasks:
                task.cancel()
        asyncio.run(life())

    def feed(self):
        """The watchdog of the task."""

    def flow(self, current_mA):
        def act():
            self.edge_real = utime.ticks_us()
            self.programs = self.bed.flash.programs
            self.bed.disturb("current_mA", current_mA)
        return act

    def told(self):
        return [(name, value) for _, _, name, value in self.app.log.since(0)]

    def names(self):
        return [name for name, _ in self.told()]


class Opens(Case):

    def test_within_100_ms_at_five_times_the_limit(self):
        for offset in (0, 3, 7):
            self.run_tasks(6.5 + offset / 1000, (5 + offset / 1000, self.flow(5 * LIMIT_MA)))
            edge = self.bed.comparator.edge_us
            self.assertFalse(self.relay.closed)
            took = self.opened_us - edge
            print("edge to pulse %d us, to contact %d us; of this computer %d us" % (
                self.pulsed_us - edge, took, self.spent_us))
            self.assertTrue(0 < took + self.spent_us < WITHIN_US, took)
            # The pulse comes before anything is written.
            self.assertEqual(self.files, self.programs)
            self.assertTrue(self.bed.flash.programs > self.files)
            self.assertEqual(self.names()[-2:], ["overload_tripped", "supply_disconnected"])
            self.tearDown()
            self.setUp()

    def test_comes_back_by_itself_so_often(self):
        self.run_tasks(400, (5, self.flow(5 * LIMIT_MA)))
        names = self.names()
        self.assertEqual(names.count("overload_tripped"), 4)
        self.assertEqual(names.count("overload_retried"), 3)
        self.assertFalse(self.relay.closed)
        self.assertEqual(self.app.state.supply.reasons, OVERLOAD)

    def test_a_spike_is_counted_and_forgotten(self):
        def spike():
            wiring.drive_pin(pins.OVERCURRENT, 1)
            bench_clock.after_us(4000, lambda: wiring.drive_pin(pins.OVERCURRENT, 0))
        self.run_tasks(8, (5, spike))
        self.assertTrue(self.relay.closed)
        self.assertEqual((self.app.task.overcurrents, self.app.task.spikes), (1, 1))

    def test_a_storm_does_not_stop_metering(self):
        calls = []
        irq = board.on_overcurrent

        def counted(handler):
            calls.append(handler)
            irq(handler)

        def storm():
            until = bench_clock.now_us() + 5000000

            def toggle():
                wiring.drive_pin(pins.OVERCURRENT, 1)
                wiring.drive_pin(pins.OVERCURRENT, 0)
                if bench_clock.now_us() < until:
                    bench_clock.after_us(500, toggle)
            toggle()

        board.on_overcurrent = counted
        try:
            ticks = self.app.metering.ticks
            self.run_tasks(11, (5, storm))
        finally:
            board.on_overcurrent = irq
        self.assertTrue(self.app.metering.ticks - ticks >= 11)
        self.assertTrue(10 < self.app.task.overcurrents <= 51, self.app.task.overcurrents)
        self.assertEqual(self.app.task.overcurrents, self.app.task.spikes)
        self.assertTrue(self.relay.closed)

    def test_the_tries_outlast_a_power_cut(self):
        self.run_tasks(30, (5, self.flow(5 * LIMIT_MA)))
        self.assertEqual(self.app.state.supply.overloads, 1)
        self.bed.power_down()
        self.bed.mains(False)
        bench_clock.advance_us(5000000)
        self.bed.mains(True)
        self.app = self.bed.power_up()
        self.assertEqual(self.app.state.supply.reasons, OVERLOAD)
        self.assertEqual(self.app.state.supply.overloads, 1)
        self.run_tasks(59)
        self.assertFalse(self.relay.closed)
        self.run_tasks(341)
        self.assertEqual(self.names().count("overload_tripped"), 3)
        self.assertFalse(self.relay.closed)


if __name__ == "__main__":
    unittest.main()
