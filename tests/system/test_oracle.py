"""The bill oracle against published worked examples and cases worked by hand."""

from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracle.bill import Bill, load_rows
from tests.oracle.documents import DATA, bills, blocks, published_tariffs, rule, spans, tariff_of

TARIFFS = published_tariffs()
NONE = Fraction(0)


@pytest.fixture(scope="module")
def may_2007() -> list[tuple[datetime, Fraction]]:
    rows = load_rows(DATA / "load" / "household-1min.csv")
    return [(start, energy / 1000) for start, _, energy, _ in rows]


def month_bill(tariff: dict, load: list[tuple[datetime, Fraction]]) -> dict:
    bill = Bill(tariff)
    for start, kWh in load:
        bill.add(start, kWh, NONE)
    (month,) = bill.bills()
    return month


# tariff, part of the bill, amount, decimals of the published figure
WORKED_EXAMPLES = [
    ("cn-beijing-2012", "before_tax", "466.203230", 6),
    ("us-aps-et2-2016", "before_tax", "100.643680", 6),
    ("us-pge-e1-T-2021", "before_tax", "224.974580", 6),
    ("us-consumers-rsp-2025", "before_tax", "176.235102", 6),
    ("bd-2024-02", "before_tax", "7381.660332", 6),
    ("vn-evn-2024", "before_tax", "2126404.9224", 6),
]


@pytest.mark.parametrize(("name", "part", "amount", "decimals"), WORKED_EXAMPLES)
def test_worked_example(
    may_2007: list[tuple[datetime, Fraction]], name: str, part: str, amount: str, decimals: int
) -> None:
    month = month_bill(TARIFFS[name], may_2007)
    assert month["month"] == "2007-05"
    assert month["import_kWh"] == Fraction("733.4812")
    assert round(month[part], decimals) == Fraction(amount)


def test_north_macedonia_counts_the_high_period_alone(
    may_2007: list[tuple[datetime, Fraction]],
) -> None:
    published = TARIFFS["mk-evn-2025"]
    variant = published | {"day_types": published["day_types"] | {"sat": "sunday"}}
    assert round(month_bill(variant, may_2007)["energy"], 6) == Fraction("2443.154707")
    variant["tiers"] = rule("month")
    assert round(month_bill(variant, may_2007)["energy"], 6) == Fraction("2689.972947")


def test_homelight_497_kWh() -> None:
    (month,) = bills(TARIFFS["za-homelight20-2024"], ("2024-06-01", 200), ("2024-06-20", 297))
    assert month["before_tax"] == Fraction("982.9414")
    assert round(month["total_6"], 2) == Fraction("1130.38")
    assert month["kWh_by_price_cell"] == {"all/all#1": 350, "all/all#2": 147}
    assert month["price_changes"] == 1


def test_kenyan_token_of_500_shillings() -> None:
    """The REP levy, 5 % of the energy charge and untaxed, is not part of the document."""
    tariff = TARIFFS["ke-kplc-token-c2015"]
    kWh = (500 - 150 * Fraction("1.16")) / Fraction("10.1058")
    (month,) = bills(tariff, ("2015-03-01", kWh))
    levy = month["energy"] * Fraction("0.05")
    assert month["total_6"] + levy == 500
    assert round(kWh, 4) == Fraction("32.2587")


def test_the_parts_of_every_tariffs_bill_add_up() -> None:
    week = [
        (start, imported / 1000, exported / 1000)
        for start, _, imported, exported in load_rows(DATA / "load" / "prosumer.csv")
        if start.day <= 7
    ]
    for tariff in TARIFFS.values():
        bill = Bill(tariff)
        for interval in week:
            bill.add(*interval)
        (month,) = bill.bills()
        assert sum(month["kWh_by_price_cell"].values()) == month["import_kWh"]
        assert list(month["energy_cost_to_end_of_day"].values())[-1] == month["energy"]
        parts = month["energy"] + month["adders"] + month["fixed"] - month["export_credit"]
        assert month["before_tax"] == parts
        assert month["total_6"] == parts + month["tax"]


@pytest.mark.parametrize(
    ("file", "rows", "minutes", "imported", "exported"),
    [
        ("household-1min.csv", 44_640, 1, Fraction("733481.2"), 0),
        ("household-15min-2008.csv", 35_136, 15, Fraction(565_107_016, 60), 0),
        ("prosumer.csv", 8_928, 5, 270_738, 589_172),
    ],
)
def test_load_files(
    file: str, rows: int, minutes: int, imported: Fraction | int, exported: int
) -> None:
    load = list(load_rows(DATA / "load" / file))
    assert len(load) == rows
    assert all(length == minutes for _, length, _, _ in load)
    step = timedelta(minutes=minutes)
    assert all(b[0] - a[0] == step for a, b in zip(load, load[1:], strict=False))
    assert sum(row[2] for row in load) == imported
    assert sum(row[3] for row in load) == exported


def test_load_file_of_no_known_layout(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("time,kWh\n2007-05-01T00:00,1\n")
    with pytest.raises(ValueError, match="not a load layout"):
        list(load_rows(path))
    path.write_text("time_iso,active_W\n2007-05-01T00:00,much\n")
    with pytest.raises(ValueError, match="line 2"):
        list(load_rows(path))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"tiers": rule("week")}, "tiers.window 'week'"),
        ({"tiers": rule("month", "some")}, "tiers.count 'some'"),
        ({"tiers": rule("month", mode="half")}, "tiers.mode 'half'"),
        ({"export": {"mode": "gift"}}, "export.mode 'gift'"),
        ({"energy": {"*/*": blocks(("5", "1"))}}, "last tier must be open"),
        ({"energy": {"*/*": blocks(("5", "1"), ("5", "2"), (None, "3"))}}, "above the limit"),
        ({"energy": {"*/*": blocks(("5", "1"), (None, "3"))}}, "tiers.window 'none'"),
        ({"energy": {"*/*": [{"up_to_kWh": None, "price": 0.1}]}}, "decimal string"),
        ({"tax": {"rate": "0", "included_in_prices": False, "applies_to": ["fun"]}}, "'fun'"),
        ({"minimum": {"amount": "1", "per": "day"}}, "minimum.per 'day'"),
        ({"fixed": [{"name": "x", "amount": "1", "per": "year"}]}, "per 'year'"),
        ({"adders": [{"name": "energy", "price": "1"}]}, "a name other than"),
    ],
)
def test_a_document_outside_the_schema_is_refused(parts: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bill(tariff_of(**parts))


def test_an_uncovered_time_is_refused() -> None:
    tariff = tariff_of(periods={"*/*": spans(("00:00", "12:00", "all"))})
    with pytest.raises(ValueError, match="leaves 12:00 uncovered"):
        bills(tariff, ("2024-05-01T12:00", 1))


@pytest.mark.parametrize("kWh", [-1, 0.5, "1", None])
def test_energy_that_is_not_exact_or_below_0_is_refused(kWh: object) -> None:
    bill = Bill(tariff_of())
    with pytest.raises(ValueError, match="import_kWh"):
        bill.add(datetime(2024, 5, 1), kWh, NONE)
    with pytest.raises(ValueError, match="export_kWh"):
        bill.add(datetime(2024, 5, 1), NONE, kWh)
    assert bill.bills() == []


def test_time_going_back_is_refused() -> None:
    bill = Bill(tariff_of())
    bill.add(datetime(2024, 5, 2), Fraction(1), NONE)
    with pytest.raises(ValueError, match="not before the last one"):
        bill.add(datetime(2024, 5, 1), Fraction(1), NONE)
    assert bill.bills()[0]["import_kWh"] == 1
