"""The month's statement: its amounts, worked out by hand."""

import unittest

from tariff_documents import DAY_NIGHT, SUMMER_WINTER, at, blocks, flat, opened, rule, tax

from joulegate.core.amounts import format_ratio
from joulegate.core.billing import Billing, Listener
from joulegate.core.statement import Statement

FULL = {
    "periods": DAY_NIGHT,
    "tiers": rule("month"),
    "energy": {"*/day": blocks(("1", "0.2"), (None, "0.3")), "*/night": flat("0.1")},
    "adders": [{"name": "levy", "price": "0.05"}, {"name": "fund", "price": "0.01"}],
    "fixed": [{"name": "meter", "per": "day", "amount": "0.25"},
              {"name": "line", "per": "month", "amount": "3"},
              {"name": "size", "per": "month", "by_total_kWh": [["1", "1"], [None, "2"]]}],
    "export": {"mode": "net_billing_capped_per_period",
               "prices": {"*/day": "0.08", "*/night": "0.04"}},
    "minimum": {"amount": "20", "per": "month"},
    "tax": tax("0.1", "energy", "fixed", "levy"),
}


def text(statement: Statement, name: str) -> str:
    return format_ratio(getattr(statement, name), statement.denominator, 6)


class TestStatement(unittest.TestCase):
    def setUp(self) -> None:
        b = self.billing = opened(FULL)
        b.consume(500)
        b.produce(700)
        at(b, "2023-01-01T12:00")
        b.consume(2000)
        b.produce(1000)
        at(b, "2023-01-10T12:00")

    def check(self, statement: Statement, **expected: str) -> None:
        for name in expected:
            self.assertEqual(text(statement, name), expected[name], name)

    def test_amounts_of_the_open_month(self) -> None:
        s = self.billing.statement()
        # 0.5 at 0.1; 0.5 of the day's 2 below 1 kWh at 0.2, 1.5 at 0.3.
        self.assertEqual(s.cells, {"all/night#1": 500, "all/day#1": 500, "all/day#2": 1500})
        self.assertEqual((s.import_counts, s.export_counts), (2500, 1700))
        self.check(s, energy="0.600000", adders="0.150000", fixed="5.500000",
                   export_credit="0.100000", before_tax="6.150000")
        # Tax on energy, fixed and levy, not on fund and export.
        self.assertEqual(format_ratio(s.tax, s.tax_denominator, 6), "0.622500")
        self.assertEqual(format_ratio(s.total, s.tax_denominator, 6), "6.772500")
        self.assertEqual(s.in_1e8(s.before_tax), 615000000)

    def test_the_end_adds_the_step_and_the_minimum(self) -> None:
        s = self.billing.statement(True)
        self.check(s, energy="0.600000", adders="0.150000", fixed="19.350000",
                   export_credit="0.100000", before_tax="20.000000")
        self.assertEqual(format_ratio(s.total, s.tax_denominator, 6), "22.007500")

    def test_a_statement_changes_nothing(self) -> None:
        b = self.billing
        before = (b.account.balance, b.account.remainder, list(b.cells), list(b.positions))
        b.statement()
        b.statement(True)
        self.assertEqual(
            before, (b.account.balance, b.account.remainder, list(b.cells), list(b.positions)))

    def test_the_fraction_is_the_total_in_the_account_s_parts(self) -> None:
        s = self.billing.statement()
        account = self.billing.account
        self.assertEqual(s.fraction, account.charges * account.d1 * account.d2
                         + account.remainder)
        self.assertEqual(s.fraction, 677250 * account.d1 * account.d2)

    def test_the_month_that_ended_is_handed_out_with_its_season(self) -> None:
        class Keeper(Listener):
            def month_end(self, billing: Billing, statement: Statement) -> None:
                self.kept = statement

        b = opened({"seasons": SUMMER_WINTER,
                    "energy": {"winter/*": flat("1"), "summer/*": flat("3")}}, "2023-03-31")
        b.listener = keeper = Keeper()
        b.consume(1500)
        at(b, "2023-04-01")
        self.assertEqual(keeper.kept.cells, {"winter/all#1": 1500})
        self.assertEqual(keeper.kept.month, 2023 * 12 + 2)
        self.check(keeper.kept, energy="1.500000")
        b.consume(500)
        self.check(b.statement(), energy="1.500000")
        self.assertEqual(b.statement().cells, {"summer/all#1": 500})

    def test_an_empty_month_costs_nothing(self) -> None:
        s = opened({}).statement(True)
        self.assertEqual((s.total, s.cells, s.fraction), (0, {}, 0))

    def test_negative_amounts_are_rounded_down(self) -> None:
        b = opened({"export": {"mode": "net_billing", "prices": {"*/*": "0.00000001"}}})
        b.produce(1)
        s = b.statement()
        self.assertEqual(s.in_1e8(s.before_tax), -1)
        self.assertEqual(s.fraction, -1)


class TestWholeBand(unittest.TestCase):
    def test_the_second_month_carries_the_difference_of_the_first(self) -> None:
        b = opened({"tiers": rule("bimonth", "all_energy", "whole"),
                    "energy": {"*/*": blocks(("1", "0.1"), (None, "0.3"))}})
        b.consume(800)
        at(b, "2023-02-01")
        self.assertEqual(text(b.statement(), "energy"), "0.000000")
        b.consume(201)
        s = b.statement()
        self.assertEqual(s.cells, {"all/all#2": 201})
        # 0.201 at 0.3, and 0.2 more on each of January's 0.8.
        self.assertEqual(text(s, "energy"), "0.220300")
        self.assertEqual(b.audit(), "")


if __name__ == "__main__":
    unittest.main()
