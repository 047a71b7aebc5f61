"""Covers, terminal cover and magnet: switches, and the latch that watches while supply is off.

The latch is told once a start, so openings in one outage count as one. It is made to forget
once the event has had time to reach storage: a cut in between tells it again rather than never.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import TAMPER
from joulegate.core.tamper import trips
from joulegate.core.tamper.alarm import Alarm

_FORGET_S = const(10)


class Switches:
    def __init__(self) -> None:
        self._covers: tuple = ()
        self._magnet: Alarm | None = None
        self._latch_read = False
        self._latch_told: int | None = None
        self._latch_trips = False

    def configure(self, values: object, sight: Sight) -> None:
        """Watch the switches that the board has."""
        sensors = sight.sensors
        if not self._covers:
            covers = []
            for name, began, ended, trip in _COVERS:
                if sensors.get(name) is not None:
                    covers.append((sensors[name], Alarm(began, ended, trip)))
            self._covers = tuple(covers)
        for _, alarm in self._covers:
            alarm.configure(values, values["cover_s"], values["cover_end_s"])
        if not values["magnet_s"] or sensors.get("magnet") is None:
            self._magnet = None
        else:
            if self._magnet is None:
                self._magnet = Alarm(event.MAGNET_BEGAN, event.MAGNET_ENDED, trips.MAGNET)
            self._magnet.configure(values, values["magnet_s"], values["magnet_end_s"])
        self._latch_trips = bool(values["tamper_trips"] & trips.OPENED_WHILE_OFF)

    def step(self, sight: Sight, tell: object) -> int:
        """Look at each; return the reasons against supply that begin now."""
        held = 0
        if not self._latch_read:
            held = self._read_latch(sight, tell)
        elif self._latch_told is not None and sight.up - self._latch_told >= _FORGET_S:
            self._forget(sight)
        for closed, alarm in self._covers:
            was = alarm.active
            held |= alarm.step(not closed(), sight, tell)
            if alarm.active is not was and self._latch_told is None:
                self._forget(sight)  # an opening that was seen is not one while off
        if self._magnet is not None:
            held |= self._magnet.step(bool(sight.sensors["magnet"]()), sight, tell)
        return held

    def _read_latch(self, sight: Sight, tell: object) -> int:
        self._latch_read = True
        latch = sight.sensors.get("tamper_latch")
        opened = latch() if latch is not None else 0
        if not opened:
            return 0
        self._latch_told = sight.up
        tell(event.OPENED_WHILE_OFF, opened)
        return TAMPER if self._latch_trips else 0

    def _forget(self, sight: Sight) -> None:
        self._latch_told = None
        latch = sight.sensors.get("tamper_latch")
        if latch is not None:
            latch(True)


_COVERS = (
    ("cover", event.COVER_OPENED, event.COVER_CLOSED, trips.COVER),
    ("terminal_cover", event.TERMINAL_COVER_OPENED, event.TERMINAL_COVER_CLOSED,
     trips.TERMINAL_COVER),
)
