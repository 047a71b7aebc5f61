"""The outbox: numbers in order, acknowledged in any, bounded, and nothing given up in silence."""

import os
import unittest

from scratch import scratch_folder

from joulegate.core import events as event
from joulegate.core.event_classes import NAMES
from joulegate.core.events import EventLog
from joulegate.storage.outbox import (
    DAY,
    EVENTS,
    EVENTS_MAX,
    FOR_RECEIPTS,
    JUMP_MAX,
    MONTH,
    NONE,
    NUMBER_MAX,
    RECEIPT,
    RECEIPT_MAX,
    RECEIPTS_DAILY,
    WINDOW,
    Outbox,
)

NOW = 200000000


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("outbox")
        self.start()

    def start(self):
        self.log = EventLog()
        self.outbox = Outbox(self.folder, self.log)
        self.outbox.load(NOW)
        return self.outbox

    def kinds(self):
        box = self.outbox
        return [box.kind(n) for n in range(box.first, box.next)]


class Keeps(Case):
    def test_has_a_place_for_every_class_of_events(self) -> None:
        self.assertEqual(len(self.outbox.events), len(NAMES))

    def test_an_empty_one(self):
        box = self.outbox
        self.assertEqual((box.first, box.next, box.durable, box.held, box.room),
                         (1, 1, 1, 0, WINDOW - FOR_RECEIPTS))
        self.assertEqual(self.log.count, 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_was_put_in_is_there_after_a_start(self):
        box = self.outbox
        box.put_events(8, 4000000000, EVENTS_MAX)
        box.put_day(-5)
        box.put_month(7)
        self.assertEqual(box.durable, 1)
        box.commit()
        self.assertEqual(box.put_receipt(b"r" * RECEIPT_MAX, NOW), 4)
        box = self.start()
        self.assertEqual(self.kinds(), [EVENTS, DAY, MONTH, RECEIPT])
        self.assertEqual((box.counts[1], box.places[1]), (EVENTS_MAX << 4 | 8, 4000000000))
        self.assertEqual((box.events[8], box.day, box.month), (4000000012, -5, 8))
        self.assertEqual(box.receipt(4), b"r" * RECEIPT_MAX)
        self.assertEqual((box.durable, box.unsaved), (5, False))

    def test_what_was_not_committed_never_was(self):
        self.outbox.put_day(1)
        self.outbox.commit()
        self.outbox.put_day(2)
        box = self.start()
        self.assertEqual((box.next, box.day), (2, 1))

    def test_acknowledged_in_order_and_beyond_a_gap(self):
        box = self.outbox
        for day in range(10):
            box.put_day(day)
        self.assertEqual(box.acknowledge(2, b""), 2)
        self.assertEqual((box.first, box.next), (3, 11))
        # 4 has not arrived: 5, 6 and 9 have.
        self.assertEqual(box.acknowledge(3, bytes((0b10011,))), 4)
        self.assertEqual((box.first, self.kinds()), (4, [DAY, NONE, NONE, DAY, DAY, NONE, DAY]))
        for _ in range(2):
            self.assertEqual(box.acknowledge(3, bytes((0b10011,))), 0)
        box.commit()
        self.assertEqual(self.start().kind(5), NONE)
        self.assertEqual(self.outbox.acknowledge(10, b""), 4)
        self.assertEqual((self.outbox.first, self.outbox.next), (11, 11))
        self.assertEqual(self.outbox.acknowledge(0, b""), 0)

    def test_a_damaged_one_is_told_and_begins_anew(self):
        self.outbox.put_day(1)
        self.outbox.commit()
        path = self.folder + "/events/outbox.bin"
        with open(path, "rb") as f:
            content = f.read()
        for damaged in (content[:-1], content[:40] + b"\xff" + content[41:], b""):
            with open(path, "wb") as f:
                f.write(damaged)
            box = self.start()
            self.assertEqual((box.first, box.next, box.held), (1, 1, 0))
            self.assertEqual(self.log.entry(0)[0], event.STORAGE_ERROR)
        self.outbox.put_day(9)
        self.outbox.commit()
        self.assertEqual((self.start().next, self.outbox.day), (2, 9))


class Bounds(Case):
    def test_receipts_have_room_when_nothing_else_has(self):
        box = self.outbox
        day = 0
        while box.room:
            box.put_day(day)
            day += 1
        self.assertEqual(box.held, WINDOW - FOR_RECEIPTS)
        for i in range(FOR_RECEIPTS):
            box.put_receipt(b"r%d" % i, NOW)
        self.assertEqual((box.discarded, box.held), (0, WINDOW))
        number = box.put_receipt(b"more", NOW)
        self.assertEqual((box.discarded, box.held, box.first), (1, WINDOW, 2))
        self.assertEqual(box.receipt(number), b"more")

    def test_the_oldest_receipt_goes_when_their_file_is_full(self):
        box = self.outbox
        box.put_day(1)
        for i in range(box.receipts.capacity):
            box.put_receipt(b"r%d" % i, NOW)
        self.assertEqual((box.discarded, box.kind(1), box.kind(2)), (0, DAY, RECEIPT))
        box.put_receipt(b"more", NOW)
        self.assertEqual((box.discarded, box.kind(1), box.kind(2)), (1, DAY, NONE))
        for number in range(3, box.next - 1):
            self.assertEqual(box.receipt(number), b"r%d" % (number - 2))

    def test_receipts_of_a_day(self):
        box = self.outbox
        for i in range(RECEIPTS_DAILY):
            self.assertTrue(box.may_hold_receipt(NOW + i))
            box.put_receipt(b"r", NOW + i)
            box.acknowledge(box.next - 1, b"")
        self.assertFalse(box.may_hold_receipt(NOW + 86399))
        self.assertTrue(box.may_hold_receipt(NOW + 86400))
        self.assertFalse(self.start().may_hold_receipt(NOW + 86399))

    def test_a_receipt_that_is_too_long(self):
        with self.assertRaises(ValueError):
            self.outbox.put_receipt(b"r" * (RECEIPT_MAX + 1), NOW)

    def test_given_up_is_counted(self):
        box = self.outbox
        for day in range(3):
            box.put_day(day)
        box.discard_oldest()
        box.discard(3)
        box.discard(3)
        box.discard(77)
        self.assertEqual((box.first, box.next, box.discarded), (2, 4, 2))

    def test_numbers_that_were_never_given(self):
        box = self.outbox
        box.put_day(1)
        for last, beyond in ((2 + JUMP_MAX, b""), (NUMBER_MAX, b""), (JUMP_MAX, b"\x01")):
            with self.assertRaises(ValueError):
                box.acknowledge(last, beyond)
        self.assertEqual((box.first, box.next), (1, 2))


class GoneBack(Case):
    """littlefs has fallen back to an older commit: the head-end knows more than the meter."""

    def test_what_is_held_goes_on_above(self):
        box = self.outbox
        for day in range(3):
            box.put_day(day)
        box.put_receipt(b"r", NOW)
        box.put_events(3, 10, 2)
        box.acknowledge(1, b"")
        box.acknowledge(20, b"")
        self.assertEqual((box.first, box.next, box.durable, box.discarded), (21, 24, 21, 1))
        self.assertEqual(self.kinds(), [DAY, DAY, EVENTS])
        self.assertEqual([box.places[n % WINDOW] for n in range(21, 24)],
                         [1 + 0x8000, 2 + 0x8000, 10])
        box.commit()
        self.assertEqual((self.start().first, self.outbox.next), (21, 24))
        self.assertEqual(self.outbox.acknowledge(20, b""), 0)
        self.assertEqual(self.outbox.held, 3)

    def test_by_what_lies_beyond(self):
        self.outbox.put_day(1)
        self.outbox.acknowledge(0, b"\x04")
        self.assertEqual((self.outbox.first, self.outbox.next), (5, 6))


class Fails(Case):
    """A file stands where the folder should be."""

    def setUp(self):
        super().setUp()
        with open(self.folder + "/events", "wb") as f:
            f.write(b"")

    def test_nothing_is_told_that_is_not_on_flash(self):
        box = self.outbox
        box.put_day(1)
        self.assertFalse(box.save(NOW))
        self.assertFalse(box.save(NOW))
        self.assertEqual((box.durable, box.next, box.unsaved), (1, 2, True))
        self.assertEqual([self.log.entry(i)[0] for i in range(self.log.count)],
                         [event.STORAGE_ERROR])
        os.remove(self.folder + "/events")
        self.assertTrue(box.save(NOW))
        self.assertEqual((box.durable, box.unsaved), (2, False))

    def test_the_number_of_a_receipt_is_used_up(self):
        box = self.outbox
        with self.assertRaises(OSError):
            box.put_receipt(b"r", NOW)
        self.assertEqual((box.first, box.next, box.discarded), (2, 2, 1))
        os.remove(self.folder + "/events")
        self.assertEqual(box.put_receipt(b"r", NOW), 2)


if __name__ == "__main__":
    unittest.main()
