"""The page of features names tests that exist, and leaves no feature of the list out."""

import re
from pathlib import Path

import pytest

from tools.bench.process import ROOT

PAGE = ROOT / "docs" / "features.md"
TESTS = ROOT / "tests"
_NAME = re.compile(r"`((?:system|unit|micropython)/test_\w+\.py)(?:::(test_\w+))?`")
FEATURES = 42


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of every table, without their heads."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|-: ") and cells[-1] != "shown by":
            found.append(cells)
    return found


def missing(text: str, tests: Path) -> list[str]:
    """Return the tests that a page names and that do not exist, and rows that name none."""
    wrong = []
    for cells in rows(text):
        names = _NAME.findall(cells[-1])
        if not names and "not done: " not in cells[-1] and "laboratory" not in cells[-1]:
            wrong.append(f"{cells[-2]}: no test and no reason")
        for file, name in names:
            path = tests / file
            if not path.exists():
                wrong.append(f"{file}: does not exist")
            elif name and not re.search(rf"^\s*def {name}\(", path.read_text(), re.M):
                wrong.append(f"{file}: has no {name}")
    return wrong


def test_each_feature_names_its_test_or_its_reason() -> None:
    assert missing(PAGE.read_text(), TESTS) == []


def test_no_feature_is_left_out() -> None:
    numbers = [int(cells[0]) for cells in rows(PAGE.read_text()) if cells[0].isdigit()]
    assert numbers == list(range(1, FEATURES + 1))


@pytest.mark.parametrize(("row", "message"), [
    ("| 1 | x | `unit/test_lockout.py::test_nothing_of_the_kind` |", "has no test_nothing"),
    ("| 1 | x | `unit/test_of_nothing.py` |", "does not exist"),
    ("| 1 | a thing | soon |", "a thing: no test and no reason"),
])
def test_a_wrong_row_is_seen(row: str, message: str) -> None:
    assert message in missing(row, TESTS)[0]
