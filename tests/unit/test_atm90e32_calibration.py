"""Calibration of the ATM90E32AS: the vectors of the sheet, and a wrong board made right."""

import unittest

from parts import error_text

from joulegate.core.reading import Reading
from joulegate.drivers import atm90e32_adjust as adjust
from joulegate.drivers.adjusting import Point
from joulegate.drivers.atm90e32 import Atm90e32
from joulegate.drivers.atm90e32_calibration import ADDRESSES, Calibration
from world.atm90e32_model import Atm90e32Model

EXAMPLE = {
    "meter_constant": 320, "voltage_V": 220, "current_A": 5, "u_gain_A": 25456,
    "u_gain_B": 25456, "u_gain_C": 25456, "i_gain_A": 50912, "i_gain_B": 50912,
    "i_gain_C": 50912,
}


def example(**changes):
    values = dict(EXAMPLE)
    values.update(changes)
    return Calibration(**values)


def word(calibration, address):
    return calibration.words[ADDRESSES.find(bytes((address,)))]


class Derived(unittest.TestCase):

    def test_pl_constant(self):
        # 450 * 10^9 over 320, 400 and 1000; halved gains of current take half of it.
        for constant, scale, pl in ((320, 1, 0x53D1AC10), (400, 1, 0x430E2340),
                                    (1000, 1, 0x1AD27480), (320, 2, 0x29E8D608)):
            c = example(meter_constant=constant, scale=scale)
            self.assertEqual(word(c, 0x31) << 16 | word(c, 0x32), pl)
            self.assertEqual(c.counts_per_kWh, 100 * constant)

    def test_guard_is_never_a_reset_value(self):
        for constant in range(105, 1281):
            for scale in (1, 2):
                self.assertNotEqual(example(meter_constant=constant, scale=scale).guard, 0x0861)

    def test_thresholds(self):
        # 171.6 V * 100 * sqrt(2) * 2^14 / 25456; 4.4 W and 5.5 var of 0.00032, a quarter each.
        self.assertEqual(word(example(), 0x08), 15619)
        self.assertEqual([word(example(), a) for a in range(0x35, 0x3B)],
                         [13750, 17187, 13750, 3437, 4296, 3437])

    def test_modes(self):
        self.assertEqual(word(example(), 0x33), 0x0087)
        self.assertEqual(word(example(frequency_Hz=60), 0x33), 0x1087)
        for pga, bits in ((1, 0), (2, 0x15), (4, 0x2A)):
            self.assertEqual(word(example(pga=pga), 0x34), bits)

    def test_layout(self):
        c = example(p_gain_A=-1, p_gain_B=2, p_gain_C=3, phi_A=4, phi_B=0x8005, phi_C=6,
                    p_offset_A=-7, p_offset_B=8, p_offset_C=9, u_gain_B=11, i_gain_C=0xFFFF)
        self.assertEqual([word(c, a) for a in range(0x47, 0x4D)], [0xFFFF, 4, 2, 0x8005, 3, 6])
        self.assertEqual([word(c, a) for a in (0x41, 0x43, 0x45)], [0xFFF9, 8, 9])
        self.assertEqual([word(c, a) for a in (0x61, 0x62, 0x65, 0x66, 0x69, 0x6A)],
                         [25456, 50912, 11, 50912, 25456, 0xFFFF])
        self.assertEqual(word(example(scale=2), 0x62), 25456)


class Refused(unittest.TestCase):

    def refused(self, name, value, rule):
        text = error_text(ValueError, example, **{name: value})
        for part in (name, str(value), rule):
            self.assertTrue(part in text, text)

    def test_ranges(self):
        for name, low, high in (
                ("meter_constant", 105, 1280), ("voltage_V", 50, 400), ("current_A", 1, 100),
                ("u_gain_A", 1, 0xFFFF), ("i_gain_C", 2, 0xFFFF), ("p_gain_B", -32768, 32767),
                ("p_offset_C", -32768, 32767), ("scale", 1, 2)):
            rule = "must be %d to %d" % (low, high)
            self.refused(name, low - 1, rule)
            self.refused(name, high + 1, rule)
            self.refused(name, 1.5, rule)

    def test_choices(self):
        self.refused("frequency_Hz", 55, "must be 50 or 60")
        self.refused("pga", 3, "must be 1, 2 or 4")
        for value in (256, 0x8100, -1, 0x10000, None):
            self.refused("phi_B", value, "must be 0 to 255, or 32768 to 33023")

    def test_threshold_beyond_its_register(self):
        self.assertTrue("PStartTh" in error_text(ValueError, example, current_A=100))
        self.assertTrue("SagTh" in error_text(
            ValueError, example, u_gain_A=1, u_gain_B=1, u_gain_C=1))


class Formulas(unittest.TestCase):
    """Each step of the adjuster against the note's formulas."""

    def adjuster(self, **found):
        self.chip = Atm90e32Model()
        return Atm90e32(
            Bus(self.chip), self.chip.cs, example(**found), self.chip.advance).adjuster()

    def point(self, power_mW, voltage_mV=220000, current_uA=5000000, frequency_cHz=5000):
        return Point([voltage_mV] * 3, [current_uA] * 3, [power_mW] * 3,
                     frequency_cHz=frequency_cHz)

    def test_gain(self):
        self.assertEqual(adjust.gain(32768, 22000, 21000), 34328)
        self.assertEqual(adjust.gain(50912, 5000, 5000), 50912)
        for read in (0, -5):
            self.assertTrue("nothing" in error_text(ValueError, adjust.gain, 32768, 22000, read))
        self.assertTrue("must be 1 to 65535" in error_text(
            ValueError, adjust.gain, 50912, 5000, 3000))

    def test_power_gain(self):
        # -e / (1 + e) * 2^15.
        true = self.point(1100000)
        for shown, gain in ((1111000, -324), (1089000, 331), (1100000, 0)):
            found = self.adjuster().gain(self.point(shown), true)
            self.assertEqual([found["p_gain_" + p] for p in "ABC"], [gain] * 3)
            self.assertEqual((found["u_gain_A"], found["i_gain_B"]), (25456, 50912))
        self.assertTrue("p_gain_A" in error_text(
            ValueError, self.adjuster().gain, self.point(440000), true))

    def test_phase(self):
        # The example of 46103A: 0.95 % takes 24, hexadecimal. Of 550 W at 0.5 it is 5.225 W.
        anchor = [1100000] * 3
        true = self.point(550000)
        self.assertEqual(self.adjuster().phase(self.point(555225), true, anchor)["phi_A"], 0x24)
        self.assertEqual(
            self.adjuster().phase(self.point(544775), true, anchor)["phi_B"], 0x8024)
        faster = self.point(550000, frequency_cHz=6000)
        self.assertEqual(self.adjuster().phase(self.point(555225), faster, anchor)["phi_C"], 30)
        self.assertEqual(self.adjuster().phase(self.point(549999), true, anchor)["phi_C"], 0)
        # What there was is gone on from.
        self.assertEqual(self.adjuster(phi_A=0x8024).phase(
            self.point(555225), true, anchor)["phi_A"], 0)
        self.assertTrue("must be -255 to 255" in error_text(
            ValueError, self.adjuster().phase, self.point(590000), true, anchor))

    def test_offset(self):
        # 1 W that the gain at 1100 W has hidden: 55 W show 55.95, and 3125 steps are a watt.
        found = self.adjuster().offset(self.point(55950), self.point(55000), [1100000] * 3)
        self.assertEqual([found["p_offset_" + p] for p in "ABC"], [-3128] * 3)
        self.assertEqual(found["p_gain_A"], 30)
        self.assertTrue("at most half" in error_text(
            ValueError, self.adjuster().offset, self.point(1000000), self.point(1000000),
            [1100000] * 3))


class Bus:
    def __init__(self, chip):
        self.write_readinto = chip.exchange


class WrongBoard(unittest.TestCase):
    """Dividers, sensors and phases off by some per cent, differently on each phase."""

    VOLTAGE = 22000
    CURRENT = 5000
    FULL = 1100000
    HALF_REACTIVE = 952628

    def setUp(self):
        self.chip = Atm90e32Model(
            (970, 1000, 1031), (5150, 4849, 5001), (500, -500, 120))
        self.found = {}
        self.reading = Reading(3)

    def begin(self, active, reactive):
        self.ic = Atm90e32(Bus(self.chip), self.chip.cs, example(**self.found), self.chip.advance)
        self.ic.start()
        for phase in range(3):
            self.chip.apply_phase(phase, self.VOLTAGE, self.CURRENT, active, reactive)

    def measure(self, active, reactive, ms=3600000):
        """Return the errors of each phase's energy, in millionths."""
        self.begin(active, reactive)
        before = list(self.chip.emitted)
        self.chip.advance(ms)
        self.ic.read(self.reading)
        true = active * ms // 112500  # thousandths of a count
        return [((self.chip.emitted[1 + n] - before[1 + n]) * 1000 - true) * 1000000 // true
                for n in range(3)]

    def calibrate(self):
        for step, active, reactive in (
                ("gain", self.FULL, 0), ("phase", self.FULL // 2, self.HALF_REACTIVE)):
            self.begin(active, reactive)
            self.chip.advance(1000)
            adjuster = self.ic.adjuster()
            adjuster.measure()
            shown = Point(adjuster.voltage_mV, adjuster.current_uA, adjuster.power_mW)
            true = Point([self.VOLTAGE * 10] * 3, [self.CURRENT * 1000] * 3, [active] * 3)
            if step == "gain":
                self.found.update(adjuster.gain(shown, true))
            else:
                self.found.update(adjuster.phase(shown, true, [self.FULL] * 3))

    def test_is_made_right(self):
        before = self.measure(self.FULL, 0)
        self.assertTrue(max([abs(e) for e in before]) > 20000, before)
        half = self.measure(self.FULL // 2, self.HALF_REACTIVE)
        self.assertTrue(max([abs(e) for e in half]) > 10000, half)
        self.calibrate()
        errors = self.measure(self.FULL, 0)
        self.assertTrue(max([abs(e) for e in errors]) < 250, errors)
        # Half of a step of Phi is 0.013 % at power factor 0.5.
        errors = self.measure(self.FULL // 2, self.HALF_REACTIVE)
        self.assertTrue(max([abs(e) for e in errors]) < 450, errors)
        errors = self.measure(self.FULL // 2, -self.HALF_REACTIVE)
        self.assertTrue(max([abs(e) for e in errors]) < 450, errors)
        r = self.reading
        for n in range(3):
            self.assertTrue(abs(r.phase_voltage_cV[n] - self.VOLTAGE) <= 5, r.phase_voltage_cV)
            self.assertTrue(abs(r.phase_current_mA[n] - self.CURRENT) <= 2, r.phase_current_mA)

    def test_a_lag_without_phi_stays_wrong(self):
        self.calibrate()
        for phase in "ABC":
            self.found["phi_" + phase] = 0
        errors = self.measure(self.FULL // 2, self.HALF_REACTIVE)
        self.assertTrue(max([abs(e) for e in errors]) > 10000, errors)


if __name__ == "__main__":
    unittest.main()
