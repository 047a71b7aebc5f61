"""What the driver reads for a person, with the chip's sign rules, against the register model."""

import unittest

from joulegate.drivers.atm90e26 import Atm90e26
from joulegate.drivers.atm90e26_calibration import Calibration
from world.atm90e26_model import Atm90e26Model


class Bus:
    def __init__(self, chip: Atm90e26Model) -> None:
        self.chip = chip

    def cs(self, level: int) -> None:
        self.chip.cs(level)

    def write_readinto(self, tx: bytearray, rx: bytearray) -> None:
        self.chip.exchange(tx, rx)


class Details(unittest.TestCase):
    def setUp(self) -> None:
        self.chip = Atm90e26Model()
        bus = Bus(self.chip)
        calibration = Calibration(
            meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=250000,
            current_uV=1000, gain=24, u_gain=26400, i_gain_L=31251)
        self.ic = Atm90e26(bus, bus.cs, calibration, self.chip.advance)
        self.ic.start()

    def of(self, active_W: int, reactive_var: int, **neutral: int) -> dict:
        """Return the details of a load of 230 V and 10 A."""
        self.chip.apply(23000, 10000, active_W * 1000, reactive_var * 1000, **neutral)
        self.chip.advance(1000)
        return self.ic.details()

    def near(self, got: int, true: int, by: int = 2) -> None:
        self.assertTrue(abs(got - true) <= by, "%d, should be %d" % (got, true))

    def test_line(self) -> None:
        found = self.of(1992, 1150)  # 30 degrees, lagging
        self.near(found["apparent_VA"], 2300)
        self.near(found["angle_ddeg"], 300)
        self.assertEqual(found["metered_line"], "L")

    def test_angle_is_sign_and_magnitude(self) -> None:
        self.near(self.of(1992, -1150)["angle_ddeg"], -300)

    def test_neutral(self) -> None:
        found = self.of(1992, 1150, neutral_mA=5000, neutral_mW=-996000, neutral_mvar=-575000)
        self.near(found["neutral_active_W"], -996)
        self.near(found["neutral_reactive_var"], -575)
        self.near(found["neutral_apparent_VA"], 1150)
        self.near(found["neutral_power_factor_milli"], -866)
        self.near(abs(found["neutral_angle_ddeg"]), 1500)

    def test_current_multiplier_doubles_power(self) -> None:
        plain = self.of(1992, 1150)
        self.ic.calibration.scale = 2
        self.assertEqual(self.ic.details()["apparent_VA"], 2 * plain["apparent_VA"])
