"""Short messages to people: credit runs out, supply is off, somebody opened the cover.

At most DAILY in a local day to all numbers together; how many were sent is in the outbox's
record, so that a meter that starts again and again does not begin anew.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.amounts import format_ratio

DAILY = const(8)
LENGTH_MAX = const(120)
_QUEUE = const(8)
_DAY_S = const(86400)

_TEXTS = {
    event.LOW_CREDIT: "credit is low",
    event.CREDIT_EXHAUSTED: "credit is used up",
    event.SUPPLY_DISCONNECTED: "supply is off",
    event.COVER_OPENED: "the cover was opened",
}
_WITH_BALANCE = (event.LOW_CREDIT, event.CREDIT_EXHAUSTED)


class Reminders:
    def __init__(self, app: object, outbox: object) -> None:
        """app: the meter's parts: log, and state for account, settings and the meter's number.
        outbox: keeps the count of the day, None for a count from the start on."""
        self._app = app
        self._outbox = outbox
        self._next = app.log.count
        self._queue: list = []
        self._day = 0
        self._sent = 0
        self.discarded = 0
        """Reminders over the day's number, or over the queue, since the start."""

    def step(self, now: int) -> None:
        """Look for events to tell of; called every second, allocates nothing without one."""
        log = self._app.log
        if log.count == self._next:
            return
        self._next = max(self._next, log.discarded)
        numbers = self._app.state.settings.values["sms_numbers"]
        while self._next < log.count:
            code = log.entry(self._next)[0]
            self._next += 1
            if numbers and code in _TEXTS:
                self._remind(code, numbers, now)

    def take(self) -> "tuple | None":
        """Return (number, text) of the next one to be sent, None when there is none."""
        return self._queue.pop(0) if self._queue else None

    def _remind(self, code: int, numbers: list, now: int) -> None:
        state = self._app.state
        text = "Meter %s: %s" % (state.meter_id, _TEXTS[code])
        if code in _WITH_BALANCE and state.provisioned:
            text += ", balance %s" % self._balance()
        for number in numbers:
            if len(self._queue) >= _QUEUE or not self._count(now):
                self.discarded += 1
            else:
                self._queue.append((number, text[:LENGTH_MAX]))

    def _balance(self) -> str:
        state = self._app.state
        return format_ratio(state.account.balance, 10 ** state.billing.tariff.unit_places, 2)

    def _count(self, now: int) -> bool:
        """Count one more of the day; False when there were enough. On flash when it returns."""
        day = now // _DAY_S
        outbox = self._outbox
        if outbox is None:
            if day != self._day:
                self._day = day
                self._sent = 0
            self._sent += 1
            return self._sent <= DAILY
        day = max(-0x7FFF, min(day, 0x7FFF))
        if day != outbox.reminders_day:
            outbox.reminders_day = day
            outbox.reminders = 0
        if outbox.reminders >= DAILY:
            return False
        outbox.reminders += 1
        return outbox.save(now)
