"""Energy path of the modelled ATM90E32AS: from power to the counts of registers 80 to 93.

Source: Microchip 46003B. PL_Constant = 450 * 10^9 / MC, and a count is 0.01 pulse, so

    counts = energy[mW ms] * 25 / (2 * PL_Constant)

The remainder of each register is kept as a whole number of 1/denominator counts: nothing is ever
rounded away. A change of PL_Constant rescales them.

Choices where the data sheet gives no law: a phase whose |P| + |Q| is below its start-up threshold
gives nothing, to the total neither; the total's own threshold holds for the signed sum; apparent
energy is |S| of a phase, in total their sum, and flows while that phase's active or reactive
does; A0 to AF (fundamental and harmonic) stay zero. A PL_Constant of zero gives no energy.
"""

from world.atm90e32_registers import (
    ENERGIES,
    ENERGY_COUNT,
    M_MODE_0,
    P_PHASE,
    P_START,
    PL_CONST_H,
    PL_CONST_L,
    Q_PHASE,
    Q_START,
)
from world.atm90e32_signal import UNIT

_ABSOLUTE_P = 0x0008
_ABSOLUTE_Q = 0x0010


def root(value: int) -> int:
    """Return the whole square root."""
    if value < 2:
        return value
    guess = 1 << (_bits(value) + 1) // 2
    while True:
        better = (guess + value // guess) // 2
        if better >= guess:
            return guess
        guess = better


def _bits(value: int) -> int:
    count = 0
    while value:
        value >>= 1
        count += 1
    return count


class EnergyPath:
    def __init__(self, words: list, signals: list) -> None:
        self._words = words
        self._signals = signals
        self.emitted = [0] * ENERGY_COUNT
        """Counts ever put into registers 80 to 93, whatever was read, lost or reset."""
        self.reset()

    def reset(self) -> None:
        """Forget the remainders."""
        self._left = [0] * ENERGY_COUNT
        self._denominator = 1
        self._rates: list = []
        self.reversed_active = [False] * 4
        """Total, A, B, C."""
        self.reversed_reactive = [False] * 4
        self.idle = True

    def follow(self) -> None:
        """Set the rates by what the signals and the registers say."""
        words = self._words
        mode = words[M_MODE_0]
        constant = (words[PL_CONST_H] << 16) | words[PL_CONST_L]
        rates = [0] * ENERGY_COUNT
        totals = [0, 0]
        if words[0] and constant:
            for number, signal in enumerate(self._signals):
                if mode >> (2 - number) & 1:
                    self._phase(number, signal, mode, rates, totals)
        self.idle = not (totals[0] or totals[1])
        self._direct(0, totals[0], words[P_START], 0, rates, self.reversed_active)
        self._direct(0, totals[1], words[Q_START], 8, rates, self.reversed_reactive)
        # Rates are in 1/65536 mW; a count is 2 * PL / 25 mW ms.
        common = 25 if not 2 * constant % 25 else 1
        denominator = max(1, 2 * constant * UNIT // common)
        if denominator != self._denominator:
            before = self._denominator
            self._left = [left * denominator // before for left in self._left]
            self._denominator = denominator
        self._rates = [(cell, rate * 25 // common) for cell, rate in enumerate(rates) if rate]

    def _phase(
        self, number: int, signal: object, mode: int, rates: list, totals: list
    ) -> None:
        active = signal.active
        reactive = signal.reactive
        size = (abs(active) + abs(reactive)) * 25
        words = self._words
        if size < words[P_PHASE] * 8 * UNIT:
            active = 0
        if size < words[Q_PHASE] * 8 * UNIT:
            reactive = 0
        self._direct(number + 1, active, 0, 0, rates, self.reversed_active)
        self._direct(number + 1, reactive, 0, 8, rates, self.reversed_reactive)
        if active or reactive:
            apparent = root(active * active + reactive * reactive)
            rates[17 + number] = apparent
            rates[16] += apparent
        totals[0] += abs(active) if mode & _ABSOLUTE_P else active
        totals[1] += abs(reactive) if mode & _ABSOLUTE_Q else reactive

    def _direct(
        self, which: int, power: int, start: int, first: int, rates: list, backward: list
    ) -> None:
        """Let a power flow into its register of two, if it reaches its start-up."""
        backward[which] = power < 0
        if abs(power) * 25 >= start * 8 * UNIT:
            rates[first + which + (4 if power < 0 else 0)] = abs(power)

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds of what was followed pass into the registers."""
        words = self._words
        denominator = self._denominator
        for cell, rate in self._rates:
            amount = self._left[cell] + rate * ms
            counts = amount // denominator
            if counts:
                amount -= counts * denominator
                self.emitted[cell] += counts
                address = ENERGIES + cell
                words[address] = (words[address] + counts) & 0xFFFF
            self._left[cell] = amount
