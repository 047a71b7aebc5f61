# heapsize: 224wK
"""A write that fails takes nothing with it of what was stored before."""

import unittest

from parts import NOON, event_names, new_state, new_switch, provisioned, tariff
from scratch import scratch_folder

from joulegate.storage.journal import ENTRIES, Journal

DAY = 86400


class FailedWrites(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("failed-writes")

    def failing(self, part, action):
        """Do an action while the file of a part, which has a `path`, is not to be found."""
        path = part.path
        part.path = path + ".none"
        with self.assertRaises(OSError):
            action()
        part.path = path

    def test_a_storm_of_failed_appends_overwrites_no_newer_purchase(self):
        journal = Journal(self.folder + "/purchases.bin")
        journal.create()

        def append(n):
            journal.append(n, NOON, 1, n, 100, 100 * n, 100 * n)

        for n in range(1, ENTRIES + 1):
            append(n)
        for _ in range(ENTRIES - 1):
            self.failing(journal, lambda: append(ENTRIES + 1))
        append(ENTRIES + 1)
        found = [entry.sequence for entry in Journal(journal.path).load()]
        self.assertEqual(found, list(range(2, ENTRIES + 2)))

    def test_the_tariff_to_follow_outlives_one_that_could_not_be_committed(self):
        state = provisioned(self.folder)
        first = state.load_tariff(tariff("first", price="0.2"), NOON + 2 * DAY)
        self.failing(
            state.ledger.hot, lambda: state.load_tariff(tariff("second"), NOON + DAY))
        self.assertEqual(state.billing.next_digest, first.digest)
        again = new_state(self.folder)
        again.load(new_switch(), NOON)
        self.assertEqual(again.billing.next_digest, first.digest)
        self.assertEqual(again.billing.next_start, NOON + 2 * DAY)
        self.assertEqual(event_names(again.log), [])


if __name__ == "__main__":
    unittest.main()
