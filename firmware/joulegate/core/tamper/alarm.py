"""An alarm: a condition that is told when it begins and when it ends, and may cut supply off."""

from joulegate.core.condition import BEGAN, NOTHING, Condition
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import TAMPER


class Alarm:
    def __init__(self, began: int, ended: int, trip: int) -> None:
        """began, ended: codes of the events; trip: its bit in tamper_trips."""
        self._began = began
        self._ended = ended
        self._trip = trip
        self._trips = False
        self._since = 0
        self._condition = Condition()

    def configure(self, values: object, begin_s: int, end_s: int) -> None:
        """Begin and end after so many seconds; trip if the setting tamper_trips says so."""
        self._condition.configure(begin_s, end_s)
        self._trips = bool(values["tamper_trips"] & self._trip)

    @property
    def active(self) -> bool:
        """Whether it has begun and not ended."""
        return self._condition.active

    def step(
        self, present: bool, sight: Sight, tell: object, value: int = 0,
        end_value: "int | None" = None,
    ) -> int:
        """Take in whether it is there now; return the reasons it sets against supply.

        It sets one only in the step in which it begins: once lifted, it stays lifted until it
        begins anew. The event of the beginning has `value`, that of the end `end_value`, or
        without one the seconds between.
        """
        turn = self._condition.step(present, sight.up)
        if self._condition.active:
            sight.alarms |= self._trip
        if turn == NOTHING:
            return 0
        if turn != BEGAN:
            tell(self._ended, sight.up - self._since if end_value is None else end_value)
            return 0
        self._since = sight.up
        tell(self._began, value)
        return TAMPER if self._trips else 0
