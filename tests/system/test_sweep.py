"""The power-cut sweep: a fixed sample of every kind, and proof that it can fail.

`make sweep` runs the whole; docs/power-cut-sweep.md says what is cut and what must hold.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench.process import ROOT
from tools.mutants.fault import FOLDER, load_faults, planted
from tools.sweep.__main__ import broken_text, main
from tools.sweep.run import FIRMWARE, Outcome, kinds, sweep_kind

SEED = 20
SAMPLE = 1
KINDS = kinds()

FAULTS = {
    "register-mark-ignored": "energy_commit",
    "journal-after-ledger": "purchase",
    "share-not-taken-again": "purchase_with_debt",
    "registers-before-ledger": "energy_commit",
    "record-in-two-commits": "energy_commit",
    "recovery-without-mark": "ledger_fallen_back",
    "fram-newest-slot-overwritten": "fram_energy_commit",
}
"""Planted faults of tests/mutants that a sample of the sweep must notice, and in which kind."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_every_kind(kind: str) -> None:
    outcome = sweep_kind(kind, SEED, SAMPLE)
    assert outcome.passed, broken_text(outcome)
    assert outcome.counts["raised"] > 0


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """A copy of the firmware."""
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(("name", "kind"), FAULTS.items())
def test_a_planted_fault_is_noticed(firmware: Path, name: str, kind: str) -> None:
    fault, = (fault for fault in load_faults(ROOT / FOLDER) if fault.name == name)
    path = firmware.parent / fault.file
    path.write_text(planted(ROOT, fault), "utf-8")
    outcome = sweep_kind(kind, SEED, 12, firmware)
    assert not outcome.passed
    assert not outcome.error, outcome.error
    assert outcome.violations


def test_the_command_fails_with_a_violation(
    firmware: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, = (each for each in load_faults(ROOT / FOLDER) if each.name == "mark-after-commit")
    (firmware.parent / fault.file).write_text(planted(ROOT, fault), "utf-8")
    result = tmp_path / "sweep.json"
    monkeypatch.setattr("tools.sweep.__main__.RESULT", result)
    arguments = ["purchase", "--sample", "12", "--firmware", str(firmware)]
    assert main(arguments) == 1
    found = json.loads(result.read_text("utf-8"))
    assert not found["passed"]
    assert found["violations"] == len(found["kinds"]["purchase"]["violations"]) > 0


def test_the_command_passes_and_leaves_its_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "sweep.json"
    monkeypatch.setattr("tools.sweep.__main__.RESULT", result)
    assert main(["calibration_save", "--sample", "2"]) == 0
    found = json.loads(result.read_text("utf-8"))
    assert found["passed"]
    assert found["counts"]["whole"] == found["counts"]["torn"] == 2
    assert "no violation" in capsys.readouterr().out


def test_a_kind_that_cuts_nothing_does_not_pass() -> None:
    outcome = Outcome("energy_commit")
    assert not outcome.passed
    assert broken_text(outcome) == "energy_commit: nothing was cut"


@pytest.mark.parametrize("arguments", [["no_such_kind"], ["--sample", "0"], ["--firmware", "/"]])
def test_a_bad_command_line_is_refused(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "tools.sweep", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert arguments[-1] in done.stderr
