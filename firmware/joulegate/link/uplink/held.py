"""The messages that are held until the head-end acknowledges them: when each goes out.

What the broker has and has not had is known in memory alone: after a start all that is held
goes out again, and the receiver drops what it has by its number.
"""

from micropython import const

from joulegate.link.uplink.bodies import SUFFIXES, held_body
from joulegate.link.uplink.budget import Budget
from joulegate.link.uplink.sources import URGENT, Sources
from joulegate.storage.outbox import EVENTS, NONE, RECEIPT, WINDOW, Outbox

RESEND_S = const(300)
"""A message that went out goes out again at the earliest after this."""
SAVE_S = const(60)
"""Acknowledgements wait so long for the next change of the outbox before they cost a commit."""
KEEP_S = const(3600)
"""When the outbox is full, the oldest that the broker has had so long makes room."""

_WAITS = const(0)
_HANDED_OUT = const(1)
_BROKER_HAS = const(2)
_AGAIN = const(3)


class Held:
    def __init__(self, outbox: Outbox, sources: Sources, records: object) -> None:
        self.outbox = outbox
        self._sources = sources
        self._records = records
        self._states = bytearray(WINDOW)
        self._sent_s = [0] * WINDOW
        self._known = 0  # numbers below have a state
        self._unsaved_s = 0
        self._failing = False
        self._receipt = b""
        self._receipt_number = 0

    def start(self, now: int) -> None:
        """Read what is held, when the records are loaded. Never raises."""
        self.outbox.load(now)
        self._all_wait()

    def _all_wait(self) -> None:
        for i in range(WINDOW):
            self._states[i] = _WAITS
        self._known = self.outbox.next

    def step(self, now: int, up: int, connected: bool) -> None:
        """Take in what is new and keep it; called every second, up: powered seconds."""
        outbox = self.outbox
        if connected:
            if not outbox.room and self._sources.pending:
                self._make_room(up)
            self._sources.step()
            self._greet()
        if not outbox.unsaved:
            self._unsaved_s = up
            return
        fresh = outbox.durable != outbox.next and not self._failing
        if fresh or up - self._unsaved_s >= SAVE_S:
            self._failing = not outbox.save(now)
            self._unsaved_s = up

    def _greet(self) -> None:
        """Let those that were put in wait to be sent."""
        while self._known < self.outbox.next:
            self._states[self._known % WINDOW] = _WAITS
            self._known += 1

    def _make_room(self, up: int) -> None:
        at = self.outbox.first % WINDOW
        if self._states[at] >= _BROKER_HAS and up - self._sent_s[at] >= KEEP_S:
            self.outbox.discard_oldest()

    def next(self, service: object, up: int, budget: Budget) -> "tuple | None":
        """Return (number, topic's last part, message) of the oldest that is to go out, None for
        none. service: seals. OSError, RuntimeError if it cannot be sealed now."""
        outbox = self.outbox
        for number in range(outbox.first, outbox.durable):
            at = number % WINDOW
            kind = outbox.kinds[at]
            state = self._states[at]
            if kind == NONE or state in (_HANDED_OUT, _BROKER_HAS):
                continue
            if state == _AGAIN and up - self._sent_s[at] < RESEND_S:
                continue
            urgent = kind == RECEIPT or kind == EVENTS and outbox.counts[at] & 15 in URGENT
            if not budget.allows(urgent):
                continue
            found = self._message(number, kind, service)
            if found is None:
                outbox.discard(number)
                continue
            self._states[at] = _HANDED_OUT
            self._sent_s[at] = up
            return found
        return None

    def _message(self, number: int, kind: int, service: object) -> "tuple | None":
        if kind == RECEIPT:
            message = self.outbox.receipt(number)
            return None if message is None else (number, SUFFIXES[1], message)
        body = held_body(self.outbox, number, service.meter_id, self._records)
        if body is None:
            return None
        try:
            return number, SUFFIXES[body[0]], service.seal(body)
        except ValueError:
            return None  # too long, as no entry in range can be; nothing behind it may wait

    def handed(self, number: int) -> None:
        at = number % WINDOW
        if self.outbox.kind(number) != NONE and self._states[at] == _HANDED_OUT:
            self._states[at] = _BROKER_HAS

    def restart(self) -> None:
        """Have what the broker has not confirmed go out at once in a new connection, the rest
        no sooner than RESEND_S after it went out last."""
        for i in range(WINDOW):
            state = self._states[i]
            if state:
                self._states[i] = _WAITS if state == _HANDED_OUT else _AGAIN

    # --- receipts -----------------------------------------------------------------------------

    def receipt_number(self, now: int, fresh: bool) -> "int | None":
        """Return the number to be sealed in a receipt, None when it is not to be held."""
        return self.outbox.next if self.outbox.may_hold_receipt(now, fresh) else None

    def put_receipt(self, message: bytes, now: int) -> None:
        """Hold a receipt that has the number in it; OSError."""
        try:
            self._receipt_number = self.outbox.put_receipt(message, now)
        finally:
            self._greet()
        self._receipt = message

    def repeats(self, message: bytes) -> bool:
        """Return whether this very receipt is held; it goes out again then."""
        if message != self._receipt or self.outbox.kind(self._receipt_number) != RECEIPT:
            return False
        self._states[self._receipt_number % WINDOW] = _WAITS
        return True

    # --- what the head-end says ---------------------------------------------------------------

    def acknowledge(self, last: int, beyond: bytes) -> None:
        """See Outbox.acknowledge; it is on flash a minute later, or with the next change."""
        before = self.outbox.next
        self.outbox.acknowledge(last, beyond)
        if self.outbox.next != before:
            self._all_wait()

    def resend(self, first: int, count: int) -> None:
        """Send numbers again that are still held, each no sooner than RESEND_S after the last
        time."""
        for number in range(max(first, self.outbox.first), min(first + count, self.outbox.next)):
            if self._states[number % WINDOW] >= _BROKER_HAS:
                self._states[number % WINDOW] = _AGAIN
