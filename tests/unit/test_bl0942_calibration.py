"""Constants of the BL0942 against the sheet's own figures, and what is refused."""

import unittest

from parts import error_text

from joulegate.drivers.bl0942_calibration import Calibration, corrected

# The sheet's circuit: a shunt of 1 milliohm and a divider of five times 390 kilohm and 510 ohm.
SHEET = {
    "meter_constant": 3200, "voltage_V": 220, "current_A": 5, "voltage_uV": 57523,
    "current_uV": 5000,
}


def example(**changes):
    values = dict(SHEET)
    values.update(changes)
    return Calibration(**values)


class Derived(unittest.TestCase):

    def near(self, got, expected):
        self.assertTrue(abs(got - expected) <= expected * 0.0002 + 1, (got, expected))

    def test_the_sheets_circuit(self):
        c = example()
        self.near(c.per_mA, 64 * 251.213)
        self.near(c.per_cV, 64 * 158.83)
        self.near(c.per_W, 64 * 623.39)
        # 419430.4 / 623.39 Ws to the pulse: 5350.6 pulses to the kWh.
        self.near(c.parts_per_pulse, 65536 * 32000 / 5350.6)

    def test_gains_act_on_what_they_are_for(self):
        c = example()
        self.near(example(u_gain=1100000).per_cV * 11, c.per_cV * 10)
        self.near(example(i_gain=1100000).per_mA * 11, c.per_mA * 10)
        p = example(p_gain=1100000)
        self.near(p.per_W * 11, c.per_W * 10)
        self.near(p.parts_per_pulse * 10, c.parts_per_pulse * 11)
        self.assertEqual((p.per_cV, p.per_mA, p.creep), (c.per_cV, c.per_mA, c.creep))

    def test_the_constant_is_what_the_meter_counts_in(self):
        self.assertEqual(example().counts_per_kWh, 32000)
        c = example(meter_constant=1000)
        self.assertEqual(c.counts_per_kWh, 10000)
        self.near(c.parts_per_pulse * 16, example().parts_per_pulse * 5)

    def test_creep_is_two_per_mille(self):
        # 2.2 W: 1371 of WATT, times 256 / 3125.
        self.assertEqual(example().creep, 112)

    def test_gain_and_frequency(self):
        for gain, bits in ((1, 0), (4, 1), (16, 2), (24, 3)):
            c = example(gain=gain, current_uV=80000 // gain)
            self.assertEqual(c.gain_bits, bits)
            self.near(c.per_mA, example().per_mA)
        self.assertTrue(example(frequency_Hz=60).mode_60_Hz)

    def test_over_current(self):
        # 60 A: 251213 * 60 * 0.363 / 256.
        self.near(example().over_current(60000), 21372)

    def test_corrected(self):
        self.assertEqual(corrected(1000000, 1030, 1000), 970874)
        self.assertEqual(corrected(970874, 1000, 1000), 970874)


class Refused(unittest.TestCase):

    def test_out_of_range(self):
        for name, bad in (
                ("meter_constant", 99), ("meter_constant", 12801), ("voltage_V", 49),
                ("voltage_V", 401), ("current_A", 0), ("current_A", 101), ("voltage_uV", 999),
                ("voltage_uV", 70001), ("current_uV", 49), ("current_uV", 600001), ("gain", 8),
                ("frequency_Hz", 55), ("u_gain", 699999), ("i_gain", 1300001), ("p_gain", "1"),
                ("p_gain", 1.5)):
            said = error_text(ValueError, example, **{name: bad})
            self.assertTrue(said.startswith("calibration: %s %r: must be " % (name, bad)), said)

    def test_what_no_register_can_hold(self):
        for changes, name in (({"current_uV": 50}, "WATT"), ({"current_uV": 30000}, "WA_CREEP")):
            said = error_text(ValueError, example, **changes)
            self.assertTrue(name in said, said)


if __name__ == "__main__":
    unittest.main()
