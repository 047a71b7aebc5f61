# heapsize: 8M
"""Power cuts at every program and erase of every kind of commit, whole and torn, on littlefs.

After each the meter must find the state before or the state after, and nothing else. A purchase
whose receipt said "executed" is never lost; one repeated afterwards counts once.
"""

import unittest

from flash_rig import ROOT, Stored, formatted, provisioned_flash
from parts import NOON, tariff

from joulegate.vending.gate import EXECUTION_OK

DAY = 86400
UNITS = 54321
TID = 4242


class Sweep(unittest.TestCase):
    """`sweep` cuts an action at each of its operations and has `check` look at what is found."""

    def sweep(self, flash, act, check, now=NOON):
        """Return the number of cuts made."""
        stored = Stored(flash.snapshot(), now)
        old = stored.facts()
        before = stored.flash.operations
        act(stored)
        total = stored.flash.operations - before
        stored.leave()
        after = Stored(stored.flash, now)
        new = after.facts()
        after.leave()
        self.assertTrue(total > 0 and old != new, total)
        found_old = False
        for operation in range(1, total + 1):
            for torn in (False, True):
                result, dead = self.cut(flash, act, operation, torn, now)
                after = Stored(dead, now)
                try:
                    self.sound(after)
                    facts = after.facts()
                    self.assertTrue(facts in (old, new), (operation, torn, facts))
                    found_old = found_old or facts == old
                    check(after, facts == new, result)
                finally:
                    after.leave()
        self.assertTrue(found_old)
        return 2 * total

    def cut(self, flash, act, operation, torn, now):
        """Return what the action returned, None if it raised, and the flash afterwards."""
        stored = Stored(flash.snapshot(), now)
        stored.flash.cut_power_at(operation, torn)
        result = None
        try:
            result = act(stored)
        except OSError:
            pass
        self.assertFalse(stored.flash.powered)
        stored.leave()
        stored.flash.restore_power()
        return result, stored.flash

    def sound(self, stored):
        """Check what must hold at every instant."""
        state = stored.state
        self.assertEqual(state.error, "")
        if not state.provisioned:
            return
        self.assertEqual(stored.gate.suspended, "")
        self.assertEqual(state.billing.audit(), "")
        account = state.account
        self.assertEqual(account.balance, account.credits - account.charges)
        values = state.ledger.load()
        registers = state.registers
        self.assertEqual(values["registers", "import_mark"], registers.import_mark)
        self.assertEqual(values["registers", "export_mark"], registers.export_mark)


class PowerCut(Sweep):

    def test_energy(self):
        flash = provisioned_flash()

        def act(stored):
            stored.use(3000, 70)
            stored.state.ledger.commit()
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            stored.use(11)
            stored.state.ledger.commit()
            self.sound(stored)

        cuts = 0
        for _ in range(8):  # through a compaction of the folder
            cuts += self.sweep(flash, act, check)
            stored = Stored(flash)
            act(stored)
            stored.leave()
        self.assertTrue(cuts > 40, cuts)

    def test_credit(self):
        flash = provisioned_flash()
        cuts = 0
        for n in range(8):
            tid = TID + n

            def act(stored, tid=tid):
                return stored.gate.credit(tid, UNITS, NOON).code

            cuts += self.sweep(flash, act, self.credit_check(tid, 1000000 + (n + 1) * UNITS))
            stored = Stored(flash)
            self.assertEqual(act(stored), EXECUTION_OK)
            stored.leave()
        self.assertTrue(cuts > 60, cuts)

    def credit_check(self, tid, credits):
        def check(stored, new, result):
            self.assertTrue(new or result != EXECUTION_OK)
            state = stored.state
            self.assertEqual(state.replay.used(tid), new)
            again = stored.gate.credit(tid, UNITS, NOON)
            self.assertEqual(again.accepted, not new)
            self.assertEqual(state.account.credits, credits)
            self.sound(stored)
            stored.leave()
            last = Stored(stored.flash)
            self.assertEqual(last.state.account.credits, credits)
            self.assertFalse(last.gate.credit(tid, UNITS, NOON).accepted)
            self.assertEqual(last.state.account.credits, credits)

        return check

    def test_recovery(self):
        # The ledger has fallen back to before two purchases; power fails again meanwhile.
        flash = self.fallen_back((TID, TID + 1))
        stored = Stored(flash.snapshot())
        total = stored.flash.operations
        stored.leave()
        self.assertTrue(total > 0)
        for operation in range(1, total + 1):
            for torn in (False, True):
                dead = flash.snapshot()
                dead.cut_power_at(operation, torn)
                Stored(dead).leave()
                self.assertFalse(dead.powered)
                dead.restore_power()
                again = Stored(dead)
                self.assertEqual(again.state.account.credits, 1000000 + 2 * UNITS)
                self.sound(again)
                again.leave()

    def fallen_back(self, tids):
        flash = provisioned_flash()
        stored = Stored(flash)
        with open(ROOT + "/ledger.bin", "rb") as f:
            old = f.read()
        for tid in tids:
            self.assertEqual(stored.gate.credit(tid, UNITS, NOON).code, EXECUTION_OK)
        with open(ROOT + "/ledger.bin", "r+b") as f:
            f.write(old)
        stored.leave()
        return flash

    def test_ledger_that_fell_back_is_mended_once(self):
        flash = self.fallen_back((TID, TID + 1))
        for reapplied in (2, 0, 0):
            stored = Stored(flash)
            self.assertEqual(stored.state.account.credits, 1000000 + 2 * UNITS)
            self.assertEqual(stored.state.log.count, reapplied)
            self.assertFalse(stored.gate.credit(TID, UNITS, NOON).accepted)
            self.sound(stored)
            stored.leave()

    def test_provisioning(self):
        def act(stored):
            stored.provision()
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            if not new:
                self.assertEqual(stored.state.ledger.exists(), False)
                stored.provision()
            self.assertEqual(stored.state.account.balance, -1000)
            self.assertTrue(stored.gate.credit(TID, UNITS, NOON).accepted)
            stored.leave()
            last = Stored(stored.flash)
            self.assertEqual(last.state.account.balance, UNITS - 1000)
            self.sound(last)

        cuts = self.sweep(formatted(), act, check)
        self.assertTrue(cuts > 20, cuts)

    def test_tariff(self):
        document = tariff("next", price="0.5")

        def act(stored):
            stored.state.load_tariff(document, NOON + DAY)
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            stored.state.load_tariff(document, NOON + DAY)
            stored.leave()
            last = Stored(stored.flash, NOON + 2 * DAY)
            self.assertEqual(last.state.billing.tariff.document.id, "next")
            self.sound(last)

        cuts = self.sweep(provisioned_flash(), act, check)
        self.assertTrue(cuts > 10, cuts)

    def test_change_of_tariff(self):
        flash = provisioned_flash()
        stored = Stored(flash)
        stored.state.load_tariff(tariff("next", price="0.5"), NOON + 3 * DAY)
        stored.leave()
        self.roll(flash, 3 * DAY + 60)

    def test_month(self):
        flash = provisioned_flash()
        self.roll(flash, 31 * DAY)

    def roll(self, flash, seconds):
        """Cut the commit after a tick at which much falls due at once."""
        def act(stored):
            stored.use(500)
            stored.state.billing.advance(NOON + seconds)
            stored.state.ledger.commit()
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            if not new:
                act(stored)
            self.sound(stored)
            self.assertEqual(stored.state.account.charges, self.charges)

        stored = Stored(flash.snapshot())
        act(stored)
        self.charges = stored.state.account.charges
        stored.leave()
        cuts = self.sweep(flash, act, check)
        self.assertTrue(cuts > 0, cuts)

    def test_settings(self):
        def act(stored):
            stored.state.settings.set(commit_Wh=444, warnings=[500, 100])
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            self.assertEqual(stored.state.log.count, 0)
            stored.state.settings.set(commit_Wh=445)
            self.assertEqual(stored.state.settings.load(), [])

        cuts = self.sweep(provisioned_flash(), act, check)
        self.assertTrue(cuts > 0, cuts)

    def test_switch(self):
        def act(stored):
            switch = stored.state.ledger.owners["switch"]
            switch.intent = 2
            stored.use(1)
            stored.state.ledger.commit()
            return True

        def check(stored, new, result):
            self.assertTrue(new or not result)
            self.assertEqual(stored.state.ledger.owners["switch"].intent, 2 if new else 0)

        cuts = self.sweep(provisioned_flash(), act, check)
        self.assertTrue(cuts > 0, cuts)


if __name__ == "__main__":
    unittest.main()
