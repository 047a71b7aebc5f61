"""Load control: which of the auxiliary outputs are on.

The rules (core/output_rules.py) say what an output should be. Above them stands shedding: while
the power is above the limit of an output it goes off, the one of the lowest priority first and
one at a time, and they come back in reverse once what they drew would fit again. Above both
stands somebody's override, for a bounded time. None of them shortens the least time that an
output stays on or off.
"""

from micropython import const

from joulegate.core.output_rules import (
    ALWAYS,
    BALANCE_BELOW,
    PERIOD_IS,
    PERIOD_IS_NOT,
    POWER_ABOVE,
    PRICE_ABOVE,
    PRIORITY,
    PRIORITY_IS,
    REMOTE,
    parse,
)

SETTLE_S = const(5)
"""After an output has been shed or let back the power is looked at again only then."""
FIT_PERCENT = const(90)
"""Of the limit: one comes back when the power with it would not be above that."""
OVERRIDE_MAX_S = const(7 * 86400)


class LoadControl:
    """What it decides with is set before `step`; None for what nobody knows, and then no rule
    about it holds."""

    def __init__(self, count: int) -> None:
        """count: of the outputs; they are off, and have been so since second 0."""
        self.count = count
        self.power: int | None = None
        """W."""
        self.price: int | None = None
        """Of a kWh, credit units."""
        self.balance: int | None = None
        """Credit units."""
        self.period: str | None = None
        """The tariff's, by name."""
        self.remote = 0
        """The outputs that the head-end has on, a bit each."""
        self.on = 0
        """The outputs that are on, a bit each, as all that follow."""
        self.shed = 0
        """Those that are off because there was too much power."""
        self.forced = 0
        """Those that somebody has overridden."""
        self._forced_on = 0
        self._until = [0] * count
        self._moved = [0] * count
        self._rules: list = []
        self._limits = [0] * count
        self._order: list = []  # of those with a limit, the lowest priority first
        self._drawn = [0] * count  # what each drew, W, as far as its shedding has shown
        self._quiet_until = 0
        self._before: int | None = None  # the power before the last one was shed
        self._last_shed = 0

    def configure(self, texts: list, on_s: int, off_s: int) -> None:
        """Take the rules and the least times; OutputRuleError. What is overridden stays so."""
        rules = parse(texts)
        self._least_on = on_s
        self._least_off = off_s
        self._rules = [[rule for rule in rules if rule[0] == i] for i in range(self.count)]
        priorities = [PRIORITY] * self.count
        for i, own in enumerate(self._rules):
            self._limits[i] = 0
            for _, what, operand, _ in own:
                if what == POWER_ABOVE:
                    self._limits[i] = operand
                elif what == PRIORITY_IS:
                    priorities[i] = operand
        self._order = sorted([i for i in range(self.count) if self._limits[i]],
                             key=lambda i: (priorities[i], -i))
        for i in range(self.count):
            if not self._limits[i]:
                self.shed &= ~(1 << i)

    def override(self, output: int, on: "bool | None", seconds: int, up: int) -> None:
        """Have an output, from 0, on or off for so long, or with None by its rules again.

        ValueError for an output that there is not or a time out of range.
        """
        if not 0 <= output < self.count:
            raise ValueError("output %d: must be 1 to %d" % (output + 1, self.count))
        bit = 1 << output
        if on is None:
            self.forced &= ~bit
            return
        if not 1 <= seconds <= OVERRIDE_MAX_S:
            raise ValueError("output %d: %d s: must be 1 to %d" % (
                output + 1, seconds, OVERRIDE_MAX_S))
        self.forced |= bit
        self._forced_on = self._forced_on | bit if on else self._forced_on & ~bit
        self._until[output] = up + seconds

    def lapse(self, up: int) -> int:
        """End the overrides whose time is over; return which those were."""
        ended = 0
        for i in range(self.count):
            if self.forced >> i & 1 and up >= self._until[i]:
                ended |= 1 << i
        self.forced &= ~ended
        return ended

    def left(self, output: int, up: int) -> int:
        """Return for how many seconds an output is overridden yet."""
        return max(0, self._until[output] - up) if self.forced >> output & 1 else 0

    def all_off(self, up: int) -> None:
        """Take note that all have been switched off, whatever the rules."""
        for i in range(self.count):
            if self.on >> i & 1:
                self._moved[i] = up
        self.on = 0

    def step(self, up: int) -> int:
        """Decide at a second since the start; return which outputs are to be on."""
        if self._order:
            self._shed(up)
        for i in range(self.count):
            bit = 1 << i
            if self.forced & bit:
                wanted = bool(self._forced_on & bit)
            else:
                wanted = not self.shed & bit and self._by_rules(i)
            if wanted != bool(self.on & bit) and self._rested(i, up):
                self.on ^= bit
                self._moved[i] = up
        return self.on

    def _rested(self, i: int, up: int) -> bool:
        least = self._least_on if self.on >> i & 1 else self._least_off
        return up - self._moved[i] >= least

    def _by_rules(self, i: int) -> bool:
        for _, what, operand, on in self._rules[i]:
            if self._holds(i, what, operand):
                return on
        return False

    def _holds(self, i: int, what: int, operand: object) -> bool:
        if what == PERIOD_IS:
            return self.period is not None and self.period == operand
        if what == PERIOD_IS_NOT:
            return self.period is not None and self.period != operand
        if what == PRICE_ABOVE:
            return self.price is not None and self.price > operand
        if what == BALANCE_BELOW:
            return self.balance is not None and self.balance < operand
        if what == REMOTE:
            return bool(self.remote >> i & 1)
        return what == ALWAYS

    # --- shedding -----------------------------------------------------------------------------

    def _shed(self, up: int) -> None:
        power = self.power
        if power is None or up < self._quiet_until:
            return
        if self._before is not None:
            self._drawn[self._last_shed] = max(0, self._before - power)
            self._before = None
        for i in self._order:
            bit = 1 << i
            if (power > self._limits[i] and self.on & bit and not self.forced & bit
                    and self._rested(i, up)):
                self.shed |= bit
                self._before = power
                self._last_shed = i
                self._quiet_until = up + SETTLE_S
                return
        if self.shed:
            self._let_back(power, up)

    def _let_back(self, power: int, up: int) -> None:
        for i in reversed(self._order):
            bit = 1 << i
            if self.shed & bit:
                fits = power + self._drawn[i] <= self._limits[i] * FIT_PERCENT // 100
                if fits and self._rested(i, up):
                    self.shed &= ~bit
                    self._quiet_until = up + SETTLE_S
                return
