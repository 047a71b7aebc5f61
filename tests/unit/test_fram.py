# heapsize: 2M
"""The FRAM driver against the chip's model: size, bounds, disturbed and dead buses."""

import unittest
from errno import EIO, ENODEV

from fram_rig import SIZE, driver, new_chip
from parts import error_text

from joulegate.drivers.fram import Fram, FramError
from world.fram import FramModel


class Access(unittest.TestCase):

    def setUp(self):
        self.chip = new_chip()
        self.fram = driver(self.chip)

    def read(self, offset, length):
        buffer = bytearray(length)
        self.fram.read_into(offset, buffer)
        return bytes(buffer)

    def test_keeps_what_is_written(self):
        for offset, length in ((0, 1), (255, 3), (1000, 31), (2000, 32), (3000, 33), (4000, 300)):
            data = bytes((offset + i) & 0xFF for i in range(length))
            self.fram.write(offset, data)
            self.assertEqual(self.read(offset, length), data)
            self.assertEqual(bytes(self.chip.content[offset:offset + length]), data)
        self.assertEqual(self.fram.retries, 0)

    def test_reaches_the_end_and_no_further(self):
        self.fram.write(SIZE - 4, b"last")
        self.assertEqual(self.read(SIZE - 4, 4), b"last")
        for offset, length in ((SIZE - 3, 4), (-1, 1), (SIZE, 1)):
            text = error_text(ValueError, self.fram.write, offset, bytes(length))
            self.assertTrue("%d bytes at %d: the chip has %d" % (length, offset, SIZE) in text)
            error_text(ValueError, self.fram.read_into, offset, bytearray(length))

    def test_disturbed_write_is_repeated(self):
        for byte in (1, 40, 64):
            self.chip.flip_bit_at(byte)
            self.fram.write(0, b"\x5a" * 64)
            self.assertEqual(self.read(0, 64), b"\x5a" * 64)
        self.assertEqual(self.fram.retries, 3)

    def test_write_that_never_stays_is_an_error(self):
        self.chip.write_protected = True
        text = error_text(OSError, self.fram.write, 7, b"\x01")
        self.assertTrue(str(EIO) in text and "read back at 7 differs" in text, text)

    def test_dead_bus(self):
        self.chip.powered = False
        for act in (lambda: self.fram.write(0, b"x"), lambda: self.read(0, 1)):
            text = error_text(OSError, act)
            self.assertTrue(str(ENODEV) in text, text)


class Start(unittest.TestCase):

    def test_changes_the_last_byte_only(self):
        for size in (8192, 32768):
            for fill in (0, 0xFF, 0xA5):
                chip = FramModel(size, fill)
                for _ in range(3):
                    driver(chip, size).start()
                self.assertEqual(bytes(chip.content[:-1]), bytes([fill]) * (size - 1))

    def test_refuses_a_smaller_chip_and_leaves_it_as_it_was(self):
        for fill in (0, 0xFF, 0xA5):
            chip = FramModel(8192, fill)
            text = error_text(FramError, driver(chip, 32768).start)
            self.assertTrue("fewer than 32768" in text, text)
            self.assertEqual(bytes(chip.content), bytes([fill]) * 8192)

    def test_refuses_write_protection(self):
        chip = new_chip()
        chip.write_protected = True
        self.assertTrue("write protected" in error_text(FramError, driver(chip).start))

    def test_nobody_answers(self):
        chip = new_chip()
        chip.powered = False
        with self.assertRaises(OSError):
            driver(chip).start()

    def test_refuses_wrong_parameters(self):
        self.assertTrue("0x58" in error_text(ValueError, Fram, None, 0x58))
        self.assertTrue("4096" in error_text(ValueError, Fram, None, 0x50, 4096))


class Model(unittest.TestCase):

    def test_address_counts_up_wraps_and_ignores_upper_bits(self):
        chip = FramModel(8192)
        self.assertEqual(chip.write(b"\x3f\xfeabcd"), 6)
        self.assertEqual(bytes(chip.content[-2:]) + bytes(chip.content[:2]), b"abcd")
        chip.write(b"\x1f\xff")
        found = bytearray(2)
        chip.readinto(found)
        self.assertEqual(found, b"bc")
        chip.readinto(found)  # goes on where it was
        self.assertEqual(found, b"d\x00")

    def test_power_cut_leaves_the_bytes_before_it(self):
        for cut in range(1, 5):
            chip = FramModel(256)
            chip.cut_power_at(cut)
            with self.assertRaises(OSError):
                chip.write(b"\x00\x10abcd")
            with self.assertRaises(OSError):
                chip.readinto(bytearray(1))
            chip.restore_power()
            kept = bytes(chip.content[16:20])
            self.assertEqual(kept, (b"abcd"[:cut - 1] + bytes(4))[:4])

    def test_counts(self):
        chip = FramModel(256)
        chip.write(b"\x00\x00" + bytes(16))
        self.assertEqual((chip.bytes_written, chip.row_accesses[:3]), (16, [8, 8, 0]))

    def test_refuses_wrong_parameters(self):
        for size in (100, 131072):
            error_text(ValueError, FramModel, size)
        error_text(ValueError, FramModel().cut_power_at, 0)


if __name__ == "__main__":
    unittest.main()
