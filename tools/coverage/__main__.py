"""Run the unittest files under MicroPython on an instrumented firmware and print the coverage.

    python -m tools.coverage

Exit code: pytest's, so a failing test fails here, too; the table is printed all the same.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.coverage.instrument import instrument_tree
from tools.coverage.report import measure_coverage, read_hits, table

ROOT = Path(__file__).parents[2]
HEAP = "2M"
"""The copy is larger than the firmware: its heap proves nothing, so it is ample."""


def main() -> int:
    """Instrument, test, report."""
    build = ROOT / "build/coverage"
    firmware, hits = build / "firmware", build / "hits"
    instrument_tree(ROOT / "firmware", firmware)
    shutil.rmtree(hits, ignore_errors=True)
    hits.mkdir(parents=True)
    folders = [name for name in ("tests/unit", "tests/micropython") if (ROOT / name).is_dir()]
    environment = {
        "JOULEGATE_FIRMWARE": str(firmware),
        "JOULEGATE_COVERAGE": str(hits),
        "JOULEGATE_HEAP": HEAP,
    }
    command = [sys.executable, "-m", "pytest", "--quiet", *folders]
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode
    print(table(measure_coverage(ROOT / "firmware", read_hits(hits))))
    return code


if __name__ == "__main__":
    sys.exit(main())
