"""What is done about a modem that fails: ever more, ever later, and only so often a day."""

import unittest

from fake_modem_uart import FakeTiming, run

from joulegate.link.modem.family import Family
from joulegate.link.modem.ladder import (
    CONTEXT,
    HARD_RESET,
    NAMES,
    RADIO,
    RADIO_A_DAY,
    REOPEN,
    RESETS_A_DAY,
    SOFT_RESET,
    SUPPLY,
    Ladder,
)
from joulegate.link.modem.power_lines import PowerLines


class Case(unittest.TestCase):

    def setUp(self):
        self.second = 1000
        self.ladder = self.made(True, True)

    def made(self, hard, supply):
        return Ladder(lambda: self.second, hard, supply)


class TestLadder(Case):

    def test_each_step_after_the_one_before(self):
        self.assertEqual([self.ladder.failed() for _ in range(8)], [
            REOPEN, CONTEXT, RADIO, SOFT_RESET, HARD_RESET, SUPPLY, SUPPLY, SUPPLY])

    def test_no_step_there_is_no_line_for(self):
        self.assertEqual([self.made(False, False).failed(HARD_RESET) for _ in range(2)],
                         [SOFT_RESET] * 2)
        ladder = self.made(True, False)
        self.assertEqual([ladder.failed() for _ in range(6)][-2:], [HARD_RESET] * 2)
        ladder = self.made(False, True)
        self.assertEqual([ladder.failed() for _ in range(5)][-1], SUPPLY)

    def test_steps_known_to_be_of_no_use_are_left_out(self):
        self.assertEqual(self.ladder.failed(HARD_RESET), HARD_RESET)
        self.assertEqual(self.ladder.failed(), SUPPLY)
        self.assertEqual(self.ladder.failed(REOPEN, REOPEN), REOPEN)
        ladder = self.made(True, True)
        self.assertEqual([ladder.failed(REOPEN, REOPEN) for _ in range(3)], [REOPEN] * 3)

    def test_back_off(self):
        waits = []
        for _ in range(7):
            self.ladder.failed()
            waits.append(self.ladder.wait_s)
        self.assertEqual(waits, [10, 30, 120, 600, 3600, 3600, 3600])
        self.second += 3599
        self.assertEqual(self.ladder.wait_s, 1)
        self.second += 500
        self.assertEqual(self.ladder.wait_s, 0)

    def test_success_begins_anew(self):
        for _ in range(5):
            self.ladder.failed()
        self.ladder.succeeded()
        self.assertEqual(self.ladder.failures, 0)
        self.assertEqual(self.ladder.failed(), REOPEN)
        self.assertEqual(self.ladder.wait_s, 10)

    def test_failure_18_caps_by_day(self):
        allowed = [self.ladder.may(RADIO) for _ in range(30)]
        self.assertEqual(allowed.count(True), RADIO_A_DAY)
        allowed = [self.ladder.may(step) for step in (SOFT_RESET, HARD_RESET, SUPPLY) * 10]
        self.assertEqual(allowed.count(True), RESETS_A_DAY)
        self.assertTrue(RADIO_A_DAY + RESETS_A_DAY <= 30)
        self.assertTrue(self.ladder.may(CONTEXT))
        self.second += 86400
        self.assertTrue(self.ladder.may(RADIO) and self.ladder.may(SUPPLY))

    def test_a_day_of_failures_is_within_the_caps(self):
        taken = []
        end = self.second + 86400
        while self.second < end:
            step = self.ladder.failed()
            self.second += self.ladder.wait_s + 60
            if self.ladder.may(step):
                taken.append(NAMES[step])
        self.assertTrue(len([name for name in taken if "res" in name or "sup" in name]) <= 24)
        self.assertTrue(len(taken) < 40)


class Line:
    def __init__(self, name, diary, timing):
        self.name = name
        self.diary = diary
        self.timing = timing

    def value(self, level):
        self.diary.append((self.timing.now, self.name, level))


class TestPowerLines(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.diary = []

    def lines(self, *names):
        made = {name: Line(name, self.diary, self.timing) for name in names}
        return PowerLines(self.timing, hold_tx=lambda low: self.diary.append(
            (self.timing.now, "tx", low)), **made)

    def names(self):
        return [entry[1:] for entry in self.diary]

    def test_start(self):
        run(self.lines("pwrkey", "reset", "supply").start(Family()))
        self.assertEqual(self.diary, [
            (0, "supply", 1), (0, "tx", False), (2000, "pwrkey", 1), (4000, "pwrkey", 0)])

    def test_tx_is_low_before_the_supply_is_cut(self):
        run(self.lines("pwrkey", "supply").cut(Family()))
        self.assertEqual(self.diary[:4], [
            (0, "tx", True), (0, "supply", 0), (8000, "supply", 1), (8000, "tx", False)])

    def test_reset_by_its_line_or_by_the_key(self):
        run(self.lines("pwrkey", "reset").reset(Family()))
        self.assertEqual(self.diary, [(0, "reset", 1), (300, "reset", 0)])
        self.diary.clear()
        run(self.lines("pwrkey").reset(Family()))
        self.assertEqual(self.names(), [("pwrkey", 1), ("pwrkey", 0)] * 2)
        self.diary.clear()
        lines = self.lines()
        run(lines.reset(Family()))
        self.assertEqual(self.diary, [])
        self.assertEqual((lines.can_start, lines.can_reset, lines.can_cut), (False,) * 3)


if __name__ == "__main__":
    unittest.main()
