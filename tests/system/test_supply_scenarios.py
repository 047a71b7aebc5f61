"""Supply control through the whole firmware, on recorded load: who is on when, and why."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.system.bench_run import RELAY, UNITS, at, bench, moments, run


def test_emergency_credit_is_accepted_used_and_repaid_first(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "5", "--until", "2007-05-06T00:00",
        "--press", "2007-05-02T12:00", "--top-up", "2007-05-05T12:00=20",
        emergency_credit=3 * UNITS, emergency_threshold=UNITS, control_mode=6)
    seen = [name for _, name in moments(
        result, "emergency_offered", "button_pressed", "emergency_over", "credited",
        "credit_exhausted", *RELAY)]
    assert seen == [
        "credited", "emergency_offered", "credit_exhausted", "supply_disconnected",
        "button_pressed", "supply_connected", "supply_disconnected", "credited",
        "emergency_over", "supply_connected"]
    # Used to the last unit, and no more than a tick's overshoot beyond.
    spent = Fraction(result["ledger"]["charges"])
    assert Fraction(result["ledger"]["balance"]) == 25 - spent
    assert result["supply"] == {
        "closed": True, "reasons": "none", "lifts": "none", "state": "connected"}


def test_friendly_hours_hold_off_the_cut_till_their_end(tmp_path: Path) -> None:
    result = run(tmp_path, "--balance", "10", "--until", "2007-05-03T12:00",
                 friendly_hours=["all 18:00-08:00"])
    assert "2007-05-01T18:00" < at(result, "credit_exhausted") < "2007-05-02T08:00"
    assert at(result, "supply_disconnected")[:16] == "2007-05-02T08:00"
    # Who was off when they began stays off.
    assert moments(result, *RELAY) == moments(result, "supply_disconnected")
    again = run(tmp_path, "--until", "2007-05-04T12:00")
    assert moments(again, "supply_connected") == []


def test_a_meter_stopped_in_friendly_hours_goes_on_as_it_was(tmp_path: Path) -> None:
    first = run(tmp_path, "--balance", "10", "--until", "2007-05-01T23:55", "--pull",
                friendly_hours=["all 18:00-08:00"])
    assert moments(first, "credit_exhausted") != []
    assert first["supply"]["lifts"] == "friendly"
    second = run(tmp_path, "--until", "2007-05-02T09:00")
    assert moments(second, *RELAY) == [("05-02T08:00", "supply_disconnected")]


def test_temporary_supply_ends_by_itself_over_a_power_cut(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "3", "--until", "2007-05-03T12:00",
        "--order", '2007-05-02T06:00=supply_until{"until": "2007-05-02T18:00"}',
        "--outage", "2007-05-02T09:00/2007-05-02T09:30!")
    assert moments(result, "temporary_lapsed", *RELAY)[1:] == [
        ("05-02T06:00", "supply_connected"), ("05-02T18:00", "temporary_lapsed"),
        ("05-02T18:00", "supply_disconnected")]


def test_keep_power_does_not_beat_an_administrator(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "1", "--until", "2007-05-03T00:00",
        "--order", '2007-05-01T00:10=keep_power{"on": true}',
        "--order", "2007-05-02T10:00=supply_off", "--order", "2007-05-02T11:00=supply_on",
        control_mode=4)
    assert moments(result, *RELAY) == [
        ("05-02T10:00", "supply_disconnected"), ("05-02T11:00", "supply_connected")]
    assert result["supply"]["lifts"] == "keep_power"
    assert Fraction(result["ledger"]["balance"]) < 0


@pytest.mark.parametrize(("mode", "presses"), [(1, True), (4, False), (6, True)])
def test_control_modes(mode: int, presses: bool, tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-02T00:00",
        "--order", "2007-05-01T10:00=supply_off", "--order", "2007-05-01T11:00=supply_on",
        "--press", "2007-05-01T12:00", "--outage", "2007-05-01T11:20/2007-05-01T11:25",
        control_mode=mode)
    assert moments(result, *RELAY) == [
        ("05-01T10:00", "supply_disconnected"),
        ("05-01T12:00" if presses else "05-01T11:00", "supply_connected")]


def test_the_alarm_trips_once_and_a_press_brings_back(tmp_path: Path) -> None:
    result = run(tmp_path, "--balance", "6", "--until", "2007-05-04T00:00",
                 "--press", "2007-05-02T12:00", alarm_trip=2 * UNITS)
    assert [name for _, name in moments(result, "alarm_tripped", "credit_exhausted", *RELAY)] == [
        "alarm_tripped", "supply_disconnected", "supply_connected", "credit_exhausted",
        "supply_disconnected"]


def test_load_limit_tries_again_and_then_waits_for_somebody(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-02T00:00",
        "--press", "2007-05-01T23:00", maximum_power_W=1500, load_limit_s=300,
        load_limit_retries=1, load_limit_wait_s=120)
    trips = moments(result, "load_limit_tripped")
    assert len(trips) >= 2
    for off, on in zip(moments(result, "supply_disconnected"),
                       moments(result, "supply_connected"), strict=False):
        assert off < on
    # A load that wants more than 1500 W for five minutes has less than that in any hour.
    assert Fraction(result["delivered_kWh"]) < Fraction(15, 10) * 24


def test_a_remote_account_ends_with_its_limit(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "1", "--until", "2007-05-04T00:00",
        "--order", '2007-05-01T00:30=account_mode{"remote": true, "limit": 5000, "energy": true}',
        "--outage", "2007-05-01T09:00/2007-05-01T09:05",
        "--order", '2007-05-03T12:00=account_mode{"remote": true, "limit": 1000, "energy": true}')
    moves = moments(result, *RELAY)
    assert [name for _, name in moves] == [
        "supply_disconnected", "supply_connected", "supply_disconnected"]
    assert moves[1][0] == "05-03T12:00"
    before = Fraction(result["ledger"]["import_kWh"])
    # What was used before the first order, 5 kWh and 1 kWh, each with a minute's overshoot.
    assert 6 <= before < Fraction(68, 10)
    assert Fraction(result["ledger"]["balance"]) < 0


def test_a_random_delay_before_closing(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "1", "--until", "2007-05-03T12:00",
        "--outage", "2007-05-02T10:00/2007-05-02T11:00", "--top-up", "2007-05-02T11:00=5",
        close_delay_s=3600)
    assert "2007-05-02T11:00" <= at(result, "supply_connected")[:16] <= "2007-05-02T12:01"


@pytest.mark.parametrize(("option", "message"), [
    ("--press=noon", "time 'noon': must be"),
    ("--press=2007-05-01T00:10/x", "must be TIME or TIME/SECONDS"),
    ("--order=2007-05-01T00:10", "must be TIME=INSTRUCTION"),
    ("--order=2007-05-01T00:10=x{", "is no JSON"),
    ("--setting=control_mode", "must be NAME=VALUE"),
    ("--setting=control_mode=7", "setting control_mode: 7: must be 0 to 6"),
])
def test_bad_options_are_refused(option: str, message: str, tmp_path: Path) -> None:
    done = bench("--state", str(tmp_path), option)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
