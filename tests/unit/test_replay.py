"""The replay store: fifty marks, the lowest goes first."""

import unittest

from joulegate.core.replay import BASE_2014, BASE_LAST, MARKS, TID_MAX, Replay


class TestReplay(unittest.TestCase):
    def test_a_marked_purchase_is_used_and_no_other(self) -> None:
        replay = Replay()
        replay.mark(1000)
        self.assertTrue(replay.used(1000))
        self.assertFalse(replay.used(999))
        self.assertFalse(replay.used(1001))

    def test_purchases_may_come_in_any_order_while_there_is_room(self) -> None:
        replay = Replay()
        for tid in (500, 100, 900, 1, TID_MAX):
            self.assertFalse(replay.used(tid) or replay.old(tid))
            replay.mark(tid)
        for tid in (500, 100, 900, 1, TID_MAX):
            self.assertTrue(replay.used(tid))

    def test_nothing_is_old_until_the_store_is_full(self) -> None:
        replay = Replay()
        for tid in range(1000, 1000 + MARKS - 1):
            replay.mark(tid)
        self.assertFalse(replay.old(1))
        replay.mark(5000)
        self.assertTrue(replay.old(999))
        self.assertFalse(replay.old(1000))

    def test_a_forgotten_purchase_is_old_and_so_never_taken_again(self) -> None:
        replay = Replay()
        for tid in range(1, 3 * MARKS, 2):
            replay.mark(tid)
        for tid in range(1, 3 * MARKS, 2):
            self.assertTrue(replay.used(tid) or replay.old(tid))
        self.assertEqual(min(replay.marks), 2 * (3 * MARKS // 2 - MARKS) + 1)

    def test_a_late_purchase_between_the_marks_takes_the_place_of_the_lowest(self) -> None:
        replay = Replay()
        for tid in range(10, 10 * MARKS + 1, 10):
            replay.mark(tid)
        self.assertFalse(replay.used(15) or replay.old(15))
        replay.mark(15)
        self.assertTrue(replay.used(15))
        self.assertFalse(replay.used(10))
        self.assertTrue(replay.old(10))
        self.assertTrue(replay.used(20))

    def test_number_0_is_taken_for_used(self) -> None:
        self.assertTrue(Replay().used(0))

    def test_another_base_date_forgets_and_the_same_does_not(self) -> None:
        replay = Replay()
        replay.mark(1000)
        self.assertFalse(replay.use_base(BASE_2014))
        self.assertTrue(replay.used(1000))
        self.assertTrue(replay.use_base(BASE_LAST))
        self.assertFalse(replay.used(1000) or replay.old(1))
        self.assertEqual(replay.base, BASE_LAST)


if __name__ == "__main__":
    unittest.main()
