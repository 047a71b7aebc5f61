"""Bytes of every kind for the AT reader: no error but those it names, and no growing memory."""

import unittest

from modem_fuzz import Fuzz

SEED = 20260304
ROUNDS = 20000


class TestFuzz(unittest.TestCase):

    def test_a_fixed_sample(self):
        fuzz = Fuzz(SEED)
        fuzz.run(ROUNDS)
        # The generator would be of no use if all came to one end.
        for ending in ("ok", "AtError", "AtTimeout", "Restarted", "NoPrompt"):
            self.assertTrue(fuzz.endings.get(ending, 0) > 20, fuzz.endings)
        self.assertEqual(fuzz.rounds, ROUNDS)


if __name__ == "__main__":
    unittest.main()
