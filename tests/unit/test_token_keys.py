# heapsize: 224wK
"""What outlasts a token: the key that it changes, and the lock-out that a wrong one brings."""

import unittest

from parts import NOON, event_names
from scratch import scratch_folder
from token_maker import KEY, credit, key_sections, management, token
from token_meter import NO_TIME, TID, Meter

from joulegate.vending import sts_token
from joulegate.vending.carriers import KEYPAD, SMS
from joulegate.vending.lockout import TRIES_A_DAY
from joulegate.vending.sts_keys import DecoderKey

NEW = bytes(range(0x80, 0x90))


class Case(unittest.TestCase):

    def setUp(self):
        self.meter = Meter(scratch_folder("token_keys"))


class KeyChange(Case):

    def enter_set(self, tokens):
        for waiting in (3, 2, 1):
            entered = self.meter.taken(tokens[3 - waiting])
            self.assertEqual(entered.waiting, waiting)
        entered = self.meter.taken(tokens[3])
        self.assertEqual(entered.waiting, 0)

    def test_the_new_key_rules_and_the_purchases_stay(self):
        self.meter.taken(credit(TID, 10))
        tokens = key_sections(NEW)
        self.enter_set([tokens[2], tokens[0], tokens[3], tokens[1]])
        self.meter.refused(sts_token.CRC, credit(TID + 1, 10))
        self.meter.refused(sts_token.USED, credit(TID, 10, NEW))
        self.meter.taken(credit(TID + 1, 10, NEW))
        self.assertTrue("decoder_key_changed" in event_names(self.meter.log))
        self.meter.restart()
        self.meter.refused(sts_token.USED, credit(TID + 1, 10, NEW))
        self.meter.taken(credit(TID + 2, 10, NEW))

    def test_a_restart_forgets_the_sections(self):
        tokens = key_sections(NEW)
        for digits in tokens[:3]:
            self.meter.taken(digits)
        self.meter.restart()
        self.assertEqual(self.meter.taken(tokens[3]).waiting, 3)

    def test_roll_over_forgets_the_purchases(self):
        self.meter.taken(credit(TID, 10))
        self.enter_set(key_sections(NEW, rollover=1))
        self.assertEqual((self.meter.state.replay.base, max(self.meter.state.replay.marks)),
                         (2, 0))
        # In 2020 every number counted from 2035 lies ahead.
        self.meter.refused(sts_token.FUTURE, credit(TID, 10, NEW))
        self.meter.taken(credit(5, 10, NEW), KEYPAD, NO_TIME)
        self.meter.restart()
        self.assertEqual(self.meter.state.replay.base, 2)
        self.meter.refused(sts_token.USED, credit(5, 10, NEW), KEYPAD, NO_TIME)

    def test_roll_over_cut_before_the_ledger(self):
        self.meter.taken(credit(TID, 10))
        self.meter.reader.keys.replace(DecoderKey(NEW, base=2035))
        sequence = self.meter.state.ledger.sequence
        for _ in range(2):
            self.meter.restart()
            self.assertEqual(
                (self.meter.state.replay.base, max(self.meter.state.replay.marks),
                 self.meter.state.ledger.sequence), (2, 0, sequence))
        self.meter.taken(credit(5, 10, NEW), KEYPAD, NO_TIME)
        self.meter.restart()
        self.meter.refused(sts_token.USED, credit(5, 10, NEW), KEYPAD, NO_TIME)

    def test_a_purchase_ahead_of_the_ledger_is_not_lost_by_it(self):
        with open(self.meter.folder + "/ledger.bin", "rb") as f:
            ledger = f.read()
        self.meter.taken(credit(TID, 10))
        self.meter.reader.keys.replace(DecoderKey(NEW, base=2035))
        with open(self.meter.folder + "/ledger.bin", "wb") as f:
            f.write(ledger)
        self.meter.restart()
        self.assertEqual(self.meter.state.account.credits, 12346)

    def test_an_initialisation_key_only_changes(self):
        self.meter.entry.install(DecoderKey(KEY, kt=0), NOON)
        self.meter.refused(sts_token.KEY, credit(TID, 10))
        self.meter.refused(sts_token.KEY, management(sts_token.CLEAR_TAMPER, TID, 0))
        self.enter_set(key_sections(NEW))
        self.meter.taken(credit(TID, 10, NEW))

    def test_a_set_that_makes_no_key(self):
        tokens = key_sections(NEW, krn=0)
        for digits in tokens[:3]:
            self.meter.taken(digits)
        entered = self.meter.enter(tokens[3], KEYPAD, NOON)
        self.assertEqual(entered.reason, sts_token.KEY)
        self.assertEqual(self.meter.reader.keys.key.key, KEY)

    def test_a_key_that_cannot_be_stored_is_not_in_force(self):
        tokens = key_sections(NEW)
        for digits in tokens[:3]:
            self.meter.taken(digits)
        path = self.meter.reader.keys._record.path
        self.meter.reader.keys._record.path = path + "/none"
        self.assertEqual(self.meter.enter(tokens[3], KEYPAD, NOON).reason, sts_token.STORAGE)
        self.meter.reader.keys._record.path = path
        self.meter.taken(credit(TID, 10))


class Keys(Case):

    def test_a_damaged_key_is_none_and_told(self):
        with open(self.meter.folder + "/decoder.bin", "r+b") as f:
            f.seek(30)
            f.write(b"\x55")
        self.meter.restart()
        self.meter.refused(sts_token.KEY, credit(TID, 10))
        self.assertTrue("storage_error" in event_names(self.meter.log))
        self.meter.entry.install(DecoderKey(KEY), NOON)
        self.meter.taken(credit(TID, 10))

    def test_an_older_base_at_installation(self):
        self.meter.entry.install(DecoderKey(KEY, base=1993), NOON)
        # The same minute counts 21 years more.
        tid = TID + (21 * 365 + 5) * 1440
        self.meter.taken(credit(tid, 10))
        self.meter.refused(sts_token.FUTURE, credit(tid + 3000, 10))


class Locks(Case):

    WRONG = token(0, 0, 1, KEY, 1)

    def lock(self, carrier):
        for _ in range(3):
            self.meter.refused(sts_token.CRC, self.WRONG, carrier)

    def test_the_right_token_waits_too(self):
        self.lock(KEYPAD)
        self.meter.refused(sts_token.LOCKED, credit(TID, 10))
        self.assertEqual(event_names(self.meter.log)[-1], "tokens_locked")
        self.meter.entry.pass_s(10, NOON)
        self.meter.taken(credit(TID, 10))
        self.lock(KEYPAD)

    def test_other_carriers_do_not(self):
        self.lock(SMS)
        self.meter.taken(credit(TID, 10), KEYPAD)

    def test_a_restart_lifts_nothing(self):
        self.lock(KEYPAD)
        self.meter.restart()
        self.meter.refused(sts_token.LOCKED, credit(TID, 10))

    def test_a_used_token_neither_counts_nor_clears(self):
        digits = credit(TID, 10)
        self.meter.taken(digits)
        for _ in range(2):
            self.meter.refused(sts_token.CRC, self.WRONG)
        for _ in range(10):
            self.meter.refused(sts_token.USED, digits)
        self.meter.refused(sts_token.CRC, self.WRONG)
        self.meter.refused(sts_token.LOCKED, digits)

    def test_a_section_that_waits_does_not_clear(self):
        for _ in range(2):
            self.meter.refused(sts_token.CRC, self.WRONG)
        self.assertEqual(self.meter.enter(key_sections(NEW)[0], KEYPAD, NOON).waiting, 3)
        self.meter.enter(self.WRONG, KEYPAD, NOON)
        self.assertEqual(self.meter.enter(credit(TID, 10), KEYPAD, NOON).reason,
                         sts_token.LOCKED)

    def test_what_is_no_token_does_not_count(self):
        for _ in range(20):
            self.meter.refused(sts_token.FORMAT, "123")
        self.meter.taken(credit(TID, 10))

    def test_a_stranger_with_a_telephone(self):
        """Refusals that reach flash in a day: at most the tries; answers: five."""
        replies = 0
        for minute in range(1440):
            text = ("hello", self.WRONG, "56493153725450313471", "9" * 20)[minute % 4]
            replies += self.meter.enter(text, SMS, NOON).reply
            self.meter.entry.pass_s(60, NOON)
        logged = list(self.meter.records.purchases.entries())
        self.assertTrue(len(logged) <= TRIES_A_DAY, len(logged))
        self.assertEqual(replies, 5)
        self.meter.taken(credit(TID, 10), KEYPAD)

    def test_storage_that_fails_checks_nothing(self):
        self.meter.lockout._record.path += "/none"
        self.meter.refused(sts_token.STORAGE, credit(TID, 10))
        self.meter.refused(sts_token.STORAGE, self.WRONG)


if __name__ == "__main__":
    unittest.main()
