"""Anti-theft through the whole firmware, on recorded load: each attack, told and answered."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.documents import DATA
from tests.oracle.records import read_image
from tools.bench.process import ROOT

LOAD = DATA / "load" / "household-1min.csv"
TARIFF = f"{DATA / 'tariffs' / 'tariffs.json'}#cn-beijing-2012"
RELAY = ("supply_connected", "supply_disconnected")
SINCE_START = ("started", "credited", "disturbed", "self_test_failed", "mains_lost")

COVER, TERMINAL_COVER, WHILE_OFF, MAGNET, REVERSE, MISMATCH = 1, 2, 4, 8, 16, 32
MISSING, DISTURBED, BACK_FEED, BYPASS, CLOCK, STORAGE = 64, 128, 256, 512, 1024, 2048

RESET = 'reset_alarm{"role": 2}'
DAY = "2007-05-01T"


def run(state: Path, *arguments: str, **settings: Any) -> dict[str, Any]:
    """Run with ticks of a second; times in arguments may leave out the day."""
    options = [f"--setting={name}={json.dumps(value)}" for name, value in settings.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "run", "--headless", "--json", "--load", str(LOAD),
         "--tariff", TARIFF, "--balance", "50", "--tick", "1", "--state", str(state),
         *arguments, *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["audit"] == ""
    records = read_image(state / "flash.bin")
    assert records.balance == records.credits - records.charges
    return result


def wrong(**things: Any) -> list[str]:
    """Disturbances: name__MMSS=value at a time of the first hour."""
    return [f"--disturb={DAY}00:{key[-4:-2]}:{key[-2:]}={key[:-6]}:{json.dumps(value)}"
            for key, value in things.items()]


def told(result: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(e["time"][11:], e["event"], e.get("value")) for e in result["timeline"]
            if e["event"] not in SINCE_START]


def names(result: dict[str, Any]) -> list[str]:
    return [name for _, name, _ in told(result)]


@pytest.mark.parametrize(("cover", "trip"), [("cover", COVER), ("terminal_cover", TERMINAL_COVER)])
def test_a_cover_is_told_and_trips_until_somebody_lifts_it(
        cover: str, trip: int, tmp_path: Path) -> None:
    result = run(
        tmp_path, "--until", f"{DAY}00:13",
        *wrong(**{f"{cover}__0500": False, f"{cover}__0600": True}),
        "--outage", f"{DAY}00:08/{DAY}00:09!", f"--order={DAY}00:12={RESET}",
        tamper_trips=trip)
    assert told(result) == [
        ("00:05:01", f"{cover}_opened", 0), ("00:05:01", "supply_disconnected", 0),
        ("00:06:05", f"{cover}_closed", 64), ("00:08:00", "power_cut", None),
        ("00:09:00", "power_up", None), ("00:09:00", "outage_ended", 239),
        ("00:12:00", "supply_connected", 0)]
    assert result["supply"]["reasons"] == "none"


def test_a_cover_that_nothing_trips_on_is_only_told(tmp_path: Path) -> None:
    result = run(tmp_path, "--until", f"{DAY}00:10", *wrong(cover__0500=False))
    assert names(result) == ["cover_opened"]
    assert result["supply"]["closed"]


def test_covers_opened_while_off_are_told_once_after_the_outage(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--until", f"{DAY}00:13",
        *wrong(cover__0600=False, cover__0610=True, cover__0620=False, cover__0630=True,
               terminal_cover__0640=False, terminal_cover__0650=True),
        "--outage", f"{DAY}00:05/{DAY}00:07", "--outage", f"{DAY}00:10/{DAY}00:11!",
        tamper_trips=WHILE_OFF)
    events = told(result)
    assert [e for e in events if e[1] == "opened_while_off"] == [
        ("00:07:00", "opened_while_off", 3)]
    assert result["supply"]["reasons"] == "tamper"


def test_reverse_connection_is_told_and_charged_forward(tmp_path: Path) -> None:
    arguments = ["--until", f"{DAY}00:15", *wrong(reversed__0500=True)]
    straight = run(tmp_path / "straight", "--until", f"{DAY}00:15")
    forward = run(tmp_path / "forward", *arguments, export_mode=2)
    assert ("00:05:10", "reverse_connection_began") in [e[:2] for e in told(forward)]
    # The chip's integrators of import and of export each have a part of a count left.
    charges = [Fraction(r["ledger"]["charges"]) for r in (forward, straight)]
    assert abs(charges[0] - charges[1]) <= Fraction(2, 100000)
    # The registers keep what was measured.
    kWh = {name: Fraction(forward["ledger"][f"{name}_kWh"]) for name in ("import", "export")}
    assert kWh["export"] > kWh["import"] > 0
    assert abs(sum(kWh.values()) - Fraction(straight["ledger"]["import_kWh"])) <= Fraction(2, 1000)
    told_only = run(tmp_path / "told", *arguments, export_mode=1, tamper_trips=REVERSE)
    assert Fraction(told_only["ledger"]["charges"]) < charges[1] / 2
    assert told_only["supply"]["reasons"] == "tamper"
    allowed = run(tmp_path / "allowed", *arguments)
    assert "reverse_connection_began" not in names(allowed)


BYPASS_OF_THE_LINE = wrong(
    current_mA__0500=500, active_mW__0500=110000, neutral_mA__0500=5000,
    neutral_mW__0500=1100000, neutral_mvar__0500=0)


def test_a_mismatch_is_told_and_the_larger_charged_where_the_chip_can(tmp_path: Path) -> None:
    arguments = ["--until", f"{DAY}00:15", *BYPASS_OF_THE_LINE]
    charged = {}
    for strap in ("line", "anti-tamper"):
        result = run(tmp_path / strap, "--strap", strap, *arguments, mismatch_s=60)
        when, name, value = told(result)[0]
        assert (when, name) == ("00:06:00", "current_mismatch_began")
        assert abs(value - 4500) <= 10
        charged[strap] = Fraction(result["ledger"]["import_kWh"])
    # 110 W of the line against 1100 W of the neutral, for ten minutes.
    assert abs(charged["anti-tamper"] - charged["line"] - Fraction(990, 6000)) < Fraction(2, 1000)


def test_a_mismatch_trips_where_configured(tmp_path: Path) -> None:
    result = run(tmp_path, "--until", f"{DAY}00:10", *BYPASS_OF_THE_LINE,
                 mismatch_s=30, tamper_trips=MISMATCH)
    assert names(result)[:2] == ["current_mismatch_began", "supply_disconnected"]


def test_a_missing_neutral_is_told_and_estimated_where_configured(tmp_path: Path) -> None:
    arguments = ["--until", f"{DAY}00:16",
                 *wrong(voltage_cV__0500=0, current_mA__0500=5000, voltage_cV__1500=None)]
    without = run(tmp_path / "without", *arguments, neutral_missing_s=10)
    estimated = run(tmp_path / "with", *arguments, neutral_missing_s=10, neutral_estimate_V=220)
    assert [e for e in told(without) if e[1].startswith("neutral")] == [
        ("00:05:10", "neutral_missing", 5000), ("00:15:10", "neutral_back", 0)]
    back = next(e for e in told(estimated) if e[1] == "neutral_back")
    # 5 A at 220 V from the event to the end: 590 s, and less than 5 mA that the chip rounds.
    assert abs(back[2] - Fraction(5 * 220 * 590, 3600)) <= 2
    assert estimated["ledger"]["import_kWh"] == without["ledger"]["import_kWh"]
    more = (Fraction(estimated["ledger"]["charges"]) - Fraction(without["ledger"]["charges"]))
    price = Fraction(without["ledger"]["charges"]) / Fraction(without["ledger"]["import_kWh"])
    assert abs(more - price * back[2] / 1000) < Fraction(2, 1000)


def test_a_magnet_is_told_with_its_duration(tmp_path: Path) -> None:
    result = run(tmp_path, "--until", f"{DAY}00:10",
                 *wrong(magnet__0500=True, magnet__0630=False), tamper_trips=MAGNET)
    assert told(result) == [
        ("00:05:02", "magnet_began", 0), ("00:05:02", "supply_disconnected", 0),
        ("00:06:35", "magnet_ended", 93)]


def test_no_closing_on_voltage_from_the_load_side(tmp_path: Path) -> None:
    arguments = [
        "--until", f"{DAY}00:11", f"--order={DAY}00:05=supply_off",
        *wrong(back_feed__0600=True), f"--order={DAY}00:08=supply_on",
        *wrong(back_feed__1000=False)]
    result = run(tmp_path / "refused", *arguments, control_mode=4)
    assert names(result) == [
        "supply_disconnected", "back_feed_began", "supply_connected", "back_feed_ended"]
    assert told(result)[1][0] == "00:06:02"
    assert told(result)[2][0].startswith("00:10:0")
    unwatched = run(tmp_path / "closed", *arguments, control_mode=4, back_feed_s=0)
    assert names(unwatched) == ["supply_disconnected", "supply_connected"]
    assert told(unwatched)[1][0].startswith("00:08:0")
    tripped = run(tmp_path / "tripped", *arguments, control_mode=4, tamper_trips=BACK_FEED)
    assert tripped["supply"]["reasons"] == "tamper"


def test_a_weld_is_told_from_a_relay_that_stays_open(tmp_path: Path) -> None:
    welded = run(
        tmp_path / "welded", "--until", f"{DAY}00:10", *wrong(relay__0400='welded'),
        f"--order={DAY}00:05=supply_off")
    assert names(welded) == ["relay_fault", "relay_welded"]
    before = Fraction(welded["delivered_kWh"])
    assert abs(Fraction(welded["ledger"]["import_kWh"]) - before) <= Fraction(1, 1000)
    failed = run(
        tmp_path / "failed", "--until", f"{DAY}00:10", f"--order={DAY}00:04=supply_off",
        *wrong(relay__0430='stuck open'), f"--order={DAY}00:05=supply_on", control_mode=4)
    assert names(failed) == ["supply_disconnected", "relay_fault", "relay_failed_open"]


def test_consumption_round_an_open_relay_is_told_charged_and_trips(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--until", f"{DAY}00:15", f"--order={DAY}00:05=supply_off",
        *wrong(bypassed__0600=True), f"--order={DAY}00:10=supply_on",
        tamper_trips=BYPASS, control_mode=4)
    assert names(result) == ["supply_disconnected", "relay_bypassed"]
    assert result["supply"]["reasons"] == "tamper"
    assert Fraction(result["ledger"]["import_kWh"]) > Fraction(1, 20)


def test_a_mains_that_is_none_is_told(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--until", f"{DAY}00:10",
        *wrong(frequency_cHz__0500=0, frequency_cHz__0600=None),
        disturbance_s=10, tamper_trips=DISTURBED)
    assert [e for e in told(result) if e[1].startswith("neutral")] == [
        ("00:05:10", "neutral_disturbed", 0), ("00:06:10", "neutral_calm", 60)]
    assert result["supply"]["reasons"] == "tamper"


def test_a_clock_put_back_is_told_and_not_believed(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--until", f"{DAY}00:12", "--outage", f"{DAY}00:05/{DAY}00:10",
        *wrong(clock_shift_s__0600=-86400), tamper_trips=CLOCK)
    assert {"clock_rolled_back", "clock_invalid"} <= set(names(result))
    assert result["supply"]["reasons"] == "tamper"


def test_a_restored_copy_locks_the_account_until_an_administrator_speaks(tmp_path: Path) -> None:
    arguments = [
        "--until", f"{DAY}00:30", "--tick", "10", *wrong(storage__0500="copied"),
        f"--top-up={DAY}00:06=10", "--outage", f"{DAY}00:10/{DAY}00:12!",
        *wrong(storage__1100="restored"), f"--top-up={DAY}00:15=10"]
    later = [
        "--outage", f"{DAY}00:20/{DAY}00:21!", f"--top-up={DAY}00:22=10",
        f"--order={DAY}00:23={RESET}", f"--top-up={DAY}00:24=10",
        "--outage", f"{DAY}00:26/{DAY}00:27!"]
    result = run(tmp_path / "watched", *arguments, *later, commit_minutes=1)
    # At both starts, until the administrator's word, and not after it.
    assert [when for when, name, _ in told(result) if name == "storage_restored"] == [
        "00:12:00", "00:21:00"]
    assert [r["code"] for r in result["receipts"]] == [3, 3, 7, 7, 3]
    unwatched = run(tmp_path / "unwatched", *arguments, commit_minutes=1, storage_mark=0)
    assert "storage_restored" not in names(unwatched)
    tripped = run(tmp_path / "tripped", *arguments, commit_minutes=1, tamper_trips=STORAGE)
    assert tripped["supply"]["reasons"] == "tamper"
