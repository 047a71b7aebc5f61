"""Calibration constants: kept whole, and never believed when damaged."""

import os
import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.storage.calibration_store import CalibrationStore, CalibrationStoreError

VALUES = {"u_gain": 24011, "i_gain_L": 31200, "l_phase": 0x8003}


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("calibration")
        self.path = self.folder + "/calibration.json"
        self.store = CalibrationStore(self.path)

    def content(self):
        with open(self.path, "rb") as f:
            return f.read()

    def put(self, content):
        with open(self.path, "wb") as f:
            f.write(content)


class Keeps(Case):

    def test_there_and_back(self):
        self.store.save(VALUES)
        self.assertEqual(CalibrationStore(self.path).load(), VALUES)
        self.assertEqual(os.listdir(self.folder), ["calibration.json"])

    def test_none(self):
        self.assertEqual(self.store.load(), {})
        self.store.remove()

    def test_replaced_and_removed(self):
        self.store.save(VALUES)
        self.store.save({"u_gain": 1})
        self.assertEqual(self.store.load(), {"u_gain": 1})
        self.store.remove()
        self.assertEqual(self.store.load(), {})


class Replaced(Case):

    def test_those_before_are_kept(self):
        self.assertEqual(self.store.load_previous(), None)
        self.store.replace(VALUES)
        self.assertEqual((self.store.load(), self.store.load_previous()), (VALUES, {}))
        self.store.replace({"u_gain": 1})
        self.assertEqual((self.store.load(), self.store.load_previous()), ({"u_gain": 1}, VALUES))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["calibration.json", "calibration.json.before"])

    def test_such_as_cannot_be_believed_are_not_kept(self):
        self.put(b"damaged")
        self.store.replace(VALUES)
        self.assertEqual((self.store.load(), self.store.load_previous()), (VALUES, {}))

    def test_too_many_change_nothing(self):
        self.store.replace(VALUES)
        self.assertTrue(error_text(
            CalibrationStoreError, self.store.replace, {"x": "y" * 1100}))
        self.assertEqual((self.store.load(), self.store.load_previous()), (VALUES, {}))


class Damaged(Case):

    def test_every_flipped_bit_and_every_length_is_seen(self):
        self.store.save(VALUES)
        good = self.content()
        for at in range(len(good)):
            self.put(good[:at])
            self.assertTrue(error_text(CalibrationStoreError, self.store.load))
            for bit in range(8):
                bad = bytearray(good)
                bad[at] ^= 1 << bit
                self.put(bad)
                self.assertEqual(error_text(CalibrationStoreError, self.store.load),
                                 "calibration: check sum is wrong")

    def test_too_long(self):
        self.put(b"0" * 1025)
        self.assertEqual(error_text(CalibrationStoreError, self.store.load),
                         "calibration: longer than 1024 bytes")
        self.assertEqual(
            error_text(CalibrationStoreError, self.store.save, {"x": "y" * 1100}),
            "calibration: longer than 1024 bytes")

    def test_no_object(self):
        self.store.save([1, 2])
        self.assertEqual(error_text(CalibrationStoreError, self.store.load),
                         "calibration: must be an object")


if __name__ == "__main__":
    unittest.main()
