# heapsize: 8M
"""Power cuts at every flash operation of a token's entry, whole and torn, on littlefs.

A credit and its mark never part, a key is the old one or the new one, purchases count from the
base date of the key there is, and no try is checked that a power cut makes uncounted.
"""

import unittest

from flash_rig import ROOT, Stored, provisioned_flash
from parts import NOON
from token_maker import KEY, credit, key_sections, management, token
from token_meter import NO_TIME, TID, Deeds

from joulegate.storage.record import Record
from joulegate.vending import lockout, sts_keys, sts_token
from joulegate.vending.carriers import KEYPAD, SMS
from joulegate.vending.gate import Gate
from joulegate.vending.lockout import Lockout
from joulegate.vending.sts_keys import DecoderKey, KeyStore
from joulegate.vending.sts_time import base_number
from joulegate.vending.token_entry import TokenEntry
from joulegate.vending.token_reader import TokenReader

NEW = bytes(range(0x80, 0x90))
BEFORE = 1000000
"""Credited to the meter of the rig."""
UNITS = 12346


class Tokens(Stored):
    """What a start finds, with the entry of tokens."""

    def open_gate(self, now=NOON):
        self.gate = None
        state = self.state
        if not state.provisioned:
            return
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, state.log)
        self.lockout = Lockout(Record(
            ROOT + "/lockout.bin", lockout.MAGIC, lockout.VERSION, lockout.FIELDS))
        self.reader = TokenReader(KeyStore(Record(
            ROOT + "/decoder.bin", sts_keys.MAGIC, sts_keys.VERSION, sts_keys.FIELDS)),
            self.lockout, state.replay)
        self.entry = TokenEntry(
            self.reader, self.gate, state.billing, state.replay, state.ledger, Deeds(), state.log)
        self.entry.start(now)
        self.gate.recover(now)

    def enter(self, digits, carrier=KEYPAD, now=NOON):
        return self.entry.enter(digits, carrier, now)


class Cuts(unittest.TestCase):

    def setUp(self):
        self.flash = provisioned_flash()
        stored = Tokens(self.flash)
        stored.entry.install(DecoderKey(KEY), NOON)
        stored.leave()

    def sweep(self, digits, check, prepare=(), carrier=KEYPAD):
        """Cut the entry of digits at each operation; check(after, entered or None)."""
        stored = self.prepared(prepare)
        before = stored.flash.operations
        stored.enter(digits, carrier)
        total = stored.flash.operations - before
        stored.leave()
        self.assertTrue(total > 0)
        for operation in range(1, total + 1):
            for torn in (False, True):
                stored = self.prepared(prepare)
                stored.flash.cut_power_at(operation, torn)
                entered = None
                try:
                    entered = stored.enter(digits, carrier)
                except OSError:
                    pass
                self.assertFalse(stored.flash.powered)
                stored.leave()
                after = Tokens(stored.flash.snapshot())
                try:
                    self.assertEqual(after.state.billing.audit(), "")
                    check(after, entered)
                finally:
                    after.leave()
        return total

    def prepared(self, prepare):
        stored = Tokens(self.flash.snapshot())
        for digits in prepare:
            self.assertEqual(stored.enter(digits).reason, "")
        return stored

    def test_credit(self):
        digits = credit(TID, 10)

        def check(after, entered):
            taken = after.state.replay.used(TID)
            self.assertEqual(after.state.account.credits, BEFORE + taken * UNITS)
            if entered is not None and entered.accepted:
                self.assertTrue(taken)
            after.entry.pass_s(1280, NOON)
            self.assertEqual(after.enter(digits).reason, sts_token.USED if taken else "")
            self.assertEqual(after.state.account.credits, BEFORE + UNITS)

        self.sweep(digits, check)

    def test_clear_credit(self):
        digits = management(sts_token.CLEAR_CREDIT, TID + 1, 0xFFFF)

        def check(after, entered):
            taken = after.state.replay.used(TID + 1)
            self.assertTrue(after.state.account.balance == 0 if taken else
                            after.state.account.balance > 0)
            if entered is not None and entered.accepted:
                self.assertTrue(taken)

        self.sweep(digits, check, (credit(TID, 100),))

    def test_key_change(self):
        sections = key_sections(NEW)

        def check(after, entered):
            key = after.reader.keys.key.key
            self.assertTrue(key in (KEY, NEW))
            if entered is not None and entered.accepted:
                self.assertEqual(key, NEW)
            after.entry.pass_s(1280, NOON)
            self.assertEqual(after.enter(credit(TID, 10)).reason, sts_token.USED if key == KEY
                             else sts_token.CRC)
            self.assertEqual(after.enter(credit(TID + 1, 10, key)).reason, "")

        self.sweep(sections[3], check, (credit(TID, 10), sections[0], sections[1], sections[2]))

    def test_roll_over(self):
        sections = key_sections(NEW, rollover=1)

        def check(after, entered):
            key = after.reader.keys.key
            self.assertEqual(after.state.replay.base, base_number(key.base))
            self.assertEqual(after.state.replay.used(TID), key.base == 2014)
            self.assertEqual(after.state.account.credits, BEFORE + UNITS)
            after.entry.pass_s(1280, NOON)
            for reason in ("", sts_token.USED):
                self.assertEqual(
                    after.enter(credit(5, 10, key.key), KEYPAD, NO_TIME).reason, reason)

        self.sweep(sections[3], check, (credit(TID, 10), sections[0], sections[1], sections[2]))

    def test_a_wrong_try_that_was_checked_is_counted(self):
        for carrier in (KEYPAD, SMS):

            def check(after, entered, carrier=carrier):
                self.assertTrue(after.lockout.wrong[carrier] <= 1)
                if entered is not None and entered.reason == sts_token.CRC:
                    self.assertEqual(after.lockout.wrong[carrier], 1)

            self.sweep(token(0, 0, 1, KEY, 1), check, (), carrier)


if __name__ == "__main__":
    unittest.main()
