"""Constants of a BL0942 from readings against a reference.

The chip has neither a register of phase nor one of power's offset, and the firmware cannot stand
in for them: it does not know the sign of the angle, and counts pulses. So there is one step, the
gains; what phase and offset are wrong by stays.
"""

from micropython import const

from joulegate.drivers.adjusting import Point, scaled

_I_RMS = const(0x03)
_V_RMS = const(0x04)
_WATT = const(0x06)


class Adjuster:
    name = "BL0942"
    lines = ("L",)
    steps = ("gain",)
    own = ("u_gain", "i_gain", "p_gain", "start_permille")
    count_s = 60
    reactive_mvar = None
    neutral_uA = None

    def __init__(self, ic: object, bus: object) -> None:
        """ic: the driver. bus: its bus."""
        self._ic = ic
        self._bus = bus
        self.voltage_mV = [0]
        self.current_uA = [0]
        self.power_mW = [0]

    def measure(self) -> None:
        """Take what the chip measures now; Bl0942Error."""
        c = self._ic.calibration
        self.voltage_mV[0] = self._bus.read(_V_RMS) * 640 // c.per_cV
        self.current_uA[0] = self._bus.read(_I_RMS) * 64000 // c.per_mA
        watt = self._bus.read(_WATT)
        self.power_mW[0] = (watt - 0x1000000 if watt & 0x800000 else watt) * 64000 // c.per_W

    def held(self) -> int:
        return self._ic.held

    def gain(self, shown: Point, reference: Point) -> dict:
        """Return what makes voltage, current and power right at Un, Ib and power factor 1."""
        c = self._ic.calibration
        return {
            "u_gain": scaled("u_gain", c.u_gain, reference.voltage_mV[0], shown.voltage_mV[0]),
            "i_gain": scaled("i_gain", c.i_gain, reference.current_uA[0], shown.current_uA[0]),
            "p_gain": scaled("p_gain", c.p_gain, reference.power_mW[0], shown.power_mW[0]),
        }
