# heapsize: 2M
"""A record in FRAM: the newest whole slot counts, whatever byte was the last one written."""

import random
import unittest
from errno import EEXIST

from fram_rig import SIZE, driver, new_chip
from parts import error_text

from joulegate.storage.fram_record import SEAL, FramRecord
from joulegate.storage.record import RecordError

FIELDS = (
    ("a", "byte", "B", 1, 0, 200, "a byte"),
    ("a", "name", "8s", 1, None, None, "bytes"),
)
LENGTH = SEAL + 9 + 9 + 4
ROOM = 48
AT = 96


class Owner:
    byte = 1
    name = b"12345678"


class Case(unittest.TestCase):

    def setUp(self):
        self.chip = new_chip()
        self.owners = {"a": Owner()}

    def record(self, chip=None, version=1, magic=b"TEST"):
        return FramRecord(
            driver(chip or self.chip), AT, ROOM, "fram/r", magic, version, FIELDS)

    def created(self, commits=0):
        record = self.record()
        record.create(self.owners)
        for n in range(commits):
            self.owners["a"].byte = n + 2
            record.commit(self.owners)
        return record

    def found(self, chip=None):
        return self.record(chip).load()["a", "byte"]


class Keeps(Case):

    def test_what_was_stored(self):
        self.created()
        again = self.record()
        self.assertEqual(again.load(), {("a", "byte"): 1, ("a", "name"): b"12345678"})
        self.assertEqual(again.sequence, 0)

    def test_newest_of_many(self):
        record = self.created()
        for n in range(2, 12):
            self.owners["a"].byte = n
            record.commit(self.owners)
            again = self.record()
            self.assertEqual(again.load()["a", "byte"], n)
            self.assertEqual(again.sequence, n - 1)
            record = again  # the commit of a new start goes on with the older slot

    def test_newest_though_the_sequence_stays(self):
        record = self.created()
        for n in range(2, 6):
            record.sequence = 6
            self.owners["a"].byte = n
            record.commit(self.owners)
            self.assertEqual(self.found(), n)

    def test_writes_inside_its_slots_alone(self):
        self.chip.content[:] = b"\xa5" * SIZE
        self.created(5)
        self.assertEqual(bytes(self.chip.content[:AT]), b"\xa5" * AT)
        rest = bytes(self.chip.content[AT + 2 * ROOM:])
        self.assertEqual(rest, b"\xa5" * len(rest))

    def test_creates_once(self):
        self.created(1)
        before = bytes(self.chip.content)
        text = error_text(OSError, self.record().create, self.owners)
        self.assertTrue(str(EEXIST) in text, text)
        self.assertEqual(bytes(self.chip.content), before)

    def test_removed_and_made_again(self):
        record = self.created(3)
        record.remove()
        self.assertFalse(record.exists())
        self.owners["a"].byte = 9
        record.create(self.owners)
        self.assertEqual(self.found(), 9)

    def test_takes_over_the_bytes_of_another(self):
        content = bytes(self.created(2).buffer)
        chip = new_chip()
        self.record(chip).take_over(content)
        again = self.record(chip)
        self.assertEqual(again.load()["a", "byte"], 3)
        self.assertEqual(again.sequence, 2)


class Cut(Case):

    def test_every_byte_of_a_commit(self):
        for commits in (0, 1, 2):
            self.setUp()
            self.created(commits)
            old = self.found()
            for cut in range(1, LENGTH + 2):
                chip = self.chip.snapshot()
                record = self.record(chip)
                record.load()
                chip.cut_power_at(cut)
                self.owners["a"].byte = 99
                whole = cut > LENGTH
                if whole:
                    record.commit(self.owners)
                else:
                    error_text(OSError, record.commit, self.owners)
                chip.restore_power()
                self.assertEqual(self.found(chip), 99 if whole else old, cut)
                self.goes_on(chip)

    def test_second_cut_while_the_first_is_mended(self):
        self.created(1)
        for first in range(1, LENGTH + 1, 3):
            for second in range(1, LENGTH + 1, 3):
                chip = self.chip.snapshot()
                for cut in (first, second):
                    record = self.record(chip)
                    record.load()
                    chip.cut_power_at(cut)
                    self.owners["a"].byte = 99
                    error_text(OSError, record.commit, self.owners)
                    chip.restore_power()
                self.assertEqual(self.found(chip), 2)

    def test_every_byte_of_creation(self):
        for cut in range(1, LENGTH + 1):
            chip = new_chip(0xFF)
            chip.cut_power_at(cut)
            error_text(OSError, self.record(chip).create, self.owners)
            chip.restore_power()
            record = self.record(chip)
            self.assertFalse(record.exists())
            record.create(self.owners)
            self.assertEqual(self.found(chip), 1)

    def test_same_meter_goes_on_after_a_passing_fault(self):
        record = self.created(1)
        for cut in range(1, LENGTH + 1):
            self.chip.cut_power_at(cut)
            error_text(OSError, record.commit, self.owners)
            self.chip.restore_power()
            self.owners["a"].byte = cut
            record.commit(self.owners)
            self.assertEqual(self.found(), cut)

    def goes_on(self, chip):
        record = self.record(chip)
        record.load()
        for n in (5, 6, 7):
            self.owners["a"].byte = n
            record.commit(self.owners)
            self.assertEqual(self.found(chip), n)


class Refuses(Case):

    def refused(self, record, *parts):
        text = error_text(RecordError, record.load)
        for part in ("fram/r",) + parts:
            self.assertTrue(part in text, text)

    def test_blank_chips(self):
        for fill in (0, 0xFF, 0xA5):
            record = self.record(new_chip(fill))
            self.assertFalse(record.exists())
            self.refused(record, "neither slot")

    def test_random_content(self):
        random.seed(4)
        for _ in range(300):
            chip = new_chip()
            chip.content[AT:AT + 2 * ROOM] = bytes(
                random.getrandbits(8) for _ in range(2 * ROOM))
            record = self.record(chip)
            self.assertFalse(record.exists())
            self.refused(record)

    def test_every_flipped_bit_is_new_or_the_one_before(self):
        self.created(3)
        for bit in range(2 * ROOM * 8):
            chip = self.chip.snapshot()
            chip.content[AT + bit // 8] ^= 1 << bit % 8
            self.assertTrue(self.found(chip) in (4, 3), bit)

    def test_both_slots_damaged(self):
        record = self.created(3)
        for slot in (AT, AT + ROOM):
            self.chip.content[slot + SEAL + 10] ^= 1
        self.assertTrue(record.exists())  # nothing may be made over it
        self.refused(self.record(), "neither slot")
        error_text(OSError, self.record().create, self.owners)

    def test_an_older_one_never_takes_the_place_of_one_too_new(self):
        self.created(1)
        newer = self.record(version=2)
        newer._newest, newer._generation = 1, 2
        newer.commit(self.owners)
        self.refused(self.record(), "version 2", "reads 1")

    def test_record_of_another_kind(self):
        self.created(1)
        self.assertFalse(self.record(magic=b"ELSE").exists())

    def test_dead_bus(self):
        record = self.created(1)
        self.chip.powered = False
        self.assertTrue(record.exists())
        for act in (record.load, record.remove):
            error_text(OSError, act)

    def test_no_room(self):
        for at, room in ((SIZE - 2 * ROOM + 1, ROOM), (0, LENGTH - 1)):
            text = error_text(
                ValueError, FramRecord, driver(self.chip), at, room, "fram/r", b"TEST", 1, FIELDS)
            self.assertTrue("FRAM of %d" % SIZE in text, text)


if __name__ == "__main__":
    unittest.main()
