"""What is new in the records, and its way into the outbox: events by urgency, freezes in order.

Nothing is put in while the network is away: until then the records hold it, and hold more of it
than the outbox could.
"""

from micropython import const

from joulegate.core.event_classes import (
    CLOCK,
    CONFIGURATION,
    CREDIT,
    POWER,
    QUALITY,
    SECURITY,
    SUPPLY,
    TAMPER,
    UPDATE,
)
from joulegate.storage.freeze_store import PART
from joulegate.storage.outbox import EVENTS_MAX, Outbox

ORDER = bytes((
    TAMPER, SUPPLY, CREDIT, QUALITY, POWER, SECURITY, CLOCK, CONFIGURATION, UPDATE))
"""Classes of events, the most urgent first."""
URGENT = bytes((TAMPER, SUPPLY, CREDIT))
"""Those that go out at once, and whatever is left of the day's budget."""

GATHER_S = const(5)
"""Events of other classes wait so long for more of their kind."""


class Sources:
    def __init__(self, records: object, outbox: Outbox) -> None:
        """records: storage's Records."""
        self._rings = records.events.rings
        self._freezes = records.freezes
        self._outbox = outbox
        self._waits = 0  # seconds that events have waited
        self._day_next = -1
        self._more_days = False
        self._begun = False

    def _begin(self) -> None:
        """Hold the places kept in the outbox against the records.

        A place beyond the end is one of an earlier life of the records. Not at the start, which
        does not wait for the ends of all records to be found.
        """
        self._begun = True
        outbox = self._outbox
        for number, ring in enumerate(self._rings):
            outbox.events[number] = min(outbox.events[number], ring.next)
        outbox.month = min(outbox.month, self._freezes.month_ring.next)

    @property
    def pending(self) -> bool:
        """Whether the records have what the outbox has not."""
        for number, ring in enumerate(self._rings):
            if ring.next != self._outbox.events[number]:
                return True
        return self._more_days or self._freezes.month_ring.next != self._outbox.month

    def step(self) -> None:
        """Put what is new into the outbox, as far as it has room; called every second.

        Allocates nothing when there is nothing new.
        """
        if not self._begun:
            self._begin()
        self._events()
        freezes = self._freezes
        if freezes.day_ring.next != self._day_next:
            self._more_days = True
        # To look for the days reads the whole ring: not every second for nothing.
        if self._more_days and self._outbox.room:
            self._days()
        if freezes.month_ring.next != self._outbox.month:
            self._months()

    def _events(self) -> None:
        """Put in all that is new of a class once it has waited long enough."""
        outbox = self._outbox
        waiting = False
        for number in ORDER:
            ring = self._rings[number]
            end = ring.next
            first = outbox.events[number]
            if first == end:
                continue
            if number not in URGENT and self._waits < GATHER_S:
                waiting = True
                continue
            # What was overwritten meanwhile is missing in the sequence of the events.
            first = max(first, end - ring.capacity)
            while first < end and outbox.room:
                count = min(EVENTS_MAX, end - first)
                outbox.put_events(number, first, count)
                first += count
        self._waits = self._waits + 1 if waiting else 0

    def _days(self) -> None:
        outbox = self._outbox
        ring = self._freezes.day_ring
        end = ring.next
        self._more_days = False
        for entry in self._freezes.days(outbox.day + 1):
            if not outbox.room or ring.next != end:
                self._more_days = True
                break
            outbox.put_day(entry["day"])
        self._day_next = end

    def _months(self) -> None:
        outbox = self._outbox
        ring = self._freezes.month_ring
        end = ring.next
        if outbox.month > end:
            outbox.month = end
        outbox.month = max(outbox.month, end - ring.capacity)
        while outbox.month < end and outbox.room:
            place = outbox.month
            entry = ring.read(place)
            if entry is None or _same(entry, ring.read(place + 1)):
                outbox.month = place + 1
                outbox.unsaved = True
            else:
                outbox.put_month(place)


def _same(entry: dict, after: "dict | None") -> bool:
    """Return whether the entry that follows is the same statement, made again after a cut."""
    return after is not None and all([
        entry[key] == after[key] for key in ("day", "month", "tariff_digest")
    ]) and entry["flags"] & PART == after["flags"] & PART
