"""Power as the modelled ATM90E32AS sees it: front end, gains, delay and offset of each phase.

Source: Microchip 46003B and 46103A. The threshold formula (register = value * sqrt(2) * 2^14 /
gain, FFFF at full scale, 720 mV rms) turned round makes 0.01 V, or 1 mA, of 254558.4 microvolts
times gain; the model takes 254560, six parts in a million more, so that whole numbers exist for
which a board is exact. Gains act on energy as on measurement.

Phi delays by periods of 2.048 MHz, the current, or the voltage with bit 15. Choices: it delays the
fundamental, and the load is one; Poffset and Qoffset are added to the power of their phase, in
0.00032 W, after gain and delay, for energy too.
"""

from micropython import const

from world.atm90e32_load import Phase
from world.atm90e32_registers import (
    M_MODE_1,
    POWER_GAINS,
    POWER_OFFSETS,
    RMS,
    signed,
)

_UV_GAIN = const(254_560)
# 100 for the hundredths of a volt, 1000 for the thousandths of an ampere.
VOLT_DIVISOR = _UV_GAIN * 100
AMPERE_DIVISOR = _UV_GAIN * 1000
UNIT = const(0x10000)
"""Powers are in 1/65536 mW, rounded down to that."""
_DIVISOR = VOLT_DIVISOR * AMPERE_DIVISOR * 0x8000
# Periods of 2.048 MHz in a radian, times 0.01 Hz.
_RADIAN = const(32_594_932)
_NANO = const(1_000_000_000)


class Signal:
    """One phase, as the energy and the measurement paths take it.

    `active` and `reactive` are in 1/65536 mW; `volts` over VOLT_DIVISOR and `amperes` over
    AMPERE_DIVISOR are what is measured for one.
    """

    def __init__(self, words: list, number: int, phase: Phase) -> None:
        self._words = words
        self._number = number
        self._phase = phase
        self.volts = VOLT_DIVISOR
        self.amperes = AMPERE_DIVISOR
        self.active = 0
        self.reactive = 0

    def follow(self, frequency: int) -> None:
        """Take the load with what the registers hold; frequency in 0.01 Hz."""
        words = self._words
        phase = self._phase
        number = self._number
        amplifier = 1 << (words[M_MODE_1] >> (2 * number) & 3)
        self.volts = phase.divider * words[RMS + 4 * number]
        self.amperes = phase.sensor * amplifier * words[RMS + 4 * number + 1]
        gain = 0x8000 + signed(words[POWER_GAINS + 2 * number])
        weight = self.volts * self.amperes * gain
        active = phase.active
        reactive = phase.reactive
        phi = words[POWER_GAINS + 2 * number + 1]
        lag = phi & 0xFF
        if phi & 0x8000:
            lag = -lag
        if lag or phase.lag_mdeg:
            # Nanoradians; 1 mdeg is 17453.2925 of them.
            turn = lag * frequency * _NANO // _RADIAN + phase.lag_mdeg * 17_453_293 // 1000
            sine = turn - turn * turn * turn // (6 * _NANO * _NANO)
            cosine = _NANO - turn * turn // (2 * _NANO)
            active, reactive = (
                (active * cosine - reactive * sine) // _NANO,
                (reactive * cosine + active * sine) // _NANO)
        # An offset's LSB, 0.00032 W, is 8/25 mW.
        offset = POWER_OFFSETS + 2 * number
        self.active = (
            active * weight * UNIT // _DIVISOR + signed(words[offset]) * UNIT * 8 // 25)
        self.reactive = (
            reactive * weight * UNIT // _DIVISOR + signed(words[offset + 1]) * UNIT * 8 // 25)
