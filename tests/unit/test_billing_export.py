"""Export: credited at once, or only under the import of the same period and month."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    Random,
    amount,
    at,
    blocks,
    flat,
    opened,
    pico,
    rule,
    tax,
)

from joulegate.core.billing import Billing

NET = {"mode": "net_billing", "prices": {"*/*": "0.25"}}
CAPPED = {"mode": "net_billing_capped_per_period", "prices": {"*/*": "0.25"}}


class BillingCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        sign = -1 if cost[:1] == "-" else 1
        self.assertEqual(pico(billing), sign * amount(cost.lstrip("-")))
        self.assertEqual(billing.audit(), "")


class TestExport(BillingCase):
    def test_without_a_price_it_is_counted_and_not_credited(self) -> None:
        b = opened({})
        b.produce(1000)
        self.check(b, "0")
        self.assertEqual(b.exports[0], 1000)
        b.consume(1000)
        self.check(b, "1")

    def test_net_billing_credits_at_once_and_beyond_all_import(self) -> None:
        b = opened({"export": NET})
        b.consume(100)
        b.produce(1000)
        self.check(b, "-0.15")
        self.assertEqual(b.account.balance, 15000)
        at(b, "2023-02-01")
        self.check(b, "-0.15")

    def test_export_moves_no_tier(self) -> None:
        b = opened({"export": NET, "tiers": rule("month"),
                    "energy": {"*/*": blocks(("0.1", "1"), (None, "10"))}})
        b.consume(90)
        b.produce(1000)
        b.consume(20)
        self.check(b, "-0.05")

    def test_each_period_has_its_price(self) -> None:
        b = opened({"periods": DAY_NIGHT, "export": {
            "mode": "net_billing", "prices": {"*/night": "0.1", "*/day": "0.3"}}})
        b.produce(100)
        at(b, "2023-01-01T12:00")
        b.produce(100)
        self.check(b, "-0.04")

    def test_tax_on_export_is_given_back_where_the_tax_says(self) -> None:
        for applied, cost in (
            (("energy", "export"), "0.825"), (("energy",), "0.85"), (("export",), "0.725"),
            ((), "0.825"),
        ):
            b = opened({"export": NET, "tax": tax("0.1", *applied)})
            b.consume(1000)
            b.produce(1000)
            self.check(b, cost)

    def test_large_readings_go_in_pieces(self) -> None:
        b = opened({"export": {"mode": "net_billing", "prices": {"*/*": "0.12345678"}},
                    "tax": tax("0.01")})
        self.assertTrue(b.tariff.n_max < 65535)
        b.produce(65535)
        self.check(b, "-8.171647478073")


class TestCapped(BillingCase):
    def test_credit_stops_at_the_import(self) -> None:
        b = opened({"export": CAPPED})
        b.consume(100)
        b.produce(60)
        self.check(b, "0.085")
        b.produce(60)
        self.check(b, "0.075")
        b.produce(1)
        self.check(b, "0.075")

    def test_credit_follows_when_import_catches_up(self) -> None:
        b = opened({"export": CAPPED})
        b.produce(100)
        self.check(b, "0")
        b.consume(30)
        self.check(b, "0.0225")
        b.consume(200)
        self.check(b, "0.205")

    def test_each_period_has_its_own_cap(self) -> None:
        b = opened({"periods": DAY_NIGHT, "export": CAPPED,
                    "energy": {"*/*": flat("1")}})
        b.consume(100)
        at(b, "2023-01-01T12:00")
        b.produce(100)
        self.check(b, "0.1")
        b.consume(50)
        self.check(b, "0.1375")
        at(b, "2023-01-01T23:00")
        b.produce(20)
        self.check(b, "0.1325")
        at(b, "2023-01-02T12:00")
        b.consume(60)
        self.check(b, "0.18")

    def test_what_was_not_credited_lapses_with_the_month(self) -> None:
        b = opened({"export": CAPPED})
        b.produce(100)
        at(b, "2023-02-01")
        b.consume(100)
        self.check(b, "0.1")
        b.produce(100)
        self.check(b, "0.075")

    def test_tiers_of_the_import_share_one_cap(self) -> None:
        for mode, cost in (("marginal", "0.5625"), ("whole", "1.4625")):
            b = opened({"export": CAPPED, "tiers": rule("month", "all_energy", mode),
                        "energy": {"*/*": blocks(("0.1", "1"), (None, "10"))}})
            b.consume(90)
            b.produce(600)
            b.consume(60)
            self.check(b, cost)

    def test_a_later_look_at_the_clock_credits_nothing_again(self) -> None:
        b = opened({"export": CAPPED})
        b.produce(80)
        b.consume(100)
        for hour in range(1, 24):
            at(b, "2023-01-01T%02d:00" % hour)
        at(b, "2022-12-01")
        at(b, "2023-01-02")
        self.check(b, "0.08")
        b.produce(100)
        self.check(b, "0.075")

    def test_any_order_of_import_and_export_comes_to_the_same(self) -> None:
        random = Random(11)
        b = opened({"periods": DAY_NIGHT, "export": CAPPED, "energy": {"*/*": flat("0.4")}})
        used = [[0, 0], [0, 0]]
        for day in range(1, 29):
            for hour in (1, 12):
                at(b, "2023-01-%02dT%02d:00" % (day, hour))
                for _ in range(3):
                    n = random.below(300)
                    which = random.below(2)
                    used[b.period][which] += n
                    (b.consume, b.produce)[which](n)
                    exact = sum(40 * i - 25 * min(i, e) for i, e in used)  # 1e-5
                    self.assertEqual(pico(b), exact * 10 ** 7)
            self.assertEqual(b.audit(), "")


if __name__ == "__main__":
    unittest.main()
