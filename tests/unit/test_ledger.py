# heapsize: 256wK
"""The ledger: all owners in one record, and registers that catch up with it."""

import os
import unittest

from parts import COUNTS_PER_KWH, NOON, error_text, new_state, new_switch, provisioned
from scratch import scratch_folder

from joulegate.core.billing import NEVER
from joulegate.core.replay import BASE_LAST
from joulegate.storage.ledger import FIELDS, MEANINGS, REGISTER_FIELDS, REGISTER_MEANINGS, Ledger
from joulegate.storage.record import SIZE_MAX, RecordError


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("ledger")
        self.state = provisioned(self.folder)
        self.ledger = self.state.ledger

    def reloaded(self):
        state = new_state(self.folder)
        self.switch = new_switch()
        state.load(self.switch, NOON)
        self.assertEqual(state.error, "")
        return state

    def keep(self, name):
        with open(self.folder + "/" + name, "rb") as f:
            return f.read()

    def put(self, name, content):
        with open(self.folder + "/" + name, "wb") as f:
            f.write(content)


class Layout(Case):

    def test_fits_inline_storage(self):
        self.assertTrue(len(self.ledger.hot.buffer) <= SIZE_MAX)
        self.assertEqual(os.stat(self.folder + "/ledger.bin")[6], len(self.ledger.hot.buffer))
        self.assertEqual(
            os.stat(self.folder + "/registers.bin")[6], len(self.ledger.registers.buffer))

    def test_every_field_has_an_owner_and_a_meaning(self):
        for owner, attribute, _, count, low, high in FIELDS + REGISTER_FIELDS:
            value = getattr(self.ledger.owners[owner], attribute)
            self.assertEqual(low is None, high is None)
            if count > 1:
                self.assertEqual(len(value), count)
            if attribute in ("next_start", "seen", "until"):
                self.assertEqual((low, high), (-NEVER, NEVER))
            if attribute == "base":
                self.assertEqual(high, BASE_LAST)
        for fields, text in ((FIELDS, MEANINGS), (REGISTER_FIELDS, REGISTER_MEANINGS)):
            lines = [line.partition(": ") for line in text.strip().split("\n")]
            self.assertEqual([line[0] for line in lines], [
                owner + "." + attribute for owner, attribute, _, _, _, _ in fields])
            self.assertTrue(all([line[2] for line in lines]))

    def test_every_field_survives(self):
        s = self.state
        billing = s.billing
        switch = self.ledger.owners["switch"]
        s.account.credit(123456789)
        s.account.credits_high = 7
        s.account.charges_high = -3
        s.account.rem1 = 31999
        s.account.rem2 = s.account.d2 - 1
        s.replay.mark(0xFFFFFF)
        s.replay.mark(5)
        switch.intent = 2
        switch.closed = 1
        billing.cells[0] = 2**32 - 1
        billing.exports[5] = 17
        billing.positions[1] = 19
        billing.first_bands[2] = 11
        billing.earlier_counts = 1 << 40
        billing.earlier_cost = -(1 << 50)
        billing.settled_units = -(1 << 55)
        billing.settled_remainder = 1 << 33
        s.registers.wh[3] = 2**32 - 1
        s.registers.remainder[2] = 31999
        s.supply.reasons = 0xAA
        s.supply.kept = 0x95
        s.supply.until = -(1 << 29)
        s.supply.left = -(1 << 28)
        s.supply.tries = 3
        for i in range(3):
            s.account.debts.remaining[i] = 2**30 - 1 - i
        s.account.debts.count((1 << 44) - 2)
        s.account.debts.capped = 7
        self.ledger.commit()
        again = self.reloaded()
        self.assertEqual((again.account.last_credit, again.account.entered), (123456789, 1))
        for owner, attribute, _, count, _, _ in FIELDS + REGISTER_FIELDS:
            was = getattr(self.ledger.owners[owner], attribute)
            now = getattr(again.ledger.owners[owner], attribute)
            if count > 1:
                was, now = list(was), list(now)
            self.assertEqual(now, was, owner + "." + attribute)
        self.assertEqual(again.billing.next_start, NEVER)


class Commits(Case):

    def test_sequence_rises_and_survives(self):
        for n in range(1, 4):
            self.ledger.commit()
            self.assertEqual(self.ledger.sequence, n)
        self.assertEqual(self.ledger.commits, 3)
        self.assertEqual(self.reloaded().ledger.sequence, 3)

    def test_registers_carry_the_number_of_the_hot_record(self):
        self.ledger.commit()
        self.ledger.commit()
        self.assertEqual(self.ledger.registers.sequence, 2)

    def test_rises_above_a_journal(self):
        self.ledger.rise_to(10)
        self.ledger.rise_to(4)
        self.ledger.commit()
        self.assertEqual(self.reloaded().ledger.sequence, 11)

    def test_held_number(self):
        self.ledger.commit()
        self.ledger.hold()
        for _ in range(3):
            self.state.account.credit(1)
            self.ledger.commit()
        again = self.reloaded()
        self.assertEqual((again.ledger.sequence, again.account.credits), (1, 3))
        again.ledger.commit()
        self.assertEqual(again.ledger.sequence, 2)

    def test_unbelievable_state_is_not_written(self):
        before = self.keep("ledger.bin")
        self.state.billing.day = 40001
        text = error_text(RecordError, self.ledger.commit)
        self.assertTrue("billing.day 40001: must be -10000 to 32767" in text, text)
        self.assertEqual(self.keep("ledger.bin"), before)

    def test_create_refuses_a_ledger_that_is_there(self):
        before = self.keep("ledger.bin")
        with self.assertRaises(OSError):
            self.ledger.create(self.ledger.owners)
        self.assertEqual(self.keep("ledger.bin"), before)

    def test_exists(self):
        self.assertTrue(self.ledger.exists())
        self.assertFalse(Ledger(self.folder + "/none").exists())
        os.remove(self.folder + "/registers.bin")
        self.assertTrue(self.ledger.exists())
        os.remove(self.folder + "/ledger.bin")
        self.assertFalse(self.ledger.exists())


class Marks(Case):

    def measure(self, imported, exported):
        reading = Counts(imported, exported)
        self.state.registers.add(reading)

    def test_registers_behind_catch_up(self):
        self.measure(3 * COUNTS_PER_KWH + 5, 7)
        self.ledger.commit()
        behind = self.keep("registers.bin")
        self.measure(1234, 56)
        self.ledger.commit()
        wanted = list(self.state.registers.wh), list(self.state.registers.remainder)
        self.put("registers.bin", behind)
        again = self.reloaded()
        self.assertEqual(
            (list(again.registers.wh), list(again.registers.remainder)), wanted)
        self.assertEqual(
            [(name, value) for _, _, name, value in again.log.since(0)],
            [("registers_behind", 1290)])

    def test_registers_ahead_stay(self):
        self.measure(1000, 10)
        self.ledger.commit()
        old = self.keep("ledger.bin")
        self.measure(500, 5)
        self.ledger.commit()
        self.put("ledger.bin", old)
        again = self.reloaded()
        self.assertEqual((again.registers.counts(0), again.registers.counts(1)), (1500, 15))
        self.assertEqual(again.log.count, 0)

    def test_marks_wrap(self):
        self.state.registers.wh[0] = 16777215  # 32 counts a Wh: just below 2**29
        self.state.registers.remainder[0] = 31000
        self.ledger.commit()
        behind = self.keep("registers.bin")
        self.measure(100, 0)
        self.ledger.commit()
        self.put("registers.bin", behind)
        self.assertEqual(self.reloaded().registers.counts(0), (1 << 29) - 1 + 100)


class Counts:

    def __init__(self, imported, exported):
        self.import_counts = imported
        self.export_counts = exported
        self.reactive_import_counts = 0
        self.reactive_export_counts = 0


if __name__ == "__main__":
    unittest.main()
