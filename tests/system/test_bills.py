"""The firmware's bills, on real load under real tariffs, against the oracle.

The whole chain runs: load, register model, SPI driver, core, ledger on littlefs. From the counts
that the chip gave out every amount must be exact to a credit unit; from the load file itself
every price cell must lie within what counting and the meter constant explain.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracle.comparison import differences_from_counts, differences_from_load, unit
from tests.oracle.documents import DATA, published_tariffs
from tools.bench.process import JsonFile, run_json

TARIFFS = published_tariffs()
LOADS = {name: DATA / "load" / f"{name}.csv"
         for name in ("household-1min", "prosumer", "household-15min-2008")}
SPRING = "household-2008-spring"
"""Cut out of the year: over the end of a month, of two months and of a season."""
FIRST, END = "2008-04-24T00:00", "2008-05-08T12:00"
TICKS = {"household-1min": 44640, "prosumer": 44640, "household-15min-2008": 527040,
         SPRING: 14 * 1440 + 720}

# Whatever any tariff has, one of these has; test_the_sample_has_every_feature sees to it. All
# others, and the whole year, are for the sweep.
SAMPLE = ("za-homeflex4-2025", "cn-zhejiang-tou-2012", "gb-npower-e7-se-2017",
          "in-msedcl-2025", "in-tneb-2023", "ke-kplc-2023", "ke-kplc-token-c2015", "mk-evn-2025",
          "np-nea-2020", "us-consumers-rsp-2025", "us-pge-e1-T-2021", "vn-evn-2024")

# The published worked examples on May 2007; the meter may differ by its constant's error.
WORKED = {
    "cn-beijing-2012": "466.203230", "us-aps-et2-2016": "100.643680",
    "us-pge-e1-T-2021": "224.974580", "us-consumers-rsp-2025": "176.235102",
    "bd-2024-02": "7381.660332", "vn-evn-2024": "2126404.9224",
}

# By load and part: what the tests run at one go, and what the sweep does.
PARTS = {
    ("household-1min", "sample"): (*SAMPLE, *(name for name in WORKED if name not in SAMPLE)),
    ("prosumer", "sample"): SAMPLE,
    (SPRING, "sample"): SAMPLE,
    ("household-15min-2008", "rest"): tuple(TARIFFS),
}
for _load in ("household-1min", "prosumer"):
    PARTS[_load, "rest"] = tuple(
        name for name in TARIFFS if name not in PARTS[_load, "sample"])

_results: dict[tuple[str, str], tuple[dict[str, dict], Path, Path]] = {}


def load_file(load: str, folder: Path) -> Path:
    """A recorded load, or the days that are cut out of one."""
    if load in LOADS:
        return LOADS[load]
    path = folder / f"{load}.csv"
    header, *rows = LOADS["household-15min-2008"].read_text().splitlines(keepends=True)
    path.write_text(header + "".join(row for row in rows if FIRST <= row[:16] < END))
    return path


def bills_of(load: str, part: str, folder: Path) -> tuple[dict[str, dict], Path, Path]:
    """Bill a load under a part of the tariffs in one run of the meter; done once a worker.

    Returns the bills by tariff, the load's file and that of the counts.
    """
    if (load, part) not in _results:
        counts = folder / f"{load}.{part}.counts"
        path = load_file(load, folder)
        names = PARTS[load, part]
        with JsonFile([TARIFFS[name] for name in names]) as documents:
            results = run_json("bill.py", str(path), documents, str(counts), timeout=1800)
        _results[load, part] = dict(zip(names, results, strict=True)), path, counts
    return _results[load, part]


def marks(load: str, part: str) -> list[pytest.MarkDecorator]:
    found = [pytest.mark.xdist_group(f"bills-{load}-{part}"), pytest.mark.timeout(1800)]
    return found if part == "sample" else [*found, pytest.mark.sweep]


CASES = [pytest.param(load, part, name, marks=marks(load, part), id=f"{load}-{name}")
         for (load, part), names in PARTS.items() for name in names]


def features(tariff: dict) -> Iterator[str]:
    """What a tariff has that others have not, as the schema names it."""
    for key, value in tariff["tiers"].items():
        yield f"tiers.{key} {value}"
    yield "blocks" if any(len(tiers) > 1 for tiers in tariff["energy"].values()) else "one price"
    for name in ("seasons", "adders", "fixed", "special_days"):
        count = len(tariff.get(name) or [])
        yield f"{name}: {'none' if not count else 'one' if count == 1 else 'more'}"
    yield f"kinds of day: {min(3, len(set(tariff['day_types'].values())))}"
    for name in ("periods", "energy"):
        for key in tariff[name]:
            season, _, other = key.partition("/")
            yield f"{name} of {'any' if season == '*' else 'a'} season, " + (
                "any" if other == "*" else "each")
    most = max(len({span["period"] for span in day}) for day in tariff["periods"].values())
    yield f"periods a day: {most}"
    for charge in tariff["fixed"]:
        yield f"fixed per {charge['per']}{', by energy' if 'by_total_kWh' in charge else ''}"
    yield f"minimum: {bool(tariff['minimum'])}"
    tax = tariff["tax"]
    yield f"tax: {bool(Fraction(tax['rate']))}, included: {tax['included_in_prices']}"
    yield f"tax applies to a part: {'applies_to' in tax}"
    yield f"export {tariff['export']['mode']}"
    yield f"credit unit {unit(tariff['currency'])}"


def test_the_sample_has_every_feature() -> None:
    used = {feature for tariff in TARIFFS.values() for feature in features(tariff)}
    shown = {feature for name in SAMPLE for feature in features(TARIFFS[name])}
    assert len(used) > 30
    assert used - shown == set()


def test_the_sweep_has_all_that_the_sample_leaves_out() -> None:
    for load in LOADS:
        found = [name for (one, _), names in PARTS.items() if one == load for name in names]
        assert sorted(found) == sorted(TARIFFS)


@pytest.mark.parametrize(("load", "part", "name"), CASES)
def test_bill_agrees_with_the_oracle(
    load: str, part: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    results, path, counts = bills_of(load, part, tmp_path_factory.getbasetemp())
    result = results[name]
    assert result["audit"] == ""
    assert result["ticks"] == TICKS[load]
    assert differences_from_counts(TARIFFS[name], result, path, counts) == []
    assert differences_from_load(TARIFFS[name], result, path) == []


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=marks("household-1min", "sample")) for name in WORKED])
def test_published_example(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    results, _, _ = bills_of("household-1min", "sample", tmp_path_factory.getbasetemp())
    before_tax = Fraction(results[name]["bills"][0]["before_tax"])
    published = Fraction(WORKED[name])
    # 2.6e-7 of the meter constant, and a count or two at each of the at most 62 price changes.
    assert abs(before_tax - published) < published * Fraction(1, 1000000)


@pytest.mark.xdist_group(f"bills-{SPRING}-sample")
def test_riding_tariff_bills_as_the_meters_own(
    tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All but the first tariff ride on the meter's readings; alone they must come out alike."""
    name = "in-tneb-2023"
    assert name != SAMPLE[0]
    riding, path, _ = bills_of(SPRING, "sample", tmp_path_factory.getbasetemp())
    with JsonFile([TARIFFS[name]]) as document:
        alone = run_json("bill.py", str(path), document, timeout=600)[0]
    assert len(alone["bills"]) == 2
    assert alone["bills"] == riding[name]["bills"]


def test_oracle_tells_a_wrong_bill(tmp_path: Path) -> None:
    """The comparison itself must be able to fail."""
    load = tmp_path / "load.csv"
    load.write_text("time_iso,voltage_V,current_A,active_W,reactive_var,filled\n"
                    "2007-05-01T00:00,230.00,10.0,2300,0,0\n")
    counts = tmp_path / "counts"
    with JsonFile([TARIFFS["cn-beijing-2012"]]) as document:
        result = run_json("bill.py", str(load), document, str(counts), timeout=60)[0]
    tariff = TARIFFS["cn-beijing-2012"]
    assert differences_from_counts(tariff, result, load, counts) == []
    dearer = json.loads(json.dumps(tariff).replace("0.4883", "0.5883"))
    assert differences_from_counts(dearer, result, load, counts)
    result["bills"][0]["kWh_by_price_cell"]["all/all#1"] = "0.03900000"
    assert differences_from_load(tariff, result, load)
