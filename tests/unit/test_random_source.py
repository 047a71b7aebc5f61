"""The random source: sound bytes pass, a broken generator stops for good."""

import unittest

from parts import error_text

from joulegate.vending.crypto.random_source import (
    PROPORTION,
    REPETITIONS,
    SIZE_MAX,
    START_UP,
    RandomError,
    RandomSource,
)


class Generator:
    """Sound bytes, all different for 251 calls of one byte; then what a test puts in `next`."""

    def __init__(self):
        self.given = 0
        self.next = []

    def __call__(self, size):
        out = bytearray()
        for _ in range(size):
            out.append(self.next.pop(0) if self.next else self.given % 251)
            self.given += 1
        return bytes(out)


class Random(unittest.TestCase):

    def setUp(self):
        self.generator = Generator()
        self.source = RandomSource(self.generator)

    def refused(self, words):
        for _ in range(2):
            text = error_text(RandomError, self.source.take, 1)
            self.assertTrue(words in text, text)
            self.generator.next = []

    def test_the_interpreters_own_passes(self):
        source = RandomSource()
        seen = [source.take(16) for _ in range(100)]
        self.assertEqual(len(set(seen)), 100)
        self.assertEqual([len(source.take(n)) for n in (1, 7, SIZE_MAX)], [1, 7, SIZE_MAX])

    def test_start_up_samples_are_thrown_away(self):
        self.assertEqual(self.source.take(1), bytes((START_UP % 251,)))
        self.assertEqual(self.generator.given, START_UP + 1)

    def test_repetitions_below_the_cut_off_pass(self):
        self.source.take(1)
        self.generator.next = [7] * (REPETITIONS - 1)
        self.source.take(REPETITIONS - 1)
        self.source.take(1)

    def test_repetitions(self):
        self.source.take(1)
        self.generator.next = [7] * REPETITIONS
        with self.assertRaises(RandomError):
            self.source.take(REPETITIONS)
        self.refused("9 equal bytes in a row")

    def test_a_stuck_source_gives_nothing_at_all(self):
        self.source = RandomSource(bytes)
        self.refused("equal bytes in a row")

    def test_proportion(self):
        # START_UP is two whole windows: the next sample begins one.
        for count, sound in ((PROPORTION - 1, True), (PROPORTION, False)):
            self.setUp()
            self.source.take(1)
            # Ends the window that this first sample began.
            for _ in range(511):
                self.source.take(1)
            for i in range(count):
                self.generator.next = [255, i]
                if i < PROPORTION - 1:
                    self.source.take(2)
                else:
                    with self.assertRaises(RandomError):
                        self.source.take(2)
            if sound:
                self.source.take(1)
            else:
                self.refused("one byte 71 times in 512")

    def test_a_short_answer(self):
        self.source = RandomSource(lambda size: bytes(size - 1))
        self.refused("63 bytes in place of 64")

    def test_an_error_of_the_source(self):
        def broken(size):
            raise OSError(5)

        self.source = RandomSource(broken)
        self.refused("read:")

    def test_sizes(self):
        for size in (0, -1, SIZE_MAX + 1):
            self.assertEqual(error_text(ValueError, self.source.take, size),
                             "random bytes %d: must be 1 to 64" % size)


if __name__ == "__main__":
    unittest.main()
