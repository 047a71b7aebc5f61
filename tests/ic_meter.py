"""The whole meter on a metering IC, for tests of those that are not the board's own.

Each test class is an IcMeter with the constants of its IC and a unittest.TestCase.
"""

import asyncio

import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from meter.energy_sums import EnergySums
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


class Chosen:
    """A bed with the metering IC `ic`; the board's own comes back afterwards."""

    ic = ""

    def choose(self):
        wiring.reset_cause = wiring.PWRON_RESET
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        self.chosen = board.METERING_IC
        self.bed = Bed(LOAD, ic=self.ic)

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)
        board.METERING_IC = self.chosen


class IcMeter(Chosen):
    """Provisioned with `constants` of the calibration; the self test calls the IC `part`."""

    part = ""
    constants: dict = {}
    away_s = 60
    """How long the controller is away in a reset: the chip's registers hold that much."""

    def setUp(self):
        self.choose()
        self.app = self.bed.power_up()
        self.app.commissioning.provision(METER_ID, TARIFF, 5, None, {}, self.constants)
        self.app = self.bed.app
        self.sums = EnergySums(self.app.state.registers, self.bed)
        self.app.credit(1, 1000000)
        self.run_s(20)

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

    def test_self_test(self):
        self.assertEqual([row for row in self.app.self_test() if not row[1]], [])
        self.bed.ic.power_off()
        failed = {name: text for name, passed, text in self.app.self_test() if not passed}
        self.assertTrue(self.part in failed["metering IC"], failed)

    def test_a_reset_of_the_controller_loses_what_was_not_committed_alone(self):
        self.run_s(100)
        self.app.metering.commit()
        self.bed.reset(wiring.WDT_RESET)
        bench_clock.advance_us(self.away_s * 1000000)
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


class IcOvercurrent(Chosen):
    """The IC's own pin in the place of a comparator on the shunt; `level_of` has its sense."""

    def start(self):
        self.choose()
        self.bed.comparator.carry = lambda current_mA: None
        self.bed.ic.lead_out(
            lambda level: wiring.drive_pin(pins.OVERCURRENT, self.level_of(level)))
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5, overcurrent_mA=45000)
        bench_clock.advance_us(12000000)
        self.app.credit(1, 1000000000)
        asyncio.new_event_loop()

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

    def draw(self, current_mA):
        """As run_tasks, with a current."""
        return self.run_tasks(lambda: self.bed.disturb("current_mA", current_mA))

    def feed(self):
        """The watchdog of the task."""
