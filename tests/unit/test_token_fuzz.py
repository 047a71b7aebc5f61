"""Digits that nobody issued: no exception, and nothing changes but the tries counted."""

import unittest

from parts import NOON
from scratch import scratch_folder
from token_maker import KEY, credit, key_sections
from token_meter import TID, Meter

from joulegate.vending import sts_token
from joulegate.vending.carriers import CARRIERS
from joulegate.vending.lockout import TRIES_A_DAY, WRONG_MAX

TRIES = 3000
SEED = 20141
REASONS = (sts_token.FORMAT, sts_token.CRC, sts_token.NOT_SUPPORTED, sts_token.LOCKED,
           sts_token.MANUFACTURER)


class Random:
    """The same numbers on both interpreters (Lehmer, 2**31 - 1)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = self.state * 48271 % 0x7FFFFFFF
        return self.state % limit


class Fuzz(unittest.TestCase):

    def setUp(self):
        self.meter = Meter(scratch_folder("token_fuzz"))
        self.random = Random(SEED)

    def digits(self):
        return "".join([str(self.random.below(10)) for _ in range(20)])

    def text(self):
        """Return digits, nearly digits, or what else a line can hold."""
        kind = self.random.below(8)
        if kind < 5:
            return self.digits()
        if kind == 5:
            return self.digits()[:self.random.below(21)]
        if kind == 6:
            return "".join([chr(self.random.below(256)) for _ in range(self.random.below(60))])
        digits = credit(TID + self.random.below(1000), 10)
        i = self.random.below(20)
        return digits[:i] + str((int(digits[i]) + 1 + self.random.below(9)) % 10) + digits[i + 1:]

    def check(self, text, carrier):
        before = self.meter.facts()
        entered = self.meter.enter(text, carrier, NOON)
        self.assertTrue(entered.reason in REASONS, "seed %d, %r: %s" % (SEED, text, entered.text))
        self.assertEqual(self.meter.facts(), before)

    def test_any_text_by_any_carrier(self):
        for _ in range(TRIES):
            carrier = 1 + self.random.below(CARRIERS - 1)
            self.check(self.text(), carrier)
            if self.random.below(4) == 0:
                self.meter.entry.pass_s(self.random.below(3000), NOON)
        for carrier in range(1, CARRIERS):
            self.assertTrue(0 < self.meter.lockout.wrong[carrier] <= WRONG_MAX)
        self.assertTrue(self.meter.lockout.tries <= TRIES_A_DAY)

    def test_with_restarts_in_between(self):
        for _ in range(TRIES // 100):
            for _ in range(5):
                self.check(self.text(), 1 + self.random.below(CARRIERS - 1))
            wrong = bytes(self.meter.lockout.wrong)
            before = self.meter.facts()
            self.meter.restart()
            self.assertEqual(self.meter.facts(), before)
            self.assertEqual(bytes(self.meter.lockout.wrong), wrong)
        self.meter.entry.pass_s(86400, NOON)
        self.assertEqual(self.meter.enter(credit(TID, 10), 2, NOON).reason, "")

    def test_key_sections_of_another_meter(self):
        other = bytes(range(16))
        for krn in range(1, 10):
            for digits in key_sections(KEY, other, krn=krn):
                self.check(digits, 1)
                self.meter.entry.pass_s(1280, NOON)
        self.assertEqual(self.meter.reader.keys.key.key, KEY)


if __name__ == "__main__":
    unittest.main()
