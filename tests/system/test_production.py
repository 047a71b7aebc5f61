"""The production test on a blank meter of the bench: each fault found by its own test, reports."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.production_rig import PLAN, Hands, run
from tools.bench.process import ROOT
from tools.meterctl.documents import read_tariff
from tools.meterctl.errors import BadInput, Refused
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter
from tools.production import bench_fixture, lot
from tools.production.hands import Fixture, FixtureError, Nobody, Unable
from tools.production.report import (
    FAILED,
    INCOMPLETE,
    INTERRUPTED,
    NOT_DONE,
    PASSED,
    SCHEMA,
    Folder,
    Report,
    Result,
)
from tools.production.trial import Trial

Bench = tuple[bench_fixture.BenchMeter, str]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    state = tmp_path_factory.mktemp("meter")
    with bench_fixture.bench(state, rate=20, modem="quectel") as found:
        yield found


@pytest.fixture
def hands(bench: Bench) -> Hands:
    return Hands(bench[0])


def verdicts(report: Report, verdict: str) -> list[str]:
    return [result.name for result in report.tests if result.verdict == verdict]


def plan_of(*names: str, **words: dict[str, Any]) -> dict[str, Any]:
    tests = {name: PLAN["test"][name] for name in ("identity", *names)}
    return {**PLAN, "test": {**tests, **words}}


def test_a_good_meter_passes_every_test(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    report = run(tmp_path, bench[1], hands)
    assert (report.verdict, report.reason) == (PASSED, "")
    assert verdicts(report, PASSED) == list(PLAN["test"])
    checks = {f"{r.name}: {c.what}": c for r in report.tests for c in r.checks}
    assert checks["relay: pulses"].value == 2
    assert checks["fram: size"].value == 8192
    assert checks["modem: IMEI"].value == "860000000000017"
    watts = checks["metering: W at 230 V, 5 A, 0.5 inductive"]
    assert watts.unit == "%" and isinstance(watts.value, float) and abs(watts.value) < 0.5
    assert watts.low == -watts.high == pytest.approx(-1 - 50 / 575)


@pytest.mark.parametrize(("name", "fault", "mended", "found"), [
    ("relay", "stuck open", None, ["relay"]),
    ("relay", "welded", None, ["relay"]),
    ("rtc_ppm", -999_999, 0, ["clock"]),
    ("rtc_ppm", 500_000, 0, ["clock"]),
    ("rtc", False, True, ["clock"]),
    ("fram", False, True, ["fram"]),
    ("fram_protected", True, False, ["fram"]),
    ("modem", False, True, ["modem"]),
    ("frequency_cHz", 6000, None, ["supply"]),
])
def test_each_fault_is_named_by_its_own_test(
    bench: Bench, hands: Hands, tmp_path: Path, name: str, fault: Any, mended: Any,
    found: list[str],
) -> None:
    bench[0].disturb(name, fault)
    try:
        report = run(tmp_path, bench[1], hands)
    finally:
        bench[0].disturb(name, mended)
    assert (report.verdict, verdicts(report, FAILED)) == (FAILED, found), report.tests
    assert report.reason == ", ".join(found)
    # Without current through the relay nothing is known about metering.
    assert verdicts(report, NOT_DONE) == (["metering"] if found == ["relay"] else [])


def test_a_wrong_gain_is_found_by_metering(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    hands.source_gain = 1.03
    report = run(tmp_path, bench[1], hands)
    assert verdicts(report, FAILED) == ["metering"]
    bad = [check.what.split()[0] for check in report.tests[-1].checks if not check.passed]
    assert bad == ["A", "W"]


@pytest.mark.parametrize("contact", ["cover", "terminal_cover", "magnet", "button", "brown_out"])
def test_a_contact_that_does_not_move_is_found(
    bench: Bench, hands: Hands, tmp_path: Path, contact: str
) -> None:
    hands.left_undone.add(contact)
    names = ("supply", "cover", "terminal_cover", "magnet", "button")
    report = run(tmp_path, bench[1], hands, content=plan_of(*names))
    assert verdicts(report, FAILED) == ["supply" if contact == "brown_out" else contact]


@pytest.mark.parametrize(("what", "found"), [("key", "keypad"), ("magnet", "magnet")])
def test_a_key_that_does_not_close_is_found(
    bench: Bench, hands: Hands, tmp_path: Path, what: str, found: str
) -> None:
    hands.left_undone.add(what)
    report = run(tmp_path, bench[1], hands, content=plan_of("magnet", "keypad"))
    assert verdicts(report, FAILED) == [found]


def test_wires_that_are_swapped_are_found(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    hands.besides["cover"] = "terminal_cover"
    report = run(tmp_path, bench[1], hands, content=plan_of("cover"))
    assert report.reason == "cover"
    bad = [check for check in report.tests[-1].checks if not check.passed]
    assert [(check.what, check.text) for check in bad] == [("moves alone", "terminal_cover")]


def test_the_clock_goes_on_without_supply(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    content = plan_of(clock={"seconds": 10, "limit_ppm": 100000, "battery_s": 30})
    assert run(tmp_path, bench[1], hands, content=content).verdict == PASSED
    bench[0].disturb("rtc_battery", False)
    try:
        report = run(tmp_path, bench[1], hands, content=content)
    finally:
        bench[0].disturb("rtc_battery", True)
    assert report.reason == "clock"
    assert report.tests[-1].text == "keeps its time without supply"


def test_what_the_board_does_not_carry_fails(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    content = plan_of(element={}, wifi={})
    report = run(tmp_path, bench[1], hands, content=content)
    assert verdicts(report, FAILED) == ["element", "wifi"]
    assert {"fram", "modem", "load_side"} <= set(report.untested)


def test_another_image_ends_the_run(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    content = plan_of("flash", identity={
        "board": "BENCH", "profile": "production", "firmware": "9.9.9"})
    report = run(tmp_path, bench[1], hands, content=content)
    assert report.tests[0].text == "image, firmware"
    assert report.tests[1].text == "identity has not passed"
    assert report.verdict == FAILED


def test_a_meter_in_use_is_left_alone(tmp_path: Path) -> None:
    with bench_fixture.bench(tmp_path / "meter", rate=20) as (meter, url):
        line = Line(url, 10)
        asked = Meter(line)
        tariff = read_tariff("data/tariffs/tariffs.json#cn-beijing-2012")
        asked.upload(tariff.data, lambda size: None)
        asked.call("provision", meter_id="47110815", unit_places=5)
        asked.call("credit", tid=1, amount="20")
        time.sleep(0.5)  # 10 s of the meter: it had opened for want of credit, perhaps
        closed = asked.call("relay")
        assert (closed["relay"], closed["intent"]) == ("closed", "none")
        moves = asked.call("events", since=0)["count"]
        for part in ("relay", "lamps", "flash", "fram", "modem", "watchdog", "display"):
            with pytest.raises(Refused, match=f"production {part}: the meter is provisioned"):
                asked.call("production", part=part)
        assert "cover" in asked.call("production", part="inputs")["inputs"]
        line.close()
        report = run(tmp_path, url, Hands(meter), content=plan_of("flash", "relay"))
        line = Line(url, 10)
        assert Meter(line).call("relay") == closed
        assert Meter(line).call("events", since=moves)["events"] == []
        line.close()
    assert report.tests[0].text == "has no account"
    assert verdicts(report, NOT_DONE) == ["flash", "relay"]


def test_nothing_answers(hands: Hands, tmp_path: Path) -> None:
    report = run(tmp_path, "socket://127.0.0.1:1", hands, timeout_s=1)
    assert report.verdict == FAILED
    assert "cannot be opened" in report.tests[0].text
    assert {result.text for result in report.tests[1:]} == {"no meter"}


def test_what_nobody_can_do_is_not_done(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    hands.do = Nobody().do  # type: ignore[method-assign]
    report = run(tmp_path, bench[1], hands, content=plan_of("flash", "cover"))
    assert report.verdict == INCOMPLETE
    assert verdicts(report, NOT_DONE) == ["cover"]
    assert report.reason == "not done: cover"


# --- reports --------------------------------------------------------------------------------


def test_report_says_everything(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    run(tmp_path, bench[1], hands, content=plan_of("fram"))
    found = json.loads((tmp_path / "JG00000001" / "JG00000001-001.json").read_text())
    assert found["schema"] == SCHEMA
    assert (found["serial"], found["run"], found["verdict"]) == ("JG00000001", 1, PASSED)
    assert (found["operator"], found["station"], found["fixture"]) == ("Li", "2", "bench")
    assert len(found["plan"]["sha256"]) == 64
    assert found["meter"]["unique_id"] == "4a4742454e434801"
    fram = found["tests"][1]
    assert {"name", "verdict", "started", "seconds", "checks", "facts", "text"} == set(fram)
    size = fram["checks"][-1]
    assert (size["what"], size["value"], size["unit"], size["low"], size["passed"]) == (
        "size", 8192, "bytes", 8192, True)
    page = (tmp_path / "JG00000001" / "JG00000001-001.md").read_text()
    assert "# Production test JG00000001, run 1: passed" in page
    assert "| size | 8192 bytes | at least 8192 bytes |" in page
    assert {path.name for path in (tmp_path / "JG00000001").iterdir()} == {
        "JG00000001-001.json", "JG00000001-001.md"}


def test_a_repeated_run_has_the_next_number(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    content = plan_of("fram")
    first = run(tmp_path, bench[1], hands, content=content)
    before = (tmp_path / "JG00000001" / "JG00000001-001.json").read_bytes()
    second = run(tmp_path, bench[1], hands, content=content)
    assert (first.run, second.run) == (1, 2)
    assert (tmp_path / "JG00000001" / "JG00000001-001.json").read_bytes() == before


def test_a_serial_number_of_another_chip_is_found(
    bench: Bench, hands: Hands, tmp_path: Path
) -> None:
    run(tmp_path, bench[1], hands, content=plan_of("fram"))
    path = tmp_path / "JG00000001" / "JG00000001-001.json"
    path.write_text(path.read_text().replace("4a4742454e434801", "0011223344556677"))
    report = run(tmp_path, bench[1], hands, content=plan_of("fram"))
    assert report.tests[0].text == "serial number is of this chip"


def test_an_interrupted_run_says_so(bench: Bench, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "JG00000001" / "JG00000001-001.json"
    seen = {}

    def stop(what: str) -> None:
        seen.update(json.loads(path.read_text()))
        raise KeyboardInterrupt

    hands.before = stop
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, bench[1], hands, content=plan_of("fram", "cover"))
    # As a power cut would have left it.
    assert (seen["verdict"], seen["reason"]) == (
        INTERRUPTED, "the run has not come to its end")
    assert [result["name"] for result in seen["tests"]] == ["identity", "fram"]
    found = json.loads(path.read_text())
    assert (found["verdict"], found["reason"]) == (INTERRUPTED, "by the operator")
    assert (found["tests"][-1]["name"], found["tests"][-1]["text"]) == ("cover", "was under way")
    assert found["ended"]


def test_stations_take_different_numbers(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert [folder.begin("A"), folder.begin("A"), folder.begin("B")] == [1, 2, 1]
    (tmp_path / "A" / "A-999.json").touch()
    with pytest.raises(BadInput, match="999 runs are there already"):
        folder.begin("A")


def test_lot_has_a_line_a_run(tmp_path: Path) -> None:
    for number, verdict in enumerate((PASSED, FAILED, NOT_DONE), 1):
        report = Report(
            "JG1", number, "s", "=cmd()", "2", "none", "L7", "t", "p", {"sha256": "00"},
            meter={"board": "BENCH"}, tests=[Result("relay", verdict, "s")])
        report.judge()
        path = lot.add(tmp_path, report)
    rows = list(csv.DictReader(path.open()))
    assert path.name == "lot-L7.csv"
    assert [(row["run"], row["verdict"], row["failed"], row["not_done"]) for row in rows] == [
        ("1", PASSED, "", ""), ("2", FAILED, "relay", ""), ("3", INCOMPLETE, "", "relay")]
    assert rows[0]["operator"] == "'=cmd()"
    for name in ("", "../x", "a b", "x" * 33):
        with pytest.raises(BadInput, match="must be 1 to 32 letters"):
            lot.check_name(name)


# --- the command ----------------------------------------------------------------------------


def test_scanned_serial_numbers_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of("fram", "cover")))
    port = bench_port()
    command = [
        sys.executable, "-m", "tools.meterctl", "--port", f"socket://127.0.0.1:{port}",
        "production", str(file), "--out", str(tmp_path / "out"), "--lot", "L7", "--rate", "20",
        "--fixture", f"{sys.executable} -m tools.production.bench_fixture --port {port} "
                     "--rate 20"]
    done = subprocess.run(
        command, cwd=ROOT, input="JG1\r\nJG00000001\r\n\nJG00000002\r\n", text=True,
        capture_output=True, timeout=120, check=False)
    assert done.stderr.splitlines() == [
        "error: serial number 'JG1': must be as the plan has it: JG[0-9]{8}"]
    assert done.returncode == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if "PASS" in line] == [
        "JG00000001 run 1: PASS", "JG00000002 run 1: PASS"]
    rows = list(csv.DictReader((tmp_path / "out" / "lot-L7.csv").open()))
    assert [row["serial"] for row in rows] == ["JG00000001", "JG00000002"]


def bench_port() -> int:
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_ctrl_c_ends_with_a_report_and_its_code(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(clock={"seconds": 600})))
    port = bench_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.meterctl", "--port", f"socket://127.0.0.1:{port}",
         "production", str(file), "--serial", "JG00000001", "--out", str(tmp_path),
         "--fixture", f"{sys.executable} -m tools.production.bench_fixture --port {port}"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        # What a shell starts in the background ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    path = tmp_path / "JG00000001" / "JG00000001-001.json"
    end = time.monotonic() + 60
    while time.monotonic() < end and not (path.exists() and "clock" in path.read_text()):
        if path.exists() and '"identity"' in path.read_text():
            break
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 130
    assert "JG00000001 run 1: INTERRUPTED: by the operator" in output
    assert json.loads(path.read_text())["verdict"] == INTERRUPTED


# --- fixtures -------------------------------------------------------------------------------


def fixture(tmp_path: Path, body: str) -> Fixture:
    """Return a fixture whose answers a piece of Python makes of `asked`."""
    file = tmp_path / "fixture.py"
    file.write_text(
        "import json, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n"
        f"    if asked['do'] == 'name':\n        print('{{\"ok\": \"F1\"}}', flush=True)\n"
        f"        continue\n    {body}\n")
    return Fixture(f"{sys.executable} {file}", Nobody())


def test_a_fixture_is_told_by_lines(tmp_path: Path) -> None:
    made = fixture(tmp_path, "print(json.dumps({'ok': asked['value']}), flush=True)")
    try:
        assert (made.name, made.do("cover", False, "?")) == ("F1", False)
        assert not made.wants_wait()
    finally:
        made.close()


@pytest.mark.parametrize(("body", "error", "message"), [
    ("print('{\"unable\": true}', flush=True)", Unable, "nobody is there to do it: Open it"),
    ("print('{\"error\": \"air is off\"}', flush=True)", FixtureError,
     "fixture: cover: air is off"),
    ("print('{}', flush=True)", FixtureError, "must be an object with ok, unable or error"),
    ("print('air', flush=True)", FixtureError, "what it answers is no JSON"),
    ("print('x' * 5000, flush=True)", FixtureError, "longer than 4096 bytes"),
    ("break", FixtureError, "it has ended"),
])
def test_a_fixture_that_fails(
    tmp_path: Path, body: str, error: type[Exception], message: str
) -> None:
    made = fixture(tmp_path, body)
    try:
        with pytest.raises(error, match=message):
            made.do("cover", False, "Open it")
    finally:
        made.close()


def test_a_fixture_that_does_not_start() -> None:
    for command in ("/nonexistent/fixture", "", "'"):
        with pytest.raises(BadInput, match="does not start"):
            Fixture(command, Nobody())


def test_a_fixture_that_fails_leaves_the_test_undone(
    bench: Bench, hands: Hands, tmp_path: Path
) -> None:
    def fail(what: str) -> None:
        raise FixtureError("fixture: cover: air is off")

    hands.before = fail
    report = run(tmp_path, bench[1], hands, content=plan_of("cover"))
    assert (report.verdict, report.tests[-1].text) == (INCOMPLETE, "fixture: cover: air is off")


def test_quantities_at_their_limits() -> None:
    trial = Trial(Result("x", NOT_DONE, "s"), {}, None, None, None, {}, set())  # type: ignore[arg-type]
    assert trial.within("V", 207, 207, 253, "V")
    assert trial.within("V", 253, 207, 253, "V")
    assert not trial.within("V", 253.01, 207, 253, "V")
    assert not trial.within("V", 206.99, 207, None, "V")
