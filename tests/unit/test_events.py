"""The event log: a ring that counts what it overwrites."""

import unittest

from joulegate.core import events
from joulegate.core.events import CAPACITY, EventLog, name_of, names


class TestEventLog(unittest.TestCase):
    def test_events_are_read_from_a_number_on(self) -> None:
        log = EventLog()
        log.add(events.STARTED, 100)
        log.add(events.LOW_CREDIT, 200, -5)
        log.add(events.MAINS_LOST, 300)
        self.assertEqual(list(log.since(1)), [
            (1, 200, "low_credit", -5), (2, 300, "mains_lost", 0)])
        self.assertEqual(list(log.since(3)), [])
        self.assertEqual(list(log.since(99)), [])
        self.assertEqual(len(list(log.since(-1))), 3)

    def test_an_overflow_keeps_the_latest_and_counts_the_rest(self) -> None:
        log = EventLog()
        for i in range(CAPACITY):
            log.add(events.SAG, i, i)
        self.assertEqual(log.discarded, 0)
        for i in range(CAPACITY, 3 * CAPACITY + 5):
            log.add(events.SAG, i, i)
        self.assertEqual((log.count, log.discarded), (3 * CAPACITY + 5, 2 * CAPACITY + 5))
        self.assertEqual(
            list(log.since(0)),
            [(i, i, "sag", i) for i in range(2 * CAPACITY + 5, 3 * CAPACITY + 5)])

    def test_large_values_are_kept_at_the_limit(self) -> None:
        log = EventLog()
        log.add(events.LOW_CREDIT, 0, 1 << 40)
        log.add(events.LOW_CREDIT, -1000, -(1 << 40))
        self.assertEqual([e[3] for e in log.since(0)], [0x3FFFFFFF, -0x3FFFFFFF])

    def test_every_code_has_one_name(self) -> None:
        codes = [getattr(events, name.upper()) for name in names()]
        self.assertEqual(codes, list(range(len(names()))))

    def test_a_name_is_found_by_its_code(self) -> None:
        found = names()
        self.assertEqual([name_of(code) for code in range(len(found))], found)
        for code in (len(found), len(found) + 1, 255):
            self.assertEqual(name_of(code), "event_%d" % code)


if __name__ == "__main__":
    unittest.main()
