"""Water and gas beside electricity on one balance, through the whole firmware on recorded load."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle.documents import DATA
from tests.oracle.records import Records, read_image
from tools.bench.process import ROOT

LOAD = DATA / "load" / "household-1min.csv"
TARIFF = f"{DATA / 'tariffs' / 'tariffs.json'}#cn-beijing-2012"
UNIT = 100000
"""Credit units of the currency."""
WATER = "1 water 100/m3 5.07 above 2 9.13"
GAS = "2 gas 1/10l 0.00263 daily 0.21"


def run(state: Path, *arguments: str, code: int = 0, **settings: Any) -> Any:
    options = [f"--setting={name}={json.dumps(value)}" for name, value in settings.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "run", "--headless", "--json", "--load", str(LOAD),
         "--tariff", TARIFF, "--state", str(state), *arguments, *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if not code else done.stderr


def billed(state: Path, result: dict[str, Any]) -> Records:
    """Return the records; what of the charges is not other energies is the electricity's bill."""
    assert result["audit"] == ""
    records = read_image(state / "flash.bin")
    assert records.balance == records.credits - records.charges
    energy = Fraction(result["ledger"]["month_before_tax"]) * UNIT
    assert abs(records.charges - records.other_energies - energy) <= 1
    return records


def told(result: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    return [(e["time"][5:16], e["event"]) for e in result["timeline"] if e["event"] in names]


def test_water_and_gas_on_the_balance_of_the_electricity(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "100", "--until", "2007-05-03T12:00",
        "--disturb", "2007-05-01T08:00=pulses_1:150", "--disturb", "2007-05-02T08:00=pulses_1:151",
        "--disturb", "2007-05-02T19:00=pulses_2:77",
        # Nobody sees what runs through while the meter is off.
        "--outage", "2007-05-02T20:00/2007-05-02T22:00",
        "--disturb", "2007-05-02T21:00=pulses_2:40",
        "--disturb", "2007-05-02T23:00=pulses_2:1",
        energies=[WATER, GAS])
    water = 2 * Fraction("5.07") + Fraction("1.01") * Fraction("9.13")
    gas = 780 * Fraction("0.00263") + 2 * Fraction("0.21")  # 2 and 3 May
    rows = {row[2]: row for row in result["energies"]}
    assert rows["water"][:6] == ["2007-05", 1, "water", "3.010", "m3", f"{float(water):.5f}"]
    assert rows["gas"][:6] == ["2007-05", 2, "gas", "780.000", "l", f"{float(gas):.5f}"]
    records = billed(tmp_path, result)
    assert records.other_energies == int(water * UNIT) + int(gas * UNIT)


def test_supply_goes_off_by_water_alone_and_on_by_a_top_up(tmp_path: Path) -> None:
    # Nothing is drawn of electricity; the balance is 10 and two cubic metres cost more.
    result = run(
        tmp_path, "--balance", "10", "--until", "2007-05-02T12:00",
        "--disturb", "2007-05-01T00:00=current_mA:0", "--disturb", "2007-05-01T00:00=active_mW:0",
        "--disturb", "2007-05-01T00:00=reactive_mvar:0",
        "--disturb", "2007-05-01T08:00=pulses_1:100", "--disturb", "2007-05-01T09:00=pulses_1:98",
        "--top-up", "2007-05-01T18:00=5", energies=[WATER])
    assert told(result, "credit_exhausted", "supply_disconnected", "supply_connected") == [
        ("05-01T09:00", "credit_exhausted"), ("05-01T09:00", "supply_disconnected"),
        ("05-01T18:00", "supply_connected")]
    records = billed(tmp_path, result)
    assert records.other_energies == 1003860


def test_found_again_with_its_counts(tmp_path: Path) -> None:
    run(tmp_path, "--balance", "100", "--until", "2007-05-01T12:00",
        "--disturb", "2007-05-01T08:00=pulses_1:150", energies=[WATER])
    result = run(tmp_path, "--until", "2007-05-01T18:00",
                 "--disturb", "2007-05-01T16:00=pulses_1:60")
    (row,) = result["energies"]
    assert row[3:7] == ["2.100", "m3", "11.05300", "2.100"]
    assert billed(tmp_path, result).other_energies == 1105300


def test_what_a_pull_loses_is_bounded(tmp_path: Path) -> None:
    # 100 pulses wait for a commit at most, and a quarter of an hour at most.
    result = run(
        tmp_path, "--balance", "100", "--until", "2007-05-01T08:05", "--pull",
        "--disturb", "2007-05-01T07:00=pulses_1:30", "--disturb", "2007-05-01T08:03=pulses_1:20",
        energies=[WATER])
    charged = Fraction(result["other_energies"]) * UNIT
    assert charged == 50 * 5070
    assert read_image(tmp_path / "flash.bin").other_energies in (30 * 5070, 50 * 5070)
