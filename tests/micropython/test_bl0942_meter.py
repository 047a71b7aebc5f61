# heapsize: 8M
"""The whole meter on a BL0942: provisioned with its constants, reset, without supply, tested."""

import asyncio
import unittest

import ic_bl0942
import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from meter.energy_sums import EnergySums
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


class OnABl0942(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        self.chosen = board.METERING_IC
        self.bed = Bed(LOAD, ic="bl0942")
        self.app = self.bed.power_up()
        self.app.commissioning.provision(
            METER_ID, TARIFF, 5, None, {}, {"p_gain": 1000000, "i_gain": 1010000})
        self.app = self.bed.app
        self.sums = EnergySums(self.app.state.registers, self.bed)
        self.app.credit(1, 1000000)
        self.run_s(20)

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)
        board.METERING_IC = self.chosen

    def run_s(self, seconds):
        for _ in range(seconds):
            bench_clock.advance_us(1000000)
            self.app.metering.step()

    def test_it_meters_and_charges(self):
        self.run_s(300)
        self.assertEqual(self.sums.differences(self.app.state.registers), "")
        self.assertTrue(self.app.state.registers.wh[0] > 20)
        self.assertTrue(self.app.state.account.balance < 1000000)
        # No reactive energy: quadrants are empty, and apparent energy is the active.
        wh = self.app.state.registers.wh
        self.assertEqual(list(wh[2:6]), [0, 0, 0, 0])
        self.assertTrue(0 <= wh[0] - wh[6] <= 9, wh)
        self.assertEqual(self.app.ic.calibration.counts_per_kWh, 32000)
        self.assertTrue(abs(self.app.metering.reading.voltage_cV - 24000) < 2000)

    def test_self_test(self):
        self.assertEqual([row for row in self.app.self_test() if not row[1]], [])
        self.bed.ic.power_off()
        failed = {name: text for name, passed, text in self.app.self_test() if not passed}
        self.assertTrue("BL0942" in failed["metering IC"], failed)

    def test_a_reset_of_the_controller_loses_what_was_not_committed_alone(self):
        self.run_s(100)
        self.app.metering.commit()
        self.bed.reset(wiring.WDT_RESET)
        bench_clock.advance_us(60000000)
        self.app = self.bed.power_up()
        self.run_s(10)
        self.assertEqual(self.sums.differences(self.app.state.registers), "")

    def test_power_lost_and_back(self):
        self.run_s(100)
        self.app.metering.commit()
        before = self.app.state.registers.wh[0]
        self.bed.mains(False)
        self.bed.power_down()
        bench_clock.advance_us(60000000)
        self.bed.mains(True)
        self.app = self.bed.power_up()
        self.assertEqual(self.app.state.registers.wh[0], before)
        self.run_s(60)
        self.assertTrue(0 < self.app.state.registers.wh[0] - before < 200)
        self.assertEqual(self.app.ic.reloads, 0)


class OverCurrent(unittest.TestCase):
    """CF2 in the place of a comparator on the shunt."""

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        self.chosen = board.METERING_IC
        ic_bl0942.OVER_CURRENT_MA = 50000
        self.bed = Bed(LOAD, ic="bl0942")
        self.bed.comparator.carry = lambda current_mA: None
        self.bed.ic.lead_out(lambda level: wiring.drive_pin(pins.OVERCURRENT, level))
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5, overcurrent_mA=45000)
        bench_clock.advance_us(12000000)
        self.app.credit(1, 1000000000)
        asyncio.new_event_loop()

    def tearDown(self):
        vfs.umount(board.FOLDER)
        board.METERING_IC = self.chosen
        ic_bl0942.OVER_CURRENT_MA = 0

    def run_tasks(self, current_mA):
        """Run 3 seconds, then 100 ms with a current; return whether supply is on after them."""
        async def life():
            tasks = [asyncio.create_task(self.app.task.run(self)),
                     asyncio.create_task(self.app.task.watch_current())]
            await asyncio.sleep_ms(3000)
            self.bed.disturb("current_mA", current_mA)
            await asyncio.sleep_ms(100)
            for task in tasks:
                task.cancel()
        asyncio.run(life())
        return self.bed.relay.closed

    def feed(self):
        """The watchdog of the task."""

    def test_opens_within_100_ms(self):
        self.assertFalse(self.run_tasks(55000))
        self.assertEqual(self.app.task.overcurrents, 1)

    def test_below_it_stays(self):
        self.assertTrue(self.run_tasks(49000))
        self.assertEqual(self.app.task.overcurrents, 0)


if __name__ == "__main__":
    unittest.main()
