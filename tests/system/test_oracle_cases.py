"""The bill oracle against cases worked by hand, one rule of the schema each."""

from fractions import Fraction

import pytest

from tests.oracle.documents import (
    DAY_NIGHT,
    bills,
    blocks,
    flat,
    published_tariffs,
    rule,
    spans,
    tariff_of,
)

TARIFFS = published_tariffs()


def test_limits_are_inclusive() -> None:
    tariff = tariff_of(tiers=rule("month"), energy={"*/*": blocks(("100", "1"), (None, "3"))})
    (month,) = bills(tariff, ("2024-05-01", 60), ("2024-05-02", 40))
    assert (month["energy"], month["price_changes"]) == (100, 0)
    (month,) = bills(tariff, ("2024-05-01", 100), ("2024-05-02", "0.001"))
    assert (month["energy"], month["price_changes"]) == (Fraction("100.003"), 1)


def test_an_interval_is_split_over_every_tier_it_crosses() -> None:
    energy = {"*/*": blocks(("10", "1"), ("20", "2"), (None, "5"))}
    (month,) = bills(tariff_of(tiers=rule("month"), energy=energy), ("2024-05-01", 25))
    assert month["energy"] == 10 * 1 + 10 * 2 + 5 * 5
    assert month["kWh_by_price_cell"] == {"all/all#1": 10, "all/all#2": 10, "all/all#3": 5}
    assert month["price_changes"] == 2


def test_tiers_advance_with_all_energy_or_with_one_period() -> None:
    energy = {
        "*/day": blocks(("10", "1"), (None, "2")),
        "*/night": blocks(("10", "3"), (None, "4")),
    }
    load = [("2024-05-01T12:00", 8), ("2024-05-01T23:00", 8), ("2024-05-02T12:00", 4)]
    (month,) = bills(tariff_of(tiers=rule("month"), energy=energy, periods=DAY_NIGHT), *load)
    assert month["energy"] == 8 * 1 + (2 * 3 + 6 * 4) + 4 * 2
    own = rule("month", "this_period_only")
    (month,) = bills(tariff_of(tiers=own, energy=energy, periods=DAY_NIGHT), *load)
    assert month["energy"] == 8 * 1 + 8 * 3 + (2 * 1 + 2 * 2)
    assert month["kWh_by_price_cell"] == {"all/day#1": 10, "all/day#2": 2, "all/night#1": 8}
    assert month["price_changes"] == 3


def test_whole_mode_prices_every_unit_by_the_band_of_the_total() -> None:
    energy = {"*/*": blocks(("30", "12"), ("100", "16"), (None, "20"))}
    tariff = tariff_of(tiers=rule("month", mode="whole"), energy=energy)
    load = [("2024-05-01", 30), ("2024-05-02", 1), ("2024-05-03", 69), ("2024-05-04", "0.5")]
    (month,) = bills(tariff, *load)
    assert month["energy_cost_to_end_of_day"] == {
        "2024-05-01": 30 * 12,
        "2024-05-02": 31 * 16,
        "2024-05-03": 100 * 16,
        "2024-05-04": Fraction("100.5") * 20,
    }
    assert month["kWh_by_price_cell"] == {"all/all#3": Fraction("100.5")}
    assert month["price_changes"] == 2


def test_whole_mode_of_one_period_leaves_the_other_in_its_band() -> None:
    energy = {
        "*/day": blocks(("10", "1"), (None, "2")),
        "*/night": blocks(("10", "3"), (None, "4")),
    }
    own = rule("month", "this_period_only", "whole")
    load = [("2024-05-01T12:00", 12), ("2024-05-01T23:00", 10)]
    (month,) = bills(tariff_of(tiers=own, energy=energy, periods=DAY_NIGHT), *load)
    assert month["energy"] == 12 * 2 + 10 * 3
    assert month["kWh_by_price_cell"] == {"all/day#2": 12, "all/night#1": 10}


def test_whole_mode_over_two_months_bills_the_difference() -> None:
    energy = {"*/*": blocks(("100", "1"), (None, "2"))}
    tariff = tariff_of(tiers=rule("bimonth", mode="whole"), energy=energy)
    first, second, third = bills(
        tariff, ("2024-01-15", 80), ("2024-02-10", 10), ("2024-02-20", 20), ("2024-03-01", 50)
    )
    assert first["energy"] == 80
    assert second["energy"] == 110 * 2 - 80
    assert second["energy_cost_to_end_of_day"] == {"2024-02-10": 10, "2024-02-20": 140}
    assert second["kWh_by_price_cell"] == {"all/all#2": 30}
    assert third["energy"] == 50


def test_bimonth_window_starts_in_odd_months() -> None:
    energy = {"*/*": blocks(("100", "0"), (None, "2"))}
    months = bills(
        tariff_of(tiers=rule("bimonth"), energy=energy),
        ("2023-12-31", 90), ("2024-01-01", 70), ("2024-02-29", 50), ("2024-03-01", 90),
    )  # fmt: skip
    assert [month["energy"] for month in months] == [0, 0, 20 * 2, 0]
    assert [month["price_changes"] for month in months] == [0, 0, 1, 1]


def test_calendar_year_goes_on_over_a_month_and_starts_again_in_january() -> None:
    energy = {"*/*": blocks(("100", "1"), (None, "2"))}
    months = bills(
        tariff_of(tiers=rule("calendar_year"), energy=energy),
        ("2023-11-30", 95), ("2023-12-01", 10), ("2024-01-01", 10),
    )  # fmt: skip
    assert [month["energy"] for month in months] == [95, 5 * 1 + 5 * 2, 10]


@pytest.mark.parametrize(("month", "days"), [("2023-02", 28), ("2024-02", 29), ("2024-03", 31)])
def test_daily_limits_times_the_days_of_the_month(month: str, days: int) -> None:
    energy = {"*/*": blocks(("1.5", "1"), (None, "3"))}
    tariff = tariff_of(tiers=rule("month_scaled_by_days"), energy=energy)
    (bill,) = bills(tariff, (f"{month}-01", 100))
    limit = Fraction("1.5") * days
    assert bill["energy"] == limit + (100 - limit) * 3


def test_capped_export_is_credited_up_to_the_import_of_its_cell() -> None:
    export = {
        "mode": "net_billing_capped_per_period",
        "prices": {"*/day": "0.5", "*/night": "0.1"},
    }
    load = [("2024-05-01T12:00", 2, 5), ("2024-05-01T23:00", 4, 1), ("2024-05-31T12:00", 1, 0)]
    (month,) = bills(tariff_of(export=export, periods=DAY_NIGHT), *load)
    assert month["export_kWh"] == 6
    assert month["export_credit"] == 3 * Fraction("0.5") + 1 * Fraction("0.1")
    (month,) = bills(tariff_of(export=export | {"mode": "net_billing"}, periods=DAY_NIGHT), *load)
    assert month["export_credit"] == 5 * Fraction("0.5") + 1 * Fraction("0.1")
    assert month["before_tax"] == 7 - Fraction("2.6")
    (month,) = bills(tariff_of(periods=DAY_NIGHT), *load)
    assert month["export_credit"] == 0


def test_the_cap_of_export_starts_again_each_month() -> None:
    export = {"mode": "net_billing_capped_per_period", "prices": {"*/*": "1"}}
    months = bills(tariff_of(export=export), ("2024-05-01", 9, 1), ("2024-06-01", 1, 9))
    assert [month["export_credit"] for month in months] == [1, 1]


@pytest.mark.parametrize(
    ("kWh", "charge"), [(0, 30), (20, 30), ("20.001", 50), (50, 50), (51, 75)]
)
def test_step_charge_of_the_months_energy(kWh: int | str, charge: int) -> None:
    steps = [["20", "30"], ["50", "50"], [None, "75"]]
    tariff = tariff_of(fixed=[{"name": "service", "by_total_kWh": steps, "per": "month"}])
    assert bills(tariff, ("2024-05-01", kWh))[0]["fixed"] == charge


def test_fixed_charges_count_days_with_data_and_months_present() -> None:
    fixed = [
        {"name": "standing", "amount": "0.5", "per": "day"},
        {"name": "service", "amount": "10", "per": "month"},
    ]
    load = [("2024-05-01", 0), ("2024-05-01T12:00", 1), ("2024-05-03", 0), ("2024-06-01", 0)]
    assert [m["fixed"] for m in bills(tariff_of(fixed=fixed), *load)] == [11, Fraction("10.5")]


def test_minimum_tops_up_the_bill_before_tax_and_is_taxed_as_fixed() -> None:
    tariff = tariff_of(
        minimum={"amount": "10", "per": "month"},
        adders=[{"name": "levy", "price": "0.5"}],
        fixed=[{"name": "service", "amount": "2", "per": "month"}],
        export={"mode": "net_billing", "prices": {"*/*": "1"}},
        tax={"rate": "0.2", "included_in_prices": False, "applies_to": ["fixed"]},
    )
    (month,) = bills(tariff, ("2024-05-01", 4, 1))
    assert month["before_tax"] == 10
    assert month["fixed"] == 2 + (10 - (4 + 2 + 2 - 1))
    assert month["total_6"] == 11
    (month,) = bills(tariff, ("2024-05-01", 40, 1))
    assert (month["fixed"], month["before_tax"]) == (2, 61)


@pytest.mark.parametrize(
    ("applies_to", "base"),
    [
        (None, "112"),
        (["energy"], "100"),
        (["energy", "fixed"], "110"),
        (["fuel"], "5"),
        (["energy", "export"], "95"),
        ([], "0"),
    ],
)
def test_tax_applies_to_named_components(applies_to: list[str] | None, base: str) -> None:
    tax = {"rate": "0.16", "included_in_prices": False}
    if applies_to is not None:
        tax["applies_to"] = applies_to
    tariff = tariff_of(
        adders=[{"name": "fuel", "price": "0.05"}, {"name": "levy", "price": "0.02"}],
        fixed=[{"name": "service", "amount": "10", "per": "month"}],
        export={"mode": "net_billing", "prices": {"*/*": "0.5"}},
        tax=tax,
    )
    (month,) = bills(tariff, ("2024-05-01", 100, 10))
    assert month["adders"] == 7
    assert month["tax"] == Fraction(base) * Fraction("0.16")
    tariff["tax"] = tax | {"included_in_prices": True}
    assert bills(tariff, ("2024-05-01", 100, 10))[0]["tax"] == 0


def test_special_day_takes_the_day_type_it_names() -> None:
    tariff = tariff_of(
        day_types=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "weekday")
        | {"sat": "sunday", "sun": "sunday"},
        periods={
            "*/weekday": spans(("00:00", "24:00", "high")),
            "*/sunday": spans(("00:00", "24:00", "low")),
        },
        energy={"*/high": flat("2"), "*/low": flat("1")},
        special_days=[
            {"date": "12-25", "day_type": "sunday"},
            {"date": "2026-12-25", "day_type": "weekday"},
            {"date": "2025-12-28", "day_type": "weekday"},
        ],
    )
    days = {"2025-12-24": "high", "2025-12-25": "low", "2025-12-28": "high", "2026-12-25": "high"}
    for day, period in days.items():  # Wednesday, Thursday, Sunday, Friday
        assert bills(tariff, (day, 1))[0]["kWh_by_price_cell"] == {f"all/{period}#1": 1}


def test_half_hour_edges_belong_to_the_period_they_begin() -> None:
    load = [
        ("2024-05-01T00:29", 1), ("2024-05-01T00:30", 10), ("2024-05-01T02:29", 10),
        ("2024-05-01T02:30", 1), ("2024-05-01T22:29", 10), ("2024-05-01T22:30", 1),
    ]  # fmt: skip
    (month,) = bills(TARIFFS["gb-npower-e7-se-2017"], *load)
    assert month["kWh_by_price_cell"] == {"all/night#1": 3, "all/day#1": 30}
    assert month["price_changes"] == 4


def test_season_over_the_turn_of_the_year() -> None:
    load = [(f"{month}-15T16:00", 1) for month in ("2016-11", "2016-12", "2017-02", "2017-03")]
    cells = [list(m["kWh_by_price_cell"]) for m in bills(TARIFFS["au-ergon-t12-2017"], *load)]
    assert cells == [["other/off#1"], ["summer/peak#1"], ["summer/peak#1"], ["other/off#1"]]


def test_the_most_specific_key_wins() -> None:
    seasons = [{"id": "winter", "months": [1]}, {"id": "rest", "months": list(range(2, 13))}]
    energy = {"rest/day": flat("1"), "*/day": flat("2"), "winter/*": flat("3"), "*/*": flat("4")}
    tariff = tariff_of(seasons=seasons, periods=DAY_NIGHT, energy=energy)
    for start, price in [("02-01T12", 1), ("01-01T12", 2), ("01-01T01", 3), ("02-01T01", 4)]:
        assert bills(tariff, (f"2024-{start}:00", 1))[0]["energy"] == price
