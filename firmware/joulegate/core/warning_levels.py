"""Levels of the balance that are announced once each on the way down.

Some are amounts, others parts of the last top-up. A purchase arms those that it passes; export
credit does not: a balance that it carries to and fro over a level would warn at every turn.
"""

from micropython import const

from joulegate.core.account import BALANCE_LIMIT

WARNINGS_MAX = const(4)
"""The most levels of either kind."""


def check_levels(cut_off: int, warnings: tuple) -> None:
    """ValueError unless amounts, in credit units, may be levels beside a cut-off."""
    if not -BALANCE_LIMIT <= cut_off <= BALANCE_LIMIT:
        raise ValueError("cut_off %d: must be within +-%d units" % (cut_off, BALANCE_LIMIT))
    if len(warnings) > WARNINGS_MAX:
        raise ValueError("warnings %r: at most %d levels" % (warnings, WARNINGS_MAX))
    for higher, lower in zip((BALANCE_LIMIT,) + warnings, warnings + (cut_off,)):
        if not higher > lower:
            raise ValueError(
                "warnings %r: must fall, and stay above the cut-off %d" % (warnings, cut_off))


def check_percents(percents: tuple) -> None:
    """ValueError unless these may be parts of a top-up to warn at, in per cent."""
    if len(percents) > WARNINGS_MAX:
        raise ValueError("at most %d levels" % WARNINGS_MAX)
    for higher, lower in zip((100,) + percents, percents + (0,)):
        if not higher > lower:
            raise ValueError("must fall, and be 1 to 99 %")


class WarningLevels:
    def __init__(self) -> None:
        self.levels: tuple = ()
        """Credit units, falling."""
        self.warned = 0
        """How many of them the balance has passed."""
        self._cut_off = 0
        self._fixed: tuple = ()
        self._percents: tuple = ()
        self._top_up = 0

    def configure(self, cut_off: int, warnings: tuple, percents: tuple = ()) -> None:
        """Take other levels; ValueError, and those there were stay."""
        check_levels(cut_off, warnings)
        check_percents(percents)
        self._cut_off = cut_off
        self._fixed = warnings
        self._percents = percents
        self._build()

    def take_top_up(self, units: int) -> None:
        """Have the percentages be of a top-up of so many credit units."""
        if units != self._top_up:
            self._top_up = units
            self._build()

    def _build(self) -> None:
        levels = set(self._fixed)
        for percent in self._percents:
            level = self._top_up * percent // 100
            if level > self._cut_off:
                levels.add(level)
        self.levels = tuple(sorted(levels, reverse=True))
        self.warned = min(self.warned, len(self.levels))

    def passes(self, balance: int) -> bool:
        """Return whether the balance has passed another level. Part of the tick."""
        warned = self.warned
        while self.warned < len(self.levels) and balance <= self.levels[self.warned]:
            self.warned += 1
        return self.warned != warned

    def arm(self, balance: int) -> None:
        """Arm the levels below a balance again."""
        self.warned = 0
        self.passes(balance)
