"""Netting: export takes back the import of its period, and what is over is carried as kWh."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    Random,
    amount,
    at,
    blocks,
    document,
    flat,
    opened,
    pico,
    rule,
    tariff,
    tax,
)

from joulegate.console import reports
from joulegate.console.pages import lines
from joulegate.core.billing import PRICE, Billing
from joulegate.core.civil import days_in_month, parse_time
from joulegate.core.netting import BANK_MAX
from joulegate.core.tariff import POSITION_MAX
from joulegate.core.tariff_document import TariffDocument, TariffError

NET = {"mode": "net_metering"}
TWO = {"tiers": rule("month"), "energy": {"*/*": blocks(("0.1", "1"), (None, "10"))},
       "export": NET}


def true_up(month: int, price: "str | None" = None) -> dict:
    """Return the `export` part with a true-up."""
    made = {"month": month}
    if price is not None:
        made["price"] = price
    return {"mode": "net_metering", "true_up": made}


class NettingCase(unittest.TestCase):
    def check(self, billing: Billing, cost: str) -> None:
        self.assertEqual(billing.audit(), "")
        sign = -1 if cost[:1] == "-" else 1
        self.assertEqual(pico(billing), sign * amount(cost.lstrip("-")))


class TestMonth(NettingCase):
    def test_export_takes_back_and_import_pays_again(self) -> None:
        b = opened({"export": NET})
        b.consume(100)
        self.check(b, "0.1")
        b.produce(60)
        self.check(b, "0.04")
        b.produce(60)
        self.check(b, "0")
        self.assertEqual(b.exports[0], 20)
        b.consume(15)
        self.check(b, "0")
        b.consume(15)
        self.check(b, "0.01")
        self.assertEqual((b.exports[0], b.cells[0], b.positions[0]), (0, 10, 10))

    def test_each_count_goes_back_at_the_price_of_its_tier(self) -> None:
        b = opened(TWO)
        b.consume(150)
        self.check(b, "0.6")
        b.produce(20)
        self.check(b, "0.4")
        b.produce(50)
        self.check(b, "0.08")
        b.consume(21)
        self.check(b, "0.11")
        b.produce(1)
        self.check(b, "0.1")
        b.produce(1)
        self.check(b, "0.099")
        b.produce(200)
        self.check(b, "0")
        self.assertEqual(b.exports[0], 101)

    def test_to_and_fro_within_a_tier_leaves_its_limit_where_it_is(self) -> None:
        b = opened(TWO)
        for _ in range(5):
            b.consume(50)
            b.produce(40)
        self.check(b, "0.05")
        b.consume(60)
        self.check(b, "0.2")
        b.produce(5)
        for _ in range(5):
            b.produce(6)
            b.consume(6)
        b.consume(1)
        self.check(b, "0.16")

    def test_adders_and_tax_are_netted_with_the_energy(self) -> None:
        b = opened({"export": NET, "adders": [{"name": "levy", "price": "0.25"}],
                    "tax": tax("0.1", "energy")})
        b.consume(1000)
        self.check(b, "1.35")
        b.produce(400)
        self.check(b, "0.81")

    def test_each_period_nets_its_own_and_keeps_its_own_bank(self) -> None:
        b = opened({"export": NET, "periods": DAY_NIGHT,
                    "energy": {"*/day": flat("3"), "*/night": flat("1")}})
        b.consume(100)
        at(b, "2023-01-01T12:00")
        b.produce(70)
        self.check(b, "0.1")
        at(b, "2023-01-01T23:00")
        b.produce(40)
        self.check(b, "0.06")
        at(b, "2023-01-02T12:00")
        b.consume(80)
        self.check(b, "0.09")

    def test_tiers_of_each_period_move_back_by_themselves(self) -> None:
        b = opened({"export": NET, "periods": DAY_NIGHT, "tiers": rule(
            "month", "this_period_only"), "energy": {"*/*": blocks(("0.1", "1"), (None, "10"))}})
        b.consume(150)
        at(b, "2023-01-01T12:00")
        b.consume(110)
        b.produce(20)
        self.check(b, "0.69")
        at(b, "2023-01-01T23:00")
        b.produce(60)
        self.check(b, "0.18")

    def test_a_band_over_the_whole_month_moves_back_with_all_it_prices(self) -> None:
        b = opened({"export": NET, "periods": DAY_NIGHT,
                    "tiers": rule("month", "all_energy", "whole"), "energy": {
                        "*/day": blocks(("0.1", "1"), ("0.2", "2"), (None, "10")),
                        "*/night": blocks(("0.1", "3"), ("0.2", "4"), (None, "5"))}})
        b.consume(90)
        at(b, "2023-01-01T12:00")
        b.consume(120)
        self.check(b, "1.65")
        b.produce(10)
        self.check(b, "0.58")
        b.produce(99)
        self.check(b, "0.382")
        b.produce(1)
        self.check(b, "0.28")
        b.produce(50)
        self.check(b, "0.27")
        self.assertEqual(b.exports[1 - b.period] + b.exports[b.period], 40)

    def test_net_import_at_a_limit_asks_for_no_commits(self) -> None:
        b = opened(TWO)
        b.consume(100)
        b.take_flags()
        for _ in range(5):
            b.consume(3)
            b.produce(3)
            self.assertEqual(b.take_flags() & PRICE, 0)
        self.check(b, "0.1")

    def test_charge_by_consumption_and_minimum_look_at_net_import(self) -> None:
        steps = [{"name": "size", "per": "month", "by_total_kWh": [["0.1", "1"], [None, "5"]]}]
        b = opened({"export": NET, "fixed": steps,
                    "minimum": {"amount": "1.05", "per": "month"}})
        b.consume(150)
        b.produce(120)
        at(b, "2023-02-01")
        self.check(b, "1.05")

    def test_large_readings_go_in_pieces(self) -> None:
        b = opened({"export": NET, "tax": tax("0.01"),
                    "energy": {"*/*": flat("0.12345678")}})
        self.assertTrue(b.tariff.n_max < 65535)
        b.consume(65535)
        b.produce(65525)
        self.check(b, "0.001246913478")


class TestCarried(NettingCase):
    def test_a_surplus_is_energy_in_the_next_month_and_season(self) -> None:
        b = opened({"export": NET, "seasons": SUMMER_WINTER,
                    "energy": {"summer/*": flat("9"), "winter/*": flat("1")}}, "2023-03-01")
        b.consume(100)
        b.produce(150)
        self.check(b, "0")
        at(b, "2023-04-01")
        self.check(b, "0")
        self.assertEqual(b.exports[0], 50)
        b.consume(70)
        self.check(b, "0.18")

    def test_export_takes_back_nothing_of_an_earlier_month(self) -> None:
        for window in ("month", "bimonth", "calendar_year"):
            b = opened({"export": NET, "tiers": rule(window),
                        "energy": {"*/*": blocks(("0.1", "1"), (None, "10"))}})
            b.consume(150)
            at(b, "2023-02-01")
            b.produce(100)
            self.check(b, "0.6")
            b.consume(120)
            # 20 counts are charged: from 0 on, or from 150 on where the window goes on.
            self.check(b, "0.62" if window == "month" else "0.8")
            b.produce(30)
            self.check(b, "0.6")
            self.assertEqual(b.positions[0], 0 if window == "month" else 150)

    def test_a_season_without_the_period_takes_it_into_its_default_period(self) -> None:
        day = [{"from": "00:00", "to": "24:00", "period": "day"}]
        b = opened({"export": NET, "seasons": SUMMER_WINTER, "periods": {
            "summer/*": DAY_NIGHT["*/*"], "winter/*": day}}, "2023-09-20")
        b.produce(30)
        at(b, "2023-09-20T12:00")
        b.produce(50)
        at(b, "2023-10-01")
        b.consume(90)
        self.check(b, "0.01")
        b.produce(100)
        at(b, "2023-11-20")
        at(b, "2024-01-10")
        at(b, "2024-03-10")
        at(b, "2024-04-01T12:00")
        b.consume(91)
        self.check(b, "0.001")

    def test_a_clock_in_another_season_takes_back_what_its_period_has(self) -> None:
        def all_day(period: str) -> list:
            return [{"from": "00:00", "to": "24:00", "period": period}]

        b = opened(dict(TWO, seasons=SUMMER_WINTER, periods={
            "summer/*": all_day("a"), "winter/*": all_day("b")}), "2023-10-01")
        b.consume(90)
        at(b, "2023-09-30")
        b.consume(10)
        at(b, "2023-10-01T01:00")
        b.consume(50)
        at(b, "2023-09-30")
        b.produce(5)
        self.check(b, "0.595")
        b.consume(5)
        self.check(b, "0.645")

    def test_without_a_true_up_it_is_carried_for_ever(self) -> None:
        b = opened({"export": NET})
        b.produce(90)
        at(b, "2023-02-25")
        for month in range(3, 13):
            at(b, "2023-%02d-20" % month)
        at(b, "2024-01-20")
        b.consume(100)
        self.check(b, "0.01")

    def test_at_the_true_up_it_lapses_or_is_paid(self) -> None:
        for price, cost in ((None, "0"), ("0.25", "-0.0125")):
            b = opened({"export": true_up(2, price)}, "2023-01-20")
            b.produce(50)
            at(b, "2023-02-01")
            self.check(b, "0")
            self.assertEqual(b.exports[0], 50)
            at(b, "2023-03-01")
            self.check(b, cost)
            self.assertEqual(b.exports[0], 0)
            b.consume(20)
            self.check(b, "0.02" if price is None else "0.0075")

    def test_every_period_is_paid_and_taxed_where_the_tax_says(self) -> None:
        for applied, cost in ((("energy", "export"), "-0.033"), (("energy",), "-0.03")):
            b = opened({"export": true_up(1, "0.2"), "periods": DAY_NIGHT,
                        "tax": tax("0.1", *applied)})
            b.produce(50)
            at(b, "2023-01-01T12:00")
            b.produce(100)
            at(b, "2023-02-01")
            self.check(b, cost)

    def test_the_minimum_counts_what_the_true_up_pays(self) -> None:
        b = opened({"export": true_up(1, "1"), "minimum": {"amount": "2", "per": "month"}})
        b.produce(500)
        at(b, "2023-02-01")
        self.check(b, "2")

    def test_a_bank_is_full_at_its_bound(self) -> None:
        b = opened({"export": NET})
        b.exports[0] = BANK_MAX - 5
        b.produce(7)
        self.assertEqual(b.exports[0], BANK_MAX)
        b.consume(1)
        self.assertEqual(b.exports[0], BANK_MAX - 1)
        self.check(b, "0")

    def test_a_long_window_beyond_the_bound_of_positions(self) -> None:
        limit = "%d" % (POSITION_MAX // 1000 - 1)
        b = opened({"export": NET, "tiers": rule("calendar_year"),
                    "energy": {"*/*": blocks((limit, "0.0001"), (None, "0.0002"))}})
        counts = POSITION_MAX + 5000000
        b.consume(counts)
        before = pico(b)
        at(b, "2023-01-02")
        b.produce(2000)
        self.assertEqual(before - pico(b), amount("0.0004"))
        at(b, "2023-01-03")
        b.produce(5000000 - 2000)
        self.assertEqual(before - pico(b), amount("1"))
        self.assertEqual(b.audit(), "")


class TestEnds(NettingCase):
    def test_a_tariff_that_nets_too_takes_the_banks_by_name(self) -> None:
        b = opened({"export": true_up(6, "0.5"), "periods": DAY_NIGHT})
        b.consume(100)
        b.produce(140)
        at(b, "2023-01-01T12:00")
        b.produce(60)
        b.load_next(tariff({"export": NET, "periods": {
            "*/*": [{"from": "00:00", "to": "24:00", "period": "day"}]},
            "energy": {"*/*": flat("2")}}), parse_time("2023-01-10T12:00"))
        at(b, "2023-01-10T12:00")
        self.check(b, "0")
        b.consume(110)  # the 60 of the day, and the night's 40, whose period is no more
        self.check(b, "0.02")
        self.assertEqual(sum(b.exports), 0)

    def test_a_tariff_that_does_not_net_ends_the_banks(self) -> None:
        for price, cost in ((None, "0"), ("0.5", "-0.02")):
            b = opened({"export": true_up(6, price)})
            b.produce(40)
            b.load_next(tariff({"export": {"mode": "net_billing", "prices": {"*/*": "0.25"}}}),
                        parse_time("2023-01-10"))
            at(b, "2023-01-10")
            self.check(b, cost)
            self.assertEqual(sum(b.exports), 0)
            b.consume(100)
            b.produce(100)
            self.check(b, "0.075" if price is None else "0.055")

    def test_netting_begins_with_nothing(self) -> None:
        b = opened({"export": {"mode": "net_billing_capped_per_period",
                               "prices": {"*/*": "0.25"}}})
        b.produce(40)
        b.load_next(tariff({"export": NET}), parse_time("2023-01-10"))
        at(b, "2023-01-10")
        b.consume(100)
        b.produce(30)
        self.check(b, "0.07")

    def test_what_another_tariff_has_charged_is_not_taken_back(self) -> None:
        b = opened(TWO)
        b.consume(150)
        b.load_next(tariff(TWO), parse_time("2023-01-10"))
        at(b, "2023-01-10")
        b.consume(10)
        b.produce(30)
        self.check(b, "0.6")
        self.assertEqual((b.exports[0], b.positions[0]), (20, 150))

    def test_a_closed_account_is_paid_its_bank(self) -> None:
        for price, cost in ((None, "0"), ("0.5", "-0.02")):
            b = opened({"export": true_up(6, price)})
            b.produce(40)
            b.close_account(parse_time("2023-01-10"))
            self.check(b, cost)
            b.consume(40)
            self.assertEqual((b.cells[0], b.exports[0]), (40, 0))


class TestShown(unittest.TestCase):
    def page(self, billing: Billing) -> list:
        class App:
            pass

        app = App()
        app.state = App()
        app.state.billing = billing
        app.state.account = billing.account
        return lines("balance", reports.balance(app))

    def test_the_console_shows_what_is_carried_by_period(self) -> None:
        b = opened({"export": NET, "periods": DAY_NIGHT})
        self.assertTrue("carried_kWh          none" in self.page(b))
        b.produce(1234)
        at(b, "2023-01-01T12:00")
        b.produce(5)
        at(b, "2023-02-01")
        page = self.page(b)
        i = page.index("carried_kWh          ")
        self.assertEqual(page[i + 1:i + 3], [
            "  day                0.005", "  night              1.234"])

    def test_a_tariff_that_does_not_net_has_no_such_line(self) -> None:
        self.assertFalse([line for line in self.page(opened({})) if "carried" in line])


class TestRefusals(unittest.TestCase):
    def refuse(self, field: str, text: str, **parts: object) -> None:
        try:
            TariffDocument(document(**parts))
        except TariffError as e:
            self.assertEqual(e.field, field)
            self.assertTrue(text in e.rule, e.rule)
            return
        self.fail("accepted")

    def test_what_has_no_sound_meaning(self) -> None:
        tiers = {"*/*": blocks(("1", "1"), (None, "2"))}
        self.refuse("tiers.count", "in season all", export=NET, periods=DAY_NIGHT,
                    tiers=rule("month"), energy=tiers)
        for window in ("bimonth", "calendar_year"):
            self.refuse("tiers.mode", "window of a month", export=NET, energy=tiers,
                        tiers=rule(window, "all_energy", "whole"))

    def test_fields(self) -> None:
        self.refuse("export.prices", "absent in mode net_metering",
                    export={"mode": "net_metering", "prices": {"*/*": "1"}})
        for month in (0, 13, "1", True, None):
            self.refuse("export.true_up.month", "from 1 to 12",
                        export={"mode": "net_metering", "true_up": {"month": month}})
        self.refuse("export.true_up.month", "is required",
                    export={"mode": "net_metering", "true_up": {}})
        self.refuse("export.true_up.lapse", "is no field",
                    export={"mode": "net_metering", "true_up": {"month": 1, "lapse": True}})
        self.refuse("export.true_up", "must be an object",
                    export={"mode": "net_metering", "true_up": 4})
        self.refuse("export.true_up.price", "must be a decimal text",
                    export={"mode": "net_metering", "true_up": {"month": 1, "price": 0.2}})
        self.refuse("export.true_up", "needs mode net_metering",
                    export={"mode": "none", "true_up": {"month": 1}})

    def test_a_true_up_too_dear_for_the_credit_unit(self) -> None:
        with self.assertRaises(TariffError):
            tariff({"export": true_up(1, "60")})
        tariff({"export": true_up(1, "50")})


class Prediction:
    """What a netting tariff costs, worked out from each month's sums of import and export.

    Prices are in 1e-5 of the currency a kWh and limits in counts of 1 Wh, so that counts times
    prices are in 1e-8 of the currency.
    """

    def __init__(self, window: int, own: bool, whole: bool, bands: list, pay: tuple) -> None:
        """window: months; bands: for each period (limits, prices); pay: (month, price)."""
        self._rules = window, own, whole
        self._bands = bands
        self._pay = pay
        self._carried = [0] * len(bands)
        self._before = [0] * len(bands)
        self._closed = 0
        self.net = [0] * len(bands)

    def cost(self) -> int:
        _, own, whole = self._rules
        used = [max(0, n - c) for n, c in zip(self.net, self._carried)]
        total = self._closed
        for p, (limits, prices) in enumerate(self._bands):
            if whole:
                reached = used[p] if own else sum(used)
                total += used[p] * prices[sum([reached > limit for limit in limits])]
                continue
            low = self._before[p]
            high = low + used[p]
            edges = [0] + list(limits) + [1 << 60]
            for i, price in enumerate(prices):
                part = min(high, edges[i + 1]) - max(low, edges[i])
                total += max(0, part) * price
        return total

    def end_month(self, month: int) -> None:
        """Close a month, 1 to 12."""
        self._closed = self.cost()
        over = [c - n for n, c in zip(self.net, self._carried)]
        self._before = [b + max(0, -o) for b, o in zip(self._before, over)]
        if month % self._rules[0] == 0:
            self._before = [0] * len(over)
        self._carried = [max(0, o) for o in over]
        if month == self._pay[0]:
            self._closed -= sum(self._carried) * self._pay[1]
            self._carried = [0] * len(over)
        self.net = [0] * len(over)


class TestPredicted(unittest.TestCase):
    def test_random_tariffs_and_loads_come_to_what_the_sums_of_the_months_say(self) -> None:
        random = Random(20230301)
        for round_ in range(24):
            self._run(random, "round %d" % round_)

    def _run(self, random: Random, name: str) -> None:
        window, months = random.choice((
            ("month", 1), ("bimonth", 2), ("calendar_year", 12), ("month", 1)))
        whole = months == 1 and random.below(3) == 0
        own = random.below(2) == 0
        two = own or whole or random.below(2) == 0
        tiers = 1 if two and not own and not whole else 1 + random.below(4)
        limits = []
        for _ in range(tiers - 1):
            limits.append((limits[-1] if limits else 0) + 1 + random.below(900))
        bands = [(limits, [random.below(90000) for _ in range(tiers)])
                 for _ in range(2 if two else 1)]
        pay = random.choice(((0, 0), (2, 0), (3, random.below(9000))))
        export = true_up(pay[0], None if not pay[1] else _price(pay[1])) if pay[0] else NET
        parts = {"export": export, "tiers": rule(
            window if tiers > 1 else "none",
            "this_period_only" if own else "all_energy", "whole" if whole else "marginal"),
            "energy": {}}
        if tiers == 1:
            months = 1
        # The periods as DAY_NIGHT names them first.
        for key, (_, prices) in zip(("*/night", "*/day") if two else ("*/*",), bands):
            texts = ["%d.%03d" % divmod(limit, 1000) for limit in limits] + [None]
            parts["energy"][key] = blocks(*[
                (limit, _price(price)) for limit, price in zip(texts, prices)])
        if two:
            parts["periods"] = DAY_NIGHT
        b = opened(parts)
        expected = Prediction(months, own or not two, whole, bands, pay)
        for month in range(1, 7):
            for day in range(1, days_in_month(2023, month) + 1, 3):
                for hour in ("01:00", "12:00"):
                    at(b, "2023-%02d-%02dT%s" % (month, day, hour))
                    n = random.choice((1, 30, 200, 700))
                    n = 1 + random.below(n)
                    if random.below(2):
                        b.consume(n)
                    else:
                        b.produce(n)
                        n = -n
                    expected.net[b.period] += n
                    if b.audit():
                        self.fail("%s: %s" % (name, b.audit()))
                    if pico(b) != expected.cost() * 10000:
                        self.fail("%s, month %d day %d: %d, should be %d" % (
                            name, month, day, pico(b), expected.cost() * 10000))
            expected.end_month(month)
            at(b, "2023-%02d-01" % (month + 1))
            self.assertEqual(pico(b), expected.cost() * 10000, name)


def _price(price: int) -> str:
    return "%d.%05d" % divmod(price, 100000)


if __name__ == "__main__":
    unittest.main()
