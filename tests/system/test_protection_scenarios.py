"""Protection through the whole firmware, on recorded load: what trips and what comes back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.test_supply_scenarios import bench, moments, run

START = "2007-05-01T"
RELAY = ("supply_connected", "supply_disconnected")


def protect(state: Path, *arguments: str, until: str = "01:00", **settings: Any) -> dict[str, Any]:
    return run(state, "--balance", "50", "--tick", "5", "--until", START + until, *arguments,
               **settings)


def disturb(at: str, name: str, value: Any) -> str:
    return f"--disturb={START}{at}={name}:{json.dumps(value)}"


def steps(result: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    """The events in their order with the seconds, after those of the beginning."""
    return [(e["time"][11:], e["event"]) for e in result["timeline"] if e["event"] in names]


def value(result: dict[str, Any], name: str) -> Any:
    return next(e["value"] for e in result["timeline"] if e["event"] == name)


def seconds(text: str) -> int:
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


def test_overcurrent_trips_by_its_curve_and_gives_up(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "current_mA", 40000), overcurrent_mA=20000,
        overcurrent_curve=3, overload_retries=2, overload_wait_s=120)
    trips = steps(result, "overload_tripped")
    # Twice the setting for 26.7 s by the standard, in ticks of 5 s of which the first may count.
    assert 22 <= seconds(trips[0][0]) - 600 <= 32
    assert value(result, "overload_tripped") == 40000
    assert [name for _, name in steps(result, "overload_tripped", "overload_retried")] == [
        "overload_tripped", "overload_retried", "overload_tripped", "overload_retried",
        "overload_tripped"]
    assert result["supply"]["reasons"] == "overload"
    assert not result["supply"]["closed"]
    # A power cut gives no new try; nor does time.
    again = protect(tmp_path, "--outage", f"{START}01:10/{START}01:20!", until="03:00")
    assert steps(again, *RELAY) == []
    assert again["supply"]["reasons"] == "overload"
    # Somebody who has seen to it.
    last = protect(tmp_path, f"--order={START}03:10:00=reset_alarm{{\"role\": 3}}", until="04:00")
    assert [name for _, name in steps(last, *RELAY)] == ["supply_connected"]


def test_the_instantaneous_stage_does_not_wait(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "current_mA", 60000),
        disturb("00:10:20", "current_mA", None), overcurrent_peak_mA=50000)
    assert seconds(steps(result, "overload_tripped")[0][0]) - 600 <= 5
    assert [name for _, name in steps(result, "overload_tripped", "overload_retried", *RELAY)] == [
        "overload_tripped", "supply_disconnected", "overload_retried", "supply_connected"]


def test_a_cut_while_a_try_is_waited_for(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "current_mA", 60000),
        "--outage", f"{START}00:10:30/{START}00:20:00!",
        disturb("00:20:30", "current_mA", None), overcurrent_peak_mA=50000)
    on = [when for when, name in steps(result, *RELAY) if name == "supply_connected"]
    assert seconds(on[0]) - 1200 >= 60
    assert result["supply"]["closed"]


@pytest.mark.parametrize(("setting", "volts", "began", "ended"), [
    ("overvoltage_V", 26500, "overvoltage_began", "overvoltage_ended"),
    ("undervoltage_V", 18500, "undervoltage_began", "undervoltage_ended"),
])
def test_voltage_out_of_range(
    setting: str, volts: int, began: str, ended: str, tmp_path: Path
) -> None:
    limit = {"overvoltage_V": 260, "undervoltage_V": 195}[setting]
    result = protect(
        tmp_path, disturb("00:10:00", "voltage_cV", volts),
        disturb("00:20:00", "voltage_cV", None), protection_delay_s=10, reclose_s=120,
        **{setting: limit})
    assert value(result, began) == volts
    (off_at, off), (on_at, on) = steps(result, *RELAY)
    assert (off, on) == ("supply_disconnected", "supply_connected")
    assert 610 <= seconds(off_at) <= 620
    assert 1320 <= seconds(on_at) <= 1330
    assert seconds(steps(result, ended)[0][0]) <= seconds(on_at)


def test_voltage_over_a_power_cut_comes_back_after_its_whole_delay(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "voltage_cV", 26500),
        "--outage", f"{START}00:15:00/{START}00:16:00!",
        disturb("00:20:00", "voltage_cV", None), overvoltage_V=260, reclose_s=120)
    (_, off), (on_at, on) = steps(result, *RELAY)
    assert (off, on) == ("supply_disconnected", "supply_connected")
    assert 1320 <= seconds(on_at) <= 1330
    # The same with the voltage good by the time that power is back.
    other = tmp_path / "other"
    other.mkdir()
    result = protect(
        other, disturb("00:10:00", "voltage_cV", 26500), disturb("00:14:59", "voltage_cV", None),
        "--outage", f"{START}00:15:00/{START}00:16:00!", overvoltage_V=260, reclose_s=120)
    assert 1080 <= seconds(steps(result, *RELAY)[1][0]) <= 1090


def test_too_little_voltage_for_the_coil_opens_nothing(tmp_path: Path) -> None:
    result = protect(tmp_path, disturb("00:10:00", "voltage_cV", 15000), undervoltage_V=195)
    assert [name for _, name in steps(result, "undervoltage_began", *RELAY)] == [
        "undervoltage_began"]
    assert result["supply"]["reasons"] == "voltage"


def test_frequency_out_of_range(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "frequency_cHz", 4700),
        disturb("00:20:00", "frequency_cHz", None), frequency_low_cHz=4750)
    assert [name for _, name in steps(
        result, "frequency_left", "frequency_back", *RELAY)] == [
        "frequency_left", "supply_disconnected", "frequency_back", "supply_connected"]
    assert value(result, "frequency_left") == 4700


def test_hot_terminals(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "temperature_dC", 1100),
        "--outage", f"{START}00:12:00/{START}00:13:00!",
        disturb("00:20:00", "temperature_dC", 950), disturb("00:30:00", "temperature_dC", 800),
        temperature_dC=1000)
    assert [name for _, name in steps(result, "overheated", "cooled", *RELAY)][:2] == [
        "overheated", "supply_disconnected"]
    # Still hot after the cut, and within the hysteresis from 00:20 on.
    assert 1800 <= seconds(steps(result, "supply_connected")[0][0]) <= 1810


def test_mode_0_tells_and_stays_on(tmp_path: Path) -> None:
    result = protect(
        tmp_path, disturb("00:10:00", "current_mA", 60000),
        disturb("00:10:00", "voltage_cV", 26500), control_mode=0,
        overcurrent_peak_mA=50000, overvoltage_V=260)
    assert steps(result, *RELAY) == []
    assert moments(result, "overvoltage_began") != []
    assert result["supply"]["closed"]


def test_a_bad_limit_is_refused(tmp_path: Path) -> None:
    done = bench("--state", str(tmp_path), "--setting=overcurrent_curve=4")
    assert done.returncode == 2
    assert "setting overcurrent_curve: 4: must be 1 to 3" in done.stderr
