"""Calibration of the ATM90E26 against the vectors of the sheet and of drivers in the field."""

import unittest
from array import array

from parts import error_text

from joulegate.drivers.atm90e26_calibration import Calibration, checksum

# The example of application note 46102B, whose result is the chip's power-on PL_Constant.
EXAMPLE = {
    "meter_constant": 3200, "voltage_V": 220, "current_A": 5, "voltage_uV": 250000,
    "current_uV": 1000, "gain": 24, "u_gain": 26400, "i_gain_L": 31251,
}


def example(**changes):
    values = dict(EXAMPLE)
    values.update(changes)
    return Calibration(**values)


class Derived(unittest.TestCase):

    def test_pl_constant(self):
        self.assertEqual(list(example().metering[:2]), [0x0015, 0xD174])

    def test_start_thresholds(self):
        self.assertEqual(example().metering[6], 0x08BD)
        self.assertEqual(example().metering[8], 0x0AEC)

    def test_sag_threshold(self):
        self.assertEqual(example().sag_threshold, 0x1D6A)

    def test_counts(self):
        self.assertEqual(example().counts_per_kWh, 32000)
        self.assertEqual(example(meter_constant=1000).counts_per_kWh, 10000)

    def test_pl_constant_is_a_multiple_of_four(self):
        for constant in (100, 800, 1600, 12800):
            words = example(meter_constant=constant).metering
            self.assertEqual(words[1] % 4, 0)
            exact = 838860800 * 24 * 250 // (constant * 220 * 5)
            self.assertTrue(0 <= exact - (words[0] << 16 | words[1]) < 4)

    def test_mode_has_the_gain(self):
        for gain, bits in ((1, 0b100), (4, 0b000), (8, 0b001), (16, 0b010), (24, 0b011)):
            signal = 24000 // gain
            mode = example(gain=gain, current_uV=signal).metering[10]
            self.assertEqual(mode >> 13, bits)
            self.assertEqual(mode & 0x1FFF, 0x1C22)

    def test_layout(self):
        c = example(l_gain=1475, l_phase=0x24, i_gain_N=30001)
        self.assertEqual(
            list(c.metering), [0x15, 0xD174, 1475, 0x24, 0, 0, 0x08BD, 0, 0x0AEC, 0, 0x7C22])
        self.assertEqual(list(c.measurement), [26400, 31251, 30001] + [0] * 7)

    def test_scale_halves_the_current_gains_only(self):
        c = example(scale=2)
        self.assertEqual(list(c.measurement[:3]), [26400, 15625, 15000])
        self.assertEqual(list(c.metering), list(example().metering))
        self.assertEqual(c.scale, 2)


class Checksum(unittest.TestCase):

    def test_field_metering(self):
        self.assertEqual(checksum(array("H", [
            0x00B9, 0xC1F3, 0x1D39, 0, 0, 0, 0x08BD, 0, 0x0AEC, 0, 0x9422])), 0x4A34)

    def test_field_measurement(self):
        self.assertEqual(
            checksum(array("H", [0xD464, 0x6E49, 0x7530, 0, 0, 0, 0, 0, 0, 0])), 0xD294)

    def test_power_on_metering(self):
        self.assertEqual(checksum(array("H", [
            0x0015, 0xD174, 0, 0, 0, 0, 0x08BD, 0, 0x0AEC, 0, 0x9422])), 0x55CB)

    def test_power_on_measurement(self):
        self.assertEqual(
            checksum(array("H", [0x6720, 0x7A13, 0x7530, 0, 0, 0, 0, 0, 0, 0])), 0x6BB9)
        self.assertEqual(example().cs2, 0x6BB9)


class Refused(unittest.TestCase):

    def refused(self, name, value, rule):
        text = error_text(ValueError, example, **{name: value})
        for part in (name, str(value), rule):
            self.assertTrue(part in text, text)

    def test_ranges(self):
        for name, low, high in (
                ("meter_constant", 100, 12800), ("voltage_V", 50, 400), ("current_A", 1, 100),
                ("voltage_uV", 120, 600000), ("current_uV", 5, 600000), ("u_gain", 1, 0x7FFF),
                ("i_gain_L", 1, 0xFFFF), ("i_gain_N", 1, 0xFFFF), ("l_gain", 0, 0xFFFF),
                ("l_phase", 0, 0xFFFF), ("scale", 1, 2)):
            rule = "must be %d to %d" % (low, high)
            self.refused(name, low - 1, rule)
            self.refused(name, high + 1, rule)
            self.refused(name, 1.5, rule)

    def test_meter_constant_in_hundreds(self):
        self.refused("meter_constant", 3250, "multiple of 100")

    def test_gain(self):
        for gain in (0, 2, 32, None, (1, 2)):
            self.refused("gain", gain, "must be 1, 4, 8, 16 or 24")

    def test_threshold_beyond_its_register(self):
        text = error_text(ValueError, example, current_uV=600000)
        self.assertTrue("PStartTh" in text, text)

    def test_sag_threshold_beyond_its_register(self):
        text = error_text(ValueError, example, u_gain=1)
        self.assertTrue("SagTh" in text, text)


if __name__ == "__main__":
    unittest.main()
