"""Supply: reasons, warnings on the way down, and what a constructor refuses."""

import unittest

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.supply import (
    ADMINISTRATOR,
    CREDIT,
    FAULT,
    OVERLOAD,
    WARNINGS_MAX,
    Supply,
    reason_names,
)


class TestDecide(unittest.TestCase):
    def test_supply_goes_off_at_the_cut_off_and_comes_back_above(self) -> None:
        supply = Supply(100)
        self.assertEqual([supply.decide(b) for b in (102, 101, 100, 99, -5, 100, 101, 102)],
                         [False, False, True, False, False, False, True, False])
        self.assertTrue(supply.allowed)

    def test_emergency_credit_is_a_cut_off_below_zero(self) -> None:
        supply = Supply(-500)
        self.assertFalse(supply.decide(-499))
        self.assertTrue(supply.decide(-500))
        self.assertFalse(supply.allowed)

    def test_credit_lifts_its_own_reason_only(self) -> None:
        supply = Supply()
        supply.forbid(ADMINISTRATOR)
        supply.decide(0)
        self.assertEqual(supply.reasons, ADMINISTRATOR | CREDIT)
        self.assertTrue(supply.decide(1))
        self.assertEqual(supply.reasons, ADMINISTRATOR)
        self.assertFalse(supply.allowed)
        supply.lift(ADMINISTRATOR)
        self.assertTrue(supply.allowed)

    def test_a_reason_is_lifted_once_whatever_the_number_of_times_it_came(self) -> None:
        supply = Supply()
        supply.forbid(FAULT)
        supply.forbid(FAULT)
        supply.lift(OVERLOAD)
        self.assertEqual(supply.reasons, FAULT)
        supply.lift(FAULT)
        supply.lift(FAULT)
        self.assertEqual(supply.reasons, 0)

    def test_reasons_have_names(self) -> None:
        self.assertEqual(reason_names(0), "none")
        self.assertEqual(reason_names(CREDIT | OVERLOAD | FAULT), "credit overload fault")


class TestWarn(unittest.TestCase):
    def test_each_level_warns_once_on_the_way_down(self) -> None:
        supply = Supply(0, (300, 200, 100))
        self.assertEqual(
            [supply.warn(b) for b in (301, 300, 299, 200, 150, 99, 50, 0, -7)],
            [False, True, False, True, False, True, False, False, False])

    def test_levels_passed_at_once_warn_once(self) -> None:
        supply = Supply(0, (300, 200, 100))
        self.assertTrue(supply.warn(50))
        self.assertFalse(supply.warn(40))
        self.assertEqual(supply.warned, 3)

    def test_a_purchase_arms_the_levels_that_it_passes(self) -> None:
        supply = Supply(0, (300, 200, 100))
        supply.warn(50)
        supply.arm(250)
        self.assertFalse(supply.warn(240))
        self.assertTrue(supply.warn(200))
        supply.arm(1000)
        self.assertTrue(supply.warn(300))

    def test_a_rise_without_a_purchase_arms_nothing(self) -> None:
        supply = Supply(0, (300, 200, 100))
        supply.warn(150)
        self.assertEqual([supply.warn(b) for b in (250, 400, 200, 150, 100)],
                         [False, False, False, False, True])

    def test_no_levels_no_warnings(self) -> None:
        supply = Supply()
        self.assertFalse(supply.warn(-1000))


class TestConstructor(unittest.TestCase):
    def check(self, rule: str, cut_off: int, warnings: tuple = ()) -> None:
        try:
            Supply(cut_off, warnings)
            self.fail("accepted %d %r" % (cut_off, warnings))
        except ValueError as e:
            self.assertIn(rule, str(e))

    def test_a_cut_off_has_bounds(self) -> None:
        for cut_off in (BALANCE_LIMIT + 1, -BALANCE_LIMIT - 1):
            self.check("cut_off %d: must be within +-%d units" % (cut_off, BALANCE_LIMIT), cut_off)
        self.assertEqual(Supply(-BALANCE_LIMIT).cut_off, -BALANCE_LIMIT)

    def test_warnings_fall_and_stay_above_the_cut_off(self) -> None:
        for cut_off, warnings in (
            (0, (100, 100)), (0, (100, 200)), (0, (100, 0)), (50, (100, 49)),
            (0, (BALANCE_LIMIT,)), (0, (1 << 40,)),
        ):
            self.check("warnings %r: must fall, and stay above the cut-off %d"
                       % (warnings, cut_off), cut_off, warnings)

    def test_warnings_are_few(self) -> None:
        levels = tuple(range(WARNINGS_MAX + 1, 0, -1))
        self.check("at most %d levels" % WARNINGS_MAX, 0, levels)
        self.assertEqual(len(Supply(0, levels[:-1]).warnings), WARNINGS_MAX)


if __name__ == "__main__":
    unittest.main()
