"""The purchase journal: a ring of checked entries."""

import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.storage.journal import ENTRIES, Journal, JournalError

SIZE = 42


class Case(unittest.TestCase):

    def setUp(self):
        self.path = scratch_folder("journal") + "/purchases.bin"
        self.journal = Journal(self.path)
        self.journal.create()

    def content(self):
        with open(self.path, "rb") as f:
            return bytearray(f.read())

    def put(self, content):
        with open(self.path, "wb") as f:
            f.write(content)

    def append(self, n):
        self.journal.append(n, -n, 1, n & 0xFFFFFF, 100 + n, 1000 * n, -n)


class Keeps(Case):

    def test_empty(self):
        self.assertEqual(self.journal.load(), [])

    def test_an_entry(self):
        self.journal.append(
            0xFFFFFFFF, -631152000, 255, 0xFFFFFF, 0x3FFFFFFF, 1 << 60, -(1 << 60))
        e, = Journal(self.path).load()
        self.assertEqual(
            (e.sequence, e.time, e.carrier, e.tid, e.units, e.credits, e.balance),
            (0xFFFFFFFF, -631152000, 255, 0xFFFFFF, 0x3FFFFFFF, 1 << 60, -(1 << 60)))

    def test_overwrites_the_oldest(self):
        for n in range(1, ENTRIES + 11):
            self.append(n)
        found = [e.sequence for e in Journal(self.path).load()]
        self.assertEqual(found, list(range(11, ENTRIES + 11)))

    def test_goes_on_where_it_ended_after_a_restart(self):
        for n in range(1, ENTRIES + 30):
            self.append(n)
            if n % 7 == 0:
                self.journal = Journal(self.path)
                self.journal.load()
        found = [e.sequence for e in Journal(self.path).load()]
        self.assertEqual(found, list(range(30, ENTRIES + 30)))

    def test_length_is_fixed(self):
        for n in range(1, 2 * ENTRIES):
            self.append(n)
            self.assertEqual(len(self.content()), SIZE * ENTRIES)

    def test_create_empties(self):
        self.append(1)
        self.journal.create()
        self.assertEqual(Journal(self.path).load(), [])

    def test_failed_append_takes_no_slot(self):
        path = self.journal.path
        self.journal.path = path + ".none"
        with self.assertRaises(OSError):
            self.append(1)
        self.journal.path = path
        self.append(1)
        self.append(2)
        self.assertEqual([e.sequence for e in self.journal.load()], [1, 2])


class Refuses(Case):

    def test_missing(self):
        with self.assertRaises(OSError):
            Journal(self.path + ".none").load()

    def test_shorter(self):
        self.append(1)
        content = self.content()
        for length in (0, 1, SIZE, len(content) - 1):
            self.put(content[:length])
            text = error_text(JournalError, Journal(self.path).load)
            self.assertTrue("shorter than 64" in text, text)

    def test_every_flipped_bit(self):
        self.append(1)
        content = self.content()
        for bit in range(SIZE * 8):
            spoilt = content[:]
            spoilt[bit // 8] ^= 1 << bit % 8
            self.put(spoilt)
            text = error_text(JournalError, Journal(self.path).load)
            self.assertTrue("entry 0 is damaged" in text, text)


if __name__ == "__main__":
    unittest.main()
