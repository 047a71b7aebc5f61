"""Auxiliary outputs through the whole firmware, on recorded load and a published tariff."""

from pathlib import Path
from typing import Any

import pytest

from tests.system.bench_run import UNITS, bench, run


def switched(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [(e["time"][5:16], e["value"]) for e in result["timeline"]
            if e["event"] == "output_switched"]


def test_outputs_follow_power_and_come_back(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--tick", "1", "--until", "2007-05-01T00:40",
        "--disturb", "2007-05-01T00:01=active_mW:1000000",
        "--disturb", "2007-05-01T00:10=active_mW:5000000",
        "--disturb", "2007-05-01T00:20=active_mW:1000000",
        outputs=["1 on", "2 on", "1 off power>3000", "2 off power>3000", "1 priority 9"])
    moves = switched(result)
    assert [value for _, value in moves] == [1, 2, -2, -1, 1, 2]
    assert [moment for moment, _ in moves][2:] == [
        "05-01T00:10", "05-01T00:10", "05-01T00:20", "05-01T00:20"]
    assert result["outputs"] == [1, 1, 0, 0]


def test_outputs_follow_balance_and_override(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "10", "--until", "2007-05-02T12:00",
        "--top-up", "2007-05-02T11:00=20",
        "--order", '2007-05-01T01:00=output{"number": 2, "on": true, '
                   '"until": "2007-05-01T03:00"}',
        outputs=[f"1 off balance<{5 * UNITS}", "1 on", "2 off"])
    assert switched(result)[1:3] == [("05-01T01:00", 2), ("05-01T03:00", -2)]
    values = [value for _, value in switched(result)]
    assert values[0] == 1 and values[3:] == [-1, 1]
    overridden = [e["value"] for e in result["timeline"] if e["event"] == "output_overridden"]
    assert overridden == [2, 12]


def test_a_power_cut_leaves_them_off_until_the_least_time_is_over(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--tick", "1", "--until", "2007-05-01T01:00",
        "--outage", "2007-05-01T00:20/2007-05-01T00:30",
        outputs=["3 on"], output_off_s=300)
    moves = switched(result)
    assert moves[-1] == ("05-01T00:35", 3)
    assert result["outputs"] == [0, 0, 1, 0]


def test_a_setting_for_remote_and_an_order_without_rules(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T03:00",
        "--order", '2007-05-01T01:00=set_setting{"name": "outputs_remote", "value": 8}',
        "--order", '2007-05-01T02:00=set_setting{"name": "outputs", "value": []}',
        "--order", '2007-05-01T02:30=output{"number": 4, "on": true, '
                   '"until": "2007-05-01T03:00"}',
        outputs=["4 on remote"])
    assert switched(result) == [("05-01T01:00", 4)]
    assert result["outputs"] == [0, 0, 0, 0]
    refused = [e["value"] for e in result["timeline"] if e["event"] == "order_refused"]
    assert refused == ["output: this meter has no output with rules"]


@pytest.mark.parametrize(("rules", "message"), [
    ('["9 on"]', "OUTPUT 1 to 4"),
    ('["1 on sometimes"]', "must be like '1 on period=valley'"),
    ('"1 on"', "must be a list"),
])
def test_bad_rules_are_refused(rules: str, message: str, tmp_path: Path) -> None:
    done = bench("--state", str(tmp_path), f"--setting=outputs={rules}")
    assert done.returncode == 2
    assert message in done.stderr
    assert "setting outputs" in done.stderr
