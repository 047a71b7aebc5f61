"""A record: fields of owners' attributes in one file, believed or refused whole."""

import os
import unittest
from errno import EEXIST

from parts import error_text
from scratch import scratch_folder

from joulegate.storage.record import SIZE_MAX, Record, RecordError, restore

FIELDS = (
    ("a", "byte", "B", 1, 0, 200, "a byte"),
    ("a", "word", "I", 1, None, None, "a word"),
    ("a", "signed", "i", 1, -5, 5, "a signed word"),
    ("a", "large", "q", 1, None, None, "64 bits"),
    ("b", "marks", "T", 3, None, None, "24 bits each"),
    ("b", "name", "8s", 1, None, None, "bytes"),
)
# Header 9, fields 1 + 4 + 4 + 8 + 9 + 8, check sum 4.
SIZE = 47


class Owner:
    pass


def owners():
    a = Owner()
    a.byte = 200
    a.word = 0xFFFFFFFF
    a.signed = -5
    a.large = -(1 << 62)
    b = Owner()
    b.marks = [0, 0xFFFFFF, 0x123456]
    b.name = b"12345678"
    return {"a": a, "b": b}


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("record")
        self.path = self.folder + "/r.bin"
        self.owners = owners()

    def record(self, version=1, magic=b"TEST", fields=FIELDS):
        return Record(self.path, magic, version, fields)

    def content(self):
        with open(self.path, "rb") as f:
            return f.read()

    def put(self, content):
        with open(self.path, "wb") as f:
            f.write(content)


class Keeps(Case):

    def test_what_was_stored(self):
        self.record().create(self.owners)
        self.assertEqual(len(self.content()), SIZE)
        values = self.record().load()
        self.assertEqual(values, {
            ("a", "byte"): 200, ("a", "word"): 0xFFFFFFFF, ("a", "signed"): -5,
            ("a", "large"): -(1 << 62), ("b", "marks"): [0, 0xFFFFFF, 0x123456],
            ("b", "name"): b"12345678"})

    def test_commits_in_place_and_counts(self):
        record = self.record()
        record.create(self.owners)
        for n in range(1, 4):
            self.owners["a"].byte = n
            record.commit(self.owners)
            again = self.record()
            self.assertEqual(again.load()["a", "byte"], n)
            self.assertEqual((record.sequence, again.sequence), (n, n))
        self.assertEqual(os.listdir(self.folder), ["r.bin"])

    def test_creates_once(self):
        self.record().create(self.owners)
        before = self.content()
        text = error_text(OSError, self.record().create, self.owners)
        self.assertTrue(str(EEXIST) in text, text)
        self.assertEqual(self.content(), before)

    def test_creates_over_the_remains_of_a_cut(self):
        with open(self.path + ".new", "wb") as f:
            f.write(b"half")
        self.record().create(self.owners)
        self.record().load()

    def test_commit_needs_a_file(self):
        with self.assertRaises(OSError):
            self.record().commit(self.owners)

    def test_restores_owners(self):
        self.record().create(self.owners)
        found = owners()
        found["a"].byte = 0
        found["b"].marks = [9, 9, 9]
        marks = found["b"].marks
        restore(self.record().load(), found)
        self.assertEqual(found["a"].byte, 200)
        self.assertTrue(found["b"].marks is marks)
        self.assertEqual(marks, [0, 0xFFFFFF, 0x123456])

    def test_restores_only_owners_that_are_there(self):
        self.record().create(self.owners)
        found = {"b": owners()["b"]}
        restore(self.record().load(), found)
        self.assertEqual(list(found), ["b"])


class Bits(Case):
    """Fields of some bits share a byte as long as they fit."""

    FIELDS = (
        ("a", "byte", "u3", 1, 0, 5, "three bits"),
        ("a", "word", "u4", 1, 0, 15, "four beside them"),
        ("a", "signed", "u2", 1, 0, 3, "two in the next byte"),
        ("a", "wide", "T", 1, 0, 0xFFFFFF, "three bytes, one number"),
        ("a", "large", "u1", 1, 0, 1, "a byte of its own"),
    )

    def fields(self, *values):
        a = self.owners["a"]
        a.byte, a.word, a.signed, a.wide, a.large = values
        return values

    def test_every_value_beside_every_other(self):
        record = self.record(fields=self.FIELDS)
        self.fields(5, 15, 3, 0xFEDCBA, 1)
        record.create(self.owners)
        self.assertEqual(self.content()[9:15], bytes((0x7D, 3, 0xBA, 0xDC, 0xFE, 1)))
        for byte in range(6):
            for word in range(16):
                values = self.fields(byte, word, word & 3, word << 20 | byte, word >> 3)
                record.commit(self.owners)
                found = self.record(fields=self.FIELDS).load()
                self.assertEqual(tuple(found[f[0], f[1]] for f in self.FIELDS), values)

    def test_out_of_range_is_not_written(self):
        self.fields(5, 15, 3, 0, 1)
        record = self.record(fields=self.FIELDS)
        record.create(self.owners)
        before = self.content()
        self.owners["a"].byte = 6
        text = error_text(RecordError, record.commit, self.owners)
        self.assertTrue("a.byte 6: must be 0 to 5" in text, text)
        self.assertEqual(self.content(), before)


class Refuses(Case):

    def refused(self, record, *parts):
        text = error_text(RecordError, record.load)
        self.assertTrue(self.path in text, text)
        for part in parts:
            self.assertTrue(part in text, text)

    def test_every_other_length(self):
        self.record().create(self.owners)
        content = self.content()
        for length in list(range(SIZE)) + [SIZE + 1, 600]:
            self.put((content + bytes(600))[:length])
            self.refused(self.record(), "%d bytes" % SIZE)

    def test_every_flipped_bit(self):
        self.record().create(self.owners)
        content = self.content()
        for bit in range(SIZE * 8):
            spoilt = bytearray(content)
            spoilt[bit // 8] ^= 1 << bit % 8
            self.put(spoilt)
            self.refused(self.record(), "check sum")

    def test_version(self):
        self.record(version=2).create(self.owners)
        self.refused(self.record(), "version 2", "reads 1")

    def test_magic(self):
        self.record(magic=b"ELSE").create(self.owners)
        self.refused(self.record(), "ELSE", "TEST")

    def test_stored_value_out_of_range(self):
        wide = tuple(f[:4] + (None, None) + f[6:] for f in FIELDS)
        self.owners["a"].byte = 201
        self.record(fields=wide).create(self.owners)
        self.refused(self.record(), "a.byte 201", "0 to 200")

    def test_value_out_of_range_is_never_written(self):
        record = self.record()
        record.create(self.owners)
        before = self.content()
        for attribute, value in (("byte", 201), ("signed", 6), ("signed", -6)):
            setattr(self.owners["a"], attribute, value)
            text = error_text(RecordError, record.commit, self.owners)
            self.assertTrue("a.%s %d" % (attribute, value) in text, text)
            self.owners = owners()
        self.assertEqual(self.content(), before)

    def test_missing_file(self):
        with self.assertRaises(OSError):
            self.record().load()

    def test_size(self):
        fields = (("a", "x", "I", (SIZE_MAX - 13) // 4, None, None, ""),)
        self.record(fields=fields)
        text = error_text(
            ValueError, self.record, 1, b"TEST", fields + (("a", "y", "I", 1, None, None, ""),))
        self.assertTrue("at most 480" in text, text)


if __name__ == "__main__":
    unittest.main()
