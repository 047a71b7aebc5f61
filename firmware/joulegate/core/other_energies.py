"""Energies counted by pulses and charged on the account of the electricity: water, gas, heat.

Each input has a register of its own, a count of pulses, and a price of its own. A pulse is charged
when it is taken in, in whole credit units; what is left over is kept as a fraction of its input,

    charged exactly = charged + remainder / (pulses * 1e8),   0 <= remainder < pulses * 1e8

so the sum of an input's debits is its exact cost, rounded down, at every instant and for ever.
A pulse on the limit between two prices is divided at it exactly. Rules: docs/other-energies.md.
"""

from joulegate.core.account import Account
from joulegate.core.energy_setting import (
    INPUTS_MAX,
    NAME_LONGEST,
    PULSES_MAX,
    SIZE_MAX,
    UNIT_LONGEST,
    Energy,
)

# (attribute, struct code, highest, meaning) of what is kept of each input.
KEPT = (
    ("counts", "I", 0xFFFFFFFF, "pulses, by input, modulo 2**32"),
    ("month_counts", "I", 0xFFFFFFFF, "pulses in the open month"),
    ("charged", "Q", (1 << 62) - 1, "credit units for all that, daily charges included"),
    ("month_charged", "Q", (1 << 62) - 1, "credit units in the open month"),
    ("remainders", "Q", (1 << 62) - 1, "charged beyond the units, 1e-8 / pulses of a unit"),
    ("pulses", "I", PULSES_MAX, "so many pulses are"),
    ("sizes", "H", SIZE_MAX, "so many units"),
)
_SCALE = 10 ** 8
_COUNTS = 1 << 32


class EnergyState:
    """What survives of all inputs, a list an attribute."""

    def __init__(self) -> None:
        self.generation = 0
        self.month = 0
        """The open month, year * 12 + month - 1."""
        self.rows = 0
        """Number of the row that the next month's end writes."""
        self.counts = [0] * INPUTS_MAX
        """Pulses since the meter of an input was first counted, modulo 2**32."""
        self.month_counts = [0] * INPUTS_MAX
        self.charged = [0] * INPUTS_MAX
        """Credit units for all that, daily charges included."""
        self.month_charged = [0] * INPUTS_MAX
        self.remainders = [0] * INPUTS_MAX
        # Which meter it is: so many pulses are so many units of something.
        self.pulses = [1] * INPUTS_MAX
        self.sizes = [1] * INPUTS_MAX
        self.names = bytes(NAME_LONGEST * INPUTS_MAX)
        self.units = bytes(UNIT_LONGEST * INPUTS_MAX)

    def take(self, other: "EnergyState") -> None:
        """Become a copy of another state."""
        self.generation = other.generation
        self.month = other.month
        self.rows = other.rows
        self.names = other.names
        self.units = other.units
        for name, _, _, _ in KEPT:
            getattr(self, name)[:] = getattr(other, name)

    def name(self, i: int) -> bytes:
        """Return the name of what an input counts, with zeros to its end."""
        return self.names[i * NAME_LONGEST:(i + 1) * NAME_LONGEST]

    def unit(self, i: int) -> bytes:
        return self.units[i * UNIT_LONGEST:(i + 1) * UNIT_LONGEST]

    def counts_for(self, energy: Energy) -> bool:
        """Return whether an energy is the one that its input counts."""
        i = energy.input - 1
        return (self.pulses[i], self.sizes[i]) == (energy.pulses, energy.size) and \
            self.name(i) == _padded(energy.name, NAME_LONGEST) and \
            self.unit(i) == _padded(energy.unit, UNIT_LONGEST)

    def begin(self, energy: Energy) -> None:
        """Count another meter on an input, from 0; what is left of a unit goes on."""
        i = energy.input - 1
        for name in ("counts", "month_counts", "charged", "month_charged"):
            getattr(self, name)[i] = 0
        self.remainders[i] = self.remainders[i] * energy.pulses // self.pulses[i]
        self.pulses[i] = energy.pulses
        self.sizes[i] = energy.size
        at = i * NAME_LONGEST
        self.names = (self.names[:at] + _padded(energy.name, NAME_LONGEST)
                      + self.names[at + NAME_LONGEST:])
        at = i * UNIT_LONGEST
        self.units = (self.units[:at] + _padded(energy.unit, UNIT_LONGEST)
                      + self.units[at + UNIT_LONGEST:])


def _padded(text: str, length: int) -> bytes:
    return (text.encode() + bytes(length))[:length]


class Book:
    """What wants to know of the ends of months; the default does nothing."""

    def keep(self, energies: "OtherEnergies", i: int, part: bool, instant: int) -> None:
        """A month of an input is over, or a part of it where the meter or customer changed."""


class OtherEnergies:
    def __init__(self, account: Account, unit_places: int, state: EnergyState) -> None:
        """state: as it was stored, or new. Then `configure` before anything else."""
        self.account = account
        self.unit_places = unit_places
        self.state = state
        self.book = Book()
        self.dirty = False
        """Whether the state is other than when this was last set to False."""
        self.energies: list = []
        self.texts: list = []
        self.inputs: list = []
        """Pairs of an energy and its input, which answers take(), the pulses since the last
        time, release() and `missed`. Empty until `attach`."""

    def configure(self, texts: list, energies: list, month: int, instant: int) -> None:
        """Count these from now on. month: the open one; instant: UTC second, for the rows.

        An input that gets another meter begins to count at 0.
        """
        self.take()
        for _, counter in self.inputs:
            counter.release()
        self.inputs = []
        self._close_month(month, instant)
        state = self.state
        going_on = [energy.input - 1 for energy in energies if state.counts_for(energy)]
        for i in range(INPUTS_MAX):
            if i not in going_on and (state.month_counts[i] or state.month_charged[i]):
                self._end_part(i, True, instant)
        for energy in energies:
            if energy.input - 1 not in going_on:
                state.begin(energy)
                self.dirty = True
        self.texts = list(texts)
        self.energies = energies

    def attach(self, inputs: list) -> None:
        """Take pulses from these pairs of an energy and its input."""
        self.inputs = inputs

    def take(self) -> int:
        """Take in and charge the pulses since the last time; return how many."""
        taken = 0
        for energy, counter in self.inputs:
            n = counter.take()
            if n:
                self.charge(energy, n)
                taken += n
        return taken

    def charge(self, energy: Energy, n: int) -> None:
        """Count and charge n pulses of an energy."""
        state = self.state
        i = energy.input - 1
        before = state.month_counts[i]
        state.counts[i] = (state.counts[i] + n) % _COUNTS
        state.month_counts[i] = min(before + n, _COUNTS - 1)
        self._debit(i, energy.cost(before + n) - energy.cost(before))

    def begin_day(self, month: int, instant: int) -> None:
        """Begin a local day: close the month before if it was its last, charge what is daily.

        The caller's mark of the last day charged sees to it that no day comes twice. instant:
        the day's first, a UTC second.
        """
        self._close_month(month, instant)
        for energy in self.energies:
            if energy.daily:
                self._debit(energy.input - 1, energy.daily * energy.pulses)

    def end_customer(self, instant: int) -> None:
        """State what one customer has used of the month, and begin it anew for another."""
        self.take()
        for i in range(INPUTS_MAX):
            if self.state.month_counts[i] or self.state.month_charged[i]:
                self._end_part(i, True, instant)

    def _debit(self, i: int, amount: int) -> None:
        """Charge an amount in 1e-8 currency / pulses of input i."""
        state = self.state
        d = state.pulses[i] * _SCALE
        total = state.remainders[i] + amount * 10 ** self.unit_places
        units = total // d
        state.remainders[i] = total - units * d
        self.dirty = True
        if units:
            account = self.account
            account.debit_fraction(units * account.d1 * account.d2)
            account.other_charges += units
            state.charged[i] += units
            state.month_charged[i] += units

    def _close_month(self, month: int, instant: int) -> None:
        state = self.state
        if state.month == month:
            return
        counted = [energy.input - 1 for energy in self.energies]
        for i in range(INPUTS_MAX):
            if i in counted or state.month_counts[i] or state.month_charged[i]:
                self._end_part(i, False, instant)
        state.month = month
        self.dirty = True

    def _end_part(self, i: int, part: bool, instant: int) -> None:
        self.book.keep(self, i, part, instant)
        self.state.month_counts[i] = 0
        self.state.month_charged[i] = 0
        self.dirty = True
