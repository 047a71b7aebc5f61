"""CBOR: each value has one form, and nothing else is taken."""

import unittest
from binascii import hexlify, unhexlify

from parts import error_text

from joulegate.vending.cbor import COUNT_MAX, DEPTH_MAX, CborError, decode, encode

# Of RFC 8949 appendix A, all of the subset whose text is ASCII; then the edges of lengths.
FORMS = (
    ("00", 0), ("01", 1), ("0a", 10), ("17", 23), ("1818", 24), ("1819", 25), ("1864", 100),
    ("1903e8", 1000), ("1a000f4240", 1000000), ("1b000000e8d4a51000", 1000000000000),
    ("1bffffffffffffffff", 18446744073709551615), ("3bffffffffffffffff", -18446744073709551616),
    ("20", -1), ("29", -10), ("3863", -100), ("3903e7", -1000), ("f4", False), ("f5", True),
    ("f6", None), ("40", b""), ("4401020304", b"\x01\x02\x03\x04"), ("60", ""), ("6161", "a"),
    ("6449455446", "IETF"), ("62225c", '"\\'), ("80", []), ("83010203", [1, 2, 3]),
    ("8301820203820405", [1, [2, 3], [4, 5]]), ("a0", {}), ("a201020304", {1: 2, 3: 4}),
    ("18ff", 255), ("190100", 256), ("19ffff", 65535), ("1a00010000", 65536),
    ("1affffffff", 4294967295), ("1b0000000100000000", 4294967296), ("38ff", -256),
    ("390100", -257), ("a3170018180120f6", {23: 0, 24: 1, -1: None}),
    ("a220002100", {-1: 0, -2: 0}), ("5818" + "00" * 24, bytes(24)),
    ("9818" + "00" * 24, [0] * 24),
)

REFUSED = (
    ("", "ends at 0"),
    ("0000", "1 bytes after the end"),
    ("1800", "shortest form"), ("1817", "shortest form"), ("1900ff", "shortest form"),
    ("1a0000ffff", "shortest form"), ("1b00000000ffffffff", "shortest form"),
    ("3817", "shortest form"), ("580100", "shortest form"), ("780161", "shortest form"),
    ("980100", "shortest form"), ("b8010000", "shortest form"), ("a1180000", "shortest form"),
    ("18", "inside the head"), ("1900", "inside the head"), ("1b00000000000000", "inside"),
    ("1c", "length form 28"), ("1f", "length form 31"), ("5f4100ff", "length form 31"),
    ("7f6161ff", "length form 31"), ("9f00ff", "length form 31"), ("bf0000ff", "length form 31"),
    ("ff", "simple value 31"), ("f3", "simple value 19"), ("f7", "simple value 23"),
    ("f800", "simple value 24"), ("f90000", "simple value 25"), ("fa00000000", "simple value 26"),
    ("fb0000000000000000", "simple value 27"), ("c000", "tag"), ("d81800", "tag"),
    ("41", "string of 1 bytes"), ("4200", "string of 2 bytes"),
    ("5bffffffffffffffff", "string of 18446744073709551615 bytes"),
    ("7a7fffffff61", "string of 2147483647 bytes"),
    ("6100", "byte 0"), ("617f", "byte 127"), ("62c3bc", "byte 195"), ("61ff", "byte 255"),
    ("81", "count 1"), ("9b7fffffffffffffff00", "count 9223372036854775807"),
    ("a100", "count 1"), ("a2000100", "count 2"), ("bb00000000ffffffff", "shortest form"),
    ("ba7fffffff0000", "count 2147483647"),
    ("a2000000", "count 2"), ("a20042000001", "ends at 6"), ("a200000000", "above the one before"),
    ("a201000000", "above the one before"), ("a220000000", "above the one before"),
    ("a221002000", "above the one before"),
    ("a1610000", "must be an integer"), ("a1f400", "must be an integer"),
    ("a1f600", "must be an integer"), ("a1410000", "must be an integer"),
    ("a18000", "must be an integer"),
    ("81" * 5 + "00", "nested"), ("a100" * 4 + "a10000", "nested"),
)


class Decodes(unittest.TestCase):

    def test_every_form_both_ways(self):
        for form, value in FORMS:
            found = decode(unhexlify(form))
            self.assertEqual(found, value, form)
            self.assertEqual(type(found), type(value), form)
            self.assertEqual(hexlify(encode(value, 64)).decode(), form)

    def test_text_and_bytes_differ(self):
        self.assertEqual(type(decode(b"\x61a")), str)
        self.assertEqual(type(decode(b"\x41a")), bytes)

    def test_depth(self):
        value = 0
        for _ in range(DEPTH_MAX):
            value = [value]
        self.assertEqual(decode(encode(value, 9)), value)
        for one_more in ([value], {0: value}):
            self.assertTrue("nested" in error_text(CborError, encode, one_more, 9))

    def test_count(self):
        most = [0] * COUNT_MAX
        self.assertEqual(decode(encode(most, 99)), most)
        self.assertTrue("count 65" in error_text(CborError, encode, most + [0], 99))
        form = b"\x98\x41" + bytes(65)
        self.assertTrue("count 65" in error_text(CborError, decode, form))


class Refuses(unittest.TestCase):

    def test_other_forms(self):
        for form, words in REFUSED:
            text = error_text(CborError, decode, unhexlify(form))
            self.assertTrue(text.startswith("cbor: ") and words in text, (form, text))

    def test_every_cut(self):
        whole = encode({0: 1, 1: [b"bytes", "text", None], 2: {-1: 1 << 40}}, 64)
        for length in range(len(whole)):
            with self.assertRaises(CborError):
                decode(whole[:length])

    def test_any_two_bytes_give_a_value_of_one_form_or_an_error(self):
        for first in range(256):
            for second in range(0, 256, 5):
                data = bytes((first, second, 0))
                try:
                    value = decode(data)
                except CborError:
                    continue
                self.assertEqual(encode(value, 3), data)

    def test_values_without_a_form(self):
        for value, words in (
                (1 << 64, "within 64 bits"), (-(1 << 64) - 1, "within 64 bits"),
                (1.5, "no form"), ({"a": 1}, "must be an integer"), ({True: 1}, "an integer"),
                ("\n", "printable ASCII"), ("\xfc", "printable ASCII"), (object, "no form")):
            text = error_text(CborError, encode, value, 64)
            self.assertTrue(words in text, text)

    def test_what_does_not_fit(self):
        value = {0: b"12345", 1: [1, 2]}
        size = len(encode(value, 99))
        self.assertEqual(len(encode(value, size)), size)
        for smaller in range(size):
            self.assertEqual(error_text(CborError, encode, value, smaller),
                             "cbor: more than %d bytes" % smaller)


if __name__ == "__main__":
    unittest.main()
