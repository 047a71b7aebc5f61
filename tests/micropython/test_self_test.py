# heapsize: 8M
"""The self test on the bench: all well, and then each part found failing."""

import unittest

import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


class SelfTest(unittest.TestCase):

    def setUp(self):
        self.bed = Bed(LOAD)
        self.app = self.bed.power_up()
        self.mounted = True

    def tearDown(self):
        if self.mounted:
            vfs.umount(board.FOLDER)

    def provision(self):
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.gate.credit(1, 1000000, self.app.clock.now())
        for _ in range(20):
            bench_clock.advance_us(self.app.metering.step() * 1000)

    def failures(self):
        return {name: text for name, passed, text in self.app.self_test() if not passed}

    def test_all_is_well(self):
        self.assertEqual(self.failures(), {})
        self.provision()
        self.assertEqual(self.failures(), {})

    def test_no_chip(self):
        self.bed.ic.power_off()
        self.assertTrue("ATM90E26" in self.failures()["metering IC"])

    def test_chip_that_lost_its_calibration(self):
        self.app.ic.calibration.cs1 ^= 1
        self.assertEqual(
            self.failures(), {"metering IC": "ATM90E26: does not hold its calibration"})

    def test_relay_elsewhere(self):
        self.provision()
        wiring.drive_pin(pins.LOAD_SIDE, 0)
        self.assertEqual(self.failures(), {"relay": "commanded closed, load side dead"})
        self.app.switch.fault = True
        self.assertEqual(self.failures(), {"relay": "does not follow its commands"})

    def test_account_that_disagrees(self):
        self.provision()
        self.app.state.account.balance += 1
        self.assertTrue("balance" in self.failures()["ledger"])

    def test_ledger_that_cannot_be_read(self):
        self.provision()
        with open(board.FOLDER + "/ledger.bin", "r+b") as f:
            f.write(b"\xff")
        self.bed.power_down()
        self.bed.mains(True)
        self.app = self.bed.power_up()
        self.assertTrue("check sum" in self.failures()["ledger"])

    def test_suspended_gate(self):
        self.provision()
        self.app.gate.suspended = "journal: damaged"
        self.assertEqual(self.failures(), {"gate": "journal: damaged"})

    def test_no_storage(self):
        vfs.umount(board.FOLDER)
        self.mounted = False
        self.assertTrue("cannot be read" in self.failures()["storage"])

    def test_bad_settings(self):
        with open(board.FOLDER + "/settings.json", "w") as f:
            f.write('{"tick_ms": 5}')
        self.bed.power_down()
        self.bed.mains(True)
        self.app = self.bed.power_up()
        self.assertEqual(self.failures(), {
            "settings": "setting tick_ms: 5: must be 100 to 60000 ms"})

    def test_clock_behind_the_account(self):
        self.provision()
        self.app.clock.set(self.app.clock.now() - 3 * 86400)
        self.assertTrue("before the last day charged" in self.failures()["clock"])


if __name__ == "__main__":
    unittest.main()
