# heapsize: 288wK
"""The entry of 20 digits: each token once over all carriers, each refusal by its name."""

import unittest
from errno import EIO

from parts import NOON, event_names
from scratch import scratch_folder
from token_maker import KEY, credit, key_sections, management, token
from token_meter import NO_TIME, TID, Meter

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.replay import MARKS
from joulegate.vending import sts_token
from joulegate.vending.carriers import CARRIERS, CONSOLE, KEYPAD, NETWORK, SMS
from joulegate.vending.sts_keys import DecoderKey

# 0.12345678 a kWh in units of 1e-5, rounded up.
UNITS_PER_KWH = 12346
EVERYBODY = range(1, CARRIERS)


class Case(unittest.TestCase):

    def setUp(self):
        self.meter = Meter(scratch_folder("token_entry"))
        self.at_first = self.meter.state.account.balance

    def logged(self):
        return [entry for entry in self.meter.records.purchases.entries()]


class Credit(Case):

    def test_a_token_is_credited_at_the_tariff(self):
        entered = self.meter.taken(credit(TID, 10))
        self.assertEqual((entered.units, entered.balance),
                         (UNITS_PER_KWH, self.at_first + UNITS_PER_KWH))
        self.assertEqual((entered.token.tid, entered.token.value), (TID, 10))

    def test_amounts_are_rounded_in_the_customers_favour(self):
        for tid, (field, units) in enumerate(((1, 1235), (2, 2470), (0x3FFF, 20225925))):
            self.assertEqual(self.meter.taken(credit(TID + tid, field)).units, units)

    def test_it_counts_once_over_all_carriers(self):
        digits = credit(TID, 10)
        self.meter.taken(digits, SMS)
        for carrier in EVERYBODY:
            self.meter.refused(sts_token.USED, digits, carrier)
        self.meter.restart()
        for carrier in EVERYBODY:
            self.meter.refused(sts_token.USED, digits, carrier)
        self.assertEqual(self.meter.state.account.credits, UNITS_PER_KWH)

    def test_a_message_of_the_same_purchase_counts_with_it(self):
        self.assertTrue(self.meter.gate.credit(TID, 500, NOON, NETWORK).accepted)
        self.meter.refused(sts_token.USED, credit(TID, 10))

    def test_another_token_of_the_same_minute_is_the_same_purchase(self):
        self.meter.taken(credit(TID, 10))
        self.meter.refused(sts_token.USED, credit(TID, 20))

    def test_old_once_the_store_is_full(self):
        for i in range(MARKS):
            self.meter.taken(credit(TID - 100 + i, 1))
        self.meter.refused(sts_token.OLD, credit(TID - 101, 1))
        self.meter.taken(credit(TID, 1))
        self.meter.refused(sts_token.OLD, credit(TID - 100, 1))

    def test_what_passes_the_maximum_is_not_used_up(self):
        self.meter.state.account.maximum = 20000
        self.meter.taken(credit(TID, 10))
        self.meter.refused(sts_token.OVERFLOW, credit(TID + 1, 10))
        self.meter.refused(sts_token.OVERFLOW, credit(TID + 2, 0xFFFF))
        self.meter.state.account.maximum = BALANCE_LIMIT
        self.meter.taken(credit(TID + 1, 10))

    def test_nothing_is_not_credited(self):
        self.meter.refused(sts_token.NOT_SUPPORTED, credit(TID, 0))

    def test_water_gas_and_time_are_not(self):
        for sub in (1, 2, 3):
            self.meter.refused(sts_token.NOT_SUPPORTED, credit(TID, 10, KEY, sub))

    def test_number_0_is_never_taken(self):
        self.meter.refused(sts_token.USED, credit(0, 10))

    def test_a_day_ahead_of_the_clock_and_no_more(self):
        self.meter.refused(sts_token.FUTURE, credit(TID + 20 + 1441, 10))
        self.meter.taken(credit(TID + 20 + 1440, 10))

    def test_without_a_clock_every_time_is_taken(self):
        self.meter.taken(credit(0xFFFFFF, 10), KEYPAD, NO_TIME)

    def test_key_expiry(self):
        self.meter.entry.install(DecoderKey(KEY, ken=TID >> 16), NOON)
        last = (TID >> 16) << 16 | 0xFFFF
        self.meter.refused(sts_token.KEY_EXPIRED, credit(last + 1, 10), KEYPAD, NO_TIME)
        self.meter.taken(credit(last, 10), KEYPAD, NO_TIME)

    def test_the_log_has_both(self):
        self.meter.taken(credit(TID, 10), SMS)
        self.meter.refused(sts_token.USED, credit(TID, 10), CONSOLE)
        self.meter.refused(sts_token.CRC, token(0, 0, 1, KEY, 1), KEYPAD)
        self.assertEqual(
            [(e["carrier"], e["reason"], e["tid"], e["units"]) for e in self.logged()],
            [(SMS, "", TID, UNITS_PER_KWH), (CONSOLE, "used", TID, 0), (KEYPAD, "crc", 0, 0)])


class Tests(Case):

    ALL = "56493153725450313471"

    def test_anybody_may_look_also_while_locked(self):
        for _ in range(3):
            self.meter.refused(sts_token.CRC, token(0, 0, 1, KEY, 1))
        self.meter.refused(sts_token.LOCKED, credit(TID, 10))
        before = self.meter.facts()
        entered = self.meter.taken(self.ALL)
        self.assertEqual(entered.token.control, (1 << 36) - 1)
        self.assertEqual(self.meter.facts(), before)
        # It proves nothing, so it lifts nothing.
        self.meter.refused(sts_token.LOCKED, credit(TID, 10))

    def test_who_sends_from_afar_may_not(self):
        self.meter.refused(sts_token.NOT_SUPPORTED, self.ALL, SMS)

    def test_manufacturer(self):
        self.meter.taken(token(1, 0, 1 << 8 | 42))
        self.meter.taken(token(1, 1, 1 << 16 | 42))
        self.meter.refused(sts_token.MANUFACTURER, token(1, 0, 1 << 8 | 43))
        self.meter.refused(sts_token.MANUFACTURER, token(1, 1, 1 << 16 | 43))

    def test_without_a_key(self):
        self.meter = Meter(scratch_folder("token_entry"), False)
        self.meter.taken(self.ALL)
        self.meter.refused(sts_token.KEY, credit(TID, 10))
        self.assertEqual(event_names(self.meter.log), [])


class Management(Case):

    def test_limits(self):
        self.meter.taken(management(sts_token.MAXIMUM_POWER, TID, 0x4001))
        entered = self.meter.taken(management(sts_token.PHASE_UNBALANCE, TID + 1, 100))
        self.assertTrue("single-phase" in entered.text, entered.text)
        self.assertEqual(self.meter.deeds.done, [
            {"maximum_power_W": 16394}, {"phase_unbalance_W": 100}])
        self.meter.refused(sts_token.USED, management(sts_token.MAXIMUM_POWER, TID, 0x4001))

    def test_clear_tamper(self):
        self.meter.taken(management(sts_token.CLEAR_TAMPER, TID, 0))
        self.assertEqual(self.meter.deeds.done, ["clear_tamper"])

    def test_they_use_up_their_number_for_credit_too(self):
        self.meter.taken(management(sts_token.CLEAR_TAMPER, TID, 0))
        self.meter.refused(sts_token.USED, credit(TID, 10))
        self.meter.restart()
        self.meter.refused(sts_token.USED, management(sts_token.CLEAR_TAMPER, TID, 0))

    def test_clear_credit(self):
        self.meter.taken(credit(TID, 100))
        for register in (0, 4, 0xFFFF):
            tid = TID + 10 + register % 100
            self.meter.taken(credit(tid - 1, 100))
            entered = self.meter.taken(management(sts_token.CLEAR_CREDIT, tid, register))
            self.assertEqual(entered.balance, 0)
            self.assertTrue(entered.units < 0)
            self.assertEqual(self.meter.state.billing.audit(), "")
        self.meter.restart()
        self.assertEqual(self.meter.state.account.balance, 0)
        self.assertEqual(self.meter.state.billing.audit(), "")

    def test_a_debt_is_not_cleared(self):
        self.assertTrue(self.at_first < 0)
        entered = self.meter.taken(management(sts_token.CLEAR_CREDIT, TID, 0xFFFF))
        self.assertEqual((entered.units, entered.balance), (0, self.at_first))

    def test_registers_that_are_not_here(self):
        for register in (1, 2, 3, 5, 6, 7, 8, 0xFFFE):
            self.meter.refused(
                sts_token.NOT_SUPPORTED, management(sts_token.CLEAR_CREDIT, TID, register))

    def test_what_cannot_be_done_uses_up_nothing(self):
        digits = management(sts_token.MAXIMUM_POWER, TID, 5)
        for error, reason in ((OSError(EIO), sts_token.STORAGE),
                              (ValueError("range"), sts_token.NOT_SUPPORTED)):
            self.meter.deeds.error = error
            self.meter.refused(reason, digits)
        self.meter.deeds.error = None
        self.meter.taken(digits)

    def test_what_the_standard_keeps_for_others(self):
        for sub in (2, 7, 10, 11, 15):
            self.meter.refused(sts_token.NOT_SUPPORTED, management(sub, TID, 0))


class Suspended(Case):

    def test_nothing_is_done(self):
        self.meter.gate.suspended = "journal: entry 3 is damaged"
        for digits in (credit(TID, 10), management(sts_token.MAXIMUM_POWER, TID, 5),
                       management(sts_token.CLEAR_CREDIT, TID, 0), key_sections(bytes(16))[0]):
            self.meter.refused(sts_token.SUSPENDED, digits)
        with self.assertRaises(RuntimeError):
            self.meter.entry.install(DecoderKey(bytes(16)), NOON)

    def test_a_journal_that_fails_takes_nothing(self):
        path = self.meter.state.journal.path
        self.meter.state.journal.path += ".none"
        self.meter.refused(sts_token.STORAGE, credit(TID, 10))
        self.meter.state.journal.path = path
        self.meter.taken(credit(TID, 10))


if __name__ == "__main__":
    unittest.main()
