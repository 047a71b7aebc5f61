"""MISTY1 against RFC 2994 and a second implementation's blocks."""

import json
import unittest
from binascii import hexlify, unhexlify

from token_maker import Enciphering

from joulegate.vending.misty1 import Misty1


class TestMisty1(unittest.TestCase):

    def setUp(self):
        with open("tests/vectors/misty1.json") as f:
            self.vectors = json.load(f)["vectors"]

    def test_published_blocks(self):
        self.assertTrue(len(self.vectors) >= 4)
        for vector in self.vectors:
            block = bytearray(unhexlify(vector["cipher"]))
            Misty1(unhexlify(vector["key"])).decrypt(block)
            self.assertEqual(hexlify(block).decode(), vector["plain"])

    def test_the_makers_direction(self):
        for vector in self.vectors:
            cipher = Enciphering(unhexlify(vector["key"])).encrypt(unhexlify(vector["plain"]))
            self.assertEqual(hexlify(cipher).decode(), vector["cipher"])

    def test_a_key_serves_many_blocks(self):
        cipher = Enciphering(bytes(range(16)))
        plain = bytes(8)
        for _ in range(20):
            block = bytearray(cipher.encrypt(plain))
            self.assertNotEqual(bytes(block), plain)
            cipher.decrypt(block)
            self.assertEqual(bytes(block), plain)
            plain = cipher.encrypt(plain)

    def test_length_of_the_key(self):
        for size in (0, 8, 15, 17):
            with self.assertRaises(ValueError):
                Misty1(bytes(size))


if __name__ == "__main__":
    unittest.main()
