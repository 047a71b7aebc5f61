"""Bytes of every kind for the AT reader: no error but those it names, and no growing memory."""

import unittest

from modem_fuzz import FAMILY_PIECES, Fuzz

SEED = 20260304
ROUNDS = 12000
FAMILY_ROUNDS = 3000


class TestFuzz(unittest.TestCase):

    def check(self, fuzz, rounds):
        fuzz.run(rounds)
        # The generator would be of no use if all came to one end.
        for ending in ("ok", "AtError", "AtTimeout", "Restarted"):
            self.assertTrue(fuzz.endings.get(ending, 0) > 20, fuzz.endings)
        self.assertEqual(fuzz.rounds, rounds)

    def test_a_fixed_sample(self):
        fuzz = Fuzz(SEED)
        self.check(fuzz, ROUNDS)
        self.assertTrue(fuzz.endings["NoPrompt"] > 20, fuzz.endings)

    def test_a_fixed_sample_of_every_family(self):
        for name in sorted(FAMILY_PIECES):
            self.check(Fuzz(SEED, name), FAMILY_ROUNDS)


if __name__ == "__main__":
    unittest.main()
