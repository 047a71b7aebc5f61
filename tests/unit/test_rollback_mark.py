"""The mark that tells a restored copy of storage from the ledger it was made of."""

import unittest
from errno import EIO

from joulegate.storage.rollback_mark import RollbackMark


class Place:
    """22 bits on a battery."""

    def __init__(self):
        self.value = 0
        self.writes = 0
        self.works = True

    def spare(self, value=None):
        if not self.works:
            raise OSError(EIO)
        if value is not None:
            self.value = value
            self.writes += 1
        return self.value


class Ledger:

    def __init__(self, sequence):
        self.sequence = sequence
        self.commits = 0

    def commit(self):
        self.sequence += 1
        self.commits += 1


class Case(unittest.TestCase):

    def setUp(self):
        self.place = Place()
        self.mark = RollbackMark(self.place)

    def kept(self, sequence):
        self.mark = RollbackMark(self.place)
        self.mark.keep(Ledger(sequence))

    def test_a_copy_is_behind(self):
        for sequence in (1000, 0x3FFFF, 0x40000, 0x40001, 3000000000):
            self.kept(sequence)
            for behind, found in ((0, 0), (1, 0), (2, 2), (900, 900), (-1, 0), (-5000, 0)):
                self.assertEqual(self.mark.behind(sequence - behind), found)

    def test_a_ledger_that_was_committed_without_the_mark_is_in_order(self):
        ledger = Ledger(7)
        self.mark.keep(ledger)
        for _ in range(50):
            ledger.commit()
            self.assertEqual(self.mark.behind(ledger.sequence), 0)

    def test_written_once_a_commit(self):
        ledger = Ledger(7)
        for _ in range(5):
            for _ in range(10):
                self.mark.keep(ledger)
            ledger.commit()
        self.assertEqual(self.place.writes, 5)

    def test_no_mark_is_no_verdict(self):
        for value in (0, 0x3FFFFF):
            self.place.value = value
            self.assertEqual(self.mark.behind(1), 0)
        self.kept(1000)
        self.place.works = False
        self.assertEqual(self.mark.behind(10), 0)

    def test_most_torn_marks_are_no_verdict(self):
        self.kept(1000)
        right = self.place.value
        for bit in range(22):
            self.place.value = right ^ 1 << bit
            self.assertEqual(self.mark.behind(10), 0)

    def test_a_place_that_fails_is_tried_again_after_the_next_commit(self):
        ledger = Ledger(7)
        self.place.works = False
        self.mark.keep(ledger)
        self.place.works = True
        self.mark.keep(ledger)
        self.assertEqual(self.place.writes, 0)
        ledger.commit()
        self.mark.keep(ledger)
        self.assertEqual(self.place.writes, 1)

    def test_held_it_stays(self):
        ledger = Ledger(7)
        self.mark.held = True
        ledger.commit()
        self.mark.keep(ledger)
        self.assertEqual(self.place.writes, 0)
        self.mark.held = False
        self.mark.keep(ledger)
        self.assertEqual(self.place.writes, 1)


if __name__ == "__main__":
    unittest.main()
