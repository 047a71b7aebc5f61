"""The lock-out: counted on flash before the check, apart for each carrier, outlasting power."""

import os
import unittest
from errno import EIO

from scratch import scratch_folder

from joulegate.storage.record import Record
from joulegate.vending.carriers import BUS, CONSOLE, KEYPAD, NETWORK, SMS
from joulegate.vending.lockout import (
    DAY_H,
    FIELDS,
    FREE_TRIES,
    MAGIC,
    REPLIES_A_DAY,
    TRIES_A_DAY,
    VERSION,
    WAIT_S,
    WRONG_MAX,
    Lockout,
)
from joulegate.vending.sts_token import LOCKED, TokenError

LONGEST_S = 1280


class CountingRecord(Record):
    writes = 0
    fails = False

    def replace(self, owners):
        if self.fails:
            raise OSError(EIO)
        self.writes += 1
        super().replace(owners)


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("lockout")
        self.lockout = self.started()

    def started(self):
        self.record = CountingRecord(self.folder + "/lockout.bin", MAGIC, VERSION, FIELDS)
        lockout = Lockout(self.record)
        self.problem = lockout.load()
        return lockout

    def wrong(self, carrier=KEYPAD):
        self.lockout.begin(carrier)
        self.lockout.was_wrong(carrier)

    def wrong_after_waits(self, times, carrier=KEYPAD):
        for _ in range(times):
            self.lockout.pass_s(self.lockout.left_s(carrier))
            self.wrong(carrier)

    def locked(self, carrier):
        try:
            self.lockout.begin(carrier)
        except TokenError as e:
            self.assertEqual(e.reason, LOCKED)
            return True
        return False


class Waits(Case):

    def test_doubling(self):
        waits = []
        for _ in range(15):
            self.wrong_after_waits(1)
            waits.append(self.lockout.left_s(KEYPAD))
        self.assertEqual(waits[:FREE_TRIES - 1], [0] * (FREE_TRIES - 1))
        self.assertEqual(
            waits[FREE_TRIES - 1:], [10, 20, 40, 80, 160, 320, 640, LONGEST_S] + 5 * [LONGEST_S])

    def test_the_first_lock_is_told(self):
        told = []
        for _ in range(6):
            self.lockout.pass_s(self.lockout.left_s(KEYPAD))
            self.lockout.begin(KEYPAD)
            told.append(self.lockout.was_wrong(KEYPAD))
        self.assertEqual(told, [False, False, True, False, False, False])

    def test_to_the_second(self):
        self.wrong_after_waits(FREE_TRIES)
        self.lockout.pass_s(WAIT_S - 1)
        self.assertTrue(self.locked(KEYPAD))
        self.lockout.pass_s(1)
        self.assertFalse(self.locked(KEYPAD))

    def test_others_are_free(self):
        for carrier in (CONSOLE, SMS, NETWORK, BUS):
            self.wrong_after_waits(FREE_TRIES, carrier)
            self.assertTrue(self.locked(carrier))
            self.assertFalse(self.locked(KEYPAD))

    def test_a_good_one_clears(self):
        self.wrong_after_waits(7)
        self.lockout.pass_s(LONGEST_S)
        self.lockout.begin(KEYPAD)
        self.lockout.was_good(KEYPAD)
        for _ in range(FREE_TRIES - 1):
            self.wrong()
        self.assertEqual(self.lockout.left_s(KEYPAD), 0)
        self.assertEqual(self.started().wrong[KEYPAD], FREE_TRIES - 1)

    def test_reset_clears_all(self):
        for carrier in (KEYPAD, SMS):
            self.wrong_after_waits(4, carrier)
        self.lockout.reset()
        for lockout in (self.lockout, self.started()):
            self.lockout = lockout
            self.assertFalse(self.locked(KEYPAD) or self.locked(SMS))


class Power(Case):

    def test_a_try_is_stored_before_its_check(self):
        self.lockout.begin(KEYPAD)
        self.assertEqual(self.started().wrong[KEYPAD], 1)

    def test_cutting_it_gains_nothing(self):
        for n in range(1, 20):
            self.lockout.pass_s(LONGEST_S)
            self.lockout.begin(KEYPAD)
            self.lockout = self.started()
            wait = 0 if n < FREE_TRIES else min(WAIT_S << n - FREE_TRIES, LONGEST_S)
            self.assertEqual(self.lockout.left_s(KEYPAD), wait)

    def test_a_wait_begins_again(self):
        self.wrong_after_waits(FREE_TRIES)
        self.lockout.pass_s(WAIT_S - 1)
        self.lockout = self.started()
        self.assertEqual(self.lockout.left_s(KEYPAD), WAIT_S)

    def test_no_record_is_free(self):
        self.assertEqual((self.problem, self.lockout.left_s(KEYPAD)), ("", 0))

    def test_a_damaged_record_locks_until_a_good_token(self):
        self.wrong()
        with open(self.record.path, "r+b") as f:
            f.seek(10)
            f.write(b"\xff")
        self.lockout = self.started()
        self.assertTrue("check sum" in self.problem)
        self.assertEqual(self.lockout.left_s(KEYPAD), LONGEST_S)
        self.lockout.pass_s(LONGEST_S)
        self.lockout.begin(KEYPAD)
        self.lockout.was_good(KEYPAD)
        self.assertEqual(self.started().left_s(KEYPAD), 0)
        self.assertEqual(self.problem, "")

    def test_storage_that_fails_checks_nothing_and_counts_nothing(self):
        self.record.fails = True
        for carrier in (KEYPAD, SMS):
            for _ in range(20):
                with self.assertRaises(OSError):
                    self.lockout.begin(carrier)
            self.assertEqual((self.lockout.wrong[carrier], self.lockout.tries), (0, 0))
        self.record.fails = False
        self.assertFalse(self.locked(KEYPAD) or self.locked(SMS))


class Wear(Case):

    def test_a_keypad_writes_ten_times_between_good_tokens(self):
        self.wrong_after_waits(100)
        self.assertEqual(self.record.writes, WRONG_MAX)
        self.lockout.pass_s(LONGEST_S)
        self.lockout.begin(KEYPAD)
        self.lockout.was_good(KEYPAD)
        self.assertEqual(self.record.writes, WRONG_MAX + 1)

    def test_what_is_refused_though_genuine_is_written_once(self):
        for _ in range(50):
            self.lockout.begin(KEYPAD)
        self.assertEqual(self.record.writes, 1)
        self.assertEqual(self.lockout.left_s(KEYPAD), 0)

    def test_sms_for_ten_days(self):
        day_s = DAY_H * 3600
        for _ in range(10 * day_s // 60):
            if not self.locked(SMS):
                self.lockout.was_wrong(SMS)
            self.lockout.may_reply(SMS)
            self.lockout.pass_s(60)
        self.assertTrue(self.record.writes <= 10 * (TRIES_A_DAY + 5), self.record.writes)
        self.assertEqual(self.lockout.wrong[KEYPAD], 0)
        self.assertEqual(self.lockout.left_s(KEYPAD), 0)


class Sms(Case):

    def tries_until_locked(self):
        tries = 0
        while not self.locked(SMS):
            tries += 1
            if tries > 100:
                break
        return tries

    def test_ten_a_day(self):
        # Genuine but refused, so that no wait comes first.
        self.assertEqual(self.tries_until_locked(), TRIES_A_DAY)
        self.assertEqual(self.lockout.left_s(SMS), DAY_H * 3600)
        self.lockout.pass_s(DAY_H * 3600 - 1)
        self.assertTrue(self.locked(SMS))
        self.lockout.pass_s(1)
        self.assertEqual(self.tries_until_locked(), TRIES_A_DAY)

    def test_power_cuts_do_not_begin_another_day(self):
        for _ in range(TRIES_A_DAY):
            self.assertFalse(self.locked(SMS))
            self.lockout = self.started()
            self.lockout.pass_s(LONGEST_S)
        self.assertTrue(self.locked(SMS))
        self.lockout = self.started()
        self.assertTrue(self.lockout.left_s(SMS) > 12 * 3600)

    def test_five_replies_a_day(self):
        self.lockout.begin(SMS)
        replies = [self.lockout.may_reply(SMS) for _ in range(10)]
        self.assertEqual(replies, [True] * REPLIES_A_DAY + [False] * 5)
        self.lockout.begin(SMS)
        self.lockout = self.started()
        self.assertFalse(self.lockout.may_reply(SMS))
        self.lockout.pass_s(DAY_H * 3600)
        self.assertTrue(self.lockout.may_reply(SMS))

    def test_others_are_always_answered(self):
        self.assertTrue(all([self.lockout.may_reply(KEYPAD) for _ in range(50)]))

    def test_storage_that_fails_at_the_end_of_the_day(self):
        self.lockout.begin(SMS)
        self.record.fails = True
        with self.assertRaises(OSError):
            self.lockout.pass_s(DAY_H * 3600)
        self.assertEqual((self.lockout.tries, self.lockout.day_h), (0, 0))


class File(Case):

    def test_it_is_small(self):
        self.wrong()
        self.assertTrue(os.stat(self.record.path)[6] <= 32)


if __name__ == "__main__":
    unittest.main()
