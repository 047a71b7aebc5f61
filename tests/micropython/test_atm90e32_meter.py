# heapsize: 8M
"""The whole meter on an ATM90E32AS: provisioned with its constants, reset, cut off, tested."""

import unittest

import vfs
from flat_tariff import TARIFF

import board
from meter.bed import METER_ID, Bed
from meter.energy_sums import EnergySums
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


class OnAnAtm90e32(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        self.chosen = board.METERING_IC
        self.bed = Bed(LOAD, ic="atm90e32")
        self.app = self.bed.power_up()
        self.app.commissioning.provision(
            METER_ID, TARIFF, 5, None, {}, {"i_gain_B": 51421, "phi_C": 0x8003})
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
        wh = self.app.state.registers.wh
        self.assertTrue(wh[0] > 20)
        self.assertTrue(wh[6] >= wh[0])
        self.assertTrue(self.app.state.account.balance < 1000000)
        self.assertEqual(self.app.ic.calibration.counts_per_kWh, 32000)

    def test_constants_are_the_phases_own(self):
        reading = self.app.metering.reading
        self.assertEqual(reading.phases, 3)
        a, b, c = reading.phase_current_mA
        self.assertTrue(abs(b * 100 - a * 101) <= 200, (a, b))
        self.assertTrue(abs(a - c) <= 1, (a, c))
        self.assertEqual(reading.current_mA, b)
        self.assertTrue(abs(sum(reading.phase_active_W) - reading.active_W) <= 1)

    def test_a_wrong_constant_is_refused(self):
        with self.assertRaises(ValueError):
            self.app.board.calibration(i_gain_B=70000)
        with self.assertRaises(TypeError):
            self.app.board.calibration(u_gain=24001)

    def test_self_test(self):
        self.assertEqual([row for row in self.app.self_test() if not row[1]], [])
        self.bed.ic.power_off()
        failed = {name: text for name, passed, text in self.app.self_test() if not passed}
        self.assertTrue("ATM90E32" in failed["metering IC"], failed)

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


if __name__ == "__main__":
    unittest.main()
