"""Calibration of the ADE7953: its registers, the meter's count, and how to derive them.

Source: Analog Devices data sheet ADE7953 Rev. B ("DS") and application note AN-1118 ("AN").

The chip counts 206.9 k a second at full scale, some 700 to a count of the meter, and puts no
unit on voltage and current: the firmware divides. The divisor is a whole number, and AWGAIN, in
steps of 0.24 ppm, makes the meter constant exact.
"""

from micropython import const

GAINS = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4, 22: 5}
"""Amplifier gain to its code in PGA_IA and PGA_IB; 22 is of channel A alone."""

GAIN_ONE = const(0x400000)
_GAIN_LOW = const(0x200000)
_GAIN_HIGH = const(0x600000)
PHASE_MAX = const(383)

_ENERGY_HZ = const(206900)
"""Counts a second of an energy register at full scale."""
_POWER_CODE = const(4862401)
_RMS_CODE = const(9032007)
_PEAK_CODE = const(6500000)
# Half the square of 500 mV in uV^2: the product of voltage and current at full scale.
_PRODUCT_uV2 = const(125000000000)
# 500 mV of peak as rms is this over 1414214 * 10^-6, the square root of 2.
_PEAK_uV = const(500000)
_ROOT_2 = const(1414214)

_START_PERMILLE = const(2)
_START_PERMILLE_MAX = const(10)
_SAG_PERCENT = const(78)


class Calibration:
    """The values of one board: nominal constants first, then what a calibration found.

    meter_constant      imp/kWh, 100 to 12800, a multiple of 100
    voltage_V, current_A  nominal Un and basic Ib
    divider_uV_per_V    signal at the voltage input for a volt, rms
    shunt_uV_per_A      signal at input A for an ampere, rms
    gain                amplifier of A: 1, 2, 4, 8, 16 or 22
    neutral_uV_per_A, neutral_gain  the same of input B
    watt_gain, var_gain  AWGAIN and AVARGAIN; 0 for the nominal one
    phase               steps of 1.117 us by which the current is delayed, negative advanced
    watt_offset, var_offset  AWATTOS and AVAROS, 1/512 of a power code
    volt_codes          VRMS at 100 V; 0 for the nominal one
    ampere_codes, neutral_codes  IRMSA and IRMSB at 10 A; 0 for the nominal ones
    volt_peak_codes, ampere_peak_codes  VPEAK at 100 V and IAPEAK at 10 A, both of a sine of that
                        rms; 0 for the nominal ones
    start_permille      power from which it meters, of Un times Ib
    """

    def __init__(
        self, meter_constant: int, voltage_V: int, current_A: int, divider_uV_per_V: int,
        shunt_uV_per_A: int, gain: int, neutral_uV_per_A: int = 4800, neutral_gain: int = 1,
        watt_gain: int = 0, var_gain: int = 0, phase: int = 0, watt_offset: int = 0,
        var_offset: int = 0, volt_codes: int = 0, ampere_codes: int = 0, neutral_codes: int = 0,
        volt_peak_codes: int = 0, ampere_peak_codes: int = 0,
        start_permille: int = _START_PERMILLE,
    ) -> None:
        _check("meter_constant", meter_constant, 100, 12800)
        if meter_constant % 100:
            raise ValueError("calibration: meter_constant %d: must be a multiple of 100"
                             % meter_constant)
        _check("voltage_V", voltage_V, 50, 400)
        _check("current_A", current_A, 1, 100)
        _check("divider_uV_per_V", divider_uV_per_V, 100, 7000)
        _check("shunt_uV_per_A", shunt_uV_per_A, 10, 100000)
        _check("neutral_uV_per_A", neutral_uV_per_A, 10, 100000)
        if gain not in GAINS:
            raise ValueError("calibration: gain %r: must be 1, 2, 4, 8, 16 or 22" % (gain,))
        if neutral_gain not in GAINS or neutral_gain == 22:
            raise ValueError(
                "calibration: neutral_gain %r: must be 1, 2, 4, 8 or 16" % (neutral_gain,))
        # 500 mV of peak are 353553 uV rms.
        _check("signal at voltage_V", divider_uV_per_V * voltage_V, 1, 353553)
        _check("signal at current_A", shunt_uV_per_A * current_A * gain, 1, 353553)
        _check("start_permille", start_permille, 1, _START_PERMILLE_MAX)
        self.meter_constant = meter_constant
        self.voltage_V = voltage_V
        self.current_A = current_A
        self.counts_per_kWh = counts = 10 * meter_constant
        self.gain_code = GAINS[gain]
        self.neutral_gain_code = GAINS[neutral_gain]

        # Chip counts in a kWh at gain one, as a fraction: 3.6e6 Ws.
        product = divider_uV_per_V * shunt_uV_per_A * gain
        per_kWh = _ENERGY_HZ * 3600000 * product
        full = counts * _PRODUCT_uV2
        self.chip_counts = max(1, (per_kWh + full // 2) // full)
        """How many counts of the chip are one of the meter."""
        nominal = (GAIN_ONE * self.chip_counts * full + per_kWh // 2) // per_kWh
        self.watt_gain = _check("watt_gain", watt_gain or nominal, _GAIN_LOW, _GAIN_HIGH)
        self.var_gain = _check("var_gain", var_gain or nominal, _GAIN_LOW, _GAIN_HIGH)
        self.phase = _check("phase", phase, -PHASE_MAX, PHASE_MAX)
        self.watt_offset = _check("watt_offset", watt_offset, -0x800000, 0x7FFFFF)
        self.var_offset = _check("var_offset", var_offset, -0x800000, 0x7FFFFF)

        volts = _codes("volt_codes", volt_codes, _RMS_CODE, 100 * divider_uV_per_V)
        amperes = _codes("ampere_codes", ampere_codes, _RMS_CODE, 10 * shunt_uV_per_A * gain)
        neutral = _codes(
            "neutral_codes", neutral_codes, _RMS_CODE, 10 * neutral_uV_per_A * neutral_gain)
        self.volt_codes = volts
        self.ampere_codes = amperes
        self.neutral_codes = neutral
        self.volt_scale = Scale(10000, volts)
        self.current_scale = Scale(10000, amperes)
        self.neutral_scale = Scale(10000, neutral)
        # After the gains a power code is this many counts a second, by DS alone.
        self.watts_of_a_code = (
            3600000 * _ENERGY_HZ, _POWER_CODE * counts * self.chip_counts)
        self.power_scale = Scale(*self.watts_of_a_code)
        self.neutral_power_scale = Scale(
            _PRODUCT_uV2, _POWER_CODE * divider_uV_per_V * neutral_uV_per_A * neutral_gain)

        # A sine's peak is root 2 times its rms, and full scale is a peak.
        peak = _codes("volt_peak_codes", volt_peak_codes, _PEAK_CODE, 100 * divider_uV_per_V)
        self.sag_level = _check(
            "SAGLVL", peak * voltage_V * _SAG_PERCENT // 10000, 1, 0xFFFFFF)
        self._ampere_peak = _codes(
            "ampere_peak_codes", ampere_peak_codes, _PEAK_CODE, 10 * shunt_uV_per_A * gain)
        # DS: X_NOLOAD = 65536 - Y / 1.4, Y full scale over threshold.
        start = product * voltage_V * current_A * start_permille * 7
        self.no_load = _check(
            "AP_NOLOAD", 65536 - (_PRODUCT_uV2 * 5000 + start // 2) // start, 1, 65535)

    def overcurrent_level(self, peak_mA: int) -> int:
        """Return OILVL for an instantaneous current; ValueError beyond what the input takes."""
        # At 10 A of a sine the peak is 14142.14 mA.
        level = peak_mA * self._ampere_peak * 100 // _ROOT_2
        if peak_mA < 1 or not 1 <= level < _PEAK_CODE:
            raise ValueError("overcurrent %r mA: must be 1 to %d" % (
                peak_mA, (_PEAK_CODE - 1) * _ROOT_2 // (self._ampere_peak * 100)))
        return level


class Scale:
    """A factor that turns a code of 24 bits into a quantity, in small integers alone."""

    def __init__(self, numerator: int, denominator: int) -> None:
        """The factor as a fraction. ValueError if it is 64 or more."""
        shift = 0
        while numerator << shift + 1 < denominator << 18 and shift < 40:
            shift += 1
        self._factor = ((numerator << shift) + denominator // 2) // denominator
        while self._factor >= 1 << 18:
            self._factor >>= 1
            shift -= 1
        if shift < 12:
            raise ValueError("calibration: scale %d / %d: must be below 64" % (
                numerator, denominator))
        self._shift = shift - 12
        self._half = 1 << self._shift >> 1

    def of(self, code: int) -> int:
        """Return the quantity of a code, -2^23 to 2^23, rounded."""
        if code < 0:
            return -self.of(-code)
        factor = self._factor
        return ((code >> 12) * factor + ((code & 0xFFF) * factor >> 12)
                + self._half) >> self._shift


def adjusted_gain(gain: int, counted: int, reference: int) -> int:
    """Return the gain register that makes `counted` at this `gain` into `reference`.

    AN: the energy of the reference meter over that of the meter, both of the same time, at Un, Ib
    and power factor 1. ValueError where the chip has no such gain.
    """
    _check("counted", counted, 1, 1 << 40)
    _check("reference", reference, 1, 1 << 40)
    return _check("gain", (gain * reference + counted // 2) // counted, _GAIN_LOW, _GAIN_HIGH)


def adjusted_phase(
    phase: int, counted: int, reference: int, reactive_counted: int, frequency_cHz: int = 5000,
) -> int:
    """Return the steps of phase that bring `counted` to `reference` at power factor 0.5.

    AN: with the gain right, at Un, Ib and 60 degrees lagging, energy is wrong by the phase
    alone. counted, reactive_counted: what the meter counted of active and reactive energy
    meanwhile, reference: what active energy it was. ValueError where the chip cannot.
    """
    _check("counted", counted, 1, 1 << 40)
    _check("reactive_counted", reactive_counted, 1, 1 << 40)
    # The angle that is too much, small: (reference - counted) / reactive. A step of 1.117 us is
    # 2 pi 1.117e-6 f, and 10^8 / (2 pi 1.117) is 14248428.
    steps = (reference - counted) * 14248428
    unit = reactive_counted * frequency_cHz
    half = unit // 2
    steps = (steps + half) // unit if steps >= 0 else -((-steps + half) // unit)
    return _check("phase", phase - steps, -PHASE_MAX, PHASE_MAX)


def _codes(name: str, found: int, full: int, uV: int) -> int:
    """Return the code of a signal of so many uV rms, `found` if it is not 0."""
    return _check(name, found or full * uV * _ROOT_2 // (_PEAK_uV * 1000000), 1000, 0xFFFFFF)


def _check(name: str, value: int, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError("calibration: %s %r: must be %d to %d" % (name, value, low, high))
    return value
