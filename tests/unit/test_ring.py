"""The ring of fixed entries: bounded, found again, and readable whatever befalls its files."""

import os
import struct
import unittest
from binascii import crc32

from parts import error_text
from scratch import scratch_folder

from joulegate.core.events import EventLog
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import HEADER_SIZE, Ring

FIELDS = """
    time i: second
    level B 0..9: a digit
    pair 2H: two numbers
    name 8s: a name
"""
FILES = 3


def ring(path, version=1):
    return Ring(path, FILES, Layout(b"TEST", version, FIELDS))


def values(n):
    return (1000 + n, n % 10, (n & 0xFFFF, 7), b"%08d" % n)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("ring")
        self.path = self.folder + "/r"
        self.ring = ring(self.path)
        self.per = self.ring.per_file

    def fill(self, count):
        for _ in range(count):
            self.ring.append(values(self.ring.next))

    def found(self, version=1):
        again = ring(self.path, version)
        again.load()
        self.again = again
        return [e["sequence"] for e in again.entries()]

    def content(self, number):
        with open(self.ring.file_name(number), "rb") as f:
            return bytearray(f.read())

    def put(self, number, content):
        with open(self.ring.file_name(number), "wb") as f:
            f.write(content)

    def offset(self, slot):
        return HEADER_SIZE + slot * self.ring.layout.size


class Keeps(Case):
    def test_nothing_at_first_and_makes_no_file(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(os.listdir(self.folder), [])

    def test_every_field(self):
        self.fill(2)
        again = ring(self.path)
        again.load()
        self.assertEqual(list(again.entries())[1], {
            "sequence": 1, "time": 1001, "level": 1, "pair": [1, 7], "name": b"00000001"})

    def test_a_folder_is_made(self):
        self.ring = ring(self.folder + "/new/r")
        self.fill(1)
        self.assertEqual(os.listdir(self.folder), ["new"])

    def test_the_newest_is_found_and_the_oldest_overwritten(self):
        capacity = self.ring.capacity
        for count in (1, self.per - 2, 1, 1, self.per, self.per, 1, capacity, 5):
            self.fill(count)
            end = self.ring.next
            self.assertEqual(self.found(), list(range(max(0, end - capacity), end)))
            self.assertEqual(self.again.next, end)
            self.assertEqual((self.again.damaged, self.again.missing), (0, 0))
            self.ring = self.again

    def test_files_are_of_one_sector_from_the_first_entry_on(self):
        self.fill(1)
        size = len(self.content(0))
        self.assertTrue(4096 - self.ring.layout.size < size <= 4096, size)
        self.fill(3 * self.ring.capacity)
        self.assertEqual([len(self.content(n)) for n in range(FILES)], [size] * FILES)
        self.assertEqual(len(os.listdir(self.folder)), FILES)

    def test_reading_from_a_number_and_one(self):
        self.fill(20)
        self.assertEqual([e["sequence"] for e in self.ring.entries(17)], [17, 18, 19])
        self.assertEqual(self.ring.read(3)["time"], 1003)
        for absent in (-1, 20):
            self.assertEqual(self.ring.read(absent), None)

    def test_appending_while_reading(self):
        self.fill(self.ring.capacity)
        seen = []
        for entry in self.ring.entries():
            seen.append(entry["sequence"])
            self.fill(3)
        self.assertEqual(seen, sorted(set(seen)))
        self.assertTrue(self.per < len(seen) < self.ring.capacity, len(seen))
        self.assertEqual((self.ring.damaged, self.ring.missing), (0, 0))

    def test_restart_leaves_one_and_numbers_rise(self):
        self.fill(2 * self.per + 3)
        self.ring.restart(values(0))
        self.assertEqual(self.found()[-1], 2 * self.per + 3)
        self.assertEqual(len(self.found()), 1)
        self.assertEqual(self.again.next, 2 * self.per + 4)

    def test_forget(self):
        self.fill(2 * self.per)
        self.ring.forget()
        self.assertEqual((self.found(), self.ring.next), ([], 0))

    def test_full_since(self):
        self.fill(10)
        self.assertFalse(self.ring.full_since(1010, 11, 100))
        self.assertTrue(self.ring.full_since(1010, 10, 11))
        self.assertFalse(self.ring.full_since(1010, 10, 10))
        self.assertFalse(self.ring.full_since(999, 10, 100), "a clock set back frees")


class Refuses(Case):
    def test_values_out_of_range(self):
        names = ("time", "level", "pair")
        for at, bad in ((0, 1 << 31), (1, 10), (1, -1), (2, (1, -1)), (2, (1, 2, 3))):
            wrong = list(values(1))
            wrong[at] = bad
            text = error_text(ValueError, self.ring.append, tuple(wrong))
            self.assertTrue("entry TEST: " + names[at] in text, text)
        self.assertEqual((self.ring.next, os.listdir(self.folder)), (0, []))

    def test_failing_storage_is_an_event_once(self):
        log = EventLog()
        self.ring.path = self.folder + "/none/none/r"
        for _ in range(3):
            self.assertFalse(self.ring.keep(values(0), log, 5))
        self.assertEqual((log.count, self.ring.next), (1, 0))
        self.ring.path = self.path
        self.assertTrue(self.ring.keep(values(0), log, 5))


class Survives(Case):
    def setUp(self):
        Case.setUp(self)
        self.fill(self.ring.capacity + self.per + 5)  # newest in the second file
        self.all = self.found()

    def test_every_flipped_bit_of_an_entry_costs_that_entry(self):
        for slot in (0, 4, 5, self.per - 1):
            lost = self.per + slot + (self.ring.capacity if slot < 5 else 0)
            before = self.content(1)
            for bit in range(0, self.ring.layout.size * 8, 3):
                spoilt = before[:]
                spoilt[self.offset(slot) + bit // 8] ^= 1 << bit % 8
                self.put(1, spoilt)
                found = self.found()
                if slot == 4:  # the newest: as if it had never been
                    self.assertEqual(found[-1], lost - 1)
                    self.assertEqual(found[1:], self.all[1:-1])
                else:
                    self.assertEqual(found, [n for n in self.all if n != lost])
                    self.assertEqual(self.again.damaged, 1)
            self.put(1, before)

    def test_a_damaged_header_costs_nothing_and_is_mended(self):
        for at in range(HEADER_SIZE):
            spoilt = self.content(1)
            spoilt[at] ^= 0x55
            self.put(1, spoilt)
            self.assertEqual(self.found(), self.all)
            self.again.append(values(self.again.next))
            self.all = self.found()
            self.assertEqual(bytes(self.content(1)[:HEADER_SIZE]), self.ring.header())

    def test_missing_files(self):
        for number in (0, 2):
            before = self.content(number)
            os.remove(self.ring.file_name(number))
            found = self.found()
            self.assertEqual(len(found), len(self.all) - self.per)
            self.assertEqual((self.again.missing, found[-1]), (self.per, self.all[-1]))
            self.put(number, before)
        os.remove(self.ring.file_name(1))  # with the newest entries
        self.assertEqual(self.found()[-1], self.ring.capacity + self.per - 1)
        self.again.append(values(self.again.next))
        self.assertEqual(self.found()[-1], self.ring.capacity + self.per)

    def test_every_truncation(self):
        before = self.content(1)
        for length in range(0, len(before), 29):
            self.put(1, before[:length])
            found = self.found()
            self.assertTrue(set(found) <= set(self.all) | {self.all[0] - 1}, length)
            self.assertTrue(len(found) >= 2 * self.per)
            self.again.append(values(self.again.next))
            self.assertEqual(self.found()[-1], self.again.next - 1)

    def test_random_bytes(self):
        seed = 1
        for _ in range(5):
            junk = bytearray()
            for _ in range(HEADER_SIZE + self.per * self.ring.layout.size):
                seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
                junk.append(seed >> 16 & 0xFF)
            self.put(0, junk)
            found = self.found()
            self.assertEqual(
                found, [n for n in self.all if n % self.ring.capacity >= self.per])

    def test_a_long_ring_goes_on_after_its_highest_number_whatever_file_is_spoilt(self):
        layout = Layout(b"LONG", 1, "pad 8s: stuffing\n" * 60)
        pads = (b"12345678",) * 60
        for count in (1, 7, 9, 40, 63, 64, 71):
            long = Ring(self.folder + "/long%d" % count, 9, layout)
            for _ in range(count):
                long.append(pads)
            for number in range(9):
                name = long.file_name(number)
                try:
                    os.rename(name, name + ".kept")
                except OSError:
                    continue  # not made yet
                for spoilt in (None, b"", b"\x11" * 4000):
                    if spoilt is not None:
                        with open(name, "wb") as f:
                            f.write(spoilt)
                    long.load()
                    kept = [n for n in range(max(0, count - long.capacity), count)
                            if long.place(n)[0] != number]
                    self.assertEqual(long.next, kept[-1] + 1 if kept else 0)
                os.rename(name + ".kept", name)

    def test_another_version_is_recognised_and_makes_room(self):
        self.assertEqual(self.found(2), [])
        self.assertEqual(self.again.foreign, FILES)
        self.again.append(values(0))
        self.assertEqual(self.found(2), [0])
        # The files not reached yet still hold the old version for a firmware that reads it.
        self.assertTrue(len(self.found(1)) >= self.per)

    def test_a_good_entry_in_a_wrong_place_is_not_believed(self):
        content = self.content(1)
        size = self.ring.layout.size
        content[self.offset(9):self.offset(10)] = content[self.offset(8):self.offset(9)]
        self.put(1, content)
        self.assertEqual(len(self.found()), len(self.all) - 1)
        self.assertEqual(self.again.next, self.ring.next)
        # One with a good check sum and a value out of range, as a fault could have written it.
        entry = bytearray(content[self.offset(3):self.offset(4)])
        entry[8] = 200
        struct.pack_into("<I", entry, size - 4, crc32(
            memoryview(entry)[:-4], self.ring.layout._seed))
        content[self.offset(3):self.offset(4)] = entry
        self.put(1, content)
        self.assertEqual(len(self.found()), len(self.all) - 2)
        self.assertEqual(self.again.damaged, 1)


if __name__ == "__main__":
    unittest.main()
