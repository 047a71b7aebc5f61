"""The same recorded month gives the same bill on every metering IC, within its resolution."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracle.comparison import (
    COUNTS_PER_KWH,
    METER_CONSTANT_ERROR,
    differences_from_counts,
    differences_from_load,
)
from tests.oracle.documents import DATA, published_tariffs
from tools.bench.process import JsonFile, run_json

TARIFFS = published_tariffs()
NAMES = ("cn-zhejiang-tou-2012", "us-pge-e1-T-2021", "gb-npower-e7-se-2017")
"""Prices by time, by tier, and by both."""
EXPORTING = "us-consumers-rsp-2025"


@dataclass(frozen=True)
class Chip:
    """What explains that a chip's bill is another than that of the load itself."""

    resolution: Fraction
    """kWh that it tells at once."""
    constant_error: Fraction
    """Of the energy: what its constants are rounded by."""


# Microvolts at the inputs of the bench's BL0942 for 1 V and 1 A, and Ws to its pulse.
_BL0942_PULSE = (Fraction("419430.4") * Fraction("1.218") ** 2
                 / (3537 * Fraction("0.5") * Fraction("57.523") / 220))

CHIPS = {
    "atm90e26": Chip(Fraction(1, COUNTS_PER_KWH), METER_CONSTANT_ERROR),
    # The divisor is whole and AWGAIN makes up for it, in steps of which half a one may be wrong.
    "ade7953": Chip(Fraction(1, COUNTS_PER_KWH), Fraction(1, 2 * 4195205)),
    # 450 * 10^9 over 320 is whole: its constant is exact, and its count is the meter's.
    "atm90e32": Chip(Fraction(1, COUNTS_PER_KWH), Fraction(0)),
    # A pulse of 0.374 Wh and a count begun; half of a 65536th of a count in the pulse's 12.
    "bl0942": Chip(_BL0942_PULSE / 3600000 + Fraction(1, COUNTS_PER_KWH),
                   Fraction(1, 2 * 65536 * 11)),
}

NETTING = {"ade7953", "bl0942"}
"""What goes in and out within one reading is in neither of their registers."""
ONE_COUNTER = {"bl0942"}
"""Both directions move one counter, so that a part of a pulse is taken over a turn."""


def part_of(load: str, begin: str, end: str, folder: Path) -> Path:
    """Return a file of a recorded load between two times."""
    path = folder / f"{load}.csv"
    header, *rows = (DATA / "load" / f"{load}.csv").read_text().splitlines(keepends=True)
    path.write_text(header + "".join(row for row in rows if begin <= row[:16] < end))
    return path


def check_bill(ic: str, names: tuple[str, ...], load: Path, folder: Path) -> list[dict]:
    counts = folder / "counts"
    with JsonFile([TARIFFS[name] for name in names]) as documents:
        results = run_json("bill.py", str(load), documents, str(counts), ic, timeout=1800)
    chip = CHIPS[ic]
    for name, result in zip(names, results, strict=True):
        assert result["audit"] == ""
        assert differences_from_counts(TARIFFS[name], result, load, counts) == []
        assert differences_from_load(
            TARIFFS[name], result, load, chip.resolution, chip.constant_error) == []
    return results


@pytest.mark.parametrize("ic", CHIPS)
def test_two_days_of_a_household(ic: str, tmp_path: Path) -> None:
    load = part_of("household-1min", "2007-05-05T12:00", "2007-05-07T12:00", tmp_path)
    assert check_bill(ic, NAMES, load, tmp_path)[0]["ticks"] == 2880


@pytest.mark.parametrize("ic", sorted(set(CHIPS) - NETTING))
def test_two_days_of_a_prosumer(ic: str, tmp_path: Path) -> None:
    load = part_of("prosumer", "2023-03-04T12:00", "2023-03-06T12:00", tmp_path)
    results = check_bill(ic, (EXPORTING,), load, tmp_path)
    assert Fraction(results[0]["bills"][0]["export_kWh"]) > 1


@pytest.mark.parametrize("ic", CHIPS)
def test_export_second_by_second(ic: str, tmp_path: Path) -> None:
    load = part_of("prosumer", "2023-03-21T09:30", "2023-03-21T11:00", tmp_path)
    with JsonFile({"load": str(load), "tariff": TARIFFS[EXPORTING], "balance": "100",
                   "tick_s": 1, "ic": ic}) as spec:
        ledger = run_json("scenario.py", spec)["ledger"]
    rows = [row.split(",") for row in load.read_text().splitlines()[1:]]
    # Of five minutes, in each of which the load first takes and then gives.
    turns = 10 * sum(row[1] != "0" and row[2] != "0" for row in rows)
    assert turns
    resolution = CHIPS[ic].resolution
    for name, column in (("import_kWh", 1), ("export_kWh", 2)):
        true = Fraction(sum(int(row[column]) for row in rows), 1000)
        assert true > Fraction(1, 10), true
        off = abs(Fraction(ledger[name]) - true)
        # What is held of a pulse at a turn is then taken off the first of the other way.
        begun = 1 + turns * (ic in ONE_COUNTER)
        assert off <= Fraction(1, 1000) + resolution * begun, (name, off)


@pytest.mark.sweep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("ic", CHIPS)
def test_the_month_of_a_household(ic: str, tmp_path: Path) -> None:
    check_bill(ic, NAMES, DATA / "load" / "household-1min.csv", tmp_path)


@pytest.mark.parametrize("ic", CHIPS)
def test_a_wrong_resolution_would_be_seen(ic: str, tmp_path: Path) -> None:
    load = part_of("household-1min", "2007-05-05T12:00", "2007-05-06T12:00", tmp_path)
    with JsonFile([TARIFFS[NAMES[0]]]) as documents:
        (result,) = run_json("bill.py", str(load), documents, "", ic)
    assert differences_from_load(TARIFFS[NAMES[0]], result, load, Fraction(0), Fraction(0))
