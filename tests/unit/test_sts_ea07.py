"""EA07 with tables made up here: none of the real ones is part of the project."""

import json
import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.vending.sts_ea07 import Ea07, Ea07Tables, load_tables

MASK = (1 << 64) - 1


def made_up():
    """Return tables of the right form that belong to nobody."""
    return {
        "substitution_1": [(5 * n + 3) % 16 for n in range(16)],
        "substitution_2": [(11 * n + 6) % 16 for n in range(16)],
        "permutation": [(29 * i + 17) % 64 for i in range(64)],
    }


def encrypt(tables, key, block):
    """Encipher on integers, as the sheet of facts says it: apart from the firmware's bits."""
    k = ~int.from_bytes(key, "big") & MASK
    k = (k >> 12 | k << 52) & MASK
    d = int.from_bytes(block, "big")
    for _ in range(16):
        replaced = 0
        for n in range(16):
            table = tables["substitution_2" if k >> 4 * n + 3 & 1 else "substitution_1"]
            replaced |= table[d >> 4 * n & 15] << 4 * n
        d = 0
        for i in range(64):
            d |= (replaced >> i & 1) << tables["permutation"][i]
        k = (k << 1 | k >> 63) & MASK
    return d.to_bytes(8, "big")


class Cipher(unittest.TestCase):

    def test_it_turns_the_other_direction_round(self):
        tables = made_up()
        made = Ea07Tables(tables)
        for n in range(40):
            key = bytes([(n * 37 + i * 91) & 0xFF for i in range(8)])
            plain = bytes([(n * 11 + i * 53 + n * n) & 0xFF for i in range(8)])
            block = bytearray(encrypt(tables, key, plain))
            Ea07(made, key).decrypt(block)
            self.assertEqual(bytes(block), plain)

    def test_length_of_the_key(self):
        for size in (0, 7, 16):
            self.assertTrue("must be 8" in error_text(
                ValueError, Ea07, Ea07Tables(made_up()), bytes(size)))


class Tables(unittest.TestCase):

    def test_what_is_wrong_is_named(self):
        for name in ("substitution_1", "substitution_2", "permutation"):
            for spoil in (
                lambda t: t[:-1], lambda t: t + [0], lambda t: [t[1]] + t[1:], lambda t: "x",
                lambda t: [-1] + t[1:], lambda t: [len(t)] + t[1:], lambda t: ["0"] + t[1:],
                lambda t: None, lambda t: [0.5] + t[1:],
            ):
                tables = made_up()
                tables[name] = spoil(tables[name])
                self.assertTrue(name in error_text(ValueError, Ea07Tables, tables))
        for tables in ({}, [], None, 5, dict(made_up(), more=[])):
            self.assertTrue("object" in error_text(ValueError, Ea07Tables, tables))

    def test_file(self):
        path = scratch_folder("sts_ea07") + "/tables.json"
        with open(path, "w") as f:
            json.dump(made_up(), f)
        self.assertEqual(load_tables(path).permutation, bytes(made_up()["permutation"]))
        with open(path, "w") as f:
            f.write(" " * 3000)
        self.assertTrue("longer" in error_text(ValueError, load_tables, path))
        with open(path, "w") as f:
            f.write("[1,")
        with self.assertRaises(ValueError):
            load_tables(path)
        with self.assertRaises(OSError):
            load_tables(path + ".none")


if __name__ == "__main__":
    unittest.main()
