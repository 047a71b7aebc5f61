"""Calibration of the ADE7953: registers against the sheet, and a wrong front end put right.

Figures of the sheet are worked out here in floating point, by another road than the firmware's.
"""

import math
import unittest

from ade7953_rig import Bus, calibration
from parts import error_text

from joulegate.core.reading import Reading
from joulegate.drivers.ade7953 import Ade7953
from joulegate.drivers.ade7953_calibration import Scale, adjusted_gain, adjusted_phase
from world.ade7953_model import Ade7953Model


class Nominal(unittest.TestCase):

    def test_meter_constant_is_exact_to_a_gain_step(self):
        for divider, shunt, gain, constant in (
                (1250, 200, 16, 3200), (1250, 200, 22, 3200), (1250, 200, 16, 12800),
                (1000, 1000, 4, 1000), (1250, 2000, 1, 800), (1250, 350, 8, 100)):
            c = calibration(divider_uV_per_V=divider, shunt_uV_per_A=shunt, gain=gain,
                            meter_constant=constant)
            full_W = 0.5 * 0.5 / 2 / (divider * 1e-6 * shunt * 1e-6 * gain)
            per_kWh = 206900 * 3.6e6 / full_W * c.watt_gain / 0x400000
            self.assertTrue(
                abs(per_kWh / (c.chip_counts * c.counts_per_kWh) - 1) < 3e-7,
                (per_kWh, c.chip_counts))
            self.assertEqual(c.counts_per_kWh, 10 * constant)

    def test_no_load_is_two_permille(self):
        c = calibration()
        # Full scale is 31250 W, 0.2 % of 220 V and 5 A are 2.2 W.
        self.assertEqual(c.no_load, round(65536 - 31250 / 2.2 / 1.4))

    def test_sag_level_is_78_percent(self):
        self.assertTrue(abs(calibration().sag_level - 6.5e6 * 0.78 * 220 * math.sqrt(2) * 1250
                            / 500000) < 2)

    def test_overcurrent_level(self):
        c = calibration()
        self.assertTrue(
            abs(c.overcurrent_level(100000) - 6.5e6 * 100 * 200 * 16 / 500000) < 10)

    def test_found_codes_take_the_place_of_nominal_ones(self):
        c = calibration(volt_codes=3000000, ampere_codes=800000, neutral_codes=1000000)
        self.assertEqual(c.volt_scale.of(6900000), 23000)
        self.assertEqual(c.current_scale.of(400000), 5000)
        self.assertEqual(c.neutral_scale.of(400000), 4000)

    def test_refusals(self):
        for name, value in (
                ("meter_constant", 99), ("meter_constant", 3250), ("gain", 3), ("gain", "16"),
                ("neutral_gain", 22), ("watt_gain", 0x1FFFFF), ("watt_gain", 0x600001),
                ("var_gain", -1), ("phase", 384), ("phase", -384), ("watt_offset", 0x800000),
                ("volt_codes", 999), ("ampere_codes", 1 << 24), ("voltage_V", 401),
                ("current_A", 0), ("divider_uV_per_V", 99), ("shunt_uV_per_A", 3.5)):
            text = error_text(ValueError, calibration, **{name: value})
            self.assertTrue(text.startswith("calibration: " + name), text)

    def test_a_signal_beyond_the_input(self):
        self.assertTrue("signal at voltage_V" in error_text(
            ValueError, calibration, divider_uV_per_V=1700))
        self.assertTrue("signal at current_A" in error_text(
            ValueError, calibration, shunt_uV_per_A=5000))


class Scales(unittest.TestCase):

    def test_against_the_quotient(self):
        for numerator, denominator in ((10000, 3193296), (10000, 817486), (1, 3), (63, 1),
                                       (10000, 9999999), (7, 8), (1, 1)):
            scale = Scale(numerator, denominator)
            for code in (0, 1, 4095, 4096, 123456, 8388607):
                exact = code * numerator / denominator
                self.assertTrue(abs(scale.of(code) - exact) <= 1 + exact * 8e-6,
                                (numerator, denominator, code, scale.of(code)))
                self.assertEqual(scale.of(-code), -scale.of(code))

    def test_too_large(self):
        with self.assertRaises(ValueError):
            Scale(65, 1)


class Adjustment(unittest.TestCase):
    """A board whose shunt is 3 % off and whose current comes half a degree late."""

    def setUp(self):
        self.chip = Ade7953Model(shunt_uV_per_A=206, divider_uV_per_V=1250, phase_urad=8727)
        self.bus = Bus(self.chip)

    def metered(self, constants, angle, amperes=5, seconds=2000):
        """Return what a driver counts and what truly flowed, active and reactive, at 220 V."""
        ic = Ade7953(self.bus, self.bus.cs, constants, self.chip.advance)
        ic.start()
        volt_amperes = 220 * amperes
        active = volt_amperes * math.cos(math.radians(angle))
        reactive = volt_amperes * math.sin(math.radians(angle))
        self.chip.apply(22000, amperes * 1000, int(active * 1000), int(reactive * 1000))
        reading = Reading()
        ic.read(reading)
        counted = [0, 0]
        for _ in range(seconds // 20):
            self.chip.advance(20000)
            ic.read(reading)
            counted[0] += reading.import_counts - reading.export_counts
            counted[1] += reading.reactive_import_counts - reading.reactive_export_counts
        true = [round(power * seconds * constants.counts_per_kWh / 3.6e6)
                for power in (active, reactive)]
        return counted, true, reading

    def errors(self, constants, angle):
        counted, true, _ = self.metered(constants, angle)
        return (counted[0] / true[0] - 1) * 100

    def test_wrong_before(self):
        self.assertTrue(abs(self.errors(calibration(), 0) - 3) < 0.1)
        # Half a degree at power factor 0.5: 1.5 % more.
        self.assertTrue(abs(self.errors(calibration(), 60) - 1.45) < 0.1)

    def test_put_right(self):
        found = {}
        constants = calibration()
        counted, true, reading = self.metered(constants, 0)
        found["watt_gain"] = adjusted_gain(constants.watt_gain, counted[0], true[0])
        found["var_gain"] = found["watt_gain"]
        # 5 A read 5.15: so many more codes make an ampere.
        nominal = 9032007 * 10 * 200 * 16 * math.sqrt(2) / 500000
        found["ampere_codes"] = round(nominal * reading.current_mA / 5000)
        constants = calibration(**found)
        counted, true, _ = self.metered(constants, 60)
        found["phase"] = adjusted_phase(0, counted[0], true[0], counted[1])
        self.assertTrue(-26 <= found["phase"] <= -24, found)
        constants = calibration(**found)
        for angle in (0, 60, -60, 37):
            self.assertTrue(abs(self.errors(constants, angle)) < 0.1, angle)
        counted, true, reading = self.metered(constants, 60)
        self.assertTrue(abs(counted[1] / true[1] - 1) < 0.002, (counted, true))
        self.assertTrue(abs(reading.current_mA - 5000) <= 1, reading.current_mA)
        self.assertTrue(abs(reading.active_W - 550) <= 1, reading.active_W)

    def test_a_phase_the_other_way(self):
        self.chip = Ade7953Model(phase_urad=-8727)
        self.bus.chip = self.chip
        counted, true, _ = self.metered(calibration(), 60)
        phase = adjusted_phase(0, counted[0], true[0], counted[1])
        self.assertTrue(24 <= phase <= 26, phase)
        self.assertTrue(abs(self.errors(calibration(phase=phase), 60)) < 0.1)

    def test_offset_at_little_current(self):
        # The offset is of 1/512 of a power code: 1000 of them are 12.5 mW of this board's.
        plain = calibration()
        moved = calibration(watt_offset=100000)
        self.chip = Ade7953Model()
        self.bus.chip = self.chip
        counted = [self.metered(c, 0)[0][0] for c in (plain, moved)]
        # 100000 / 512 * 31250 / 4862401 W, of 2000 s.
        gained = 100000 / 512 * 31250 / 4862401 * 2000 * 32000 / 3.6e6
        self.assertTrue(abs(counted[1] - counted[0] - gained) <= 1, (counted, gained))

    def test_refusals(self):
        with self.assertRaises(ValueError):
            adjusted_gain(0x400000, 100, 200)  # 100 % off
        with self.assertRaises(ValueError):
            adjusted_gain(0x400000, 0, 200)
        with self.assertRaises(ValueError):
            adjusted_phase(0, 1000, 2000, 1000)


if __name__ == "__main__":
    unittest.main()
