"""A meter's life on recorded load: warned, cut off, restored, stopped and started again.

After each scenario the records on the flash image are read by a stranger to the firmware
(tests/oracle/records.py) and must show that the balance is credits less charges.
"""

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.bill import Bill
from tests.oracle.documents import DATA, published_tariffs
from tests.oracle.load import load_rows
from tests.oracle.records import Records, read_image
from tools.bench.process import ROOT

LOAD = DATA / "load" / "household-1min.csv"
TARIFFS = DATA / "tariffs" / "tariffs.json"
COUNTS_PER_KWH = 32000
UNITS = 100000


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.bench", *arguments], cwd=ROOT, capture_output=True,
        text=True, timeout=300, check=False)


def run(*arguments: str, tariff: str = "cn-beijing-2012") -> dict[str, Any]:
    done = bench("run", "--headless", "--load", str(LOAD), "--tariff", f"{TARIFFS}#{tariff}",
                 "--json", *arguments)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def events(result: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    return [(e["time"], e["event"]) for e in result["timeline"] if e["event"] in names]


def audit(state: Path) -> Records:
    """Recompute the account from the records: exact, for a tariff of energy prices alone."""
    records = read_image(state / "flash.bin")
    assert records.balance == records.credits - records.charges
    if records.purchases:
        assert records.purchases[-1].credits == records.credits
    if len(records.purchases) < 64:
        assert sum(p.units for p in records.purchases) == records.credits
    assert {p.tid for p in records.purchases} <= set(records.marks)
    prices = [Fraction(tier["price"]) for tier in
              published_tariffs()["cn-beijing-2012"]["energy"]["*/*"]]
    month = sum((Fraction(count, COUNTS_PER_KWH) * price * UNITS
                 for count, price in zip(records.cells, prices, strict=False)), Fraction(0))
    charged = records.charges + Fraction(records.remainder[0], COUNTS_PER_KWH)
    assert charged == records.settled[0] + Fraction(records.settled[1], COUNTS_PER_KWH) + month
    counts = (records.registers_Wh[0] * COUNTS_PER_KWH + records.register_remainders[0]) // 1000
    assert counts % 2**29 == records.import_mark
    return records


def test_warned_cut_off_and_restored(tmp_path: Path) -> None:
    result = run("--balance", "50", "--top-up", "2007-05-10T12:00=100", "--warning", "20",
                 "--warning", "5", "--until", "2007-05-12T00:00", "--state", str(tmp_path))
    assert [name for _, name in events(result, "low_credit", "credit_exhausted", "credited",
                                       "supply_connected", "supply_disconnected")] == [
        "credited", "low_credit", "low_credit", "credit_exhausted", "supply_disconnected",
        "credited", "supply_connected"]
    cut = events(result, "supply_disconnected")[0][0]
    exhausted = events(result, "credit_exhausted")[0][0]
    assert cut == exhausted  # within the second
    restored = events(result, "supply_connected")
    assert restored == [("2007-05-10T12:00:00", "supply_connected")]
    # Nothing flows while the relay is open: 50 CNY bought this much in tier 1, to the minute.
    spent = Fraction(result["ledger"]["charges"])
    assert 150 - Fraction(result["ledger"]["balance"]) == spent
    records = audit(tmp_path)
    assert records.closed == 1
    assert Fraction(records.balance, UNITS) == Fraction(result["ledger"]["balance"])


def test_energy_sold_is_energy_delivered(tmp_path: Path) -> None:
    """50 CNY in the first tier are 102.396 kWh; the last minute's overshoot is owed."""
    result = run("--balance", "50", "--until", "2007-05-10T00:00", "--state", str(tmp_path))
    balance = Fraction(result["ledger"]["balance"])
    delivered = Fraction(result["delivered_kWh"])
    assert -Fraction("0.06") < balance <= 0
    assert abs(delivered * Fraction("0.4883") - (50 - balance)) < Fraction(1, UNITS)
    audit(tmp_path)


def test_a_purchase_counts_once(tmp_path: Path) -> None:
    result = run("--balance", "10", "--top-up", "2007-05-01T06:00=30@12000000",
                 "--top-up", "2007-05-01T07:00=30@12000000", "--until", "2007-05-01T08:00",
                 "--state", str(tmp_path))
    assert [r["code"] for r in result["receipts"]] == [3, 3, 6]
    assert result["receipts"][2]["reason"] == "tid 12000000: was used"
    assert result["ledger"]["credits"] == "40.00000"
    # Nor does it after a stop and a start.
    again = run("--top-up", "2007-05-01T08:30=30@12000000", "--until", "2007-05-01T09:00",
                "--state", str(tmp_path))
    assert [r["code"] for r in again["receipts"]] == [6]
    assert audit(tmp_path).credits == 40 * UNITS


@pytest.mark.parametrize("seed", range(4))
def test_stopped_and_started_at_random(seed: int, tmp_path: Path) -> None:
    """Stops clean and by a pulled plug; the account stays exact, the loss bounded."""
    chance = random.Random(seed)
    minute = 0
    credits = 60
    delivered = Fraction(0)
    pulled = 0
    for life in range(4):
        minute += chance.randrange(60, 1500)
        pull = chance.random() < 0.5
        pulled += pull
        until = f"2007-05-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}"
        top_up = minute - chance.randrange(1, 50)
        when = f"2007-05-{1 + top_up // 1440:02d}T{top_up // 60 % 24:02d}:{top_up % 60:02d}"
        credits += 7
        arguments = ["--top-up", f"{when}=7", "--until", until, "--state", str(tmp_path)]
        if life == 0:
            arguments += ["--balance", "60"]
        if pull:
            arguments.append("--pull")
        result = run(*arguments)
        delivered += Fraction(result["delivered_kWh"])
        assert result["audit"] == ""
        records = audit(tmp_path)
        assert records.credits == credits * UNITS
    counts = (records.registers_Wh[0] * COUNTS_PER_KWH + records.register_remainders[0]) // 1000
    lost = delivered - Fraction(counts, COUNTS_PER_KWH)
    # An unannounced stop loses at most the energy between two commits, 100 Wh, and a tick's.
    assert 0 <= lost <= pulled * Fraction(2, 10)


def test_outages(tmp_path: Path) -> None:
    result = run("--balance", "80", "--outage", "2007-05-02T10:00/2007-05-02T12:30",
                 "--outage", "2007-05-03T10:00/2007-05-03T10:05!",
                 "--until", "2007-05-04T00:00", "--state", str(tmp_path))
    assert events(result, "power_cut", "power_up", "mains_lost") == [
        ("2007-05-02T10:00:00", "power_cut"), ("2007-05-02T10:00:00", "mains_lost"),
        ("2007-05-02T12:30:00", "power_up"), ("2007-05-03T10:00:00", "power_cut"),
        ("2007-05-03T10:05:00", "power_up")]
    assert result["audit"] == ""
    lost = Fraction(result["delivered_kWh"]) - Fraction(result["ledger"]["import_kWh"])
    assert 0 <= lost <= Fraction(2, 10)
    audit(tmp_path)


@pytest.mark.parametrize("tariff", ["gb-ofgem-cap-2024q1", "za-homeflex4-2025", "vn-evn-2024"])
def test_other_tariffs_balance(tariff: str, tmp_path: Path) -> None:
    result = run("--balance", "200", "--until", "2007-05-08T00:00", "--state", str(tmp_path),
                 tariff=tariff)
    assert result["audit"] == ""
    records = read_image(tmp_path / "flash.bin")
    assert records.balance == records.credits - records.charges


def energy_cost(bill: Bill) -> Fraction:
    months = bill.bills()
    return months[-1]["energy"] if months else Fraction(0)


def test_tariff_loaded_ahead_takes_over(tmp_path: Path) -> None:
    """Vietnam's price list changes in mid-month: the tiers go on where they were.

    It changes in the second tier, and the days after it reach the fifth.
    """
    old = published_tariffs()["vn-evn-2024"]
    for tier, price in zip(old["energy"]["*/*"], (1806, 1866, 2167, 2729, 3050, 3151),
                           strict=True):
        tier["price"] = str(price)
    old["id"] = "vn-evn-2023"
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old))
    done = bench("run", "--headless", "--load", str(LOAD), "--tariff", str(file), "--json",
                 "--balance", "3000000", "--state", str(tmp_path / "state"), "--next-tariff",
                 f"2007-05-02T09:00/2007-05-04T00:00={TARIFFS}#vn-evn-2024",
                 "--outage", "2007-05-03T23:00/2007-05-04T01:00", "--until", "2007-05-14T00:00")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [e["time"] for e in result["timeline"] if e["event"] == "tariff_activated"] == [
        "2007-05-04T01:00:00"]
    assert result["audit"] == ""
    before, after = Bill(old), Bill(published_tariffs()["vn-evn-2024"])
    cost = Fraction(0)
    for start, _, imported, _ in load_rows(LOAD):
        moment = start.isoformat()[:16]
        if moment >= "2007-05-14T00:00":
            break
        if "2007-05-03T23:00" <= moment < "2007-05-04T01:00":
            continue
        # Both lists see all the energy, so both know the tier; each charges its own days.
        charged = after if start.day >= 4 else before
        was = energy_cost(charged)
        before.add(start, imported / 1000, Fraction(0))
        after.add(start, imported / 1000, Fraction(0))
        cost += energy_cost(charged) - was
    charges = Fraction(result["ledger"]["charges"]) / Fraction("1.08")
    assert abs(charges - cost) < cost / 1000000


def test_standing_charges_run_on_while_supply_is_off(tmp_path: Path) -> None:
    result = run("--balance", "1", "--until", "2007-05-11T00:00", "--state", str(tmp_path),
                 tariff="gb-ofgem-cap-2024q1")
    assert result["supply"] == {
        "closed": False, "reasons": "credit", "lifts": "none", "state": "disconnected"}
    owed = -Fraction(result["ledger"]["balance"])
    assert owed > 9 * Fraction("0.5335")  # ten midnights and a beginning, less what 1 GBP paid


BAD = [
    (["--top-up", "noon=5"], "time 'noon': must be YYYY-MM-DD"),
    (["--top-up", "2007-05-01"], "top-up '2007-05-01': must be TIME=AMOUNT"),
    (["--top-up", "2007-05-02T00:00=1.234567"], "amount '1.234567': must be a decimal text"),
    (["--balance", "99999"], "balance 99999: credit 9999900000: must be 1 to"),
    (["--balance=-5"], "balance -5: credit -500000: must be 1 to"),
    (["--until", "2006-01-01"], "until 2006-01-01: must be after the beginning"),
    (["--balance", "ten"], "amount 'ten': must be a decimal text"),
    (["--warning", "5", "--warning", "20"], "warnings (500000, 2000000): must fall"),
    (["--outage", "2007-05-02T00:00"], "outage '2007-05-02T00:00': must be FROM/TO"),
    (["--outage", "2007-05-02T00:00/2007-05-01T00:00"], "must end after it begins"),
    (["--next-tariff", "2007-05-02T00:00=x"], "next tariff '2007-05-02T00:00=x': must be"),
    (["--until", "2007-13-01"], "month 13: must be 1 to 12"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_argument_is_refused(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = bench("run", "--headless", "--load", str(LOAD), "--tariff",
                 f"{TARIFFS}#cn-beijing-2012", "--json", "--state", str(tmp_path / "state"),
                 *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bad_load_file_is_refused(tmp_path: Path) -> None:
    load = tmp_path / "load.csv"
    for text, message in (
        ("time,power\n", "header 'time,power': must be that of a known layout"),
        ("start_iso,import_Wh,export_Wh,mean_import_W,mean_export_W\n", "has no rows"),
        ("start_iso,import_Wh,export_Wh,mean_import_W,mean_export_W\n"
         "2023-03-01T00:00,48,0,576,0\n2023-03-01T00:10,44,0,528,0\n",
         "line 3: '2023-03-01T00:10': rows must follow each other"),
        ("start_iso,import_Wh,export_Wh,mean_import_W,mean_export_W\n"
         "2023-03-01T00:00,48.5,0,576,0\n", "line 2: '2023-03-01T00:00,48.5,0,576,0'"),
    ):
        load.write_text(text)
        done = bench("bill", "--load", str(load), "--tariff", f"{TARIFFS}#cn-beijing-2012",
                     "--json")
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_load_out_of_range_is_refused(tmp_path: Path) -> None:
    load = tmp_path / "load.csv"
    head = "time_iso,voltage_V,current_A,active_W,reactive_var,filled\n2007-05-01T00:00,"
    for values, message in (
        ("230.00,99999,100,0,0", "current must be at most 200 A"),
        ("2300.00,1.0,100,0,0", "voltage must be at most 500 V"),
        ("230.00,1.0,99999999,0,0", "power must be at most 50000 W"),
    ):
        load.write_text(f"{head}{values}\n")
        done = bench("bill", "--load", str(load), "--tariff", f"{TARIFFS}#cn-beijing-2012")
        assert done.returncode == 2
        assert f"line 2: '2007-05-01T00:00,{values}': {message}" in done.stderr


def test_bad_state_is_refused(tmp_path: Path) -> None:
    """What a stopped meter left is believed only if it is whole and of this load and tariff."""
    arguments = ("--until", "2007-05-01T02:00", "--state", str(tmp_path))
    run("--balance", "5", "--until", "2007-05-01T01:00", "--state", str(tmp_path))
    image, place = tmp_path / "flash.bin", tmp_path / "place.json"
    kept = image.read_bytes(), place.read_bytes()
    for broken, content, message in (
        (image, kept[0][:1000], "has 1000 bytes: must have 1441792"),
        (image, random.Random(1).randbytes(len(kept[0])), "no file system that can be mounted"),
        (place, b"{", "must be what a stopped bench left for this load file"),
        (place, b'{"second": "x"}', "must be what a stopped bench left for this load file"),
    ):
        broken.write_bytes(content)
        done = bench("run", "--headless", "--load", str(LOAD), "--tariff",
                     f"{TARIFFS}#cn-beijing-2012", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        image.write_bytes(kept[0])
        place.write_bytes(kept[1])
    other = bench("run", "--headless", "--load", str(LOAD), "--tariff",
                  f"{TARIFFS}#vn-evn-2024", *arguments)
    assert other.returncode == 2
    assert "tariff vn-evn-2024: the meter found has cn-beijing-2012" in other.stderr
    assert run(*arguments)["audit"] == ""


def test_refused_top_up_is_told(tmp_path: Path) -> None:
    result = run("--balance", "5", "--top-up", "2007-05-01T01:00=99999", "--until",
                 "2007-05-01T02:00", "--state", str(tmp_path))
    refused = [e for e in result["timeline"] if e["event"] == "credit_refused"]
    assert [e["value"] for e in refused] == ["credit 9999900000: must be 1 to 1073741823 units"]
    assert audit(tmp_path).credits == 5 * UNITS


def test_bad_tariff_is_refused(tmp_path: Path) -> None:
    document = published_tariffs()["cn-beijing-2012"]
    document["energy"]["*/*"][1]["price"] = "0,5383"
    file = tmp_path / "tariff.json"
    file.write_text(json.dumps(document))
    done = bench("bill", "--load", str(LOAD), "--tariff", str(file), "--json")
    assert done.returncode == 2
    assert ("tariff: energy.*/*[1].price: '0,5383': must be a decimal text"
            in done.stderr)
