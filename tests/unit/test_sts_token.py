"""The 20-digit format: published tokens field by field, and every form that is none."""

import json
import unittest
from binascii import unhexlify

from token_maker import KEY, credit, management, token

from joulegate.core.civil import format_time
from joulegate.vending import sts_token
from joulegate.vending.misty1 import Misty1
from joulegate.vending.sts_time import BASES, lies_ahead, minute_of, tid_of
from joulegate.vending.sts_token import TokenError

with open("tests/vectors/sts_ea11.json") as f:
    DATA = json.load(f)
VECTORS = DATA["vectors"]


def read(digits, key=KEY):
    cls, block = sts_token.parse(digits)
    return sts_token.read(cls, block, Misty1(key) if cls != sts_token.DISPLAY else None)


def reason(digits, key=KEY):
    try:
        read(digits, key)
    except TokenError as e:
        assert str(e).startswith(e.reason + ": "), e
        return e.reason
    return ""


class Published(unittest.TestCase):

    def tokens(self, name):
        found = [v for v in VECTORS if name in v]
        self.assertTrue(found)
        for v in found:
            yield v, read(v["token"], unhexlify(v.get("key") or v.get("old") or ""))

    def test_times_and_values(self):
        for v, t in self.tokens("tid"):
            self.assertEqual((t.cls, t.sub, t.tid), (v["cls"], v["sub"], v["tid"]), v["name"])
            if "amount_field" in v:
                self.assertEqual(t.low, v["amount_field"])
                # Rounded up, by less than one step of the exponent.
                over = t.value - v["amount_tenths"]
                self.assertTrue(0 <= over < 10 ** (t.low >> 14), v["name"])
            else:
                self.assertEqual(t.value, v["value"], v["name"])

    def test_issue_times(self):
        for v, t in self.tokens("when"):
            day, month, year = v["when"][:10].split("/")
            said = format_time(minute_of(t.tid, v["base"]) * 60)
            self.assertEqual(said[:16], "%s-%s-%sT%s" % (year, month, day, v["when"][11:16]))

    def test_tests(self):
        for v, t in self.tokens("mfr"):
            self.assertEqual((t.cls, t.sub, t.tid), (1, v["sub"], None))
            self.assertEqual(t.manufacturer, int(v["mfr"]))
            control = v.get("control36")
            control = 1 << v["control_bit"] if control is None else int(control, 16)
            self.assertEqual(t.control, control, v["name"])

    def test_key_sections(self):
        for v, t in self.tokens("new"):
            self.assertTrue(t.key_section)
            self.assertEqual(t.tid, None)
            at = {3: 0, 8: 8, 9: 16, 4: 24}[t.sub]
            self.assertEqual("%04x%04x" % (t.middle, t.low), v["new"][at:at + 8])

    def test_check_sum(self):
        v = DATA["crc"]
        number = v["subclass"] << 44 | v["rnd"] << 40 | v["tid"] << 16 | v["amount_field"]
        block = bytearray([number >> 8 * i & 0xFF for i in range(5, -1, -1)])
        crc = sts_token.crc16(v["class"], block)
        self.assertEqual("%02X%02X" % (crc & 0xFF, crc >> 8), v["crc"])


class Forms(unittest.TestCase):

    def test_separators(self):
        digits = credit(1000, 25)
        spaced = " ".join([digits[i:i + 4] for i in range(0, 20, 4)])
        for text in (spaced, spaced.replace(" ", "-"), " " + digits + " "):
            self.assertEqual(read(text).value, 25)

    def test_what_is_no_token(self):
        digits = credit(1000, 25)
        for text in ("", "1", digits[:19], digits + "1", digits[:19] + "x", digits[:19] + "٣",
                     "+" + digits[:19], digits + " " * 21, "0" * 1000, "\0" * 20):
            self.assertEqual(reason(text), sts_token.FORMAT)

    def test_the_end_of_66_bits(self):
        for number in (2**66, 2**66 + 1, 10**20 - 1):
            self.assertEqual(reason(str(number)), sts_token.FORMAT)
        # The last number of them is of class 3.
        self.assertEqual(reason(str(2**66 - 1)), sts_token.FORMAT)
        self.assertEqual(reason(str(2**66 - 1 - (3 << 27))), sts_token.CRC)

    def test_every_class(self):
        for cls in range(4):
            for sub in range(16):
                found = reason(token(cls, sub, 0))
                known = {0: (0, 1, 2, 3), 1: (0, 1), 2: (0, 1, 3, 4, 5, 6, 8, 9), 3: ()}[cls]
                wanted = sts_token.NOT_SUPPORTED if cls < 3 else sts_token.FORMAT
                self.assertEqual(found, "" if sub in known else wanted)

    def test_each_bit_of_the_check_sum_counts(self):
        for bit in range(16):
            self.assertEqual(reason(token(0, 0, 12345, KEY, 1 << bit)), sts_token.CRC)

    def test_another_key(self):
        self.assertEqual(reason(credit(1000, 25), bytes(16)), sts_token.CRC)

    def test_one_digit_wrong(self):
        digits = credit(1000, 25)
        for i in range(20):
            other = digits[:i] + str((int(digits[i]) + 1) % 10) + digits[i + 1:]
            self.assertTrue(reason(other) in (sts_token.CRC, sts_token.FORMAT))


class Amounts(unittest.TestCase):

    def test_edges(self):
        for field, value in (
            (0, 0), (1, 1), (0x3FFF, 16383), (0x4000, 16384), (0x4001, 16394), (0x416A, 20004),
            (0x7FFF, 180214), (0x8000, 180224), (0x8001, 180324), (0xBFFF, 1818524),
            (0xC000, 1818624), (0xC001, 1819624), (0xFFFF, 18201624),
        ):
            self.assertEqual(sts_token.amount_of(field), value)
        self.assertEqual(sts_token.amount_of(0xFFFF), sts_token.AMOUNT_MAX)

    def test_they_rise(self):
        last = -1
        for field in range(0, 0x10000, 7):
            value = sts_token.amount_of(field)
            self.assertTrue(value > last)
            last = value

    def test_what_counts_as_one(self):
        self.assertEqual(read(management(sts_token.MAXIMUM_POWER, 9, 0x4001)).value, 16394)
        self.assertEqual(read(management(sts_token.PHASE_UNBALANCE, 9, 0x4001)).value, 16394)
        self.assertEqual(read(management(sts_token.CLEAR_CREDIT, 9, 0xFFFF)).value, 0xFFFF)


class Times(unittest.TestCase):

    def test_last_minutes(self):
        last = ("2024-11-24T20:15:00", "2045-11-24T20:15:00", "2066-11-24T20:15:00")
        for base, text in zip(BASES, last):
            minute = minute_of(0xFFFFFF, base)
            self.assertEqual(format_time(minute * 60), text)
            self.assertEqual(tid_of(minute, base), 0xFFFFFF)

    def test_ahead_of_the_clock(self):
        now = minute_of(1000000, 2014)
        self.assertFalse(lies_ahead(1000000 + 1440, 2014, now))
        self.assertTrue(lies_ahead(1000000 + 1441, 2014, now))
        self.assertFalse(lies_ahead(0, 2014, now))

    def test_other_bases(self):
        for base in (0, 1992, 2020, None, "2014"):
            with self.assertRaises(ValueError):
                minute_of(0, base)


if __name__ == "__main__":
    unittest.main()
