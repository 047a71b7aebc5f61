"""Billing and the clock: price edges, days, months, and clocks that are wrong."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    amount,
    at,
    blocks,
    flat,
    opened,
    pico,
    rule,
    tax,
)

from joulegate.core.billing import DAY, MONTH, PRICE, SETTLE_DAYS_MAX, WAITING, Billing, Listener
from joulegate.core.civil import DAY_S, date_of, format_time, parse_time

DAILY = {"name": "meter", "per": "day", "amount": "0.3"}
MONTHLY = {"name": "line", "per": "month", "amount": "5"}
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
SANTIAGO = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"


def period_of(billing: Billing) -> str:
    return billing.tariff.document.periods[billing.period]


class Diary(Listener):
    """Notes what ends, and what had been charged by then."""

    def __init__(self) -> None:
        self.days = []
        self.months = []

    def day_end(self, billing: Billing, day: int) -> None:
        self.days.append((date_of(day), pico(billing)))

    def month_end(self, billing: Billing, statement: object) -> None:
        self.months.append((statement.month % 12 + 1, statement.total, statement.fixed))


class BillingCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        self.assertEqual(pico(billing), amount(cost))
        self.assertEqual(billing.audit(), "")


class TestPriceEdges(BillingCase):
    def edges(self, billing: Billing, number: int) -> list:
        """Follow next_edge; return (UTC time, period) at each."""
        found = []
        for _ in range(number):
            now = billing.next_edge
            billing.advance(now - 1)
            before = period_of(billing)
            self.assertEqual(billing.next_edge, now)
            billing.advance(now)
            found.append((format_time(now)[5:16], before, period_of(billing)))
        return found

    def test_prices_change_at_half_hours(self) -> None:
        b = opened({"periods": DAY_NIGHT})
        self.assertEqual(self.edges(b, 4), [
            ("01-01T06:30", "night", "day"), ("01-01T22:00", "day", "night"),
            ("01-02T00:00", "night", "night"), ("01-02T06:30", "night", "day")])

    def test_prices_follow_local_time_at_half_hour_offsets(self) -> None:
        b = opened({"periods": DAY_NIGHT}, "2022-12-31T18:30", "<+0530>-5:30")
        self.assertEqual(b.day, parse_time("2023-01-01") // DAY_S)
        self.assertEqual(self.edges(b, 3), [
            ("01-01T01:00", "night", "day"), ("01-01T16:30", "day", "night"),
            ("01-01T18:30", "night", "night")])

    def test_a_reading_belongs_to_the_price_before_the_edge(self) -> None:
        b = opened({"periods": DAY_NIGHT, "energy": {"*/night": flat("1"), "*/day": flat("10")}})
        b.consume(100)
        at(b, "2023-01-01T06:29:59")
        b.consume(100)
        self.check(b, "0.2")
        self.assertEqual(at(b, "2023-01-01T06:30"), PRICE)
        b.consume(100)
        self.check(b, "1.2")

    def test_clocks_going_forward_skip_the_night_price(self) -> None:
        spans = [{"from": "00:00", "to": "02:00", "period": "a"},
                 {"from": "02:00", "to": "03:00", "period": "b"},
                 {"from": "03:00", "to": "24:00", "period": "c"}]
        b = opened({"periods": {"*/*": spans}}, "2024-03-30T23:00", BERLIN)
        # The lost hour takes period b with it.
        self.assertEqual(self.edges(b, 2), [
            ("03-31T01:00", "a", "c"), ("03-31T22:00", "c", "a")])

    def test_clocks_going_back_repeat_a_price_and_no_day(self) -> None:
        spans = [{"from": "00:00", "to": "02:30", "period": "a"},
                 {"from": "02:30", "to": "24:00", "period": "b"}]
        b = opened({"periods": {"*/*": spans}, "fixed": [DAILY]}, "2024-10-26T22:00", BERLIN)
        self.assertEqual(self.edges(b, 4), [
            ("10-27T00:30", "a", "b"), ("10-27T01:00", "b", "a"), ("10-27T01:30", "a", "b"),
            ("10-27T23:00", "b", "a")])
        self.check(b, "0.6")

    def test_a_day_without_midnight_and_a_day_with_two_are_charged_once(self) -> None:
        for begin, end in (("2024-09-07T05:00", "2024-09-09T03:00"),
                           ("2024-04-06T05:00", "2024-04-08T04:00")):
            b = opened({"fixed": [DAILY]}, begin, SANTIAGO)
            now = parse_time(begin)
            while now < parse_time(end) - 900:
                now += 900
                b.advance(now)
            self.check(b, "0.6")
            b.advance(now + 900)
            self.check(b, "0.9")

    def test_special_days_have_their_own_schedule(self) -> None:
        feast = [{"from": "00:00", "to": "24:00", "period": "night"}]
        parts = {
            "special_days": [{"date": "12-25", "day_type": "feast"},
                             {"date": "2024-12-25", "day_type": "any"}],
            "periods": {"*/any": DAY_NIGHT["*/*"], "*/feast": feast}}
        b = opened(parts, "2023-12-25T12:00")
        self.assertEqual(period_of(b), "night")
        at(b, "2023-12-26T12:00")
        self.assertEqual(period_of(b), "day")
        self.assertEqual(period_of(opened(parts, "2024-12-25T12:00")), "day")

    def test_seasons_change_with_the_month(self) -> None:
        b = opened({"seasons": SUMMER_WINTER,
                    "energy": {"winter/*": flat("1"), "summer/*": flat("10")}}, "2023-03-31")
        b.consume(100)
        at(b, "2023-04-01")
        b.consume(100)
        self.check(b, "1.1")


class TestOpening(BillingCase):
    def test_the_day_and_the_month_are_charged_at_once(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY]}, "2023-01-20T15:00")
        self.check(b, "5.3")
        self.assertEqual((b.days_charged, b.months_charged), (1, 1))

    def test_an_account_opens_once_and_before_anything_else(self) -> None:
        b = opened({})
        with self.assertRaises(ValueError):
            b.open(parse_time("2023-01-02"))
        b.opened = 0
        with self.assertRaises(ValueError):
            b.advance(parse_time("2023-01-02"))


class TestCharges(BillingCase):
    def test_days_are_charged_at_local_midnight(self) -> None:
        b = opened({"fixed": [DAILY]}, "2023-01-20T15:00", "CST-8")
        b.take_flags()
        self.assertEqual(at(b, "2023-01-20T15:59:59"), PRICE)
        self.check(b, "0.3")
        self.assertEqual(at(b, "2023-01-20T16:00"), PRICE | DAY)
        self.check(b, "0.6")
        at(b, "2023-01-21T16:00")
        self.check(b, "0.9")

    def test_months_are_charged_on_the_first(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY]}, "2023-01-31")
        self.assertEqual(at(b, "2023-02-01"), PRICE | DAY | MONTH)
        self.check(b, "10.6")
        self.assertEqual((b.days_charged, b.months_charged), (1, 1))
        at(b, "2023-02-28T23:59:59")
        self.check(b, "18.7")
        at(b, "2023-03-01")
        self.check(b, "24")

    def test_charges_are_taxed_where_the_tax_says(self) -> None:
        for applied, cost in ((("fixed",), "0.33"), (("energy",), "0.3"), ((), "0.33")):
            self.check(opened({"fixed": [DAILY], "tax": tax("0.1", *applied)}), cost)

    def test_a_day_ends_before_the_next_is_charged(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY], "minimum": {"amount": "9", "per": "month"}},
                   "2023-01-30")
        b.listener = diary = Diary()
        b.consume(1000)
        at(b, "2023-02-02")
        self.assertEqual(diary.days, [
            ((2023, 1, 30), amount("6.3")), ((2023, 1, 31), amount("6.6")),
            ((2023, 2, 1), amount("14.3"))])
        self.assertEqual([m[0] for m in diary.months], [1])
        # 1 of energy, 5.6 of charges and 2.4 up to the minimum, over 1000 counts and one place.
        self.assertEqual(diary.months[0], (1, 9 * 10000, 8 * 10000))
        self.check(b, "14.6")

    def test_steps_by_the_month_s_energy_are_charged_at_its_end(self) -> None:
        steps = {"name": "size", "per": "month",
                 "by_total_kWh": [["0.1", "1"], ["0.2", "2.5"], [None, "7"]]}
        for used, cost in ((0, "1"), (100, "1.1"), (101, "2.601"), (200, "2.7"), (201, "7.201")):
            b = opened({"fixed": [steps]})
            b.consume(used)
            at(b, "2023-01-31T23:59:59")
            self.assertEqual(pico(b), used * 10 ** 9)
            at(b, "2023-02-01")
            self.check(b, cost)

    def test_the_minimum_fills_up_what_the_month_has_cost_before_tax(self) -> None:
        parts = {"fixed": [MONTHLY], "minimum": {"amount": "8", "per": "month"},
                 "adders": [{"name": "a", "price": "0.5"}], "tax": tax("0.1")}
        for used, before, after in ((0, "5.5", "8.8"), (1000, "7.15", "8.8"),
                                    (2000, "8.8", "8.8"), (2001, "8.80165", "8.80165")):
            b = opened(parts)
            b.consume(used)
            at(b, "2023-01-31")
            self.check(b, before)
            at(b, "2023-02-01")
            self.assertEqual(pico(b), amount(after) + amount("5.5"))
            self.assertEqual(b.audit(), "")

    def test_the_top_up_is_taxed_like_a_fixed_charge(self) -> None:
        b = opened({"minimum": {"amount": "8", "per": "month"}, "tax": tax("0.1", "energy")})
        b.consume(1000)
        at(b, "2023-02-01")
        self.check(b, "8.1")

    def test_export_lowers_what_the_minimum_compares(self) -> None:
        b = opened({"minimum": {"amount": "8", "per": "month"},
                    "export": {"mode": "net_billing", "prices": {"*/*": "0.5"}}})
        b.consume(9000)
        b.produce(4000)
        self.check(b, "7")
        at(b, "2023-02-01")
        self.check(b, "8")


class TestAbsence(BillingCase):
    def test_days_missed_are_settled_one_by_one(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY]}, "2023-01-31")
        b.listener = diary = Diary()
        self.assertEqual(at(b, "2023-03-03"), PRICE | DAY | MONTH)
        self.assertEqual(len(diary.days), 31)
        self.check(b, "24.6")  # 32 days, 3 months

    def test_62_days_are_settled_and_63_wait(self) -> None:
        begin = parse_time("2023-01-01")
        b = opened({"fixed": [DAILY, MONTHLY]})
        b.advance(begin + SETTLE_DAYS_MAX * DAY_S + DAY_S - 1)
        self.assertEqual(b.take_flags() & WAITING, 0)
        self.check(b, "33.9")  # 63 days, 3 months
        b = opened({"fixed": [DAILY, MONTHLY]})
        b.advance(begin + (SETTLE_DAYS_MAX + 1) * DAY_S)
        self.assertEqual(b.take_flags(), WAITING | PRICE)
        self.check(b, "5.3")

    def test_waiting_moves_no_mark_and_the_true_clock_finds_all_as_it_was(self) -> None:
        parts = {
            "fixed": [DAILY, MONTHLY], "tiers": rule("month"), "seasons": SUMMER_WINTER,
            "energy": {"winter/*": blocks(("0.1", "1"), (None, "2")),
                       "summer/*": blocks(("0.1", "10"), (None, "20"))}}
        b = opened(parts, "2023-01-10")
        b.consume(60)
        marks = (b.day, b.month, b.window, b.days_charged, b.months_charged)
        now = parse_time("2030-07-01")
        for _ in range(4):
            b.advance(now)
            self.assertEqual(b.take_flags() & (WAITING | DAY | MONTH), WAITING)
            self.assertTrue(now < b.next_edge <= now + DAY_S)
            b.consume(10)  # goes on at the prices of the month that is open
            now = b.next_edge
        self.assertEqual(marks, (b.day, b.month, b.window, b.days_charged, b.months_charged))
        self.check(b, "5.4")
        at(b, "2023-01-11")
        b.consume(10)
        self.check(b, "5.72")

    def test_waiting_in_a_season_with_periods_of_its_own(self) -> None:
        day = [{"from": "00:00", "to": "24:00", "period": "s"}]
        night = [{"from": "00:00", "to": "24:00", "period": "w"}]
        for mode in ("net_billing", "net_billing_capped_per_period"):
            b = opened({
                "seasons": SUMMER_WINTER, "periods": {"summer/*": day, "winter/*": night},
                "energy": {"*/*": flat("1")},
                "export": {"mode": mode, "prices": {"summer/s": "0.5", "winter/w": "0.25"}}})
            at(b, "2030-07-01")
            self.assertEqual(period_of(b), "w")
            b.consume(100)
            b.produce(40)
            self.check(b, "0.09")
            at(b, "2022-07-01")
            self.assertEqual(period_of(b), "w")
            b.produce(40)
            self.check(b, "0.08")
            at(b, "2023-02-01")
            self.check(b, "0.08")


class TestClockSetBack(BillingCase):
    def test_nothing_is_charged_twice(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY]}, "2023-01-31")
        at(b, "2023-02-02")
        self.check(b, "10.9")
        for back in ("2023-02-01", "2023-01-15", "2021-12-31"):
            self.assertEqual(at(b, back), PRICE)
            at(b, "2023-02-01T23:59:59")
            at(b, "2023-02-02T12:00")
            self.check(b, "10.9")
        at(b, "2023-02-03")
        self.check(b, "11.2")

    def test_no_window_is_opened_again(self) -> None:
        b = opened({"tiers": rule("month"), "energy": {"*/*": blocks(("0.1", "1"), (None, "5"))}},
                   "2023-01-31")
        b.consume(500)
        at(b, "2023-02-01")
        b.consume(50)
        self.check(b, "2.15")
        at(b, "2023-01-31T12:00")
        b.consume(50)
        self.check(b, "2.2")
        at(b, "2023-02-01")
        b.consume(1)
        self.check(b, "2.205")

    def test_prices_follow_the_clock_back(self) -> None:
        b = opened({"periods": DAY_NIGHT}, "2023-01-01T12:00")
        at(b, "2023-01-01T23:00")
        self.assertEqual(period_of(b), "night")
        at(b, "2023-01-01T12:00")
        self.assertEqual(period_of(b), "day")
        self.assertEqual(b.next_edge, parse_time("2023-01-01T22:00"))


if __name__ == "__main__":
    unittest.main()
