"""The account against exact sums in one big integer."""

import unittest

from tariff_documents import Random

from joulegate.core.account import BALANCE_LIMIT, Account, AccountError


def exact(account: Account) -> int:
    """Return all charges in 1/(d1 * d2) of a unit."""
    return account.charges * account.d1 * account.d2 + account.remainder


def error_of(function: object, *arguments: object) -> str:
    try:
        function(*arguments)
    except AccountError as e:
        return str(e)
    return "accepted"


class TestDebit(unittest.TestCase):
    def test_the_sum_is_exact_at_every_step(self) -> None:
        random = Random(1)
        for d1, d2 in ((1000, 1), (1000, 10 ** 6), (32000, 1), (32000, 10 ** 4), (131072, 7)):
            account = Account()
            account.use_denominator(d1, d2)
            total = 0
            for _ in range(2000):
                n = random.below(500) - 100
                q, r1, r2 = random.below(50), random.below(d1), random.below(d2)
                account.debit(n, q, r1, r2)
                total += n * ((q * d1 + r1) * d2 + r2)
                if exact(account) != total or account.balance != -(total // (d1 * d2)):
                    self.fail("d1 %d d2 %d: %d, not %d" % (d1, d2, exact(account), total))
                if not (0 <= account.rem1 < d1 and 0 <= account.rem2 < d2):
                    self.fail("remainder %d, %d" % (account.rem1, account.rem2))

    def test_a_debit_and_its_return_leave_nothing(self) -> None:
        account = Account()
        account.use_denominator(1000, 100)
        account.debit(17, 3, 999, 99)
        account.debit(-17, 3, 999, 99)
        self.assertEqual(
            (account.balance, account.charges, account.remainder), (0, 0, 0))

    def test_the_balance_is_rounded_against_the_customer_never_by_a_unit(self) -> None:
        account = Account()
        account.use_denominator(1000, 1)
        account.debit(1, 0, 999, 0)
        self.assertEqual((account.balance, account.remainder), (0, 999))
        account.debit(1, 0, 1, 0)
        self.assertEqual((account.balance, account.remainder), (-1, 0))
        account.debit(-1, 0, 1, 0)
        self.assertEqual((account.balance, account.remainder), (0, 999))

    def test_totals_pass_the_limbs_both_ways(self) -> None:
        account = Account()
        for _ in range(20):
            account.debit(99999, 5000, 0, 0)
        self.assertEqual(account.charges, 20 * 499995000)
        self.assertTrue(0 <= account.charges_low < 1 << 29)
        for _ in range(25):
            account.debit(-99999, 5000, 0, 0)
        self.assertEqual(account.charges, -5 * 499995000)
        self.assertEqual(account.balance, 5 * 499995000)
        self.assertTrue(0 <= account.charges_low < 1 << 29)

    def test_amounts_of_any_size_join_the_same_remainder(self) -> None:
        random = Random(2)
        account = Account()
        account.use_denominator(32000, 1000)
        total = 0
        for i in range(500):
            amount = random.below(1 << 30) * random.below(1 << 20) * (-1 if i % 3 == 0 else 1)
            account.debit_fraction(amount)
            account.debit(1, 2, 3, 4)
            total += amount + (2 * 32000 + 3) * 1000 + 4
            self.assertEqual(exact(account), total)
            self.assertEqual(account.balance, -(total // 32000000))


class TestCredit(unittest.TestCase):
    def test_credits_add_up_beyond_a_limb(self) -> None:
        account = Account()
        for _ in range(3):
            account.credit(BALANCE_LIMIT)
            account.debit(BALANCE_LIMIT, 1, 0, 0)
        self.assertEqual(account.credits, 3 * BALANCE_LIMIT)
        self.assertEqual(account.balance, account.credits - account.charges)

    def test_the_maximum_is_reached_and_not_passed(self) -> None:
        account = Account(1000)
        account.credit(999)
        self.assertEqual(
            error_of(account.credit, 2), "credit 2: balance 999 would pass the maximum 1000")
        account.credit(1)
        self.assertEqual((account.balance, account.credits), (1000, 1000))

    def test_a_debt_makes_room_for_more_than_the_maximum(self) -> None:
        account = Account(1000)
        account.debit(500, 1, 0, 0)
        account.credit(1500)
        self.assertEqual(account.balance, 1000)

    def test_credits_of_no_use_are_refused_and_change_nothing(self) -> None:
        account = Account()
        for units in (0, -1, -BALANCE_LIMIT, BALANCE_LIMIT + 1):
            self.assertEqual(
                error_of(account.credit, units),
                "credit %d: must be 1 to %d units" % (units, BALANCE_LIMIT))
        self.assertEqual((account.balance, account.credits), (0, 0))

    def test_a_maximum_has_bounds(self) -> None:
        for maximum in (0, -1, BALANCE_LIMIT + 1):
            self.assertEqual(
                error_of(Account, maximum),
                "maximum %d: must be 1 to %d units" % (maximum, BALANCE_LIMIT))


class TestDenominator(unittest.TestCase):
    def test_the_remainder_keeps_its_value(self) -> None:
        account = Account()
        account.use_denominator(1000, 10)
        account.debit_fraction(12345)
        account.use_denominator(1000, 10000)
        self.assertEqual((account.charges, account.remainder), (1, 2345000))
        account.use_denominator(1000, 1)
        self.assertEqual((account.charges, account.remainder), (1, 234))

    def test_a_thousand_changes_lose_less_than_a_unit(self) -> None:
        random = Random(3)
        account = Account()
        account.use_denominator(1000, 1)
        total = 0  # in 1e-10 of a unit
        for i in range(1000):
            d2 = 10 ** random.below(8)
            account.use_denominator(1000, d2)
            amount = random.below(1 << 29)
            account.debit_fraction(amount)
            total += amount * 10 ** 7 // d2
            lost = total - (account.charges * 1000 * d2 + account.remainder) * 10 ** 7 // d2
            self.assertTrue(0 <= lost <= 10 ** 10, "change %d lost %d" % (i, lost))


if __name__ == "__main__":
    unittest.main()
