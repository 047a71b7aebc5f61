"""OpenEI URDB records converted to tariff documents: bills, forms and refusals."""

import json
import random
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.oracle.bill import Bill, load_rows
from tests.oracle.documents import DATA, bills, published_tariffs
from tools.tariff.__main__ import app
from tools.tariff.urdb import convert, read_record
from tools.tariff.urdb_fields import UrdbError

URDB = DATA / "tariffs" / "urdb"
TARIFFS = published_tariffs()

# record, export rule to convert with, tariff made by hand, bill of May 2007
CONVERSIONS = [
    ("plan_data", "none", "us-aps-et2-2016", "100.643680"),
    ("plan_tier_data", "none", "us-pge-e1-T-2021", "224.974580"),
    ("sell_rate", "net_billing", "us-consumers-rsp-2025", "176.235102"),
    ("fixed_charge_rate", "none", "us-jea-rs-2024", "93.110262"),
    # 733.4812 * (0.18034 + 0.07345) + 9.62, not among the tariffs made by hand
    ("plan_adjustments_data", "none", None, "195.770194"),
]


def record_of(name: str) -> dict:
    return read_record(URDB / f"{name}.json")


@pytest.fixture(scope="module")
def may_2007() -> list[tuple]:
    """May 2007 by the hour: every schedule of a record changes on the hour."""
    hours: dict = {}
    for start, _, energy, _ in load_rows(DATA / "load" / "household-1min.csv"):
        hour = start.replace(minute=0)
        hours[hour] = hours.get(hour, 0) + energy / 1000
    return list(hours.items())


def amounts(tariff: dict, load: list[tuple]) -> dict:
    """The only month's bill."""
    bill = Bill(tariff)
    for start, kWh in load:
        bill.add(start, kWh, Fraction(0))
    (month,) = bill.bills()
    return month


def simple_record(**fields: object) -> dict:
    """A flat rate of 0.25 with the fields given in place of its own; None takes one out."""
    record = {
        "label": "0123456789abcdef01234567",
        "name": "Flat",
        "startdate": 1_711_958_400,
        "energyratestructure": [[{"rate": Decimal("0.25"), "unit": "kWh"}]],
        "energyweekdayschedule": [[0] * 24 for _ in range(12)],
        "energyweekendschedule": [[0] * 24 for _ in range(12)],
    }
    return record | fields


def tier(rate: str, maximum: str | None = None, unit: str = "kWh", **fields: object) -> dict:
    entry: dict = {"rate": Decimal(rate), "unit": unit} | fields
    return entry if maximum is None else entry | {"max": Decimal(maximum)}


@pytest.mark.parametrize(("name", "export", "by_hand", "amount"), CONVERSIONS)
def test_the_bill_of_a_converted_record(
    name: str, export: str, by_hand: str | None, amount: str, may_2007: list[tuple]
) -> None:
    document = convert(record_of(name), export=export)
    month = amounts(document, may_2007)
    assert round(month["total_6"], 6) == Fraction(amount)
    if by_hand is not None:
        assert month == amounts(TARIFFS[by_hand], may_2007)


@pytest.mark.parametrize(("name", "export", "by_hand", "amount"), CONVERSIONS)
def test_a_converted_record_says_what_the_tariff_made_by_hand_says(
    name: str, export: str, by_hand: str | None, amount: str
) -> None:
    document = convert(record_of(name), export=export)
    any_by_hand = TARIFFS[by_hand or "us-jea-rs-2024"]
    assert document.keys() == any_by_hand.keys()
    if by_hand is not None:
        own_words = {"id", "name", "source", "confidence", "notes", "fixed", "periods"}
        for key in document.keys() - own_words:
            assert document[key] == any_by_hand[key], key


def test_every_hour_of_a_year_has_the_price_of_the_tariff_made_by_hand() -> None:
    for name, export, by_hand, _ in CONVERSIONS:
        if by_hand is None:
            continue
        document = convert(record_of(name), export=export)
        load = [
            (f"2024-{month:02}-{day:02}T{hour:02}:00", 1, 1)
            for month in range(1, 13)
            for day in range(1, 8)
            for hour in range(24)
        ]
        assert bills(document, *load) == bills(TARIFFS[by_hand], *load)


def test_name_utility_and_source_are_kept() -> None:
    document = convert(record_of("plan_data"), export="none")
    assert document["name"] == "Residential Service TOU Time Advantage 7PM-Noon (ET-2)"
    assert document["source"] == {
        "page": "OpenEI URDB record 574613aa5457a3557e906f5b",
        "url": "https://openei.org/apps/IURDB/rate/view/574613aa5457a3557e906f5b",
        "utility": "Arizona Public Service Co",
        "published": "https://www.aps.com/library/rates/et-2.pdf",
    }
    assert (document["valid_from"], document["valid_to"]) == ("2016-05-03", None)
    assert "enddate 2016-05-02" in document["notes"]


def test_prices_are_exact_sums() -> None:
    rates = [[{"rate": Decimal("0.24477"), "adj": Decimal("-0.02824917"), "unit": "kWh"}]]
    document = convert(simple_record(energyratestructure=rates))
    assert document["energy"] == {"*/*": [{"up_to_kWh": None, "price": "0.21652083"}]}


@pytest.mark.parametrize(
    ("seconds", "day"),
    [
        (1_711_958_400, "2024-04-01"),  # 08:00 UTC, midnight in California
        (1_711_929_600, "2024-04-01"),  # midnight UTC
        (1_711_909_800, "2024-04-01"),  # 18:30 UTC of the day before, midnight in India
    ],
)
def test_start_is_the_day_whose_local_midnight_is_meant(seconds: int, day: str) -> None:
    assert convert(simple_record(startdate=seconds))["valid_from"] == day


def test_end_is_kept() -> None:
    end = 1_711_958_400 + 364 * 86_400
    assert convert(simple_record(enddate=end))["valid_to"] == "2025-03-31"


def test_three_seasons_and_four_periods_get_ids_of_their_own() -> None:
    prices = ("0.10", "0.40", "0.20", "0.30")
    days = [[0] * 24 for _ in range(12)]
    days[5] = days[6] = [0] * 6 + [2] * 6 + [3] * 6 + [1] * 6
    days[9] = days[10] = days[11] = days[0] = [2] * 8 + [0] * 8 + [1] * 8
    document = convert(
        simple_record(
            energyratestructure=[[tier(price)] for price in prices],
            energyweekdayschedule=days,
            energyweekendschedule=deepcopy(days),
        )
    )
    assert {season["id"]: season["months"] for season in document["seasons"]} == {
        "oct-jan": [1, 10, 11, 12],
        "feb-may+aug-sep": [2, 3, 4, 5, 8, 9],
        "jun-jul": [6, 7],
    }
    assert document["periods"]["jun-jul/*"] == [
        {"from": "00:00", "to": "06:00", "period": "p4"},
        {"from": "06:00", "to": "12:00", "period": "p3"},
        {"from": "12:00", "to": "18:00", "period": "p2"},
        {"from": "18:00", "to": "24:00", "period": "p1"},
    ]
    assert {key: tiers[0]["price"] for key, tiers in document["energy"].items()} == {
        "oct-jan/on": "0.40",
        "oct-jan/mid": "0.20",
        "oct-jan/off": "0.10",
        "feb-may+aug-sep/*": "0.10",
        "jun-jul/p1": "0.40",
        "jun-jul/p2": "0.30",
        "jun-jul/p3": "0.20",
        "jun-jul/p4": "0.10",
    }


def test_tiers_of_the_month_daily_charge_and_net_billing() -> None:
    sell = {"sell": Decimal("0.05")}
    document = convert(
        simple_record(
            energyratestructure=[[tier("0.10", "500", **sell), tier("0.20", **sell)]],
            fixedchargefirstmeter=Decimal("0.35"),
            fixedchargeunits="$/day",
            dgrules="Net Billing Instantaneous",
        ),
        currency="CAD",
    )
    assert document["tiers"]["window"] == "month"
    assert document["energy"]["*/*"][0] == {"up_to_kWh": "500", "price": "0.10"}
    assert document["fixed"] == [{"name": "fixed charge", "amount": "0.35", "per": "day"}]
    assert document["export"] == {"mode": "net_billing", "prices": {"*/*": "0.05"}}
    assert document["currency"] == "CAD"
    (month,) = bills(document, ("2024-05-01", 600, 100))
    assert month["total_6"] == 500 * Fraction("0.1") + 20 + Fraction("0.35") - 5


def test_fields_without_effect_are_let_pass() -> None:
    plain = convert(simple_record())
    record = simple_record(
        demandratestructure=[[{"rate": 0, "adj": Decimal("0.0"), "max": 10}]],
        demandweekdayschedule=[[1] * 24 for _ in range(12)],
        flatdemandstructure=[[{"rate": 0}]],
        flatdemandmonths=[0] * 12,
        demandreactivepowercharge=0,
        fueladjustmentsmonthly=[0] * 12,
        fixedchargeeaaddl=Decimal("3.5"),
        mincharge=0,
        fixedattrs=[],
        dgrules=None,
    )
    assert convert(record) == plain


@pytest.mark.parametrize("name", [row[0] for row in CONVERSIONS])
def test_net_metering_is_netted_unless_another_export_rule_is_chosen(name: str) -> None:
    assert convert(record_of(name))["export"] == {"mode": "net_metering"}
    assert convert(record_of(name), export="none")["export"] == {"mode": "none"}


def test_tiers_over_several_periods_are_not_netted() -> None:
    days = [[0] * 12 + [1] * 12 for _ in range(12)]
    record = simple_record(
        energyratestructure=[[tier("0.1", "500"), tier("0.2")], [tier("0.3")]],
        energyweekdayschedule=days, energyweekendschedule=days, dgrules="Net Metering",
    )  # fmt: skip
    with pytest.raises(UrdbError, match="dgrules: 'Net Metering': no tiers over several periods"):
        convert(record)
    assert convert(record, export="none")["export"] == {"mode": "none"}


def rates(*tiers: dict) -> dict:
    return {"energyratestructure": [list(tiers)]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (rates(tier("0.1", unit="kWh/kW")), r"\[0\]\[0\].unit: 'kWh/kW': 'kWh' or 'kWh daily'"),
        (rates({"rate": 1}), r"unit: None"),
        (rates(tier("0.1", "5"), tier("0.2", unit="kWh daily")), "the same in every tier"),
        (rates(tier("0.1", "5"), tier("0.2", "5"), tier("1")), "max: 5: above the limit .* 5"),
        (rates(tier("0.1"), tier("0.2")), "max: None: above the limit"),
        (rates(tier("0.1", "5")), "max: 5: none in the last tier"),
        (rates(tier("0.123456789")), "rate: 0.123456789: .* at most 8 decimals"),
        (rates(tier("-0.1")), "rate: -0.1"),
        (rates(tier("0.1", adj=Decimal("-0.2"))), r"rate \+ adj: -0.1"),
        (rates({"rate": 0.1, "unit": "kWh"}), "rate: 0.1: a decimal number"),
        (rates(tier("NaN")), "rate: NaN"),
        (rates({"unit": "kWh"}), "rate: None"),
        ({"energyratestructure": []}, "energyratestructure: .*: a list of 1 to"),
        ({"energyweekdayschedule": [[0] * 24] * 11}, "energyweekdayschedule: .*: 12 rows"),
        ({"energyweekendschedule": [[0] * 23] * 12}, r"energyweekendschedule\[0\]: .*: 24"),
        ({"energyweekendschedule": [[1] * 24] * 12}, r"\[0\]\[0\]: 1: an index .* 0 to 0"),
        ({"demandratestructure": [[{"rate": 5}]]}, "demandratestructure: .*no such charge"),
        ({"flatdemandstructure": [[{"adj": Decimal("0.1")}]]}, "flatdemandstructure"),
        ({"coincidentratestructure": [[{"rate": 1}]]}, "coincidentratestructure"),
        ({"demandreactivepowercharge": Decimal("0.2")}, "demandreactivepowercharge: 0.2"),
        ({"fueladjustmentsmonthly": [0] * 11 + [Decimal("0.01")]}, "fueladjustmentsmonthly"),
        ({"fixedattrs": [{"key": "Rider", "val": "$2"}]}, "fixedattrs"),
        ({"annualmincharge": 100}, "annualmincharge: 100"),
        ({"usenetmetering": True}, "usenetmetering: True"),
        ({"dgrules": "Buy All Sell All"}, "dgrules: 'Buy All Sell All'"),
        ({"dgrules": "Net Billing Hourly"}, "dgrules: 'Net Billing Hourly'"),
        ({"dgrules": "Net Billing Instantaneous"}, r"sell: \[None\]: one price for every tier"),
        (
            rates(tier("0.1", "5", sell=Decimal("0.05")), tier("0.2", sell=Decimal("0.06")))
            | {"dgrules": "Net Billing Instantaneous"},
            "sell: .*: one price for every tier",
        ),
        (rates(tier("0.1", sell=Decimal("0.05"))), "dgrules: None"),
        ({"fixedchargefirstmeter": 5, "fixedchargeunits": "$/year"}, "fixedchargeunits: '.*year'"),
        ({"fixedchargefirstmeter": 5}, "fixedchargeunits"),
        ({"mincharge": 5, "minchargeunits": "$/day"}, "minchargeunits: '.*day'"),
        ({"startdate": None}, "startdate: None: Unix seconds"),
        ({"startdate": -1}, "startdate: -1"),
        ({"label": None}, "label"),
        ({"name": ""}, "name"),
    ],
)
def test_what_a_document_cannot_carry_is_refused(fields: dict, message: str) -> None:
    with pytest.raises(UrdbError, match=message):
        convert(simple_record(**fields))


@pytest.mark.parametrize("currency", ["", "US", "usd", "$", "DOLLAR"])
def test_a_currency_that_is_no_code_is_refused(currency: str) -> None:
    with pytest.raises(UrdbError, match="currency"):
        convert(simple_record(), currency=currency)


def test_junk_in_any_place_is_refused_clearly_or_has_no_effect() -> None:
    junk = [
        -1, 2**70, Decimal("1E+400"), Decimal("Infinity"), Decimal("0.1"), True, "", "x", [], [[]],
        {}, [{}], [[{}]], [None], None, 0.5,
    ]  # fmt: skip
    seed = 20_070_501
    chooser = random.Random(seed)
    template = record_of("sell_rate") | {"mincharge": 1, "minchargeunits": "$/month"}
    refused = 0
    for trial in range(600):
        record = deepcopy(template)
        place: dict | list = record
        while True:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            key = chooser.choice(list(keys))
            if (
                not isinstance(place[key], (dict, list))
                or not place[key]
                or chooser.random() < 0.3
            ):
                break
            place = place[key]
        place[key] = chooser.choice(junk)
        before = deepcopy(record)
        try:
            json.dumps(convert(record, export="net_billing"))
        except UrdbError as error:
            refused += 1
            assert str(error).count(": ") >= 2, (seed, trial)
        assert record == before, (seed, trial)
    assert 100 < refused < 600


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_command_writes_the_document(tmp_path: Path) -> None:
    record = URDB / "sell_rate.json"
    expected = convert(read_record(record), "CAD", "net_billing")
    options = ("--currency", "CAD", "--export", "net_billing")
    code, output, _ = run("urdb", record, *options)
    assert (code, json.loads(output)) == (0, expected)
    path = tmp_path / "tariff.json"
    assert run("urdb", record, *options, "--output", path) == (0, "", "")
    assert json.loads(path.read_text(encoding="utf-8")) == expected


def test_command_reads_an_answer_with_one_item(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    record = (URDB / "plan_data.json").read_text(encoding="utf-8")
    path.write_text(f'{{"items": [{record}]}}', encoding="utf-8")
    code, output, _ = run("urdb", path, "--export", "none")
    assert (code, json.loads(output)) == (0, convert(record_of("plan_data"), export="none"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("{", "JSON text"),
        ("[]", "a JSON object"),
        ('{"items": []}', "exactly one record"),
        ('{"mincharge": NaN}', "finite"),
        ('{"demandratestructure": [[{"rate": 1}]]}', "demandratestructure"),
    ],
)
def test_command_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path, output = tmp_path / "record.json", tmp_path / "tariff.json"
    if content is not None:
        path.write_text(content)
    code, shown, error = run("urdb", path, "--output", output)
    assert (code, shown) == (1, "")
    assert str(path) in error
    assert message in error
    assert not output.exists()
