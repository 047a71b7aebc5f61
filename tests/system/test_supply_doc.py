"""docs/supply.md has the tables of the firmware."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_that_of_the_tables() -> None:
    # In a process of its own: importing the firmware here would stay in every later test.
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs.supply"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )
    written = (ROOT / "docs/supply.md").read_text(encoding="utf-8")
    assert done.stdout == written, "run `python -m tools.docs.supply > docs/supply.md`"
