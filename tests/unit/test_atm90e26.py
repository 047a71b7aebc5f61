"""The driver of the ATM90E26 byte by byte, against a slave that says what the test scripts."""

import unittest

from parts import error_text

from joulegate.core.reading import Reading
from joulegate.drivers.atm90e26 import Atm90e26, Atm90e26Error
from joulegate.drivers.atm90e26_calibration import Calibration

CALIBRATION = Calibration(
    meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=250000, current_uV=1000,
    gain=24, u_gain=26400, i_gain_L=31251)
CS1 = CALIBRATION.cs1
CS2 = 0x6BB9


class FakeSpi:
    """A slave of 128 registers with LastData, and chip select beside it."""

    def __init__(self, rate=125000):
        self.rate = rate
        self.registers = {}
        self.last = 0
        self.stuck = None
        self.rest = 0xFF  # MISO while nobody drives it
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
        register = tx[0] & 0x7F
        if tx[0] & 0x80:
            value = self.last if register == 6 else self.registers.get(register, 0)
        else:
            value = tx[1] << 8 | tx[2]
            self.registers[register] = value
        self.last = value
        if self.stuck is not None:
            value = self.stuck
        rx[0] = self.rest
        rx[1] = value >> 8
        rx[2] = value & 0xFF

    def configure(self):
        for first, values in ((0x21, CALIBRATION.metering), (0x31, CALIBRATION.measurement)):
            for i in range(len(values)):
                self.registers[first + i] = values[i]
        self.registers[0x02] = 0x003C
        self.registers[0x2C] = CS1
        self.registers[0x3B] = CS2
        self.registers[0x20] = self.registers[0x30] = 0x8765
        self.registers[0x46] = 0x0801


class Wire(unittest.TestCase):

    def setUp(self):
        self.spi = FakeSpi()
        self.waits = []
        self.ic = Atm90e26(self.spi, self.spi.cs, CALIBRATION, self.waits.append)
        self.reading = Reading()

    def sent(self, *frames):
        """Tell whether these frames, in hexadecimal, went out in this order."""
        rest = iter([frame.hex() for frame in self.spi.frames])
        return all(frame in rest for frame in frames)

    def test_chip_select_rests_high(self):
        self.assertEqual(self.spi.levels, [1])

    def test_warm_start_only_looks(self):
        self.spi.configure()
        self.assertEqual(self.ic.start(), 0)
        writes = [f.hex() for f in self.spi.frames if not f[0] & 0x80]
        self.assertEqual(writes, ["020030", "02003c"])

    def test_cold_start(self):
        self.spi.registers[0x46] = 0xC801
        self.assertEqual(self.ic.start(), 2)
        self.assertTrue(self.sent(
            "020030", "860000", "02003c", "860000", "c60000", "00789a",
            "02003c", "031d6a", "205678", "210015", "22d174", "230000", "2708bd", "290aec",
            "2b7c22", "2c%04x" % CS1, "ac0000", "305678", "316720", "327a13", "337530",
            "3a0000", "3b6bb9", "bb0000", "208765", "308765", "810000", "c00000", "c10000",
            "c30000", "c40000"))
        self.assertTrue(len(self.waits) == 2 and min(self.waits) >= 5, self.waits)

    def test_reading_is_guarded(self):
        self.spi.configure()
        self.ic.read(self.reading)
        self.assertEqual([f.hex()[:2] for f in self.spi.frames], [
            "ac", "c0", "86", "ab", "c1", "86", "bb", "c3", "86", "a2", "c4", "86",
            "82", "81", "86", "c9", "c8", "e8", "ca", "cb", "cd", "cc"])

    def test_zero_is_proved_where_nothing_pulls_miso_up(self):
        self.spi.configure()
        self.spi.rest = 0
        self.spi.registers[0x43] = 5
        whole = self.spi.write_readinto
        short = []

        def write_readinto(tx, rx):
            if len(tx) == 3:
                whole(tx, rx)
            else:
                short.append(len(self.spi.frames))
                rx[1] = self.spi.registers[tx[0] & 0x7F] >> 8

        self.spi.write_readinto = write_readinto
        self.assertEqual(self.ic.read(self.reading), 0)
        self.assertEqual(len(self.spi.frames), 22)
        self.assertEqual(short, [3, 6, 12, 15])
        self.assertEqual(self.reading.reactive_import_counts, 5)

    def test_a_large_count_is_read_four_times(self):
        self.spi.configure()
        for counts, more in ((511, []), (512, ["86"] * 2)):
            self.spi.registers[0x40] = counts
            self.spi.frames.clear()
            self.assertEqual(self.ic.read(self.reading), 0)
            self.assertEqual([f.hex()[:2] for f in self.spi.frames][:4 + len(more)],
                             ["ac", "c0", "86"] + more + ["ab"])
            self.assertEqual(self.reading.import_counts, counts)

    def test_frames_have_24_clocks_and_a_select_each(self):
        self.spi.configure()
        self.ic.start()
        self.ic.read(self.reading)
        self.assertTrue(all(len(frame) == 3 for frame in self.spi.frames))
        self.assertEqual(self.spi.levels, [1] + [0, 1] * len(self.spi.frames))

    def test_buffers_are_made_once(self):
        self.spi.configure()
        self.ic.start()
        self.ic.read(self.reading)
        self.assertEqual(len(set(self.spi.buffers)), 2)  # one for reads, one for writes

    def test_decodes(self):
        self.spi.configure()
        self.spi.registers.update({
            0x40: 7, 0x41: 0xFFFE, 0x43: 9, 0x44: 11, 0x48: 0xFFFF, 0x49: 23012, 0x68: 1234,
            0x4A: 0x8000, 0x4B: 0xFFFF, 0x4C: 4998, 0x4D: 0x83E8})
        self.ic.read(self.reading)
        r = self.reading
        self.assertEqual(
            (r.import_counts, r.export_counts, r.reactive_import_counts,
             r.reactive_export_counts), (7, 0xFFFE, 9, 11))
        self.assertEqual((r.voltage_cV, r.current_mA, r.neutral_mA), (23012, 65535, 1234))
        self.assertEqual((r.active_W, r.reactive_var), (-32768, -1))
        self.assertEqual((r.power_factor_milli, r.frequency_cHz), (-1000, 4998))

    def test_scale(self):
        calibration = Calibration(3200, 220, 5, 250000, 1000, 24, 26400, 31251, scale=2)
        ic = Atm90e26(self.spi, self.spi.cs, calibration, self.waits.append)
        self.spi.registers[0x46] = 1
        ic.start()
        self.spi.registers.update({0x40: 5, 0x48: 0xFFFF, 0x4A: 0xFFFF, 0x49: 22000})
        ic.read(self.reading)
        r = self.reading
        self.assertEqual((r.current_mA, r.active_W), (131070, -2))
        self.assertEqual((r.import_counts, r.voltage_cV), (5, 22000))

    def test_status_events(self):
        self.spi.configure()
        for status, events in ((0, 0), (0x0002, 4), (0x0080, 8), (0x0020, 16), (0x0040, 16),
                               (0x00E2, 28)):
            self.spi.registers[0x01] = status
            self.assertEqual(self.ic.read(self.reading), events)

    def test_true_all_ones_is_counted(self):
        self.spi.configure()
        self.spi.registers[0x40] = 0xFFFF
        self.spi.write_readinto = ShortFrames(self.spi)
        self.assertEqual(self.ic.read(self.reading), 0)
        self.assertEqual(self.reading.import_counts, 0xFFFF)


class ShortFrames:
    """Answers reads of 16 clocks with a high byte, and passes whole frames on."""

    def __init__(self, spi):
        self.spi = spi
        self.whole = spi.write_readinto

    def __call__(self, tx, rx):
        if len(tx) == 3:
            self.whole(tx, rx)
        else:
            rx[1] = self.spi.registers[tx[0] & 0x7F] >> 8


class Refused(unittest.TestCase):

    def setUp(self):
        self.spi = FakeSpi()
        self.ic = Atm90e26(self.spi, self.spi.cs, CALIBRATION, lambda ms: None)

    def start_fails(self, *parts):
        text = error_text(Atm90e26Error, self.ic.start)
        for part in parts:
            self.assertTrue(part in text, text)

    def test_no_chip(self):
        self.spi.stuck = 0xFFFF
        self.start_fails("read 0xFFFF", "expected 0x0030", "no chip")

    def test_stuck_low(self):
        self.spi.stuck = 0
        self.start_fails("read 0x0000", "expected 0x0030", "stuck low")

    def test_other_bus(self):
        self.spi.stuck = 0x1234
        self.start_fails("read 0x1234", "expected 0x0030", "USEL")

    def test_wrong_strap(self):
        self.spi.configure()
        for mode, name in ((0, "00 (anti-tamper)"), (2, "10 (L+N)"), (3, "11 (flexible)")):
            self.spi.registers[0x46] = 0xC800 | mode
            self.start_fails("strap", "reads " + name, "expected 01 (L line)")

    def test_too_fast(self):
        self.spi.rate = 136001
        self.start_fails("136001 Hz", "136000 Hz at most")
        self.assertEqual(self.spi.frames, [])

    def test_rate_unknown_or_at_the_limit(self):
        self.spi.configure()
        for rate in (0, 136000):
            self.spi.rate = rate
            self.assertEqual(self.ic.start(), 0)

    def test_checksum(self):
        self.spi.configure()
        self.spi.registers[0x2B] = 0
        answer = self.spi.write_readinto

        def spoilt(tx, rx):
            answer(tx, rx)
            if tx[0] == 0xAC:
                rx[1] = 0x12
                rx[2] = 0x34

        self.spi.write_readinto = spoilt
        self.start_fails("0x2C", "read 0x1234", "expected 0x%04X" % CS1)

    def test_status_after_start(self):
        self.spi.registers.update({0x46: 1, 0x01: 0xC002})
        self.start_fails("SysStatus read 0xC002", "15..12 clear")

    def test_runs_after_a_failed_probe(self):
        self.spi.configure()
        self.spi.stuck = 0xFFFF
        self.start_fails("no chip")
        self.assertEqual(self.spi.registers[0x02], 0x003C)


if __name__ == "__main__":
    unittest.main()
