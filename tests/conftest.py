"""Which tests run where.

tests/unit         unittest files, each under CPython and MicroPython
tests/micropython  unittest files, under MicroPython with the bench as the board
all others         plain pytest
"""

from pathlib import Path

import pytest

from tests.harness.collectors import TestFile

FOLDERS = frozenset({"unit", "micropython"})


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Take the unittest files out of pytest's hands, before it imports them."""
    tests = parent.config.rootpath / "tests"
    if module_path.parent.parent == tests and module_path.parent.name in FOLDERS:
        return TestFile.from_parent(parent, path=module_path)
    return None
