"""The event log on flash: 127 events a class, each class in a file of its own.

A flood of one class pushes out nothing of another, and wears no more than its bound: beyond
DAILY entries in 24 hours an event is only counted, and the next entry of its class says how
many there were. An event that ends another carries when that one began. Clearing a class
leaves a trace among the security events.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.civil import TIME_MIN
from joulegate.core.event_classes import NAMES, SECURITY, beginning_of, class_of
from joulegate.core.events import EventLog
from joulegate.core.registers import Registers
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import Ring

DAILY = const(48)
_DAY_S = const(86400)
_BATCH = const(2)

FIELDS = """
    time i: UTC second; before the year 2000: nobody knew the time
    began i: UTC second at which what it ends began, else its own
    code B: what happened, see core/events.py
    spare B 0..0: for later
    missed H: events of this class since the entry before, not kept
    value i: how much: units, seconds, counts, by the event
    import_Wh I: register +A
    export_Wh I: register -A
"""


class EventStore:
    def __init__(self, folder: str, log: EventLog) -> None:
        """folder: of the meter's storage; log: whose events are brought to flash."""
        self._log = log
        self._next = 0
        layout = Layout(b"JGEV", 1, FIELDS)
        self.rings = [Ring(folder + "/events/" + name, 1, layout) for name in NAMES]
        self._missed = [0] * len(NAMES)

    def load(self) -> None:
        """Find where each class ends. Never raises."""
        for ring in self.rings:
            ring.load()

    def drain(self, registers: Registers) -> None:
        """Bring at most two new events of the log to flash; called after every tick.

        Allocates nothing when there is none. Never raises: what cannot be written is tried
        again at the next call.
        """
        log = self._log
        if log.count == self._next:
            return
        lost = log.discarded - self._next
        if lost > 0:
            if not self._keep(event.EVENTS_LOST, log.entry(log.discarded)[1], lost, registers):
                return
            self._next += lost
        for _ in range(min(_BATCH, log.count - self._next)):
            code, time, value = log.entry(self._next)
            if not self._keep(code, time, value, registers):
                return
            self._next += 1

    def entries(self, number: int, first: int = 0) -> object:
        """Yield the events kept of a class from a sequence on, oldest first, as dicts.

        Beside the fields there is `name`; `time` and `began` are None where nobody knew them.
        """
        for entry in self.rings[number].entries(first):
            entry["name"] = event.name_of(entry["code"])
            for key in ("time", "began"):
                if entry[key] < TIME_MIN:
                    entry[key] = None
            yield entry

    def clear(self, number: int, now: int, registers: Registers) -> None:
        """Forget the events of a class, with a trace among those of security, first.

        What is left of the class is one entry saying how many were cleared. OSError, and at
        most the trace has been written.
        """
        ring = self.rings[number]
        if number != SECURITY:
            self.rings[SECURITY].append(
                _values(event.EVENTS_CLEARED, now, number, now, 0, registers))
        count = sum(1 for _ in ring.entries())
        ring.restart(_values(event.EVENTS_CLEARED, now, count, now, 0, registers))
        self._missed[number] = 0

    def _keep(self, code: int, time: int, value: int, registers: Registers) -> bool:
        """Write an event, or count it when its class is full for the day."""
        number = class_of(code)
        ring = self.rings[number]
        if ring.full_since(time, DAILY, _DAY_S):
            self._missed[number] = min(self._missed[number] + 1, 0xFFFF)
            return True
        values = _values(
            code, time, value, _began(ring, code, time), self._missed[number], registers)
        kept = ring.keep(values, self._log, time)
        if kept:
            self._missed[number] = 0
        return kept


def _values(
    code: int, time: int, value: int, began: int, missed: int, registers: Registers
) -> tuple:
    return time, began, code, 0, missed, value, registers.wh[0], registers.wh[1]


def _began(ring: Ring, code: int, time: int) -> int:
    """Return when what an event ends began, as far as its class remembers."""
    begin = beginning_of(code)
    if begin is None:
        return time
    began = time
    for entry in ring.entries():
        found = entry["code"]
        if found == begin:
            began = entry["time"]
        elif beginning_of(found) == begin:
            began = time
    return began
