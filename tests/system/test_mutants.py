"""The planted faults of tests/mutants fit the firmware, and the judge of them is just.

`make mutants` plants them all; here a few are, and each is looked up.
"""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.mutants.fault import FOLDER, Fault, FaultError, check_fault, load_faults
from tools.mutants.trial import copy_tree, failing_without, try_all, try_fault

ROOT = Path(__file__).parents[2]
FAULTS = {fault.name: fault for fault in load_faults(ROOT / FOLDER)}
SAMPLE = ("carry-lost-in-debit", "mark-in-second-file", "recovery-applies-twice")
"""One of money, one of a power cut, one of a start."""
GOOD = FAULTS["carry-lost-in-debit"]
TOML = """
[[fault]]
name = "one"
breaks = "a"
file = "firmware/a.py"
find = "b"
replace = "c"
tests = ["tests/unit/test_a.py::A::test_a"]
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    copy = tmp_path_factory.mktemp("mutants") / "tree"
    copy_tree(ROOT, copy)
    yield copy


def altered(**changes: object) -> Fault:
    return dataclasses.replace(GOOD, **changes)


def test_there_are_enough() -> None:
    assert len(FAULTS) >= 16


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fits_the_tree(name: str) -> None:
    check_fault(ROOT, FAULTS[name])


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_caught(tree: Path, name: str) -> None:
    fault = FAULTS[name]
    assert failing_without(tree, [fault]) == {}
    trial = try_fault(tree, fault)
    assert trial.caught, trial.why
    assert all("Error" in line for line in trial.how)


def test_a_fault_that_breaks_nothing_survives(tree: Path) -> None:
    trial = try_fault(tree, altered(replace=GOOD.find + "  # as it was"))
    assert not trial.caught
    assert trial.why.startswith("survived: ")
    assert GOOD.tests[0] in trial.why


def test_one_blind_test_among_those_named_is_told(tree: Path) -> None:
    blind = "tests/unit/test_replay.py::TestReplay::test_number_0_is_taken_for_used"
    trial = try_fault(tree, altered(tests=(*GOOD.tests, blind)))
    assert trial.why == f"survived: {blind} cpython: ok; {blind} micropython: ok"


def test_a_crash_catches_nothing(tree: Path) -> None:
    trial = try_fault(tree, altered(replace=f"raise SystemExit\n        {GOOD.find}"))
    assert "no report" in trial.why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"find": "no such text"}, "stands there 0 times, must be once"),
        ({"find": "self.rem1"}, "times, must be once"),
        ({"file": "firmware/none.py"}, "firmware/none.py: there is no such file"),
        ({"replace": "r1 = ("}, "no Python"),
        ({"tests": ("tests/unit/test_account.py::TestDebit::test_none",)}, "no such test"),
        ({"tests": ("tests/unit/test_none.py::A::test_a",)}, "no such test"),
    ],
)
def test_what_cannot_be_planted_is_told(tree: Path, changes: dict[str, object], why: str) -> None:
    fault = altered(**changes)
    with pytest.raises(FaultError) as told:
        check_fault(tree, fault)
    assert why in str(told.value)
    trial = try_fault(tree, fault)
    assert trial.why.startswith("cannot be planted: ")


def test_a_test_that_fails_anyway_judges_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    copy_tree(ROOT, root)
    path = root / GOOD.file
    path.write_text(path.read_text("utf-8").replace("self.balance -= carry", "pass"), "utf-8")
    trial, = try_all(root, [GOOD], 1)
    assert trial.why.startswith("not judged: without the fault tests/unit/test_account.py::")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[[fault]]", "[[fualt]]", "must hold tables [[fault]] and nothing else"),
        ("[[fault]]", "[[fault", "Expected"),
        ('breaks = "a"', "", "missing or unknown: breaks"),
        ('breaks = "a"', "breaks = 1", "breaks: must be a text"),
        ('"one"', '"One fault"', "lower-case words"),
        ("firmware/a.py", "tools/a.py", "must be a file of the firmware"),
        ('"c"', '"b"', "another than replace"),
        ('find = "b"', 'find = " "', "find: must be a text"),
        ('["tests/unit/test_a.py::A::test_a"]', "[]", "at least one test"),
        ("test_a.py::A::test_a", "test_a.py", "must be tests/FOLDER/FILE.py::Class::test"),
        ("\n[[fault]]", TOML + "[[fault]]", "there is one of this name already"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    (tmp_path / "a.toml").write_text(TOML.replace(old, new), "utf-8")
    with pytest.raises(FaultError) as told:
        load_faults(tmp_path)
    assert why in str(told.value)


def test_no_faults_are_no_success(tmp_path: Path) -> None:
    with pytest.raises(FaultError):
        load_faults(tmp_path)


def test_an_unknown_name_is_refused() -> None:
    command = [sys.executable, "-m", "tools.mutants", "no-such-fault"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no fault of this name: no-such-fault" in done.stderr
