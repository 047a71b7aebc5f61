"""The tortured link: a fixed sample of seeded runs, of bytes cut, and that faults are noticed.

`make linkruns RUNS=10000` does the whole; docs/link-runs.md says what happens and what must hold.
"""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench.process import ROOT
from tools.linkrun.__main__ import SESSION_BYTES, main
from tools.linkrun.run import FIRMWARE, Found, cut_bytes, torture

HAPPEN = (
    "bytes", "credits", "cuts", "dropped", "forgotten", "messages", "numbers", "readings",
    "repeats", "ticks", "with DUP",
)
LATE_MAX_US = 20000
WORLD = ("mqtt_broker.py", "byte_network.py")

FAULTS = {
    "taken from the outbox when the broker has it": (
        "link/uplink/held.py", "            self._states[at] = _BROKER_HAS\n",
        '            self.outbox.acknowledge(number, b"")\n'),
    "events put in twice": (
        "storage/outbox.py", "        self.events[number] = first + count\n", ""),
    "not sent again in a new connection": (
        "link/mqtt/in_flight.py", "            message.sent = False\n", ""),
    "purchases not remembered": (
        "core/replay.py", "            if mark == tid:\n                return True\n",
        "            pass\n"),
}
"""Faults planted: file, text, what takes its place."""
FAULT_RUNS = 60
"""Of which some must notice; more than it takes, for every change of the firmware shifts them."""


def text(found: Found) -> str:
    return "\n".join(f"seed {v['seed']}: {v['wrong']}" for v in found.violations)


def together(lots: object) -> Found:
    found = Found()
    for lot in lots:  # type: ignore[attr-defined]
        found.merge(lot)
    return found


def test_a_sample_of_runs() -> None:
    found = together(torture(1, 150))
    assert found.runs == 150
    assert not found.violations, text(found)
    assert [name for name in HAPPEN if not found.counts[name]] == []
    assert found.late_us <= LATE_MAX_US


def test_a_session_cut_at_a_sample_of_its_bytes() -> None:
    found = together(cut_bytes(1, SESSION_BYTES, 83))
    assert not found.violations, text(found)
    assert found.counts["cuts"] >= 4 * 15


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_ten_thousand_runs() -> None:
    found = together(torture(1, 10000, 2))
    assert found.runs == 10000
    assert not found.violations, text(found)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_a_session_cut_at_every_byte() -> None:
    found = together(cut_bytes(1, SESSION_BYTES))
    assert found.runs == 4 * SESSION_BYTES
    assert not found.violations, text(found)


def test_a_seed_is_lived_the_same_again() -> None:
    first, again = (together(torture(7, 2)) for _ in range(2))
    assert first.counts == again.counts
    assert first.settled_s == again.settled_s


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str, tmp_path: Path) -> None:
    file, old, new = FAULTS[name]
    firmware = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, firmware, ignore=shutil.ignore_patterns("__pycache__"))
    path = firmware / "joulegate" / file
    source = path.read_text("utf-8")
    assert source.count(old) == 1
    path.write_text(source.replace(old, new), "utf-8")
    # Lot by lot, and no longer than it takes.
    assert any(lot.violations for lot in torture(1, FAULT_RUNS, 1, firmware, 10))


def test_firmware_that_does_not_start_is_a_violation(tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, firmware, ignore=shutil.ignore_patterns("__pycache__"))
    (firmware / "joulegate" / "link" / "link_task.py").write_text("x = (\n", "utf-8")
    output = tmp_path / "found.json"
    assert main(["--runs", "1", "--firmware", str(firmware), "--output", str(output)]) == 1
    (violation,) = json.loads(output.read_text("utf-8"))["violations"]
    assert "SyntaxError" in violation["wrong"]


def test_the_command_leaves_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found.json"
    assert main(["--seed", "2", "--runs", "1", "--output", str(output)]) == 0
    found = json.loads(output.read_text("utf-8"))
    assert (found["runs"], found["violations"]) == (1, [])
    assert found["slices"]["message"]["count"] > 0
    assert "1 runs, 0 violations" in capsys.readouterr().out


def test_broker_and_network_know_nothing_of_the_firmware() -> None:
    for name in WORLD:
        path = ROOT / "tools" / "bench" / "world" / name
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(node, ast.Import | ast.ImportFrom), name


@pytest.mark.parametrize("arguments", [
    ["--seed", "0"], ["--runs", "0"], ["--runs", "1000001"], ["--jobs", "0"],
    ["--bytes", "--step", "0"], ["--firmware", "/"],
])
def test_a_bad_command_line_is_refused(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.linkrun", *arguments], cwd=ROOT, capture_output=True,
        text=True)
    assert done.returncode == 2
    assert arguments[-1] in done.stderr
