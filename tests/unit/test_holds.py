"""How long the link holds others up, by what, and messages that are taken in steps."""

import asyncio
import unittest

from link_rig import Answer
from parts import FakeClock

from joulegate.link.holds import LONG_MS, RECEIPT, Holds, take
from joulegate.vending.steps import DEED, Work


class Uplink:
    def __init__(self, clock, error=None):
        self.clock = clock
        self.error = error
        self.receipts = []

    def receipt(self, message):
        if message is not None:
            self.clock.pass_ms(150)
            if self.error is not None:
                raise self.error
        self.receipts.append(message)


class Case(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.holds = Holds(self.clock)
        self.uplink = Uplink(self.clock)
        self.turns = 0

    def work(self, error=None):
        def steps():
            self.clock.pass_ms(12)
            yield ""
            self.clock.pass_ms(21)
            yield ""
            self.clock.pass_ms(90)
            yield DEED
            if error is not None:
                raise error
            self.clock.pass_ms(3)
            return Answer(b"receipt")
        return Work(steps())

    def take(self, work, sleep_ms=None):
        asyncio.run(take(work, self.uplink, self.holds, self.clock, sleep_ms or self.sleep_ms))

    async def sleep_ms(self, ms):
        # What others do is not held against the link.
        assert ms == 0
        self.turns += 1
        self.clock.pass_ms(500)

    def test_each_step_by_its_name(self):
        self.take(self.work())
        self.assertEqual((self.holds.longest_ms, self.holds.long), (21, 1))
        self.assertEqual(self.holds.rows(), [[DEED, 1, 90], [RECEIPT, 1, 150]])
        self.assertEqual((self.uplink.receipts, self.turns), ([b"receipt"], 4))
        self.take(self.work())
        self.assertEqual(self.holds.rows(), [[DEED, 2, 90], [RECEIPT, 2, 150]])

    def test_short_ones_are_not_counted(self):
        began = self.clock.ticks_ms()
        self.clock.pass_ms(LONG_MS)
        self.holds.note(began)
        self.holds.note(began, DEED)
        self.assertEqual((self.holds.longest_ms, self.holds.long), (LONG_MS, 0))
        self.assertEqual(self.holds.rows(), [[DEED, 0, LONG_MS]])

    def test_failure_gives_the_number_of_the_receipt_back(self):
        with self.assertRaises(MemoryError):
            self.take(self.work(MemoryError("none left")))
        self.assertEqual(self.uplink.receipts, [None])

    def test_receipt_that_cannot_be_stored(self):
        self.uplink.error = OSError(28)
        with self.assertRaises(OSError):
            self.take(self.work())
        self.assertEqual(self.uplink.receipts, [None])

    def test_cancelled_between_two_steps(self):
        work = self.work()

        async def sleep_ms(_):
            raise asyncio.CancelledError

        with self.assertRaises(asyncio.CancelledError):
            self.take(work, sleep_ms)
        self.assertTrue(work.done)
        self.assertEqual(self.uplink.receipts, [None])

    def test_ended_by_another(self):
        work = self.work()

        async def sleep_ms(_):
            work.finish()

        self.take(work, sleep_ms)
        self.assertEqual(self.uplink.receipts, [b"receipt"])


if __name__ == "__main__":
    unittest.main()
