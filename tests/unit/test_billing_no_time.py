"""Billing while nobody knows the time: default prices, and days that wait for it."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    amount,
    at,
    blocks,
    document,
    flat,
    opened,
    pico,
    rule,
    tariff,
)

from joulegate.core.account import Account
from joulegate.core.billing import BEHIND_MAX_S, DAY, MONTH, PRICE, WAITING, Billing
from joulegate.core.civil import DAY_S, NO_TIME, TIME_MIN, Zone, parse_time
from joulegate.core.document_fields import TariffError
from joulegate.core.meter import Meter
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff_document import TariffDocument

DAILY = {"name": "meter", "per": "day", "amount": "0.3"}
MONTHLY = {"name": "line", "per": "month", "amount": "5"}
TWO_PRICES = {"periods": DAY_NIGHT, "energy": {"*/night": flat("1"), "*/day": flat("10")}}


def period_of(billing: Billing) -> str:
    return billing.tariff.document.periods[billing.period]


def restarted(billing: Billing, now: int) -> int:
    """Start again as a meter does that finds this billing in its ledger; return the flags."""
    billing.resume(now)
    return billing.take_flags()


class NoTimeCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        self.assertEqual(pico(billing), amount(cost))
        self.assertEqual(billing.audit(), "")


class TestDefaultPeriod(NoTimeCase):
    def defaults(self, **parts: object) -> list:
        d = TariffDocument(document(**parts))
        return [d.periods[p] for p in d.default_periods]

    def test_is_the_one_that_has_most_of_the_week(self) -> None:
        self.assertEqual(self.defaults(**TWO_PRICES), ["day"])
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        types = {day: "end" if day in ("sat", "sun") else "work" for day in days}
        spans = {
            "*/end": [{"from": "00:00", "to": "24:00", "period": "low"}],
            "*/work": [{"from": "00:00", "to": "09:00", "period": "low"},
                       {"from": "09:00", "to": "24:00", "period": "high"}]}
        # 93 hours against 75.
        self.assertEqual(self.defaults(
            day_types=types, periods=spans, energy={"*/*": flat("1")}), ["low"])

    def test_special_days_do_not_count(self) -> None:
        feast = [{"date": "12-%02d" % d, "day_type": "feast"} for d in range(1, 32)]
        self.assertEqual(self.defaults(
            special_days=feast, energy={"*/*": flat("1")},
            periods={"*/any": DAY_NIGHT["*/*"],
                     "*/feast": [{"from": "00:00", "to": "24:00", "period": "night"}]}), ["day"])

    def test_is_the_one_that_the_document_names(self) -> None:
        self.assertEqual(self.defaults(default_period="night", **TWO_PRICES), ["night"])

    def test_a_season_without_the_one_named_has_its_own(self) -> None:
        spans = {"summer/*": [{"from": "00:00", "to": "24:00", "period": "s"}],
                 "winter/*": [{"from": "00:00", "to": "12:00", "period": "a"},
                              {"from": "12:00", "to": "24:00", "period": "b"}]}
        self.assertEqual(self.defaults(
            seasons=SUMMER_WINTER, periods=spans, energy={"*/*": flat("1")},
            default_period="b"), ["s", "b"])
        self.assertEqual(self.defaults(
            seasons=SUMMER_WINTER, periods=spans, energy={"*/*": flat("1")}), ["s", "a"])

    def test_a_period_that_is_not_there_is_refused(self) -> None:
        for bad in ("noon", "", 5, ["day"]):
            with self.assertRaises(TariffError):
                self.defaults(default_period=bad, **TWO_PRICES)


class TestNoTime(NoTimeCase):
    def test_energy_has_the_default_price_and_no_day_is_charged(self) -> None:
        b = opened(dict(TWO_PRICES, fixed=[DAILY, MONTHLY]), "2023-01-31T02:00")
        self.check(b, "5.3")
        b.advance(NO_TIME)
        self.assertEqual(b.take_flags() & (PRICE | DAY | WAITING), PRICE)
        self.assertEqual(period_of(b), "day")
        b.consume(100)
        self.check(b, "6.3")
        b.advance(NO_TIME + 40 * DAY_S)
        b.consume(100)
        self.check(b, "7.3")
        self.assertEqual(b.day, parse_time("2023-01-31") // DAY_S)

    def test_the_days_are_settled_once_the_time_is_known(self) -> None:
        b = opened(dict(TWO_PRICES, fixed=[DAILY, MONTHLY]), "2023-01-31T02:00")
        b.advance(NO_TIME)
        b.consume(100)
        self.assertEqual(at(b, "2023-03-02T23:00"), PRICE | DAY | MONTH)
        self.assertEqual(period_of(b), "night")
        b.consume(100)
        self.check(b, "25.4")  # 1 + 0.1, 31 days, 3 months
        at(b, "2023-03-03")
        self.check(b, "25.7")

    def test_more_than_62_days_wait_for_an_administrator(self) -> None:
        b = opened({"fixed": [DAILY, MONTHLY]}, "2023-01-01")
        b.advance(NO_TIME)
        now = parse_time("2023-07-20T12:00")
        b.advance(now)
        self.assertTrue(b.take_flags() & WAITING)
        self.check(b, "5.3")
        seen = b.seen
        self.assertEqual(b.settle(now), 200 - 62)
        self.assertEqual(b.seen, seen)
        self.check(b, "33.9")
        self.assertEqual(b.settle(now), 200 - 124)
        self.assertEqual(b.settle(now), 0)
        self.assertEqual(b.settle(now), 0)
        self.assertEqual(b.seen, now)
        self.check(b, "95.3")  # 201 days, 7 months
        with self.assertRaises(ValueError):
            b.settle(NO_TIME)

    def test_tiers_go_on_in_the_open_window(self) -> None:
        b = opened({"tiers": rule("month"), "energy": {"*/*": blocks(("0.1", "1"), (None, "5"))}},
                   "2023-01-31")
        b.consume(50)
        b.advance(NO_TIME)
        b.consume(100)
        self.check(b, "0.35")
        at(b, "2023-02-01")
        b.consume(100)
        self.check(b, "0.45")

    def test_a_tariff_to_follow_waits_too(self) -> None:
        b = opened({}, "2023-01-01")
        b.advance(NO_TIME)
        for start in (parse_time("2023-01-05"), TIME_MIN, TIME_MIN - DAY_S):
            b.load_next(tariff({"energy": {"*/*": flat("2")}}), start)
            b.advance(NO_TIME + 10)
            b.consume(1000)
        self.check(b, "3")
        at(b, "2023-01-06")
        b.consume(1000)
        self.check(b, "5")

    def test_an_account_is_not_opened(self) -> None:
        b = Billing(Account(), Zone("UTC0"), tariff({}))
        with self.assertRaises(ValueError):
            b.open(TIME_MIN - 1)
        self.assertEqual((b.opened, pico(b)), (0, 0))

    def test_a_tick_looks_once_and_not_again(self) -> None:
        b = opened(TWO_PRICES, "2023-01-31T02:00")
        looked = []
        advance = b.advance
        b.advance = lambda now: (looked.append(now), advance(now))
        b.account.credit(10 ** 8)
        meter = Meter(Registers(1000), Supply(), b)
        reading = Reading()
        reading.import_counts = 1
        for second in range(5000):
            meter.tick(NO_TIME + second, reading)
        self.assertEqual(looked, [NO_TIME])
        meter.tick(parse_time("2023-01-31T03:00"), reading)
        self.assertEqual(len(looked), 2)
        self.assertEqual(period_of(b), "night")
        meter.tick(NO_TIME + 7000, reading)
        self.assertEqual(period_of(b), "day")


class TestStart(NoTimeCase):
    def test_a_time_before_the_last_one_seen_is_none(self) -> None:
        b = opened(dict(TWO_PRICES, fixed=[DAILY]), "2023-01-31T02:00")
        seen = parse_time("2023-02-10T22:00")
        b.advance(seen)
        self.assertEqual((b.seen, b.time_floor), (seen, seen - BEHIND_MAX_S))
        restarted(b, seen - BEHIND_MAX_S)
        self.assertEqual(period_of(b), "day")
        self.assertEqual(b.next_edge, seen)
        b.advance(seen)
        restarted(b, seen - BEHIND_MAX_S - 1)
        self.assertEqual(b.next_edge, TIME_MIN)
        self.check(b, "3.3")

    def test_a_clock_set_back_by_a_person_is_believed_at_the_next_start(self) -> None:
        b = opened({"fixed": [DAILY]}, "2023-01-10")
        at(b, "2023-03-01")
        self.check(b, "15.3")
        at(b, "2023-01-12")
        restarted(b, parse_time("2023-01-12T01:00"))
        self.assertTrue(b.next_edge > TIME_MIN)
        at(b, "2023-03-02")
        self.check(b, "15.6")

    def test_a_clock_too_far_ahead_to_settle_raises_no_floor(self) -> None:
        b = opened({"fixed": [DAILY]}, "2023-01-10")
        self.assertTrue(restarted(b, parse_time("2040-01-01")) & WAITING)
        restarted(b, parse_time("2023-01-11"))
        self.check(b, "0.6")


if __name__ == "__main__":
    unittest.main()
