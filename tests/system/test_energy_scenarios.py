"""Energy of a recorded solar house through the whole firmware, against the recording itself.

Each run of the bench compares the registers with what the metering chip gave out, and fails if
they differ; here demand and the green report are compared with figures worked out from the rows
of the load file. A register is whole Wh, so each end of a difference is good to 1 Wh.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.oracle.documents import DATA
from tests.system import bench_run
from tools.bench import report
from tools.docs import firmware
from tools.meterctl.commands import energy
from tools.meterctl.errors import BadInput

LOAD = DATA / "load" / "prosumer.csv"
FIRST = dt.datetime(2023, 3, 1)
DAYS = 3


def rows() -> list[tuple[dt.datetime, int, int]]:
    """Return (start, Wh imported, Wh exported) of each five minutes of the days."""
    found = []
    for line in LOAD.read_text().splitlines()[1:]:
        start, imported, exported = line.split(",")[:3]
        found.append((dt.datetime.fromisoformat(start), int(imported), int(exported)))
    return [row for row in found if row[0] < FIRST + dt.timedelta(days=DAYS)]


def run(state: Path, **settings: Any) -> dict[str, Any]:
    return bench_run.run(state, "--balance", "500", "--until", (
        FIRST + dt.timedelta(days=DAYS)).isoformat(), load=LOAD, **settings)


def windows(minutes: int, step: int, column: int) -> dict[str, int]:
    """Return the Wh of each window of the recording, by the end of it."""
    found = {}
    energies = rows()
    count = minutes // 5
    for end in range(step // 5, len(energies) + 1, step // 5):
        total = sum(row[column] for row in energies[max(0, end - count):end])
        found[(FIRST + dt.timedelta(minutes=5 * end)).isoformat()] = total
    return found


@pytest.mark.parametrize(("minutes", "subperiods"), [(15, 1), (15, 3), (60, 3)])
def test_demand_is_that_of_the_recording(tmp_path: Path, minutes: int, subperiods: int) -> None:
    result = run(tmp_path, demand_minutes=minutes, demand_subperiods=subperiods)
    found = result["demand"]["maximum"]
    for column, name, at in ((1, "import_W", "at"), (2, "export_W", "export_at")):
        wanted = windows(minutes, minutes // subperiods, column)
        off = 60 // minutes
        assert abs(found[name] - max(wanted.values()) * 60 // minutes) <= off
        # The window it names is a highest one, to what whole Wh can tell.
        assert wanted[found[at]] >= max(wanted.values()) - 1
    assert result["registers"]["import_Wh"] in _near(sum(row[1] for row in rows()))
    assert result["registers"]["export_Wh"] in _near(sum(row[2] for row in rows()))


def _near(Wh: int) -> range:
    """The chip's constant is a whole number, and a part of a count may be left in it."""
    return range(Wh - 2, Wh + 2)


def test_the_green_report_is_that_of_the_recording(tmp_path: Path) -> None:
    run(tmp_path)
    days = [_green(tmp_path, tmp_path / f"files{n}", FIRST + dt.timedelta(days=n))
            for n in range(DAYS)]
    for n, day in enumerate(days):
        quarters = _quarters(FIRST + dt.timedelta(days=n))
        # The very first interval has no register before it.
        first = 1 if n == 0 else 0
        assert (day["intervals"], day["unknown"]) == (96 - first, first)
        total = day["rows"][-1]
        netted = sum(min(pair) for pair in quarters[first:])
        for text, wanted, off in (
                (total[1], sum(pair[0] for pair in quarters[first:]), 2),
                (total[2], sum(pair[1] for pair in quarters[first:]), 2),
                (total[3], netted, 96)):
            assert abs(Decimal(text) * 1000 - wanted) <= off, (n, total)
        assert netted > 100  # or it would prove nothing
        share = Decimal(total[2]) / (Decimal(total[1]) + Decimal(total[2]))
        assert 0 <= share - Decimal(total[4]) < Decimal("0.001")
    _check_house(days)


def _check_house(days: list[dict[str, Any]]) -> None:
    """With a generation that is known the rest follows: consumed = imported + made - exported."""
    report = energy.summed(days, None)
    assert report["house"] == {}
    imported, exported = (Decimal(report["rows"][-1][i]) for i in (1, 2))
    made = exported + Decimal("12.345")
    house = energy.summed(days, made)["house"]
    assert Decimal(house["used_of_it_kWh"]) == Decimal("12.345")
    assert Decimal(house["consumed_kWh"]) == imported + Decimal("12.345")
    assert abs(Decimal(house["self_use_share"]) - Decimal("12.345") / made) < Decimal("0.001")
    with pytest.raises(BadInput, match="must be at least the"):
        energy.summed(days, exported - Decimal("0.001"))


def _quarters(day: dt.datetime) -> list[tuple[int, int]]:
    energies = [row for row in rows() if row[0].date() == day.date()]
    return [(sum(row[1] for row in energies[i:i + 3]), sum(row[2] for row in energies[i:i + 3]))
            for i in range(0, len(energies), 3)]


def _green(state: Path, folder: Path, day: dt.datetime) -> dict[str, Any]:
    """Have the firmware's report read the load profile of a flash image."""
    folder.mkdir()
    report._take_out(state / "flash.bin", folder)
    reports = firmware.load("joulegate.console.energy_reports")
    zone = firmware.load("joulegate.core.civil").Zone("UTC0")
    log = firmware.load("joulegate.core.events").EventLog()
    profile = firmware.load("joulegate.storage.load_profile").LoadProfile(str(folder), log)
    profile.load(zone)
    tariffs = firmware.load("joulegate.storage.tariff_store").TariffStore(f"{folder}/tariffs")
    name = next((folder / "tariffs").iterdir()).stem
    tariff = tariffs.load(bytes.fromhex(name), 32000, 5)
    app = SimpleNamespace(
        records=SimpleNamespace(profile=profile), clock=SimpleNamespace(now=lambda: 0),
        state=SimpleNamespace(billing=SimpleNamespace(zone=zone, tariff=tariff)))
    found: dict[str, Any] = reports.green(app, day.date().isoformat())
    return found


@pytest.mark.parametrize(("arguments", "words"), [
    (("2023-3-1", "2023-03-02"), "must be YYYY-MM-DD"),
    (("2023-03-02", "2023-03-01"), "must be 1 to 62"),
    (("2023-03-01", "2023-05-02"), "must be 1 to 62"),
])
def test_days_that_cannot_be(arguments: tuple[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        energy._days(*arguments)


@pytest.mark.parametrize("text", ["", "-1", "1.2345", "1e3", "x", "."])
def test_energies_that_cannot_be(text: str) -> None:
    with pytest.raises(BadInput, match="must be kWh with at most 3 decimals"):
        energy._energy(text)
