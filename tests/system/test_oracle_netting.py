"""The oracle's netting: by hand, and against the bills of an independent implementation."""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from tests.net_metering_year import YEAR, hours
from tests.oracle.bill import Bill
from tests.oracle.documents import DATA, DAY_NIGHT, bills, blocks, rule, spans, tariff_of
from tools.tariff.urdb import convert, read_record

CASES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "net_metering.json").read_text(encoding="utf-8")
)["cases"]
NET = {"mode": "net_metering"}


def test_a_month_costs_its_net_import_and_carries_the_rest() -> None:
    months = bills(
        tariff_of(export=NET), ("2024-05-01", 9, 1), ("2024-06-01", 1, 9), ("2024-07-01", 10)
    )
    assert [month["energy"] for month in months] == [8, 0, 2]
    assert [month["export_kWh"] for month in months] == [0, 8, 0]


def test_a_true_up_pays_or_drops_what_is_carried() -> None:
    for price, credit in (("0.5", 4), (None, 0)):
        true_up = {"month": 6} | ({"price": price} if price else {})
        months = bills(
            tariff_of(export=NET | {"true_up": true_up}),
            ("2024-06-01", 1, 9), ("2024-07-01", 10),
        )  # fmt: skip
        assert [month["export_credit"] for month in months] == [credit, 0]
        assert [month["energy"] for month in months] == [0, 10]


def test_periods_tiers_and_windows() -> None:
    tiers = {"*/*": blocks(("5", "1"), (None, "10"))}
    tariff = tariff_of(
        export=NET, periods=DAY_NIGHT, energy=tiers,
        tiers=rule("calendar_year", "this_period_only"),
    )  # fmt: skip
    months = bills(
        tariff,
        ("2024-05-01T01:00", 4, 9), ("2024-05-01T12:00", 9, 3),
        ("2024-06-01T01:00", 6), ("2024-06-01T12:00", 2, 1),
    )  # fmt: skip
    # Of June's 6 by night May has paid 5, and June's day goes on behind May's 6.
    assert [month["energy"] for month in months] == [5 * 1 + 1 * 10, 1 * 1 + 1 * 10]
    assert months[0]["kWh_by_price_cell"] == {"all/day#1": 5, "all/day#2": 1}


def test_a_season_without_the_period_takes_it_into_its_default_period() -> None:
    tariff = tariff_of(
        export=NET,
        seasons=[{"id": "a", "months": [1, 2, 3, 4, 5, 6]},
                 {"id": "b", "months": [7, 8, 9, 10, 11, 12]}],
        periods={"a/*": DAY_NIGHT["*/*"], "b/*": spans(("00:00", "24:00", "flat"))},
    )  # fmt: skip
    months = bills(
        tariff, ("2024-06-30T01:00", 0, 1), ("2024-06-30T12:00", 0, 2), ("2024-07-01", 10)
    )
    assert [month["energy"] for month in months] == [0, 7]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["record"])
def test_a_year_of_the_independent_implementation(case: dict) -> None:
    bill = Bill(case["document"])
    for month, day, hour, load, generation in hours():
        bill.add(
            datetime(YEAR, month, day, hour), Fraction(load, 1000), Fraction(generation, 1000)
        )
    found = [month["total_6"] for month in bill.bills()]
    assert [round(float(total), 6) for total in found] == pytest.approx(
        [float(amount) for amount in case["bills"]], abs=1.5e-6
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["record"])
def test_the_documents_of_the_vectors_are_what_the_records_become(case: dict) -> None:
    made = convert(read_record(DATA / "tariffs" / "urdb" / f"{case['record']}.json"))
    assert made["export"] == NET
    for key in case["document"].keys() - {"id", "export"}:
        assert case["document"][key] == made[key], key
