"""Calibration of the BL0942: it has no gain registers, so all of it is in these constants.

Source: Shanghai Belling BL0942 data sheet V1.1. At the reference voltage of 1.218 V and gain 16,
with U and I in mV at the pins:

    V_RMS = 73989 U / 1.218      I_RMS = 305978 I / 1.218
    WATT = 3537 U I cos(phi) / 1.218^2      one pulse of CF = 419430.4 WATT seconds

The chip cannot turn a phase: at a power factor of 0.5, 0.1 degree of the front end is 0.3 %.
"""

from micropython import const

GAINS = {1: 0, 4: 1, 16: 2, 24: 3}
"""Current amplifier to GAIN_CR."""

NOMINAL = const(1000000)
"""A gain that corrects nothing."""
_GAIN_MIN = const(700000)
_GAIN_MAX = const(1300000)

_CREEP_PERMILLE = const(2)
_CREEP_PERMILLE_MAX = const(10)
"""Of basic power. IEC 62053-21 wants a meter of class 1 to run at 4."""

# So much a count is divided into, and readings are before they are divided.
_PART_BITS = const(16)
_SCALE = const(64)


def _check(name: str, value: int, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError("calibration: %s %r: must be %d to %d" % (name, value, low, high))
    return value


def corrected(gain: int, shown: int, true: int) -> int:
    """Return the gain with which the meter would have shown what is true.

    gain: u_gain, i_gain or p_gain as it is; shown, true: voltage, current, power or energy at
    one point, in the same unit. Best at Un, Ib and a power factor of 1, p_gain by energy.
    """
    return (2 * gain * true + shown) // (2 * shown)


class Calibration:
    """The values of one board: nominal constants first, then what a calibration found.

    meter_constant      imp/kWh, 100 to 12800; what the firmware counts in, not the pin CF
    voltage_V, current_A  nominal Un and basic Ib
    voltage_uV          signal at the voltage input at Un, rms
    current_uV          signal at the current input at Ib, rms
    gain                current amplifier: 1, 4, 16 or 24
    frequency_Hz        of the mains: 50 or 60
    u_gain, i_gain, p_gain  Kv, Ki and Kp in millionths: what readings of voltage, of current, and
                        of power and energy are multiplied by, 700000 to 1300000
    start_permille      power from which it meters, of Un times Ib
    """

    def __init__(
        self, meter_constant: int, voltage_V: int, current_A: int, voltage_uV: int,
        current_uV: int, gain: int = 16, frequency_Hz: int = 50, u_gain: int = NOMINAL,
        i_gain: int = NOMINAL, p_gain: int = NOMINAL, start_permille: int = _CREEP_PERMILLE,
    ) -> None:
        _check("meter_constant", meter_constant, 100, 12800)
        _check("voltage_V", voltage_V, 50, 400)
        _check("current_A", current_A, 1, 100)
        _check("voltage_uV", voltage_uV, 1000, 70000)
        _check("current_uV", current_uV, 50, 600000)
        if gain not in GAINS:
            raise ValueError("calibration: gain %r: must be 1, 4, 16 or 24" % (gain,))
        if frequency_Hz not in (50, 60):
            raise ValueError("calibration: frequency_Hz %r: must be 50 or 60" % (frequency_Hz,))
        _check("u_gain", u_gain, _GAIN_MIN, _GAIN_MAX)
        _check("i_gain", i_gain, _GAIN_MIN, _GAIN_MAX)
        _check("p_gain", p_gain, _GAIN_MIN, _GAIN_MAX)
        _check("start_permille", start_permille, 1, _CREEP_PERMILLE_MAX)
        self.u_gain = u_gain
        self.i_gain = i_gain
        self.p_gain = p_gain
        self.voltage_V = voltage_V
        self.current_A = current_A
        self.counts_per_kWh = 10 * meter_constant
        self.gain_bits = GAINS[gain]
        self.mode_60_Hz = frequency_Hz == 60
        # What a register holds for 1/64 of the unit that a reading has.
        self.per_cV = _check("V_RMS for 1/64 cV", _rounded(
            _SCALE * 73989 * voltage_uV * NOMINAL, 100 * 1218 * voltage_V * u_gain), 64, 0xFFFFF)
        self.per_mA = _check("I_RMS for 1/64 mA", _rounded(
            _SCALE * 305978 * gain * current_uV * NOMINAL, 16 * 1218000 * current_A * i_gain),
            64, 0xFFFFF)
        watt = 3537 * gain * voltage_uV * current_uV * NOMINAL
        parts = 16 * 1483524 * voltage_V * current_A * p_gain
        self.per_W = _check(
            "WATT for 1/64 W", _rounded(_SCALE * watt, parts), 5120, 0xFFFFF)
        self.per_dW = _check(
            "WATT for 1/64 dW", _rounded(_SCALE * watt, 10 * parts), 512, 0xFFFFF)
        # 419430.4 / 3600 Ws to the Wh, counts_per_kWh / 1000.
        self.parts_per_pulse = _check("counts in 65536 pulses", _rounded(
            (4194304 << _PART_BITS) * self.counts_per_kWh * parts, 36000000 * watt), 1, 1 << 21)
        # WA_CREEP = WATT * 256 / 3125, of what the register holds, so without p_gain.
        self.creep = _check("WA_CREEP", _rounded(
            watt * voltage_V * current_A * start_permille * 256 * p_gain,
            parts * 1000 * 3125 * NOMINAL), 1, 0xFF)
        self._fast = (305978 * 363 * gain * current_uV, 16 * 1218000 * current_A * 1000 * 256)

    def over_current(self, threshold_mA: int) -> int:
        """Return I_FAST_RMS_TH for a threshold in mA; ValueError beyond what the chip can tell.

        I_FAST_RMS is about 0.363 of I_RMS; a step is some mA.
        """
        fast, parts = self._fast
        return _check("I_FAST_RMS_TH", threshold_mA * fast // parts, 1, 0xFFFE)


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
