"""Spoilt MQTT: a fixed sample. The million is in test_mqtt_fuzz_sweep.py."""

import unittest

from mqtt_fuzz import fuzz


class Fuzz(unittest.TestCase):

    def test_sample(self):
        fuzzer = fuzz(0, 10000)
        # Neither all refused nor all taken, or the samples would show nothing.
        self.assertTrue(2000 < fuzzer.closed < 9000, fuzzer.closed)
        self.assertTrue(fuzzer.handled > 2000, fuzzer.handled)


if __name__ == "__main__":
    unittest.main()
