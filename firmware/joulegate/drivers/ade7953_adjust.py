"""Constants of an ADE7953 from readings against a reference. Application note AN-1118.

A register of power and the energy counted are the same quantity here, so all is found by the
registers: AWGAIN and AWATTOS of the line, PHCALA, and what the codes of rms mean. AVARGAIN goes
with AWGAIN, by the same factor.
"""

from micropython import const

from joulegate.drivers.ade7953_calibration import adjusted_gain, adjusted_phase
from joulegate.drivers.adjusting import Point, rounded, scaled, two_points

_AWATT = const(0x212)
_AVAR = const(0x214)
_IRMSA = const(0x21A)
_IRMSB = const(0x21B)
_VRMS = const(0x21C)
# An offset is in 1/512 of a power code.
_OFFSETS_A_CODE = const(512)


class Adjuster:
    name = "ADE7953"
    lines = ("L",)
    steps = ("gain", "offset", "phase")
    own = ("watt_gain", "var_gain", "phase", "watt_offset", "var_offset", "volt_codes",
           "ampere_codes", "neutral_codes", "volt_peak_codes", "ampere_peak_codes",
           "start_permille")
    count_s = 12

    def __init__(self, ic: object, bus: object) -> None:
        """ic: the driver. bus: its bus."""
        self._ic = ic
        self._bus = bus
        self.voltage_mV = [0]
        self.current_uA = [0]
        self.power_mW = [0]
        self.reactive_mvar: list | None = [0]
        self.neutral_uA: int | None = 0

    def measure(self) -> None:
        """Take what the chip measures now."""
        c = self._ic.calibration
        read = self._bus.read
        watts, codes = c.watts_of_a_code
        self.voltage_mV[0] = rounded(read(_VRMS) * 100000, c.volt_codes)
        self.current_uA[0] = rounded(read(_IRMSA) * 10000000, c.ampere_codes)
        self.neutral_uA = rounded(read(_IRMSB) * 10000000, c.neutral_codes)
        self.power_mW[0] = rounded(_signed(read(_AWATT)) * watts * 1000, codes)
        self.reactive_mvar[0] = rounded(_signed(read(_AVAR)) * watts * 1000, codes)

    def held(self) -> int:
        return (self._ic.held << 16) // self._ic.calibration.chip_counts

    def gain(self, shown: Point, reference: Point) -> dict:
        """Return what makes voltage, current and power right at Un, Ib and power factor 1."""
        c = self._ic.calibration
        found = {
            "volt_codes": scaled(
                "volt_codes", c.volt_codes, shown.voltage_mV[0], reference.voltage_mV[0]),
            "ampere_codes": scaled(
                "ampere_codes", c.ampere_codes, shown.current_uA[0], reference.current_uA[0]),
        }
        self._add_gains(found, shown.power_mW[0], reference.power_mW[0])
        if reference.neutral_uA and shown.neutral_uA:
            found["neutral_codes"] = scaled(
                "neutral_codes", c.neutral_codes, shown.neutral_uA, reference.neutral_uA)
        return found

    def _add_gains(self, found: dict, shown: int, true: int) -> None:
        c = self._ic.calibration
        found["watt_gain"] = adjusted_gain(c.watt_gain, shown, true)
        found["var_gain"] = adjusted_gain(c.var_gain, shown, true)

    def offset(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the offset of power from a light load, and the gains that go with it."""
        c = self._ic.calibration
        rise, width, offset = two_points(
            shown.power_mW[0], reference.power_mW[0], anchor_mW[0])
        found: dict = {}
        self._add_gains(found, rise, width)
        # The offset is added behind the gain, which changes all of it but the part it has by now.
        watts, codes = c.watts_of_a_code
        part = rounded(offset * codes * _OFFSETS_A_CODE, watts * 1000)
        found["watt_offset"] = rounded((c.watt_offset - part) * width, rise)
        return found

    def phase(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the phase from a load at power factor 0.5, inductive."""
        return {"phase": adjusted_phase(
            self._ic.calibration.phase, shown.power_mW[0], reference.power_mW[0],
            reference.reactive_mvar(0), reference.frequency_cHz)}


def _signed(value: int) -> int:
    return value - 0x1000000 if value & 0x800000 else value
