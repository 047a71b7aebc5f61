"""Demand: the mean power of each block of 15, 30 or 60 minutes, and the highest of the month.

A block is a window of 1, 3, 5 or 15 sub-periods that end at whole multiples of the local clock;
with one sub-period blocks follow each other, with more the window slides by one of them. Energy
is the difference of the registers at the window's ends, and mean power that energy over the
whole period, however much of the window the meter has seen: a block cut short by an outage, a
change of the clock or the first one after switching on counts too little, never too much.

Source: DLMS UA Blue Book, class 5 (demand register: period, number of periods, last average,
capture time) and class 4; rules in docs/registers.md.

The state is in two arrays of the registers, so it is committed with them.
"""

from micropython import const

from joulegate.core.registers import Registers

# Places in Registers.demand. Those of a quantity are followed by the other's.
_KIND = const(0)
_MONTH = const(1)
_EDGE = const(2)
_LAST = const(3)
_LAST_TIME = const(5)
_MAXIMA = const(6)
_PREVIOUS = const(10)
_CUMULATIVE = const(14)

_WIDTH = const(15)
_U16 = const(0xFFFF)
_CUMULATIVE_MAX = const(0x3FFFFFFF)


class Demand:
    def __init__(
        self, registers: Registers, billing: object, minutes: int, subperiods: int, now: int
    ) -> None:
        """Go on with what the registers hold at a UTC second, or begin if it is of another kind.

        To be made before the first reading after a start, and before billing looks at the clock.
        billing: has `zone` and `month`. minutes: 15, 30 or 60; subperiods: 1, 3, 5 or 15.
        """
        self.minutes = minutes
        self.subperiods = subperiods
        self._registers = registers
        self._billing = billing
        self._state = state = registers.demand
        self._marks = registers.demand_marks
        self._seconds = minutes * 60 // subperiods
        kind = minutes << 4 | subperiods
        if state[_KIND] != kind:
            state[_KIND] = kind
            for i in range(_LAST, _CUMULATIVE):
                state[i] = 0
            state[_MONTH] = billing.month
            self._begin(now)
        elif now < state[_EDGE] - self._seconds:
            self._cut(now)
        else:
            self._last = now
            if now >= state[_EDGE]:
                self._turn(now)
        self._follow_month()

    def tick(self, now: int) -> None:
        """Look at a UTC second whether a sub-period is over; the reading is in the registers."""
        if now >= self._state[_EDGE] or now < self._last:
            self._turn(now)
            self._follow_month()
        self._last = now

    def _turn(self, now: int) -> None:
        """End the sub-period running, and those that nobody saw, and begin another."""
        if now < self._last:
            self._cut(now)
            return
        edge = self._state[_EDGE]
        self._complete(edge, True)
        unseen = min((now - edge) // self._seconds, _WIDTH)
        self._shift()
        for _ in range(unseen):
            self._complete(now, False)
            self._shift()
        self._end(now)

    def _cut(self, now: int) -> None:
        """The clock was set back: what was running ends here, as a block with what it has."""
        self._complete(now, True)
        self._begin(now)

    def _begin(self, now: int) -> None:
        for _ in range(self.subperiods):
            self._shift()
        self._end(now)
        self._last = now

    def _end(self, now: int) -> None:
        """Work out when the sub-period running ends."""
        zone = self._billing.zone
        edge = now + self._seconds - (now + zone.offset(now)) % self._seconds
        self._state[_EDGE] = min(edge, zone.next_change(now))

    def _shift(self) -> None:
        """Let the window begin one sub-period later, and another begin now."""
        marks = self._marks
        last = self.subperiods - 1
        for i in range(last):
            marks[i] = marks[i + 1]
            marks[_WIDTH + i] = marks[_WIDTH + i + 1]
        for quantity in (0, 1):
            marks[quantity * _WIDTH + last] = self._registers.wh[quantity] & _U16

    def _complete(self, time: int, seen: bool) -> None:
        state = self._state
        for quantity in (0, 1):
            watts = self.running(quantity)
            state[_LAST + quantity] = watts
            at = _MAXIMA + 2 * quantity
            if seen and watts > state[at]:
                state[at] = watts
                state[at + 1] = time
        state[_LAST_TIME] = time

    # --- the month ------------------------------------------------------------------------

    def _follow_month(self) -> None:
        """Close a month that nobody closed; one ahead is what a ledger that fell back leaves."""
        month = self._billing.month
        if not month <= self._state[_MONTH] <= month + 1:
            self._next_month(month)

    def _next_month(self, month: int) -> None:
        state = self._state
        for i in range(4):
            state[_PREVIOUS + i] = state[_MAXIMA + i]
        self._forget_maxima()
        state[_MONTH] = month

    def _forget_maxima(self) -> None:
        state = self._state
        for quantity in (0, 1):
            at = _CUMULATIVE + quantity
            state[at] = (state[at] + state[_MAXIMA + 2 * quantity]) & _CUMULATIVE_MAX
        for i in range(4):
            state[_MAXIMA + i] = 0

    def close_month(self, now: int, month: int) -> tuple:
        """Return the maxima of a billing month (its number) at its end, and begin the next.

        A month that was closed already, before a power cut, gives the same again.
        """
        state = self._state
        if state[_MONTH] == month:
            if now >= state[_EDGE] or now < self._last:
                self._turn(now)
                self._last = now
            self._next_month(month + 1)
        elif state[_MONTH] != month + 1:
            return 0, 0, 0, 0
        return tuple(state[_PREVIOUS:_PREVIOUS + 4])

    def reset(self, now: int) -> int:
        """Begin the maxima anew in the middle of a month; return that of import, in W.

        The block running begins anew too, so that nothing counts in both.
        """
        highest = self._state[_MAXIMA]
        self._forget_maxima()
        self._begin(now)
        return highest

    # --- what it says ---------------------------------------------------------------------

    def running(self, quantity: int) -> int:
        """Return the energy of the window so far over the whole period; 0 import, 1 export."""
        energy = self._registers.wh[quantity] - self._marks[quantity * _WIDTH] & _U16
        return energy * 60 // self.minutes

    def last(self, quantity: int) -> int:
        """Return the mean power of the last complete window, in W."""
        return self._state[_LAST + quantity]

    @property
    def last_time(self) -> int:
        """The UTC second at which the last complete window ended, 0 before there is one."""
        return self._state[_LAST_TIME]

    @property
    def maxima(self) -> tuple:
        """The highest import in W, when its window ended, the highest export, and when."""
        return tuple(self._state[_MAXIMA:_MAXIMA + 4])

    @property
    def previous(self) -> tuple:
        """The maxima of the month before, as `maxima`."""
        return tuple(self._state[_PREVIOUS:_PREVIOUS + 4])

    @property
    def cumulative(self) -> tuple:
        """The sums of all maxima that were closed or reset, import and export, modulo 2**30 W."""
        return tuple(self._state[_CUMULATIVE:_CUMULATIVE + 2])

    def figure(self, number: int) -> int:
        """Return one of `figures` by its place; allocates nothing."""
        if number < 2:
            return self.subperiods if number else self.minutes
        return self.running(number - 2) if number < 4 else self._state[number - 4 + _LAST]

    def figures(self) -> list:
        """Return period in minutes, sub-periods, W of import and export running and last, its
        end, the maxima with their times, those of the month before, and their sums."""
        return [
            self.minutes, self.subperiods, self.running(0), self.running(1), self.last(0),
            self.last(1), self.last_time,
        ] + list(self.maxima) + list(self.previous) + list(self.cumulative)
