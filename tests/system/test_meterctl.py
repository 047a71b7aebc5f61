"""meterctl against a meter whose answers are made up: every command, what it asks and prints."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_meter import ANSWERS, IDENTITY, SETTINGS, STATUS, Board
from tools.bench.process import ROOT
from tools.meterctl.documents import read_tariff

Run = Callable[..., tuple[int, str, str]]

TARIFF = "data/tariffs/tariffs.json#cn-beijing-2012"


def lines(output: str) -> list[str]:
    return [re.sub(" +", " ", line).strip() for line in output.splitlines()]


@pytest.mark.parametrize(("command", "shown"), [
    ("status", [
        "meter 47110815", "board METER_RP2040", "firmware 1.2.3, development image",
        "time 2026-07-01T12:00:00 UTC", "running for 1 d 02:03:04", "supply off: credit",
        "relay open", "voltage 230.10 V", "power 287 W", "balance -0.05000 EUR",
        "price 0.30000 EUR/kWh", "season, period all, day", "tier 1 of 2",
        "ticks 93000, last 900 us, longest 2100 us"]),
    ("registers", ["import 1234.567 kWh", "reactive import 12.000 kvarh"]),
    ("balance", ["balance -0.05000 EUR", "this month 66.833 kWh, 20.05 EUR", "audit agrees"]),
    ("relay", ["relay open", "commanded open", "load voltage no", "fault no"]),
    ("tariff", ["tariff flat", "digest 0011223344556677", "price now 0.30000 EUR/kWh",
                "to follow none"]),
    ("tariff show", ["tariff flat"]),
    ("events", ["number time (UTC) event value",
                "7 2026-07-01T11:59:58 credit_exhausted 0",
                "8 2026-07-01T11:59:59 credited 20.00000",
                "7 older events are no longer kept"]),
    ("settings", ["commit_Wh 100 100 100 to 1000 Wh",
                  "warnings 500, 100 none credit units, falling"]),
    ("settings get commit_Wh", ["commit_Wh 100 100 100 to 1000 Wh"]),
    ("test", ["metering IC passed answers"]),
])
def test_shows(board: Board, run: Run, command: str, shown: list[str]) -> None:
    code, output, errors = run(*command.split())
    assert (code, errors) == (0, "")
    rest = iter(lines(output))
    for line in shown:
        assert line in rest, output
    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.parametrize("command", [
    "registers", "balance", "relay", "tariff", "tariff show", "events", "settings", "test"])
def test_json_is_the_answer_itself(board: Board, run: Run, command: str) -> None:
    code, output, _ = run(*command.split(), "--json")
    assert code == 0
    assert json.loads(output) == ANSWERS["self_test" if command == "test" else command.split()[0]]


def test_json_of_status_has_the_identity_too(board: Board, run: Run) -> None:
    assert json.loads(run("status", "--json")[1]) == {"identity": IDENTITY, "status": STATUS}


def test_a_blank_meter_has_no_account_to_show(board: Board, run: Run) -> None:
    blank = {key: value for key, value in STATUS.items() if key not in (
        "balance", "currency", "period", "season", "tier", "tiers", "price")}
    board.answer(
        identity={"ok": {**IDENTITY, "provisioned": False, "meter_id": ""}},
        status={"ok": {**blank, "provisioned": False}})
    code, output, _ = run("status")
    assert code == 0
    assert "meter not provisioned" in lines(output)
    assert "balance" not in output and "tier" not in output and "None" not in output


def test_a_meter_cannot_command_the_terminal(board: Board, run: Run) -> None:
    board.answer(self_test={"ok": {"passed": True, "tests": [
        {"name": "\x1b[2J[red]x", "passed": True, "text": ""}]}})
    assert "?[2J[red]x passed" in lines(run("test")[1])


def test_failed_self_test_is_exit_code_1(board: Board, run: Run) -> None:
    board.answer(self_test={"ok": {"passed": False, "tests": [
        {"name": "relay", "passed": False, "text": "does not follow"}]}})
    code, output, _ = run("test")
    assert code == 1
    assert "relay FAILED does not follow" in lines(output)
    assert run("test", "--json")[0] == 1


def test_settings_are_typed_by_the_meters_own(board: Board, run: Run) -> None:
    code, output, _ = run(
        "settings", "set", "commit_Wh=150", "warnings=500, 100", "zone=CET-1CEST,M3.5.0,M10.5.0/3")
    assert code == 0
    assert board.requests("set") == [{"do": "set", "values": {
        "commit_Wh": 150, "warnings": [500, 100], "zone": "CET-1CEST,M3.5.0,M10.5.0/3"}}]
    assert lines(output)[1].startswith("commit_Wh 100")
    run("settings", "set", "warnings=")
    assert board.requests("set")[-1]["values"] == {"warnings": []}
    run("settings", "set", "friendly_hours=mon-fri 17:30-11:00, 12-25 none")
    assert board.requests("set")[-1]["values"] == {
        "friendly_hours": ["mon-fri 17:30-11:00", "12-25 none"]}


@pytest.mark.parametrize(("value", "message"), [
    ("commit_Wh=9", "setting commit_Wh: '9': must be 100 to 1000 Wh"),
    ("commit_Wh=1e2", "setting commit_Wh: '1e2': must be 100 to 1000 Wh"),
    ("commit_Wh", "setting 'commit_Wh': must be NAME=VALUE"),
    ("commit=1", "setting commit: must be one of commit_Wh, warnings, friendly_hours, zone"),
    ("warnings=1,x", "setting warnings: '1,x': must be whole numbers with commas "
                     "(credit units, falling)"),
])
def test_a_bad_setting_is_not_sent(board: Board, run: Run, value: str, message: str) -> None:
    assert run("settings", "set", value) == (2, "", f"error: {message}\n")
    assert board.requests("set") == []


def test_setting_is_given_once(board: Board, run: Run) -> None:
    code, _, errors = run("settings", "set", "commit_Wh=150", "commit_Wh=160")
    assert (code, errors) == (2, "error: setting commit_Wh: is given twice\n")
    assert run("settings", "get", "x")[2] == (
        "error: setting x: must be one of commit_Wh, warnings, friendly_hours, zone\n")


def test_tariff_is_loaded_after_both_checks(board: Board, run: Run) -> None:
    code, output, errors = run("tariff", "load", TARIFF, "--start", "2026-08-01T00:00:00+08:00")
    assert (code, errors) == (0, "")
    digest = read_tariff(TARIFF).digest
    assert output == ("cn-beijing-2012: loaded, takes over at 2026-07-31T16:00:00 UTC; "
                      f"digest {digest}\n")
    order = [r["do"] for r in board.requests()]
    assert order.index("upload") < order.index("tariff_check") < order.index("tariff_load")
    assert board.requests("tariff_load") == [
        {"do": "tariff_load", "start": "2026-07-31T16:00:00"}]
    pieces = board.requests("upload")
    assert all(len(piece["hex"]) <= 1024 for piece in pieces)
    sent = json.loads(bytes.fromhex("".join(piece["hex"] for piece in pieces)))
    assert sent["id"] == "cn-beijing-2012"


def test_tariff_to_take_over_now_starts_at_the_meters_time(board: Board, run: Run) -> None:
    run("tariff", "load", TARIFF, "--start", "now")
    assert board.requests("tariff_load")[0]["start"] == "2026-07-01T12:00:00"


def test_tariff_check_changes_nothing(board: Board, run: Run) -> None:
    code, output, _ = run("tariff", "check", TARIFF)
    assert code == 0
    assert output.startswith("cn-beijing-2012: the meter would take it; digest ")
    assert {r["do"] for r in board.requests()} == {
        "balance", "identity", "upload", "tariff_check"}


def test_a_tariff_that_arrives_as_another_is_not_loaded(board: Board, run: Run) -> None:
    board.answer(tariff_check={"ok": {
        "id": "x", "name": "x", "currency": "CNY", "digest": "0000000000000000"}})
    code, _, errors = run("tariff", "load", TARIFF, "--start", "now")
    assert code == 3
    assert "the meter has digest 0000000000000000, must be " in errors
    assert board.requests("tariff_load") == []


def test_provision_sends_everything(board: Board, run: Run, tmp_path: Path) -> None:
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False, "meter_id": ""}},
                 provision={"ok": IDENTITY}, tariff=_tariff(TARIFF))
    constants = {
        "meter_constant": 1600, "voltage_V": 220, "current_A": 5, "voltage_uV": 275000,
        "current_uV": 1000, "gain": 24, "u_gain": 24000, "i_gain_L": 31251}
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(constants))
    code, output, errors = run(
        "provision", "--meter-id", "47110815", "--tariff", TARIFF, "--setting", "commit_Wh=150",
        "--setting", "zone=CST-8", "--calibration", str(file),
        "--time", "2026-07-01T20:00:00+08:00")
    assert (code, errors) == (0, "")
    assert output == ("meter 47110815: provisioned with cn-beijing-2012 in CNY, "
                      "credit unit of 5 decimals\n")
    assert board.requests("tariff_check")[0]["unit_places"] == 5
    assert board.requests("provision") == [{
        "do": "provision", "meter_id": "47110815", "unit_places": 5, "calibration": constants,
        "time": "2026-07-01T12:00:00", "settings": {"commit_Wh": 150, "zone": "CST-8"}}]


def test_provision_takes_the_constants_of_another_metering_ic(
    board: Board, run: Run, tmp_path: Path
) -> None:
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False, "meter_id": ""}},
                 provision={"ok": IDENTITY}, tariff=_tariff(TARIFF))
    constants = {
        "meter_constant": 1600, "voltage_V": 220, "current_A": 5, "voltage_uV": 57523,
        "current_uV": 2500, "p_gain": 970874}
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(constants))
    code, _, errors = run(
        "provision", "--meter-id", "1", "--tariff", TARIFF, "--calibration", str(file))
    assert (code, errors) == (0, "")
    assert board.requests("provision")[0]["calibration"] == constants


def test_provision_takes_a_coarse_unit_for_coarse_money(board: Board, run: Run) -> None:
    reference = "data/tariffs/tariffs.json#" + _first_of("VND")
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False, "meter_id": ""}},
                 provision={"ok": IDENTITY}, tariff=_tariff(reference))
    code, _, _ = run("provision", "--meter-id", "1", "--time", "meter", "--tariff", reference)
    assert code == 0
    sent = board.requests("provision")[0]
    assert sent["unit_places"] == 2 and "time" not in sent


def test_a_meter_provisioned_with_another_document_is_told(board: Board, run: Run) -> None:
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False}}, provision={"ok": IDENTITY})
    code, _, errors = run("provision", "--meter-id", "1", "--tariff", TARIFF)
    assert code == 3
    assert "the meter has digest 0011223344556677, must be " in errors


def _tariff(reference: str) -> dict:
    return {"ok": {**ANSWERS["tariff"], "digest": read_tariff(reference).digest}}


def _first_of(currency: str) -> str:
    content = json.loads((ROOT / "data/tariffs/tariffs.json").read_text())
    return next(d["id"] for d in content["tariffs"] if d["currency"] == currency)


def test_credit(board: Board, run: Run) -> None:
    code, output, _ = run("credit", "1001", "20.50")
    assert code == 0
    assert output == ("credit 1001: accepted, the balance is 19.95000 "
                      "(development image: nothing proved who asked)\n")
    assert board.requests("credit") == [{"do": "credit", "tid": 1001, "amount": "20.50"}]
    board.answer(credit={"ok": {"accepted": False, "reason": "used", "balance": "19.95000"}})
    assert run("credit", "1001", "20.50")[::2] == (
        1, "error: credit 1001: not accepted: used; the balance is 19.95000\n")


def test_clock_is_compared_and_set(board: Board, run: Run) -> None:
    code, output, _ = run("clock")
    assert code == 0
    assert re.fullmatch(r"the meter's clock: 2026-07-01T12:00:00 UTC, [0-9 d:]+ (ahead of|behind) "
                        r"this computer's\n", output)
    assert json.loads(run("clock", "--set", "--time", "2026-07-01T12:00:01", "--json")[1])["set"]
    assert board.requests("clock") == [{"do": "clock", "set": "2026-07-01T12:00:01"}]
    assert run("clock", "--time", "2026-07-01")[0] == 2


def test_events_are_followed_until_ctrl_c(
    board: Board, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*numbers: int) -> dict:
        return {"ok": {"events": [[n, "2026-07-01T12:00:00", "sag", n] for n in numbers],
                       "count": numbers[-1] + 1 if numbers else 3, "discarded": 0}}

    # Two, one more, nothing, then a restarted meter that has one event again.
    board.answer(events=[answer(0, 1), answer(2), answer(),
                         {"ok": {"events": [], "count": 1, "discarded": 0}}, answer(0)])
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("tools.meterctl.commands.events.pause", sleep)
    code, output, _ = run("events", "--follow", "--json", "--every", "0.5")
    assert code == 0
    assert [json.loads(line)[0] for line in output.splitlines()] == [0, 1, 2, 0]
    assert looks == [0.5] * 4
    assert [r["since"] for r in board.requests("events")] == [0, 2, 3, 3, 0]


def test_export_as_json(board: Board, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "meter.json"
    code, output, _ = run("export", "--out", str(out))
    assert code == 0
    assert re.fullmatch(rf"{re.escape(str(out))}: \d+ bytes, 2 events\n", output)
    found = json.loads(out.read_text())
    assert list(found) == ["exported", "identity", "status", "registers", "relay", "balance",
                           "tariff", "settings", "events"]
    assert found["settings"] == SETTINGS
    assert found["balance"] == ANSWERS["balance"]
    assert not list(tmp_path.glob("*.new"))


def test_export_as_csv(board: Board, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "meter.csv"
    told = json.loads(run("export", "--format", "csv", "--out", str(out), "--json")[1])
    assert told == {"file": str(out), "format": "csv", "bytes": out.stat().st_size, "events": 2}
    with out.open(newline="") as f:
        table = list(csv.reader(f))
    assert table[0] == ["section", "item", "field", "value"]
    for row in (
        ["identity", "capabilities", "rs485", "true"], ["registers", "", "import_kWh", "1234.567"],
        ["settings", "warnings", "value", "500 100"], ["events", "8", "value", "20.00000"],
        ["events", "", "count", "9"], ["status", "tick_us", "longest", "2100"],
    ):
        assert row in table
    assert run("export", "--format", "csv", "--out", "-")[1].splitlines()[0] == (
        "section,item,field,value")


def test_export_of_a_blank_meter_has_no_account(board: Board, run: Run) -> None:
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False, "meter_id": ""}})
    found = json.loads(run("export", "--out", "-")[1])
    assert "balance" not in found and "tariff" not in found


def test_export_to_where_nothing_can_be_written(board: Board, run: Run, tmp_path: Path) -> None:
    code, _, errors = run("export", "--out", str(tmp_path / "none" / "x.json"))
    assert code == 2
    assert errors.startswith(f"error: file {tmp_path}/none/x.json: cannot be written: ")


def test_devices_are_listed_and_asked(
    board: Board, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Port:
        def __init__(self, device: str, vid: int | None) -> None:
            self.device, self.vid, self.pid = device, vid, 5
            self.serial_number, self.description = "E661", "a port"

    there = [Port(board.port, 0x2E8A), Port("/dev/none", 0x1A86), Port("/dev/other", 0x9999)]
    monkeypatch.setattr("tools.meterctl.ports.list_ports.comports", lambda: there)
    monkeypatch.setattr("tools.meterctl.ports.BENCH_FILE", board.folder / "none")
    monkeypatch.delenv("METERCTL_PORT")
    assert lines(run("devices", "--ask")[1]) == [
        "port kind detail answers", "/dev/none WCH CH34x 1A86:0005 E661 nothing",
        f"{board.port} Raspberry Pi 2E8A:0005 E661 meter 47110815"]
    assert [d["port"] for d in json.loads(run("devices", "--all", "--json")[1])] == [
        "/dev/none", board.port, "/dev/other"]
    assert run("status")[2] == (
        f"error: several devices found: /dev/none (WCH CH34x), {board.port} (Raspberry Pi); "
        "name one with --port\n")
    there[1:] = []
    assert run("registers")[0] == 0


def test_launcher_works_from_anywhere(tmp_path: Path) -> None:
    link = tmp_path / "meterctl"
    link.symlink_to(ROOT / "tools" / "meterctl" / "meterctl")
    done = subprocess.run([str(link), "--help"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: meterctl [OPTIONS] COMMAND" in done.stdout


def test_the_shell_completes_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.meterctl"], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
        env=dict(os.environ, _METERCTL_COMPLETE="complete_bash", COMP_WORDS="meterctl re",
                 COMP_CWORD="1"))
    assert sorted(done.stdout.split()) == ["registers", "relay", "reset"]
