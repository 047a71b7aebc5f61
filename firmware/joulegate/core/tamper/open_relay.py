"""What is seen behind a relay that is open: voltage from elsewhere, or consumption round it.

Voltage on the load side without current is back-feed; with current the contacts are welded or
somebody has laid a wire round them. supply_switch tells of the latter; here it may trip.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.condition import BEGAN, Condition
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import TAMPER
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm

OPEN_CURRENT_MA = const(40)
"""More than this through an open relay is consumption: the starting current at 10 A."""
_BYPASS_S = const(3)


class OpenRelay:
    def __init__(self) -> None:
        self._back_feed = Alarm(event.BACK_FEED_BEGAN, event.BACK_FEED_ENDED, trips.BACK_FEED)
        self._bypass = Condition(_BYPASS_S, 0)
        self._bypass_trips = False
        self._watches = True

    def configure(self, values: object, sight: Sight) -> None:
        self._watches = values["back_feed_s"] > 0
        self._back_feed.configure(values, values["back_feed_s"], values["back_feed_s"])
        self._bypass_trips = bool(values["tamper_trips"] & trips.BYPASS)

    def step(self, sight: Sight, tell: object) -> int:
        """Return the reasons against supply that begin now."""
        if not sight.settled or not sight.measured:
            return 0
        is_open = not sight.closed
        draws = sight.reading.current_mA > OPEN_CURRENT_MA
        held = self._back_feed.step(
            self._watches and is_open and not draws and sight.load_voltage is True, sight, tell)
        if self._bypass.step(is_open and draws, sight.up) == BEGAN and self._bypass_trips:
            held |= TAMPER
        if self._bypass.active:
            sight.alarms |= trips.BYPASS
        return held
