"""Constants of an ATM90E32AS from readings against a reference, for the calibration bench.

Source: application note 46103A. All three phases are adjusted at once, each by its own registers;
energy goes with the register of power. The note finds the offset without current, before all
else; here a light load tells it, so that no register of power has to be trusted below start-up.
"""

from micropython import const

from joulegate.drivers.adjusting import Point, rounded, scaled, two_points
from joulegate.drivers.atm90e32_calibration import ADDRESSES, LSB_PER_W

_POFFSET = const(0x41)
_PGAIN = const(0x47)
_PHI_A = const(0x48)
_UGAIN = const(0x61)
_IGAIN = const(0x62)
_P = const(0xB1)
_Q = const(0xB5)
_URMS = const(0xD9)
_IRMS = const(0xDD)
_LOW_WORD = const(0x10)
_ONE = const(32768)
# Delays of 2.048 MHz: 3763.739 for an error of one at power factor 0.5 and 50 Hz, which is the
# angle times tan 60; to the radian, times the frequency in 0.01 Hz.
_TURN = const(32594935)
_PHI_MAX = const(255)
_PHI_VOLTAGE = const(0x8000)


class Adjuster:
    name = "ATM90E32AS"
    lines = ("A", "B", "C")
    steps = ("gain", "offset", "phase")
    own = ("u_gain_A", "u_gain_B", "u_gain_C", "i_gain_A", "i_gain_B", "i_gain_C",
           "p_gain_A", "p_gain_B", "p_gain_C", "phi_A", "phi_B", "phi_C",
           "p_offset_A", "p_offset_B", "p_offset_C", "start_permille")
    count_s = 12
    neutral_uA = None

    def __init__(self, ic: object, bus: object) -> None:
        """ic: the driver. bus: its bus."""
        self._ic = ic
        self._bus = bus
        self.voltage_mV = [0, 0, 0]
        self.current_uA = [0, 0, 0]
        self.power_mW = [0, 0, 0]
        self.reactive_mvar: list | None = [0, 0, 0]

    def measure(self) -> None:
        """Take what the chip measures now."""
        scale = self._ic.calibration.scale
        for i in range(3):
            self.voltage_mV[i] = self._fine(_URMS + i) * 10 >> 8
            self.current_uA[i] = self._fine(_IRMS + i) * 1000 * scale >> 8
            self.power_mW[i] = self._milliwatts(_P + i)
            self.reactive_mvar[i] = self._milliwatts(_Q + i)

    def held(self) -> int:
        return 0

    def gain(self, shown: Point, reference: Point) -> dict:
        """Return what makes voltage, current and power right at Un, Ib and power factor 1."""
        found: dict = {}
        scale = self._ic.calibration.scale
        for i in range(3):
            phase = self.lines[i]
            old_u = self._word(_UGAIN + 4 * i)
            old_i = self._word(_IGAIN + 4 * i)
            u = gain(old_u, reference.voltage_mV[i], shown.voltage_mV[i])
            new_i = gain(old_i * scale, reference.current_uA[i], shown.current_uA[i])
            found["u_gain_" + phase] = u
            found["i_gain_" + phase] = new_i
            # Power goes with both; what is left is for its own gain.
            by = shown.power_mW[i] * u * (new_i // scale)
            found["p_gain_" + phase] = self._gain(i, reference.power_mW[i] * old_u * old_i, by)
        return found

    def offset(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the offsets of power from a light load, and the gains that go with them."""
        found: dict = {}
        scale = self._ic.calibration.scale
        for i in range(3):
            rise, width, offset = two_points(
                shown.power_mW[i], reference.power_mW[i], anchor_mW[i])
            found["p_gain_" + self.lines[i]] = self._gain(i, width, rise)
            # The offset is added behind the gain, which changes all of it but this part.
            old = signed(self._word(_POFFSET + 2 * i))
            part = rounded(offset * LSB_PER_W, 1000 * scale)
            found["p_offset_" + self.lines[i]] = rounded((old - part) * width, rise)
        return found

    def phase(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the phases from a load at power factor 0.5, inductive."""
        found = {}
        for i in range(3):
            phi = self._word(_PHI_A + 2 * i)
            delay = rounded(
                (shown.power_mW[i] - reference.power_mW[i]) * _TURN,
                reference.reactive_mvar(i) * reference.frequency_cHz)
            delay += -(phi & _PHI_MAX) if phi & _PHI_VOLTAGE else phi & _PHI_MAX
            if abs(delay) > _PHI_MAX:
                raise ValueError("calibration: phi_%s %d: must be %d to %d" % (
                    self.lines[i], delay, -_PHI_MAX, _PHI_MAX))
            found["phi_" + self.lines[i]] = delay if delay >= 0 else _PHI_VOLTAGE | -delay
        return found

    def _gain(self, line: int, true: int, shown: int) -> int:
        name = "p_gain_" + self.lines[line]
        old = signed(self._word(_PGAIN + 2 * line))
        new = scaled(name, _ONE + old, true, shown) - _ONE
        if not -_ONE // 2 <= new <= _ONE // 2:
            raise ValueError("calibration: %s %d: must be %d to %d" % (
                name, new, -_ONE // 2, _ONE // 2))
        return new

    def _word(self, register: int) -> int:
        return self._ic.calibration.words[ADDRESSES.find(bytes((register,)))]

    def _fine(self, register: int) -> int:
        """Return an rms register with 8 binary places."""
        return self._bus.read(register) << 8 | self._bus.read(register + _LOW_WORD) >> 8

    def _milliwatts(self, register: int) -> int:
        high = self._bus.read(register)
        raw = signed(high) << 16 | self._bus.read(register + _LOW_WORD)
        return rounded(raw * self._ic.calibration.scale * 1000, LSB_PER_W)


def gain(old: int, reference: int, read: int) -> int:
    """Return the gain of voltage or current: reference and read in the same unit."""
    if read <= 0:
        raise ValueError("calibration: read %r: nothing is connected" % (read,))
    new = (2 * old * reference // read + 1) // 2
    if not 1 <= new <= 0xFFFF:
        raise ValueError("calibration: gain %d: must be 1 to 65535; read %d for %d" % (
            new, read, reference))
    return new


def signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value
