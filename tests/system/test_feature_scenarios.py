"""Features of docs/features.md that no other scenario shows: the whole firmware on the bench."""

import json
from fractions import Fraction
from pathlib import Path

from tests.oracle.documents import published_tariffs
from tests.oracle.load import load_rows
from tests.system.bench_run import LOAD, RELAY, UNITS, at, moments, run, values


def test_a_change_of_account_mode_drops_no_supply(tmp_path: Path) -> None:
    """Local, remote and local again while the customer has credit; and never cut at all."""
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-02T00:00",
        "--order", '2007-05-01T06:00=account_mode{"remote": true, "limit": 90000, "energy": true}',
        "--order", '2007-05-01T12:00=account_mode{"remote": false, "limit": null, "energy": null}',
        "--order", '2007-05-01T18:00=keep_power{"on": true}',
        "--order", '2007-05-01T20:00=keep_power{"on": false}')
    assert moments(result, *RELAY, "order_refused") == []
    assert result["supply"]["state"] == "connected"
    # The account has gone on under every mode.
    assert Fraction(result["ledger"]["balance"]) == 50 - Fraction(result["ledger"]["charges"])


def test_a_special_day_has_its_own_prices(tmp_path: Path) -> None:
    """A holiday on Wednesday the 2nd costs nothing, the days about it a whole unit a kWh."""
    document = published_tariffs()["cn-beijing-2012"]
    document |= {
        "id": "holiday", "day_types": {day: "work" for day in
                                       ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        "special_days": [{"date": "05-02", "day_type": "feast"}],
        "periods": {"*/work": [{"from": "00:00", "to": "24:00", "period": "dear"}],
                    "*/feast": [{"from": "00:00", "to": "24:00", "period": "free"}]},
        "energy": {"*/dear": [{"up_to_kWh": None, "price": "1"}],
                   "*/free": [{"up_to_kWh": None, "price": "0"}]}}
    file = tmp_path / "holiday.json"
    file.write_text(json.dumps(document))
    result = run(tmp_path / "state", "--balance", "500", "--until", "2007-05-04T00:00",
                 tariff=str(file))
    worked = sum(
        (imported for start, _, imported, _ in load_rows(LOAD)
         if start.isoformat()[:10] in ("2007-05-01", "2007-05-03")), Fraction(0))
    charged = Fraction(result["ledger"]["charges"])
    # The last counts of a day are read at the first tick of the next.
    assert abs(charged - worked / 1000) < Fraction(1, 100)


def test_an_overdraft_is_grace_with_an_alarm_of_its_own(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "5", "--until", "2007-05-06T00:00", "--warning", "0",
        cut_off=-4 * UNITS)
    assert [name for _, name in moments(result, "low_credit", "credit_exhausted", *RELAY)] == [
        "low_credit", "credit_exhausted", "supply_disconnected"]
    assert at(result, "low_credit") < at(result, "supply_disconnected")
    assert Fraction("-4.1") < Fraction(result["ledger"]["balance"]) <= -4


def test_no_more_than_the_maximum_can_be_hoarded(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T03:00",
        "--top-up", "2007-05-01T01:00=60", "--top-up", "2007-05-01T02:00=10",
        maximum_balance=100 * UNITS)
    assert [bool(r["reason"]) for r in result["receipts"]] == [False, True, False]
    assert "would pass the maximum" in result["receipts"][1]["reason"]
    assert result["ledger"]["credits"] == "60.00000"


def test_the_relay_closes_only_above_the_close_permit(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "1", "--until", "2007-05-04T00:00",
        "--top-up", "2007-05-02T10:00=2", "--top-up", "2007-05-02T12:00=5",
        close_permit=3 * UNITS)
    assert [moment for moment in moments(result, *RELAY)][1] == (
        "05-02T12:00", "supply_connected")


def test_refund_clearing_and_the_end_of_an_account(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "50", "--until", "2007-05-01T05:00",
        "--order", '2007-05-01T01:00=debit{"tid": 11000000, "units": 1000000}',
        "--order", '2007-05-01T02:00=debit{"tid": 11000000, "units": 1000000}',
        "--order", '2007-05-01T03:00=clear_credit{"tid": 11000001}',
        "--top-up", "2007-05-01T03:30=7@11000002",
        "--order", '2007-05-01T04:00=close_account{"tid": 11000003}')
    assert moments(result, "order_refused") == []
    # Taken once; then what was left, to the unit; then what the new customer never had.
    assert -Fraction("0.5") < Fraction(result["ledger"]["balance"]) <= 0
    assert moments(result, "supply_disconnected")[0][0] == "05-01T03:00"
    assert Fraction(result["ledger"]["credits"]) < 1


def test_emergency_credit_bears_a_reduced_load_only(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "5", "--until", "2007-05-03T00:00",
        "--press", "2007-05-02T12:00", emergency_credit=30 * UNITS, emergency_threshold=UNITS,
        emergency_power_W=300, load_limit_s=300, load_limit_retries=1, load_limit_wait_s=120)
    trips = [moment for moment, _ in moments(result, "load_limit_tripped")]
    assert len(trips) == 2 and trips[0] > "05-02T12:00"
    assert all(int(value) > 300 for value in values(result, "load_limit_tripped"))
    assert result["supply"]["reasons"] == "load_limit"


def test_metering_goes_on_past_zero_when_the_relay_is_bypassed(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--balance", "1", "--until", "2007-05-03T00:00",
        "--disturb", "2007-05-01T00:01=bypassed:true")
    assert moments(result, "supply_disconnected", "relay_bypassed", "relay_fault") != []
    used = sum((imported for start, _, imported, _ in load_rows(LOAD)
                if start.isoformat()[:10] < "2007-05-03"), Fraction(0))
    assert abs(Fraction(result["ledger"]["import_kWh"]) - used / 1000) < Fraction(1, 10)
    assert Fraction(result["ledger"]["balance"]) < -5
