"""The stored log of the last run on emulated silicon, and the command that makes it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench.process import ROOT
from tools.emulate import printout, stored, task
from tools.measure.rows import CHIP_HEAP

HOW = "run `make emulate UF2=... BOOTROM=... STORE=1`"


@pytest.fixture(scope="module")
def log() -> dict:
    return stored.ACCEPTANCE.read()


def test_log_is_of_this_tick_path(log: dict) -> None:
    changed = stored.ACCEPTANCE.changed(log)
    assert not changed, f"changed since the stored run: {', '.join(changed)}; {HOW}"


def test_every_check_of_the_log_passed(log: dict) -> None:
    assert log["checks"]
    assert not [check for check in log["checks"] if not check["passed"]]


def test_figures_keep_the_budgets(log: dict) -> None:
    figures = log["figures"]
    assert figures["steady"]["computing_longest_ms"] < 5
    # 0.7 is for a meter without a panel, which this one has.
    assert figures["heap_used"] <= 0.75 * CHIP_HEAP
    assert figures["start_ms"] < 2000
    assert figures["start_blank_ms"] < 2000


def test_printout_is_that_of_the_log(log: dict) -> None:
    lines = [*printout.heading(log), "", *map(printout.check_line, log["checks"]), "",
             *printout.figures(log["figures"])]
    assert stored.ACCEPTANCE.printout.read_text() == "\n".join(lines) + "\n"


def test_serial_text_is_kept(log: dict) -> None:
    text = stored.ACCEPTANCE.serial.read_text()
    assert "raw REPL; CTRL-B to exit" in text
    assert "MicroPython v1.28.0" in log["figures"]["banner"]
    assert log["figures"]["banner"] in text


def test_a_change_is_named(tmp_path: Path, log: dict) -> None:
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
    now = dict(log, tick_path=stored.ACCEPTANCE.files(tmp_path))
    assert stored.ACCEPTANCE.changed(now, tmp_path) == []
    firmware = tmp_path / "firmware" / "joulegate"
    (firmware / "metering.py").write_text("# another\n")
    (firmware / "core" / "new.py").write_text("")
    (firmware / "clock.py").unlink()
    assert stored.ACCEPTANCE.changed(now, tmp_path) == [
        "firmware/joulegate/clock.py", "firmware/joulegate/core/new.py",
        "firmware/joulegate/metering.py"]


def test_control_characters_are_shown() -> None:
    assert stored.visible("> a\r\n\x04\x1b[K \r\n") == "> a\n\\x04\\x1b[K\n"


def test_failed_check_says_what_was_expected() -> None:
    check = {"at_ms": 1234.5678, "what": "contact", "expected": "open", "seen": "closed",
             "passed": False}
    assert printout.check_line(check) == "    1.235 s  FAIL  contact: closed (expected: open)"


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tools.emulate", *arguments], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)


def test_without_files_it_says_what_to_bring() -> None:
    done = run()
    assert done.returncode == 0
    assert done.stdout.startswith("skipped: ")
    assert "--uf2" in done.stdout
    assert "--bootrom" in done.stdout


def test_bad_files_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(bytes(100))
    missing = str(tmp_path / "missing")
    for arguments, said in (
            (("--uf2", missing, "--bootrom", str(bad)), "missing: there is no such file"),
            (("--uf2", str(bad), "--bootrom", missing), "missing: there is no such file"),
            (("--uf2", str(bad), "--bootrom", str(bad)), "whole blocks of 512")):
        done = run(*arguments)
        assert done.returncode == 2, arguments
        assert done.stderr.startswith("error: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_task_has_one_price(tmp_path: Path) -> None:
    made = task.acceptance(tmp_path / "image", tmp_path / "rom", 7)
    assert made["price"] == 0.4883
    assert made["seed"] == 7
