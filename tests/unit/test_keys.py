# heapsize: 256wK
"""The key ring: two copies, one write each, and nothing that goes back."""

import os
import unittest
from errno import EIO

from parts import error_text
from scratch import scratch_folder

from joulegate.vending.key_record import KeyRecord
from joulegate.vending.keys import (
    ADMINISTRATOR,
    KEYS_MAX,
    METER,
    VENDING,
    KeyEntry,
    KeyRing,
    KeyRingError,
)
from joulegate.vending.message_result import EXECUTION_OK, RECEIVED, reason_number
from joulegate.vending.vault import VaultError, files
from joulegate.vending.vault.choice import choose

COPIES = ("/keys/ring.bin", "/keys.copy/ring.bin")


def store_in(folder):
    return KeyRecord(choose(folder, None, ""))


def key(number):
    return bytes([number + i for i in range(16)])


def entries():
    return [KeyEntry(VENDING, b"V", key(1)), KeyEntry(ADMINISTRATOR, b"A", key(2)),
            KeyEntry(METER, b"M", key(3))]


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("keys")
        self.ring = KeyRing(store_in(self.folder))
        self.ring.create(entries())

    def tearDown(self):
        files.open = open

    def loaded(self):
        ring = KeyRing(store_in(self.folder))
        ring.load()
        return ring

    def content(self, copy):
        with open(self.folder + COPIES[copy], "rb") as f:
            return f.read()

    def put(self, copy, content):
        with open(self.folder + COPIES[copy], "wb") as f:
            f.write(content)

    def fail_to_write(self, *paths):
        def failing(path, mode="r"):
            if mode != "rb" and path in [self.folder + p for p in paths]:
                raise OSError(EIO)
            return open(path, mode)

        files.open = failing


class Stored(Case):

    def test_layout(self):
        content = self.content(0)
        self.assertEqual(len(content), 424)
        self.assertEqual(content, self.content(1))
        self.assertEqual(content[:13], b"JGKY\x01\x01\x00\x00\x00\x03\x01\x00\x01")
        self.assertEqual(content[13:37], b"V" + bytes(7) + key(1))

    def test_everything_comes_back(self):
        ring = self.ring
        ring.take(ring.find(b"A"), 0xFFFFFFFF, b"mark")
        ring.finish(ring.find(b"A"), EXECUTION_OK, 0, -77)
        found = self.loaded().find(b"A")
        self.assertEqual(
            (found.role, found.kid, found.key, found.factory, found.number, found.status,
             found.reason, found.balance, found.mark),
            (ADMINISTRATOR, b"A", key(2), False, 0xFFFFFFFF, EXECUTION_OK, 0, -77, b"mark"))

    def test_an_older_copy_does_not_count(self):
        for copy in (0, 1):
            older = self.content(copy)
            self.ring.take(self.ring.find(b"A"), 5 + copy, b"mark")
            self.put(copy, older)
            self.assertEqual(self.loaded().find(b"A").number, 5 + copy)
            self.ring = self.loaded()

    def test_a_damaged_copy_is_told_and_mended(self):
        for copy in (0, 1):
            whole = self.content(copy)
            for bad in (b"", whole[:-1], whole + b"\x00", bytes(424),
                        whole[:50] + bytes((whole[50] ^ 1,)) + whole[51:]):
                self.put(copy, bad)
                store = store_in(self.folder)
                ring = KeyRing(store)
                ring.load()
                self.assertTrue(COPIES[copy] in store.problem)
                ring.take(ring.find(b"A"), ring.find(b"A").number + 1, b"mark")
                self.assertEqual(store.problem, "")
                self.assertEqual(self.content(0), self.content(1))

    def test_both_damaged(self):
        for copy in (0, 1):
            self.put(copy, bytes(424))
        self.assertTrue("check sum" in error_text(VaultError, self.loaded))
        KeyRing(store_in(self.folder)).create(entries())
        self.assertEqual(len(self.loaded().entries), 3)

    def test_a_new_life_needs_new_keys(self):
        ring = KeyRing(store_in(self.folder))
        self.assertTrue("must be new" in error_text(KeyRingError, ring.create, entries()))
        ring.create([KeyEntry(e.role, e.kid, key(40 + i)) for i, e in enumerate(entries())])
        self.assertEqual(self.loaded().find(b"V").key, key(40))

    def test_none(self):
        folder = scratch_folder("nokeys")
        with self.assertRaises(OSError):
            KeyRing(store_in(folder)).load()

    def test_one_copy_is_enough_to_go_on(self):
        for copy in (0, 1):
            self.fail_to_write(COPIES[copy])
            self.ring.take(self.ring.find(b"A"), 7 + copy, b"mark")
            self.assertEqual(self.loaded().find(b"A").number, 7 + copy)
            files.open = open

    def test_no_copy_and_nothing_is_changed(self):
        before = self.content(0)
        self.fail_to_write(*COPIES)
        found = self.ring.find(b"A")
        with self.assertRaises(OSError):
            self.ring.take(found, 7, b"mark")
        self.assertEqual((found.number, found.status), (0, 0))
        with self.assertRaises(OSError):
            self.ring.change(b"A", KeyEntry(ADMINISTRATOR, b"B", key(9)), found,
                             (7, 3, 0, 0, b"mark"))
        self.assertFalse(found.retired)
        self.assertEqual([e.kid for e in self.ring.entries], [b"V", b"A", b"M"])
        self.assertEqual(self.content(0), before)

    def test_files_are_never_emptied_first(self):
        modes = []

        def noting(path, mode="r"):
            modes.append((path.rsplit("/", 1)[1], mode))
            return open(path, mode)

        files.open = noting
        self.ring.take(self.ring.find(b"A"), 7, b"mark")
        self.assertEqual(modes, [("ring.bin", "r+b")] * 2)
        self.assertEqual(os.listdir(self.folder + "/keys"), ["ring.bin"])


class Rules(Case):

    def test_entries(self):
        for arguments, words in (
                ((0, b"A", key(1)), "role 0"), ((6, b"A", key(1)), "role 6"),
                ((1, b"", key(1)), "kid: 0 bytes"), ((1, bytes(9), key(1)), "kid: 9 bytes"),
                ((1, b"A", key(1)[1:]), "key: 15 bytes"), ((1, b"A", b"k" * 16), "all the same")):
            self.assertTrue(words in error_text(KeyRingError, KeyEntry, *arguments))

    def test_rings(self):
        more = [KeyEntry(VENDING, bytes((i,)), key(20 + i)) for i in range(KEYS_MAX)]
        for found, words in (
                (entries()[:2], "0 keys of the meter"), (entries()[::2], "administrator"),
                (entries() + [KeyEntry(METER, b"N", key(4))], "2 keys of the meter"),
                (entries() + [KeyEntry(VENDING, b"A", key(4))], "the same"),
                (entries() + [KeyEntry(VENDING, b"N", key(1))], "the same"),
                (entries() + more, "at most 10")):
            ring = KeyRing(store_in(scratch_folder("rules")))
            self.assertTrue(words in error_text(KeyRingError, ring.create, found))
            self.assertEqual(ring.entries, [])

    def test_interrupted(self):
        self.ring.take(self.ring.find(b"A"), 7, b"mark")
        found = self.loaded().find(b"A")
        self.assertEqual((found.status, found.reason), (RECEIVED, reason_number("interrupted")))

    def test_own(self):
        self.assertEqual(self.ring.own().kid, b"M")
        self.assertTrue("no key of the meter" in error_text(
            KeyRingError, KeyRing(store_in(self.folder)).own))

    def test_a_retired_key_leaves_with_the_next_message(self):
        by = self.ring.find(b"A")
        self.ring.change(b"A", KeyEntry(ADMINISTRATOR, b"B", key(9)), by, (7, 3, 0, 0, b"mark"))
        ring = self.loaded()
        old = ring.find(b"A")
        self.assertEqual((old.retired, old.number, old.mark), (True, 7, b"mark"))
        self.assertTrue("no such key" in error_text(
            KeyRingError, ring.change, b"A", None, ring.find(b"B"), (1, 3, 0, 0, b"mark")))
        ring.take(ring.find(b"B"), 1, b"mark")
        self.assertEqual(ring.find(b"A"), None)
        self.assertEqual(self.loaded().find(b"A"), None)


if __name__ == "__main__":
    unittest.main()
