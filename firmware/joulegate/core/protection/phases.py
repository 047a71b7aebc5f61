"""Three phases: one that is lost, and one that carries much more than another."""

from joulegate.core import events as event
from joulegate.core.condition import BEGAN, ENDED, Condition
from joulegate.core.protection.limit import ABOVE, Limit
from joulegate.core.sight import Sight


class PhaseLoss:
    """A phase below a voltage that another has. With all of them gone it is an outage."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._bound = 0
        self._hysteresis = 0
        self._phase = 0
        self.present = False
        """Whether one was lost at the last look, however shortly."""

    def configure(self, bound_cV: int, hysteresis_cV: int, begin_s: int, end_s: int) -> None:
        self._bound = bound_cV
        self._hysteresis = hysteresis_cV
        self._condition.configure(begin_s, end_s)

    def step(self, sight: Sight, tell: object) -> bool:
        """Look; tell the phase, 1 to 3, and return whether one is lost."""
        volts = sight.reading.phase_voltage_cV
        condition = self._condition
        bound = self._bound + (self._hysteresis if condition.active else 0)
        lowest = 0
        for i in range(len(volts)):
            if volts[i] < volts[lowest]:
                lowest = i
        self.present = volts[lowest] < bound and max(volts) >= self._bound
        change = condition.step(self.present, sight.up)
        if change == BEGAN:
            self._phase = lowest + 1
            tell(event.PHASE_LOST, self._phase)
        elif change == ENDED:
            tell(event.PHASE_BACK, self._phase)
        return condition.active


class Unbalance:
    """The difference in active power between the phase that has most and that with least."""

    def __init__(self) -> None:
        self._limit = Limit(ABOVE, event.UNBALANCE_BEGAN, event.UNBALANCE_ENDED)

    def configure(self, bound_W: int, delay_s: int) -> None:
        self._limit.configure(bound_W, 0, delay_s, 0)

    def step(self, sight: Sight, tell: object) -> bool:
        """Look; return whether it has been too large for the delay."""
        watts = sight.reading.phase_active_W
        return self._limit.step(max(watts) - min(watts), sight, tell)

    def end(self, sight: Sight, tell: object) -> None:
        """Supply is off: nothing is out of balance."""
        if self._limit.active:
            self._limit.step(0, sight, tell)
