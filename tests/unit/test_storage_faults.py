# heapsize: 256wK
"""An exception at every step of every write: opening, seeking, writing, closing, renaming.

Whatever fails, the files hold the state before or the state after, the meter goes on or starts
again, and a purchase that is repeated counts once.
"""

import gc
import os
import unittest
from errno import EIO

from parts import METER_ID, NOON, UNIT_PLACES, new_state, new_switch, provisioned, tariff
from scratch import scratch_folder

from joulegate.storage import journal, ledger, record, settings, state, tariff_store
from joulegate.vending.gate import EXECUTION_OK, Gate

MODULES = (journal, ledger, record, settings, state, tariff_store)
UNITS = 54321
TID = 4242


class Steps:
    """Counts steps and raises at one of them."""

    def __init__(self, at, error):
        self.left = at
        self.error = error

    def take(self):
        self.left -= 1
        if self.left == 0:
            raise self.error


class FaultyFile:

    def __init__(self, steps, path, mode):
        steps.take()
        self.steps = steps
        self.file = open(path, mode)

    def __enter__(self):
        return self

    def __exit__(self, *about):
        self.file.close()
        if about[0] is None:
            self.steps.take()

    def seek(self, at):
        self.steps.take()
        return self.file.seek(at)

    def write(self, content):
        self.steps.take()
        return self.file.write(content)

    def readinto(self, buffer):
        return self.file.readinto(buffer)

    def read(self, *size):
        return self.file.read(*size)


class FaultyOs:

    def __init__(self, steps):
        self.steps = steps
        self.stat = os.stat
        self.listdir = os.listdir

    def mkdir(self, path):
        self.steps.take()
        os.mkdir(path)

    def remove(self, path):
        self.steps.take()
        os.remove(path)

    def rename(self, old, new):
        self.steps.take()
        os.rename(old, new)


class Case(unittest.TestCase):

    def tearDown(self):
        self.work()

    def break_at(self, steps):
        for module in MODULES:
            module.open = lambda path, mode="r": FaultyFile(steps, path, mode)
            if hasattr(module, "os"):
                module.os = FaultyOs(steps)

    def work(self):
        for module in MODULES:
            module.open = open
            if hasattr(module, "os"):
                module.os = os

    def each_step(self, act, least):
        """Yield (state, result or None) after a failure at each step of an action."""
        for error in (OSError(EIO), MemoryError()):
            at = 0
            while True:
                at += 1
                gc.collect()
                self.folder = scratch_folder("faults")
                found = self.begin()
                steps = Steps(at, error)
                self.break_at(steps)
                result = None
                try:
                    result = act(found)
                except (OSError, MemoryError):
                    pass
                self.work()
                if steps.left > 0:
                    break
                yield found, result
            self.assertTrue(at > least, at)

    def begin(self):
        found = provisioned(self.folder, maximum_balance=10**9)
        found.account.credit(10**6)
        found.ledger.commit()
        return found

    def restart(self):
        found = new_state(self.folder)
        found.load(new_switch(), NOON)
        self.assertEqual(found.error, "")
        if found.provisioned:
            self.gate_of(found).recover(NOON)
            self.assertEqual(found.billing.audit(), "")
        return found

    def gate_of(self, found):
        return Gate(found.account, found.replay, found.ledger, found.journal, found.log)

    def money(self, found):
        return found.account.balance, found.account.charges, found.account.remainder


class Faults(Case):

    def spend(self, found):
        found.registers._add(0, 3000)
        found.billing.consume(3000)
        found.ledger.commit()
        return True

    def test_energy(self):
        old = new = None
        for found, _ in self.each_step(self.spend, 6):
            new = self.money(found)
            if old is None:
                folder = self.folder
                self.folder = scratch_folder("faults-old")
                old = self.money(self.begin())
                self.folder = folder
            again = self.restart()
            self.assertTrue(self.money(again) in (old, new))
            self.assertEqual(
                again.registers.counts(0), 3000 if self.money(again) == new else 0)
            # The meter that lives on has lost nothing either.
            found.ledger.commit()
            again = self.restart()
            self.assertEqual(self.money(again), new)
            self.assertEqual(again.registers.counts(0), 3000)

    def buy(self, found):
        return self.gate_of(found).credit(TID, UNITS, NOON).code

    def test_credit_then_restart(self):
        for _, result in self.each_step(self.buy, 9):
            again = self.restart()
            if result == EXECUTION_OK:
                self.assertTrue(again.replay.used(TID))
            self.counts_once(again)

    def test_credit_repeated_at_once(self):
        for found, _ in self.each_step(self.buy, 9):
            self.counts_once(found)
            found.ledger.commit()
            self.counts_once(self.restart())

    def test_credit_then_a_commit_then_restart(self):
        for found, _ in self.each_step(self.buy, 9):
            found.ledger.commit()
            self.counts_once(self.restart())

    def test_credit_then_another(self):
        for found, _ in self.each_step(self.buy, 9):
            self.assertTrue(self.gate_of(found).credit(TID + 1, 7, NOON).accepted)
            self.counts_once(found, 7)
            self.counts_once(self.restart(), 7)

    def counts_once(self, found, other=0):
        used = found.replay.used(TID)
        self.assertEqual(self.gate_of(found).credit(TID, UNITS, NOON).accepted, not used)
        for one in (found, self.restart()):
            self.assertTrue(one.replay.used(TID))
            self.assertEqual(one.account.credits, 10**6 + UNITS + other)
            self.assertEqual(one.billing.audit(), "")

    def test_settings(self):
        def act(found):
            found.settings.set(commit_Wh=133)
            return True

        for found, result in self.each_step(act, 3):
            self.assertEqual(found.settings.values["commit_Wh"], 133 if result else 100)
            again = self.restart()
            self.assertEqual(again.log.count, 0)
            self.assertEqual(again.settings.values["commit_Wh"], 133 if result else 100)

    def test_tariff(self):
        document = tariff("next")

        def act(found):
            found.load_tariff(document, NOON + 86400)
            return True

        for found, result in self.each_step(act, 8):
            again = self.restart()
            if result:
                self.assertEqual(again.billing.next_start, NOON + 86400)
            found.load_tariff(document, NOON + 86400)
            self.assertEqual(self.restart().billing.next_tariff.document.id, "next")


class Provisioning(Case):

    def begin(self):
        return new_state(self.folder)

    def test_every_step(self):
        def act(found):
            found.provision(
                METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON, maximum_balance=10**9)
            return True

        for found, result in self.each_step(act, 18):
            self.assertEqual(found.provisioned, bool(result))
            again = self.restart()
            if not again.provisioned:
                self.assertFalse(result)
                act(again)
            last = self.restart()
            self.assertEqual(last.account.balance, -1000)
            self.assertEqual(last.settings.values["maximum_balance"], 10**9)


if __name__ == "__main__":
    unittest.main()
