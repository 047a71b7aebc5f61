"""The register model of the ADE7953 against figures of the data sheet, without any driver."""

import unittest

from world.ade7953_model import Ade7953Model

FULL_W = 31250
"""200 microohm at gain 16 and 1.25 mV a volt: half the product of 0.5 V and 0.5 V."""


class Case(unittest.TestCase):

    def setUp(self):
        self.chip = Ade7953Model()
        self.chip.advance(100)

    def frame(self, sent):
        tx = bytes.fromhex(sent)
        rx = bytearray(len(tx))
        self.chip.cs(0)
        self.chip.exchange(tx, rx)
        self.chip.cs(1)
        return rx[3:].hex()


class Frames(Case):

    def test_defaults(self):
        for sent, seen in (
                ("01028000 00", "8004"), ("02038000 0000", "00e419"),
                ("03038000 000000", "0000e419"),
                ("00048000", "40"), ("02828000 0000", "400000"), ("01038000 00", "003f"),
                ("022c8000 0000", "100000"), ("022d8000 0000", "100000")):
            self.assertEqual((sent, self.frame(sent.replace(" ", ""))), (sent, seen))

    def test_widths(self):
        self.frame("0282000123ab")
        self.assertEqual(self.frame("028280000000"), "0123ab")
        self.assertEqual(self.frame("03828000000000"), "000123ab")
        self.frame("03820000004567")
        self.assertEqual(self.frame("028280000000"), "004567")

    def test_sign_extension(self):
        self.frame("028900fffff0")
        self.assertEqual(self.frame("03898000000000"), "fffffff0")

    def test_a_frame_cut_short_or_too_long_is_none(self):
        for sent in ("0282001234", "02820012345678"):
            self.frame(sent)
            self.assertEqual(self.frame("028280000000"), "400000")

    def test_last(self):
        self.frame("022500000123")
        self.assertEqual(self.frame("00fd8000"), "ca")
        self.assertEqual(self.frame("01fe800000"), "0225")
        self.assertEqual(self.frame("02ff80000000"), "000123")
        self.frame("022580000000")
        self.assertEqual(self.frame("00fd8000"), "35")
        self.frame("02048000")  # cut short
        self.assertEqual(self.frame("01fe800000"), "0225")
        self.assertEqual(self.frame("03ff8000000000"), "00000123")

    def test_read_only(self):
        for address in ("0702", "01fe", "021e", "021c", "022d", "010e"):
            before = self.chip.peek(int(address, 16))
            self.frame(address + "00" + "01" * (int(address[1]) + 1 if address[1] in "12" else 1))
            self.assertEqual((address, self.chip.peek(int(address, 16))), (address, before))

    def test_write_protection(self):
        for mask, address, word in ((1, "0008", "04"), (2, "0108", "0004"), (4, "0282", "410000")):
            self.frame("004000%02x" % (7 ^ mask))
            self.frame(address + "00" + word)
            self.assertEqual(self.chip.peek(int(address, 16)), int(word, 16))
            self.frame("004000%02x" % mask)
            self.frame(address + "00" + "0" * len(word))
            self.assertEqual(self.chip.peek(int(address, 16)), int(word, 16))
            self.frame("00400000")

    def test_reserved_register_needs_its_key_right_before(self):
        self.frame("0120000030")
        self.assertEqual(self.chip.peek(0x120), 0)
        self.frame("00fe00ad")
        self.frame("00040040")
        self.frame("0120000030")
        self.assertEqual(self.chip.peek(0x120), 0)
        self.frame("00fe00ad")
        self.frame("01208000" + "00")
        self.frame("0120000030")
        self.assertEqual(self.chip.peek(0x120), 0)
        self.frame("00fe00ad")
        self.frame("0120000030")
        self.assertEqual(self.chip.peek(0x120), 0x30)

    def test_what_the_sheet_wants_in_order(self):
        self.frame("020300001234")
        self.assertEqual(self.chip.peek(0x203), 58393)
        self.frame("00010001")
        self.frame("020300001234")
        self.frame("020400001234")
        self.assertEqual((self.chip.peek(0x203), self.chip.peek(0x204)), (0x1234, 58393))
        self.frame("020000000001")
        self.frame("00000002")
        self.assertEqual(self.chip.peek(0x000), 0)

    def test_lock_holds_until_reset(self):
        self.frame("0102000004")  # chip select not held
        self.assertFalse(self.chip.locked)
        self.chip.cs(0)
        self.chip.exchange(b"\x01\x02\x00\x00\x04", None)
        self.chip.advance(1)
        self.chip.cs(1)
        self.assertTrue(self.chip.locked)
        self.chip.glitch()
        self.assertEqual(self.frame("0102800000"), "0004")
        self.chip.reset_pin()
        self.chip.advance(66)
        self.assertFalse(self.chip.locked)
        self.chip.glitch()
        self.assertEqual(self.frame("0102800000"), "ffff")

    def test_not_ready(self):
        self.chip.reset_in_run()
        self.chip.advance(65)
        self.assertEqual(self.frame("0102800000"), "ffff")
        self.chip.advance(1)
        self.assertEqual(self.frame("0102800000"), "8004")
        self.assertEqual(self.chip.irq, 0)  # reset cannot be masked
        self.frame("022e80000000")
        self.assertEqual(self.chip.irq, 1)


class Measures(Case):

    def setUp(self):
        Case.setUp(self)
        self.frame("00080004")  # gain 16

    def test_full_scale(self):
        # 500 mV of peak: 282.84 V and 110.485 A.
        self.chip.apply(28284, 110485, FULL_W * 1000, 0)
        for address, code in ((0x21C, 9032007), (0x21A, 9032007), (0x212, 4862401),
                              (0x226, 6500000), (0x228, 6500000)):
            self.assertTrue(abs(self.chip.peek(address) / code - 1) < 5e-5,
                            (address, self.chip.peek(address)))
        self.chip.advance(40000)
        self.assertTrue(abs(self.chip.emitted[0x21E] - 206900 * 40) <= 1)
        self.assertEqual(self.chip.peek(0x22D) & 9, 1)
        self.chip.advance(1000)  # DS: overflow after 40.5 s
        self.assertEqual(self.chip.peek(0x22D) & 9, 9)
        self.assertEqual(self.chip.peek(0x21E), 206900 * 41)
        self.assertTrue(self.chip.peek(0x21E) & 0x800000)

    def test_gains_and_offsets(self):
        self.chip.apply(23000, 10000, 2300000, 1150000)
        active, reactive = self.chip.peek(0x212), self.chip.peek(0x214)
        self.frame("028200440000")
        self.frame("0283003e0000")
        self.frame("0289000001f4")
        self.assertTrue(abs(self.chip.peek(0x212) - active * 0x44 / 0x40) <= 2)
        self.assertTrue(abs(self.chip.peek(0x214) - reactive * 0x3E / 0x40) <= 2)
        self.frame("028200400000")
        self.frame("028900002000")
        self.assertEqual(self.chip.peek(0x212), active + 16)

    def test_no_load(self):
        self.frame("00010000")
        for watts, flows in ((3.2, True), (3.0, False)):  # 31250 W / 10000
            self.chip.apply(22000, 20, int(watts * 1000), 0)
            before = self.chip.emitted[0x21E]
            self.chip.advance(60000)
            self.assertEqual(self.chip.emitted[0x21E] > before, flows)
        self.frame("00010001")
        self.chip.advance(60000)
        self.assertTrue(self.chip.emitted[0x21E] > before)

    def test_energy_is_kept_where_reading_does_not_clear(self):
        self.chip.apply(23000, 10000, 2300000, 0)
        self.chip.advance(1000)
        self.frame("00040000")
        first = self.frame("021e80000000")
        self.assertEqual(self.frame("021e80000000"), first)
        self.frame("00040040")
        self.assertEqual(self.frame("021e80000000"), first)
        self.assertEqual(self.frame("021e80000000"), "000000")

    def test_signed(self):
        self.chip.apply(23000, 10000, -2300000, 0)
        self.chip.advance(1000)
        self.assertTrue(int(self.frame("021e80000000"), 16) > 0x800000)
        given = self.chip.given_out()
        self.assertTrue(given[1] > 15000 and given[0] == 0, given)
        self.assertEqual(-given[1], self.chip.emitted[0x21E])

    def test_neutral(self):
        self.frame("00090000")
        self.chip.apply(23000, 10000, 2300000, 0, 5000, 1150000, 0)
        # 4.8 mV an ampere at gain 1: 73.657 A at full scale.
        self.assertTrue(abs(self.chip.peek(0x21B) - 9032007 * 5 / 73.657) < 20)
        self.assertTrue(abs(self.chip.peek(0x213) - 4862401 * 1150 / (282.843 * 73.657)) < 20)

    def test_checksum_tells_of_changes(self):
        self.frame("0102000104")
        self.chip.advance(1)
        self.frame("022e80000000")
        before = self.chip.peek(0x37F)
        self.chip.advance(1)
        self.assertEqual(self.chip.peek(0x22D) >> 21 & 1, 0)
        self.chip.corrupt(0x284, 0x400001)
        self.chip.advance(1)
        self.assertEqual(self.chip.peek(0x22D) >> 21 & 1, 1)
        self.assertTrue(self.chip.peek(0x37F) != before)

    def test_refusals(self):
        for load in ((100001, 0, 0, 0), (-1, 0, 0, 0), (23000, -1, 0, 0),
                     (23000, 0, 2000000001, 0), (23000, 0, 0, -2000000001)):
            with self.assertRaises(ValueError):
                self.chip.apply(*load)
        with self.assertRaises(ValueError):
            self.chip.advance(-1)
        with self.assertRaises(ValueError):
            self.chip.stuck_miso = 2
        with self.assertRaises(ValueError):
            Ade7953Model(shunt_uV_per_A=0)


if __name__ == "__main__":
    unittest.main()
