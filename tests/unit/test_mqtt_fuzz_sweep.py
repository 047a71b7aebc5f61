# mark: sweep
"""Spoilt MQTT: a million samples between the two interpreters."""

import sys
import unittest

from mqtt_fuzz import fuzz

COUNT = 500000
FIRST = 1000000 if sys.implementation.name == "micropython" else 2000000


class Fuzz(unittest.TestCase):

    def test_many(self):
        fuzzer = fuzz(FIRST, COUNT)
        self.assertTrue(fuzzer.handled > COUNT // 5, fuzzer.handled)


if __name__ == "__main__":
    unittest.main()
