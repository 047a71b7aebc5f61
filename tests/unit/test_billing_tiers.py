"""Tiers and bands: where they split, what moves them, and that no fraction is lost."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    Random,
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

from joulegate.core.account import Account
from joulegate.core.billing import MONTH, PRICE, Billing
from joulegate.core.civil import Zone, parse_time

THREE = blocks(("0.100", "1"), ("0.250", "2"), (None, "5"))
NIGHT = "2023-01-01T00:00"
DAY = "2023-01-01T12:00"


def tiered(window: str = "month", count: str = "all_energy", mode: str = "marginal",
           **parts: object) -> dict:
    made = {"tiers": rule(window, count, mode), "energy": {"*/*": THREE}}
    made.update(parts)
    return made


class BillingCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        self.assertEqual(pico(billing), amount(cost))
        self.assertEqual(billing.audit(), "")


class TestMarginal(BillingCase):
    def test_a_limit_belongs_to_its_own_tier(self) -> None:
        b = opened(tiered())
        b.take_flags()
        b.consume(100)
        self.check(b, "0.1")
        self.assertEqual((b.tier, b.take_flags()), (0, 0))
        b.consume(1)
        self.check(b, "0.102")
        self.assertEqual((b.tier, b.take_flags()), (1, PRICE))
        b.consume(149)
        self.check(b, "0.4")
        self.assertEqual((b.tier, b.take_flags()), (1, 0))
        b.consume(1)
        self.check(b, "0.405")
        self.assertEqual((b.tier, b.take_flags()), (2, PRICE))

    def test_one_reading_may_cross_every_tier(self) -> None:
        b = opened(tiered())
        b.consume(1000)
        self.check(b, "4.15")
        self.assertEqual(list(b.cells[:3]), [100, 150, 750])

    def test_a_look_at_the_clock_at_a_limit_keeps_the_lower_tier(self) -> None:
        b = opened(tiered())
        b.consume(100)
        at(b, "2023-01-02")
        self.assertEqual(b.tier, 0)
        b.consume(1)
        self.check(b, "0.102")

    def test_the_month_begins_again(self) -> None:
        b = opened(tiered())
        b.consume(1000)
        self.assertEqual(at(b, "2023-02-01") & MONTH, MONTH)
        self.assertEqual((b.tier, b.positions[0]), (0, 0))
        b.consume(100)
        self.check(b, "4.25")

    def test_all_energy_moves_the_tier_of_every_period(self) -> None:
        b = opened(tiered(periods=DAY_NIGHT, energy={
            "*/night": THREE, "*/day": blocks(("0.150", "10"), (None, "20"))}))
        b.consume(90)
        at(b, DAY)
        b.consume(100)  # 60 below the day's own limit at 150, 40 above
        self.check(b, "1.49")
        at(b, "2023-01-01T23:00")
        b.consume(100)  # 60 up to 250, 40 beyond
        self.check(b, "1.81")

    def test_this_period_only_moves_its_own_tier(self) -> None:
        b = opened(tiered(count="this_period_only", periods=DAY_NIGHT, energy={
            "*/night": THREE, "*/day": blocks(("0.150", "10"), (None, "20"))}))
        b.consume(90)
        at(b, DAY)
        b.consume(100)
        self.check(b, "1.09")
        at(b, "2023-01-01T23:00")
        b.consume(100)  # 10 up to 100, 90 in the second
        self.check(b, "1.28")
        at(b, "2023-01-02T12:00")
        b.consume(100)
        self.check(b, "2.78")

    def test_a_season_may_bring_other_limits_in_the_midst_of_a_window(self) -> None:
        b = opened(tiered(
            "calendar_year", seasons=SUMMER_WINTER,
            energy={"winter/*": blocks(("1", "1"), (None, "2")),
                    "summer/*": blocks(("0.5", "3"), ("2", "4"), (None, "5"))}), "2023-03-31")
        b.consume(900)
        at(b, "2023-04-01")
        self.assertEqual(b.tier, 1)
        b.consume(1200)
        self.check(b, "5.8")  # 0.9 at 1, 1.1 at 4, 0.1 at 5

    def test_positions_stay_small_beyond_the_last_limit(self) -> None:
        b = opened(tiered("none", energy={"*/*": flat("0.00001")}))
        for day in range(2, 20):
            b.consume(1 << 26)
            at(b, "2023-01-%02d" % day)
            self.assertTrue(b.positions[0] <= 1 << 29)
        self.check(b, "12.07959552")


class TestWindows(BillingCase):
    def reset_months(self, window: str, begin: str, months: int) -> list:
        """Return the months, of so many from a begin, in which the position began again."""
        b = opened(tiered(window), begin)
        year, month = int(begin[:4]), int(begin[5:7])
        found = []
        for _ in range(months):
            b.consume(1)
            before = b.positions[0]
            month += 1
            if month == 13:
                year, month = year + 1, 1
            at(b, "%d-%02d-01" % (year, month))
            if b.positions[0] != before:
                self.assertEqual(b.positions[0], 0)
                found.append("%d-%02d" % (year, month))
        self.assertEqual(b.audit(), "")
        return found

    def test_months_and_pairs_of_months(self) -> None:
        self.assertEqual(self.reset_months("month", "2023-11-15", 3),
                         ["2023-12", "2024-01", "2024-02"])
        self.assertEqual(self.reset_months("month_scaled_by_days", "2023-11-15", 2),
                         ["2023-12", "2024-01"])
        self.assertEqual(self.reset_months("bimonth", "2023-11-15", 6),
                         ["2024-01", "2024-03", "2024-05"])
        self.assertEqual(self.reset_months("bimonth", "2023-12-15", 3), ["2024-01", "2024-03"])

    def test_a_calendar_year_ends_with_december(self) -> None:
        self.assertEqual(self.reset_months("calendar_year", "2023-02-15", 24),
                         ["2024-01", "2025-01"])

    def test_no_window_never_ends(self) -> None:
        b = opened({})
        b.consume(7)
        at(b, "2023-02-01")
        self.assertEqual(b.positions[0], 7)

    def test_limits_by_day_know_leap_years(self) -> None:
        parts = tiered("month_scaled_by_days",
                       energy={"*/*": blocks(("0.010", "1"), (None, "2"))})
        for begin, lower in (("2023-01-31", 310), ("2023-02-01", 280), ("2024-02-01", 290),
                             ("2000-02-01", 290), ("2023-04-30", 300)):
            b = opened(parts, begin)
            b.consume(1000)
            self.assertEqual(list(b.cells[:2]), [lower, 1000 - lower])


class TestWhole(BillingCase):
    def test_the_band_of_the_total_prices_every_unit(self) -> None:
        b = opened(tiered(mode="whole"))
        b.consume(100)
        self.check(b, "0.1")
        b.consume(1)
        self.check(b, "0.202")
        self.assertEqual(list(b.cells[:3]), [0, 101, 0])
        b.consume(150)
        self.check(b, "1.255")
        self.assertEqual(list(b.cells[:3]), [0, 0, 251])

    def test_a_cheaper_band_gives_back(self) -> None:
        b = opened(tiered(mode="whole", energy={"*/*": blocks(("0.1", "3"), (None, "1"))}))
        b.consume(100)
        self.check(b, "0.3")
        b.consume(1)
        self.check(b, "0.101")
        self.assertEqual(b.account.balance, -10100)

    def test_all_energy_reprices_every_period(self) -> None:
        b = opened(tiered(mode="whole", periods=DAY_NIGHT, energy={
            "*/night": blocks(("0.1", "1"), (None, "2")),
            "*/day": blocks(("0.1", "10"), (None, "30"))}))
        b.consume(60)
        at(b, DAY)
        b.consume(40)
        self.check(b, "0.46")
        b.consume(1)
        self.check(b, "1.35")  # 60 at 2, 41 at 30

    def test_this_period_only_reprices_its_own(self) -> None:
        b = opened(tiered(mode="whole", count="this_period_only", periods=DAY_NIGHT, energy={
            "*/night": blocks(("0.1", "1"), (None, "2")),
            "*/day": blocks(("0.05", "10"), (None, "30"))}))
        b.consume(60)
        at(b, DAY)
        b.consume(51)
        self.check(b, "1.59")
        at(b, "2023-01-01T22:00")
        b.consume(41)
        self.check(b, "1.732")

    def test_two_months_are_one_window(self) -> None:
        b = opened(tiered("bimonth", mode="whole"))
        b.consume(90)
        at(b, "2023-02-01")
        self.check(b, "0.09")
        b.consume(20)
        self.check(b, "0.22")  # January's energy, too, at the second band
        at(b, "2023-02-15")
        self.check(b, "0.22")
        b.consume(200)
        self.check(b, "1.55")
        at(b, "2023-03-01")
        b.consume(50)
        self.check(b, "1.6")

    def test_two_months_by_period(self) -> None:
        b = opened(tiered("bimonth", "this_period_only", "whole", periods=DAY_NIGHT, energy={
            "*/night": blocks(("0.1", "1"), (None, "2")),
            "*/day": blocks(("0.05", "10"), (None, "30"))}))
        b.consume(90)
        at(b, DAY)
        b.consume(60)
        self.check(b, "1.89")
        at(b, "2023-02-01")
        b.consume(5)
        self.check(b, "1.895")
        b.consume(6)
        self.check(b, "2.002")
        at(b, "2023-02-01T12:00")
        b.consume(1)
        self.check(b, "2.032")
        self.assertEqual(list(b.first_bands[:2]), [0, 1])

    def test_a_year_that_crosses_beyond_what_positions_keep(self) -> None:
        # December reaches the limit and, 559,000 kWh, passes the 2**29 counts of a position.
        b = opened(tiered("calendar_year", mode="whole", energy={
            "*/*": blocks(("500000", "0.1"), (None, "0.2"))}), "2023-11-01")
        b.consume(499000000)
        at(b, "2023-12-01")
        self.check(b, "49900")
        b.consume(60000000)
        self.check(b, "111800")
        at(b, "2023-12-02")
        self.check(b, "111800")
        b.consume(1000)
        self.check(b, "111800.2")
        at(b, "2024-01-01")
        self.check(b, "111800.2")
        b.consume(1000)
        self.check(b, "111800.3")

    def test_a_year_whose_position_is_full_goes_on_in_the_last_band(self) -> None:
        b = opened(tiered("calendar_year", mode="whole", energy={
            "*/*": blocks(("500000", "0.1"), (None, "0.2"))}), "2023-03-01")
        b.consume(600000000)
        for month in range(4, 13):
            at(b, "2023-%02d-01" % month)
            self.assertTrue(b.positions[0] <= 1 << 29)
            b.consume(1000)
        self.check(b, "120001.8")

    def test_seasons_with_periods_of_their_own(self) -> None:
        """A period that a season does not know has no price there, and stops nothing."""
        day = [{"from": "00:00", "to": "24:00", "period": "s"}]
        night = [{"from": "00:00", "to": "24:00", "period": "w"}]
        for window, prices in (("none", flat("1")), ("month", THREE)):
            b = opened({
                "seasons": SUMMER_WINTER, "tiers": rule(window, "all_energy", "whole"),
                "periods": {"summer/*": day, "winter/*": night},
                "energy": {"summer/s": prices, "winter/w": prices}}, "2023-02-28")
            b.consume(10)
            for month in ("03", "04", "05", "10", "11"):
                at(b, "2023-%s-01" % month)
                b.consume(10)
            self.check(b, "0.06")


class TestExactness(BillingCase):
    def test_debits_and_remainder_are_the_exact_cost_at_every_step(self) -> None:
        """Prices with 8 decimals, a constant that divides nothing: per count, added up."""
        random = Random(7)
        prices = (12345678, 20000001, 99999999, 7)  # 1e-8 of the currency
        limits = (1234, 70001, 500000)
        parts = tiered(energy={"*/*": blocks(
            *[("%d.%03d" % (w // 1000, w % 1000), "0.%08d" % p)
              for w, p in zip(limits, prices)]) + flat("0.%08d" % prices[3])})
        b = opened(parts, counts_per_kWh=97000)
        bounds = [w * 97 for w in limits]
        total = 0
        exact = 0  # 1e-8 of the currency, times 97000
        while total < bounds[-1] + 100000:
            n = random.choice((1, 2, 3, random.below(5000), random.below(65536)))
            b.consume(n)
            for _ in range(4):
                tier = len([w for w in bounds if w <= total])
                k = min(n, bounds[tier] - total) if tier < 3 else n
                exact += k * prices[tier]
                total += k
                n -= k
            account = b.account
            d = account.d1 * account.d2
            self.assertEqual(d, 97000 * 1000)
            self.assertEqual(account.charges * d + account.remainder, exact)
            self.assertEqual(account.balance, -(exact // d))
        self.assertEqual(b.audit(), "")

    def test_no_debit_takes_more_counts_than_its_products_allow(self) -> None:
        class Watched(Account):
            largest = 0

            def debit(self, n: int, q: int, r1: int, r2: int) -> None:
                self.largest = max(self.largest, abs(n))
                super().debit(n, q, r1, r2)

        t = tariff({"energy": {"*/*": flat("0.12345678")}, "tax": tax("0.01"),
                    "export": {"mode": "net_billing", "prices": {"*/*": "0.00000001"}}})
        b = Billing(Watched(), Zone("UTC0"), t)
        b.open(parse_time(NIGHT))
        b.consume(65535)
        self.assertEqual(b.account.largest, t.n_max)
        b.account.largest = 0
        b.produce(65535)
        self.assertEqual(b.account.largest, t.n_max)
        self.assertEqual(b.audit(), "")

    def test_time_of_use_whole_bands_agree_with_one_late_reckoning(self) -> None:
        random = Random(8)
        table = {"night": (3, 5, 2), "day": (7, 4, 9)}  # 1e-3 of the currency
        b = opened(tiered(mode="whole", periods=DAY_NIGHT, energy={
            "*/" + name: blocks(("5", "0.00%d" % a), ("20", "0.00%d" % c), (None, "0.00%d" % e))
            for name, (a, c, e) in table.items()}))
        used = {"night": 0, "day": 0}
        now = parse_time(NIGHT)
        for _ in range(400):
            n = random.below(150)
            b.consume(n)
            name = b.tariff.document.periods[b.period]
            used[name] += n
            total = used["night"] + used["day"]
            band = 0 if total <= 5000 else 1 if total <= 20000 else 2
            exact = sum(used[k] * table[k][band] for k in used)  # 1e-6
            self.assertEqual(pico(b), exact * 10 ** 6)
            now += 3600
            b.advance(now)
            self.assertEqual(b.audit(), "")


if __name__ == "__main__":
    unittest.main()
