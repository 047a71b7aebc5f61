"""A limit with hysteresis that must be passed for a while, and kept for a while to be over."""

from micropython import const

from joulegate.core.condition import BEGAN, ENDED, Condition
from joulegate.core.sight import Sight

ABOVE = const(1)
BELOW = const(-1)


class Limit:
    def __init__(self, side: int, began: int, ended: int) -> None:
        """side: the bad one, ABOVE or BELOW. began, ended: the events that tell of it."""
        self._side = side
        self._began = began
        self._ended = ended
        self._condition = Condition()
        self._bound = 0
        self._hysteresis = 0
        self.present = False
        """Whether the last value was beyond it, however shortly."""

    @property
    def active(self) -> bool:
        return self._condition.active

    def configure(self, bound: int, hysteresis: int, begin_s: int, end_s: int) -> None:
        """bound: 0 for none."""
        self._bound = bound
        self._hysteresis = hysteresis
        self._condition.configure(begin_s, end_s)

    def step(self, value: int, sight: Sight, tell: object) -> bool:
        """Take in a value; tell what begins and ends, and return whether it is active."""
        bound = self._bound
        condition = self._condition
        if not bound and not condition.active:
            self.present = False
            return False
        least = -self._hysteresis if condition.active else 0
        beyond = bound != 0 and (value - bound) * self._side > least
        self.present = beyond
        change = condition.step(beyond, sight.up)
        if change == BEGAN:
            tell(self._began, value)
        elif change == ENDED:
            tell(self._ended, value)
        return condition.active
