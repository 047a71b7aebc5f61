"""The network's time in every spelling that modems have, and what is none."""

import unittest

from joulegate.core.civil import seconds_of
from joulegate.link.modem.network_clock import parse_time

TIME = seconds_of(2026, 3, 4, 5, 6, 7)


class TestNetworkClock(unittest.TestCase):

    def test_each_spelling(self):
        for text in ('"26/03/04,05:06:07+00"', '"26/03/04,05:06:07-00"', "26/03/04,05:06:07+00",
                     '"2026/03/04,05:06:07+00"', "2026/03/04,05:06:07GMT+00",
                     '"2026/03/04,05:06:07+00,0"', '2026/03/04,05:06:07+0,1',
                     ' "26/03/04,05:06:07"', '"26/03/04,05:06:07"', '"2026/03/04,05:06:07+00",1'):
            self.assertEqual(parse_time(text), TIME, text)

    def test_the_zone_is_in_quarters_of_an_hour(self):
        self.assertEqual(parse_time('"26/03/04,05:06:07+08"'), TIME - 7200)
        self.assertEqual(parse_time('"26/03/04,05:06:07-14"'), TIME + 12600)
        self.assertEqual(parse_time('"2026/03/04,05:06:07+22,1"'), TIME - 19800)

    def test_utc_has_no_zone_to_take_off(self):
        self.assertEqual(parse_time('"2026/03/04,05:06:07+32,0"', True), TIME)

    def test_failure_17_a_clock_that_nobody_has_set(self):
        for text in ('"80/01/06,00:00:12+00"', '"04/01/01,00:00:00+00"', '"70/01/01,00:00:00+00"',
                     '"1980/01/06,00:00:12+00"', '"2004/01/01,00:00:00+00,0"',
                     '"2023/12/31,23:59:59+00"', '"23/12/31,23:59:59+00"'):
            self.assertEqual(parse_time(text), None, text)
        self.assertEqual(parse_time('"24/01/01,00:00:00+00"'), seconds_of(2024, 1, 1))

    def test_what_is_no_time(self):
        for text in (None, "", '""', ",", "26/03/04", '"26/13/04,05:06:07+00"',
                     '"26/02/30,05:06:07+00"', '"26/03/04,24:06:07+00"', '"26/03/04,05:60:07+00"',
                     '"26/03/04,05:06+00"', '"26/03/04,05:06:07+x"', '"26/03/04,05:06:07+57"',
                     '"26-03-04,05:06:07+00"', '"26/03/04 05:06:07+00"', '"2/3/4,5:6:7+00"',
                     "x" * 100, '"26/03/04,05:06:07+"', '"+6/03/04,05:06:07+00"'):
            self.assertEqual(parse_time(text), None, text)


if __name__ == "__main__":
    unittest.main()
