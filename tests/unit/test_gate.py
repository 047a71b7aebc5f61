# heapsize: 224wK
"""The gate: each refusal, and never a purchase lost or counted twice."""

import unittest
from errno import EIO

from parts import NOON, event_names, new_state, new_switch, provisioned
from scratch import scratch_folder

from joulegate.core.account import BALANCE_LIMIT, Account
from joulegate.core.events import EventLog
from joulegate.core.replay import MARKS, TID_MAX, Replay
from joulegate.storage.journal import Entry
from joulegate.vending.gate import (
    EXECUTION_FAILURE,
    EXECUTION_OK,
    FORMAT_FAILURE,
    RECEIVED,
    VALIDATION_FAILURE,
    Gate,
)


class FakeStorage:
    """Ledger and journal in one, noting the order of what is done."""

    def __init__(self):
        self.sequence = 7
        self.held = False
        self.done = []
        self.entries = []
        self.fails = ""
        self.error = OSError(EIO)

    def _do(self, what):
        self.done.append(what)
        if self.fails == what:
            raise self.error

    def commit(self):
        self.sequence += not self.held
        self._do("commit")

    def rise_to(self, sequence):
        self.sequence = max(self.sequence, sequence)

    def hold(self):
        self.held = True

    def append(self, *values):
        self._do("append")
        self.entries.append(values)

    def load(self):
        self._do("load")
        return self.entries


class Case(unittest.TestCase):

    def setUp(self):
        self.storage = FakeStorage()
        self.account = Account(10000)
        self.replay = Replay()
        self.log = EventLog()
        self.gate = Gate(self.account, self.replay, self.storage, self.storage, self.log)


class FakeLog:
    """A purchase log that keeps what it is told of at a start."""

    def catch_up(self, entries):
        self.told = entries


class CatchesUp(Case):

    def test_only_what_was_taken_and_once(self):
        def entry(sequence, tid):
            return Entry(sequence, NOON, 1, tid, 5, 5, 5)

        # 3 was refused, its entry there all the same; 4 as well, and then taken after all.
        self.storage.entries = [entry(5, 2), entry(6, 3), entry(6, 4), entry(7, 4)]
        self.replay.mark(2)
        self.replay.mark(4)
        log = FakeLog()
        Gate(self.account, self.replay, self.storage, self.storage, self.log, log).recover(NOON)
        self.assertEqual([(e.sequence, e.tid) for e in log.told], [(5, 2), (7, 4)])
        self.assertEqual(self.account.balance, 0)


class Credits(Case):

    def test_order(self):
        receipt = self.gate.credit(5, 300, NOON)
        self.assertEqual(
            (receipt.code, receipt.reason, receipt.tid, receipt.units, receipt.balance),
            (EXECUTION_OK, "", 5, 300, 300))
        self.assertTrue(receipt.accepted)
        self.assertEqual(self.storage.done, ["append", "commit"])
        self.assertEqual(self.storage.entries, [(8, NOON, 1, 5, 300, 300, 300, 0)])
        self.assertEqual(self.storage.sequence, 8)
        self.assertEqual(event_names(self.log), ["credited"])

    def test_limits_are_included(self):
        self.assertTrue(self.gate.credit(1, 1, NOON).accepted)
        self.assertTrue(self.gate.credit(TID_MAX, 9999, NOON).accepted)
        self.assertEqual(self.account.balance, 10000)

    def refused(self, code, tid, units, *parts):
        before = (self.account.balance, self.account.credits, list(self.replay.marks))
        self.storage.done = []
        receipt = self.gate.credit(tid, units, NOON)
        self.assertEqual((receipt.code, receipt.units), (code, 0))
        self.assertFalse(receipt.accepted)
        self.assertEqual(receipt.balance, self.account.balance)
        for part in parts:
            self.assertTrue(part in receipt.reason, receipt.reason)
        self.assertEqual(
            (self.account.balance, self.account.credits, list(self.replay.marks)), before)
        self.assertEqual(self.storage.done, [])

    def test_format(self):
        for tid in (0, -1, TID_MAX + 1, None, "5", 1.5, (1, 2)):
            self.refused(FORMAT_FAILURE, tid, 10, "tid", repr(tid), "1 to %d" % TID_MAX)
        for units in (None, "5", 1.5, (1, 2), ()):
            self.refused(FORMAT_FAILURE, 5, units, "units", repr(units), "integer")

    def test_amount(self):
        for units in (0, -1, BALANCE_LIMIT + 1, 1 << 70):
            self.refused(VALIDATION_FAILURE, 5, units, "credit %d" % units)
        self.refused(VALIDATION_FAILURE, 5, 10001, "maximum 10000")

    def test_replay(self):
        self.gate.credit(5, 10, NOON)
        for units in (10, 11):
            self.refused(VALIDATION_FAILURE, 5, units, "tid 5", "used")

    def test_old(self):
        for tid in range(100, 100 + MARKS):
            self.gate.credit(tid, 1, NOON)
        self.refused(VALIDATION_FAILURE, 99, 1, "tid 99", "older")
        self.assertTrue(self.gate.credit(200, 1, NOON).accepted)
        self.refused(VALIDATION_FAILURE, 100, 1, "older")

    def test_out_of_order_is_taken_while_it_can_be_told(self):
        for tid in (9, 3, 7, 1):
            self.assertTrue(self.gate.credit(tid, 1, NOON).accepted)

    def test_suspended(self):
        self.gate.suspended = "journal: entry 3 is damaged"
        self.refused(EXECUTION_FAILURE, 5, 10, "suspended", "entry 3")

    def test_journal_fails(self):
        self.storage.fails = "append"
        receipt = self.gate.credit(5, 10, NOON)
        self.assertEqual((receipt.code, receipt.units, receipt.balance),
                         (EXECUTION_FAILURE, 0, 0))
        self.assertEqual(self.storage.done, ["append"])
        self.assertFalse(self.replay.used(5))
        self.assertEqual(event_names(self.log), ["storage_error"])
        self.storage.fails = ""
        self.assertTrue(self.gate.credit(5, 10, NOON).accepted)

    def test_ledger_fails(self):
        for error in (OSError(EIO), ValueError("record: out of range")):
            self.setUp()
            self.storage.fails = "commit"
            self.storage.error = error
            receipt = self.gate.credit(5, 10, NOON)
            self.assertEqual((receipt.code, receipt.units, receipt.balance), (RECEIVED, 10, 10))
            self.assertFalse(receipt.accepted)
            self.assertTrue(self.replay.used(5))
            self.assertEqual(event_names(self.log), ["credited", "storage_error"])
            self.refused(VALIDATION_FAILURE, 5, 10, "used")

    def test_a_number_is_used_up_without_money(self):
        receipt = self.gate.use(5, NOON)
        self.assertEqual((receipt.code, receipt.units, receipt.balance), (EXECUTION_OK, 0, 0))
        self.assertEqual(self.storage.entries, [(8, NOON, 1, 5, 0, 0, 0, 0)])
        self.assertEqual(event_names(self.log), [])
        self.refused(VALIDATION_FAILURE, 5, 10, "tid 5", "used")
        self.assertFalse(self.gate.use(5, NOON).accepted)
        self.assertEqual(self.gate.use(0, NOON).code, FORMAT_FAILURE)

    def test_no_memory_for_the_journal_changes_nothing(self):
        self.storage.fails = "append"
        self.storage.error = MemoryError()
        with self.assertRaises(MemoryError):
            self.gate.credit(5, 10, NOON)
        self.assertEqual((self.account.balance, self.replay.used(5)), (0, False))


class Recovers(Case):

    def journal(self, *entries):
        """Entries of (sequence, tid, units)."""
        self.storage.entries = [Entry(s, NOON, 1, tid, units, 0, 0) for s, tid, units in entries]

    def test_nothing(self):
        self.assertEqual(self.gate.recover(NOON), 0)
        self.assertEqual(self.storage.done, ["load"])

    def test_what_the_ledger_has(self):
        self.journal((6, 1, 10), (7, 2, 20))
        self.assertEqual(self.gate.recover(NOON), 0)
        self.assertEqual((self.account.balance, self.storage.sequence), (0, 7))

    def test_ahead(self):
        self.journal((6, 1, 10), (8, 2, 20), (11, 3, 40))
        self.assertEqual(self.gate.recover(NOON), 2)
        self.assertEqual((self.account.balance, self.account.credits), (60, 60))
        self.assertEqual(
            [self.replay.used(tid) for tid in (1, 2, 3)], [False, True, True])
        self.assertEqual(self.storage.sequence, 12)
        self.assertEqual(event_names(self.log), ["purchase_reapplied"] * 2)
        self.assertEqual(self.gate.recover(NOON), 0)
        self.assertEqual(self.account.balance, 60)

    def test_ahead_but_taken(self):
        self.replay.mark(2)
        self.journal((8, 2, 20))
        self.assertEqual(self.gate.recover(NOON), 0)
        self.assertEqual((self.account.balance, self.storage.sequence), (0, 8))

    def test_ledger_fails(self):
        self.journal((8, 2, 20))
        self.storage.fails = "commit"
        self.assertEqual(self.gate.recover(NOON), 1)
        self.assertEqual(self.account.balance, 20)
        self.assertEqual(event_names(self.log), ["purchase_reapplied", "storage_error"])
        self.assertEqual(self.gate.suspended, "")

    def test_unreadable_journal(self):
        for error in (OSError(EIO), ValueError("journal: entry 3 is damaged")):
            self.setUp()
            self.storage.fails = "load"
            self.storage.error = error
            self.assertEqual(self.gate.recover(NOON), 0)
            self.assertEqual(self.gate.suspended, str(error))
            self.assertEqual(self.gate.credit(5, 10, NOON).code, EXECUTION_FAILURE)
            self.assertEqual(event_names(self.log), ["storage_error"])
            self.assertTrue(self.storage.held)

    def test_purchase_that_does_not_fit_waits(self):
        self.journal((8, 2, 20), (9, 3, 10000), (10, 4, 1))
        self.assertEqual(self.gate.recover(NOON), 1)
        self.assertTrue("maximum" in self.gate.suspended, self.gate.suspended)
        self.assertEqual((self.account.balance, self.replay.used(3)), (20, False))
        # Commits go on, and do not pass its number.
        for _ in range(5):
            self.storage.commit()
        self.assertEqual(self.storage.sequence, 8)


class Stored(unittest.TestCase):
    """The same on files: what the next start finds."""

    def setUp(self):
        self.folder = scratch_folder("gate")
        self.state = provisioned(self.folder, maximum_balance=10000)
        self.gate = self.gate_of(self.state)

    def gate_of(self, state):
        return Gate(state.account, state.replay, state.ledger, state.journal, state.log)

    def restart(self):
        self.state = new_state(self.folder)
        self.state.load(new_switch(), NOON)
        self.gate = self.gate_of(self.state)
        applied = self.gate.recover(NOON)
        self.assertEqual(self.state.billing.audit(), "")
        return applied

    def file(self, name="/ledger.bin"):
        with open(self.folder + name, "rb") as f:
            return f.read()

    def put(self, content, name="/ledger.bin"):
        with open(self.folder + name, "wb") as f:
            f.write(content)

    def test_ledger_fell_back(self):
        old = self.file()
        for tid in (1, 2, 3):
            self.assertTrue(self.gate.credit(tid, 100, NOON).accepted)
        self.put(old)
        self.assertEqual(self.restart(), 3)
        self.assertEqual(self.state.account.balance, 300 - 1000)
        self.assertEqual(self.gate.credit(2, 100, NOON).code, VALIDATION_FAILURE)
        self.assertEqual(self.restart(), 0)
        self.assertEqual(self.state.account.balance, 300 - 1000)

    def test_purchase_that_does_not_fit_comes_when_it_does(self):
        # A fallback to before the consumption that made room for the second purchase.
        self.gate.credit(1, 11000, NOON)
        self.assertEqual(self.state.account.balance, 10000)
        old = self.file()
        self.state.account.debit_fraction(5000 * self.state.account.d1 * self.state.account.d2)
        self.assertTrue(self.gate.credit(2, 5000, NOON).accepted)
        self.put(old)
        for _ in range(3):
            self.assertEqual(self.restart(), 0)
            self.assertTrue(self.gate.suspended)
            self.state.ledger.commit()
        # Charged like energy: a day's standing charge makes up the room.
        for day in range(1, 6):
            self.state.billing.advance(NOON + day * 86400)
        self.state.ledger.commit()
        self.assertEqual(self.restart(), 1)
        self.assertEqual(self.gate.suspended, "")
        self.assertEqual(self.state.account.balance, 10000 - 5000 + 5000)
        self.assertEqual(self.restart(), 0)

    def test_damaged_journal_loses_nothing_once_it_is_mended(self):
        old = self.file()
        self.assertTrue(self.gate.credit(1, 100, NOON).accepted)
        self.put(old)
        good = self.file("/journal/purchases.bin")
        self.put(good[:-1], "/journal/purchases.bin")
        self.assertEqual(self.restart(), 0)
        self.assertEqual(self.state.account.balance, -1000)
        self.assertEqual(self.gate.credit(2, 100, NOON).code, EXECUTION_FAILURE)
        for _ in range(3):
            self.state.ledger.commit()
        self.put(good, "/journal/purchases.bin")
        self.assertEqual(self.restart(), 1)
        self.assertEqual(self.state.account.balance, -900)

    def test_received_is_in_the_account_after_the_next_start(self):
        path = self.state.ledger.hot.path
        self.state.ledger.hot.path += ".none"
        self.assertEqual(self.gate.credit(1, 100, NOON).code, RECEIVED)
        self.state.ledger.hot.path = path
        self.assertEqual(self.restart(), 1)
        self.assertEqual(self.state.account.balance, -900)

    def test_received_is_in_the_next_commit(self):
        path = self.state.ledger.hot.path
        self.state.ledger.hot.path += ".none"
        self.assertEqual(self.gate.credit(1, 100, NOON).code, RECEIVED)
        self.state.ledger.hot.path = path
        self.state.ledger.commit()
        self.assertEqual(self.restart(), 0)
        self.assertEqual(self.state.account.balance, -900)


if __name__ == "__main__":
    unittest.main()
