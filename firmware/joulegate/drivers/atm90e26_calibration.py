"""Calibration of the ATM90E26: its two register blocks, their checksums and how to derive them.

Source: Microchip/Atmel datasheet 46002B and application note 46102B ("AN").
"""

from array import array

from micropython import const

METERING = const(0x21)
"""First register of the metering block 21..2B: PLconstH to MMode."""
MEASUREMENT = const(0x31)
"""First register of the measurement block 31..3A: Ugain to QoffsetN."""

GAINS = {1: 0b100, 4: 0b000, 8: 0b001, 16: 0b010, 24: 0b011}
"""L line amplifier gain to the bits 15..13 of MMode."""

# N gain x1, LNSel L, high-pass filters on, CF signed (import and export apart), ZX on both
# edges, tamper threshold 3.125 %.
_MMODE_REST = const(0b11 << 11 | 1 << 10 | 0b10 << 4 | 0b0010)

_IGAIN_N_DEFAULT = const(30000)
_START_PERMILLE = const(4)
_START_PERMILLE_MAX = const(10)


def checksum(values: array) -> int:
    """Return CS of a block: low byte the sum of its bytes mod 256, high byte their XOR."""
    total = 0
    xor = 0
    for value in values:
        total += (value >> 8) + (value & 0xFF)
        xor ^= (value >> 8) ^ (value & 0xFF)
    return xor << 8 | total & 0xFF


def _check(name: str, value: int, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError("calibration: %s %r: must be %d to %d" % (name, value, low, high))
    return value


class Calibration:
    """The values of one board: nominal constants first, then what a calibration found.

    meter_constant      imp/kWh, 100 to 12800, a multiple of 100
    voltage_V, current_A  nominal Un and basic Ib
    voltage_uV          signal at the voltage input at Un, rms
    current_uV          signal at the L input at Ib, rms
    gain                L amplifier: 1, 4, 8, 16 or 24
    u_gain, i_gain_L    measurement gains that make Un and Ib read right
    l_gain, l_phase     energy correction of the L line, as the registers take them
    n_gain, n_phase     the same of the N line, for a board strapped anti-tamper
    p_offset_L, p_offset_N  added to power, in Igain Ugain / (10^5 2^22) W
    start_permille      power from which it meters, of Un times Ib; reactive one more
    scale               2 where current passes 65 A: IgainL is halved and readings doubled
    """

    def __init__(
        self, meter_constant: int, voltage_V: int, current_A: int, voltage_uV: int,
        current_uV: int, gain: int, u_gain: int, i_gain_L: int,
        i_gain_N: int = _IGAIN_N_DEFAULT, l_gain: int = 0, l_phase: int = 0, scale: int = 1,
        n_gain: int = 0, n_phase: int = 0, p_offset_L: int = 0, p_offset_N: int = 0,
        start_permille: int = _START_PERMILLE,
    ) -> None:
        _check("meter_constant", meter_constant, 100, 12800)
        if meter_constant % 100:
            raise ValueError("calibration: meter_constant %d: must be a multiple of 100"
                             % meter_constant)
        _check("voltage_V", voltage_V, 50, 400)
        _check("current_A", current_A, 1, 100)
        _check("voltage_uV", voltage_uV, 120, 600000)
        _check("current_uV", current_uV, 5, 600000)
        if gain not in GAINS:
            raise ValueError("calibration: gain %r: must be 1, 4, 8, 16 or 24" % (gain,))
        _check("scale", scale, 1, 2)
        _check("start_permille", start_permille, 1, _START_PERMILLE_MAX)
        self.meter_constant = meter_constant
        self.voltage_V = voltage_V
        self.current_A = current_A
        self.counts_per_kWh = 10 * meter_constant
        self.scale = scale
        # Signal product in mV^2 is in uV^2 over 10^6.
        signal = gain * current_uV * voltage_uV
        pl = 838860800 * signal // (10 ** 6 * meter_constant * voltage_V * current_A)
        _check("PL_Constant", pl, 4, 0xFFFFFFFF)
        pl &= ~3  # the sheet wants a multiple of 4
        self.metering = array("H", [
            pl >> 16, pl & 0xFFFF,
            _check("l_gain", l_gain, 0, 0xFFFF), _check("l_phase", l_phase, 0, 0xFFFF),
            _check("n_gain", n_gain, 0, 0xFFFF), _check("n_phase", n_phase, 0, 0xFFFF),
            _threshold("PStartTh", signal, start_permille), 0,
            _threshold("QStartTh", signal, start_permille + 1), 0,
            GAINS[gain] << 13 | _MMODE_REST,
        ])
        self.measurement = array("H", [
            _check("u_gain", u_gain, 1, 0x7FFF),  # bit 15 must be 0
            _check("i_gain_L", i_gain_L, 1, 0xFFFF) // scale,
            _check("i_gain_N", i_gain_N, 1, 0xFFFF) // scale,
            0, 0, 0,
            _check("p_offset_L", p_offset_L, -0x8000, 0x7FFF) & 0xFFFF, 0,
            _check("p_offset_N", p_offset_N, -0x8000, 0x7FFF) & 0xFFFF, 0,
        ])
        self.cs1 = checksum(self.metering)
        self.cs2 = checksum(self.measurement)
        # AN: SagTh = 100 * Un * sqrt(2) * x / (4 * Ugain / 32768), x = 0.78; the square root
        # of 2 as 1414214 / 10^6.
        self.sag_threshold = _check(
            "SagTh", voltage_V * 78 * 1414214 * 32768 // (4 * u_gain * 10 ** 6), 1, 0xFFFF)


def _threshold(name: str, signal: int, permille: int) -> int:
    """Return a start-up threshold: 93.2067556 * GL * VL * VU * K, rounded.

    The sheet says floor, but its own example (2236.96 gives 08BD) only fits rounding.
    """
    scale = 10 ** (7 + 6 + 3)
    return _check(name, (932067556 * signal * permille * 2 + scale) // (2 * scale), 1, 0xFFFF)
