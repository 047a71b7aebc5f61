"""Debts through the whole firmware, on recorded load: what each top-up and each day brings."""

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


def run(state: Path, *arguments: str, **settings: Any) -> tuple[dict[str, Any], Records]:
    options = [f"--setting={name}={json.dumps(value)}" for name, value in settings.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "run", "--headless", "--json", "--load", str(LOAD),
         "--tariff", TARIFF, "--state", str(state), *arguments, *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["audit"] == ""
    records = read_image(state / "flash.bin")
    assert records.balance == records.credits - records.charges
    # The energy alone, as the statement has it: what is more of the charges paid debts.
    energy = Fraction(result["ledger"]["month_before_tax"]) * UNIT
    assert abs(records.charges - records.recovered - energy) <= 1
    return result, records


def owe(when: str, number: int, units: int) -> str:
    return f"--order={when}=debt" + json.dumps({"number": number, "units": units})


def told(result: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    return [(e["time"][5:16], str(e["value"])) for e in result["timeline"] if e["event"] in names]


def test_a_time_debt_is_taken_at_midnight_until_it_is_settled(tmp_path: Path) -> None:
    first, records = run(
        tmp_path, "--balance", "90", "--until", "2007-05-03T12:00", "--pull",
        owe("2007-05-01T06:00", 1, 5 * UNIT), owe("2007-05-01T06:00", 2, 7 * UNIT),
        debt_1_rate=2 * UNIT, debt_2_rate=3 * UNIT, debt_2_period=2)
    assert (records.debts, records.recovered) == ((UNIT, 7 * UNIT, 0), 4 * UNIT)
    assert told(first, "debt_settled") == []
    # Off over midnight of Sunday the 6th, the last of debt 1 on the 4th, Monday the 7th.
    second, records = run(
        tmp_path, "--until", "2007-05-07T12:00",
        "--outage", "2007-05-06T20:00/2007-05-07T03:00")
    assert (records.debts, records.recovered) == ((0, 4 * UNIT, 0), 8 * UNIT)
    assert told(second, "debt_settled") == [("05-04T00:00", "1")]


def test_a_share_of_each_top_up_under_a_cap_of_a_week(tmp_path: Path) -> None:
    top_ups = [("02", 10, 4), ("03", 10, 2), ("05", 10, 0), ("07", 10, 4), ("08", 20, 1)]
    """Day of May, amount, what 40 % under 6 a week take of it; the debt is 11."""
    result, records = run(
        tmp_path, "--balance", "50", "--until", "2007-05-09T00:00",
        owe("2007-05-01T06:00", 3, 11 * UNIT),
        *[f"--top-up=2007-05-{day}T12:00={amount}" for day, amount, _ in top_ups],
        debt_percent=40, debt_cap=6 * UNIT)
    assert [p.debt // UNIT for p in records.purchases] == [0, *(debt for _, _, debt in top_ups)]
    assert (records.debts, records.recovered) == ((0, 0, 0), 11 * UNIT)
    assert told(result, "debt_settled") == [("05-08T12:00", "3")]
    assert told(result, "debt_set") == [("05-01T06:00", "11.00000")]


def test_nothing_by_time_while_emergency_credit_is_in_use(tmp_path: Path) -> None:
    result, records = run(
        tmp_path, "--balance", "12", "--until", "2007-05-06T12:00",
        owe("2007-05-01T06:00", 1, 50 * UNIT), owe("2007-05-01T06:00", 3, 50 * UNIT),
        "--press", "2007-05-02T18:00", "--top-up", "2007-05-04T12:00=40",
        debt_1_rate=UNIT, debt_percent=25, debt_suspend=1, emergency_credit=30 * UNIT,
        emergency_threshold=5 * UNIT, control_mode=6)
    assert told(result, "emergency_over") != []
    # 2 May before the press, 5 and 6 May after the top-up; not 3 and 4 May.
    assert 50 * UNIT - records.debts[0] == 3 * UNIT
    # The emergency credit first, a quarter of the top-up then, the rest to the balance.
    bought = records.purchases[-1]
    assert (bought.units, bought.debt) == (40 * UNIT, 10 * UNIT)
    assert bought.balance > 0


def test_nothing_by_time_while_supply_is_off_for_want_of_credit(tmp_path: Path) -> None:
    result, records = run(
        tmp_path, "--balance", "8", "--until", "2007-05-07T12:00",
        owe("2007-05-01T06:00", 1, 50 * UNIT), "--top-up", "2007-05-05T12:00=60",
        debt_1_rate=UNIT, debt_suspend=2)
    (off, _), = told(result, "supply_disconnected")
    assert off < "05-03"
    assert told(result, "supply_connected")[-1][0] == "05-05T12:00"
    days = 1 if off > "05-02" else 0
    assert records.recovered == (days + 2) * UNIT  # 6 and 7 May; not 3, 4 and 5 May
    assert records.debts[0] == 50 * UNIT - records.recovered
