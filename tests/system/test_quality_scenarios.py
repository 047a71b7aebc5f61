"""Quality of the mains through the whole firmware: what the events and the report say of it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.system.bench_run import moments, run

ANOMALIES = ("sag", "sag_began", "sag_ended", "swell_began", "swell_ended", "outage_ended",
             "distortion_began")


def told(result: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(e["time"][5:], e["event"], e["value"]) for e in result["timeline"]
            if e["event"] in ANOMALIES]


def day(result: dict[str, Any], name: str) -> dict[str, str]:
    table = result["quality"]["voltage"]
    found = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    return next(row for row in found if row["day"] == name)


def test_sag_and_swell_with_worst_value_and_duration(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--tick", "1", "--until", "2007-05-01T00:20",
        "--disturb", "2007-05-01T00:05=voltage_cV:19000",
        "--disturb", "2007-05-01T00:06=voltage_cV:17000",
        "--disturb", "2007-05-01T00:07=voltage_cV:22000",
        "--disturb", "2007-05-01T00:10=voltage_cV:25000",
        "--disturb", "2007-05-01T00:12=voltage_cV:23000", nominal_V=220, sag_percent=10,
        swell_percent=10)
    found = [(name, value // 100) for _, name, value in told(result)]
    assert [(name, value) for name, value in found] == [
        ("sag_began", 190), ("sag_ended", 170), ("swell_began", 250), ("swell_ended", 250)]
    rows = [dict(zip(result["quality"]["columns"], row, strict=True))
            for row in result["quality"]["rows"]]
    seen = {row["event"]: row for row in rows}
    assert 118 <= seen["sag"]["seconds"] <= 124
    assert 118 <= seen["swell"]["seconds"] <= 124
    assert seen["sag"]["value"].startswith("170.")


def test_a_sag_that_readings_and_ic_both_see_is_told_once(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--tick", "60", "--until", "2007-05-01T00:20",
        "--disturb", "2007-05-01T00:05:10=voltage_cV:15000",
        "--disturb", "2007-05-01T00:05:11=voltage_cV:22000",
        nominal_V=220, sag_percent=10)
    names = [name for _, name, _ in told(result)]
    assert names == ["sag_began", "sag_ended"]
    # With nobody to look at readings the IC's word is told as it is.
    alone = run(
        tmp_path / "alone", "--balance", "50", "--tick", "60", "--until", "2007-05-01T00:20",
        "--disturb", "2007-05-01T00:05:10=voltage_cV:15000",
        "--disturb", "2007-05-01T00:05:11=voltage_cV:22000")
    assert [name for _, name, _ in told(alone)] == ["sag"]


def test_outages_with_their_duration(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T12:00",
        "--outage", "2007-05-01T03:00/2007-05-01T04:30",
        "--outage", "2007-05-01T08:00/2007-05-01T08:01!")
    announced, sudden = [value for _, name, value in told(result) if name == "outage_ended"]
    assert abs(announced - 5400) <= 2
    # Not announced: counted from the last commit, at the most 15 minutes before.
    assert 60 <= sudden <= 60 + 960
    rows = [row for row in result["quality"]["rows"] if row[3] == "outage_ended" or
            row[3] == "outage"]
    assert len(rows) == 2
    assert moments(result, "outage_ended")[0][0] == "05-01T04:30"


def test_voltage_qualification_survives_a_power_cut(tmp_path: Path) -> None:
    first = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T06:00", "--pull",
        "--disturb", "2007-05-01T00:00:30=voltage_cV:22000",
        "--disturb", "2007-05-01T02:00=voltage_cV:19000",
        "--disturb", "2007-05-01T03:00=voltage_cV:22000", nominal_V=220,
        band_above_percent=7, band_below_percent=10)
    row = day(first, "2007-05-01")
    assert abs(Fraction(row["hours"]) - 6) <= Fraction(1, 10)
    assert abs(Fraction(row["below_%"]) - Fraction(100, 6)) <= Fraction(1, 2)
    assert row["above_%"] == "0.00"
    assert row["lowest"].startswith("19")
    second = run(tmp_path, "--until", "2007-05-01T09:00")
    again = day(second, "2007-05-01")
    # The hour that was running when power went is gone, no more.
    assert Fraction(again["hours"]) >= Fraction(79, 10)
    assert again["lowest"] == row["lowest"]
    assert day(second, "2007-05") == again | {"day": "2007-05"}


def test_nothing_is_kept_or_told_that_nobody_asked_for(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T03:00",
        "--disturb", "2007-05-01T01:00=voltage_cV:30000")
    assert told(result) == []
    assert result["quality"]["voltage"]["rows"] == []
