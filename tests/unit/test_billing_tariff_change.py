"""A tariff takes over from another: when, and what is carried into it."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    amount,
    at,
    blocks,
    flat,
    opened,
    pico,
    rule,
    tariff,
    tax,
)

from joulegate.core.billing import (
    MONTH,
    NEVER,
    SETTLE_DAYS_MAX,
    TARIFF,
    WAITING,
    Billing,
    Listener,
)
from joulegate.core.civil import DAY_S, parse_time
from joulegate.core.tariff_document import TariffError

TIERED = {"tiers": rule("month"), "energy": {"*/*": blocks(("0.1", "1"), (None, "2"))}}
DEARER = {"tiers": rule("month"), "energy": {"*/*": blocks(("0.15", "10"), (None, "20"))}}


def fixed(per: str, text: str) -> dict:
    return {"name": per, "per": per, "amount": text}


def follow(billing: Billing, parts: dict, start: str, **more: object) -> None:
    billing.load_next(tariff(dict(parts, **more)), parse_time(start))


class BillingCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        self.assertEqual(pico(billing), amount(cost))
        self.assertEqual(billing.audit(), "")


class TestStart(BillingCase):
    def test_in_the_middle_of_a_day(self) -> None:
        b = opened({"fixed": [fixed("day", "0.1"), fixed("month", "1")]})
        follow(b, {"energy": {"*/*": flat("5")}, "fixed": [fixed("day", "0.5"),
                                                         fixed("month", "3")]},
               "2023-01-10T12:34")
        self.assertEqual(b.next_edge, parse_time("2023-01-02"))
        at(b, "2023-01-10T12:00")
        self.assertEqual(b.next_edge, parse_time("2023-01-10T12:34"))
        b.consume(100)
        self.check(b, "2.1")
        self.assertEqual(at(b, "2023-01-10T12:33:59") & TARIFF, 0)
        b.consume(100)
        self.assertEqual(at(b, "2023-01-10T12:34") & TARIFF, TARIFF)
        b.consume(100)
        self.check(b, "2.7")
        at(b, "2023-01-11")
        self.check(b, "3.2")
        at(b, "2023-02-01")
        self.check(b, "16.7")

    def test_at_midnight_the_day_is_charged_by_the_new_one(self) -> None:
        b = opened({"fixed": [fixed("day", "0.1")]})
        follow(b, {"fixed": [fixed("day", "0.5")]}, "2023-01-03")
        at(b, "2023-01-02")
        self.check(b, "0.2")
        at(b, "2023-01-03")
        self.check(b, "0.7")

    def test_at_midnight_of_the_first_the_month_is_charged_by_the_new_one(self) -> None:
        b = opened({"fixed": [fixed("month", "1")], "minimum": {"amount": "4", "per": "month"}},
                   "2022-12-31T16:00", "CST-8")
        follow(b, {"fixed": [fixed("month", "3")]}, "2023-01-31T16:00")
        self.assertEqual(at(b, "2023-01-31T16:00") & (MONTH | TARIFF), MONTH | TARIFF)
        self.check(b, "7")

    def test_after_an_absence_each_day_is_charged_by_its_own(self) -> None:
        b = opened({"fixed": [fixed("day", "0.1")]})
        follow(b, {"fixed": [fixed("day", "0.5")]}, "2023-01-05T12:00")
        at(b, "2023-01-10")
        self.check(b, "3")  # 5 days and 5 days

    def test_where_the_day_has_no_midnight(self) -> None:
        b = opened({"fixed": [fixed("day", "0.1")]}, "2024-09-07T04:00",
                   "<-04>4<-03>,M9.1.6/24,M4.1.6/24")
        follow(b, {"fixed": [fixed("day", "0.5")]}, "2024-09-08T04:00")
        at(b, "2024-09-08T04:00")
        self.check(b, "0.6")

    def test_a_start_in_the_past_is_the_next_look_at_the_clock(self) -> None:
        b = opened({}, "2023-01-10")
        follow(b, {"energy": {"*/*": flat("5")}}, "2023-01-01")
        self.assertTrue(b.next_edge <= parse_time("2023-01-10"))
        b.consume(100)
        self.assertEqual(at(b, "2023-01-10") & TARIFF, TARIFF)
        b.consume(100)
        self.check(b, "0.6")

    def test_a_start_may_be_put_off_and_replaced(self) -> None:
        b = opened({})
        follow(b, {"energy": {"*/*": flat("5")}}, "2023-01-02")
        follow(b, {"energy": {"*/*": flat("7")}}, "2023-01-03")
        at(b, "2023-01-02")
        b.consume(100)
        at(b, "2023-01-03")
        b.consume(100)
        self.check(b, "0.8")
        self.assertIsNone(b.next_tariff)
        self.assertEqual((b.next_start, b.next_digest), (NEVER, bytes(8)))

    def test_a_clock_that_is_not_believed_starts_no_tariff(self) -> None:
        b = opened(TIERED)
        follow(b, DEARER, "2023-06-01")
        now = parse_time("2023-01-01") + (SETTLE_DAYS_MAX + 200) * DAY_S
        b.advance(now)
        self.assertEqual(b.take_flags() & (WAITING | TARIFF), WAITING)
        self.assertEqual(b.next_edge, now + DAY_S)
        b.consume(100)
        self.check(b, "0.1")
        at(b, "2023-01-02")
        b.consume(100)
        self.check(b, "0.3")
        for month in range(2, 7):
            flags = at(b, "2023-%02d-01" % month)
        self.assertEqual(flags & TARIFF, TARIFF)

    def test_a_clock_set_back_does_not_bring_the_old_one_back(self) -> None:
        b = opened({"fixed": [fixed("day", "0.1")]})
        follow(b, {"fixed": [fixed("day", "0.5")]}, "2023-01-02")
        at(b, "2023-01-02")
        at(b, "2023-01-01")
        at(b, "2023-01-02")
        self.check(b, "0.6")


class TestCarry(BillingCase):
    def test_the_position_is_carried_and_the_limit_is_the_new_one(self) -> None:
        b = opened(TIERED)
        b.consume(120)
        self.check(b, "0.14")
        follow(b, DEARER, "2023-01-10")
        at(b, "2023-01-10")
        b.consume(40)  # 30 up to 150, 10 beyond
        self.check(b, "0.64")

    def test_periods_are_carried_by_name(self) -> None:
        old = {"periods": DAY_NIGHT, "tiers": rule("month", "this_period_only"),
               "energy": {"*/*": blocks(("0.1", "1"), (None, "2"))}}
        swapped = {"*/*": [{"from": "00:00", "to": "06:00", "period": "day"},
                           {"from": "06:00", "to": "20:00", "period": "peak"},
                           {"from": "20:00", "to": "24:00", "period": "night"}]}
        b = opened(old)
        b.consume(70)
        at(b, "2023-01-01T12:00")
        b.consume(90)
        follow(b, old, "2023-01-02", periods=swapped)
        at(b, "2023-01-02")
        names = b.tariff.document.periods
        self.assertEqual([b.positions[names.index(n)] for n in ("day", "peak", "night")],
                         [90, 0, 70])
        b.consume(20)
        self.check(b, "0.19")

    def test_the_total_is_carried_where_all_energy_counts(self) -> None:
        b = opened(dict(TIERED, periods=DAY_NIGHT))
        b.consume(40)
        at(b, "2023-01-01T12:00")
        b.consume(50)
        follow(b, TIERED, "2023-01-02")
        at(b, "2023-01-02")
        self.assertEqual(sum(b.positions), 90)
        b.consume(20)
        self.check(b, "0.12")

    def test_other_windows_and_other_counts_begin_again(self) -> None:
        for change in (rule("bimonth"), rule("month", "this_period_only"), rule("none")):
            b = opened(TIERED)
            b.consume(90)
            energy = {"*/*": flat("1")} if change["window"] == "none" else TIERED["energy"]
            follow(b, {"tiers": change, "energy": energy}, "2023-01-02")
            at(b, "2023-01-02")
            self.assertEqual(list(b.positions), [0] * len(b.positions))
            b.consume(90)
            self.check(b, "0.18")

    def test_whole_bands_begin_again(self) -> None:
        whole = {"tiers": rule("month", "all_energy", "whole"),
                 "energy": {"*/*": blocks(("0.1", "1"), (None, "2"))}}
        for old, new in ((whole, whole), (TIERED, whole), (whole, TIERED)):
            b = opened(old)
            b.consume(90)
            follow(b, new, "2023-01-02")
            at(b, "2023-01-02")
            b.consume(100)
            self.check(b, "0.19")

    def test_windows_of_a_tariff_that_begins_with_the_month(self) -> None:
        for window, first, inside, end in (
            ("bimonth", "2023-03-01", "2023-04-01", "2023-05-01"),
            ("calendar_year", "2024-01-01", "2024-02-01", "2025-01-01"),
        ):
            for mode in ("marginal", "whole"):
                parts = {"tiers": rule(window, "all_energy", mode),
                         "energy": {"*/*": blocks(("0.1", "1"), (None, "2"))}}
                b = opened(parts, "%d-%02d-15" % (
                    int(first[:4]) - (window != "bimonth"), 12 if window != "bimonth" else 2))
                follow(b, parts, first)
                at(b, first)
                b.consume(90)
                at(b, inside)
                self.assertEqual(sum(b.positions), 90, "%s %s" % (window, mode))
                b.consume(20)
                self.check(b, "0.12" if mode == "marginal" else "0.22")
                for month in range(3, 13):
                    if window != "bimonth":
                        at(b, "2024-%02d-01" % month)
                at(b, end)
                self.assertEqual(sum(b.positions), 0)

    def test_an_absence_over_a_change_of_tariff_and_of_month(self) -> None:
        """The seasons of the old tariff say nothing about the new one."""
        seasons = [{"id": str(i), "months": [i * 3 + 1, i * 3 + 2, i * 3 + 3]} for i in range(4)]
        b = opened({"seasons": seasons}, "2023-12-10")
        follow(b, {"tiers": rule("bimonth", "all_energy", "whole"),
                   "energy": {"*/*": blocks(("0.1", "1"), (None, "2"))}}, "2023-12-20")
        b.consume(50)
        at(b, "2024-02-09")
        b.consume(101)
        self.check(b, "0.252")


class TestCharges(BillingCase):
    def test_steps_and_the_minimum_know_the_month_s_earlier_part(self) -> None:
        old = {"fixed": [fixed("month", "1")], "minimum": {"amount": "50", "per": "month"}}
        new = {"energy": {"*/*": flat("2")}, "tax": tax("0.1"),
               "minimum": {"amount": "4", "per": "month"},
               "fixed": [{"name": "size", "per": "month",
                          "by_total_kWh": [["0.999", "0.25"], [None, "0.5"]]}]}
        # 1 + old energy, 2 * new energy and a step come to 4 at least, before tax; in 1e-3.
        for before, after, step in ((400, 599, 250), (400, 600, 500), (2000, 600, 500)):
            b = opened(old)
            b.consume(before)
            follow(b, new, "2023-01-20")
            at(b, "2023-01-20")
            self.assertEqual(b.earlier_counts, before)
            self.assertEqual(b.earlier_cost, (1000 + before) * 10 ** 5)
            b.consume(after)
            at(b, "2023-01-31")
            self.assertEqual(pico(b), (1000 + before) * 10 ** 9 + 2 * after * 11 * 10 ** 8)
            at(b, "2023-02-01")
            taxed = 2 * after + step
            taxed += max(0, 4000 - 1000 - before - taxed)
            self.assertEqual(pico(b), (1000 + before) * 10 ** 9 + taxed * 11 * 10 ** 8)
            self.assertEqual((b.earlier_counts, b.earlier_cost), (0, 0))
            self.assertEqual(b.audit(), "")

    def test_a_month_of_three_tariffs_adds_up(self) -> None:
        b = opened({})
        b.consume(1000)
        follow(b, {"energy": {"*/*": flat("2")}}, "2023-01-10")
        at(b, "2023-01-10")
        b.consume(1000)
        follow(b, {"minimum": {"amount": "7", "per": "month"}}, "2023-01-20")
        at(b, "2023-01-20")
        b.consume(1000)
        self.check(b, "4")
        at(b, "2023-02-01")
        self.check(b, "7")

    def test_the_statement_of_the_old_tariff_is_handed_out(self) -> None:
        class Keeper(Listener):
            def tariff_end(self, billing: Billing, statement: object) -> None:
                self.kept = (statement.tariff, statement.energy, statement.import_counts)

        b = opened({})
        b.listener = keeper = Keeper()
        old = b.tariff
        b.consume(250)
        follow(b, {}, "2023-01-02")
        at(b, "2023-01-02")
        self.assertIs(keeper.kept[0], old)
        self.assertEqual(keeper.kept[1:], (250, 250))


class TestRemainders(BillingCase):
    def test_a_thousand_changes_lose_less_than_a_unit(self) -> None:
        b = opened({"energy": {"*/*": flat("0.00007")}})
        fine = tariff({"energy": {"*/*": flat("0.00007001")}, "tax": tax("0.0003")})
        coarse = b.tariff
        now = parse_time("2023-01-01")
        exact = 0  # 1e-16 of the currency
        for i in range(1000):
            b.consume(i % 7)
            exact += i % 7 * (7001 * 10003 if i % 2 else 7000 * 10000) * 10
            now += 60
            b.load_next(coarse if i % 2 else fine, now)
            b.advance(now)
            account = b.account
            d = account.d1 * account.d2
            have = (account.charges * d + account.remainder) * 10 ** 11 // d
            self.assertTrue(0 <= exact - have <= 10 ** 11, "%d: %d" % (i, exact - have))
            self.assertEqual(b.audit(), "")

    def test_a_part_of_a_unit_is_carried_at_its_worth(self) -> None:
        b = opened({"energy": {"*/*": flat("0.005")}})
        b.consume(1)  # half a unit
        self.check(b, "0.000005")
        follow(b, {"energy": {"*/*": flat("0.00000001")}}, "2023-01-02")
        at(b, "2023-01-02")
        b.consume(1)
        self.check(b, "0.00000500001")
        self.assertEqual(b.account.charges, 0)


class TestRefusals(unittest.TestCase):
    def refuse(self, made: object, start: int, field: str, value: object, text: str) -> None:
        b = opened({})
        kept = (b.next_tariff, b.next_start, b.next_edge)
        try:
            b.load_next(made, start)
            self.fail("accepted")
        except TariffError as e:
            self.assertEqual((e.field, e.value), (field, value))
            self.assertIn(text, e.rule)
        self.assertEqual(kept, (b.next_tariff, b.next_start, b.next_edge))

    def test_another_currency(self) -> None:
        self.refuse(tariff({"currency": "USD"}), 0, "currency", "USD",
                    "must be the account's currency, EUR")

    def test_another_unit_or_another_meter(self) -> None:
        self.refuse(tariff({}, 1000, 4), 0, "unit", 4, "must be made for this meter")
        self.refuse(tariff({}, 2000, 5), 0, "unit", 5, "must be made for this meter")

    def test_a_start_beyond_the_clock(self) -> None:
        for start in (NEVER, 1 << 40, -NEVER - 1):
            self.refuse(tariff({}), start, "start", start, "must be within")


if __name__ == "__main__":
    unittest.main()
