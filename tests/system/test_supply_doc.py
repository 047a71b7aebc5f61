"""docs/supply.md and docs/protection.md have the tables of the firmware."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["supply", "protection"])
def test_the_page_is_that_of_the_tables(name: str) -> None:
    # In a process of its own: importing the firmware here would stay in every later test.
    done = subprocess.run(
        [sys.executable, "-m", f"tools.docs.{name}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )
    written = (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
    assert done.stdout == written, f"run `python -m tools.docs.{name} > docs/{name}.md`"
