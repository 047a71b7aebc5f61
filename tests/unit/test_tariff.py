"""Tariffs made for a meter: exact prices, whole limits, and the size of every product."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    blocks,
    document,
    flat,
    rule,
    tariff,
    tax,
)

from joulegate.core.tariff import N_MIN, Tariff
from joulegate.core.tariff_document import TariffDocument, TariffError

SMALL = 1 << 30
LIMB = 1 << 29
COUNTS_IN_A_READING = 65535


def refusal(parts: dict, counts_per_kWh: int = 1000, places: int = 5) -> TariffError:
    try:
        tariff(parts, counts_per_kWh, places)
    except TariffError as e:
        return e
    raise AssertionError("accepted: %r" % parts)


def per_kWh(t: Tariff, price: object) -> int:
    """Return what 1 kWh costs, in 1/d2 of a unit, from the parts that the tick uses."""
    return (price.q * t.d1 + price.r1) * t.d2 + price.r2


class TestPrices(unittest.TestCase):
    def test_prices_keep_every_decimal_with_adders_and_tax(self) -> None:
        t = tariff({
            "energy": {"*/*": flat("0.12345678")},
            "adders": [{"name": "a", "price": "0.01"}, {"name": "b", "price": "0.002"}],
            "tax": tax("0.0725", "energy", "a"),
        }, 3200)
        # (0.12345678 + 0.01) * 1.0725 + 0.002 = 0.14513239655: 5 places of the unit, 7 beyond.
        self.assertEqual((t.d1, t.d2), (3200, 10 ** 7))
        self.assertEqual(per_kWh(t, t.prices[0]), 145132396550)

    def test_a_price_without_places_to_spare_has_no_fine_part(self) -> None:
        t = tariff({"energy": {"*/*": flat("0.25")}})
        self.assertEqual((t.d2, t.prices[0].q, t.prices[0].r1, t.prices[0].r2), (1, 25, 0, 0))

    def test_a_coarse_unit_keeps_the_rest_in_the_fine_part(self) -> None:
        t = tariff({"energy": {"*/*": flat("1806.75")}}, 1000, 0)
        self.assertEqual((t.d2, t.prices[0].q, t.prices[0].r1, t.prices[0].r2), (100, 1, 806, 75))

    def test_a_period_with_fewer_tiers_stays_in_its_last_one(self) -> None:
        t = tariff({
            "periods": DAY_NIGHT, "tiers": rule("month"),
            "energy": {"*/day": blocks(("1", "1"), ("2", "2"), (None, "3")),
                       "*/night": flat("5")}})
        night = t.document.periods.index("night")
        self.assertEqual([t.price(0, night, i).q for i in range(3)], [500] * 3)
        self.assertEqual([t.price(0, 1 - night, i).q for i in range(3)], [100, 200, 300])

    def test_export_has_its_own_tax_and_no_adders(self) -> None:
        parts = {"adders": [{"name": "a", "price": "1"}],
                 "export": {"mode": "net_billing", "prices": {"*/*": "0.5"}}}
        self.assertEqual(tariff(dict(parts, tax=tax("0.2"))).export_prices[0].q, 60)
        self.assertEqual(tariff(dict(parts, tax=tax("0.2", "energy"))).export_prices[0].q, 50)

    def test_fixed_amounts_are_exact_fractions_of_a_unit(self) -> None:
        t = tariff({"fixed": [{"name": "x", "per": "day", "amount": "0.00000003"}],
                    "tax": tax("0.0001")})
        # 3e-8 * 1.0001 = 3.0003e-8 of the currency; d1 * d2 = 1000 * 10**7 parts of 1e-5.
        self.assertEqual(t.charge(t.document.day_charge), 30003 * 1000)

    def test_unpriced_cells_are_known(self) -> None:
        t = tariff({
            "seasons": SUMMER_WINTER,
            "periods": {"summer/*": [{"from": "00:00", "to": "24:00", "period": "s"}],
                        "winter/*": [{"from": "00:00", "to": "24:00", "period": "w"}]},
            "energy": {"*/s": flat("1"), "winter/w": flat("2")},
            "export": {"mode": "net_billing", "prices": {"summer/s": "1", "winter/w": "1"}}})
        s, w = t.document.periods.index("s"), t.document.periods.index("w")
        self.assertEqual([t.priced(0, s), t.priced(0, w), t.priced(1, s), t.priced(1, w)],
                         [True, False, False, True])
        self.assertEqual(t.limits_of(0, w, 30), ())

    def test_cells_have_names(self) -> None:
        t = tariff({"seasons": SUMMER_WINTER})
        self.assertEqual(t.cell_name(1, 0, 2), "winter/all#3")


class TestLimits(unittest.TestCase):
    def test_limits_become_whole_counts(self) -> None:
        t = tariff({"tiers": rule("month"),
                    "energy": {"*/*": blocks(("0.125", "1"), ("250.5", "2"), (None, "3"))}}, 32000)
        self.assertEqual(t.limits_of(0, 0, 30), (4000, 8016000))

    def test_limits_by_day_grow_with_the_month(self) -> None:
        t = tariff({"tiers": rule("month_scaled_by_days"),
                    "energy": {"*/*": blocks(("9.8", "1"), (None, "2"))}})
        self.assertEqual([t.limits_of(0, 0, n) for n in (28, 29, 31)],
                         [(274400,), (284200,), (303800,)])

    def test_a_limit_that_is_no_whole_number_of_counts_is_refused(self) -> None:
        e = refusal({"tiers": rule("month"),
                     "energy": {"*/*": blocks(("0.333", "1"), (None, "2"))}}, 3200)
        self.assertEqual((e.field, e.value), ("energy", "333/1000 kWh"))
        self.assertEqual(
            e.rule, "a limit must be a whole number of counts, 3200 to the kWh")

    def test_a_limit_beyond_the_counters_is_refused(self) -> None:
        for window, limit, counts in (("month", "536870.912", LIMB),
                                      ("month_scaled_by_days", "17318.417", 31 * 17318417)):
            parts = {"tiers": rule(window), "energy": {"*/*": blocks((limit, "1"), (None, "2"))}}
            e = refusal(parts)
            self.assertEqual((e.field, e.value, e.rule),
                             ("energy", counts, "a limit must be below 536870912 counts"))
        parts["energy"] = {"*/*": blocks(("17318.416", "1"), (None, "2"))}
        tariff(parts)


class TestSizes(unittest.TestCase):
    def test_bad_meters_and_units_are_refused(self) -> None:
        d = TariffDocument(document())
        for counts, places, text in (
            (999, 5, "counts_per_kWh 999: must be 1000 to 131072"),
            (131073, 5, "counts_per_kWh 131073: must be 1000 to 131072"),
            (1000, -1, "unit_places -1: must be 0 to 5"),
            (1000, 6, "unit_places 6: must be 0 to 5"),
        ):
            try:
                Tariff(d, counts, places)
                self.fail("accepted: " + text)
            except ValueError as e:
                self.assertEqual(str(e), text)

    def test_a_unit_too_fine_for_the_prices_is_refused(self) -> None:
        # 2**29 units of 1e-5 are 5368.70912; a hundredth of that is the dearest kWh.
        tariff({"energy": {"*/*": flat("53.6870912")}})
        e = refusal({"energy": {"*/*": flat("53.6870913")}})
        self.assertEqual((e.field, e.value), ("energy", "5368709 units/kWh"))
        self.assertEqual(
            e.rule, "the credit unit is too fine: 100 kWh must cost at most 2**29 units")
        tariff({"energy": {"*/*": flat("53.6870913")}}, 1000, 4)
        self.assertEqual(refusal({"export": {
            "mode": "net_billing", "prices": {"*/*": "60"}}}).field, "energy")

    def test_charges_too_large_for_the_unit_are_refused(self) -> None:
        for name, charges in (
            ("fixed", {"fixed": [{"name": "x", "per": "day", "amount": "5368.70921"}]}),
            ("fixed", {"fixed": [{"name": "x", "per": "month", "amount": "999999999999"}]}),
            ("fixed", {"fixed": [{"name": str(i), "per": "month", "amount": "5000"}
                                 for i in range(2)]}),
            ("fixed", {"fixed": [{"name": "x", "per": "month",
                                  "by_total_kWh": [["1", "6000"], [None, "0"]]}]}),
            ("fixed", {"fixed": [{"name": "x", "per": "month", "amount": "5000"}],
                       "tax": tax("0.5")}),
            ("minimum", {"minimum": {"amount": "5368.70921", "per": "month"}}),
        ):
            e = refusal(charges)
            self.assertEqual(e.field, name)
            self.assertEqual(
                e.rule, "the credit unit is too fine: a charge must be at most 2**29 units")
        tariff({"fixed": [{"name": "x", "per": "day", "amount": "5368.70912"}]})

    def test_too_many_decimals_for_the_unit_are_refused(self) -> None:
        e = refusal({"energy": {"*/*": flat("0.12345678")}, "tax": tax("0.0001")}, 1000, 4)
        self.assertEqual(e.field, "energy")
        self.assertEqual(
            e.rule,
            "too many decimals for the credit unit: 8 counts at a time, must be 64 or more")

    def test_no_product_of_a_debit_passes_31_bits(self) -> None:
        """The largest count, the fullest remainders and the fullest limb, price by price."""
        dearest = "53.6870912"
        made = 0
        for counts in (1000, 3200, 32000, 99991, 131072):
            for places in range(6):
                for price in ("0", "0.00000001", "0.99999999", "9.9999999", dearest, "5000.99",
                              "530000.999"):
                    for rate in ("0", "0.9999"):
                        try:
                            t = tariff({"energy": {"*/*": flat(price)}, "tax": tax(rate)},
                                       counts, places)
                        except TariffError:
                            continue
                        made += 1
                        self.check_products(t)
        self.assertTrue(made > 100, "%d tariffs" % made)

    def check_products(self, t: Tariff) -> None:
        self.assertTrue(t.n_max >= N_MIN)
        self.assertTrue(t.d1 < SMALL and t.d2 < SMALL)
        p = t.prices[0]
        n = t.n_max
        fine = t.d2 - 1 + n * p.r2
        coarse = t.d1 - 1 + n * p.r1 + fine // t.d2
        units = coarse // t.d1 + n * p.q
        for name, value in (("fine", fine), ("coarse", coarse), ("units", units),
                            ("limb", LIMB - 1 + units)):
            if value >= SMALL:
                self.fail("%s: %d, d1 %d d2 %d n %d q %d r1 %d r2 %d" % (
                    name, value, t.d1, t.d2, n, p.q, p.r1, p.r2))
        # Giving back is bounded alike: no remainder below, the products negative.
        self.assertTrue(n * max(p.r1 + 1, p.r2, p.q + 1) < SMALL)
        self.assertTrue(COUNTS_IN_A_READING // n < 1100)


class TestCalendar(unittest.TestCase):
    def test_special_days_rule_weekdays_and_dates_rule_yearly_ones(self) -> None:
        def day(name: str) -> list:
            return [{"from": "00:00", "to": "24:00", "period": name}]

        week = {d: "work" for d in ("mon", "tue", "wed", "thu", "fri")}
        t = tariff({
            "day_types": dict(week, sat="rest", sun="rest"),
            "special_days": [{"date": "05-01", "day_type": "rest"},
                             {"date": "2024-05-01", "day_type": "strike"},
                             {"date": "02-29", "day_type": "strike"}],
            "periods": {"*/work": day("w"), "*/rest": day("r"), "*/strike": day("s")}})

        def period(year: int, month: int, mday: int, weekday: int) -> str:
            ends, periods = t.plan(month, weekday, year * 10000 + month * 100 + mday)
            self.assertEqual(ends, (1440,))
            return t.document.periods[periods[0]]

        self.assertEqual(period(2023, 5, 1, 0), "r")
        self.assertEqual(period(2024, 5, 1, 2), "s")
        self.assertEqual(period(2025, 5, 1, 3), "r")
        self.assertEqual(period(2024, 2, 29, 3), "s")
        self.assertEqual(period(2024, 5, 2, 3), "w")
        self.assertEqual(period(2024, 5, 4, 5), "r")

    def test_windows_begin_with_their_first_month(self) -> None:
        january = 2023 * 12
        for window, expected in (
            ("none", [0] * 14),
            ("month", list(range(january, january + 14))),
            ("month_scaled_by_days", list(range(january, january + 14))),
            ("bimonth", [january + i - i % 2 for i in range(14)]),
            ("calendar_year", [january] * 12 + [january + 12] * 2),
        ):
            t = tariff({"tiers": rule(window)})
            self.assertEqual([t.window_of(january + i) for i in range(14)], expected)


if __name__ == "__main__":
    unittest.main()
