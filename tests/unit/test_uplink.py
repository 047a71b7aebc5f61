# heapsize: 384wK
"""The uplink: what is due when, in which order, held until acknowledged, never in silence."""

import gc
import unittest

from message_rig import ADMINISTRATOR, REASON, TECHNICIAN, VENDING
from message_rig import Codes as I
from scratch import scratch_folder
from uplink_rig import DAY_S, UplinkRig, numbers, sealed

from joulegate.core import events as event
from joulegate.core.civil import NO_TIME
from joulegate.core.event_classes import CLOCK, QUALITY, SECURITY, SUPPLY, TAMPER
from joulegate.link.uplink import bodies
from joulegate.link.uplink.held import KEEP_S, RESEND_S, SAVE_S
from joulegate.link.uplink.reading_queue import CAPACITY
from joulegate.link.uplink.sources import GATHER_S
from joulegate.link.uplink.uplink import UNHELD_MAX
from joulegate.storage.outbox import (
    EVENTS_MAX,
    FOR_RECEIPTS,
    RECEIPT,
    RECEIPTS_DAILY,
    REPEATS_DAILY,
    WINDOW,
)
from joulegate.vending.carriers import CONSOLE, NETWORK
from joulegate.vending.instructions import EPOCH
from joulegate.vending.keys import HEAD_END
from joulegate.vending.message_result import EXECUTION_OK, VALIDATION_FAILURE


class Case(unittest.TestCase):
    safe = False

    def setUp(self):
        self.folder = scratch_folder("uplink")
        self.rig = UplinkRig(self.folder, safe=self.safe)
        self.configure(uplink_minutes=0)
        self.settle()
        self.number = 0

    def settle(self):
        """Begin a connection, and have all said that a beginning says."""
        rig = self.rig
        rig.uplink.connected(True)
        rig.pass_s(30)
        rig.take()
        if rig.uplink.held is not None:
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")

    def head_end(self, name, *fields):
        self.number += 1
        body = {0: getattr(I, name)}
        for i, value in enumerate(fields):
            body[2 + i] = value
        return self.rig.say(HEAD_END, self.number, body)

    def configure(self, **changes):
        self.rig.state.settings.set(**changes)


class Readings(Case):
    def test_every_so_many_minutes(self):
        rig = self.rig
        rig.metering.reading.voltage_cV = 23055
        rig.state.account.credit(5000)
        self.configure(uplink_minutes=2)
        found = []
        for _ in range(10):
            rig.pass_s(60, 10)
            found += rig.take()
        self.assertEqual([suffix for suffix, _ in found], ["reading"] * 5)
        times = [body[13][0][0] for _, body in found]
        self.assertEqual([b - a for a, b in zip(times, times[1:])], [120] * 4)
        self.assertTrue(EPOCH < times[0] <= rig.clock.second + EPOCH)
        row = found[0][1][13][0]
        self.assertEqual((row[3], row[4], row[10]), (4000, 23055, 0))
        self.assertEqual(found[0][1][7], rig.state.meter_id)
        self.assertFalse(9 in found[0][1])

    def test_none(self):
        self.configure(uplink_minutes=0)
        self.rig.pass_s(DAY_S // 2, 60)
        self.assertEqual(self.rig.take(), [])

    def test_packed_as_differences(self):
        rig = self.rig
        self.configure(uplink_minutes=1, uplink_batch=4)
        rig.pass_s(180, 10)
        self.assertEqual(rig.take(), [])
        rig.state.account.credit(700)
        rig.pass_s(60, 10)
        (_, body), = rig.take()
        self.assertEqual([row[0] for row in body[13][1:]], [60, 60, 60])
        self.assertEqual([row[3] for row in body[13]][1:], [0, 0, 700])

    def test_of_an_unknown_time_alone(self):
        rig = self.rig
        self.configure(uplink_minutes=1, uplink_batch=2)
        rig.clock.second = NO_TIME + 3600
        rig.pass_s(250, 10)
        found = rig.take()
        self.assertEqual(len(found), 3)
        for _, body in found:
            self.assertEqual([row[0] for row in body[13]], [None])

    def test_the_oldest_goes_and_is_counted(self):
        rig = self.rig
        rig.uplink.connected(False)
        self.configure(uplink_minutes=1)
        rig.pass_s((CAPACITY + 3) * 60, 20)
        rig.uplink.connected(True)
        found = [body for suffix, body in rig.take() if suffix == "reading"]
        self.assertEqual(sum(len(body[13]) for body in found), CAPACITY)
        self.assertEqual(found[0][bodies.READINGS_DISCARDED], 3)

    def test_one_lost_with_its_connection_goes_out_again(self):
        rig = self.rig
        rig.uplink.send_reading()
        rig.pass_s(1)
        first = rig.take(handed=False)
        self.assertEqual(rig.take(), [])
        rig.uplink.restart()
        self.assertEqual([b[13] for _, b in rig.take()], [b[13] for _, b in first])
        rig.uplink.restart()
        self.assertEqual(rig.take(), [])

    def test_on_request_not_too_often(self):
        rig = self.rig
        self.configure(uplink_batch=8)
        for _ in range(30):
            answer = self.head_end("SEND_READING")
            self.assertEqual((answer.status, answer.receipt), (EXECUTION_OK, None))
            rig.pass_s(1)
        self.assertEqual([suffix for suffix, _ in rig.take()], ["reading"])
        self.assertTrue(rig.uplink.readings.count <= 3)


class Events(Case):
    def test_urgent_at_once_others_together(self):
        rig = self.rig
        rig.happen(event.SAG)
        rig.happen(event.CLOCK_SLEWED, 3)
        rig.happen(event.COVER_OPENED)
        rig.pass_s(1)
        self.assertEqual([body[12] for _, body in rig.take()], [TAMPER])
        rig.happen(event.SAG)
        rig.pass_s(GATHER_S)
        found = rig.take()
        self.assertEqual([body[12] for _, body in found], [QUALITY, CLOCK])
        self.assertEqual([row[2] for row in found[0][1][13]], [event.SAG] * 2)
        self.assertEqual(found[1][1][13][0][2:4], [event.CLOCK_SLEWED, 3])

    def test_the_most_urgent_first_after_an_outage(self):
        rig = self.rig
        rig.uplink.connected(False)
        for code in (event.SAG, event.STORAGE_ERROR, event.SUPPLY_DISCONNECTED,
                     event.COVER_OPENED):
            rig.happen(code)
        rig.pass_s(100)
        self.assertEqual((rig.take(), rig.outbox.held), ([], 0))
        rig.uplink.connected(True)
        rig.pass_s(GATHER_S + 1)
        classes = [body[12] for suffix, body in rig.take() if suffix == "event"]
        self.assertEqual(classes, [TAMPER, SUPPLY, QUALITY, SECURITY])

    def test_many_in_several_messages(self):
        rig = self.rig
        for i in range(EVENTS_MAX * 2 + 1):
            rig.clock.second += 3600
            rig.happen(event.SAG, 0x3FFFFFFF - i)
        rig.pass_s(GATHER_S + 1)
        rows = [body[13] for suffix, body in rig.take() if suffix == "event"]
        self.assertEqual([len(r) for r in rows], [EVENTS_MAX, EVENTS_MAX, 1])
        sequences = [row[0] for message in rows for row in message]
        self.assertEqual(sequences, list(range(sequences[0], sequences[0] + len(sequences))))

    def test_the_longest_messages_fit(self):
        rig = self.rig
        rig.outbox.next = rig.outbox.first = rig.outbox.durable = 0xFFFFFF00
        rig.uplink.held._all_wait()
        rig.outbox.discarded = 0xFFFFFFFF
        ring = rig.records.events.rings[QUALITY]
        ring._next = rig.outbox.events[QUALITY] = 0xFFFFFF00
        for _ in range(EVENTS_MAX):
            ring.append((500000000, -600000000, 255, 0, 0xFFFF, -0x7FFFFFFF, 0xFFFFFFFF, 0))
        # What is signed is longest in CBOR when it needs 8 bytes.
        days = rig.records.freezes.day_ring
        big = 1 << 62
        account = (131072, 5, (0xFFFFFFFF,) * 4, (131071,) * 4, b"d" * 8, (0xFFFFFFFF,) * 24,
                   (0xFFFFFFFF,) * 6, -big, big, big, big, (0xFFFFFFFF,) * 3)
        days.append((500000000, 4000, 7) + account + (24300, (1,) * 6, big, big))
        rig.records.freezes.month_ring.append(
            (500000000, 4000, 8, 24300) + account
            + ((0xFFFFFFFF,) * 4, 60, (0x7FFFFFFF,) * 4) + (31, 1, big, big) + (-big,) * 7)
        rig.pass_s(GATHER_S + 1)
        found = rig.take()
        self.assertEqual([s for s, _ in found if s != "reading"], ["freeze", "freeze", "event"])
        self.assertEqual(found[-1][1][bodies.ROWS][0][4], 1100000000)

    def test_what_is_no_more_is_told(self):
        rig = self.rig
        for _ in range(3):
            rig.happen(event.COVER_OPENED)
        rig.pass_s(1)
        rig.records.events.clear(TAMPER, rig.clock.second, rig.state.registers)
        found = [body for _, body in rig.take()]
        self.assertEqual((found[0][13], found[0][bodies.UNREADABLE]), ([], 3))

    def test_longer_away_than_the_records_reach(self):
        rig = self.rig
        ring = rig.records.events.rings[TAMPER]
        for _ in range(ring.capacity + 20):
            ring.append((rig.clock.second, 0, event.COVER_OPENED, 0, 0, 0, 0, 0))
        rows = []
        for _ in range(5):
            rig.pass_s(1)
            rows += [row for _, body in rig.take() for row in body.get(13, ())]
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")
        self.assertEqual([row[0] for row in rows], list(range(20, ring.capacity + 20)))


class Freezes(Case):
    def test_days_in_order_each_once(self):
        rig = self.rig
        for day in (1, 2, 4):
            rig.day(day)
        rig.pass_s(1)
        self.assertEqual([body[13][1] for _, body in rig.take()], [1, 2, 4])
        rig.day(5)
        rig.pass_s(1)
        self.assertEqual([body[15] for _, body in rig.take()], [5])
        rig.pass_s(5)
        self.assertEqual(rig.take(), [])

    def test_sixty_days_without_network(self):
        rig = self.rig
        rig.uplink.connected(False)
        for day in range(60):
            rig.day(day)
        rig.uplink.connected(True)
        days = []
        for _ in range(5):
            rig.pass_s(1)
            days += [body[15] for suffix, body in rig.take() if suffix == "freeze"]
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")
        self.assertEqual(days, list(range(60)))

    def test_a_month_made_again_goes_once(self):
        rig = self.rig
        rig.month()
        rig.month()
        rig.pass_s(1)
        self.assertEqual([body[12] for _, body in rig.take()], [1])
        rig.pass_s(1)
        self.assertEqual(rig.take(), [])

    def test_one_that_is_no_more_is_counted(self):
        rig = self.rig
        rig.day(1)
        rig.pass_s(1)
        rig.records.freezes.forget()
        self.assertEqual(rig.take(), [])
        self.assertEqual((rig.outbox.discarded, rig.outbox.held), (1, 0))
        rig.happen(event.COVER_OPENED)
        rig.pass_s(1)
        (_, body), = rig.take()
        self.assertEqual(body[bodies.DISCARDED], 1)


class Holding(Case):
    def put(self, count):
        for i in range(count):
            self.rig.day(100 + i)
        self.rig.pass_s(1)

    def test_not_before_it_is_on_flash(self):
        rig = self.rig
        commit = rig.outbox.commit

        def broken():
            raise OSError(5)

        rig.outbox.commit = broken
        self.put(1)
        self.assertEqual(rig.take(), [])
        rig.outbox.commit = commit
        rig.pass_s(SAVE_S + 1)
        self.assertEqual([suffix for suffix, _ in rig.take()], ["freeze", "event"])

    def test_once_in_a_connection(self):
        rig = self.rig
        self.put(3)
        found = numbers(rig.take())
        self.assertEqual(len(found), 3)
        self.assertEqual(rig.take(), [])
        rig.uplink.restart()
        self.assertEqual(rig.take(), [])
        rig.pass_s(RESEND_S, 10)
        self.assertEqual(numbers(rig.take()), found)
        self.head_end("ACKNOWLEDGE", found[-1])
        rig.pass_s(RESEND_S, 10)
        rig.uplink.restart()
        self.assertEqual(numbers(rig.take()), [])

    def test_every_slot_serves_again(self):
        rig = self.rig
        for i in range(2 * WINDOW + 3):
            rig.day(100 + i)
            rig.pass_s(1)
            (_, body), = rig.take()
            self.assertEqual(body[15], 100 + i)
            self.head_end("ACKNOWLEDGE", body[9])

    def test_what_the_broker_has_not_goes_out_at_once(self):
        rig = self.rig
        self.put(2)
        found = numbers(rig.take(handed=False))
        rig.uplink.restart()
        self.assertEqual(numbers(rig.take()), found)

    def test_all_again_after_a_start(self):
        rig = self.rig
        self.put(3)
        found = numbers(rig.take())
        self.head_end("ACKNOWLEDGE", found[0])
        rig.pass_s(SAVE_S + 1)
        rig.restart()
        rig.uplink.connected(True)
        self.assertEqual(numbers(rig.take()), found[1:])

    def test_a_gap_is_sent_again(self):
        rig = self.rig
        self.put(4)
        found = numbers(rig.take())
        answer = self.head_end("RESEND", found[1], 2)
        self.assertEqual((answer.status, answer.receipt), (EXECUTION_OK, None))
        self.assertEqual(numbers(rig.take()), [])
        rig.pass_s(RESEND_S, 10)
        again = rig.take()
        self.assertEqual(numbers(again), found[1:3])
        self.assertTrue("status" in [suffix for suffix, _ in again])
        self.head_end("RESEND", 1, 64)
        rig.pass_s(RESEND_S + 20, 10)
        self.assertEqual(numbers(rig.take()), found)

    def test_each_time_under_a_number_of_its_own(self):
        """The nonce hangs on it: what stands in the records may have changed meanwhile."""
        rig = self.rig
        self.put(1)
        messages = []
        for _ in range(2):
            token, _, message = rig.uplink.next()
            messages.append(message)
            rig.uplink.restart()
        self.assertEqual(len(messages[0]), len(messages[1]))
        self.assertTrue(messages[0] != messages[1])
        self.assertTrue(messages[0][14] != messages[1][14] or messages[0][:20] != messages[1][:20])

    def test_full_and_nobody_acknowledges(self):
        rig = self.rig
        room = WINDOW - FOR_RECEIPTS
        self.put(room + 2)
        found = numbers(rig.take())
        self.assertEqual(len(found), room)
        rig.pass_s(KEEP_S - 60, 30)
        self.assertEqual(numbers(rig.take()), [])
        rig.pass_s(60 + 10, 5)
        more = [body for suffix, body in rig.take() if suffix == "freeze"]
        self.assertEqual([body[9] for body in more], [found[-1] + 1, found[-1] + 2])
        self.assertEqual(more[-1][bodies.DISCARDED], rig.outbox.discarded)
        self.assertTrue(more[-1][bodies.OLDEST] > found[0])

    def test_nothing_is_given_up_that_the_broker_has_not_had(self):
        rig = self.rig
        self.put(WINDOW)
        rig.pass_s(2 * KEEP_S, 30)
        self.assertEqual(rig.outbox.discarded, 0)

    def test_acknowledgements_cost_a_commit_a_minute_at_most(self):
        rig = self.rig
        self.put(10)
        found = numbers(rig.take())
        before = rig.outbox.record.sequence
        for number in found:
            self.head_end("ACKNOWLEDGE", number)
            for _ in range(20):
                self.head_end("ACKNOWLEDGE", number)
            rig.pass_s(5)
        rig.pass_s(SAVE_S)
        self.assertEqual(rig.outbox.record.sequence, before + 1)
        self.assertEqual(rig.outbox.held, 0)

    def test_an_acknowledgement_leaves_the_keys_and_the_events_alone(self):
        rig = self.rig
        self.put(2)
        before = rig.numbers()
        count = rig.log.count
        leased = rig.state.messages.leased
        for _ in range(5):
            message = sealed(HEAD_END, 3, {0: I.ACKNOWLEDGE, 2: rig.outbox.next - 1})
            answer = rig.accept(message, NETWORK)
            self.assertEqual((answer.status, answer.receipt, answer.fresh),
                             (EXECUTION_OK, None, False))
        self.assertEqual((rig.numbers(), rig.log.count, rig.state.messages.leased),
                         (before, count, leased))
        self.assertEqual(rig.outbox.held, 0)

    def test_one_beyond_all_reason_is_refused_in_silence(self):
        self.put(2)
        answer = self.head_end("ACKNOWLEDGE", 0xFFFFFFFF)
        self.assertEqual((answer.reason, answer.receipt), (REASON["refused"], None))
        self.assertEqual(self.rig.outbox.held, 2)

    def test_storage_that_has_gone_back(self):
        rig = self.rig
        self.put(2)
        rig.take()
        self.head_end("ACKNOWLEDGE", rig.outbox.next + 10)
        rig.pass_s(1)
        found = [body for _, body in rig.take()]
        self.assertEqual([body[15] for body in found], [100, 101])
        self.assertTrue(found[0][9] > 12)


class Receipts(Case):
    def credit(self, number, tid, carrier=NETWORK):
        return self.rig.accept(sealed(VENDING, number, {0: I.CREDIT, 2: tid, 3: 10}), carrier)

    def test_numbered_and_held(self):
        rig = self.rig
        answer = rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        self.assertEqual(answer.status, EXECUTION_OK)
        (suffix, body), = rig.take(1)
        self.assertEqual((suffix, body[0], body[9]), ("receipt", 1, rig.outbox.next - 1))
        rig.restart()
        rig.uplink.connected(True)
        (suffix, again), = rig.take(1)
        self.assertEqual(again, body)

    def test_the_same_message_again_the_same_receipt_once_held(self):
        rig = self.rig
        for _ in range(3):
            rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
            held = rig.outbox.next
            self.assertEqual([s for s, b in rig.take() if b[0] == 1], ["receipt"])
        self.assertEqual(rig.outbox.next, held)
        rig.outbox.acknowledge(rig.outbox.next - 1, b"")
        rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        (suffix, body), = rig.take()
        self.assertEqual((suffix, rig.outbox.held), ("receipt", 0))

    def test_its_number_stays_its_own_while_it_is_sealed(self):
        """Events come, and a message at the console, after each step of a message."""
        rig = self.rig
        steps = 0
        while True:
            work = rig.begin(sealed(VENDING, 1, {0: I.CREDIT, 2: 100 + steps, 3: 10}))
            for _ in range(steps):
                work.step()
            over = work.done
            rig.happen(event.COVER_OPENED)
            rig.pass_s(GATHER_S + 2)
            answer = work.finish()
            self.credit(2, 200 + steps, CONSOLE)
            rig.pass_s(2)
            rig.uplink.receipt(answer.receipt)
            rig.pass_s(GATHER_S + 2)
            found = [body for _, body in rig.take()]
            held = [body[9] for body in found if 9 in body]
            self.assertEqual(len(set(held)), len(held))
            (receipt,) = [body for body in found if body[0] == 1]
            self.assertEqual(rig.outbox.kind(receipt[9]), RECEIPT)
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")
            rig.clock.second += DAY_S
            if over:
                break
            steps += 1
        self.assertTrue(steps > 8)

    def test_its_number_goes_back_when_there_is_none_after_all(self):
        rig = self.rig
        for _ in range(2):
            rig.uplink.receipt_number(NETWORK, True)
            rig.happen(event.COVER_OPENED)
            before = rig.outbox.next
            rig.pass_s(GATHER_S + 2)
            self.assertEqual(rig.outbox.next, before)
            rig.uplink.receipt(None)
            rig.pass_s(GATHER_S + 2)
            self.assertTrue(rig.outbox.next > before)

    def test_read_outs_are_not_held(self):
        rig = self.rig
        answer = rig.say(HEAD_END, 1, {0: I.READ_OUT, 2: 0})
        self.assertEqual(answer.status, EXECUTION_OK)
        (suffix, body), = rig.take()
        self.assertEqual((suffix, 9 in body, rig.outbox.held), ("receipt", False, 0))
        self.assertEqual(rig.take(), [])

    def test_unheld_ones_are_bounded_and_counted(self):
        rig = self.rig
        for i in range(UNHELD_MAX + 2):
            rig.say(HEAD_END, 1 + i, {0: I.READ_OUT, 2: 0})
        self.assertEqual(rig.uplink.unheld_discarded, 2)
        # One at a time: the next when the broker has the one before.
        self.assertEqual(len(rig.take(handed=False)), 1)
        rig.uplink.restart()
        found = [body for _, body in rig.take()]
        self.assertEqual([body[3] for body in found], list(range(1, UNHELD_MAX + 1)))

    def test_over_the_day_s_number_they_are_not_held(self):
        rig = self.rig
        for i in range(RECEIPTS_DAILY + 3):
            rig.say(VENDING, 1 + i, {0: I.CREDIT, 2: 100 + i, 3: 10})
            rig.pass_s(1)
            held = [9 in body for suffix, body in rig.take() if suffix == "receipt"]
            self.assertEqual(held, [i < RECEIPTS_DAILY])
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")

    def test_old_messages_played_again_leave_room(self):
        rig = self.rig
        old = [sealed(VENDING, 1 + i, {0: I.CREDIT, 2: 100 + i, 3: 10}) for i in range(2)]
        held = []
        for i in range(2 * REPEATS_DAILY):
            rig.uplink.receipt(rig.accept(old[i & 1], NETWORK).receipt)
            rig.pass_s(1)
            held += [9 in body for suffix, body in rig.take() if suffix == "receipt"]
            rig.outbox.acknowledge(rig.outbox.next - 1, b"")
        self.assertEqual(held, [i < REPEATS_DAILY for i in range(2 * REPEATS_DAILY)])
        rig.say(VENDING, 9, {0: I.CREDIT, 2: 200, 3: 10})
        rig.pass_s(1)
        held = [9 in body for suffix, body in rig.take() if suffix == "receipt"]
        self.assertEqual(held, [True])

    def test_of_another_carrier_none(self):
        rig = self.rig
        before = rig.outbox.next
        answer = self.credit(1, 7, CONSOLE)
        self.assertTrue(answer.receipt is not None)
        self.assertEqual(rig.outbox.next, before)
        # The same by the network: the same receipt, which has no number.
        rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        found = [b for s, b in rig.take() if s == "receipt"]
        self.assertEqual([9 in body for body in found], [False])

    def test_none_is_none(self):
        self.rig.uplink.receipt(None)
        self.assertEqual(self.rig.take(), [])

    def test_one_that_cannot_be_kept(self):
        rig = self.rig
        commit = rig.outbox.commit

        def broken():
            raise OSError(5)

        rig.outbox.commit = broken
        with self.assertRaises(OSError):
            rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        rig.outbox.commit = commit
        given = rig.outbox.next - 1
        rig.pass_s(SAVE_S + 1)
        rig.take()
        rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        (_, body), = rig.take()
        self.assertEqual(body[9], given)
        self.assertTrue(rig.outbox.next > given)

    def test_roles(self):
        rig = self.rig
        for role, name in ((VENDING, "ACKNOWLEDGE"), (TECHNICIAN, "RESEND"), (HEAD_END, "CREDIT")):
            answer = rig.accept(sealed(role, 50, {0: getattr(I, name), 2: 1, 3: 1}), NETWORK)
            self.assertEqual((answer.status, answer.reason), (VALIDATION_FAILURE, REASON["role"]))
        for role in (ADMINISTRATOR, HEAD_END):
            answer = rig.accept(sealed(role, 51, {0: I.ACKNOWLEDGE, 2: 0}), NETWORK)
            self.assertEqual(answer.status, EXECUTION_OK)


class Status(Case):
    def test_after_connecting_and_daily(self):
        rig = self.rig
        self.configure(uplink_minutes=0)
        rig.uplink.connected(True)
        self.assertEqual(rig.take(), [])
        rig.uplink.connected(False)
        rig.uplink.restart()
        rig.uplink.connected(True)
        (suffix, body), = rig.take()
        self.assertEqual((suffix, body[0], body[10], body[16]), (
            "status", 5, rig.outbox.first, rig.outbox.next))
        self.assertEqual(body[1], rig.clock.second + EPOCH)
        rig.pass_s(2 * DAY_S, 600)
        self.assertEqual([suffix for suffix, _ in rig.take()], ["status"])

    def test_one_lost_with_its_connection(self):
        rig = self.rig
        rig.uplink.connected(False)
        rig.uplink.connected(True)
        rig.take(handed=False)
        rig.uplink.restart()
        self.assertEqual([suffix for suffix, _ in rig.take()], ["status"])


class Budget(Case):
    def test_the_last_part_is_for_what_is_urgent(self):
        rig = self.rig
        self.configure(uplink_minutes=1, uplink_budget_bytes=4000)
        rig.uplink.budget.spent = 0
        sent = []
        for _ in range(60):
            rig.pass_s(60, 20)
            sent += rig.take()
        rig.happen(event.SAG)
        rig.pass_s(10)
        self.assertEqual(rig.take(), [])
        self.assertTrue(3000 <= rig.uplink.budget.spent <= 3000 + 500)
        rig.happen(event.COVER_OPENED)
        rig.pass_s(1)
        self.assertEqual([body[12] for _, body in rig.take()], [TAMPER])
        for _ in range(20):
            rig.happen(event.COVER_OPENED)
            rig.pass_s(1)
            rig.take()
        self.assertTrue(4000 <= rig.uplink.budget.spent <= 4000 + 500)
        rig.pass_s(DAY_S, 300)
        self.assertTrue(rig.take() != [] and sent != [])


class SafeMode(Case):
    safe = True

    def test_receipts_status_and_readings_go_once(self):
        rig = self.rig
        rig.uplink.connected(False)
        rig.uplink.connected(True)
        answer = rig.say(VENDING, 1, {0: I.CREDIT, 2: 7, 3: 10})
        self.assertEqual(answer.status, EXECUTION_OK)
        self.head_end("SEND_READING")
        rig.pass_s(2)
        found = rig.take()
        self.assertEqual([suffix for suffix, _ in found], ["receipt", "status", "reading"])
        for _, body in found:
            self.assertFalse(9 in body or 10 in body)
        rig.uplink.restart()
        self.assertEqual(rig.take(), [])

    def test_there_is_nothing_to_acknowledge(self):
        self.assertEqual(self.head_end("ACKNOWLEDGE", 0).reason, REASON["refused"])
        self.assertEqual(self.head_end("RESEND", 1, 1).reason, REASON["refused"])


class Steady(Case):
    def test_a_step_with_nothing_due_allocates_nothing(self):
        if not hasattr(gc, "mem_alloc"):
            self.skipTest("CPython")
        uplink = self.rig.uplink
        now = self.rig.clock.second
        uplink.step(now)
        uplink.next()
        gc.collect()
        gc.disable()
        before = used = 0
        try:
            before = gc.mem_alloc()
            for _ in range(100):
                uplink.step(now)
                uplink.next()
            used = gc.mem_alloc() - before
        finally:
            gc.enable()
        self.assertEqual(used, 0)


class Off(Case):
    def test_without_keys_nothing_is_said(self):
        rig = self.rig
        rig.entrance.messages = None
        rig.uplink.connected(False)
        rig.uplink.connected(True)
        rig.pass_s(DAY_S, 600)
        self.assertEqual(rig.take(), [])

    def test_when_no_number_can_be_leased(self):
        rig = self.rig
        rig.day(1)
        rig.pass_s(1)

        def broken(body):
            raise OSError(5)

        seal = rig.service.seal
        rig.service.seal = broken
        self.assertEqual(rig.uplink.next(), None)
        rig.service.seal = seal
        self.assertEqual(len(rig.take()), 1)

    def test_a_meter_without_a_link(self):
        rig = self.rig
        rig.uplink = None
        for body in ({0: I.ACKNOWLEDGE, 2: 1}, {0: I.RESEND, 2: 1, 3: 1}, {0: I.SEND_READING}):
            answer = rig.accept(sealed(HEAD_END, 9, body), NETWORK)
            self.assertEqual((answer.reason, answer.receipt), (REASON["unsupported"], None))


if __name__ == "__main__":
    unittest.main()
