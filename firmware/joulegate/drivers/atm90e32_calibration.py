"""Calibration of the ATM90E32AS: what its configuration registers are given.

Source: Microchip/Atmel datasheet 46003B and application note 46103A ("AN"). Unlike that of the
ATM90E26, PL_Constant is the same whatever shunt, transformer and divider: the gains of voltage
and current make energy right, too.
"""

from array import array

from micropython import const

GAINS = {1: 0, 2: 1, 4: 2}
"""Amplifier gain of the currents to its two bits in MMode1."""

# P and Q of all three phases, signed sums (import and export apart), CF2 reactive.
_MMODE0 = const(0x0087)
_MMODE0_60HZ = const(1 << 12)
_ALL_CURRENTS = const(0b010101)

# PL_Constant = 450 * 10^9 / imp per kWh. A count is 0.01 pulse.
_PL_PRODUCT = const(450000000000)
_COUNTS_PER_IMPULSE = const(100)
# One LSB of power and of a start-up threshold is 0.00032 W.
LSB_PER_W = const(3125)

_START_PERMILLE = const(4)
_START_PERMILLE_MAX = const(10)
_SAG_PERCENT = const(78)
_LOSS_PERCENT = const(10)

ADDRESSES = bytes((
    0x08, 0x09,  # SagTh, PhaseLossTh
    0x31, 0x32, 0x33, 0x34,  # PLconstH, PLconstL, MMode0, MMode1
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3A,  # start-up of all phases and of one: P, Q, S
    0x41, 0x43, 0x45,  # Poffset A, B, C
    0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C,  # PQGain and Phi of A, of B, of C
    0x61, 0x62, 0x65, 0x66, 0x69, 0x6A,  # Ugain and Igain of A, of B, of C
))
"""The registers that a calibration gives a value, in the order of `Calibration.words`."""


def _check(name: str, value: int, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError("calibration: %s %r: must be %d to %d" % (name, value, low, high))
    return value


class Calibration:
    """The values of one board: nominal constants first, then what a calibration found.

    meter_constant      imp/kWh, 105 to 1280; a count is 0.01 of an impulse
    voltage_V, current_A  nominal Un of a phase and basic Ib
    u_gain_A .. i_gain_C  gains that make Un and Ib of each phase read right, 32768 for one
    p_gain_A .. p_gain_C  PQGain: what is left wrong in power, as the register takes it
    phi_A .. phi_C      delay between voltage and current, as the register takes it
    p_offset_A .. p_offset_C  power at no load, negated, in 0.00032 W
    frequency_Hz        50 or 60
    pga                 amplifier of the currents: 1, 2 or 4
    scale               2 where current passes 65 A: the gains of current are halved, what is
                        read doubled
    start_permille      power from which it meters, of Un times Ib, all phases together; a
                        quarter of it of one phase; reactive one more
    """

    def __init__(
        self, meter_constant: int, voltage_V: int, current_A: int,
        u_gain_A: int, u_gain_B: int, u_gain_C: int,
        i_gain_A: int, i_gain_B: int, i_gain_C: int,
        p_gain_A: int = 0, p_gain_B: int = 0, p_gain_C: int = 0,
        phi_A: int = 0, phi_B: int = 0, phi_C: int = 0,
        p_offset_A: int = 0, p_offset_B: int = 0, p_offset_C: int = 0,
        frequency_Hz: int = 50, pga: int = 1, scale: int = 1,
        start_permille: int = _START_PERMILLE,
    ) -> None:
        _check("meter_constant", meter_constant, 105, 1280)
        _check("voltage_V", voltage_V, 50, 400)
        _check("current_A", current_A, 1, 100)
        _check("scale", scale, 1, 2)
        _check("start_permille", start_permille, 1, _START_PERMILLE_MAX)
        if frequency_Hz not in (50, 60):
            raise ValueError("calibration: frequency_Hz %r: must be 50 or 60" % (frequency_Hz,))
        if pga not in GAINS:
            raise ValueError("calibration: pga %r: must be 1, 2 or 4" % (pga,))
        self.meter_constant = meter_constant
        self.voltage_V = voltage_V
        self.current_A = current_A
        self.counts_per_kWh = _COUNTS_PER_IMPULSE * meter_constant
        self.scale = scale
        pl = (_PL_PRODUCT * 2 // (meter_constant * scale) + 1) // 2
        power = voltage_V * current_A * LSB_PER_W // scale
        values = [pl >> 16, pl & 0xFFFF]
        values.append(_MMODE0 | (_MMODE0_60HZ if frequency_Hz == 60 else 0))
        values.append(GAINS[pga] * _ALL_CURRENTS)
        for name, permille, part in (
                ("PStartTh", start_permille, 1), ("QStartTh", start_permille + 1, 1),
                ("SStartTh", start_permille, 1), ("PPhaseTh", start_permille, 4),
                ("QPhaseTh", start_permille + 1, 4), ("SPhaseTh", start_permille, 4)):
            values.append(_check(name, power * permille // (1000 * part), 1, 0xFFFF))
        for name, value in (("p_offset_A", p_offset_A), ("p_offset_B", p_offset_B),
                            ("p_offset_C", p_offset_C)):
            values.append(_check(name, value, -0x8000, 0x7FFF) & 0xFFFF)
        for name, gain, phi in (("A", p_gain_A, phi_A), ("B", p_gain_B, phi_B),
                                ("C", p_gain_C, phi_C)):
            values.append(_check("p_gain_" + name, gain, -0x8000, 0x7FFF) & 0xFFFF)
            values.append(_phi("phi_" + name, phi))
        for name, u_gain, i_gain in (("A", u_gain_A, i_gain_A), ("B", u_gain_B, i_gain_B),
                                     ("C", u_gain_C, i_gain_C)):
            values.append(_check("u_gain_" + name, u_gain, 1, 0xFFFF))
            values.append(_check("i_gain_" + name, i_gain, 2, 0xFFFF) // scale)
        u_gain = (u_gain_A + u_gain_B + u_gain_C) // 3
        self.words = array("H", [
            _threshold("SagTh", voltage_V * _SAG_PERCENT, u_gain),
            _threshold("PhaseLossTh", voltage_V * _LOSS_PERCENT, u_gain)] + values)
        self.guard = self.words[2]
        """PLconstH, never its reset value."""


def _phi(name: str, value: int) -> int:
    """Return a Phi register: bits 7..0 are the delay, of the voltage with bit 15."""
    if not isinstance(value, int) or value & ~0x80FF:
        raise ValueError("calibration: %s %r: must be 0 to 255, or 32768 to 33023" % (
            name, value))
    return value


def _threshold(name: str, centivolts: int, u_gain: int) -> int:
    """Return a threshold of the voltage's peak: U in 0.01 V * sqrt(2) * 2^14 / Ugain."""
    return _check(name, centivolts * 1414214 * 16384 // (u_gain * 10 ** 6), 1, 0xFFFF)
