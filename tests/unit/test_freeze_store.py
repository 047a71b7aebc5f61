# heapsize: 256wK
"""Freezes: each day and month once, in agreement with the account, whatever happens between."""

import os
import unittest

from parts import COUNTS_PER_KWH, METER_ID, UNIT_PLACES, FakeClock, new_switch, tariff
from scratch import scratch_folder

from joulegate.core.events import EventLog
from joulegate.storage.freeze_store import CLOCK_INVALID, GAP, LATE, PART
from joulegate.storage.records import Records
from joulegate.storage.state import State

DAY = 86400
START = 45 * DAY + 3600  # 2020-02-15
FEBRUARY = 2020 * 12 + 1


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("freezes")
        self.clock = FakeClock(START)
        self.power_up()
        self.state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), START)
        self.state.account.credit(50000000)

    def power_up(self):
        self.log = EventLog()
        self.records = Records(self.folder, self.log, self.clock)
        self.freezes = self.records.freezes
        self.state = State(self.folder, COUNTS_PER_KWH, self.log, records=self.records)
        self.state.load(new_switch(), self.clock.second)

    def live(self, days, counts=1000, commit=True):
        """Let days pass, with energy at each noon and a look at the clock at each midnight."""
        for _ in range(days):
            self.use(counts)
            self.clock.second += DAY - self.clock.second % DAY
            self.state.billing.advance(self.clock.second)
            if commit:
                self.state.ledger.commit()

    def use(self, counts):
        self.state.billing.consume(counts)
        self.state.registers.wh[0] += counts * 1000 // COUNTS_PER_KWH

    def days(self):
        return list(self.freezes.days())

    def agree(self):
        """Check every freeze against the account's rules and the one before."""
        before = None
        for e in self.freezes.days():
            self.assertEqual(e["balance"], e["credits"] - e["charges"])
            if before is not None:
                self.assertEqual(e["day"], before["day"] + 1)
                self.assertEqual(e["day_charges"], e["charges"] - before["charges"])
                self.assertEqual(e["day_credits"], e["credits"] - before["credits"])
            before = e


class Days(Case):
    def test_one_a_day(self):
        self.live(3)
        self.state.account.credit(777)
        self.live(1)
        found = self.days()
        self.assertEqual([e["day"] for e in found], [45, 46, 47, 48])
        self.assertEqual([e["flags"] for e in found], [0] * 4)
        self.assertEqual([e["day_credits"] for e in found], [50000000, 0, 0, 777])
        self.assertEqual([e["wh"][0] for e in found], [31, 62, 93, 124])
        self.assertEqual([sum(e["cells"]) for e in found], [1000, 2000, 3000, 4000])
        self.assertEqual(found[0]["tariff_digest"], self.state.billing.tariff_digest)
        self.agree()

    def test_missed_midnights_are_filled_and_marked(self):
        self.live(2)
        self.clock.second += 5 * DAY + 7777
        self.power_up()
        self.assertEqual([e["day"] for e in self.days()], list(range(45, 52)))
        self.assertEqual([e["flags"] for e in self.days()], [0, 0] + [LATE] * 5)
        self.agree()

    def test_a_time_unknown_is_marked_until_a_day_ends_in_time(self):
        self.freezes.time_was_unknown = True
        self.clock.second += 2 * DAY
        self.state.billing.advance(self.clock.second)
        self.live(2)
        self.assertEqual([e["flags"] for e in self.days()], [
            LATE | CLOCK_INVALID, LATE | CLOCK_INVALID, CLOCK_INVALID, 0])

    def test_frozen_again_after_a_cut_the_last_counts(self):
        self.live(2)
        self.state.account.debit_fraction(0)
        self.live(3, commit=False)  # freezes of days 47 to 49 are on flash, the ledger is not
        lost = self.days()[-1]
        self.clock.second -= 2 * DAY
        self.power_up()
        self.assertEqual(self.state.billing.day, 48)
        self.assertEqual([e["day"] for e in self.days()], [45, 46, 47])
        self.assertEqual(self.days()[-1]["day_charges"], 1000)  # its energy was lost by the cut
        self.state.ledger.commit()
        self.live(2)
        self.assertEqual([e["day"] for e in self.days()], list(range(45, 50)))
        self.assertTrue(self.days()[-1]["charges"] < lost["charges"])
        self.agree()

    def test_a_clock_set_back_freezes_nothing_twice(self):
        self.live(3)
        self.clock.second -= 3 * DAY
        self.state.billing.advance(self.clock.second)
        self.live(5)
        self.assertEqual([e["day"] for e in self.days()], list(range(45, 50)))
        self.agree()

    def test_sixty_two_days_or_more_are_kept(self):
        self.assertTrue(self.freezes.day_ring.capacity >= 62)
        self.live(100)
        found = [e["day"] for e in self.freezes.days()]
        self.assertTrue(len(found) >= 62)
        self.assertEqual(found[-1], 144)
        self.agree()
        self.assertEqual([e["day"] for e in self.freezes.days(100, 102)], [100, 101, 102])

    def test_a_lost_freeze_shows_as_a_gap(self):
        self.live(3)
        path = self.freezes.day_ring.path
        self.freezes.day_ring.path = self.folder + "/none/none/day"
        self.live(1)
        self.freezes.day_ring.path = path
        self.live(1)
        found = self.days()
        self.assertEqual([(e["day"], e["flags"]) for e in found][2:], [(47, 0), (49, GAP)])
        self.assertEqual(found[-1]["day_charges"], found[-1]["charges"] - found[-2]["charges"])
        self.assertEqual([name for _, _, name, _ in self.log.since(0)], ["storage_error"])


class Months(Case):
    def test_the_statement_of_each_month(self):
        self.live(80, counts=2000)
        months = list(self.freezes.months())
        self.assertEqual([e["month"] for e in months], [FEBRUARY, FEBRUARY + 1, FEBRUARY + 2])
        self.assertEqual([e["days_charged"] for e in months], [15, 31, 30])
        for e in months:
            self.assertEqual(e["import_counts"], sum(e["cells"]))
            self.assertEqual(e["import_counts"], 2000 * e["days_charged"])
            self.assertEqual(e["before_tax"], e["energy"] + e["adders"] + e["fixed"])
            self.assertEqual(e["total"], e["before_tax"] + e["tax"])
        last = [e for e in self.days() if e["day"] == months[-1]["day"]][0]
        self.assertEqual(last["charges"], months[-1]["charges"])
        # 1e-8 of the currency are 1000 to the unit of 1e-5.
        billed = sum(e["total"] for e in months) // 1000
        self.assertTrue(abs(billed - months[-1]["charges"]) <= 3)

    def test_a_change_of_tariff_parts_the_month(self):
        self.live(2)
        self.state.load_tariff(tariff("dear", price="0.9"), self.clock.second + 3600)
        self.clock.second += 7200
        self.use(500)
        self.state.billing.advance(self.clock.second)
        self.live(14)
        part, whole = self.freezes.months()
        self.assertEqual((part["flags"], part["month"], part["import_counts"]),
                         (PART, FEBRUARY, 2500))
        self.assertEqual((whole["flags"], whole["month"], whole["import_counts"]),
                         (0, FEBRUARY, 13000))
        self.assertNotEqual(part["tariff_digest"], whole["tariff_digest"])

    def test_cuts_that_repeat_push_no_older_day_out(self):
        self.live(70)
        kept = [e["day"] for e in self.days()]
        for _ in range(5):
            self.clock.second += 10 * DAY
            self.power_up()  # makes up ten days
            self.assertEqual(len(self.days()), 75)
            self.clock.second -= 10 * DAY
            self.power_up()  # the ledger has none of them
            self.assertEqual([e["day"] for e in self.days()], kept[-65:])
        self.clock.second += 10 * DAY
        self.power_up()
        self.state.ledger.commit()
        self.power_up()
        days = [e["day"] for e in self.days()]
        self.assertEqual(days, list(range(days[-1] - 74, days[-1] + 1)))
        self.agree()

    def test_a_month_frozen_again_after_a_cut_counts_once(self):
        self.live(14)
        self.live(1, commit=False)
        self.assertEqual(len(list(self.freezes.months())), 1)
        self.power_up()
        self.assertEqual(self.freezes.month_ring.next, 2)
        month, = self.freezes.months()
        self.assertEqual(month["import_counts"], 14000)

    def test_thirteen_months_or_more_are_kept(self):
        self.assertTrue(self.freezes.month_ring.capacity >= 13)
        self.live(800, counts=1, commit=False)
        months = [e["month"] for e in self.freezes.months()]
        self.assertTrue(len(months) >= 13)
        self.assertEqual(months, list(range(months[0], months[0] + len(months))))


class Demand(Case):
    def setUp(self):
        super().setUp()
        self.state.settings.set(demand_minutes=30)
        self.power_up()

    def noon(self, Wh):
        """Live a day in which so many Wh flow in the half hour before noon."""
        end = self.clock.second - self.clock.second % DAY + 43200
        for at, flows in ((end - 1800, 0), (end, Wh), (end + 43200, 0)):
            self.clock.second = at
            self.state.registers.wh[0] += flows
            self.state.billing.advance(at)
            self.state.demand.tick(at)
        return end

    def test_the_month_has_its_maximum_and_the_next_begins_anew(self):
        for day in range(15):  # February 2020 from the 15th on
            end = self.noon(1000 + day)
        found = list(self.freezes.months())
        self.assertEqual([e["month"] for e in found], [FEBRUARY])
        self.assertEqual(found[0]["demand"], [2028, end, 0, 0])
        self.assertEqual(found[0]["demand_minutes"], 30)
        self.noon(10)
        self.assertEqual(self.state.demand.maxima[0], 20)
        self.assertEqual(self.state.demand.previous[:2], (2028, end))

    def test_a_cut_between_freeze_and_commit_freezes_the_same_again(self):
        for day in range(14):
            self.noon(1000 + day)
        self.state.ledger.commit()
        self.noon(2000)
        wanted = list(self.freezes.months())[0]["demand"]
        self.assertEqual(wanted[0], 4000)
        self.power_up()  # the day that ended was not committed, nor what flowed on it
        found = list(self.freezes.months())
        self.assertEqual([e["month"] for e in found], [FEBRUARY])
        self.assertEqual(found[0]["demand"][0], 2026)

    def test_a_month_that_ended_in_an_outage(self):
        self.noon(1000)
        self.state.ledger.commit()
        self.clock.second += 50 * DAY
        self.power_up()
        found = list(self.freezes.months())
        self.assertEqual([e["demand"][0] for e in found], [2000, 0])

    def test_off_there_is_none(self):
        self.state.settings.set(demand_minutes=0)
        self.power_up()
        self.live(20)
        found = list(self.freezes.months())[0]
        self.assertEqual((found["demand_minutes"], found["demand"]), (0, [0] * 4))


class Fuzz(Case):
    def test_another_account_begins_anew(self):
        self.live(3)
        for name in ("ledger.bin", "registers.bin"):
            os.remove(self.folder + "/" + name)
        self.power_up()
        self.state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), self.clock.second)
        self.assertEqual(self.days(), [])

    def test_junk_costs_no_more_than_what_it_covers(self):
        self.live(40)
        seed = 7
        for number in range(2):
            for length in (0, 5, 12, 300, 4096):
                junk = bytearray()
                for _ in range(length):
                    seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
                    junk.append(seed >> 16 & 0xFF)
                with open(self.freezes.day_ring.file_name(number), "wb") as f:
                    f.write(junk)
                self.power_up()
                self.assertEqual(self.state.error, "")
                found = [e["day"] for e in self.days()]
                self.assertEqual(found[-1], 84)
                self.assertEqual(len(found), 40 - 15 * (number + 1))
        self.live(2)
        self.assertEqual(self.days()[-1]["day"], 86)


if __name__ == "__main__":
    unittest.main()
