"""Numbers of the meter's messages: stored before use, and never again."""

import unittest
from errno import EIO

from parts import error_text

from joulegate.core.message_state import MessageState
from joulegate.vending.leased_numbers import LEASE, NUMBER_MAX, LeasedNumbers, Leases


class Store:
    def __init__(self, leased=0):
        self.leased = leased
        self.calls = []
        self.fails = False

    def lease(self, end):
        if self.fails:
            raise OSError(EIO)
        self.calls.append(end)
        self.leased = end


class Ledger:
    error = None

    def __init__(self):
        self.commits = 0

    def commit(self):
        if self.error:
            raise self.error
        self.commits += 1


class Leased(unittest.TestCase):

    def test_one_lease_is_many_numbers(self):
        store = Store()
        numbers = LeasedNumbers(store)
        self.assertEqual([numbers.take() for _ in range(LEASE)], list(range(1, LEASE + 1)))
        self.assertEqual(store.calls, [LEASE])
        self.assertEqual(numbers.take(), LEASE + 1)
        self.assertEqual(store.calls, [LEASE, 2 * LEASE])

    def test_a_start_leaves_out_a_whole_lease(self):
        store = Store(512)
        numbers = LeasedNumbers(store)
        self.assertEqual(numbers.take(), 512 + LEASE + 1)
        self.assertEqual(store.leased, 512 + 2 * LEASE)

    def test_a_storage_gone_back_by_a_lease_repeats_nothing(self):
        store = Store()
        numbers = LeasedNumbers(store)
        used = {numbers.take() for _ in range(2 * LEASE)}
        store.leased = LEASE  # the commit before
        numbers = LeasedNumbers(store)
        self.assertFalse(used & {numbers.take() for _ in range(2 * LEASE)})

    def test_not_below_the_clock(self):
        self.assertEqual(LeasedNumbers(Store(512), 1000000).take(), 1000001)
        self.assertEqual(LeasedNumbers(Store(), -5).take(), 1)

    def test_what_cannot_be_stored_is_not_used(self):
        store = Store()
        numbers = LeasedNumbers(store)
        store.fails = True
        for _ in range(3):
            with self.assertRaises(OSError):
                numbers.take()
        store.fails = False
        self.assertEqual(numbers.take(), 1)

    def test_the_end(self):
        numbers = LeasedNumbers(Store(), NUMBER_MAX)
        self.assertTrue("all are used" in error_text(OSError, numbers.take))


class Kept(unittest.TestCase):

    def test_the_ledger_keeps_leases(self):
        state, ledger = MessageState(), Ledger()
        leases = Leases(state, ledger)
        leases.lease(256)
        self.assertEqual((leases.leased, state.leased, ledger.commits), (256, 256, 1))
        for error in (OSError(EIO), ValueError("out of range")):
            ledger.error = error
            with self.assertRaises(OSError):
                leases.lease(512)
            self.assertEqual(state.leased, 256)


if __name__ == "__main__":
    unittest.main()
