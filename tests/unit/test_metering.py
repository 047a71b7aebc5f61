# heapsize: 224wK
"""The metering task: what is committed when, and what it does when a part fails."""

import unittest
from errno import EIO

from parts import (
    COUNTS_PER_KWH,
    NOON,
    FakeClock,
    FakeRelay,
    event_names,
    new_state,
    provisioned,
)
from scratch import scratch_folder

from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.core.supply import Supply
from joulegate.metering import Metering
from joulegate.power_fail import PowerFail
from joulegate.supply_switch import SupplySwitch

COMMIT_COUNTS = COUNTS_PER_KWH // 10  # 100 Wh, the default


class FakeIc:

    def __init__(self):
        self.counts = 0
        self.exported = 0
        self.events = 0
        self.error = None

    def read(self, reading):
        if self.error is not None:
            raise self.error
        reading.import_counts = self.counts
        reading.export_counts = self.exported
        reading.voltage_cV = 23000
        reading.current_mA = 0
        return self.events


class Case(unittest.TestCase):

    def setUp(self):
        self.ic = FakeIc()
        self.clock = FakeClock()
        self.relay = FakeRelay()
        self.folder = scratch_folder("metering")
        self.state = provisioned(self.folder)
        self.state.account.credit(10**8)
        self.good = True
        self.build()
        self.run_ticks(10)  # opens the price, closes the relay
        self.log.count = 0
        self.commits = self.state.ledger.commits

    def build(self):
        state = self.state
        self.log = EventLog()
        self.switch = SupplySwitch(self.relay, self.clock, self.log)
        if state.provisioned:
            state.ledger.owners["switch"] = self.switch
        self.metering = Metering(
            self.ic, Meter(state.registers, Supply(0, (5000,)), state.billing), self.switch,
            state, self.clock, self.log,
            PowerFail(lambda: self.good, self.coils_off))

    def coils_off(self):
        self.committed_at_off = self.state.ledger.commits
        return False

    def run_ticks(self, n, counts=0):
        self.ic.counts = counts
        for _ in range(n):
            wait = self.metering.step()
            self.clock.pass_ms(wait if wait >= 1000 else 1000)
        self.ic.counts = 0

    @property
    def committed(self):
        """Commits since the last look."""
        n = self.state.ledger.commits - self.commits
        self.commits += n
        return n


class Commits(Case):

    def test_by_energy(self):
        self.run_ticks(99, COMMIT_COUNTS // 100)
        self.assertEqual(self.committed, 0)
        self.run_ticks(1, COMMIT_COUNTS // 100)
        self.assertEqual(self.committed, 1)
        self.run_ticks(400, COMMIT_COUNTS // 100)
        self.assertEqual(self.committed, 4)

    def test_by_exported_energy(self):
        self.ic.exported = COMMIT_COUNTS // 10
        self.run_ticks(9)
        self.assertEqual(self.committed, 0)
        self.run_ticks(1)
        self.assertEqual(self.committed, 1)

    def test_by_energy_that_was_estimated(self):
        before = self.state.account.balance, list(self.state.registers.wh)
        self.metering.charge(COMMIT_COUNTS // 2)
        self.run_ticks(1, COMMIT_COUNTS // 2)
        self.assertEqual(self.committed, 1)
        estimated = self.state.account.balance
        self.run_ticks(1, COMMIT_COUNTS // 2)
        self.assertEqual(before[0] - estimated, 2 * (estimated - self.state.account.balance))
        self.assertEqual(self.state.registers.wh[0] - before[1][0], 100)
        self.assertEqual(self.state.billing.audit(), "")

    def test_by_time(self):
        self.metering.commit()
        self.commits = self.state.ledger.commits
        self.run_ticks(1, 1)
        self.run_ticks(898)
        self.assertEqual(self.committed, 0)
        self.run_ticks(3)
        self.assertEqual(self.committed, 1)

    def test_not_by_time_when_nothing_was_used(self):
        self.run_ticks(2000)
        self.assertEqual(self.committed, 0)

    def test_no_loss_beyond_the_limit(self):
        self.run_ticks(777, 50)
        again = new_state(self.folder)
        again.load(self.switch, self.clock.now())
        lost = self.state.registers.counts(0) - again.registers.counts(0)
        self.assertTrue(0 <= lost < COMMIT_COUNTS, lost)

    def test_at_the_end_of_a_day(self):
        self.clock.second = NOON + 86400
        self.run_ticks(1)
        self.assertEqual(self.committed, 1)

    def test_a_commit_that_is_cut_off_loses_no_more_than_the_limit(self):
        kept = self.state.registers.counts(0)
        commits = 0
        for _ in range(100):
            self.run_ticks(1, COMMIT_COUNTS * 7 // 100 + 1)
            if self.committed:
                counts = self.state.registers.counts(0)
                self.assertTrue(counts - kept <= COMMIT_COUNTS, counts - kept)
                kept = counts
                commits += 1
        self.assertEqual(commits, 7)

    def test_when_the_price_changes(self):
        self.state.account.credit(10**8)
        self.run_ticks(29, COMMIT_COUNTS // 2)  # 1.45 kWh, and the tier ends at 1.5
        self.metering.commit()
        self.assertTrue(self.committed > 0)
        self.run_ticks(1, COMMIT_COUNTS // 4)
        self.assertEqual(self.committed, 0)
        self.run_ticks(1, COMMIT_COUNTS // 4 + 1)
        self.assertEqual(self.committed, 1)
        self.assertEqual(self.state.billing.tier, 1)
        again = new_state(self.folder)
        again.load(self.switch, self.clock.now())
        self.assertEqual(again.billing.tier, 1)

    def test_when_supply_is_no_longer_allowed(self):
        account = self.state.account
        account.debit_fraction(account.balance * account.d1 * account.d2)
        self.run_ticks(1)
        self.assertTrue(self.committed >= 1)
        self.assertEqual(event_names(self.log)[:2], ["low_credit", "credit_exhausted"])
        self.run_ticks(2)
        self.assertFalse(self.relay.closed)


class Waits(Case):

    def test_a_tick(self):
        self.assertEqual(self.metering.step(), 1000)

    def test_less_while_a_pulse_runs(self):
        self.switch.closed = 0
        self.relay.closed = False
        self.clock.pass_ms(1000)
        self.assertEqual(self.metering.step(), 50)
        self.clock.pass_ms(400)
        self.assertEqual(self.metering.step(), 1000)


class Mains(Case):

    def test_commits_once_and_leaves_the_relay(self):
        self.run_ticks(1, 5)
        self.good = False
        self.switch.closed = 0
        self.relay.closed = False
        pulses = len(self.relay.pulses)
        self.run_ticks(5, 5)
        self.assertEqual(self.committed, 1)
        self.assertEqual(len(self.relay.pulses), pulses)
        self.assertEqual(event_names(self.log), ["mains_lost"])
        self.good = True
        self.run_ticks(3)
        self.assertEqual(event_names(self.log)[:2], ["mains_lost", "mains_back"])
        self.assertEqual(len(self.relay.pulses), pulses + 1)

    def test_coils_first_then_what_was_used_then_the_commit(self):
        self.good = False
        self.run_ticks(1, 5)
        self.assertEqual(self.committed_at_off, self.state.ledger.commits - 1)
        kept = self.state.ledger.hot.load()["account", "balance"]
        self.assertEqual(kept, self.state.account.balance)

    def test_commits_again_at_the_next_failure(self):
        for _ in range(3):
            self.good = False
            self.run_ticks(2)
            self.good = True
            self.run_ticks(2)
        self.assertEqual(self.committed, 3)


class Ic(Case):

    def test_failing(self):
        for error in (RuntimeError("ATM90E26: no chip"), OSError(EIO)):
            self.setUp()
            self.run_ticks(1, 100)
            before = (self.state.registers.counts(0), self.state.account.balance)
            self.ic.error = error
            self.run_ticks(5)
            self.assertEqual(
                (self.state.registers.counts(0), self.state.account.balance), before)
            self.assertEqual(event_names(self.log), ["meter_error"])
            self.ic.error = None
            self.run_ticks(1, 100)
            self.ic.error = error
            self.run_ticks(1)
            self.assertEqual(self.state.registers.counts(0), before[0] + 100)
            self.assertEqual(event_names(self.log), ["meter_error"] * 2)

    def test_failing_leaves_the_relay(self):
        self.run_ticks(1, 100)
        pulses = len(self.relay.pulses)
        self.ic.error = OSError(EIO)
        self.run_ticks(1)
        self.switch.closed = 0
        self.relay.closed = False
        self.run_ticks(5)
        self.assertEqual(len(self.relay.pulses), pulses)
        self.ic.error = None
        self.run_ticks(2)
        self.assertEqual(len(self.relay.pulses), pulses + 1)

    def test_failing_still_charges_the_day(self):
        balance = self.state.account.balance
        self.ic.error = OSError(EIO)
        self.clock.second = NOON + 86400
        self.run_ticks(1)
        self.assertEqual(self.state.account.balance, balance - 1000)
        self.assertEqual(self.committed, 1)

    def test_events(self):
        self.ic.events = 1 | 2 | 4 | 16
        self.run_ticks(1)
        self.assertEqual(
            event_names(self.log), ["bus_retried", "meter_reloaded", "sag", "reversed"])


class Storage(Case):

    def break_storage(self):
        self.path = self.state.ledger.hot.path
        self.state.ledger.hot.path += ".none"

    def mend(self):
        self.state.ledger.hot.path = self.path

    def test_reported_once_and_tried_at_every_tick(self):
        self.break_storage()
        self.run_ticks(1, COMMIT_COUNTS)
        self.run_ticks(20)
        self.assertEqual(event_names(self.log), ["storage_error"])
        self.mend()
        self.run_ticks(1)
        self.assertEqual(self.committed, 1)
        self.run_ticks(5)
        self.assertEqual(self.committed, 0)

    def test_a_day_that_could_not_be_committed_is_later(self):
        self.break_storage()
        self.clock.second = NOON + 86400
        self.run_ticks(1)
        self.mend()
        self.run_ticks(1)
        self.assertEqual(self.committed, 1)

    def test_unbelievable_state_does_not_stop_metering(self):
        self.state.billing.earlier_counts = 0
        self.state.registers.remainder[0] = 0
        self.switch.intent = 3
        self.assertFalse(self.metering.commit())
        self.assertEqual(event_names(self.log), ["storage_error"])


class Unprovisioned(Case):

    def setUp(self):
        Case.setUp(self)
        self.state = new_state(scratch_folder("metering"))
        self.build()
        self.relay.pulses = []

    def test_measures_and_touches_nothing(self):
        self.run_ticks(10, COMMIT_COUNTS)
        self.assertEqual(self.state.registers.wh[0], 1000)
        self.assertEqual((self.relay.pulses, self.log.count), ([], 0))
        self.assertEqual(self.metering.ticks, 10)


if __name__ == "__main__":
    unittest.main()
