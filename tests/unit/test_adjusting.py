"""Arithmetic of calibration, in integers, against exact fractions and the sheets' examples."""

import unittest

from parts import error_text

from joulegate.drivers import adjusting
from joulegate.drivers.ade7953_adjust import Adjuster as Ade7953Adjuster
from joulegate.drivers.ade7953_calibration import Calibration as Ade7953Calibration
from joulegate.drivers.adjusting import Point
from joulegate.drivers.atm90e26_adjust import Adjuster as Atm90e26Adjuster
from joulegate.drivers.atm90e26_calibration import Calibration as Atm90e26Calibration
from joulegate.drivers.bl0942_adjust import Adjuster as Bl0942Adjuster
from joulegate.drivers.bl0942_calibration import Calibration as Bl0942Calibration

ANCHOR = [1100000]


class Driver:
    def __init__(self, calibration, second=0):
        self.calibration = calibration
        self.second = second
        self.held = 0


def atm90e26(second=0, **found):
    values = {"meter_constant": 3200, "voltage_V": 220, "current_A": 5, "voltage_uV": 275000,
              "current_uA": 1000, "gain": 24, "u_gain": 24000, "i_gain_L": 31251}
    values["current_uV"] = values.pop("current_uA")
    values.update(found)
    return Atm90e26Adjuster(Driver(Atm90e26Calibration(**values), second), None)


def ade7953(**found):
    values = {"meter_constant": 3200, "voltage_V": 220, "current_A": 5, "divider_uV_per_V": 1250,
              "shunt_uV_per_A": 200, "gain": 16}
    values.update(found)
    return Ade7953Adjuster(Driver(Ade7953Calibration(**values)), None)


def bl0942(**found):
    values = {"meter_constant": 3200, "voltage_V": 220, "current_A": 5, "voltage_uV": 57523,
              "current_uV": 2500}
    values.update(found)
    return Bl0942Adjuster(Driver(Bl0942Calibration(**values)), None)


def point(power_mW, energy_mW=None, voltage_mV=220000, current_uA=5000000, **rest):
    return Point([voltage_mV], [current_uA], [power_mW],
                 power_mW if energy_mW is None else energy_mW, **rest)


class Parts(unittest.TestCase):

    def test_root(self):
        for value in list(range(200)) + [10**18 - 1, 10**18, 10**18 + 1, (1 << 70) + 12345]:
            root = adjusting.root(value)
            self.assertTrue(root * root <= value < (root + 1) * (root + 1), value)

    def test_rounded(self):
        # To the nearest of n / d, of which twice the distance is at most d.
        for by in (1, 2, 3, 7, 1000):
            for value in range(-50, 51):
                self.assertTrue(abs(2 * (adjusting.rounded(value, by) * by - value)) <= by)

    def test_error_ppm(self):
        for shown, true, ppm in ((1030000, 1000000, 30000), (999, 1000, -1000), (0, 5, -1000000),
                                 (-990, -1000, -10000), (-1010, -1000, 10000)):
            self.assertEqual(adjusting.error_ppm(shown, true), ppm)

    def test_scaled(self):
        self.assertEqual(adjusting.scaled("x", 26400, 22000, 21000), 27657)
        for shown, true in ((0, 1), (1, 0), (-1, 1)):
            self.assertTrue("must be above 0" in error_text(
                ValueError, adjusting.scaled, "x", 1, true, shown))

    def test_two_points(self):
        # A gain of 999/1000 and 1.1 W are right at 1100 W; 55 W then show 56.045.
        rise, width, offset = adjusting.two_points(56045, 55000, 1100000)
        self.assertEqual((rise, width, offset), (1043955, 1045000, 1100))
        self.assertTrue("at most half" in error_text(
            ValueError, adjusting.two_points, 600000, 600000, 1100000))

    def test_reactive_of_a_sine(self):
        self.assertEqual(point(550000).reactive_mvar(0), 952627)
        self.assertEqual(point(1100000).reactive_mvar(0), 0)
        self.assertEqual(point(1100001).reactive_mvar(0), 0)


class Atm90e26(unittest.TestCase):

    def test_gain_by_the_note(self):
        # 46102B: -13.78 % takes Lgain 1475 from 0... of -e / (1 + e) * 2^15: 5237.
        found = atm90e26().gain(point(1100000, 948420), point(1100000))
        self.assertEqual(found["l_gain"], 5237)
        self.assertEqual((found["u_gain"], found["i_gain_L"]), (24000, 31251))

    def test_gain_goes_on_from_what_there_is(self):
        # (32768 + 1000) * 1.01 is 34105.68.
        found = atm90e26(l_gain=1000).gain(point(1100000, 1089109), point(1100000))
        self.assertEqual(found["l_gain"], 34106 - 32768)
        found = atm90e26().gain(point(1100000, 1133000), point(1100000))
        self.assertEqual(found["l_gain"], 0x10000 - 954)

    def test_voltage_current_and_neutral(self):
        found = atm90e26().gain(
            point(1100000, voltage_mV=222200, current_uA=4900000, neutral_uA=5100000),
            point(1100000, neutral_uA=5000000))
        self.assertEqual((found["u_gain"], found["i_gain_L"], found["i_gain_N"]),
                         (23762, 31889, 29412))

    def test_the_line_that_is_metered(self):
        found = atm90e26(second=0x20).gain(point(1100000, 1089000), point(1100000))
        self.assertEqual(sorted(found), ["i_gain_N", "n_gain", "u_gain"])
        found = atm90e26(second=0x20).phase(point(555225), point(550000), ANCHOR)
        self.assertEqual(found, {"n_phase": 0x24})

    def test_halved_gains_of_a_large_meter(self):
        found = atm90e26(scale=2, i_gain_L=60000).gain(
            point(1100000, current_uA=5050000), point(1100000))
        self.assertEqual(found["i_gain_L"], 59406)

    def test_phase_by_the_note(self):
        # 46102B: 0.95 % takes 24, hexadecimal.
        self.assertEqual(
            atm90e26().phase(point(555225), point(550000), ANCHOR), {"l_phase": 0x24})
        self.assertEqual(
            atm90e26().phase(point(544775), point(550000), ANCHOR), {"l_phase": 0x8024})
        self.assertEqual(atm90e26(l_phase=0x8024).phase(
            point(555225), point(550000), ANCHOR), {"l_phase": 0})
        self.assertTrue("must be -1023 to 1023" in error_text(
            ValueError, atm90e26().phase, point(850000), point(550000), ANCHOR))

    def test_offset(self):
        # A count is 31251 * 24000 / (100000 * 2^22) W = 1.788 mW.
        found = atm90e26().offset(point(56000), point(55000), ANCHOR)
        self.assertEqual(found, {"p_offset_L": -559, "l_gain": 30})
        found = atm90e26(p_offset_L=-559).offset(point(55000), point(55000), ANCHOR)
        self.assertEqual(found, {"p_offset_L": -559, "l_gain": 0})

    def test_nothing_was_counted(self):
        self.assertEqual(error_text(
            ValueError, atm90e26().gain, point(1100000, 0), point(1100000)),
            "calibration: no energy was counted")

    def test_beyond_the_register(self):
        self.assertTrue("within a half" in error_text(
            ValueError, atm90e26().gain, point(1100000, 600000), point(1100000)))

    def test_registers(self):
        c = Atm90e26Calibration(3200, 220, 5, 275000, 1000, 24, 24000, 31251, p_offset_L=-2,
                                p_offset_N=3, start_permille=8)
        self.assertEqual((c.measurement[6], c.measurement[8]), (0xFFFE, 3))
        for name, value in (("p_offset_L", 0x8000), ("p_offset_N", -0x8001),
                            ("start_permille", 0), ("start_permille", 11)):
            self.assertTrue(name in error_text(
                ValueError, Atm90e26Calibration, 3200, 220, 5, 275000, 1000, 24, 24000, 31251,
                **{name: value}))


class Ade7953(unittest.TestCase):

    def test_gain(self):
        adjuster = ade7953()
        c = Ade7953Calibration(3200, 220, 5, 1250, 200, 16)
        found = adjuster.gain(point(1133000, voltage_mV=222200), point(1100000))
        self.assertEqual(found["watt_gain"], (c.watt_gain * 1100 * 2 + 1133) // (2 * 1133))
        self.assertEqual(found["volt_codes"], (c.volt_codes * 2222 * 2 + 2200) // 4400)
        self.assertEqual(found["ampere_codes"], c.ampere_codes)
        self.assertTrue("gain" in error_text(
            ValueError, adjuster.gain, point(2300000), point(1100000)))

    def test_offset(self):
        # Of 1 W that the gain at 1100 W hides 55 W show 55.95; 1 W is 155.66 codes of 1/512.
        found = ade7953().offset(point(55950), point(55000), ANCHOR)
        self.assertTrue(abs(found["watt_offset"] + 79700) < 400, found)
        self.assertTrue(0 < found["watt_gain"] - ade7953().gain(
            point(1100000), point(1100000))["watt_gain"] < 4000, found)

    def test_phase(self):
        # Half a degree late at 60 degrees: 0.5 / 0.0201 steps.
        found = ade7953().phase(point(541664), point(550000), ANCHOR)
        self.assertEqual(found, {"phase": -25})
        self.assertTrue("phase" in error_text(
            ValueError, ade7953().phase, point(400000), point(550000), ANCHOR))


class Bl0942(unittest.TestCase):

    def test_gain(self):
        found = bl0942(u_gain=1010000).gain(
            point(1133000, voltage_mV=222200, current_uA=4900000), point(1100000))
        self.assertEqual(found, {"u_gain": 1000000, "i_gain": 1020408, "p_gain": 970874})

    def test_what_it_does_not_have(self):
        self.assertEqual(Bl0942Adjuster.steps, ("gain",))
        self.assertTrue("p_gain" in error_text(ValueError, bl0942, p_gain=1300001))
        self.assertTrue("start_permille" in error_text(ValueError, bl0942, start_permille=11))


if __name__ == "__main__":
    unittest.main()
