# heapsize: 8M
"""A meter whose ledger stands in FRAM: power cuts at every byte of it and at every operation of
the flash beside it. After each the meter finds the state before or the state after.
"""

import os
import unittest

import vfs
from flash_rig import ROOT, Stored, formatted, provisioned_flash
from fram_rig import driver, new_chip
from parts import COUNTS_PER_KWH, NOON, error_text, new_switch

from joulegate.core.events import EventLog
from joulegate.storage.record import RecordError
from joulegate.storage.state import State
from joulegate.vending.gate import EXECUTION_OK
from world.flash import PAGE

UNITS = 54321
TID = 4242


class StoredInFram(Stored):
    """State, journal and gate as a start of the meter finds them on flash and FRAM."""

    def __init__(self, flash, chip, now=NOON):
        self.flash = flash
        self.chip = chip
        vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)
        try:
            self.state = State(ROOT, COUNTS_PER_KWH, EventLog(), driver(chip) if chip else None)
            self.state.load(new_switch(), now)
            self.open_gate(now)
        except Exception:
            vfs.umount(ROOT)
            raise


def provisioned():
    """Return flash and FRAM of a meter that has credit and has used energy."""
    flash, chip = formatted(), new_chip(0xFF)
    stored = StoredInFram(flash, chip)
    stored.provision()
    stored.use(100, 10)
    stored.gate.credit(1, 1000000, NOON)
    stored.leave()
    return flash, chip


class Cuts(unittest.TestCase):

    def sweep(self, flash, chip, act, check):
        """Cut an action at every byte and every operation; return the number of cuts."""
        stored = StoredInFram(flash.snapshot(), chip.snapshot())
        old = stored.facts()
        operations = stored.flash.operations
        written = stored.chip.bytes_written
        act(stored)
        written = stored.chip.bytes_written - written
        operations = stored.flash.operations - operations
        stored.leave()
        after = StoredInFram(stored.flash, stored.chip)
        new = after.facts()
        after.leave()
        self.assertTrue(written > 0 and old != new, written)
        seen = set()
        cuts = [(0, n, False) for n in range(1, written + 1)]
        for n in range(1, operations + 1):
            cuts += [(n, 0, False), (n, 0, True)]
        for operation, byte, torn in cuts:
            result, stored = self.cut(flash, chip, act, operation, byte, torn)
            after = StoredInFram(stored.flash, stored.chip)
            try:
                facts = after.facts()
                self.assertTrue(facts in (old, new), (operation, byte, torn))
                seen.add(facts == new)
                self.assertTrue(facts == new or result is None, (operation, byte, torn))
                self.sound(after)
                check(after, facts == new)
            finally:
                after.leave()
        self.assertTrue(False in seen)
        return len(cuts)

    def cut(self, flash, chip, act, operation, byte, torn):
        stored = StoredInFram(flash.snapshot(), chip.snapshot())
        if byte:
            stored.chip.cut_power_at(byte)
        else:
            stored.flash.cut_power_at(operation, torn)
        result = None
        try:
            result = act(stored)
        except OSError:
            pass
        stored.flash.cut_power()
        stored.leave()
        stored.flash.restore_power()
        stored.chip.restore_power()
        return result, stored

    def sound(self, stored):
        state = stored.state
        self.assertEqual(state.error, "")
        if state.provisioned:
            self.assertEqual(stored.gate.suspended, "")
            self.assertEqual(state.billing.audit(), "")
            account = state.account
            self.assertEqual(account.balance, account.credits - account.charges)
            values = state.ledger.load()
            for mark in ("import_mark", "export_mark"):
                self.assertEqual(values["registers", mark], getattr(state.registers, mark))

    def test_energy(self):
        def act(stored):
            stored.use(3000, 70)
            stored.state.ledger.commit()
            return True

        def check(stored, new):
            stored.use(11)
            stored.state.ledger.commit()
            self.sound(stored)

        self.assertTrue(self.sweep(*provisioned(), act, check) > 480)

    def test_credit(self):
        def act(stored):
            if stored.gate.credit(TID, UNITS, NOON).code != EXECUTION_OK:
                return None
            return True

        def check(stored, new):
            self.assertEqual(stored.gate.credit(TID, UNITS, NOON).accepted, not new)
            self.assertEqual(stored.state.account.credits, 1000000 + UNITS)
            self.sound(stored)

        self.assertTrue(self.sweep(*provisioned(), act, check) > 480)

    def test_provisioning(self):
        def act(stored):
            stored.provision()
            return True

        def check(stored, new):
            if not new:
                self.assertFalse(stored.state.ledger.exists())
                stored.provision()
            self.assertEqual(stored.state.account.balance, -1000)
            self.sound(stored)

        self.sweep(formatted(), new_chip(0xFF), act, check)

    def test_moving_in_from_flash(self):
        flash, chip = provisioned_flash(), new_chip()
        stored = Stored(flash.snapshot())
        facts = stored.facts()
        stored.leave()
        stored = StoredInFram(flash.snapshot(), chip.snapshot())
        written, operations = stored.chip.bytes_written, stored.flash.operations
        self.assertEqual(stored.facts(), facts)
        self.assertFalse("ledger.bin" in os.listdir(ROOT))
        stored.leave()
        self.assertTrue(written > 480 and operations > 0)
        for byte, operation in [(n, 0) for n in range(1, written + 1)] + [
                (0, n) for n in range(1, operations + 1)]:
            dead, cut_chip = flash.snapshot(), chip.snapshot()
            if byte:
                cut_chip.cut_power_at(byte)
            else:
                dead.cut_power_at(operation)
            StoredInFram(dead, cut_chip).leave()
            dead.restore_power()
            cut_chip.restore_power()
            stored = StoredInFram(dead, cut_chip)
            self.assertEqual(stored.facts(), facts, (byte, operation))
            self.assertFalse("ledger.bin" in os.listdir(ROOT))
            self.sound(stored)
            stored.leave()


class Homes(unittest.TestCase):

    def test_files_do_not_hold_the_ledger(self):
        stored = StoredInFram(*provisioned())
        self.assertFalse("ledger.bin" in os.listdir(ROOT))
        self.assertFalse("registers.bin" in os.listdir(ROOT))
        stored.leave()

    def test_two_different_ledgers_are_refused_and_kept(self):
        flash = provisioned_flash()
        other, chip = provisioned()
        stored = StoredInFram(other, chip)
        stored.state.ledger.commit()
        stored.leave()
        stored = StoredInFram(flash, chip)
        self.assertTrue("stands in FRAM and in" in stored.state.error, stored.state.error)
        self.assertTrue("ledger.bin" in os.listdir(ROOT))
        error_text(RecordError, stored.state.ledger.load)
        stored.leave()

    def test_fram_that_does_not_answer_leaves_the_meter_without_account(self):
        flash, chip = provisioned()
        chip.powered = False
        stored = StoredInFram(flash, chip)
        self.assertFalse(stored.state.provisioned)
        self.assertTrue(stored.state.error)
        error_text(RuntimeError, stored.provision)
        stored.leave()

    def test_meter_without_its_fram_is_not_taken_for_a_new_one(self):
        flash, chip = provisioned()
        for other in (None, new_chip()):
            stored = StoredInFram(flash.snapshot(), other)
            self.assertFalse(stored.state.provisioned)
            self.assertTrue(stored.state.error)
            self.assertTrue(stored.state.ledger.exists())
            error_text(RuntimeError, stored.provision)
            stored.leave()
        stored = StoredInFram(flash, chip)
        self.assertTrue(stored.state.provisioned)
        stored.leave()

    def test_commit_wears_no_flash(self):
        stored = StoredInFram(*provisioned())
        before = stored.flash.operations
        for _ in range(20):
            stored.use(100)
            stored.state.ledger.commit()
        self.assertEqual(stored.flash.operations, before)
        stored.leave()


if __name__ == "__main__":
    unittest.main()
