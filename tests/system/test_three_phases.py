"""A household on three phases: one bill however it lies on them, and the detectors of phases."""

import json
from pathlib import Path

import pytest

from tests.oracle.documents import DATA, published_tariffs
from tests.system.bench_run import bench, moments, run, values
from tools.bench.process import JsonFile, run_json

TARIFFS = published_tariffs()
SPREADS = ("one", "thirds")
NAMES = ("cn-zhejiang-tou-2012", "us-pge-e1-T-2021", "us-consumers-rsp-2025")
UNTIL = ("--ic", "atm90e32", "--balance", "100", "--until", "2007-05-01T00:30", "--tick", "1")


def first_of(load: str, rows: int, folder: Path) -> Path:
    path = folder / f"{load}.csv"
    lines = (DATA / "load" / f"{load}.csv").read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:rows + 1]))
    return path


@pytest.mark.parametrize(("load", "rows"), [("household-1min", 720), ("prosumer", 288)])
def test_the_bill_is_the_same_on_one_phase_and_on_three(
    load: str, rows: int, tmp_path: Path,
) -> None:
    path = first_of(load, rows, tmp_path)
    bills = {}
    for ic, spread in (("atm90e26", "thirds"), *(("atm90e32", spread) for spread in SPREADS)):
        counts = tmp_path / "counts"
        with JsonFile([TARIFFS[name] for name in NAMES]) as documents:
            results = run_json("bill.py", str(path), documents, str(counts), ic, spread)
        for result in results:
            assert result["audit"] == ""
            del result["wall_s"]
        bills[ic, spread] = results, counts.read_bytes()
    # Nothing is below the start-up of a phase: what the chip counts is the same to a count.
    assert bills["atm90e32", "one"] == bills["atm90e32", "thirds"] == bills["atm90e26", "thirds"]
    assert float(bills["atm90e32", "one"][0][0]["bills"][0]["import_kWh"]) > 1


def test_a_lost_phase_opens_and_its_return_closes(tmp_path: Path) -> None:
    result = run(
        tmp_path, *UNTIL, "--disturb", "2007-05-01T00:05=lost_phase:2",
        "--disturb", "2007-05-01T00:15=lost_phase:0",
        phase_loss_V=80, protection_delay_s=10, reclose_s=60)
    assert values(result, "phase_lost") == [2]
    assert values(result, "phase_back") == [2]
    supply = moments(result, "phase_lost", "supply_disconnected", "phase_back", "supply_connected")
    assert [name for _, name in supply][-4:] == [
        "phase_lost", "supply_disconnected", "phase_back", "supply_connected"]
    assert supply[-4][0] == "05-01T00:05"
    assert supply[-2][0] == "05-01T00:16"


def test_all_phases_away_is_an_outage(tmp_path: Path) -> None:
    result = run(
        tmp_path, *UNTIL, "--outage", "2007-05-01T00:05/2007-05-01T00:10",
        phase_loss_V=80, protection_delay_s=10)
    assert values(result, "phase_lost") == []


@pytest.mark.parametrize(("spread", "trips"), [("one", True), ("thirds", False)])
def test_unbalance_is_between_phases(spread: str, trips: bool, tmp_path: Path) -> None:
    result = run(
        tmp_path, *UNTIL, "--spread", spread, "--disturb", "2007-05-01T00:05=active_mW:3000000",
        phase_unbalance_W=2000, protection_delay_s=10)
    assert bool(values(result, "unbalance_began")) == trips
    assert bool(values(result, "overload_tripped")) == trips
    assert result["supply"]["closed"] != trips


def test_overload_goes_by_the_largest_current(tmp_path: Path) -> None:
    result = run(
        tmp_path, *UNTIL, "--spread", "one", "--disturb", "2007-05-01T00:05=current_mA:50000",
        overcurrent_peak_mA=40000)
    assert values(result, "overload_tripped")[0] == 50000


def test_a_word_that_means_nothing_is_refused() -> None:
    for arguments, text in (
            (("--spread", "two"), "spread 'two'"),
            (("--disturb", "2007-05-01T00:05=lost_phase:4"), "lost_phase 4")):
        done = bench(*UNTIL, *arguments)
        assert done.returncode != 0
        assert text in done.stderr, json.dumps(done.stderr)
