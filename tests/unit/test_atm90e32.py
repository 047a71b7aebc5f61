"""The driver of the ATM90E32AS frame by frame, against a slave that says what the test scripts."""

import unittest

from parts import error_text

from joulegate.core.reading import Reading
from joulegate.drivers.atm90e32 import Atm90e32, Atm90e32Error
from joulegate.drivers.atm90e32_calibration import Calibration

EXAMPLE = {
    "meter_constant": 320, "voltage_V": 220, "current_A": 5, "u_gain_A": 25456,
    "u_gain_B": 25457, "u_gain_C": 25458, "i_gain_A": 50912, "i_gain_B": 50913,
    "i_gain_C": 50914,
}
CALIBRATION = Calibration(**EXAMPLE)


class FakeSpi:
    """A slave of 256 registers with LastSPIData, and chip select beside it."""

    def __init__(self, rate=1000000):
        self.rate = rate
        self.registers = {0x31: 0x0861, 0x32: 0xC468}
        self.last = 0
        self.stuck = None
        self.frames = []
        self.buffers = []
        self.levels = []

    def __repr__(self):
        return "SPI(0, baudrate=%d, polarity=1, phase=1)" % self.rate

    def cs(self, level):
        self.levels.append(level)

    def write_readinto(self, tx, rx):
        self.frames.append(bytes(tx))
        self.buffers.append((id(tx), id(rx)))
        register = (tx[0] & 3) << 8 | tx[1]
        if tx[0] & 0x80:
            value = self.last if register == 0x78 else self.registers.get(register, 0)
        else:
            value = tx[2] << 8 | tx[3]
            self.registers[register] = value
        self.last = value
        if self.stuck is not None:
            value = self.stuck
        rx[2] = value >> 8
        rx[3] = value & 0xFF

    def configure(self):
        self.registers.update({
            0x00: 1, 0x08: 15618, 0x09: 2002, 0x31: 0x53D1, 0x32: 0xAC10, 0x33: 0x0087,
            0x35: 13750, 0x36: 17187, 0x37: 13750, 0x38: 3437, 0x39: 4296, 0x3A: 3437,
            0x61: 25456, 0x62: 50912, 0x65: 25457, 0x66: 50913, 0x69: 25458, 0x6A: 50914})


class Wire(unittest.TestCase):

    def setUp(self):
        self.spi = FakeSpi()
        self.waits = []
        self.ic = Atm90e32(self.spi, self.spi.cs, CALIBRATION, self.waits.append)
        self.reading = Reading(3)

    def sent(self, *frames):
        """Tell whether these frames, in hexadecimal, went out in this order."""
        rest = iter([frame.hex() for frame in self.spi.frames])
        return all(frame in rest for frame in frames)

    def test_says_three_phases(self):
        self.assertEqual(self.ic.phases, 3)

    def test_warm_start_only_looks(self):
        self.spi.configure()
        self.assertEqual(self.ic.start(), 0)
        writes = [f.hex() for f in self.spi.frames if not f[0] & 0x80]
        self.assertEqual(writes, ["00750100", "00750200", "00750000"])

    def test_cold_start(self):
        self.assertEqual(self.ic.start(), 2)
        self.assertTrue(self.sent(
            "00750100", "80780000", "00750200", "80780000", "00750000", "0070789a",
            "80310000", "80320000", "007f55aa", "00083d02", "80080000", "003153d1",
            "0032ac10", "00330087", "00340000", "003535b6", "00410000", "00470000",
            "00480000", "00616370", "0062c6e0", "00656371", "006ac6e2", "00000001",
            "80000000", "007f0000", "807f0000", "80790000"), [f.hex() for f in self.spi.frames])
        self.assertTrue(self.waits[0] >= 40 and self.waits[1] >= 40, self.waits)
        self.assertTrue(self.waits[2] >= 14, self.waits)

    def test_reading_is_guarded(self):
        self.spi.configure()
        self.ic.read(self.reading)
        asked = " ".join([f.hex()[2:4] for f in self.spi.frames])
        self.assertEqual(asked, (
            "31 80 78 31 84 78 31 88 78 31 8c 78 00 79 74"
            " d9 dd b1 c1 da de b2 c2 db df b3 c3 b4 c4 bc f8"))
        self.assertEqual({f[0] for f in self.spi.frames}, {0x80})

    def test_frames_have_32_clocks_and_a_select_each(self):
        self.spi.configure()
        self.ic.start()
        self.ic.read(self.reading)
        self.assertTrue(all(len(frame) == 4 for frame in self.spi.frames))
        self.assertEqual(self.spi.levels, [1] + [0, 1] * len(self.spi.frames))

    def test_buffers_are_made_once(self):
        self.spi.configure()
        self.ic.start()
        self.ic.read(self.reading)
        self.assertEqual(len(set(self.spi.buffers)), 2)  # one for reads, one for writes

    def test_decodes(self):
        self.spi.configure()
        self.spi.registers.update({
            0x80: 7, 0x84: 0xFFFE, 0x88: 9, 0x8C: 11, 0xD9: 22900, 0xDA: 23012, 0xDB: 22800,
            0xDD: 0xFFFF, 0xDE: 1234, 0xDF: 0,
            # 2000.0003 W, -1000 W, 0.5 W of 3125 to the watt.
            0xB1: 0x005F, 0xC1: 0x5E11, 0xB2: 0xFFD0, 0xC2: 0x50F8, 0xB3: 0, 0xC3: 1563,
            0xB4: 0xFFFF, 0xC4: 0xF3CB, 0xBC: 0xFC18, 0xF8: 4998})
        self.ic.read(self.reading)
        r = self.reading
        self.assertEqual(
            (r.import_counts, r.export_counts, r.reactive_import_counts,
             r.reactive_export_counts), (7, 0xFFFE, 9, 11))
        self.assertEqual(r.phase_voltage_cV, [22900, 23012, 22800])
        self.assertEqual(r.phase_current_mA, [65535, 1234, 0])
        self.assertEqual(r.phase_active_W, [2000, -1000, 1])
        self.assertEqual((r.voltage_cV, r.current_mA, r.neutral_mA), (23012, 65535, 65535))
        self.assertEqual((r.active_W, r.reactive_var), (1001, -1))
        self.assertEqual((r.power_factor_milli, r.frequency_cHz), (-1000, 4998))

    def test_scale(self):
        values = dict(EXAMPLE)
        values["scale"] = 2
        ic = Atm90e32(self.spi, self.spi.cs, Calibration(**values), self.waits.append)
        ic.start()
        self.spi.registers.update({
            0x80: 5, 0xD9: 22000, 0xDD: 0xFFFF, 0xB1: 0xFFFF, 0xC1: 0xF3CB})
        ic.read(self.reading)
        r = self.reading
        self.assertEqual((r.current_mA, r.active_W), (131070, -2))
        self.assertEqual((r.import_counts, r.voltage_cV), (5, 22000))

    def test_changes_are_events_and_cleared(self):
        self.spi.configure()
        for changes, events in ((0, 0), (0x4000, 4), (0x1000, 4), (0x0008, 16), (0x0080, 16),
                                (0x0707, 0), (0x2088, 20)):
            self.spi.registers[0x74] = changes
            self.spi.frames.clear()
            self.assertEqual(self.ic.read(self.reading), events)
            self.assertEqual(self.sent("0074%04x" % changes), bool(changes))

    def test_the_end_of_a_sag_is_none(self):
        self.spi.configure()
        for live, changes, events in ((0x4000, 0x4000, 4), (0, 0x4000, 0), (0x2000, 0x2000, 4),
                                      (0x6000, 0x4000, 4), (0x4000, 0x2000, 0)):
            self.spi.registers[0x72] = live
            self.spi.registers[0x74] = changes
            self.assertEqual(self.ic.read(self.reading), events)

    def test_details(self):
        self.spi.configure()
        self.spi.registers.update({
            0x71: 0x0200, 0xDC: 4321, 0xFC: 0xFFF6, 0xB5: 0, 0xC5: 6250, 0xBD: 0xFC18,
            0xFB: 3599, 0xBA: 1, 0xCA: 0})
        found = self.ic.details()
        self.assertEqual(found["sequence"], "wrong")
        self.assertEqual(found["calculated_neutral_mA"], 4321)
        self.assertEqual((found["temperature_C"], found["reactive_var_A"]), (-10, 2))
        self.assertEqual((found["power_factor_milli_A"], found["angle_ddeg_C"]), (-1000, 3599))
        self.assertEqual(found["apparent_VA_B"], 21)
        self.spi.registers[0x71] = 0
        self.assertEqual(self.ic.details()["sequence"], "right")


class Refused(unittest.TestCase):

    def setUp(self):
        self.spi = FakeSpi()
        self.ic = Atm90e32(self.spi, self.spi.cs, CALIBRATION, lambda ms: None)

    def start_fails(self, *parts):
        text = error_text(Atm90e32Error, self.ic.start)
        for part in parts:
            self.assertTrue(part in text, text)

    def test_no_chip(self):
        self.spi.stuck = 0xFFFF
        self.start_fails("read 0xFFFF", "expected 0x0100", "no chip")

    def test_stuck_low(self):
        self.spi.stuck = 0
        self.start_fails("read 0x0000", "expected 0x0100", "stuck low")

    def test_other_bus(self):
        self.spi.stuck = 0x1234
        self.start_fails("read 0x1234", "expected 0x0100", "another chip")

    def test_other_chip(self):
        self.spi.registers[0x31] = 0x0015
        self.start_fails("0x31 read 0x0015 after reset", "expected 0x0861", "another chip")

    def test_too_fast(self):
        self.spi.rate = 1100001
        self.start_fails("1100001 Hz", "1100000 Hz at most")
        self.assertEqual(self.spi.frames, [])

    def test_rate_unknown_or_at_the_limit(self):
        self.spi.configure()
        for rate in (0, 1100000):
            self.spi.rate = rate
            self.assertEqual(self.ic.start(), 0)

    def test_a_word_that_will_not_stay(self):
        answer = self.spi.write_readinto

        def spoilt(tx, rx):
            if tx[:2] != b"\x00\x62":
                answer(tx, rx)

        self.spi.write_readinto = spoilt
        self.start_fails("0x62 read 0x0000", "expected 0xC6E0")
        # Never started with it.
        self.assertFalse(self.spi.registers.get(0x00, 0))

    def test_crc_after_start(self):
        self.spi.registers[0x79] = 1
        self.start_fails("CRCErrStatus read 0x0001", "expected 0")

    def test_check(self):
        self.spi.configure()
        self.assertIsNone(self.ic.check())
        for register, value in ((0x00, 0), (0x7F, 0x55AA), (0x79, 1), (0x6A, 50912)):
            kept = self.spi.registers.get(register, 0)
            self.spi.registers[register] = value
            text = error_text(Atm90e32Error, self.ic.check)
            self.assertTrue("does not hold its calibration" in text, text)
            self.spi.registers[register] = kept


if __name__ == "__main__":
    unittest.main()
