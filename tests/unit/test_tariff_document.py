"""Tariff documents: every rule with its error, and generated damage.

A refusal names the field, the value and the rule; nothing but TariffError may come out.
"""

import unittest

from tariff_documents import DAY_NIGHT, SUMMER_WINTER, Random, blocks, document, flat, rule, tax

from joulegate.core.tariff_document import (
    EXPORT_CAPPED,
    EXPORT_NONE,
    WINDOW_MONTH_BY_DAYS,
    WINDOW_TWO_MONTHS,
    TariffDocument,
    TariffError,
    pick,
)

GONE = "(this field is taken away)"
ANY_DAY = [{"from": "00:00", "to": "24:00", "period": "all"}]


def full() -> dict:
    """Return a document that has every field."""
    return document(
        format=1, name="Everything", country="XX", valid_from="2023-01-01", valid_to=None,
        source="made up", confidence="high", notes=["none"],
        day_types={"mon": "work", "tue": "work", "wed": "work", "thu": "work", "fri": "work",
                   "sat": "rest", "sun": "rest"},
        seasons=[{"id": "summer", "months": [4, 5, 6, 7, 8, 9]},
                 {"id": "winter", "months": [10, 11, 12, 1, 2, 3]}],
        periods={
            "*/work": [{"from": "00:00", "to": "07:30", "period": "low"},
                       {"from": "07:30", "to": "24:00", "period": "high"}],
            "winter/rest": [{"from": "00:00", "to": "24:00", "period": "low"}],
            "*/*": [{"from": "00:00", "to": "24:00", "period": "rest"}],
        },
        special_days=[{"date": "12-25", "day_type": "rest", "name": "Christmas"},
                      {"date": "2024-02-29", "day_type": "feast"}],
        tiers=rule("month"),
        energy={"*/*": blocks(("100", "0.10"), ("250.5", "0.125"), (None, "0.2")),
                "winter/high": flat("0.31")},
        adders=[{"name": "levy", "price": "0.003", "vat": True},
                {"name": "fund", "price": "0.001", "vat": False}],
        fixed=[{"name": "meter", "per": "day", "amount": "0.25"},
               {"name": "line", "per": "month", "amount": "4"},
               {"name": "size", "per": "month", "by_total_kWh": [["50", "1"], [None, "2.5"]]}],
        minimum={"amount": "10", "per": "month"},
        export={"mode": "net_billing_capped_per_period", "cap": "import",
                "prices": {"*/*": "0.05", "summer/rest": "0.04"}},
        tax={"name": "VAT", "rate": "0.19", "included_in_prices": False,
             "applies_to": ["energy", "fixed", "levy"]},
    )


def place(whole: dict, path: tuple, value: object) -> object:
    """Put a value at a path of keys and indices; a list's length as index appends."""
    at = whole
    for key in path[:-1]:
        at = at[key]
    key = path[-1]
    if value is GONE:
        del at[key]
    elif isinstance(at, list) and key == len(at):
        at.append(value)
    else:
        at[key] = value
    return whole


class TestGoodDocument(unittest.TestCase):
    def test_everything_is_read(self) -> None:
        d = TariffDocument(full())
        self.assertEqual((d.id, d.name, d.currency), ("test", "Everything", "EUR"))
        self.assertEqual(d.seasons, ("summer", "winter"))
        self.assertEqual(list(d.month_season[1:]), [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1])
        self.assertEqual(d.day_types, ("work", "rest", "feast"))
        self.assertEqual(list(d.weekday_type), [0, 0, 0, 0, 0, 1, 1])
        self.assertEqual(d.special_days, {1225: 1, 20240229: 2})
        self.assertEqual(sorted(d.periods), ["high", "low", "rest"])
        self.assertEqual((d.count_period, d.whole), (False, False))
        self.assertEqual((d.places, d.tiers), (3, 3))
        self.assertEqual(d.adders, (("levy", 3), ("fund", 1)))
        self.assertEqual(d.tax_adders, (True, False))
        self.assertEqual((d.day_charge, d.month_charge, d.minimum), (250, 4000, 10000))
        self.assertEqual(d.steps, ((50000, 1000), (None, 2500)))
        self.assertEqual(d.export, EXPORT_CAPPED)
        self.assertEqual((d.tax_rate, d.tax_places), (19, 2))
        self.assertEqual((d.tax_energy, d.tax_fixed, d.tax_export), (True, True, False))

    def test_the_most_specific_entry_wins(self) -> None:
        d = TariffDocument(full())
        low, high, rest = (d.periods.index(name) for name in ("low", "high", "rest"))
        self.assertEqual(d.schedule[0 * 3 + 0], ((450, 1440), bytes((low, high))))
        self.assertEqual(d.schedule[0 * 3 + 1], ((1440,), bytes((rest,))))
        self.assertEqual(d.schedule[1 * 3 + 1], ((1440,), bytes((low,))))
        self.assertEqual(d.schedule[1 * 3 + 2], ((1440,), bytes((rest,))))
        self.assertEqual(d.energy[1 * 3 + high], ((), (310,)))
        self.assertEqual(d.energy[0 * 3 + high], ((100000, 250500), (100, 125, 200)))
        self.assertEqual(d.export_prices[0 * 3 + rest], 40)
        self.assertEqual(d.export_prices[1 * 3 + rest], 50)
        table = {"a/b": 1, "*/b": 2, "a/*": 3, "*/*": 4}
        self.assertEqual(
            [pick(table, *k) for k in (("a", "b"), ("x", "b"), ("a", "x"), ("x", "x"))],
            [1, 2, 3, 4])
        self.assertIsNone(pick({"a/b": 1}, "a", "x"))

    def test_the_least_document_has_defaults(self) -> None:
        d = TariffDocument(document())
        self.assertEqual((d.name, d.adders, d.steps, d.minimum), ("test", (), (), None))
        self.assertEqual((d.export, d.export_prices), (EXPORT_NONE, ()))
        self.assertEqual((d.day_charge, d.month_charge, d.tax_rate, d.places), (0, 0, 0, 0))

    def test_an_included_tax_adds_nothing(self) -> None:
        d = TariffDocument(document(tax={"rate": "0.25", "included_in_prices": True}))
        self.assertEqual((d.tax_rate, d.tax_places), (0, 0))

    def test_names_of_windows(self) -> None:
        d = TariffDocument(document(tiers=rule("bimonth", "this_period_only", "whole")))
        self.assertEqual((d.window, d.count_period, d.whole), (WINDOW_TWO_MONTHS, True, True))
        d = TariffDocument(document(tiers=rule("month_scaled_by_days")))
        self.assertEqual(d.window, WINDOW_MONTH_BY_DAYS)

    def test_limits_of_size_are_reached(self) -> None:
        names = ["p%d" % i for i in range(6)]
        day = [{"from": "%02d:00" % (4 * i), "to": "%02d:00" % (4 * i + 4), "period": name}
               for i, name in enumerate(names)]
        tiers = [{"up_to_kWh": str(i + 1), "price": "1"} for i in range(3)] + flat("1")
        d = TariffDocument(document(
            tiers=rule("month"), periods={"*/*": day}, energy={"*/*": tiers}))
        self.assertEqual(d.tiers * len(d.periods), 24)


# (path, value, field, rule): what is wrong in the full document and what must be said of it.
REFUSED = (
    (("id",), GONE, "id", "is required"),
    (("id",), "", "id", "must be a text of 1 to 40 characters"),
    (("id",), "x" * 41, "id", "must be a text of 1 to 40 characters"),
    (("id",), 7, "id", "must be a text of 1 to 40 characters"),
    (("name",), "x" * 121, "name", "must be a text of 1 to 120 characters"),
    (("currency",), "EURO", "currency", "must be a text of 1 to 3 characters"),
    (("price",), "1", "price", "is no field of this object"),
    (("format",), 2, "format", "must be 1"),
    (("valid_from",), "2023-02-29", "valid_from", "day 29: not in month 2 of 2023"),
    (("valid_from",), "1.1.2023", "valid_from", "must be a date YYYY-MM-DD"),
    (("valid_to",), 20230101, "valid_to", "must be a text of 1 to 10 characters"),
    (("valid_to",), "2023-01T01", "valid_to", "must be YYYY-MM-DD"),

    (("seasons",), GONE, "seasons", "is required"),
    (("seasons",), [], "seasons", "must be a list of 1 to 4"),
    (("seasons",), SUMMER_WINTER * 3, "seasons", "must be a list of 1 to 4"),
    (("seasons", 1), "winter", "seasons[1]", "must be an object"),
    (("seasons", 1, "id"), "summer", "seasons[1].id", "must not repeat"),
    (("seasons", 1, "id"), "*", "seasons[1].id", "must be an id of 1 to 16 characters"),
    (("seasons", 1, "id"), "a/b", "seasons[1].id", "must be printable ASCII without"),
    (("seasons", 1, "id"), "a#b", "seasons[1].id", "must be printable ASCII without"),
    (("seasons", 1, "id"), "\u00e9t\u00e9", "seasons[1].id", "must be printable ASCII without"),
    (("seasons", 1, "id"), "a b", "seasons[1].id", "must be printable ASCII without"),
    (("seasons", 1, "months"), [], "seasons[1].months", "must be a list of 1 to 12"),
    (("seasons", 1, "months", 0), 0, "seasons[1].months", "must be a month from 1 to 12"),
    (("seasons", 1, "months", 0), 13, "seasons[1].months", "must be a month from 1 to 12"),
    (("seasons", 1, "months", 0), "10", "seasons[1].months", "must be a month from 1 to 12"),
    (("seasons", 1, "months", 3), True, "seasons[1].months", "must be a month from 1 to 12"),
    (("seasons", 1, "months", 0), 10.0, "seasons[1].months", "must be a month from 1 to 12"),
    (("seasons", 1, "months", 0), 4, "seasons[1].months", "must be in one season only"),
    (("seasons", 1, "months", 0), 11, "seasons[1].months", "must be in one season only"),
    (("seasons", 1, "months", 0), GONE, "seasons", "every month must be in a season"),

    (("day_types",), ["work"], "day_types", "must be an object"),
    (("day_types", "sun"), GONE, "day_types.sun", "is required"),
    (("day_types", "holiday"), "rest", "day_types.holiday", "is no field of this object"),
    (("day_types", "sun"), None, "day_types.sun", "must be an id of 1 to 16 characters"),
    (("day_types", "sun"), "x" * 17, "day_types.sun", "must be an id of 1 to 16 characters"),
    (("special_days",), None, "special_days", "must be a list of 0 to 40"),
    (("special_days",), [{}] * 41, "special_days", "must be a list of 0 to 40"),
    (("special_days", 0, "day_type"), GONE, "special_days[0].day_type", "is required"),
    (("special_days", 0, "colour"), "red", "special_days[0].colour", "is no field"),
    (("special_days", 0, "date"), "02-30", "special_days[0].date", "must be a day of the"),
    (("special_days", 0, "date"), "13-01", "special_days[0].date", "must be a day of the"),
    (("special_days", 0, "date"), "00-01", "special_days[0].date", "must be a day of the"),
    (("special_days", 0, "date"), "1x-01", "special_days[0].date", "must be a day of the"),
    (("special_days", 0, "date"), "2024-2-29", "special_days[0].date", "must be a date"),
    (("special_days", 0, "date"), "2023-02-29", "special_days[0].date", "day 29: not in month"),
    (("special_days", 0, "date"), "2024-01T01", "special_days[0].date", "must be YYYY-MM-DD"),
    (("special_days", 0, "date"), 1225, "special_days[0].date", "must be a text"),
    (("special_days", 2), {"date": "12-25", "day_type": "work"}, "special_days[2].date",
     "must not repeat"),

    (("periods",), {}, "periods", "must be an object of day schedules"),
    (("periods",), [], "periods", "must be an object of day schedules"),
    (("periods", "work"), ANY_DAY, "periods", "key must be one of summer, winter or *"),
    (("periods", "spring/work"), ANY_DAY, "periods", "key must be one of summer, winter or *"),
    (("periods", "summer/any"), ANY_DAY, "periods", "one of work, rest, feast or *"),
    (("periods", "summer/rest/x"), ANY_DAY, "periods", "one of work, rest, feast or *"),
    (("periods", "*/*"), GONE, "periods", "this day has no schedule"),
    (("periods", "*/*"), [], "periods.*/*", "must be a list of 1 to 48"),
    (("periods", "*/*"), ANY_DAY * 49, "periods.*/*", "must be a list of 1 to 48"),
    (("periods", "*/*", 0), None, "periods.*/*[0]", "must be an object"),
    (("periods", "*/*", 0, "to"), GONE, "periods.*/*[0].to", "is required"),
    (("periods", "*/*", 0, "price"), "1", "periods.*/*[0].price", "is no field"),
    (("periods", "*/*", 0, "from"), "00:30", "periods.*/*[0].from", "must begin where"),
    (("periods", "*/work", 1, "from"), "07:00", "periods.*/work[1].from", "must begin where"),
    (("periods", "*/work", 1, "from"), "08:00", "periods.*/work[1].from", "must begin where"),
    (("periods", "*/work", 0, "to"), "00:00", "periods.*/work[0].to", "must be after its"),
    (("periods", "*/*", 0, "to"), "23:59", "periods.*/*", "the last entry must end at 24:00"),
    (("periods", "*/*", 0, "to"), "24:01", "periods.*/*[0].to", "must be a time from 00:00"),
    (("periods", "*/*", 0, "to"), "7:00", "periods.*/*[0].to", "must be a time from 00:00"),
    (("periods", "*/*", 0, "to"), "12:60", "periods.*/*[0].to", "must be a time from 00:00"),
    (("periods", "*/*", 0, "to"), 1440, "periods.*/*[0].to", "must be a time from 00:00"),
    (("periods", "*/*", 0, "period"), "*", "periods.*/*[0].period", "must be an id"),
    (("periods", "*/*"), [
        {"from": "%02d:00" % i, "to": "%02d:00" % (i + 1), "period": "p%d" % i}
        for i in range(24)], "periods.*/*[6].period", "at most 6 periods"),

    (("tiers",), None, "tiers", "must be an object"),
    (("tiers", "mode"), GONE, "tiers.mode", "is required"),
    (("tiers", "step"), 1, "tiers.step", "is no field of this object"),
    (("tiers", "window"), "year", "tiers.window", "must be one of none, month, bimonth,"),
    (("tiers", "count"), None, "tiers.count", "must be one of all_energy, this_period_only"),
    (("tiers", "mode"), True, "tiers.mode", "must be one of marginal, whole"),
    (("tiers", "window"), "none", "tiers.window", "must name a window when prices have tiers"),

    (("energy",), {}, "energy", "must be an object of prices"),
    (("energy", "high"), flat("1"), "energy", "key must be one of summer, winter or *"),
    (("energy", "*/night"), flat("1"), "energy", "one of "),
    (("energy", "*/*"), GONE, "energy", "this period has no price"),
    (("energy", "*/*"), [], "energy.*/*", "must be a list of 1 to 12"),
    (("energy", "*/*"), blocks(*[(str(i), "1") for i in range(1, 13)]) + flat("1"),
     "energy.*/*", "must be a list of 1 to 12"),
    (("energy", "*/*"), blocks(*[(str(i), "1") for i in range(1, 9)]) + flat("1"),
     "energy", "periods times tiers must be at most 24"),
    (("energy", "*/*", 1, "up_to_kWh"), "100", "energy.*/*[1].up_to_kWh",
     "must be above 0 and above the limit before"),
    (("energy", "*/*", 0, "up_to_kWh"), "0", "energy.*/*[0].up_to_kWh",
     "must be above 0 and above the limit before"),
    (("energy", "*/*", 1, "up_to_kWh"), None, "energy.*/*[1].up_to_kWh",
     "must be a decimal text with at most 3 places"),
    (("energy", "*/*", 1, "up_to_kWh"), "250.0005", "energy.*/*[1].up_to_kWh",
     "must be a decimal text with at most 3 places"),
    (("energy", "*/*", 2, "up_to_kWh"), "300", "energy.*/*[2].up_to_kWh",
     "must be null in the last tier"),
    (("energy", "*/*", 2, "price"), 0.2, "energy.*/*[2].price", "must be a decimal text"),
    (("energy", "*/*", 2, "price"), "-0.2", "energy.*/*[2].price", "must be a decimal text"),
    (("energy", "*/*", 2, "price"), "0.123456789", "energy.*/*[2].price",
     "must be a decimal text with at most 8 places"),
    (("energy", "*/*", 2, "price"), GONE, "energy.*/*[2].price", "is required"),

    (("adders",), {}, "adders", "must be a list of 0 to 8"),
    (("adders",), [{"name": str(i), "price": "1"} for i in range(9)], "adders", "list of 0 to 8"),
    (("adders", 1, "name"), "levy", "adders[1].name", "must be a name of its own"),
    (("adders", 1, "name"), "energy", "adders[1].name", "must be a name of its own"),
    (("adders", 1, "name"), "", "adders[1].name", "must be a text of 1 to 64 characters"),
    (("adders", 1, "price"), "1,5", "adders[1].price", "must be a decimal text"),
    (("adders", 0, "vat"), False, "adders[0].vat", "must agree with tax.applies_to"),
    (("adders", 1, "vat"), True, "adders[1].vat", "must agree with tax.applies_to"),
    (("adders", 1, "vat"), 0, "adders[1].vat", "must agree with tax.applies_to"),

    (("fixed",), None, "fixed", "must be a list of 0 to 8"),
    (("fixed", 0, "per"), "year", "fixed[0].per", "must be one of day, month"),
    (("fixed", 0, "amount"), GONE, "fixed[0]", "needs one of amount and by_total_kWh"),
    (("fixed", 2, "amount"), "1", "fixed[2]", "needs one of amount and by_total_kWh"),
    (("fixed", 0, "amount"), None, "fixed[0].amount", "must be a decimal text"),
    (("fixed", 0, "name"), None, "fixed[0].name", "must be a text of 1 to 64 characters"),
    (("fixed", 2, "per"), "day", "fixed[2].by_total_kWh", "must be per month, and once"),
    (("fixed", 3), {"name": "x", "per": "month", "by_total_kWh": [[None, "1"]]},
     "fixed[3].by_total_kWh", "must be per month, and once"),
    (("fixed", 2, "by_total_kWh"), [], "fixed[2].by_total_kWh", "must be a list of 1 to 12"),
    (("fixed", 2, "by_total_kWh", 0), ["50"], "fixed[2].by_total_kWh[0]", "must be [limit"),
    (("fixed", 2, "by_total_kWh", 0), "50", "fixed[2].by_total_kWh[0]", "must be [limit"),
    (("fixed", 2, "by_total_kWh", 0, 0), None, "fixed[2].by_total_kWh[0][0]", "must be null in"),
    (("fixed", 2, "by_total_kWh", 1, 0), "60", "fixed[2].by_total_kWh[1][0]", "must be null in"),
    (("fixed", 2, "by_total_kWh", 0, 0), "0", "fixed[2].by_total_kWh[0][0]", "must be above 0"),
    (("fixed", 2, "by_total_kWh", 0, 1), 1, "fixed[2].by_total_kWh[0][1]", "must be a decimal"),
    (("minimum",), [], "minimum", "must be an object"),
    (("minimum", "per"), "day", "minimum.per", "must be one of month"),
    (("minimum", "amount"), GONE, "minimum.amount", "is required"),
    (("minimum", "amount"), "x", "minimum.amount", "must be a decimal text"),

    (("export",), None, "export", "must be an object"),
    (("export", "mode"), "gift", "export.mode", "must be one of none, net_billing,"),
    (("export", "mode"), "net_metering", "tiers.count", "netting needs this_period_only"),
    (("export", "true_up"), {"month": 12}, "export.true_up", "needs mode net_metering"),
    (("export", "mode"), "none", "export.prices", "must be absent in mode none"),
    (("export", "prices"), GONE, "export.prices", "must be an object of prices"),
    (("export", "prices"), [], "export.prices", "must be an object of prices"),
    (("export", "prices", "*/*"), GONE, "export.prices", "this period has no price"),
    (("export", "prices", "*/night"), "1", "export.prices", "key must be one of"),
    (("export", "prices", "*/*"), flat("1"), "export.prices.*/*", "must be a decimal text"),

    (("tax",), GONE, "tax", "is required"),
    (("tax", "rate"), "1.01", "tax.rate", "must be 0 to 1"),
    (("tax", "rate"), "0.00001", "tax.rate", "must be a decimal text with at most 4 places"),
    (("tax", "rate"), 0.19, "tax.rate", "must be a decimal text"),
    (("tax", "included_in_prices"), 1, "tax.included_in_prices", "must be true or false"),
    (("tax", "applies_to"), ["energy", "gas"], "tax.applies_to",
     "must be one of energy, fixed, export, levy, fund"),
    (("tax", "applies_to"), [["energy"]], "tax.applies_to", "must be one of energy"),
    (("tax", "applies_to"), "energy", "tax.applies_to", "must be a list of 0 to 5"),
    (("tax", "applies_to"), ["energy"] * 6, "tax.applies_to", "must be a list of 0 to 5"),
)


class TestRefusals(unittest.TestCase):
    def refuse(self, value: object) -> TariffError:
        try:
            TariffDocument(value)
        except TariffError as e:
            self.assertEqual(str(e), "tariff: %s: %r: %s" % (e.field, e.value, e.rule))
            return e
        self.fail("accepted")

    def test_every_rule_names_field_value_and_rule(self) -> None:
        for path, value, field, text in REFUSED:
            what = "%r = %r" % (path, value)
            try:
                TariffDocument(place(full(), path, value))
            except TariffError as e:
                self.assertEqual(e.field, field, "%s: field %s" % (what, e.field))
                self.assertTrue(text in e.rule, "%s: %s" % (what, e.rule))
                if value is GONE and text == "is required":
                    self.assertIsNone(e.value)
                continue
            self.fail("accepted: " + what)

    def test_a_document_is_an_object(self) -> None:
        for value in (None, 1, "x", [], True):
            self.assertEqual(self.refuse(value).rule, "must be an object")

    def test_day_types_are_few(self) -> None:
        e = self.refuse(document(
            day_types=dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "abcdefg"))))
        self.assertEqual((e.field, e.rule), ("day_types", "at most 6 day types"))

    def test_bands_over_the_window_mean_the_same_in_all_periods(self) -> None:
        uneven = {"*/day": blocks(("10", "1"), (None, "2")),
                  "*/night": blocks(("20", "1"), (None, "2"))}
        e = self.refuse(document(
            tiers=rule("month", "all_energy", "whole"), periods=DAY_NIGHT, energy=uneven))
        self.assertEqual(
            (e.field, e.value, e.rule),
            ("tiers.mode", "whole", "bands over all energy need equal limits in every period"))
        TariffDocument(document(
            tiers=rule("month", "this_period_only", "whole"), periods=DAY_NIGHT, energy=uneven))

    def test_bands_over_more_than_a_month_need_one_season(self) -> None:
        for window in ("bimonth", "calendar_year"):
            for count in ("all_energy", "this_period_only"):
                e = self.refuse(document(
                    seasons=SUMMER_WINTER, tiers=rule(window, count, "whole"),
                    energy={"*/*": blocks(("10", "1"), (None, "2"))}))
                self.assertEqual(
                    (e.field, e.rule),
                    ("tiers.mode", "needs one season when the window is longer than a month"))

    def test_tax_on_an_adder_may_be_left_to_the_list(self) -> None:
        d = TariffDocument(document(
            adders=[{"name": "a", "price": "1"}, {"name": "b", "price": "1"}],
            tax=tax("0.1", "energy", "b")))
        self.assertEqual(d.tax_adders, (False, True))


# What a mutation may put in place of a value.
JUNK = (
    None, True, False, 0, 1, -1, 13, 1440, 1 << 70, 1.5, "", "*", "*/*", "a", "all", "00:00",
    "24:00", "12:30", "0", "1", "0.5", "-1", "1e9", "999999999999", "0.00000001", "12-25",
    "2024-02-29", "none", "month", "whole", "net_billing", "\x00", "\u20ac", "x" * 200,
    [], {}, [None], [[]], {"": None}, {"*/*": []}, [["1", "1"], [None, "1"]], flat("1"), ANY_DAY,
)


def containers(value: object, found: list) -> list:
    """Collect every object and list of a document that is not empty."""
    if isinstance(value, (dict, list)) and value:
        found.append(value)
        for inner in value.values() if isinstance(value, dict) else value:
            containers(inner, found)
    return found


def mutate(whole: dict, random: Random) -> None:
    """Change one thing somewhere: replace, remove, add or exchange."""
    at = random.choice(containers(whole, []))
    keys = sorted(at) if isinstance(at, dict) else range(len(at))
    key = random.choice(list(keys))
    kind = random.below(6)
    if kind < 3:
        at[key] = random.choice(JUNK)
    elif kind == 3:
        del at[key]
    elif kind == 4:
        other = random.choice(list(keys))
        at[key], at[other] = at[other], at[key]
    elif isinstance(at, dict):
        at[random.choice(("x", "*/rest", "winter/*", "amount", "vat"))] = random.choice(JUNK)
    else:
        at.append(at[key])


class TestGeneratedDamage(unittest.TestCase):
    def test_a_damaged_document_is_taken_whole_or_refused_by_name(self) -> None:
        taken = 0
        for seed in range(1, 801):
            random = Random(seed)
            damaged = full()
            for _ in range(1 + seed % 3):
                mutate(damaged, random)
            try:
                TariffDocument(damaged)
                taken += 1
            except TariffError as e:
                self.assertTrue(isinstance(e.field, str) and len(e.rule) > 4)
            except Exception as e:
                self.fail("seed %d: %s %s" % (seed, type(e).__name__, e))
        self.assertTrue(20 < taken < 500, "%d taken" % taken)


if __name__ == "__main__":
    unittest.main()
