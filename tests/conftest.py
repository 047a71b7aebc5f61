"""Which tests run where.

tests/unit         unittest files, each under CPython and MicroPython
tests/micropython  unittest files, under MicroPython with the bench as the board
all others         plain pytest

What takes long comes first, so that no worker is left with it at the end.
"""

from pathlib import Path

import pytest

from tests.harness.collectors import TestFile

FOLDERS = frozenset({"unit", "micropython"})
LONGEST_FIRST = (
    "test_bills.py", "test_console.py", "test_top_up.py", "test_docs_examples.py",
    "test_link_broker_forgets.py", "test_mqtt_mosquitto.py", "test_main.py", "test_fram_cut.py",
    "test_records_cut.py", "test_scenarios.py", "test_link_runs.py", "test_image_build.py",
    "test_modem_steps.py", "test_modem_families.py", "test_modem_ppp.py",
    "test_modem_quectel.py",
)
"""Files by the time that one test or one group of them takes; all others after them."""


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Take the unittest files out of pytest's hands, before it imports them."""
    tests = parent.config.rootpath / "tests"
    if module_path.parent.parent == tests and module_path.parent.name in FOLDERS:
        return TestFile.from_parent(parent, path=module_path)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first; all else keeps its order."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
