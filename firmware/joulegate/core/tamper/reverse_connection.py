"""Line and load exchanged: a meter of somebody who only consumes counts export."""

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm


class ReverseConnection:
    def __init__(self) -> None:
        self._alarm = Alarm(
            event.REVERSE_CONNECTION_BEGAN, event.REVERSE_CONNECTION_ENDED, trips.REVERSE)
        self._least_W = 1

    def configure(self, values: object, sight: Sight) -> None:
        self._least_W = values["reverse_W"]
        self._alarm.configure(values, values["reverse_s"], values["reverse_s"])

    def step(self, sight: Sight, tell: object) -> int:
        """Return the reasons against supply that begin now; the event has the power, W."""
        if not sight.measured:
            return 0
        exported = -sight.reading.active_W
        return self._alarm.step(exported >= self._least_W, sight, tell, exported)
