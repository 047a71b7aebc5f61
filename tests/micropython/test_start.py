# heapsize: 16M
"""How the meter starts: causes, failures told, safe mode that meters and deducts."""

import asyncio
import os
import time
import unittest

import machine
import vfs
from flat_tariff import TARIFF

import board
import pins
from joulegate import app as application
from joulegate.core.reset_cause import NAMES, POWER_ON, WATCHDOG
from joulegate.health.restarts import LEAK_S, LEVEL_MAX
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring
from world.fram import FramModel

LOAD = "data/load/household-1min.csv"


def fail():
    raise ValueError("tick: must not be")


class Case(unittest.TestCase):

    def setUp(self, fram=None):
        wiring.reset_cause = wiring.PWRON_RESET
        self.bed = Bed(LOAD, fram=fram)
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.credit(1, 1000000)

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)

    def restart(self, cause):
        self.bed.reset(cause)
        self.app = self.bed.power_up()
        return self.app

    def told(self):
        return {name: value for _, _, name, value in self.app.log.since(0)}

    def run_s(self, seconds):
        for _ in range(seconds):
            bench_clock.advance_us(1000000)
            self.app.metering.step()


class Starts(Case):

    def test_cause_is_logged(self):
        self.assertEqual(self.told()["started"], POWER_ON)
        self.restart(wiring.WDT_RESET)
        self.assertEqual(self.told()["started"], WATCHDOG)
        self.assertEqual(NAMES[WATCHDOG], "watchdog")

    def test_a_failing_part_is_logged(self):
        self.assertFalse("self_test_failed" in self.told())
        self.bed.ic.power_off()
        self.restart(wiring.WDT_RESET)
        self.assertEqual(self.told()["self_test_failed"], 1)

    def test_a_failure_ends_the_run_and_is_told_at_the_next_start(self):
        class Failing:
            def __getattr__(self, name):
                return fail if name == "mains_good" else getattr(board, name)

        with self.assertRaises(ValueError):
            application.run(Failing(), "development")
        asyncio.new_event_loop()
        self.restart(wiring.WDT_RESET)
        self.assertTrue("software_failed" in self.told())
        self.assertTrue(self.app.failure.text.endswith("ValueError: tick: must not be"))
        self.assertTrue("in fail" in self.app.failure.text)
        self.restart(wiring.WDT_RESET)
        self.assertFalse("software_failed" in self.told())

    def test_a_production_meter_starts_again_by_itself(self):
        class Refusing:
            def __getattr__(self, name):
                if name == "metering_ic":
                    raise OSError(5)
                return getattr(board, name)

        with self.assertRaises(wiring.Reset):
            application.run(Refusing(), "production")
        with self.assertRaises(OSError):
            application.run(Refusing(), "development")
        self.restart(wiring.WDT_RESET)
        self.assertTrue(self.app.failure.text.endswith("OSError: [Errno 5] EIO"))

    def test_a_wanted_reset_is_no_failure(self):
        for _ in range(2 * LEVEL_MAX):
            self.app.task.reset_wanted = True
            with self.assertRaises(wiring.Reset):
                asyncio.run(self.app.run())
            asyncio.new_event_loop()
            self.restart(wiring.HARD_RESET)
        self.assertFalse(self.app.restarts.safe_mode)


class PowerFails(Case):

    def fail_mid_tick(self):
        """Run for half a tick more, then let mains fail; return the ms until the commit."""
        taken = []

        async def outage():
            running = asyncio.create_task(self.app.run())
            await asyncio.sleep_ms(2500)
            commits = self.app.state.ledger.commits
            began = time.ticks_ms()
            self.bed.mains(False)
            while self.app.state.ledger.commits == commits:
                await asyncio.sleep_ms(1)
            taken.append(time.ticks_diff(time.ticks_ms(), began))
            running.cancel()

        asyncio.run(outage())
        asyncio.new_event_loop()
        return taken[0]

    def test_commit_does_not_wait_for_the_next_tick(self):
        self.assertTrue(self.fail_mid_tick() <= 5)
        self.assertEqual(self.told()["mains_lost"], 0)

    def test_a_pulse_is_cut_and_the_meter_resets_when_mains_is_back(self):
        self.run_s(5)
        relay = self.app.relay
        relay.pulse(False)
        self.bed.mains(False)
        self.app.task.step()
        self.assertEqual(machine.Pin(pins.RELAY_OPEN).value(), 0)
        self.assertTrue(self.app.power_fail.reset_needed)
        self.bed.mains(True)
        with self.assertRaises(wiring.Reset):
            asyncio.run(self.app.run())
        asyncio.new_event_loop()


class WithFram(Case):

    def setUp(self):
        super().setUp(fram=FramModel(8192, 0))

    def test_ledger_stands_in_fram(self):
        self.run_s(60)
        balance = self.app.state.account.balance
        self.assertFalse("ledger.bin" in os.listdir(board.FOLDER))
        self.app.metering.commit()
        self.restart(wiring.WDT_RESET)
        self.assertTrue(self.app.state.ledger.fram is not None)
        self.assertEqual(self.app.state.account.balance, balance)

    def test_a_fram_that_fails_is_reported_and_no_meter_made_anew(self):
        self.bed.fram.powered = False
        self.restart(wiring.WDT_RESET)
        self.assertFalse(self.app.state.provisioned)
        self.assertTrue(self.app.state.error)
        self.assertTrue(self.app.state.ledger.exists())

    def test_a_fram_that_cannot_be_written_is_reported(self):
        self.bed.fram.write_protected = True
        self.restart(wiring.WDT_RESET)
        self.assertTrue("storage_error" in self.told())
        self.assertTrue(self.app.state.error)


class Safe(Case):

    def setUp(self):
        super().setUp()
        for _ in range(LEVEL_MAX + 1):
            self.restart(wiring.WDT_RESET)

    def test_it_meters_deducts_and_takes_credit(self):
        self.assertEqual(self.told()["safe_mode"], LEVEL_MAX + 1)
        before = self.app.state.account.balance
        self.run_s(600)
        self.assertTrue(self.app.state.registers.wh[0] > 20)
        self.assertTrue(self.app.state.account.balance < before)
        self.assertTrue(self.app.credit(2, 500000).accepted)
        self.assertEqual(self.app.state.billing.audit(), "")
        self.assertEqual(self.app.switch.closed, 1)

    def test_records_are_left_alone(self):
        self.assertEqual(self.app.records, None)

    def test_an_hour_of_running_ends_it(self):
        self.app.restarts.pass_time(2 * LEAK_S)
        self.restart(wiring.PWRON_RESET)
        self.assertFalse(self.app.restarts.safe_mode)
        self.assertTrue(self.app.records is not None)


if __name__ == "__main__":
    unittest.main()
