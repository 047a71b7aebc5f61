"""Constants of an ATM90E26 from readings against a reference. Application note 46102B ("AN").

Energy has a gain and a phase of its own (Lgain, Lphi), which act on nothing that is displayed,
so both are found by what was counted; voltage, current and the offset of power by the registers,
read to 1/256 of their unit by register LSB. Those of the line that is metered are adjusted.
"""

from micropython import const

from joulegate.drivers.adjusting import Point, rounded, scaled

_LSB = const(0x08)
_IRMS = const(0x48)
_URMS = const(0x49)
_PMEAN = const(0x4A)
_QMEAN = const(0x4B)
_IRMS2 = const(0x68)
_ONE = const(0x8000)
_PHASE_MAX = const(0x3FF)
# AN: Lphi = error * 3763.739 at power factor 0.5 and 50 Hz; the error is the angle times
# tan 60: 3763.739 * sqrt(3) * 5000 to the radian, over the frequency in 0.01 Hz.
_PHASE_SCALE = const(32594935)
# AN: a count of Poffset is Igain * Ugain / (100000 * 2^22) W.
_OFFSET_SCALE = const(100 << 22)


class Adjuster:
    name = "ATM90E26"
    lines = ("L",)
    steps = ("gain", "offset", "phase")
    own = ("u_gain", "i_gain_L", "i_gain_N", "l_gain", "l_phase", "n_gain", "n_phase",
           "p_offset_L", "p_offset_N", "start_permille")
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
        """Take what the chip measures now; Atm90e26Error."""
        second = self._ic.second
        scale = self._ic.calibration.scale
        self.voltage_mV[0] = self._fine(_URMS) * 10 >> 16
        self.current_uA[0] = self._fine(_IRMS + second) * 1000 * scale >> 16
        self.power_mW[0] = _signed(self._fine(_PMEAN + second)) * 1000 * scale >> 16
        self.reactive_mvar[0] = _signed(self._fine(_QMEAN + second)) * 1000 * scale >> 16
        self.neutral_uA = self._fine(_IRMS2 - second) * 1000 * scale >> 16

    def held(self) -> int:
        return 0

    def gain(self, shown: Point, reference: Point) -> dict:
        """Return what makes voltage, current and energy right at Un, Ib and power factor 1."""
        line, other, values, gain, _, place = self._line()
        scale = self._ic.calibration.scale
        found = {
            "u_gain": scaled("u_gain", values[0], reference.voltage_mV[0], shown.voltage_mV[0]),
            "i_gain_" + line: scaled(
                "i_gain", values[place] * scale, reference.current_uA[0], shown.current_uA[0]),
            line.lower() + "_gain": _gain(scaled(
                "gain", _ONE + gain, reference.power_mW[0], _energy(shown))),
        }
        if reference.neutral_uA and shown.neutral_uA:
            found["i_gain_" + other] = scaled(
                "i_gain_" + other, values[3 - place] * scale, reference.neutral_uA,
                shown.neutral_uA)
        return found

    def offset(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the offset of power from a light load, and the gain that goes with it.

        Voltage and current are right by now, so what power is wrong by is the offset. Energy was
        made right at the anchor, offset and all: its gain gives that back.
        """
        line, _, values, gain, _, place = self._line()
        offset = _signed_16(values[6 if line == "L" else 8])
        scale = self._ic.calibration.scale
        wrong = shown.power_mW[0] - reference.power_mW[0]
        counts = rounded(-wrong * _OFFSET_SCALE, values[place] * values[0] * scale)
        return {
            "p_offset_" + line: offset + counts,
            line.lower() + "_gain": _gain(rounded(
                (_ONE + gain) * (anchor_mW[0] + wrong), anchor_mW[0])),
        }

    def phase(self, shown: Point, reference: Point, anchor_mW: list) -> dict:
        """Return the phase from a load at power factor 0.5, inductive."""
        line, _, _, _, phase, _ = self._line()
        turn = rounded(
            (_energy(shown) - reference.power_mW[0]) * _PHASE_SCALE,
            reference.reactive_mvar(0) * reference.frequency_cHz)
        turn += -(phase & _PHASE_MAX) if phase & _ONE else phase & _PHASE_MAX
        if abs(turn) > _PHASE_MAX:
            raise ValueError("calibration: phase %d: must be %d to %d" % (
                turn, -_PHASE_MAX, _PHASE_MAX))
        return {line.lower() + "_phase": turn if turn >= 0 else _ONE | -turn}

    def _line(self) -> tuple:
        """Return the metered line, the other, the adjustment block, gain and phase of the line,
        and where its Igain is in the block."""
        c = self._ic.calibration
        if self._ic.second:
            return "N", "L", c.measurement, _signed_16(c.metering[4]), c.metering[5], 2
        return "L", "N", c.measurement, _signed_16(c.metering[2]), c.metering[3], 1

    def _fine(self, register: int) -> int:
        """Return a register of rms or power with 16 binary places: LSB has those of the last."""
        word = self._bus.read(register)
        return word << 16 | self._bus.read(_LSB)


def _energy(shown: Point) -> int:
    if shown.energy_mW is None or shown.energy_mW <= 0:
        raise ValueError("calibration: no energy was counted")
    return shown.energy_mW


def _gain(value: int) -> int:
    """Return a gain of energy as its register takes it."""
    if not _ONE // 2 <= value < _ONE * 3 // 2:
        raise ValueError("calibration: gain of energy %d / 32768: must be within a half of one"
                         % value)
    return (value - _ONE) & 0xFFFF


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _signed_16(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value
