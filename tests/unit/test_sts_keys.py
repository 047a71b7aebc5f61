"""The decoder key: its record, and its change by tokens in any order."""

import unittest
from errno import ENOENT

from scratch import scratch_folder
from token_maker import KEY, key_sections

from joulegate.storage.record import Record
from joulegate.vending import sts_token
from joulegate.vending.sts_keys import (
    COMMON,
    EA07,
    EA11,
    FIELDS,
    HOLD_S,
    MAGIC,
    TCT_MAGNETIC,
    VERSION,
    DecoderKey,
    KeyChange,
    KeyStore,
)
from joulegate.vending.sts_token import Token, TokenError

NEW = bytes(range(0x80, 0x90))


def sections(current=KEY, **changes):
    """Return the four sections, read under the key they were made for."""
    found = []
    for digits in key_sections(NEW, current, **changes):
        cls, block = sts_token.parse(digits)
        found.append(sts_token.read(cls, block, DecoderKey(current).cipher()))
    return found


def section(sub, head, part):
    block = bytearray(8)
    block[0] = sub << 4 | head >> 8
    block[1] = head & 0xFF
    for i in range(4):
        block[2 + i] = part >> 8 * (3 - i) & 0xFF
    return Token(sts_token.MANAGEMENT, block)


def orders(items):
    if not items:
        yield []
    for i in range(len(items)):
        for rest in orders(items[:i] + items[i + 1:]):
            yield [items[i]] + rest


class Change(unittest.TestCase):

    def setUp(self):
        self.current = DecoderKey(KEY, sgc=7)
        self.change = KeyChange()

    def refused(self, tokens, current=None):
        try:
            for token in tokens:
                self.change.add(token, current or self.current)
        except TokenError as e:
            self.assertEqual(e.reason, sts_token.KEY)
            return str(e)
        return ""

    def test_every_order(self):
        found = sections(ken=123, krn=9, ti=99, sgc=999999)
        for order in orders(found):
            for i, token in enumerate(order):
                self.assertEqual(self.change.held, i)
                key = self.change.add(token, self.current)
                self.assertEqual(key is None, i < 3)
                if i < 3:
                    self.assertEqual(self.change.missing(self.current), 3 - i)
            self.assertEqual(
                (key.key, key.ea, key.base, key.ken, key.krn, key.kt, key.ti, key.sgc),
                (NEW, EA11, 2014, 123, 9, 2, 99, 999999))
            self.assertEqual(self.change.held, 0)

    def test_a_section_twice(self):
        a, b, c, d = sections()
        for token in (a, a, b, c, c, b):
            self.assertEqual(self.change.add(token, self.current), None)
        self.assertEqual(self.change.add(d, self.current).key, NEW)

    def test_two_sets_never_mix_where_it_can_be_told(self):
        a, b, c, _ = sections()
        for token in (a, b, c):
            self.change.add(token, self.current)
        other = sections(krn=3)
        self.assertEqual(self.change.add(other[0], self.current), None)
        self.assertEqual(self.change.held, 1)

    def test_the_wait_is_bounded(self):
        a, b, c, d = sections()
        self.change.add(a, self.current)
        self.change.pass_s(HOLD_S - 1)
        self.change.add(b, self.current)
        self.change.pass_s(HOLD_S)
        self.assertEqual(self.change.held, 0)
        for token in (c, d, a):
            self.assertEqual(self.change.add(token, self.current), None)
        self.assertEqual(self.change.add(b, self.current).key, NEW)

    def test_roll_over(self):
        for token in sections(rollover=1):
            key = self.change.add(token, self.current)
        self.assertEqual(key.base, 2035)
        self.assertTrue("after 2035" in self.refused(
            sections(rollover=1), DecoderKey(KEY, base=2035)))
        self.assertTrue("new key" in self.refused(
            sections(rollover=1), DecoderKey(NEW)))

    def test_what_makes_no_key(self):
        for changes in ({"krn": 0}, {"krn": 10}, {"ti": 100}, {"sgc": 1000000}):
            self.assertTrue(self.refused(sections(**changes)))
            self.assertEqual(self.change.held, 0)

    def test_a_common_key_is_for_magnetic_cards(self):
        self.assertTrue("magnetic" in self.refused(sections(kt=COMMON)))
        self.assertEqual(self.refused(
            sections(kt=COMMON), DecoderKey(KEY, kt=COMMON, tct=TCT_MAGNETIC)), "")

    def test_two_sections_of_ea07(self):
        current = DecoderKey(bytes(range(8)), EA07)
        first = section(3, 0xF << 8 | 4 << 4 | 2, 0x01020304)
        for order in orders([first, section(4, 0xF << 8 | 5, 0xA0B0C0D0)]):
            for token in order:
                key = self.change.add(token, current)
            self.assertEqual(key.key, b"\x01\x02\x03\x04\xa0\xb0\xc0\xd0")
            self.assertEqual((key.ea, key.krn, key.ken, key.ti), (EA07, 4, 255, 5))

    def test_three_sections_of_ea07(self):
        current = DecoderKey(bytes(range(8)), EA07, sgc=7)
        first = section(3, 0xF << 8 | 4 << 4 | 4 | 2, 0x01020304)
        third = section(8, 0x123, 0x456)
        for order in orders([first, section(4, 0xF05, 0xA0B0C0D0), third]):
            found = [self.change.add(token, current) for token in order]
            self.assertEqual([key is None for key in found], [True, True, False])
            self.assertEqual((found[2].key[:4], found[2].sgc), (b"\x01\x02\x03\x04", 7))

    def test_a_fourth_is_none_of_ea07(self):
        current = DecoderKey(bytes(range(8)), EA07)
        self.assertTrue("EA07" in self.refused([section(9, 0, 0)], current))


class Stored(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("sts_keys")

    def store(self):
        return KeyStore(Record(self.folder + "/decoder.bin", MAGIC, VERSION, FIELDS))

    def test_what_was_put_in_force(self):
        for key in (DecoderKey(KEY, EA11, 1993, 3, 4, 1, 123457, 2, 1),
                    DecoderKey(bytes(range(1, 9)), EA07, 2035)):
            self.store().replace(key)
            store = self.store()
            store.load()
            for name in ("bits", "key", "ea", "base", "ken", "krn", "kt", "sgc", "ti", "tct"):
                self.assertEqual(getattr(store.key, name), getattr(key, name))

    def test_none(self):
        store = self.store()
        try:
            store.load()
        except OSError as e:
            self.assertEqual(e.errno, ENOENT)
        self.assertEqual(store.key, None)

    def test_a_damaged_one_is_none(self):
        self.store().replace(DecoderKey(KEY))
        with open(self.folder + "/decoder.bin", "r+b") as f:
            f.seek(20)
            f.write(b"\x99")
        store = self.store()
        with self.assertRaises(ValueError):
            store.load()
        self.assertEqual(store.key, None)

    def test_a_file_that_cannot_be_written_leaves_the_old_one(self):
        store = self.store()
        store.replace(DecoderKey(KEY))
        store._record.path = self.folder + "/none/decoder.bin"
        with self.assertRaises(OSError):
            store.replace(DecoderKey(NEW))
        self.assertEqual(store.key.key, KEY)


class Keys(unittest.TestCase):

    def test_ranges(self):
        for changes in ({"ea": 9}, {"base": 2020}, {"ken": 256}, {"ken": -1}, {"krn": 0},
                        {"krn": 10}, {"kt": 4}, {"sgc": 1000000}, {"ti": 100}, {"tct": 100}):
            with self.assertRaises(ValueError):
                DecoderKey(KEY, **changes)

    def test_lengths(self):
        for bits, ea in ((KEY[:8], EA11), (KEY, EA07), (KEY[:15], EA11), (b"", EA11)):
            with self.assertRaises(ValueError):
                DecoderKey(bits, ea)

    def test_ea07_needs_its_tables(self):
        try:
            DecoderKey(KEY[:8], EA07).cipher()
        except TokenError as e:
            self.assertEqual(e.reason, sts_token.KEY)
        else:
            self.fail("no error")


if __name__ == "__main__":
    unittest.main()
