"""What is taken off an account: debits, cleared credit, a balance settled when it is closed."""

import unittest
from errno import EIO

from parts import NOON, error_text, event_names, new_state, new_switch, provisioned
from scratch import scratch_folder

from joulegate.core.account import BALANCE_LIMIT, Account, AccountError
from joulegate.core.purchase_result import BALANCE, OLD, STORAGE, USED
from joulegate.storage.journal import JournalError
from joulegate.vending.carriers import KEYPAD, NETWORK
from joulegate.vending.gate import EXECUTION_OK, VALIDATION_FAILURE, Gate


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("debit")
        self.state = provisioned(self.folder, maximum_balance=10**6)
        self.gate = self.gate_of(self.state)
        self.gate.credit(1, 5000, NOON, NETWORK)  # 1000 have gone as a standing charge
        self.log = self.state.log

    def gate_of(self, state):
        return Gate(state.account, state.replay, state.ledger, state.journal, state.log)

    def restart(self):
        self.state = new_state(self.folder)
        self.state.load(new_switch(), NOON)
        self.gate = self.gate_of(self.state)
        applied = self.gate.recover(NOON)
        self.assertEqual(self.state.billing.audit(), "")
        return applied

    def refused(self, receipt, why):
        self.assertEqual((receipt.code, receipt.why, receipt.units), (VALIDATION_FAILURE, why, 0))


class Debits(Case):

    def test_takes_credit_back(self):
        receipt = self.gate.debit(2, 1500, NOON, NETWORK)
        self.assertEqual((receipt.code, receipt.why, receipt.units, receipt.balance),
                         (EXECUTION_OK, 0, -1500, 2500))
        self.assertEqual((self.state.account.credits, self.state.account.charges), (3500, 1000))
        self.restart()
        self.assertEqual(self.state.account.balance, 2500)
        self.refused(self.gate.debit(2, 1500, NOON), USED)
        self.refused(self.gate.credit(2, 1500, NOON), USED)

    def test_below_zero_and_more_than_was_ever_credited(self):
        self.assertTrue(self.gate.debit(2, 9000, NOON).accepted)
        self.assertEqual(
            (self.state.account.balance, self.state.account.credits), (-5000, -4000))
        self.restart()
        self.assertEqual(
            (self.state.account.balance, self.state.account.credits), (-5000, -4000))

    def test_bounds(self):
        self.refused(self.gate.debit(2, 0, NOON), BALANCE)
        self.refused(self.gate.debit(2, -1, NOON), BALANCE)
        self.refused(self.gate.debit(2, BALANCE_LIMIT + 4001, NOON), BALANCE)
        self.assertTrue(self.gate.debit(2, BALANCE_LIMIT + 4000, NOON).accepted)
        self.assertEqual(self.state.account.balance, -BALANCE_LIMIT)

    def test_old(self):
        for tid in range(100, 150):
            self.gate.credit(tid, 1, NOON)
        self.refused(self.gate.debit(50, 1, NOON), OLD)
        self.refused(self.gate.clear(50, NOON), OLD)
        self.assertFalse(self.gate.open_for(50))
        self.assertTrue(self.gate.open_for(151))

    def test_ledger_fell_back(self):
        with open(self.folder + "/ledger.bin", "rb") as f:
            old = f.read()
        self.gate.credit(2, 300, NOON)
        self.gate.debit(3, 700, NOON)
        self.gate.clear(4, NOON)
        with open(self.folder + "/ledger.bin", "wb") as f:
            f.write(old)
        self.assertEqual(self.restart(), 3)
        self.assertEqual(self.state.account.balance, 0)
        self.assertEqual(self.restart(), 0)

    def test_journal_that_fails(self):
        def fail(*values):
            raise OSError(EIO)

        self.state.journal.append = fail
        receipt = self.gate.debit(2, 1500, NOON)
        self.assertEqual((receipt.why, receipt.balance), (STORAGE, 4000))
        self.assertEqual(event_names(self.log)[-1], "storage_error")


class Clears(Case):

    def test_credit(self):
        receipt = self.gate.clear(2, NOON)
        self.assertEqual((receipt.code, receipt.units, receipt.balance), (EXECUTION_OK, -4000, 0))
        self.refused(self.gate.clear(2, NOON), USED)
        self.assertEqual(self.gate.clear(3, NOON).units, 0)

    def test_debt_stays_unless_asked(self):
        self.gate.debit(2, 4500, NOON)
        self.assertEqual(self.gate.clear(3, NOON).balance, -500)
        receipt = self.gate.clear(4, NOON, NETWORK, True)
        self.assertEqual((receipt.units, receipt.balance), (500, 0))
        self.restart()
        self.assertEqual(self.state.account.balance, 0)


class Repeats(Case):

    def test_the_same_over_the_same_carrier(self):
        self.gate.credit(2, 77, NOON, NETWORK)
        receipt = self.gate.repeated(1, 5000, NETWORK)
        self.assertEqual((receipt.code, receipt.units, receipt.balance),
                         (EXECUTION_OK, 5000, 4000))
        self.assertEqual(self.gate.repeated(1, None, NETWORK).units, 5000)
        for arguments in ((1, 5001, NETWORK), (1, 5000, KEYPAD), (3, 5000, NETWORK)):
            self.assertEqual(self.gate.repeated(*arguments), None)

    def test_a_journal_that_cannot_be_read_knows_nothing(self):
        def fail(tid):
            raise JournalError("journal: entry 0 is damaged")

        self.state.journal.find = fail
        self.assertEqual(self.gate.repeated(1, 5000, NETWORK), None)

    def test_the_newest_entry_counts(self):
        for sequence, units in ((101, 1), (102, 2)):
            self.state.journal.append(sequence, NOON, NETWORK, 9, units, 0, 0)
        self.assertEqual(self.state.journal.find(9).units, 2)


class Limits(unittest.TestCase):

    def test_enter(self):
        account = Account(1000)
        account.enter(BALANCE_LIMIT)
        self.assertTrue("would pass" in error_text(AccountError, account.enter, 1))
        account.enter(-BALANCE_LIMIT)
        account.enter(-BALANCE_LIMIT)
        self.assertTrue("would pass" in error_text(AccountError, account.enter, -1))
        self.assertEqual((account.balance, account.credits), (-BALANCE_LIMIT, -BALANCE_LIMIT))


if __name__ == "__main__":
    unittest.main()
