"""Measurement path of the modelled ATM90E32AS: registers B0 to FF.

Source: Microchip 46003B and 46103A. Powers are 32 bits of 0.00032 W, voltage 0.01 V and current
1 mA with 1/256 more in the high byte of a second register.

Choices where the data sheet is silent: values are rounded down, and clip; a phase's apparent
power is the root of P and Q, the total's their arithmetic sum; the neutral's current is worked out
from P and Q of the phases, 120 degrees apart; a voltage angle tells by how much that phase lags
phase A; frequency is that of A, else of C, else of B, whichever has voltage above PhaseLossTh, and
0 without any; with metering off all of it is 0. Uoffset and Ioffset, fundamental and harmonic
values and peaks are not modelled.
"""

from micropython import const

from world.atm90e32_energy import root
from world.atm90e32_load import Phase
from world.atm90e32_registers import (
    ANGLES,
    FACTORS,
    FREQUENCY,
    I_RMS,
    I_RMS_N,
    LOW,
    POWERS,
    SIZE,
    TEMPERATURE,
    U_ANGLES,
    U_RMS,
)
from world.atm90e32_signal import AMPERE_DIVISOR, UNIT, VOLT_DIVISOR

_TWO_BYTES = const(0xFFFF)
_ROOM_C = const(25)
# Arc tangents of 1, 1/2, 1/4 ... in 0.0001 degree.
_TURNS = (450000, 265651, 140362, 71250, 35763, 17899, 8952, 4476, 2238, 1119, 560, 280, 140)
# Half the root of 3, in millionths.
_SIN_60 = const(866_025)


def _angle(x: int, y: int) -> int:
    """Return the angle of (x, y) in 0.1 degree, 0 to 3599; 0 for no vector."""
    if not x and not y:
        return 0
    start = 0
    if x < 0:
        x, y, start = -x, -y, 1_800_000
    x <<= 20
    y <<= 20
    angle = 0
    for shift, turn in enumerate(_TURNS):
        if y > 0:
            x, y, angle = x + (y >> shift), y - (x >> shift), angle + turn
        else:
            x, y, angle = x - (y >> shift), y + (x >> shift), angle - turn
    return (start + angle + 500) // 1000 % 3600


class MeasurementPath:
    def __init__(self, words: list, signals: list, phases: list) -> None:
        self._words = words
        self._signals = signals
        self._phases = phases

    def update(self, frequency: int, wrong_sequence: bool, lost: list) -> None:
        """Work all of it out anew. lost: by phase, whether PhaseLossTh says so."""
        words = self._words
        for address in range(POWERS, SIZE):
            words[address] = 0
        words[TEMPERATURE] = _ROOM_C
        if not words[0]:
            return
        sums = [0, 0, 0]
        real = imaginary = 0
        for number, signal in enumerate(self._signals):
            apparent = root(signal.active * signal.active + signal.reactive * signal.reactive)
            for kind, power in enumerate((signal.active, signal.reactive, apparent)):
                sums[kind] += power
                self._put_power(POWERS + 4 * kind + 1 + number, power)
            words[FACTORS + 1 + number] = _factor(signal.active, apparent)
            words[ANGLES + number] = _angle(
                signal.active // UNIT, signal.reactive // UNIT)
            phase: Phase = self._phases[number]
            self._put_rms(U_RMS + number, phase.voltage * signal.volts, VOLT_DIVISOR)
            self._put_rms(I_RMS + number, phase.current * signal.amperes, AMPERE_DIVISOR)
            x, y = self._vector(number, wrong_sequence)
            real += x
            imaginary += y
            if number:
                words[U_ANGLES + number] = 1200 * (3 - number if wrong_sequence else number)
        for kind in range(3):
            self._put_power(POWERS + 4 * kind, sums[kind])
        words[FACTORS] = _factor(sums[0], sums[2])
        words[I_RMS_N] = min(_TWO_BYTES, root(real * real + imaginary * imaginary))
        for number in (0, 2, 1):
            if not lost[number]:
                words[FREQUENCY] = frequency
                break

    def _vector(self, number: int, wrong_sequence: bool) -> tuple:
        """Return a phase's current in mA, turned as its voltage lies to that of A."""
        phase = self._phases[number]
        if not phase.voltage:
            return 0, 0
        signal = self._signals[number]
        x = phase.active * 100 * signal.amperes // (phase.voltage * AMPERE_DIVISOR)
        y = -phase.reactive * 100 * signal.amperes // (phase.voltage * AMPERE_DIVISOR)
        if not number:
            return x, y
        sine = _SIN_60 if (number == 2) != wrong_sequence else -_SIN_60
        return (-x // 2 - y * sine // 1_000_000, -y // 2 + x * sine // 1_000_000)

    def _put_power(self, address: int, power: int) -> None:
        """Put 1/65536 mW into both words, in 0.00032 W."""
        raw = max(-(1 << 31), min((1 << 31) - 1, power * 25 // (8 * UNIT)))
        self._words[address] = raw >> 16 & 0xFFFF
        self._words[address + LOW] = raw & 0xFFFF

    def _put_rms(self, address: int, value: int, divisor: int) -> None:
        fine = min((_TWO_BYTES << 8) | 0xFF, value * 256 // divisor)
        self._words[address] = fine >> 8
        self._words[address + LOW] = (fine & 0xFF) << 8


def _factor(active: int, apparent: int) -> int:
    return active * 1000 // apparent & 0xFFFF if apparent else 0
