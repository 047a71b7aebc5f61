"""Civil time against a calendar walked day by day, and zones against published changes."""

import unittest

from joulegate.core.civil import (
    DAY_S,
    FAR,
    NO_TIME,
    TIME_END,
    TIME_MIN,
    Zone,
    ZoneError,
    civil_of,
    date_of,
    day_number,
    days_in_month,
    format_time,
    is_leap,
    parse_time,
    seconds_of,
    time_text,
    weekday,
)

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
SYDNEY = "AEST-10AEDT,M10.1.0,M4.1.0/3"
LORD_HOWE = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
ST_JOHNS = "NST3:30NDT,M3.2.0,M11.1.0"
DUBLIN = "IST-1GMT0,M10.5.0,M3.5.0/1"
SANTIAGO = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
HAVANA = "CST5CDT,M3.2.0/0,M11.1.0/1"
NUUK = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"
HALF_PAST = "AAA0BBB,M3.5.0/23:30,M10.5.0/0:30"
KOLKATA = "<+0530>-5:30"

LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def error_of(function: object, *arguments: object) -> str:
    try:
        function(*arguments)
    except ValueError as e:
        return str(e)
    return "accepted: %r" % (arguments,)


class TestCalendar(unittest.TestCase):
    def test_every_day_from_2000_to_2099_goes_there_and_back(self) -> None:
        number = -7305  # 2000-01-01: 20 years and 5 leap days before 2020-01-01
        name = 5  # a Saturday
        for year in range(2000, 2100):
            for month in range(1, 13):
                length = LENGTHS[month - 1] + (month == 2 and year % 4 == 0)
                self.assertEqual(days_in_month(year, month), length)
                for day in range(1, length + 1):
                    if day_number(year, month, day) != number:
                        self.fail("day_number of %d-%d-%d" % (year, month, day))
                    if date_of(number) != (year, month, day) or weekday(number) != name:
                        self.fail("date or weekday of day %d" % number)
                    number += 1
                    name = (name + 1) % 7

    def test_leap_years_follow_the_rule_of_centuries(self) -> None:
        self.assertEqual(
            [y for y in (1900, 2000, 2023, 2024, 2100, 2400) if is_leap(y)], [2000, 2024, 2400])

    def test_day_0_is_new_year_2020(self) -> None:
        self.assertEqual(day_number(2020, 1, 1), 0)
        self.assertEqual(weekday(0), 2)

    def test_dates_that_do_not_exist_are_refused(self) -> None:
        for wrong, rule in (
            ((1999, 12, 31), "year 1999: must be 2000 to 2099"),
            ((2100, 1, 1), "year 2100: must be 2000 to 2099"),
            ((2020, 0, 1), "month 0: must be 1 to 12"),
            ((2020, 13, 1), "month 13: must be 1 to 12"),
            ((2020, 1, 0), "day 0: not in month 1 of 2020"),
            ((2023, 2, 29), "day 29: not in month 2 of 2023"),
            ((2020, 4, 31), "day 31: not in month 4 of 2020"),
        ):
            self.assertEqual(error_of(day_number, *wrong), rule)

    def test_times_of_day_that_do_not_exist_are_refused(self) -> None:
        for clock in ((24, 0, 0), (0, 60, 0), (0, 0, 60), (-1, 0, 0)):
            self.assertIn(
                "must be 0:0:0 to 23:59:59", error_of(seconds_of, 2020, 1, 1, *clock))


class TestTimeText(unittest.TestCase):
    def test_texts_become_seconds_and_back(self) -> None:
        for text, second in (
            ("2020-01-01", 0), ("2020-01-01T00:00", 0), ("2020-01-02T01:02:03", 90123),
            ("2019-12-31T23:59:59", -1),
        ):
            self.assertEqual(parse_time(text), second)
        self.assertEqual(format_time(90123), "2020-01-02T01:02:03")
        self.assertEqual(format_time(-1), "2019-12-31T23:59:59")

    def test_bad_texts_are_refused_with_the_text_and_the_rule(self) -> None:
        for text in (
            "", "T", "2020", "2020-1-1", "20-01-01", "2020-01-01T", "2020-01-01T1:00",
            "2020-01-01T10", "2020-01-01 10:00", "2020-01-01T10:00:00Z", "2020-01-01T10:00+01",
            "2020-01-01T10:00T", "2020-0x-01", "+020-01-01", "2020-01-01-10-00", "2020-01T10",
            "2020T01:10", "2020-01-01T-1:00", "2020:01:01",
        ):
            self.assertEqual(
                error_of(parse_time, text),
                "time %r: must be YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss]" % text)

    def test_impossible_times_are_refused(self) -> None:
        for text in ("2020-02-30", "2020-00-01", "1999-01-01", "2020-01-01T24:00"):
            self.assertNotEqual(error_of(parse_time, text)[:8], "accepted")


def change(zone: Zone, year: int, which: int) -> int:
    """Return the first or second change of offset in a year."""
    t = zone.next_change(seconds_of(year, 1, 1) + 86400)
    return zone.next_change(t) if which else t


class TestZone(unittest.TestCase):
    def check_change(self, text: str, utc: str, before_s: int, after_s: int) -> None:
        zone = Zone(text)
        t = parse_time(utc)
        self.assertEqual(zone.offset(t - 1), before_s, "%s before %s" % (text, utc))
        self.assertEqual(zone.offset(t), after_s, "%s at %s" % (text, utc))
        for earlier in (1, 3600, 40 * DAY_S):
            self.assertEqual(zone.next_change(t - earlier), t)
        self.assertNotEqual(zone.next_change(t), t)

    def test_changes_in_both_hemispheres(self) -> None:
        self.check_change(BERLIN, "2024-03-31T01:00", 3600, 7200)
        self.check_change(BERLIN, "2024-10-27T01:00", 7200, 3600)
        self.check_change(SYDNEY, "2024-04-06T16:00", 39600, 36000)
        self.check_change(SYDNEY, "2024-10-05T16:00", 36000, 39600)
        self.check_change(SANTIAGO, "2024-04-07T03:00", -10800, -14400)
        self.check_change(SANTIAGO, "2024-09-08T04:00", -14400, -10800)

    def test_changes_of_half_an_hour_and_from_half_hours(self) -> None:
        self.check_change(LORD_HOWE, "2024-04-06T15:00", 39600, 37800)
        self.check_change(LORD_HOWE, "2024-10-05T15:30", 37800, 39600)
        self.check_change(ST_JOHNS, "2024-03-10T05:30", -12600, -9000)
        self.check_change(ST_JOHNS, "2024-11-03T04:30", -9000, -12600)

    def test_summer_time_may_lie_behind_standard_time(self) -> None:
        self.check_change(DUBLIN, "2024-03-31T01:00", 0, 3600)
        self.check_change(DUBLIN, "2024-10-27T01:00", 3600, 0)

    def test_new_year_lies_in_southern_summer(self) -> None:
        zone = Zone(SYDNEY)
        for year in range(2000, 2100):
            self.assertEqual(zone.offset(seconds_of(year, 1, 1)), 39600)
            self.assertEqual(zone.offset(seconds_of(year, 12, 31, 23, 59, 59)), 39600)
            self.assertEqual(zone.offset(seconds_of(year, 7, 1)), 36000)

    def test_a_zone_without_summer_time_never_changes(self) -> None:
        for text, offset in ((KOLKATA, 19800), ("UTC0", 0), ("CST-8", 28800), ("EST+5", -18000),
                             ("<-0330>3:30:30", -12630)):
            zone = Zone(text)
            self.assertEqual(zone.offset(0), offset)
            self.assertEqual(zone.next_change(0), FAR)

    def test_the_last_change_of_2099_is_followed_by_none(self) -> None:
        for text in (BERLIN, SYDNEY):
            last = seconds_of(2099, 12, 31, 23, 59, 59)
            self.assertTrue(Zone(text).next_change(last) > last)
            self.assertTrue(Zone(text).next_change(last + 400 * DAY_S) > last)

    def test_clocks_far_outside_the_calendar_have_an_offset(self) -> None:
        for text in (BERLIN, SYDNEY, KOLKATA):
            for utc in (-0x3FFFFFFF, 0x3FFFFFFF, 1 << 32):
                self.assertIn(Zone(text).offset(utc), (3600, 7200, 36000, 39600, 19800))
                self.assertTrue(Zone(text).next_change(utc) > utc)

    def test_bad_texts_are_refused_with_place_and_rule(self) -> None:
        for text, rest, rule in (
            ("", "", "a zone name of three letters or more is needed"),
            ("CE-1", "-1", "a zone name of three letters or more is needed"),
            ("CET", "", "a number from 0 to 24 is needed"),
            ("CET-25", "25", "a number from 0 to 24 is needed"),
            ("CET-24:30", "24:30", "an offset of at most 24 hours is needed"),
            ("CET-1:60", "60", "a number from 0 to 59 is needed"),
            ("<+0530-5:30", ":30", "'>' is needed"),
            ("CET-1 CEST", " CEST", "a zone name of three letters or more is needed"),
            ("CET-1CEST", "", "a number from 0 to 24 is needed"),
            ("CET-1CEST,", "", "a rule Mmonth.week.day is needed"),
            ("CET-1CEST,M3.5.0", "", "',' and a rule are needed"),
            ("CET-1CEST,J60,J300", "J60,J300", "a rule Mmonth.week.day is needed"),
            ("CET-1CEST,M13.5.0,M10.5.0", "13.5.0,M10.5.0", "a number from 1 to 12 is needed"),
            ("CET-1CEST,M3.6.0,M10.5.0", "6.0,M10.5.0", "a number from 1 to 5 is needed"),
            ("CET-1CEST,M3.5.7,M10.5.0", "7,M10.5.0", "a number from 0 to 6 is needed"),
            ("CET-1CEST,M3-5.0,M10.5.0", "-5.0,M10.5.0", "'.' is needed"),
            ("CET-1CEST,M3.5.0,M10.5.0/168", "168", "a number from 0 to 167 is needed"),
            ("CET-1CEST,M3.5.0,M10.5.0 ", " ", "nothing may follow the second rule"),
        ):
            try:
                Zone(text)
                self.fail("accepted: %r" % text)
            except ZoneError as e:
                self.assertEqual(str(e), "zone %r: at %r: %s" % (text, rest, rule))


class TestFirstInstant(unittest.TestCase):
    def check(self, text: str, day: str, utc: str) -> None:
        self.assertEqual(
            format_time(Zone(text).first_instant(parse_time(day) // DAY_S)), utc + ":00")

    def test_an_ordinary_day_begins_at_midnight(self) -> None:
        self.check(BERLIN, "2024-01-01", "2023-12-31T23:00")
        self.check(BERLIN, "2024-07-01", "2024-06-30T22:00")
        self.check(KOLKATA, "2024-07-01", "2024-06-30T18:30")

    def test_a_day_on_which_the_clocks_change_later_begins_at_midnight(self) -> None:
        self.check(BERLIN, "2024-03-31", "2024-03-30T23:00")
        self.check(BERLIN, "2024-10-27", "2024-10-26T22:00")
        self.check(HAVANA, "2024-11-03", "2024-11-03T04:00")

    def test_without_a_midnight_the_day_begins_with_the_change(self) -> None:
        self.check(SANTIAGO, "2024-09-08", "2024-09-08T04:00")
        self.check(HAVANA, "2024-03-10", "2024-03-10T05:00")

    def test_clocks_that_jump_to_or_over_midnight(self) -> None:
        # At 23:00 to 00:00, and at 23:30 to 00:30.
        self.check(NUUK, "2024-03-31", "2024-03-31T01:00")
        self.check(HALF_PAST, "2024-04-01", "2024-03-31T23:30")

    def test_with_two_midnights_the_second_begins_the_day(self) -> None:
        self.check(SANTIAGO, "2024-04-07", "2024-04-07T04:00")
        self.check(NUUK, "2024-10-27", "2024-10-27T02:00")
        self.check(HALF_PAST, "2024-10-27", "2024-10-27T00:00")

    def test_before_it_another_day_may_show_and_after_it_never(self) -> None:
        """Around every change: scanned in quarters of an hour, on which all changes fall."""
        for text in (BERLIN, SYDNEY, LORD_HOWE, DUBLIN, SANTIAGO, HAVANA, NUUK, HALF_PAST):
            zone = Zone(text)
            for year in (2000, 2024, 2098):
                for which in (0, 1):
                    middle = change(zone, year, which) // DAY_S
                    for day in (middle - 1, middle, middle + 1):
                        scan = (day - 1) * DAY_S
                        expected = scan
                        while scan < (day + 2) * DAY_S:
                            if (scan + zone.offset(scan)) // DAY_S < day:
                                expected = scan + 900
                            scan += 900
                        self.assertEqual(
                            zone.first_instant(day), expected, "%s day %d" % (text, day))


class TestNoTime(unittest.TestCase):
    def test_the_bounds_of_time(self) -> None:
        self.assertEqual(format_time(TIME_MIN), "2000-01-01T00:00:00")
        self.assertEqual(format_time(TIME_END), "2053-01-01T00:00:00")
        # Both inside a 31-bit small int, and fourteen years of seconds before the first time.
        self.assertTrue(-0x40000000 < NO_TIME < TIME_MIN - 14 * 365 * DAY_S)
        self.assertTrue(TIME_END < 0x3FFFFFFF)

    def test_a_second_that_is_no_time_is_not_shown_as_one(self) -> None:
        self.assertEqual(time_text(TIME_MIN), "2000-01-01T00:00:00")
        self.assertEqual(time_text(NO_TIME), "start+0s")
        self.assertEqual(time_text(NO_TIME + 86400), "start+86400s")

    def test_civil_fields_are_those_of_a_machine_s_clock(self) -> None:
        self.assertEqual(
            civil_of(seconds_of(2099, 2, 28, 23, 59, 58)), (2099, 2, 28, 5, 23, 59, 58, 0))


if __name__ == "__main__":
    unittest.main()
