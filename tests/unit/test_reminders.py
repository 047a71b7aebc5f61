# heapsize: 256wK
"""Reminders: short, to the numbers that are set, and not more of them than allowed."""

import unittest

from message_rig import Rig
from scratch import scratch_folder

from joulegate.core import events as event
from joulegate.core.events import CAPACITY
from joulegate.link.uplink.reminders import DAILY, LENGTH_MAX, Reminders
from joulegate.storage.outbox import Outbox

NOW = 200000000
DAY_S = 86400


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("reminders")
        self.rig = Rig(self.folder)
        self.rig.state.settings.set(sms_numbers=["+4930123456"])
        self.rig.state.account.credit(351000)
        self.start()

    def start(self):
        self.outbox = Outbox(self.folder, self.rig.log)
        self.outbox.load(NOW)
        self.reminders = Reminders(self.rig, self.outbox)

    def happen(self, *codes, now=NOW):
        for code in codes:
            self.rig.log.add(code, now)
        self.reminders.step(now)
        found = []
        while True:
            reminder = self.reminders.take()
            if reminder is None:
                return found
            found.append(reminder)


class Reminds(Case):
    def test_of_what(self):
        found = self.happen(event.LOW_CREDIT, event.SAG, event.CREDIT_EXHAUSTED,
                            event.SUPPLY_DISCONNECTED, event.COVER_OPENED, event.CREDITED)
        meter = "Meter 01234567890: "
        self.assertEqual([text for _, text in found], [
            meter + "credit is low, balance 3.50",
            meter + "credit is used up, balance 3.50",
            meter + "supply is off", meter + "the cover was opened"])
        for number, text in found:
            self.assertEqual(number, "+4930123456")
            self.assertTrue(len(text) <= LENGTH_MAX and all(" " <= c <= "~" for c in text))
        self.assertEqual(self.happen(), [])

    def test_every_number(self):
        self.rig.state.settings.set(sms_numbers=["+4930123456", "+15123"])
        self.assertEqual([n for n, _ in self.happen(event.LOW_CREDIT)], ["+4930123456", "+15123"])

    def test_nobody(self):
        self.rig.state.settings.set(sms_numbers=[])
        self.assertEqual(self.happen(event.LOW_CREDIT), [])
        self.assertEqual(self.outbox.reminders, 0)

    def test_a_log_that_ran_over(self):
        found = self.happen(*[event.LOW_CREDIT] + [event.SAG] * (CAPACITY + 5))
        self.assertEqual(found, [])


class Bounds(Case):
    def test_a_day(self):
        sent = 0
        for _ in range(DAILY + 5):
            sent += len(self.happen(event.LOW_CREDIT))
            self.start()
        self.assertEqual(sent, DAILY)
        self.happen(event.LOW_CREDIT)
        self.assertEqual(self.reminders.discarded, 1)
        self.assertEqual(len(self.happen(event.LOW_CREDIT, now=NOW + DAY_S)), 1)

    def test_without_an_outbox(self):
        self.reminders = Reminders(self.rig, None)
        sent = sum([len(self.happen(event.LOW_CREDIT)) for _ in range(DAILY + 5)])
        self.assertEqual(sent, DAILY)
        self.assertEqual(len(self.happen(event.LOW_CREDIT, now=NOW + DAY_S)), 1)

    def test_what_cannot_be_counted_is_not_sent(self):
        def broken():
            raise OSError(5)

        self.outbox.commit = broken
        self.assertEqual(self.happen(event.LOW_CREDIT), [])


if __name__ == "__main__":
    unittest.main()
