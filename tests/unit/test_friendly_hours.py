"""Friendly hours: entries, edges, days of their own, local time, and an hour-by-hour oracle."""

import random
import unittest

from joulegate.core.civil import DAY_S, NO_TIME, Zone, civil_of, parse_time
from joulegate.core.friendly_hours import FriendlyHours, FriendlyHoursError, parse

CET = "CET-1CEST,M3.5.0,M10.5.0/3"
TABLE = ["mon-fri 17:30-11:00", "sun 00:00-24:00", "12-25 00:00-24:00", "2027-04-02 none"]
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Holds(unittest.TestCase):

    def check(self, hours, cases):
        for text, wanted in cases:
            self.assertEqual(hours.hold(parse_time(text)), wanted, text)

    def test_edges(self):
        self.check(FriendlyHours(TABLE, Zone("UTC0")), (
            ("2027-01-04T17:29:59", False), ("2027-01-04T17:30", True),
            ("2027-01-04T23:59:59", True), ("2027-01-05T00:00", True),
            ("2027-01-05T10:59:59", True), ("2027-01-05T11:00", False),
            ("2027-01-09T10:59:59", True), ("2027-01-09T11:00", False),  # Saturday
            ("2027-01-10T00:00", True), ("2027-01-10T23:59:59", True),
            ("2027-01-11T00:00", False)))

    def test_days_of_their_own(self):
        self.check(FriendlyHours(TABLE, Zone("UTC0")), (
            ("2027-12-25T12:00", True), ("2028-12-25T12:00", True),
            ("2027-04-02T08:00", True), ("2027-04-02T18:00", False),  # a Friday
            ("2027-04-03T08:00", False), ("2028-04-02T12:00", True)))  # a Sunday

    def test_local_time_over_both_changes(self):
        self.check(FriendlyHours(["all 02:30-05:00"], Zone(CET)), (
            ("2027-01-10T01:29:59", False), ("2027-01-10T01:30", True),
            ("2027-03-28T00:59:59", False), ("2027-03-28T01:00", True),  # 02:00 is 03:00
            ("2027-03-28T02:59:59", True), ("2027-03-28T03:00", False),
            ("2027-07-10T00:30", True), ("2027-07-10T03:00", False),
            ("2027-10-31T00:30", True), ("2027-10-31T03:59:59", True),
            ("2027-10-31T04:00", False)))

    def test_no_time_no_friendly_hours(self):
        hours = FriendlyHours(["all 00:00-24:00"], Zone("UTC0"))
        self.assertFalse(hours.hold(NO_TIME))
        self.assertTrue(hours.hold(0))

    def test_a_clock_set_back_is_noticed(self):
        hours = FriendlyHours(["all 18:00-20:00"], Zone("UTC0"))
        self.check(hours, (("2027-01-04T19:00", True), ("2027-01-04T17:00", False),
                           ("2027-01-04T19:00", True), ("2027-01-03T19:00", True)))

    def test_random_tables_against_the_plain_rule(self):
        random.seed(7)
        for _ in range(25):
            rules = []
            for _ in range(random.randint(1, 6)):
                first, last = random.randint(0, 6), random.randint(0, 6)
                begin, end = random.randint(0, 1439), random.randint(1, 1440)
                if begin != end:
                    rules.append((first, last, begin, end))
            hours = FriendlyHours(
                ["%s-%s %02d:%02d-%02d:%02d" % (
                    NAMES[a], NAMES[b], c // 60, c % 60, d // 60, d % 60)
                 for a, b, c, d in rules], Zone("UTC0"))
            second = parse_time("2027-01-01")
            for _ in range(200):
                second += random.randint(1, 7200)
                self.assertEqual(hours.hold(second), plain(rules, second), (rules, second))


def plain(rules, second):
    """Say it minute by minute."""
    for first, last, begin, end in rules:
        for back in (0, 1):
            weekday = civil_of(second - back * DAY_S)[3]
            if (weekday - first) % 7 <= (last - first) % 7:
                minute = second % DAY_S // 60 + back * 1440
                if begin <= minute < (end if end > begin else end + 1440):
                    return True
    return False


class Refuses(unittest.TestCase):

    def test_entries(self):
        for bad in ("mon", "", "mon 10:00-11:00 x", "day 10:00-11:00", "mon 24:00-01:00",
                    "mon 01:00-01:00", "02-30 none", "mon 1:00-2:00", "13-01 none", "00-01 none",
                    "2027-02-29 none", "1999-01-01 none", 5, None, ["mon 10:00-11:00"],
                    "mon-tue-wed none", "all 00:00-00:00", "all 10:00-24:01", "all 10:60-11:00",
                    "all 10:00", "all 10:00-11:00-12:00", "mon- 10:00-11:00",
                    "mon" + " " * 30 + "none", "000012-25 none", "-1-12 none"):
            try:
                parse([bad])
                self.fail("taken: %r" % (bad,))
            except FriendlyHoursError as e:
                self.assertTrue(repr(bad) in str(e), str(e))

    def test_too_many(self):
        parse(["all none"] * 16)
        with self.assertRaises(FriendlyHoursError):
            parse(["all none"] * 17)

    def test_random_texts(self):
        random.seed(8)
        letters = "montuewdhfrisal0123456789-: "
        for _ in range(2000):
            text = "".join([letters[random.getrandbits(8) % len(letters)]
                            for _ in range(random.getrandbits(5))])
            try:
                parse([text])
            except FriendlyHoursError:
                pass


if __name__ == "__main__":
    unittest.main()
