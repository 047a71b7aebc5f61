"""The outbox: what the head-end has not acknowledged yet, numbered, on flash.

A message that is held is a number, a kind and where its content stands: events and freezes are
in their own rings already and are sealed anew each time they go out, so what is stored for each
is six bytes, and all of it one record of fixed length, overwritten in one write. Content and
place in the sources are so kept together: after a power cut a message is in the outbox with the
source moved on, or neither. Receipts are short and stand, sealed as they were, in a ring of
their own beside it.

Numbers rise by one and are never given twice. littlefs falls back to an older commit when the
newest is damaged; an acknowledgement of a number that was not given yet tells that, and what is
held goes on above it.

Both files stand in the folder of the events: one of its own would cost two sectors.
"""

import os
from array import array
from errno import ENOENT

from micropython import const

from joulegate.core import events as event
from joulegate.core.events import EventLog
from joulegate.storage.entry_layout import Layout
from joulegate.storage.record import Record, RecordError, restore
from joulegate.storage.ring import Ring

WINDOW = const(40)
"""Messages held at once."""
FOR_RECEIPTS = const(8)
"""Of them those that only receipts may take."""

# Kinds.
NONE = const(0)
EVENTS = const(1)
DAY = const(2)
MONTH = const(3)
RECEIPT = const(4)

EVENTS_MAX = const(12)
"""Events in one message."""
RECEIPT_MAX = const(112)
"""Bytes of a sealed receipt that is held; longer are only those that can be asked for again."""
RECEIPTS_DAILY = const(30)
"""Receipts held in 24 hours: a bound on wear, remembered by the receipts themselves."""
REPEATS_DAILY = const(10)
"""Beyond so many, only those of messages that did something: old ones played again leave room."""
NO_DAY = const(-0x8000)
NUMBER_MAX = const(0xFFFFFFFF)
JUMP_MAX = const(4096)
"""How far the head-end may be ahead of a storage that has gone back."""

_MAGIC = b"JGOB"
_VERSION = const(1)
_CLASSES = const(9)
FIELDS = (
    ("outbox", "next", "I", 1, 1, NUMBER_MAX),
    ("outbox", "first", "I", 1, 1, NUMBER_MAX),
    ("outbox", "discarded", "I", 1, None, None),
    ("outbox", "day", "h", 1, None, None),
    ("outbox", "month", "I", 1, None, None),
    ("outbox", "events", "I", _CLASSES, None, None),
    ("outbox", "kinds", "B", WINDOW, NONE, RECEIPT),
    ("outbox", "counts", "B", WINDOW, 0, EVENTS_MAX << 4 | 15),
    ("outbox", "places", "I", WINDOW, None, None),
    ("outbox", "reminders", "B", 1, None, None),
    ("outbox", "reminders_day", "h", 1, None, None),
)

MEANINGS = """
outbox.next: number that the next message gets
outbox.first: oldest number held, or next
outbox.discarded: messages given up unacknowledged
outbox.day: last day whose freeze was taken, since 2020-01-01
outbox.month: next entry of the monthly freezes to be taken
outbox.events: next entry of each class to be taken
outbox.kinds: of the messages, by number modulo 40
outbox.counts: events: how many * 16 + class; else 0
outbox.places: first event, entry, or day + 32768
outbox.reminders: SMS sent on the day of reminders
outbox.reminders_day: that day, since 2020-01-01
"""

RECEIPT_FIELDS = """
    time i: UTC second at which it was put in
    number I: in the outbox
    size B 1..112: bytes of the message
    message 112s: the receipt as it was sealed
"""


class Outbox:
    def __init__(self, folder: str, log: EventLog) -> None:
        """folder: of the meter's storage; log: for storage that fails. Touches no file."""
        self._log = log
        self._folder = folder + "/events"
        self.record = Record(self._folder + "/outbox.bin", _MAGIC, _VERSION, FIELDS)
        self.receipts = Ring(
            self._folder + "/receipts", 1, Layout(b"JGRC", 1, RECEIPT_FIELDS))
        self.kinds = bytearray(WINDOW)
        self.counts = bytearray(WINDOW)
        self.places = array("I", [0] * WINDOW)
        self.events = array("I", [0] * _CLASSES)
        self._reset()
        self.durable = 1
        """The first number that is not on flash yet, and may not be told to anybody."""
        self.unsaved = False
        """Whether something has changed since the last commit."""
        self._failed = False

    def _reset(self) -> None:
        self.next = 1
        self.first = 1
        self.discarded = 0
        self.day = NO_DAY
        self.month = 0
        self.reminders = 0
        self.reminders_day = NO_DAY

    def load(self, now: int) -> None:
        """Read what is held; never raises. What cannot be believed is told, and all goes again."""
        self.receipts.load()
        self._reset()
        for values in (self.kinds, self.counts, self.places, self.events):
            for i in range(len(values)):
                values[i] = 0
        try:
            restore(self.record.load(), {"outbox": self})
            if not 0 <= self.next - self.first <= WINDOW:
                raise RecordError("outbox: %d to %d is more than it holds" % (
                    self.first, self.next))
        except (OSError, RecordError) as e:
            self._reset()
            for i in range(WINDOW):
                self.kinds[i] = NONE
            if not isinstance(e, OSError) or e.errno != ENOENT:
                self._tell(e, now)
        self.durable = self.next
        self.unsaved = False

    # --- putting in -----------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Numbers in the window, with those let go beyond a gap."""
        return self.next - self.first

    @property
    def room(self) -> int:
        """How many messages other than receipts may be put in: look before each."""
        return max(0, WINDOW - FOR_RECEIPTS - self.held)

    def put_events(self, number: int, first: int, count: int) -> None:
        """Hold `count` events of a class from an entry on; the class's source moves on."""
        self._put(EVENTS, count << 4 | number, first)
        self.events[number] = first + count

    def put_day(self, day: int) -> None:
        """Hold the freeze of a day, counted since 2020-01-01."""
        self._put(DAY, 0, day - NO_DAY)
        self.day = day

    def put_month(self, entry: int) -> None:
        """Hold an entry of the monthly freezes."""
        self._put(MONTH, 0, entry)
        self.month = entry + 1

    def put_receipt(self, message: bytes, now: int) -> int:
        """Hold a receipt, sealed with the number `next` in it; on flash when this returns.

        Returns the number. OSError, and it is not held; its number is used up, for it may have
        been told. The oldest message goes if there is no room, and is counted.
        """
        if self.held == WINDOW or self._receipts_held() >= self.receipts.capacity:
            self.discard_oldest(self.held < WINDOW)
        number = self.next
        try:
            place = self.receipts.next
            self.receipts.append((now, number, len(message), message))
            self._put(RECEIPT, 0, place)
            self.commit()
        except OSError:
            self.next = number + 1
            self.kinds[number % WINDOW] = NONE
            self.discarded += 1
            self.unsaved = True
            self._close_up()
            raise
        return number

    def may_hold_receipt(self, now: int, fresh: bool = True) -> bool:
        """Return whether the day's bound leaves room for another receipt; see REPEATS_DAILY."""
        most = RECEIPTS_DAILY if fresh else REPEATS_DAILY
        return not self.receipts.full_since(now, most, 86400)

    def _receipts_held(self) -> int:
        return sum([kind == RECEIPT for kind in self.kinds])

    def _put(self, kind: int, count: int, place: int) -> None:
        at = self.next % WINDOW
        self.kinds[at] = kind
        self.counts[at] = count
        self.places[at] = place
        self.next += 1
        self.unsaved = True

    def commit(self) -> None:
        """Put all changes on flash; OSError, and they are kept for the next commit."""
        try:
            self.record.replace({"outbox": self})
        except OSError as e:
            if e.errno != ENOENT:
                raise
            os.mkdir(self._folder)
            self.record.replace({"outbox": self})
        self.durable = self.next
        self.unsaved = False
        self._failed = False

    def save(self, now: int) -> bool:
        """Commit, and report storage that begins to fail as an event instead of raising."""
        try:
            self.commit()
        except (OSError, RecordError) as e:
            if not self._failed:
                self._failed = True
                self._tell(e, now)
            return False
        return True

    def _tell(self, error: Exception, now: int) -> None:
        number = error.errno if isinstance(error, OSError) else 0
        self._log.add(event.STORAGE_ERROR, now, number or 0)

    # --- taking out -----------------------------------------------------------------------

    def kind(self, number: int) -> int:
        """Return the kind of a message, NONE when it is not held."""
        return self.kinds[number % WINDOW] if self.first <= number < self.next else NONE

    def receipt(self, number: int) -> "bytes | None":
        """Return the receipt held under a number, None when it cannot be read."""
        entry = self.receipts.read(self.places[number % WINDOW])
        if entry is None or entry["number"] != number:
            return None
        return bytes(entry["message"][:entry["size"]])

    def acknowledge(self, last: int, beyond: bytes) -> int:
        """Let go of the numbers up to `last`, and of last + 2 + i for each bit i of `beyond`,
        lowest first; return how many were held. Doing it twice changes nothing.

        ValueError for numbers that cannot have been given.
        """
        more = [last + 2 + i for i in range(8 * len(beyond)) if beyond[i >> 3] >> (i & 7) & 1]
        highest = more[-1] if more else last
        if highest >= self.next:
            if highest - self.next >= JUMP_MAX:
                raise ValueError("number %d: the outbox is at %d" % (highest, self.next))
            self._go_above(highest)
            return 0
        freed = 0
        for number in range(self.first, min(last, self.next - 1) + 1):
            freed += self._release(number)
        for number in more:
            freed += self._release(number)
        self._close_up()
        return freed

    def discard_oldest(self, receipt: bool = False) -> None:
        """Give up the oldest message, or the oldest receipt, and count it."""
        for number in range(self.first, self.next):
            kind = self.kinds[number % WINDOW]
            if kind == RECEIPT or kind and not receipt:
                self._release(number)
                self.discarded += 1
                break
        self._close_up()

    def discard(self, number: int) -> None:
        """Give up one message that can no longer be made, and count it."""
        self.discarded += self._release(number)
        self._close_up()

    def _release(self, number: int) -> int:
        if self.kind(number) == NONE:
            return 0
        self.kinds[number % WINDOW] = NONE
        self.unsaved = True
        return 1

    def _close_up(self) -> None:
        while self.first < self.next and self.kinds[self.first % WINDOW] == NONE:
            self.first += 1

    def _go_above(self, highest: int) -> None:
        """Give what is held new numbers: these ones the head-end had for something else.

        A receipt has its number sealed in it and is given up, counted: it is asked for by the
        message that it answers.
        """
        held = [(self.kinds[n % WINDOW], self.counts[n % WINDOW], self.places[n % WINDOW])
                for n in range(self.first, self.next)]
        for i in range(WINDOW):
            self.kinds[i] = NONE
        self.first = self.next = highest + 1
        for kind, count, place in held:
            if kind == RECEIPT:
                self.discarded += 1
            elif kind != NONE:
                self._put(kind, count, place)
        self.unsaved = True
        self.durable = self.first
