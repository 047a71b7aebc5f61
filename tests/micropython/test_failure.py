"""The failure that made the meter start again: kept with its place, told once."""

import unittest

from scratch import scratch_folder

from joulegate.health.failure import TEXT_MAX, Failure


def fail(deep):
    if deep:
        fail(deep - 1)
    raise ValueError("thing 7: must be 8")


class Case(unittest.TestCase):

    def setUp(self):
        self.path = scratch_folder("failure") + "/failure.txt"

    def keep(self, deep=1):
        try:
            fail(deep)
        except ValueError as e:
            Failure(self.path).keep(e)

    def test_none(self):
        failure = Failure(self.path)
        self.assertFalse(failure.load())
        self.assertEqual(failure.text, "")

    def test_kept_with_its_place_and_told_once(self):
        self.keep()
        failure = Failure(self.path)
        self.assertTrue(failure.load())
        self.assertTrue(failure.text.endswith("ValueError: thing 7: must be 8"), failure.text)
        self.assertTrue("in fail" in failure.text, failure.text)
        again = Failure(self.path)
        self.assertFalse(again.load())
        self.assertEqual(again.text, failure.text)

    def test_bounded(self):
        try:
            raise ValueError("x" * 5000)
        except ValueError as e:
            Failure(self.path).keep(e)
        failure = Failure(self.path)
        failure.load()
        self.assertTrue(len(failure.text) <= TEXT_MAX)
        self.assertTrue(failure.text.endswith("xxx"))

    def test_damaged(self):
        for content in (b"", b"\xff\x00", b"N", b"N\xff\xfe" * 900):
            with open(self.path, "wb") as f:
                f.write(content)
            failure = Failure(self.path)
            failure.load()
            self.assertTrue(len(failure.text) <= TEXT_MAX)

    def test_no_storage(self):
        failure = Failure("/nowhere/at/all")
        failure.keep(ValueError("x"))
        self.assertFalse(failure.load())


if __name__ == "__main__":
    unittest.main()
