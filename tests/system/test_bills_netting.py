"""The firmware's bills where export is netted, on recorded load, against the oracle.

As tests/system/test_bills.py: the whole chain runs, and the oracle prices each month's sums.
"""

from pathlib import Path

import pytest

from tests.oracle.comparison import differences_from_counts, differences_from_load
from tests.oracle.documents import DATA, blocks, published_tariffs
from tools.bench.process import JsonFile, run_json
from tools.tariff.urdb import convert, read_record

_RECORDS = DATA / "tariffs" / "urdb"
_MONTH = DATA / "load" / "prosumer.csv"
_NET = {"mode": "net_metering"}
_HOUSE = published_tariffs()["us-aps-et2-2016"]
# As three records have it, and two documents that pay for or drop a surplus.
NETTED = {
    name: convert(read_record(_RECORDS / f"{name}.json"))
    for name in ("plan_data", "plan_tier_data", "sell_rate")
} | {
    "tiers": _HOUSE | {
        "tiers": {"window": "calendar_year", "count": "this_period_only", "mode": "marginal"},
        "energy": {"*/*": blocks(("7.5", "0.1"), ("20", "0.2"), (None, "0.35"))},
        "export": _NET | {"true_up": {"month": 4, "price": "0.0377"}},
    },
    "whole": _HOUSE | {
        "tiers": {"window": "month", "count": "all_energy", "mode": "whole"},
        "energy": {"*/on": blocks(("10", "0.3"), (None, "0.4")),
                   "*/off": blocks(("10", "0.1"), (None, "0.2"))},
        "export": _NET | {"true_up": {"month": 3}},
    },
}  # fmt: skip
TICKS = {"prosumer": 44640, "two-months": 9 * 1440 + 720}

_results: dict[str, tuple[dict[str, dict], Path, Path]] = {}


def two_months(path: Path) -> None:
    """Write 9.5 recorded days as the end of April and the beginning of May.

    The season changes between the two, and a surplus is carried over.
    """
    head, *rows = _MONTH.read_text().splitlines()
    april = [row.replace("2023-03-", "2023-04-") for row in rows if "25" < row[8:10] <= "30"]
    may = [row.replace("2023-03-", "2023-05-") for row in rows if row[8:13] < "05T12"]
    path.write_text("\n".join([head, *april, *may]) + "\n")


def bills_of(load: str, folder: Path) -> tuple[dict[str, dict], Path, Path]:
    """Bill a load under all of NETTED in one run of the meter; done once a worker."""
    if load not in _results:
        path = _MONTH
        if load == "two-months":
            path = folder / "two-months.csv"
            two_months(path)
        counts = folder / f"netted-{load}.counts"
        with JsonFile(list(NETTED.values())) as documents:
            results = run_json("bill.py", str(path), documents, str(counts), timeout=600)
        _results[load] = dict(zip(NETTED, results, strict=True)), path, counts
    return _results[load]


def marks(load: str) -> list[pytest.MarkDecorator]:
    found = [pytest.mark.xdist_group(f"bills-netting-{load}"), pytest.mark.timeout(600)]
    return found if load == "two-months" else [*found, pytest.mark.sweep]


@pytest.mark.parametrize(("load", "name"), [
    pytest.param(load, name, marks=marks(load), id=f"{load}-{name}")
    for load in TICKS for name in NETTED])
def test_bill_agrees_with_the_oracle(
    load: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    results, path, counts = bills_of(load, tmp_path_factory.getbasetemp())
    result = results[name]
    assert result["audit"] == ""
    assert result["ticks"] == TICKS[load]
    assert differences_from_counts(NETTED[name], result, path, counts) == []
    assert differences_from_load(NETTED[name], result, path) == []
