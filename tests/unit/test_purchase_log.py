"""The purchase log: credits and refusals apart, in order, bounded, and caught up."""

import os
import unittest

from scratch import scratch_folder

from joulegate.core.civil import NO_TIME
from joulegate.core.events import EventLog
from joulegate.core.purchase_result import EXECUTION_OK, USED
from joulegate.storage.journal import Journal
from joulegate.storage.purchase_log import REFUSALS_DAILY, PurchaseLog

NOW = 200000000
DAY = 86400


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("purchases")
        self.start()

    def start(self):
        self.log = PurchaseLog(self.folder, EventLog())
        self.log.load()

    def credit(self, n, now=NOW):
        self.log.credit(now, n, 1, EXECUTION_OK, n, 100, 1000 + 100 * n)

    def refuse(self, n, now=NOW, tid=9, units=5):
        self.log.refusal(now, n, 2, 6, USED, tid, units, -50)

    def found(self):
        return list(self.log.entries())


class TestPurchaseLog(Case):
    def test_balance_before_and_after(self):
        self.credit(3)
        self.refuse(3, tid="x", units=1 << 40)
        self.start()
        credit, refusal = self.found()
        self.assertEqual(
            [credit[k] for k in ("time", "commit", "carrier", "code", "reason", "tid", "units",
                                 "before", "after")],
            [NOW, 3, 1, 3, "", 3, 100, 1200, 1300])
        self.assertEqual(
            [refusal[k] for k in ("carrier", "code", "reason", "tid", "units", "before", "after")],
            [2, 6, "used", 0, 0x7FFFFFFF, -50, -50])

    def test_order_is_that_of_commits_whatever_the_clock_said(self):
        for n in range(1, 5):
            self.credit(2 * n, NOW - n * DAY)
            self.refuse(2 * n, NO_TIME + n if n == 3 else NOW)
        self.assertEqual([(e["commit"], e["reason"]) for e in self.found()], [
            (2 * n, r) for n in range(1, 5) for r in ("", "used")])
        self.assertEqual(self.found()[5]["time"], None)

    def test_refusals_push_out_no_credit_and_are_bounded_by_the_day(self):
        self.credit(1)
        for i in range(REFUSALS_DAILY + 30):
            if i % 7 == 0:
                self.start()
            self.refuse(1, NOW + i)
        self.assertEqual(len(self.found()), 1 + REFUSALS_DAILY)
        self.assertTrue(self.log.unlogged > 0)
        for i in range(200):
            self.refuse(1, NOW + (i + 2) * DAY)
        found = self.found()
        self.assertEqual((found[0]["reason"], len(found)), ("", 114))

    def test_the_last_hundred(self):
        for n in range(1, 150):
            self.credit(n)
        self.assertEqual([e["tid"] for e in self.found()], list(range(37, 150)))

    def test_catches_up_with_the_journal_once(self):
        journal = Journal(self.folder + "/journal.bin")
        journal.create()
        for n in range(1, 6):
            journal.append(10 * n, NOW + n, 4, n, 100, 100 * n, 100 * n - 7)
        self.log.credit(NOW + 1, 10, 4, EXECUTION_OK, 1, 100, 93)
        entries = journal.load()
        self.assertEqual(self.log.catch_up(entries[:1]), 0)
        self.assertEqual(self.log.catch_up(entries), 4)
        self.start()
        self.assertEqual(self.log.catch_up(entries), 0)
        self.assertEqual([(e["tid"], e["before"], e["after"]) for e in self.found()], [
            (n, 100 * n - 107, 100 * n - 7) for n in range(1, 6)])

    def test_forget(self):
        self.credit(1)
        self.refuse(1)
        self.log.forget()
        self.start()
        self.assertEqual(self.found(), [])

    def test_missing_and_junk(self):
        self.credit(1)
        self.refuse(1)
        path = self.folder + "/purchases/credits.bin"
        with open(path, "r+b") as f:
            f.write(b"\x5a" * 600)
        self.start()
        self.assertEqual([e["reason"] for e in self.found()], ["used"])
        os.remove(path)
        self.start()
        self.credit(2)
        self.assertEqual(len(self.found()), 2)


if __name__ == "__main__":
    unittest.main()
