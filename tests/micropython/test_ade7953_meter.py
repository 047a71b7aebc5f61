# heapsize: 8M
"""The whole meter on an ADE7953: provisioned with its constants, reset, without supply, tested."""

import asyncio
import unittest

import ic_ade7953
import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from meter.energy_sums import EnergySums
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


class OnAnAde7953(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        self.chosen = board.METERING_IC
        self.bed = Bed(LOAD, ic="ade7953")
        self.app = self.bed.power_up()
        self.app.commissioning.provision(
            METER_ID, TARIFF, 5, None, {}, {"watt_gain": 4200000, "phase": -3})
        self.app = self.bed.app
        self.app.credit(1, 1000000)
        self.sums = EnergySums(self.app.state.registers, self.bed)
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
        self.assertEqual(self.app.ic.calibration.counts_per_kWh, 32000)
        self.assertTrue(abs(self.app.metering.reading.voltage_cV - 24000) < 2000)

    def test_bus_is_locked_and_constants_are_in_the_chip(self):
        chip = self.bed.ic
        self.assertTrue(chip.locked)
        self.assertEqual([chip.peek(a) for a in (0x282, 0x108, 0x040)], [4200000, 0x203, 7])

    def test_self_test(self):
        self.assertEqual([row for row in self.app.self_test() if not row[1]], [])
        self.bed.ic.power_off()
        failed = {name: text for name, passed, text in self.app.self_test() if not passed}
        self.assertTrue("ADE7953" in failed["metering IC"], failed)

    def test_a_reset_of_the_controller_loses_what_was_not_committed_alone(self):
        self.run_s(100)
        self.app.metering.commit()
        self.bed.reset(wiring.WDT_RESET)
        bench_clock.advance_us(30000000)
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
        self.assertTrue(self.bed.ic.locked)


class Overcurrent(unittest.TestCase):
    """IRQ, inverted, in the place of a comparator on the shunt."""

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        self.chosen = board.METERING_IC
        ic_ade7953.OVERCURRENT_MA = 72000  # of peak: 50.9 A of a sine
        self.bed = Bed(LOAD, ic="ade7953")
        self.bed.comparator.carry = lambda current_mA: None
        self.bed.ic.lead_out(lambda level: wiring.drive_pin(pins.OVERCURRENT, 1 - level))
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5, overcurrent_mA=45000)
        self.app.watch.sight.sensors["overcurrent"] = self.app.ic.overcurrent
        bench_clock.advance_us(12000000)
        self.app.credit(1, 1000000000)
        asyncio.new_event_loop()

    def tearDown(self):
        vfs.umount(board.FOLDER)
        board.METERING_IC = self.chosen
        ic_ade7953.OVERCURRENT_MA = 0

    def run_tasks(self, act):
        """Run 3.4 seconds, then 100 ms after something; return whether supply is on then."""
        async def life():
            tasks = [asyncio.create_task(self.app.task.run(self)),
                     asyncio.create_task(self.app.task.watch_current())]
            await asyncio.sleep_ms(3400)  # not when a tick is due
            act()
            await asyncio.sleep_ms(100)
            for task in tasks:
                task.cancel()
        asyncio.run(life())
        return self.bed.relay.closed

    def feed(self):
        """The watchdog of the task."""

    def test_opens_within_100_ms(self):
        self.assertFalse(self.run_tasks(lambda: self.bed.disturb("current_mA", 55000)))
        self.assertEqual(self.app.task.overcurrents, 1)

    def test_below_it_stays(self):
        self.assertTrue(self.run_tasks(lambda: self.bed.disturb("current_mA", 50000)))
        self.assertEqual(self.app.task.overcurrents, 0)

    def test_a_reset_of_the_chip_is_no_overcurrent(self):
        def reset():
            self.bed.ic.reset_in_run()
            self.bed.ic.advance(70)  # IRQ goes low

        self.assertTrue(self.run_tasks(reset))
        self.assertEqual((self.app.task.overcurrents, self.app.task.spikes), (1, 1))


if __name__ == "__main__":
    unittest.main()
